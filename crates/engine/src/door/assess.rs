//! See what is wrong, as far as that can be seen from the network: does its system answer, does its bootloader ask, and what
//! do the logs say that were given?

use std::time::Duration;

use debrick_diagnose::{Case, Evidence, diagnose_case};
use debrick_model::{Cause, EventBody, EvidenceKind, MacAddress, Observation, Step};

use super::enter::as_seen;
use super::sense::Sensing;
use super::ways::way_of;
use super::{DoorRepair, prove};
use crate::error::EngineError;
use crate::session::Done;

/// How long the unit is listened to.
const LISTEN: Duration = Duration::from_secs(4);

/// How long a bootloader waits for the rest of a transfer that was cut off: U-Boot ten times five seconds.
const WAITS_FOR_THE_REST: Duration = Duration::from_secs(60);

/// The longest log that is judged, in bytes.
const LONGEST_LOG: u64 = 4 << 20;

/// A cause that no firmware mends counts from this likelihood on.
const CERTAIN_ENOUGH: f64 = 0.6;

/// What a first look showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Its system runs, and says so.
    Running,
    /// Its bootloader waits for a file.
    InRecovery,
    /// Nothing is seen of it.
    Nothing,
}

impl DoorRepair<'_> {
    /// Judges the logs that were given, and looks and listens for the unit.
    pub(super) fn assess(&mut self) -> Result<Found, EngineError> {
        self.session_step(Step::Assess, |repair| {
            repair.judge_logs()?;
            if repair.shows_its_system() {
                return Ok(Done::with(Found::Running, "Its system runs and answers on the network."));
            }
            if repair.is_at_its_door()? {
                repair.is_open = repair.doors.first().is_some_and(|door| way_of(door, &repair.stations).stays_open());
                return Ok(Done::with(Found::InRecovery, "Its bootloader waits for a file already."));
            }
            let summary = match repair.has_system {
                true => {
                    "A page that asks for a password answers at its address: its system starts. It goes on because you say that \
                     the unit is broken; a system that only lost its settings is mended by resetting them."
                }
                false => "Nothing of it is seen on the network.",
            };
            Ok(Done::with(Found::Nothing, summary))
        })
    }

    pub(super) fn judge_logs(&mut self) -> Result<(), EngineError> {
        let mut evidence = Vec::new();
        for (name, artifact) in self.past.logs.clone() {
            let bytes = self.session.vault.artifact(artifact)?.read_all(LONGEST_LOG)?;
            let id = self.record.device.id.clone();
            for seen in crate::identity::overheard(&self.devices, &id, &name, &bytes) {
                if !self.observed.contains(&seen) {
                    self.observed.push(seen);
                }
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            evidence.push(Evidence { kind: EvidenceKind::SerialLog, name, text });
        }
        if evidence.is_empty() {
            return Ok(());
        }
        let architecture = self.record.device.architecture.as_deref();
        let diagnosis =
            diagnose_case(&Case { evidence: &evidence, architecture, is_watched: true, ..Case::default() });
        self.session.record(EventBody::Diagnosed { diagnosis: diagnosis.clone() })?;
        let likelihood = diagnosis.findings.first().map_or(0.0, |finding| finding.likelihood);
        let cause = diagnosis.cause();
        if likelihood >= CERTAIN_ENOUGH && is_beyond_firmware(cause) {
            return Err(EngineError::NotByFirmware { cause });
        }
        Ok(())
    }

    /// Keeps what the unit said when it refused an image, and what that means.
    pub(super) fn explain_refusal(&mut self, said: &str) -> Result<(), EngineError> {
        let name = "what the bootloader said of the file";
        self.session.keep_evidence(EvidenceKind::ToolOutput, name, said.as_bytes())?;
        let evidence =
            [Evidence { kind: EvidenceKind::ToolOutput, name: name.into(), text: said.to_owned() }];
        let diagnosis = diagnose_case(&Case { evidence: &evidence, is_watched: true, ..Case::default() });
        self.session.record(EventBody::Diagnosed { diagnosis })
    }

    /// Whether the system answers in its own words; a bootloader's page does not.
    fn shows_its_system(&mut self) -> bool {
        let tests = prove::own_words(&self.record.device);
        tests.iter().any(|test| self.passes(test, "") == Some(true))
    }

    /// Whether a unit that was offered firmware stands at its open door again: then it is not writing. One whose transfer
    /// was cut off waits for the rest of it first.
    pub(super) fn returns_to_its_door(&mut self) -> Result<bool, EngineError> {
        let clock = self.session.clock.clone();
        let began = clock.now();
        loop {
            if self.is_at_its_door()? {
                return Ok(true);
            }
            let waited = clock.now().since(began);
            if waited >= WAITS_FOR_THE_REST || !self.door_can_be_watched() || self.shows_its_system() {
                return Ok(false);
            }
        }
    }

    fn door_can_be_watched(&mut self) -> bool {
        let Some(door) = self.doors.first() else { return false };
        Sensing::of(door, &self.stations, &mut *self.network)
            .is_ok_and(|sensing| sensing.senses(false).network)
    }

    /// Whether its door is seen to be open: it waits for a file, and is not writing one.
    pub(super) fn is_at_its_door(&mut self) -> Result<bool, EngineError> {
        let Some(door) = self.doors.first().cloned() else { return Ok(false) };
        // Where the port cannot be had, preflight says so.
        let Ok(mut sensing) = Sensing::of(&door, &self.stations, &mut *self.network) else {
            return Ok(false);
        };
        let clock = self.session.clock.clone();
        let began = clock.now();
        while clock.now().since(began) < LISTEN {
            self.session.stop_if_asked()?;
            sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
            if sensing.is_open {
                self.gather(&door, &mut sensing)?;
                let testimony = std::mem::take(&mut sensing.testimony);
                let kept = sensing.keep();
                // Which of several it is nobody knows yet.
                if kept.as_ref().is_some_and(|kept| !kept.several().is_empty()) {
                    return Ok(false);
                }
                if let Some(station) = kept.as_ref().and_then(|kept| kept.nameless())
                    && !self.is_the_unit(station, &testimony)?
                {
                    sensing = Sensing::of(&door, &self.stations, &mut *self.network)?;
                    continue;
                }
                self.take_testimony(testimony);
                self.kept = kept;
                return Ok(true);
            }
        }
        self.has_system |= sensing.has_system;
        Ok(false)
    }
}

impl DoorRepair<'_> {
    /// Has somebody say whether it is the unit that asks already, before anybody has brought it into its mode. Who is not, is left
    /// alone from then on.
    fn is_the_unit(&mut self, station: MacAddress, testimony: &[Observation]) -> Result<bool, EngineError> {
        let seen = as_seen(&station.to_string(), testimony);
        let text = format!(
            "Somebody on this cable asks for firmware already: {seen}. Is that the MAC address on the label of the unit, or next to \
             it? Answer with the address if it is the unit. If it is not, or if other devices may be on this cable, leave it empty: \
             nothing is sent there."
        );
        let chosen = self.ask_which(text, &[station.to_string()])?;
        if chosen.is_none() {
            self.stations.strangers.insert(station);
        }
        self.stations.chosen = chosen;
        Ok(chosen.is_some())
    }
}

fn is_beyond_firmware(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::PowerFault | Cause::RamFault | Cause::FlashHardwareFault | Cause::BootloaderCorrupt
    )
}
