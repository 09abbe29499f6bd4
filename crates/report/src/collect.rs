//! From a journal to a report.

use debrick_model::{Coded, Effect, Ending, Event, EventBody, EvidenceKind, Observation, Property, Step};
use debrick_vault::{ChainReport, JournalError, Vault, VaultError};

use crate::headline::headline;
use crate::json::SCHEMA;
use crate::model::{
    Archive, Attempt, Backup, Boot, Conversation, Done, Excerpt, GateState, Headline, Image, Judgement,
    Omission, Plan, Report, Retry, SmokeTest, StoredEvidence, Tone, Trouble, Verification, Write,
};
use crate::text::shortened;
use crate::timeline::{answer_text, moment};

/// Lines of the first boot's log that the report shows.
const EXCERPT_LINES: usize = 60;

/// Characters of a line that the report shows.
const EXCERPT_LINE_CHARS: usize = 400;

/// The end of a log that is looked at for the excerpt, in bytes.
const EXCERPT_BYTES: u64 = 64 * 1024;

/// A session could not be told.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Its journal could not be read.
    #[error("the session's journal could not be read")]
    Journal(#[from] JournalError),
    /// An artifact could not be read.
    #[error("a stored file of the session could not be read")]
    Vault(#[from] VaultError),
}

impl Coded for ReportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Journal(error) => error.code(),
            Self::Vault(error) => error.code(),
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Journal(error) => error.next_step(),
            Self::Vault(error) => error.next_step(),
        }
    }
}

impl Report {
    /// Tells a session from its events and the state of its journal. Any order and number of events gives a report; what
    /// is missing from them is missing from it.
    pub fn from_events(session: &str, events: &[Event], chain: &ChainReport) -> Self {
        let began_ms = events.first().map_or(0, |event| event.at_ms);
        let last_ms = events.iter().map(|event| event.at_ms).max().unwrap_or(0);
        let mut collector = Collector {
            report: empty(session, chain.clone()),
            began_ms,
            step: None,
            pending: None,
            models: Vec::new(),
            booted_version: None,
        };
        for event in events {
            collector.report.timeline.push(moment(event, began_ms));
            collector.add(event);
        }
        collector.report.opened_at_ms = events.first().map(|event| event.at_ms);
        collector.report.took_ms = last_ms.saturating_sub(began_ms);
        collector.finish()
    }

    /// Tells a session of a vault, with a piece of the console log of its first boot. The journal and all artifacts are
    /// verified on the way; a damaged one gives a report that says so.
    ///
    /// # Errors
    /// What keeps the journal from being read at all.
    pub fn from_vault(vault: &Vault, session: &str) -> Result<Self, ReportError> {
        let chain = vault.verify_session(session)?;
        let entries = vault.read_session_as_found(session)?;
        let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
        let mut report = Self::from_events(session, &events, &chain);
        if let Some(evidence) = report.first_boot_log().cloned()
            && let Ok(artifact) = vault.artifact(evidence.artifact)
            && artifact.verify().is_ok()
        {
            let start = artifact.len().saturating_sub(EXCERPT_BYTES);
            let mut tail = vec![0; EXCERPT_BYTES.min(artifact.len()) as usize];
            artifact.read_at(start, &mut tail)?;
            let text = String::from_utf8_lossy(&tail);
            // What begins in the middle of a line is no line.
            let whole_lines =
                if start == 0 { &*text } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
            report.attach_log(&evidence, whole_lines, start > 0);
        }
        Ok(report)
    }

    /// The console log that tells most about the unit's first start: the last one of the step that watches it, else the
    /// last one of all.
    pub fn first_boot_log(&self) -> Option<&StoredEvidence> {
        let logs = || self.evidence.iter().filter(|evidence| evidence.kind == EvidenceKind::SerialLog);
        let of = |step| logs().rfind(|evidence| evidence.step == Some(step));
        of(Step::FirstBoot).or_else(|| of(Step::Soak)).or_else(|| logs().next_back())
    }

    /// Shows the end of a console log in the report. `shortened` tells that `text` is not the whole log.
    pub fn attach_log(&mut self, evidence: &StoredEvidence, text: &str, shortened_before: bool) {
        let lines: Vec<_> = text.lines().collect();
        let first = lines.len().saturating_sub(EXCERPT_LINES);
        self.excerpt = Some(Excerpt {
            name: evidence.name.clone(),
            step: evidence.step,
            artifact: evidence.artifact,
            lines: lines[first..]
                .iter()
                .map(|line| shortened(line, EXCERPT_LINE_CHARS).into_owned())
                .collect(),
            shortened: shortened_before || first > 0,
        });
    }
}

/// A report that is being put together.
struct Collector {
    report: Report,
    began_ms: u64,
    /// The step that is under way.
    step: Option<Step>,
    /// The write that was announced and not yet said to be done.
    pending: Option<usize>,
    /// Model names that were observed.
    models: Vec<String>,
    booted_version: Option<String>,
}

