//! A repair from beginning to end: which step follows which, and what happens when one fails.

use std::sync::Arc;

use debrick_catalog::{ConsoleMethod, Recogniser, Repairable};
use debrick_image::ImageFacts;
use debrick_link::Clock;
use debrick_model::{
    Cause, Coded, Digest, Ending, Event, EventBody, GateResult, Identity, Observation, Outcome, Problem,
    Step, Waiver,
};
use debrick_target::TargetError;
use debrick_vault::Vault;

use crate::boot::{Assessment, Whereabouts};
use crate::error::EngineError;
use crate::job::{Closed, ImageEvidence, Job, Wishes};
use crate::operator::Operator;
use crate::past::{Backup, Past};
use crate::plan::{self, Fix};
use crate::ports::{HostCheck, Ports};
use crate::session::{Done, Session};
use crate::unit::Unit;

/// How often a fix may be followed by a look at what else is wrong.
const MOST_ROUNDS: u32 = 3;

/// Begins a repair.
///
/// # Errors
/// Only what keeps a session from being recorded: everything else ends in a [`Closed`] that says what happened.
pub fn rescue(
    vault: &Vault,
    job: Job,
    ports: Ports,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    open(vault, job, ports, operator)?.run_with(Repair::bring_back)
}

/// Opens a session for a job.
pub(crate) fn open<'a>(
    vault: &'a Vault,
    job: Job,
    ports: Ports,
    operator: &'a mut dyn Operator,
) -> Result<Repair<'a>, EngineError> {
    let record = vault.put_bytes(&serde_json::to_vec(&job.device).unwrap_or_default())?;
    let journal = vault.create_session(ports.clock.wall_ms(), job.seed)?;
    let clock: Arc<dyn Clock> = ports.clock.clone();
    let mut session = Session::new(vault, journal, operator, clock);
    let (image_name, image) = job.image.clone().unzip();
    session.record(EventBody::SessionOpened {
        session: session.id(),
        program: env!("CARGO_PKG_VERSION").into(),
        device: job.device.id.clone(),
        ports: job.ports.clone(),
        record,
        image_name,
        image,
    })?;
    for ImageEvidence { kind, name, artifact } in job.evidence.clone() {
        session.record(EventBody::EvidenceStored { kind, name, artifact })?;
    }
    let past = Past { evidence: job.evidence, ..Past::default() };
    Repair::new(session, job.device, job.image, job.wishes, past, ports)
}

/// Goes on with a repair that was interrupted, stopped, or waits for the operator.
///
/// # Errors
/// As for [`rescue`], and when there is nothing to go on with.
pub fn resume(
    vault: &Vault,
    session: &str,
    wishes: Wishes,
    ports: Ports,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    let journal = vault.open_session(session)?;
    let events = journal.events()?;
    let opening = Opening::of(vault, session, &events)?;
    let past = Past::of(&events);
    let clock: Arc<dyn Clock> = ports.clock.clone();
    let mut session = Session::new(vault, journal, operator, clock);
    session.record(EventBody::SessionResumed {
        program: env!("CARGO_PKG_VERSION").into(),
        after_seq: events.last().map_or(0, |event| event.seq),
    })?;
    Repair::new(session, opening.device, opening.image, wishes, past, ports)?.run_with(Repair::bring_back)
}

/// How a session began, from its journal.
pub(crate) struct Opening<T> {
    pub(crate) device: T,
    pub(crate) image: Option<(String, Digest)>,
}

