//! First boot and soak of a unit that was repaired through a door: the version that its system says, in its own words, on a
//! page, on its console or over SSH; where none of them can be seen, the operator reads it. That something answers is no
//! proof.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use debrick_catalog::{Device, SmokeTest, SmokeTestKind, VersionRule};
use debrick_link::Deadline;
use debrick_model::{Answer, Ending, EventBody, EvidenceKind, Request, RequestKind, Sign, Step};
use debrick_target::Watch as _;

use super::DoorRepair;
use crate::error::EngineError;
use crate::session::Done;
use crate::smoke;

/// How long a unit may write and start, in silence. Bootloaders erase and write for minutes before anything is seen again.
const WRITES_AND_STARTS: Duration = Duration::from_secs(600);

/// How often it is asked.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// How long another version has to answer until it is believed: the old system may be seen once more before it restarts.
const BELIEVED_AFTER: Duration = Duration::from_secs(60);

/// How long the operator has to switch a unit off and on.
const SWITCHING: Duration = Duration::from_secs(180);

/// The most of a console's log that is kept, in bytes.
const LONGEST_LOG: usize = 1 << 20;

/// The port of pages.
const HTTP: u16 = 80;

/// Stands for the version in what a test expects.
const VERSION: &str = "{version}";

/// The tests that a system passes only in its own words.
pub(super) fn own_words(device: &Device) -> Vec<SmokeTest> {
    let has_words = |test: &&SmokeTest| {
        let SmokeTestKind::Http { expect, .. } = &test.test;
        !expect.replace(VERSION, "").trim().is_empty()
    };
    device.smoke.iter().filter(has_words).cloned().collect()
}

/// The tests that tell the version.
pub(super) fn proofs(device: &Device) -> Vec<SmokeTest> {
    let tells = |test: &&SmokeTest| {
        let SmokeTestKind::Http { expect, .. } = &test.test;
        expect.contains(VERSION)
    };
    let pages = device.version.iter().filter_map(|rule| match rule {
        VersionRule::Web { path } => Some(SmokeTest {
            name: format!("version on {path}"),
            test: SmokeTestKind::Http { port: HTTP, path: path.clone(), expect: VERSION.to_owned() },
        }),
        _ => None,
    });
    device.smoke.iter().filter(tells).cloned().chain(pages).collect()
}

/// What a look at the unit showed.
pub(super) enum Shown {
    /// What was written runs: its version, and how it says so.
    Right(String, String),
    /// Its system answers, and says something else.
    Other(String),
    /// Nothing.
    Nothing,
}

