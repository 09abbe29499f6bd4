//! What is done to a unit apart from a repair: backing it up, and giving a backup back.

use debrick_model::{Ending, EventBody, Gate, GateOutcome, GateResult, Step};
use debrick_vault::Vault;

use crate::boot::{Reached, Whereabouts};
use crate::error::EngineError;
use crate::job::{Closed, Job};
use crate::operator::Operator;
use crate::past::{Backup, Past};
use crate::plan::{self, Fix};
use crate::ports::Ports;
use crate::repair::{Repair, open};
use crate::session::Done;
use crate::steps::{prove_restores, serial_of};
use crate::unit::Bearings;

/// Reads everything of a unit that must not be lost, and proves that it restores. Writes nothing to the unit.
///
/// # Errors
/// Only what keeps a session from being recorded.
pub fn back_up(
    vault: &Vault,
    job: Job,
    ports: Ports,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    open(vault, job, ports, operator)?.run_with(|repair| {
        repair.begin_at_bootloader()?;
        repair.back_up()?;
        repair.leave_as_found()?;
        Ok(Ending::Done)
    })
}

/// Writes the backups of an earlier session back to the unit that they come from.
///
/// `regions` names those that are written back; all of the session's where it is empty. What they hold now is backed up
/// before.
///
/// # Errors
/// Only what keeps a session from being recorded, and when that session holds no such backups.
pub fn restore(
    vault: &Vault,
    from_session: &str,
    regions: &[String],
    job: Job,
    ports: Ports,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    let events = vault.read_session(from_session)?;
    let mut backups = Past::of(&events).backups;
    if !regions.is_empty() {
        backups.retain(|held| regions.contains(&held.region));
    }
    if backups.is_empty() {
        let reason = "it holds no backup of what was asked for".into();
        return Err(EngineError::NotResumable { session: from_session.into(), reason });
    }
    let origin = serial_of(&events);
    open(vault, job, ports, operator)?.run_with(|repair| {
        repair.begin_at_bootloader()?;
        repair.back_up()?;
        repair.judge_backups(&backups, origin.as_deref());
        let fixes = [Fix::Restore(backups)];
        let method = repair.methods.first().map_or_else(String::new, |method| method.name.clone());
        let summary = plan::in_words(&fixes, &repair.device.firmware.region);
        repair.session.record(EventBody::PlanMade { method, steps: plan::steps(&fixes), summary })?;
        repair.confirm(&fixes)?;
        let clearance = repair.pass_gates(&fixes)?;
        repair.write_with_retries(&fixes, &clearance)?;
        repair.leave_as_found()?;
        Ok(Ending::Done)
    })
}

/// Checks the backups of a session without any unit: every byte by its digest, and a restore to a virtual unit of the
/// same geometry. Returns the names of the regions that were proven.
pub fn prove_backup(vault: &Vault, session: &str) -> Result<Vec<String>, EngineError> {
    let events = vault.read_session(session)?;
    let record = events.iter().find_map(|event| match &event.body {
        EventBody::SessionOpened { record, .. } => Some(*record),
        _ => None,
    });
    let not_there =
        |reason: &str| EngineError::NotResumable { session: session.into(), reason: reason.into() };
    let record = record.ok_or_else(|| not_there("its journal does not say how it began"))?;
    let device: debrick_catalog::Repairable =
        serde_json::from_slice(&vault.artifact(record)?.read_all(1 << 20)?)
            .map_err(|error| not_there(&format!("its device record cannot be read ({error})")))?;
    let backups = Past::of(&events).backups;
    if backups.is_empty() {
        return Err(not_there("it holds no backups"));
    }
    if backups.iter().any(|held| device.region(&held.region).is_none()) {
        return Err(not_there("its regions are not those of its device"));
    }
    prove_restores(vault, &device, &backups)?;
    Ok(backups.into_iter().map(|held| held.region).collect())
}

impl Repair<'_> {
    /// Brings the unit to its bootloader, and finds out what it is.
    fn begin_at_bootloader(&mut self) -> Result<(), EngineError> {
        self.in_step(Step::EnterRecovery, |repair| {
            if repair.unit.take_bearings(&repair.session)? == Bearings::Prompt {
                repair.whereabouts = Whereabouts::Prompt;
            }
            repair.reach_bootloader(&Reached::Stuck)?;
            Ok(Done::with((), "The bootloader waits at its prompt."))
        })?;
        self.identify()?;
        self.preflight()
    }

    /// Integrity and fitness of backups: undamaged in the vault, and from this very unit.
    pub(crate) fn judge_backups(&mut self, backups: &[Backup], origin: Option<&str>) {
        let damaged: Vec<&str> = backups
            .iter()
            .filter(|held| self.session.vault.verify(held.artifact).is_err())
            .map(|held| held.region.as_str())
            .collect();
        let (outcome, reason) = if damaged.is_empty() {
            (GateOutcome::Pass, "Every backup has the digest that it was kept under.".to_owned())
        } else {
            (GateOutcome::Fail, format!("The backups of {} are damaged in the vault.", damaged.join(", ")))
        };
        self.gates.push(GateResult { gate: Gate::Integrity, outcome, reasons: vec![reason] });

        let reasons = vec!["What is written back is the unit's own.".to_owned()];
        self.gates.push(GateResult { gate: Gate::Provenance, outcome: GateOutcome::Pass, reasons });

        let serial = self.identity.as_ref().and_then(|identity| identity.serial.as_deref());
        let (outcome, reason) = match (origin, serial) {
            (Some(origin), Some(serial)) if origin == serial => {
                (GateOutcome::Pass, format!("The backups are from this very unit, {serial}."))
            }
            (Some(origin), Some(serial)) => {
                (GateOutcome::Fail, format!("The backups are from the unit {origin}, and this is {serial}."))
            }
            _ => (GateOutcome::Unknown, "It is not known whether the backups are from this unit.".to_owned()),
        };
        self.gates.push(GateResult { gate: Gate::Fitness, outcome, reasons: vec![reason] });
    }

    /// Lets the unit start again.
    fn leave_as_found(&mut self) -> Result<(), EngineError> {
        self.unit.restart()?;
        self.whereabouts = Whereabouts::Unknown;
        Ok(())
    }
}