impl<T: serde::de::DeserializeOwned> Opening<T> {
    pub(crate) fn of(vault: &Vault, session: &str, events: &[Event]) -> Result<Self, EngineError> {
        let not_resumable =
            |reason: &str| EngineError::NotResumable { session: session.into(), reason: reason.into() };
        let last_ending = events.iter().rev().find_map(|event| match &event.body {
            EventBody::SessionResumed { .. } => Some(None),
            EventBody::SessionClosed { ending, .. } => Some(Some(*ending)),
            _ => None,
        });
        if let Some(Some(ending @ (Ending::Repaired | Ending::NothingNeeded | Ending::Done))) = last_ending {
            return Err(not_resumable(&format!("it has ended already ({})", ending.id())));
        }
        let Some(EventBody::SessionOpened { record, image_name, image, .. }) =
            events.first().map(|event| &event.body)
        else {
            return Err(not_resumable("its journal does not say how it began"));
        };
        let first_step = events.iter().find_map(|event| match &event.body {
            // One that was stopped before it began has only been closed.
            EventBody::StepStarted { step, .. } if *step != Step::Close => Some(*step),
            _ => None,
        });
        if first_step.is_some_and(|step| step != Step::Assess) {
            return Err(not_resumable("it is a backup or a restore, which is simply begun again"));
        }
        let bytes = vault.artifact(*record)?.read_all(1 << 20)?;
        let device = serde_json::from_slice(&bytes)
            .map_err(|error| not_resumable(&format!("its device record cannot be read ({error})")))?;
        Ok(Self { device, image: image_name.clone().zip(*image) })
    }
}

/// Everything that one repair knows and holds.
pub(crate) struct Repair<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) unit: Unit,
    pub(crate) device: Repairable,
    pub(crate) image: Option<(String, Digest)>,
    pub(crate) facts: Option<ImageFacts>,
    pub(crate) wishes: Wishes,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) host: Vec<HostCheck>,
    pub(crate) gates: Vec<GateResult>,
    pub(crate) identity: Option<Identity>,
    pub(crate) devices: Arc<Recogniser>,
    /// What the unit's own starts said about which device it is.
    pub(crate) overheard: Vec<Observation>,
    pub(crate) backups: Vec<Backup>,
    /// Whether the backups were proven to restore in this run.
    pub(crate) backups_proven: bool,
    pub(crate) past: Past,
    /// Regions (or `environment`) that were changed, in this run or an earlier one.
    pub(crate) touched: Vec<String>,
    pub(crate) methods: Vec<ConsoleMethod>,
    /// What the unit is known to be doing.
    pub(crate) whereabouts: Whereabouts,
    /// The version that the running system was seen to have.
    pub(crate) version: Option<String>,
}

impl<'a> Repair<'a> {
    fn new(
        session: Session<'a>,
        device: Repairable,
        image: Option<(String, Digest)>,
        wishes: Wishes,
        past: Past,
        ports: Ports,
    ) -> Result<Self, EngineError> {
        let mut methods: Vec<ConsoleMethod> = device.method.clone();
        if let Some(wanted) = &wishes.method {
            methods.retain(|method| method.name == *wanted);
        }
        if ports.network.is_none() {
            methods.retain(|method| method.transfer != debrick_catalog::Transfer::Tftp);
        }
        let mut waivers = past.waivers.clone();
        waivers.extend(wishes.waivers.iter().cloned());
        let host = ports.host.clone();
        let devices = ports.devices.clone();
        Ok(Self {
            session,
            unit: Unit::new(ports, device.clone()),
            device,
            image,
            facts: None,
            wishes,
            waivers,
            host,
            gates: Vec::new(),
            identity: None,
            devices,
            overheard: Vec::new(),
            backups: past.backups.clone(),
            backups_proven: false,
            touched: past.touched.clone(),
            past,
            methods,
            whereabouts: Whereabouts::Unknown,
            version: None,
        })
    }

    /// Runs a step between its two events.
    pub(crate) fn in_step<T>(
        &mut self,
        step: Step,
        work: impl FnOnce(&mut Self) -> Result<Done<T>, EngineError>,
    ) -> Result<T, EngineError> {
        let attempt = self.session.begin(step)?;
        let result = work(self);
        self.session.end(step, attempt, result)
    }

