//! Repairs through a door: a mode of the unit's bootloader that takes an image over the network, and writes it by itself.
//!
//! Such a unit cannot be read: there is no backup and no comparison, and what it says of an upload proves nothing. So more
//! is asked before (a waiver of the backup gate, with its reason), and only the version that runs afterwards counts.

mod assess;
mod enter;
mod outside;
mod passes;
mod prepare;
mod prove;
mod sense;
mod ways;

use std::sync::Arc;

use debrick_catalog::{Door, Recogniser, Recoverable};
use debrick_image::ImageFacts;
use debrick_link::{Clock, Link, Network};
use debrick_model::{
    Digest, Effect, Ending, EventBody, EvidenceKind, GateResult, Identity, Observation, Outcome, Problem,
    Step, Waiver,
};
use debrick_target::{Clearance, Offer, TargetError};
use debrick_vault::Vault;

use crate::artifact_source::ArtifactSource;
use crate::error::EngineError;
use crate::job::{Closed, ImageEvidence, Wishes};
use crate::operator::Operator;
use crate::past::{OFFERED, Past};
use crate::ports::HostCheck;
use crate::repair::Opening;
use crate::session::{Done, Session};
use crate::tries::{Condition, Tries, Try};
use assess::Found;

pub use passes::{OverSsh, Passes, Reach, rescue_in_passes, resume_in_passes};

/// A repair through a door, to be begun.
#[derive(Debug, Clone)]
pub struct DoorJob {
    /// The device that the operator says the unit is.
    pub device: Recoverable,
    /// The firmware file, already in the vault: its name and digest.
    pub image: Option<(String, Digest)>,
    /// What came with the firmware file, already in the vault.
    pub evidence: Vec<ImageEvidence>,
    /// Logs of this unit's console from before, already in the vault: names and digests.
    pub logs: Vec<(String, Digest)>,
    /// How the ports were named.
    pub ports: Vec<String>,
    /// How it is done.
    pub wishes: Wishes,
    /// Makes session ids different; any number.
    pub seed: u64,
}

/// What a repair through a door may use.
pub struct DoorPorts {
    /// The network that leads to the unit.
    pub network: Box<dyn Network>,
    /// The unit's console, where one is wired; it is only listened to.
    pub console: Option<Box<dyn Link>>,
    /// The way to a system of the unit, once one runs.
    pub system: Option<Box<dyn Reach>>,
    /// The clock that all of them share.
    pub clock: Arc<dyn Clock>,
    /// What was found out about this computer before.
    pub host: Vec<HostCheck>,
    /// The devices that a unit may be taken for, the one of the job among them.
    pub devices: Arc<Recogniser>,
}

/// Begins a repair through a door.
///
/// # Errors
/// Only what keeps a session from being recorded: everything else ends in a [`Closed`] that says what happened.
pub fn rescue_by_door(
    vault: &Vault,
    job: DoorJob,
    ports: DoorPorts,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    open(vault, job, ports, operator)?.run()
}

/// Opens a session for a repair through a door.
fn open<'a>(
    vault: &'a Vault,
    job: DoorJob,
    ports: DoorPorts,
    operator: &'a mut dyn Operator,
) -> Result<DoorRepair<'a>, EngineError> {
    let record = vault.put_bytes(&serde_json::to_vec(&job.device).unwrap_or_default())?;
    let journal = vault.create_session(ports.clock.wall_ms(), job.seed)?;
    let mut session = Session::new(vault, journal, operator, ports.clock.clone());
    let (image_name, image) = job.image.clone().unzip();
    session.record(EventBody::SessionOpened {
        session: session.id(),
        program: env!("CARGO_PKG_VERSION").into(),
        device: job.device.device.id.clone(),
        ports: job.ports.clone(),
        record,
        image_name,
        image,
    })?;
    let logs = job.logs.iter().map(|(name, artifact)| (EvidenceKind::SerialLog, name.clone(), *artifact));
    let evidence = job.evidence.iter().map(|one| (one.kind, one.name.clone(), one.artifact));
    for (kind, name, artifact) in evidence.chain(logs).collect::<Vec<_>>() {
        session.record(EventBody::EvidenceStored { kind, name, artifact })?;
    }
    let past = Past { evidence: job.evidence, logs: job.logs, ..Past::default() };
    Ok(DoorRepair::new(session, job.device, job.image, job.wishes, past, ports))
}