impl DoorRepair<'_> {
    /// Waits for the version that was written to run.
    pub(super) fn first_boot(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::FirstBoot, |repair| {
            let version = repair.facts.as_ref().and_then(|facts| facts.version.clone());
            if !repair.can_see_version(version.as_deref()) {
                return repair.version_by_operator(version.as_deref());
            }
            let (says, took_ms) = match repair.wait_for(version.as_deref()) {
                // Only its system could have said it, and that keeps to itself what it is.
                Err(EngineError::Unproven { .. }) if !repair.goes_in_passes() && !repair.has_proofs() => {
                    return repair.version_by_operator(version.as_deref());
                }
                other => other?,
            };
            repair.booted(&says, took_ms)?;
            let agrees =
                if version.is_some() { ", as the image does" } else { "; the image does not say it" };
            Ok(Done::with((), format!("The system starts and says that it is {says}{agrees}.")))
        })
    }

    /// Whether the program itself can see which version runs.
    fn can_see_version(&self, version: Option<&str>) -> bool {
        self.asks_over_ssh() || version.is_some() && self.has_proofs()
    }

    /// Whether the record says how a version is seen, on a page or on the console.
    fn has_proofs(&self) -> bool {
        let on_a_page = self.unit_address().is_some() && !proofs(&self.record.device).is_empty();
        on_a_page || self.ready_text().is_some() && self.console.is_some()
    }

    fn booted(&mut self, version: &str, took_ms: u64) -> Result<(), EngineError> {
        self.session.record(EventBody::Booted { version: Some(version.to_owned()), took_ms })?;
        self.version = Some(version.to_owned());
        Ok(())
    }

    /// Asks again and again until the version runs, or any where none is known; which one, and how long it took, in
    /// milliseconds.
    fn wait_for(&mut self, version: Option<&str>) -> Result<(String, u64), EngineError> {
        let clock = self.session.clock.clone();
        let began = clock.now();
        let mut other: Option<(debrick_link::Moment, String)> = None;
        let mut log = Vec::new();
        let found = loop {
            self.session.stop_if_asked()?;
            self.hear(&mut log);
            match self.look_at_system(version, &log) {
                Shown::Right(says, detail) => break Ok((says, detail)),
                Shown::Other(detail) => {
                    let since = other.get_or_insert_with(|| (clock.now(), detail)).0;
                    if clock.now().since(since) >= BELIEVED_AFTER {
                        break Err(());
                    }
                }
                Shown::Nothing => other = None,
            }
            let waited = clock.now().since(began);
            if waited >= WRITES_AND_STARTS || !self.can_see_version(version) {
                break Err(());
            }
            let mut meter =
                self.session.meter("waiting for the first boot", Some(WRITES_AND_STARTS.as_secs()));
            meter.advance(waited.as_secs());
            clock.sleep(ASKED_EVERY);
        };
        if !log.is_empty() {
            self.session.keep_evidence(EvidenceKind::SerialLog, "first boot", &log)?;
        }
        let waited = clock.now().since(began);
        let name = "version".to_owned();
        match (found, other) {
            (Ok((says, detail)), _) => {
                self.session.record(EventBody::SmokeTested { name, ok: true, detail })?;
                Ok((says, u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)))
            }
            (Err(()), Some((_, detail))) => {
                let told = EventBody::SmokeTested { name: name.clone(), ok: false, detail: detail.clone() };
                self.session.record(told)?;
                Err(EngineError::SmokeTest { name, detail })
            }
            (Err(()), None) => Err(EngineError::Unproven { waited_s: waited.as_secs() }),
        }
    }

    fn hear(&mut self, log: &mut Vec<u8>) {
        let Some(console) = &mut self.console else { return };
        let mut buffer = [0; 4096];
        while let Ok(count) = console.read(&mut buffer, Deadline::at(self.session.clock.now())) {
            let room = LONGEST_LOG.saturating_sub(log.len());
            log.extend_from_slice(&buffer[..count.min(room)]);
            if room == 0 {
                return;
            }
        }
    }

    fn look_at_system(&mut self, version: Option<&str>, log: &[u8]) -> Shown {
        if self.asks_over_ssh() {
            let shown = self.look_over_ssh(version);
            if self.goes_in_passes() || !matches!(shown, Shown::Nothing) {
                return shown;
            }
        }
        let Some(version) = version else { return Shown::Nothing };
        if let Some(said) = self.ready_text().and_then(|ready| version_after(&ready, log)) {
            let detail = format!("The console says that the system is {said}; the image is {version}.");
            return if said == version { Shown::Right(said, detail) } else { Shown::Other(detail) };
        }
        for test in proofs(&self.record.device) {
            match self.passes_in_words(&test, version) {
                Some((true, detail)) => return Shown::Right(version.to_owned(), detail),
                // Another version of the same system, or whatever else a page may be.
                Some((false, detail)) if self.passes(&test, "") == Some(true) => return Shown::Other(detail),
                _ => {}
            }
        }
        Shown::Nothing
    }

    /// Whether a test passes now, for a version; `None` where there is no address to ask.
    pub(super) fn passes(&mut self, test: &SmokeTest, version: &str) -> Option<bool> {
        self.passes_in_words(test, version).map(|(ok, _)| ok)
    }

    fn passes_in_words(&mut self, test: &SmokeTest, version: &str) -> Option<(bool, String)> {
        let unit = IpAddr::V4(self.unit_address()?);
        let clock = self.session.clock.clone();
        let shown = smoke::run(test, unit, version, &mut *self.network, &*clock, Duration::ZERO);
        Some((shown.ok, shown.detail))
    }

    /// The address of the running system, as far as the record tells.
    pub(super) fn unit_address(&self) -> Option<Ipv4Addr> {
        let network = self.record.device.network.as_ref().map(|network| network.unit);
        let afterwards = || self.doors.first().and_then(|door| door.kind.unit_afterwards());
        self.ssh_address().or(network).or_else(afterwards)
    }

    fn ready_text(&self) -> Option<String> {
        self.record.device.console.as_ref().and_then(|console| console.ready.clone())
    }

    /// Where the program cannot see it, the operator reads which version runs.
    fn version_by_operator(&mut self, version: Option<&str>) -> Result<Done<()>, EngineError> {
        let began = self.session.clock.now();
        let request = Request {
            id: "running-version".into(),
            text: "Leave the power on until its lights have settled, for ten minutes at least. Which version does the unit show \
                   on its page or screen? Leave it empty if it shows none."
                .into(),
            kind: RequestKind::Question { choices: vec![] },
        };
        let answer = self.session.ask(request)?;
        let waited = self.session.clock.now().since(began);
        let Answer::Text(text) = answer else {
            return Err(EngineError::Unproven { waited_s: waited.as_secs() });
        };
        let said = text.trim();
        if said.is_empty() {
            return Err(EngineError::Unproven { waited_s: waited.as_secs() });
        }
        let ok = version.is_none_or(|version| {
            said.split_whitespace().any(|word| word.trim_start_matches(['v', 'V']) == version)
        });
        let detail = match version {
            Some(version) => format!("The operator reads {said:?}; the image is {version}."),
            None => format!("The operator reads {said:?}; the image does not say what it is."),
        };
        let name = "version".to_owned();
        self.session.record(EventBody::SmokeTested { name: name.clone(), ok, detail: detail.clone() })?;
        if !ok {
            return Err(EngineError::SmokeTest { name, detail });
        }
        self.read_by_operator = true;
        self.booted(version.unwrap_or(said), u64::try_from(waited.as_millis()).unwrap_or(u64::MAX))?;
        Ok(Done::with((), detail))
    }

    /// The system runs: proves that it works and goes on working.
    pub(super) fn prove(&mut self) -> Result<Ending, EngineError> {
        let version = self.version.clone().unwrap_or_default();
        for test in self.record.device.smoke.clone() {
            let Some((ok, detail)) = self.passes_in_words(&test, &version) else { continue };
            let name = test.name.clone();
            let told = EventBody::SmokeTested { name: name.clone(), ok, detail: detail.clone() };
            self.session.record(told)?;
            if !ok {
                return Err(EngineError::SmokeTest { name, detail });
            }
        }
        if self.asks_over_ssh() {
            self.smoke_over_ssh()?;
        }
        self.look_from_outside()?;
        self.soak(&version)?;
        Ok(Ending::Repaired)
    }

    /// Has it restarted as often as was wished, and watches every time that it goes and comes back.
    fn soak(&mut self, version: &str) -> Result<(), EngineError> {
        let restarts = self.wishes.soak_restarts;
        self.session_step(Step::Soak, |repair| {
            let seen_by_program = repair.asks_over_ssh()
                || repair.unit_address().is_some() && !proofs(&repair.record.device).is_empty();
            if restarts == 0 || !seen_by_program {
                let why = if restarts == 0 {
                    "No restarts were wished for."
                } else {
                    "Restarts cannot be seen here."
                };
                return Ok(Done::skipped((), why));
            }
            for _ in 0..restarts {
                if repair.asks_over_ssh() {
                    repair.restart_over_ssh()?;
                } else {
                    repair.restart_by_operator(version)?;
                }
                repair.wait_for(Some(version))?;
            }
            Ok(Done::with((), format!("Restarts: {restarts}; it worked after each.")))
        })
    }

    fn restart_by_operator(&mut self, version: &str) -> Result<(), EngineError> {
        let cycle = self.record.device.power.as_ref().and_then(|power| power.cycle.clone());
        let request = Request {
            id: "power-cycle".into(),
            text: cycle
                .unwrap_or_else(|| "Switch the unit off, wait two seconds, and switch it on again.".into()),
            kind: RequestKind::Instruction {
                expect: Sign::OperatorSaysDone,
                within_ms: u64::try_from(SWITCHING.as_millis()).unwrap_or(u64::MAX),
            },
        };
        self.session.instruct(&request)?;
        let clock = self.session.clock.clone();
        let began = clock.now();
        while clock.now().since(began) < SWITCHING {
            self.session.stop_if_asked()?;
            if matches!(self.look_at_system(Some(version), &[]), Shown::Nothing) {
                return self.session.sensed(&request);
            }
            clock.sleep(Duration::from_millis(500));
        }
        Err(EngineError::NotDone { request: request.id })
    }
}

/// What follows the last ready text in a log, up to the end of its line.
fn version_after(ready: &str, log: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(log);
    let at = text.rfind(ready)?;
    let rest = &text[at + ready.len()..];
    let end = rest.find(['\r', '\n'])?;
    Some(rest[..end].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ready_text_counts_once_its_line_is_over() {
        let check = |log: &str, expected: Option<&str>| {
            assert_eq!(version_after("READY R1 ", log.as_bytes()).as_deref(), expected, "{log:?}");
        };
        check("READY R1 1.0\r\n", Some("1.0"));
        check("READY R1 1.0\r\nU-Boot\r\nREADY R1 2.0\r\n", Some("2.0"));
        check("READY R1 2.", None);
        check("READY R2 2.0\n", None);
    }
}
