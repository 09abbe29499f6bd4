//! Small sessions to tell.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses some of it; a test that fails says so"
)]

use debrick_model::{
    Action, Answer, Cause, Check, Diagnosis, Digest, Effect, Ending, Event, EventBody, EvidenceKind,
    EvidenceLine, Finding, Gate, GateOutcome, GateResult, Identity, Observation, Outcome, Problem, Property,
    ProposedAction, Request, RequestKind, State, Step, VerdictReport, Waiver,
};
use debrick_vault::{ChainReport, Vault};

pub const AT_MS: u64 = 1_795_230_922_123;

/// Everything that can stand in text from outside and do harm.
pub const HOSTILE: &str = "</pre><script>alert(1)</script>\x1b[2J\x07\u{202e}gnp.exe\u{2066} ``` | <img src=x onerror=alert(1)> \
    &lt; ' \" ${x} ]]> --> [a](javascript:b) \r\n# not a heading\u{2028}\u{9b}31m https\u{3a}//example.org";

/// A session that is being put together; each event is a second and a half later than the one before.
pub struct Session {
    pub id: String,
    pub events: Vec<Event>,
}

impl Session {
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), events: Vec::new() }
    }

    pub fn add(&mut self, body: EventBody) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, at_ms: AT_MS + (seq - 1) * 1500, body });
    }

    pub fn step(&mut self, step: Step, bodies: Vec<EventBody>) {
        self.add(EventBody::StepStarted { step, attempt: 1 });
        bodies.into_iter().for_each(|body| self.add(body));
        self.add(EventBody::StepEnded { step, attempt: 1, outcome: Outcome::Done, summary: String::new() });
    }

    pub fn chain(&self) -> ChainReport {
        ChainReport {
            session: self.id.clone(),
            events: self.events.len() as u64,
            head: digest(0xee),
            artifacts: 6,
            faults: Vec::new(),
            faults_left_out: 0,
        }
    }

    /// Puts the events into a vault, whose session gets the same id.
    pub fn store(&self, vault: &Vault) -> String {
        let mut journal = vault.create_session(AT_MS, 0x7f3a).unwrap();
        for event in &self.events {
            journal.append(event.at_ms, event.body.clone()).unwrap();
        }
        journal.id().to_owned()
    }
}

pub fn digest(byte: u8) -> Digest {
    Digest::new([byte; 32])
}

fn check(name: &str, ok: bool) -> Check {
    let actual = if ok { "4f1d" } else { "0000" };
    Check { name: name.into(), offset: Some(0x40), expected: "4f1d".into(), actual: actual.into(), ok }
}

fn observed(property: Property, value: &str, witness: &str) -> Observation {
    let source = format!("the unit's {witness}");
    Observation { property, value: value.into(), source, witness: witness.into() }
}

pub fn opened(record: Digest) -> EventBody {
    EventBody::SessionOpened {
        session: "20261121-031522-7f3a".into(),
        program: "0.1.0".into(),
        device: "acme-r1".into(),
        ports: vec!["/dev/ttyUSB0".into(), "192.168.1.2".into()],
        record,
        image_name: Some("acme-r1-2.4.1.bin".into()),
        image: Some(digest(2)),
    }
}

fn diagnosis() -> Diagnosis {
    let line = |line, text: &str, says: &str| EvidenceLine {
        file: "console.log".into(),
        line,
        text: text.into(),
        says: says.into(),
    };
    Diagnosis {
        state: State::BootloaderOnly,
        findings: vec![
            Finding {
                cause: Cause::ImageCorrupt,
                likelihood: 0.93,
                evidence: vec![
                    line(41, "   Verifying Checksum ... Bad Data CRC", "The kernel's checksum is wrong."),
                    line(42, "ERROR: can't get kernel image!", "The bootloader gives up."),
                ],
            },
            Finding { cause: Cause::FlashHardwareFault, likelihood: 0.07, evidence: Vec::new() },
        ],
        actions: vec![ProposedAction {
            action: Action::ReflashSameImage,
            why: "The image on the unit is damaged.".into(),
            risk: "The unit does not start if it is interrupted.".into(),
        }],
        next_evidence: vec!["a second reading of the firmware".into()],
        timeline: Vec::new(),
    }
}