/// Goes on with a repair through a door that was interrupted, stopped, or waits for the operator.
///
/// # Errors
/// As for [`rescue_by_door`], and when there is nothing to go on with.
pub fn resume_by_door(
    vault: &Vault,
    session: &str,
    wishes: Wishes,
    ports: DoorPorts,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    reopen(vault, session, wishes, ports, operator)?.run()
}

/// Opens a session again.
fn reopen<'a>(
    vault: &'a Vault,
    session: &str,
    wishes: Wishes,
    ports: DoorPorts,
    operator: &'a mut dyn Operator,
) -> Result<DoorRepair<'a>, EngineError> {
    let journal = vault.open_session(session)?;
    let events = journal.events()?;
    let opening = Opening::<Recoverable>::of(vault, session, &events)?;
    let past = Past::of(&events);
    let mut session = Session::new(vault, journal, operator, ports.clock.clone());
    session.record(EventBody::SessionResumed {
        program: env!("CARGO_PKG_VERSION").into(),
        after_seq: events.last().map_or(0, |event| event.seq),
    })?;
    Ok(DoorRepair::new(session, opening.device, opening.image, wishes, past, ports))
}

/// Everything that one repair through a door knows and holds.
struct DoorRepair<'a> {
    session: Session<'a>,
    record: Recoverable,
    doors: Vec<Door>,
    network: Box<dyn Network>,
    console: Option<Box<dyn Link>>,
    image: Option<(String, Digest)>,
    facts: Option<ImageFacts>,
    wishes: Wishes,
    waivers: Vec<Waiver>,
    host: Vec<HostCheck>,
    devices: Arc<Recogniser>,
    past: Past,
    gates: Vec<GateResult>,
    /// What was observed before the door was open: the label, the logs.
    observed: Vec<Observation>,
    /// What the unit said of itself at its door.
    testimony: Vec<Observation>,
    identity: Option<Identity>,
    /// What is known of who else is on the cable.
    stations: ways::Stations,
    /// Whether the unit was seen in its recovery mode, and nothing happened since that ends it.
    is_open: bool,
    /// The unit, where it has to be kept in its recovery mode.
    kept: Option<Box<dyn ways::Kept>>,
    /// Whether a page of its running system was seen when it was looked for at its door.
    has_system: bool,
    /// Whether an image was offered, in this run or an earlier one.
    touched: bool,
    /// The version that the running system was seen to have.
    version: Option<String>,
    /// Whether a person has read it, wherever they looked.
    read_by_operator: bool,
    /// The way to a system of the unit that runs.
    running: Option<passes::Running>,
}

impl<'a> DoorRepair<'a> {
    fn new(
        session: Session<'a>,
        record: Recoverable,
        image: Option<(String, Digest)>,
        wishes: Wishes,
        past: Past,
        ports: DoorPorts,
    ) -> Self {
        let mut doors = record.doors.clone();
        if let Some(wanted) = &wishes.method {
            doors.retain(|door| door.name == *wanted);
        }
        let mut waivers = past.waivers.clone();
        waivers.extend(wishes.waivers.iter().cloned());
        let touched = past.touched.iter().any(|name| name == OFFERED);
        let running = ports.system.map(|reach| passes::Running::of(reach, &record, touched));
        Self {
            session,
            record,
            doors,
            network: ports.network,
            console: ports.console,
            image,
            facts: None,
            wishes,
            waivers,
            host: ports.host,
            devices: ports.devices,
            stations: ways::Stations { chosen: past.chosen, ..ways::Stations::default() },
            touched,
            past,
            gates: Vec::new(),
            observed: Vec::new(),
            testimony: Vec::new(),
            identity: None,
            is_open: false,
            kept: None,
            has_system: false,
            version: None,
            read_by_operator: false,
            running,
        }
    }

    /// Does the work, and closes the session however it ends.
    fn run(mut self) -> Result<Closed, EngineError> {
        match self.bring_back() {
            Ok(ending) => self.close_well(ending),
            Err(error) if error.is_journal() => Err(error),
            Err(error) => self.close_with(&error),
        }
    }