impl Collector {
    fn add(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.body {
            EventBody::SessionOpened { program, device, ports, record, .. } => {
                self.report.program = Some(program.clone());
                self.report.device = Some(device.clone());
                self.report.ports.clone_from(ports);
                self.report.record = Some(*record);
            }
            EventBody::SessionResumed { .. } => {
                self.report.resumed += 1;
                self.reopen();
            }
            EventBody::PlanMade { method, steps, summary } => {
                let plan = Plan { method: method.clone(), steps: steps.clone(), summary: summary.clone() };
                self.report.plan = Some(plan);
            }
            EventBody::Observed { observation } => self.observe(observation),
            EventBody::EvidenceStored { kind, name, artifact } => {
                let (step, kind, name, artifact) = (self.step, *kind, name.clone(), *artifact);
                self.report.evidence.push(StoredEvidence { seq, step, kind, name, artifact });
            }
            EventBody::Diagnosed { diagnosis } => {
                let (step, diagnosis) = (self.step, diagnosis.clone());
                self.report.judgements.push(Judgement { seq, step, diagnosis });
            }
            EventBody::Identified { identity } => self.report.identity = Some(identity.clone()),
            EventBody::Asked { request } => self.report.conversation.push(Conversation {
                seq,
                request: request.id.clone(),
                text: request.text.clone(),
                answer: None,
                sensed: false,
            }),
            EventBody::Answered { request, answer, sensed } => {
                let open = self
                    .report
                    .conversation
                    .iter_mut()
                    .rfind(|one| one.request == *request && one.answer.is_none());
                if let Some(asked) = open {
                    asked.answer = Some(answer_text(answer));
                    asked.sensed = *sensed;
                }
            }
            EventBody::Booted { version, took_ms } => {
                let (step, version, took_ms) = (self.step, version.clone(), *took_ms);
                self.booted_version = version.clone().or(self.booted_version.take());
                self.report.boots.push(Boot { seq, step, version, took_ms });
            }
            EventBody::SmokeTested { name, ok, detail } => {
                let (step, name, ok, detail) = (self.step, name.clone(), *ok, detail.clone());
                self.report.tests.push(SmokeTest { seq, step, name, ok, detail });
            }
            EventBody::Failed { step, problem } => {
                if let Some(write) = self.pending.take().and_then(|index| self.report.writes.get_mut(index)) {
                    write.failed = true;
                }
                self.report.troubles.push(Trouble { seq, step: *step, problem: problem.clone() });
            }
            EventBody::Retrying { step, change } => {
                self.pending = None;
                self.report.retries.push(Retry { seq, step: *step, change: change.clone() });
            }
            EventBody::SessionClosed { ending, summary, version, next_step } => {
                self.close(*ending, summary, version.as_deref(), next_step.as_deref());
            }
            EventBody::Noted { .. } => {}
            body => self.add_work(event, body),
        }
    }

    /// The events of steps, gates, copies and writes.
    fn add_work(&mut self, event: &Event, body: &EventBody) {
        let seq = event.seq;
        match body {
            EventBody::StepStarted { step, attempt } => {
                self.step = Some(*step);
                self.reopen();
                self.report.attempts.push(Attempt {
                    step: *step,
                    attempt: *attempt,
                    started_ms: event.at_ms.saturating_sub(self.began_ms),
                    took_ms: None,
                    outcome: None,
                    summary: String::new(),
                });
            }
            EventBody::StepEnded { step, attempt, outcome, summary } => {
                let now_ms = event.at_ms.saturating_sub(self.began_ms);
                let running = |one: &&mut Attempt| one.step == *step && one.attempt == *attempt;
                if let Some(ended) = self.report.attempts.iter_mut().rfind(running) {
                    ended.took_ms = Some(now_ms.saturating_sub(ended.started_ms));
                    ended.outcome = Some(*outcome);
                    ended.summary.clone_from(summary);
                }
                self.step = None;
            }
            EventBody::ImageJudged {
                name,
                artifact,
                size,
                format,
                version,
                integrity,
                provenance,
                fitness,
            } => {
                self.report.images.retain(|image| image.artifact != *artifact);
                self.report.images.push(Image {
                    seq,
                    name: name.clone(),
                    artifact: *artifact,
                    size: *size,
                    format: format.clone(),
                    version: version.clone(),
                    cleared: false,
                    integrity: integrity.clone(),
                    provenance: provenance.clone(),
                    fitness: fitness.clone(),
                });
            }
            EventBody::GateChecked { result } => {
                let state = self.gate(result.gate);
                state.outcome = Some(result.outcome);
                state.reasons.clone_from(&result.reasons);
            }
            EventBody::GateWaived { waiver } => {
                self.gate(waiver.gate).waived_because = Some(waiver.because.clone());
            }
            EventBody::Cleared { image, .. } => {
                for known in &mut self.report.images {
                    known.cleared |= Some(known.artifact) == *image;
                }
            }
            EventBody::BackedUp { region, offset, size, artifact, readings } => {
                self.report.backups.push(Backup {
                    seq,
                    region: region.clone(),
                    offset: *offset,
                    size: *size,
                    artifact: *artifact,
                    readings: *readings,
                    proven: false,
                });
            }
            EventBody::BackupProven { regions } => {
                for backup in &mut self.report.backups {
                    backup.proven |= regions.contains(&backup.region);
                }
            }
            EventBody::BackupOmitted { region, because } => {
                self.report.omissions.push(Omission { region: region.clone(), because: because.clone() });
            }
            EventBody::Intent { effect } => {
                self.pending = Some(self.report.writes.len());
                self.report.writes.push(Write {
                    seq,
                    effect: effect.clone(),
                    done: None,
                    failed: false,
                    verified: None,
                });
            }
            EventBody::EffectDone { sent, unchanged } => {
                if let Some(write) = self.pending.take().and_then(|index| self.report.writes.get_mut(index)) {
                    write.done = Some(Done { sent: *sent, unchanged: *unchanged });
                }
            }
            EventBody::Verified { region, ok, how, content, wrong } => {
                let written = |write: &&mut Write| {
                    matches!(&write.effect, Effect::WriteRegion { region: name, content: of, .. }
                        if name == region && of == content)
                };
                if let Some(write) = self.report.writes.iter_mut().rfind(written) {
                    write.verified = Some(*ok);
                }
                let (region, how) = (region.clone(), how.clone());
                let (ok, content, wrong) = (*ok, *content, *wrong);
                self.report.verifications.push(Verification { seq, region, ok, how, content, wrong });
            }
            _ => {}
        }
    }