    /// Does the work, and closes the session however it ends.
    pub(crate) fn run_with(
        mut self,
        work: impl FnOnce(&mut Self) -> Result<Ending, EngineError>,
    ) -> Result<Closed, EngineError> {
        match work(&mut self) {
            Ok(ending) => self.close_well(ending),
            Err(error) if error.is_journal() => Err(error),
            Err(error) => self.close_with(&error),
        }
    }

    fn bring_back(&mut self) -> Result<Ending, EngineError> {
        let mut assessment = self.assess()?;
        let mut tried: Vec<Fix> = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let healthy = assessment.healthy_version().map(str::to_owned);
            // A system that starts proves variables and settings, but not every byte of a firmware half written.
            let unfinished = self.past.unverified.contains(&self.device.firmware.region) && tried.is_empty();
            if let (Some(version), false) = (healthy, unfinished) {
                self.version = Some(version);
                return self.prove();
            }
            let fixes = self.decide(&assessment, &tried)?;
            self.mend(&fixes)?;
            tried.extend(fixes);
            assessment = self.first_boot()?;
        }
        let healthy = assessment.healthy_version().map(str::to_owned);
        if let Some(version) = healthy {
            self.version = Some(version);
            return self.prove();
        }
        Err(EngineError::Exhausted { tried: plan::in_words(&tried, &self.device.firmware.region).join(" ") })
    }

    /// Brings the unit to its bootloader's prompt, finds out what it is and what to mend, and says so.
    fn decide(&mut self, assessment: &Assessment, tried: &[Fix]) -> Result<Vec<Fix>, EngineError> {
        self.reach_bootloader(&assessment.boot.reached)?;
        if self.identity.is_none() {
            self.identify()?;
            self.preflight()?;
        }
        let (diagnosis, inspection) = self.inspect(assessment)?;
        let mut fixes = plan::choose(&assessment.boot.reached, &diagnosis, &inspection, tried);
        if !self.device.settings.as_ref().is_some_and(|settings| settings.blank_means_defaults) {
            // A system that makes no new settings would not start without any.
            fixes.retain(|fix| *fix != Fix::Settings);
        }
        let firmware = &self.device.firmware.region;
        if tried.is_empty() && self.past.unverified.contains(firmware) && !fixes.contains(&Fix::Firmware) {
            fixes.push(Fix::Firmware);
        }
        if fixes.is_empty() {
            return Err(self.undecided(&diagnosis, tried));
        }
        if fixes.contains(&Fix::Firmware) && self.image.is_none() {
            return Err(EngineError::NoImage { origin: self.device.firmware.origin.clone() });
        }
        let method = self.methods.first().map_or_else(String::new, |method| method.name.clone());
        let summary = plan::in_words(&fixes, &self.device.firmware.region);
        self.session.record(EventBody::PlanMade { method, steps: plan::steps(&fixes), summary })?;
        Ok(fixes)
    }

    fn undecided(&self, diagnosis: &debrick_model::Diagnosis, tried: &[Fix]) -> EngineError {
        if tried.is_empty() || matches!(diagnosis.cause(), Cause::Unknown) {
            return EngineError::Undecided { next_evidence: diagnosis.next_evidence.clone() };
        }
        EngineError::Exhausted { tried: plan::in_words(tried, &self.device.firmware.region).join(" ") }
    }

    /// Backs up, judges, asks, writes and verifies: everything between the plan and the first boot.
    fn mend(&mut self, fixes: &[Fix]) -> Result<(), EngineError> {
        self.back_up()?;
        if fixes.contains(&Fix::Firmware) {
            self.obtain()?;
        }
        self.confirm(fixes)?;
        let clearance = self.pass_gates(fixes)?;
        self.write_with_retries(fixes, &clearance)
    }

    /// The system runs: proves that it works and goes on working.
    fn prove(&mut self) -> Result<Ending, EngineError> {
        if self.touched.is_empty() {
            self.smoke_test(Step::Assess)?;
            return Ok(Ending::NothingNeeded);
        }
        self.restore_settings()?;
        self.soak()?;
        Ok(Ending::Repaired)
    }

    fn close_well(mut self, ending: Ending) -> Result<Closed, EngineError> {
        let version = self.version.clone();
        let runs = version.as_ref().map_or("The system runs".to_owned(), |version| {
            format!("The unit runs {} {} {version}", self.device.vendor, self.device.model)
        });
        let summary = match ending {
            Ending::NothingNeeded => vec![format!("{runs}. Nothing was wrong, and nothing was changed.")],
            Ending::Done if self.touched.is_empty() => {
                vec![format!(
                    "Backed up and proven to restore: {}. Nothing was changed.",
                    self.backed_up_in_words()
                )]
            }
            Ending::Done => vec![format!("Written back and compared: {}.", self.touched_in_words())],
            _ => vec![
                format!("{runs}, and it did so again after every restart."),
                format!("Changed: {}. Everything else is as it was.", self.touched_in_words()),
            ],
        };
        let next_step = self
            .device
            .firmware
            .origin
            .as_ref()
            .map(|origin| format!("Look for newer firmware from time to time at {origin}."));
        self.close(ending, summary, next_step)
    }

    fn close_with(mut self, error: &EngineError) -> Result<Closed, EngineError> {
        let ending = self.ending_for(error);
        let problem = Problem::from_error(error);
        let mut summary = vec![format!("{problem}.")];
        summary.push(if self.touched.is_empty() {
            "Nothing was written: the unit is as it was.".to_owned()
        } else {
            format!("Written so far: {}. Everything else is as it was.", self.touched_in_words())
        });
        if ending == Ending::FailedRestoreOffered {
            summary.push(format!(
                "Backups are in the vault; `debrick restore --session {}` writes them back.",
                self.session.id()
            ));
        }
        if !error.is_cancellation() {
            self.session.record(EventBody::Failed { step: Step::Close, problem })?;
        }
        let next_step = Some(error.next_step()).filter(|text| !text.is_empty());
        self.close(ending, summary, next_step)
    }

    fn ending_for(&self, error: &EngineError) -> Ending {
        let backed_up_and_touched =
            self.touched.iter().any(|name| self.backups.iter().any(|backup| backup.region == *name));
        match error {
            error if error.is_cancellation() => Ending::Cancelled,
            EngineError::Refused(_) | EngineError::Target(TargetError::NotCleared { .. }) => {
                Ending::RefusedByGate
            }
            EngineError::NotDone { .. } | EngineError::Declined { .. } | EngineError::NoImage { .. } => {
                Ending::NeedsOperator
            }
            _ if backed_up_and_touched => Ending::FailedRestoreOffered,
            _ => Ending::StoppedSafely,
        }
    }

    fn backed_up_in_words(&self) -> String {
        let names: Vec<&str> = self.backups.iter().map(|held| held.region.as_str()).collect();
        names.join(", ")
    }

    fn touched_in_words(&self) -> String {
        let mut names = self.touched.clone();
        names.sort();
        names.dedup();
        names.join(", ")
    }

    fn close(
        &mut self,
        ending: Ending,
        summary: Vec<String>,
        next_step: Option<String>,
    ) -> Result<Closed, EngineError> {
        self.session.record(EventBody::StepStarted { step: Step::Close, attempt: 1 })?;
        let archived = match (&self.image, &self.version) {
            (Some((name, _)), Some(version)) if self.touched.contains(&self.device.firmware.region) => {
                format!("{name} is kept in the vault; the unit runs {version}.")
            }
            _ => "The journal, the backups and the logs are kept in the vault.".to_owned(),
        };
        self.session.record(EventBody::StepEnded {
            step: Step::Close,
            attempt: 1,
            outcome: Outcome::Done,
            summary: archived,
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