    fn bring_back(&mut self) -> Result<Ending, EngineError> {
        if self.goes_in_passes() {
            if self.running.is_none() {
                return Err(EngineError::NoWayIn);
            }
            return self.bring_back_in_passes();
        }
        self.doors.retain(|door| !door.in_memory);
        // What was offered and never proven may be being written right now: power must not be taken away.
        let is_unproven = self.past.unverified.iter().any(|name| name == OFFERED);
        // One that waits for a file is not writing.
        if is_unproven && !self.returns_to_its_door()? && self.obtain().is_ok() {
            self.session.note("Firmware was offered before; what runs now is looked for first.")?;
            match self.first_boot() {
                Ok(()) => return self.prove(),
                Err(error @ (EngineError::Unproven { .. } | EngineError::SmokeTest { .. })) => {
                    self.session.failed(Step::FirstBoot, &error)?;
                }
                Err(error) => return Err(error),
            }
        }
        if self.assess()? == Found::Running {
            return Ok(Ending::NothingNeeded);
        }
        self.plan()?;
        self.identify()?;
        self.preflight()?;
        self.back_up()?;
        self.obtain()?;
        self.look_ahead()?;
        self.confirm()?;
        self.write_with_retries()?;
        self.prove()
    }

    /// Enters, offers and watches; again from a fresh entry with something changed, then by another door, then no more.
    fn write_with_retries(&mut self) -> Result<(), EngineError> {
        let mut tries = Tries::new(self.doors.clone(), [Condition::AsItIs, Condition::PlainTransfer]);
        let mut last = EngineError::Exhausted { tried: "Looking for a method".into() };
        while let Some(one) = tries.next() {
            if let Some(change) = one.change.clone() {
                self.session.record(EventBody::Retrying { step: Step::Flash, change })?;
            }
            match self.write_once(&one) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let refused = ways::refusal(&error);
                    if let Some(said) = &refused {
                        self.explain_refusal(said)?;
                    }
                    match &error {
                        // The same image would be refused again.
                        _ if refused.is_some() || ways::is_final(&error) => return Err(error),
                        // All that can be changed was changed on the way there.
                        EngineError::NotEntered { .. } | EngineError::NoEntry { .. } => {
                            tries.leave_this_method();
                        }
                        // The bytes arrived and were not kept: how they arrive does not matter.
                        EngineError::SmokeTest { .. } => tries.keep_to_this_method(),
                        EngineError::Unproven { .. } | EngineError::NotUp { .. } => {}
                        error if error.may_be_retried() => {}
                        _ => return Err(error),
                    }
                    self.session.failed(Step::Flash, &error)?;
                    last = error;
                }
            }
        }
        Err(last)
    }

    fn write_once(&mut self, one: &Try<Door>) -> Result<(), EngineError> {
        self.enter(&one.method, one.change.is_some())?;
        self.identify_at_door()?;
        let way = ways::way_of(&one.method, &self.stations);
        self.stations.at_door = way.look_before(&mut *self.network)?;
        if one.method.in_memory {
            return self.start_in_memory(one);
        }
        let clearance = self.pass_gates()?;
        self.flash(one, &clearance)?;
        self.session_step(Step::Verify, |_| {
            Ok(Done::skipped((), "This door gives nothing back to compare: only the first boot tells."))
        })?;
        self.first_boot()
    }

    /// Offers the image. What was accepted is not what was written.
    fn flash(&mut self, one: &Try<Door>, clearance: &Clearance) -> Result<(), EngineError> {
        let Some((file, digest)) = self.image.clone() else {
            return Err(EngineError::NoImage { origin: self.record.origin() });
        };
        let door = &one.method;
        let name = ways::name_for(door, &file).to_owned();
        let content = ArtifactSource(self.session.vault.artifact(digest)?);
        let size = debrick_target::Source::len(&content);
        self.session_step(Step::Flash, |repair| {
            let effect =
                Effect::OfferImage { method: door.name.clone(), name: name.clone(), size, content: digest };
            repair.session.record(EventBody::Intent { effect })?;
            repair.touched = true;
            // Whatever comes of it, the mode has to be entered again.
            repair.is_open = false;
            if let Some(running) = &mut repair.running {
                running.is_written();
            }
            let kept = repair.kept.take();
            let part = Offer { region: OFFERED, name: &name, content: &content, digest };
            let mut meter = repair.session.meter(&format!("sending {name}"), Some(size));
            let (way, network) = (ways::way_of(door, &repair.stations), &mut *repair.network);
            let accepted = ways::hand_over(&*way, kept, one.condition, network, clearance, &part, &mut meter);
            for notice in meter.into_notices() {
                repair.session.note(notice)?;
            }
            let accepted = accepted?;
            repair.session.record(EventBody::EffectDone { sent: size, unchanged: 0 })?;
            let summary = match accepted {
                ways::Accepted::Whole => "The unit took all of it, which proves nothing yet.",
                ways::Accepted::InSilence => {
                    "All of it was sent, and the unit fell silent: it may be writing. Its power stays on."
                }
            };
            Ok(Done::with((), summary))
        })
    }

    /// Runs a step between its two events.
    fn session_step<T>(
        &mut self,
        step: Step,
        work: impl FnOnce(&mut Self) -> Result<Done<T>, EngineError>,
    ) -> Result<T, EngineError> {
        let attempt = self.session.begin(step)?;
        let result = work(self);
        self.session.end(step, attempt, result)
    }

    fn title(&self) -> String {
        format!("{} {}", self.record.device.vendor, self.record.device.model)
    }

    fn close_well(mut self, ending: Ending) -> Result<Closed, EngineError> {
        let runs = match &self.version {
            Some(version) => format!("The unit runs {} {version}", self.title()),
            None => "The system runs".to_owned(),
        };
        let summary = match ending {
            Ending::NothingNeeded => vec![format!("{runs}. Nothing was wrong, and nothing was changed.")],
            _ => vec![
                format!("{runs}: it was seen to."),
                match self.goes_in_passes() {
                    true => "Changed: its firmware, by a system that ran on it. What it held before is in the vault.",
                    false => "Changed: its firmware, by its own bootloader. What else that changed cannot be seen from here.",
                }
                .to_owned(),
            ],
        };
        let next_step = self
            .record
            .origin()
            .map(|origin| format!("Look for newer firmware from time to time at {origin}."));
        self.close(ending, summary, next_step)
    }

    fn close_with(mut self, error: &EngineError) -> Result<Closed, EngineError> {
        let ending = match error {
            error if error.is_cancellation() => Ending::Cancelled,
            EngineError::Refused(_) | EngineError::Target(TargetError::NotCleared { .. }) => {
                Ending::RefusedByGate
            }
            EngineError::NotDone { .. }
            | EngineError::Declined { .. }
            | EngineError::NoImage { .. }
            | EngineError::NoFirstImage
            | EngineError::NoWayIn
            | EngineError::NoEntry { .. }
            | EngineError::NotEntered { .. }
            | EngineError::SeveralUnits { .. } => Ending::NeedsOperator,
            _ => Ending::StoppedSafely,
        };
        let problem = Problem::from_error(error);
        let mut summary = vec![format!("{problem}.")];
        summary.push(if self.touched {
            "Firmware was offered to the unit: what it wrote of it is not known.".to_owned()
        } else {
            "Nothing was written: the unit is as it was.".to_owned()
        });
        if !error.is_cancellation() {
            self.session.record(EventBody::Failed { step: Step::Close, problem })?;
        }
        let next_step = Some(debrick_model::Coded::next_step(error)).filter(|text| !text.is_empty());
        self.close(ending, summary, next_step)
    }

    fn close(
        &mut self,
        ending: Ending,
        summary: Vec<String>,
        next_step: Option<String>,
    ) -> Result<Closed, EngineError> {
        self.session.record(EventBody::StepStarted { step: Step::Close, attempt: 1 })?;
        self.session.record(EventBody::StepEnded {
            step: Step::Close,
            attempt: 1,
            outcome: Outcome::Done,
            summary: "The journal, the firmware and the logs are kept in the vault.".to_owned(),
        })?;
        self.session.record(EventBody::SessionClosed {
            ending,
            summary: summary.clone(),
            version: self.version.clone(),
            next_step: next_step.clone(),
        })?;
        Ok(Closed { session: self.session.id(), ending, summary, next_step })
    }
}