fn gate(gate: Gate, outcome: GateOutcome, reason: &str) -> EventBody {
    EventBody::GateChecked { result: GateResult { gate, outcome, reasons: vec![reason.into()] } }
}

fn image(fitness: VerdictReport) -> EventBody {
    EventBody::ImageJudged {
        name: "acme-r1-2.4.1.bin".into(),
        artifact: digest(2),
        size: 7_602_176,
        format: Some("uImage".into()),
        version: Some("2.4.1".into()),
        integrity: VerdictReport::from_checks(vec![
            check("crc32 of the header", true),
            check("crc32 of the data", true),
        ]),
        provenance: VerdictReport::unknown("The vendor does not sign its images."),
        fitness,
    }
}

/// A repair that went well, with one retry and one waiver.
pub fn repaired() -> Session {
    let mut session = Session::new("20261121-031522-7f3a");
    session.add(opened(digest(1)));
    session.step(
        Step::Assess,
        vec![
            EventBody::EvidenceStored {
                kind: EvidenceKind::SerialLog,
                name: "console.log".into(),
                artifact: digest(3),
            },
            EventBody::Diagnosed { diagnosis: diagnosis() },
        ],
    );
    let agreeing = vec![
        observed(Property::Model, "Acme R1", "factory"),
        observed(Property::BoardId, "acme,r1", "environment"),
        observed(Property::Serial, "AC2604001234", "factory"),
    ];
    let mut identify: Vec<_> =
        agreeing.iter().map(|one| EventBody::Observed { observation: one.clone() }).collect();
    identify.push(EventBody::Identified {
        identity: Identity {
            device: "acme-r1".into(),
            serial: Some("AC2604001234".into()),
            hardware_revision: Some("B2".into()),
            region: None,
            agreeing,
            contradicting: Vec::new(),
            discounted: Vec::new(),
        },
    });
    session.step(Step::Identify, identify);
    session.add(EventBody::PlanMade {
        method: "uboot-tftp".into(),
        steps: vec![Step::Backup, Step::Obtain, Step::Flash, Step::Verify, Step::FirstBoot, Step::Soak],
        summary: vec!["Write the same firmware again, over the network.".into()],
    });
    let backed_up = |region: &str, offset, size, artifact| EventBody::BackedUp {
        region: region.into(),
        offset,
        size,
        artifact,
        readings: 2,
    };
    session.step(
        Step::Backup,
        vec![
            backed_up("factory", 0x5_0000, 0x1_0000, digest(4)),
            backed_up("settings", 0x79_0000, 0x7_0000, digest(5)),
            EventBody::BackupOmitted {
                region: "firmware".into(),
                because: "It is damaged, and the vendor's file replaces it.".into(),
            },
            EventBody::BackupProven { regions: vec!["factory".into(), "settings".into()] },
        ],
    );
    session.step(Step::Obtain, vec![image(VerdictReport::from_checks(vec![check("board id", true)]))]);
    session.add(gate(Gate::Identity, GateOutcome::Pass, "Two witnesses agree."));
    session.add(gate(Gate::Preflight, GateOutcome::Unknown, "Nobody knows how good the power is."));
    let waiver = Waiver { gate: Gate::Preflight, because: "Bench supply, 12 V 3 A".into() };
    session.add(EventBody::GateWaived { waiver });
    session.add(EventBody::Cleared { regions: vec!["firmware".into()], image: Some(digest(2)) });
    session.add(EventBody::Asked {
        request: Request {
            id: "write-firmware".into(),
            text: "Write the firmware?".into(),
            kind: RequestKind::Confirmation { consequence: "The firmware on it is replaced.".into() },
        },
    });
    session.add(EventBody::Answered { request: "write-firmware".into(), answer: Answer::Yes, sensed: false });
    let write = || EventBody::Intent {
        effect: Effect::WriteRegion {
            region: "firmware".into(),
            offset: 0x6_0000,
            size: 7_602_176,
            content: digest(6),
        },
    };
    session.add(EventBody::StepStarted { step: Step::Flash, attempt: 1 });
    session.add(write());
    session.add(EventBody::Failed {
        step: Step::Flash,
        problem: Problem {
            code: "tftp-timed-out".into(),
            what: "the unit stopped asking for blocks".into(),
            causes: vec!["no packet for 5 s".into()],
            next_step: "Check the network cable.".into(),
        },
    });
    session.add(EventBody::StepEnded {
        step: Step::Flash,
        attempt: 1,
        outcome: Outcome::Failed,
        summary: "The cable was loose.".into(),
    });
    session.add(EventBody::Retrying { step: Step::Flash, change: "Smaller blocks.".into() });
    session.add(EventBody::StepStarted { step: Step::Flash, attempt: 2 });
    session.add(write());
    session.add(EventBody::EffectDone { sent: 458_752, unchanged: 7_143_424 });
    session.add(EventBody::StepEnded {
        step: Step::Flash,
        attempt: 2,
        outcome: Outcome::Done,
        summary: String::new(),
    });
    session.step(
        Step::Verify,
        vec![EventBody::Verified {
            region: "firmware".into(),
            ok: true,
            how: "crc32 by the unit".into(),
            content: digest(6),
            wrong: 0,
        }],
    );
    session.step(
        Step::FirstBoot,
        vec![
            EventBody::EvidenceStored {
                kind: EvidenceKind::SerialLog,
                name: "first-boot.log".into(),
                artifact: digest(7),
            },
            EventBody::Booted { version: Some("2.4.1".into()), took_ms: 43_210 },
            EventBody::SmokeTested { name: "ping".into(), ok: true, detail: "5 of 5 answers".into() },
            EventBody::SmokeTested { name: "version".into(), ok: true, detail: "2.4.1".into() },
        ],
    );
    session.add(EventBody::SessionClosed {
        ending: Ending::Repaired,
        summary: vec!["The firmware was damaged; it was written again, and the unit works.".into()],
        version: Some("2.4.1".into()),
        next_step: None,
    });
    session
}