    fn observe(&mut self, observation: &Observation) {
        if observation.property == Property::Model {
            self.models.push(observation.value.clone());
        }
        if !self.report.observations.contains(observation) {
            self.report.observations.push(observation.clone());
        }
    }

    fn gate(&mut self, gate: debrick_model::Gate) -> &mut GateState {
        let gates = &mut self.report.gates;
        let index = gates.iter().position(|state| state.gate == gate).unwrap_or_else(|| {
            gates.push(GateState { gate, outcome: None, reasons: Vec::new(), waived_because: None });
            gates.len() - 1
        });
        &mut gates[index]
    }

    fn close(&mut self, ending: Ending, summary: &[String], version: Option<&str>, next_step: Option<&str>) {
        self.report.ending = Some(ending);
        self.report.summary = summary.to_vec();
        self.report.next_step = next_step.map(str::to_owned);
        self.report.archive.final_version = version.map(str::to_owned);
    }

    /// A session that goes on has not ended.
    fn reopen(&mut self) {
        self.pending = None;
        self.report.ending = None;
        self.report.summary.clear();
        self.report.next_step = None;
    }

    fn finish(mut self) -> Report {
        let identity = self.report.identity.as_ref();
        let observed = |property| {
            let seen = &self.report.observations;
            seen.iter().rfind(|one: &&Observation| one.property == property).map(|one| one.value.clone())
        };
        let written = !self.report.writes.is_empty();
        let image = self.report.images.iter().rfind(|image| image.cleared);
        let image = image.or(self.report.images.last().filter(|_| written));
        self.report.archive = Archive {
            firmware_file: image.map(|image| image.name.clone()),
            firmware: image.map(|image| image.artifact),
            model: self.models.last().cloned().or_else(|| self.report.device.clone()),
            hardware_revision: identity
                .and_then(|identity| identity.hardware_revision.clone())
                .or_else(|| observed(Property::HardwareRevision)),
            serial: identity
                .and_then(|identity| identity.serial.clone())
                .or_else(|| observed(Property::Serial)),
            final_version: self.report.archive.final_version.take().or(self.booted_version),
        };
        self.report.gates.sort_by_key(|state| state.gate);
        self.report.headline = headline(&self.report);
        self.report
    }
}

fn empty(session: &str, chain: ChainReport) -> Report {
    Report {
        schema: SCHEMA.into(),
        session: session.into(),
        program: None,
        opened_at_ms: None,
        took_ms: 0,
        device: None,
        record: None,
        ports: Vec::new(),
        resumed: 0,
        headline: Headline {
            tone: Tone::Attention,
            title: String::new(),
            wrong: Vec::new(),
            done: Vec::new(),
            now: Vec::new(),
            next: Vec::new(),
        },
        ending: None,
        summary: Vec::new(),
        next_step: None,
        archive: Archive::default(),
        identity: None,
        observations: Vec::new(),
        judgements: Vec::new(),
        plan: None,
        gates: Vec::new(),
        images: Vec::new(),
        backups: Vec::new(),
        omissions: Vec::new(),
        writes: Vec::new(),
        verifications: Vec::new(),
        boots: Vec::new(),
        tests: Vec::new(),
        troubles: Vec::new(),
        retries: Vec::new(),
        conversation: Vec::new(),
        evidence: Vec::new(),
        attempts: Vec::new(),
        timeline: Vec::new(),
        excerpt: None,
        chain,
    }
}