/// A session that stopped at a shut gate, before anything was written.
pub fn refused() -> Session {
    let mut session = Session::new("20261121-031522-7f3a");
    session.add(opened(digest(1)));
    session.step(Step::Assess, vec![EventBody::Diagnosed { diagnosis: diagnosis() }]);
    session.step(Step::Obtain, vec![image(VerdictReport::from_checks(vec![check("board id", false)]))]);
    session.add(gate(Gate::Fitness, GateOutcome::Fail, "The image is for an R2."));
    session.add(EventBody::SessionClosed {
        ending: Ending::RefusedByGate,
        summary: vec!["The firmware file is not for this unit.".into()],
        version: None,
        next_step: Some("Fetch the firmware for the Acme R1.".into()),
    });
    session
}

/// A session that was killed in the middle of a write.
pub fn interrupted() -> Session {
    let mut session = repaired();
    let last_write = session.events.iter().rposition(|event| event.body.name() == "intent").unwrap();
    session.events.truncate(last_write + 1);
    session
}

/// A session whose every text is hostile.
pub fn hostile() -> Session {
    let mut session = repaired();
    let text = serde_json::to_string(HOSTILE).unwrap();
    for event in &mut session.events {
        let json = serde_json::to_string(&event.body).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&json).unwrap();
        poison(&mut json);
        if let Ok(body) = serde_json::from_value(json) {
            event.body = body;
        }
    }
    assert!(serde_json::to_string(&session.events).unwrap().contains(text.trim_matches('"')));
    session
}

/// Replaces every string that is free text.
fn poison(value: &mut serde_json::Value) {
    const FREE: [&str; 26] = [
        "session",
        "program",
        "device",
        "summary",
        "value",
        "source",
        "witness",
        "name",
        "text",
        "says",
        "file",
        "why",
        "risk",
        "region",
        "because",
        "how",
        "version",
        "detail",
        "change",
        "what",
        "code",
        "next_step",
        "format",
        "reasons",
        "serial",
        "ports",
    ];
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match value {
                    serde_json::Value::String(text) if FREE.contains(&key.as_str()) => *text = HOSTILE.into(),
                    serde_json::Value::Array(all) if FREE.contains(&key.as_str()) => {
                        all.iter_mut().for_each(|one| *one = HOSTILE.into());
                    }
                    value => poison(value),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(poison),
        _ => {}
    }
}
