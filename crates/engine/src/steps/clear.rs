//! Agreement and gates: the last things before anything is written.

use debrick_model::{Answer, EventBody, Gate, GateOutcome, GateResult, Request, RequestKind, Waiver};
use debrick_target::{Clearance, Scope, clearance};

use crate::error::EngineError;
use crate::plan::Fix;
use crate::repair::Repair;
use crate::session::Session;
use crate::steps::provenance_in_words;

impl Repair<'_> {
    /// Tells the operator what will be changed, and has them agree, once a session for each change.
    pub(crate) fn confirm(&mut self, fixes: &[Fix]) -> Result<(), EngineError> {
        for fix in fixes {
            let request = self.confirmation(fix);
            if self.past.agreed.contains(&request.id) {
                continue;
            }
            let id = request.id.clone();
            match self.session.ask(request)? {
                Answer::Yes => self.past.agreed.push(id),
                _ => return Err(EngineError::Declined { request: id }),
            }
        }
        Ok(())
    }

    fn confirmation(&self, fix: &Fix) -> Request {
        let name = format!("{} {}", self.device.vendor, self.device.model);
        let (id, text, consequence) = match fix {
            Fix::Firmware => {
                let version = self.facts.as_ref().and_then(|facts| facts.version.clone()).unwrap_or_default();
                let made = self.facts.as_ref().map_or_else(String::new, |facts| {
                    format!(" Who made the file: {}", provenance_in_words(&facts.provenance))
                });
                (
                    "write-firmware",
                    format!("Write firmware {version} to the {name}?"),
                    format!(
                        "The region {:?} will be overwritten where it differs; what it holds now is not kept. Settings and \
                         everything unique to the unit stay as they are. Do not cut its power meanwhile; should that \
                         happen, `debrick resume` finishes the work.{made}",
                        self.device.firmware.region
                    ),
                )
            }
            Fix::Environment(variables) => {
                let lines: Vec<String> =
                    variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                (
                    "store-variables",
                    format!("Store the bootloader variables that the {name} needs to start?"),
                    format!("These will be stored, and the others stay: {}.", lines.join("; ")),
                )
            }
            Fix::Restore(backups) => {
                let names: Vec<&str> = backups.iter().map(|backup| backup.region.as_str()).collect();
                (
                    "restore-backup",
                    format!("Write the backups of {} back to the {name}?", names.join(", ")),
                    "What these regions hold now will be overwritten; a copy of it was put into the vault just before."
                        .to_owned(),
                )
            }
            Fix::Settings => (
                "clear-settings",
                format!("Clear the damaged settings of the {name}?"),
                "Its settings will be as new. A copy of what is there now is in the vault.".to_owned(),
            ),
        };
        Request { id: id.into(), text, kind: RequestKind::Confirmation { consequence } }
    }

    /// Looks at every gate, records it, and makes the clearance for these fixes.
    pub(crate) fn pass_gates(&mut self, fixes: &[Fix]) -> Result<Clearance, EngineError> {
        let judges_content = fixes.iter().any(|fix| matches!(fix, Fix::Firmware | Fix::Restore(_)));
        let mut results: Vec<GateResult> = self.gates.clone();
        if !judges_content {
            for gate in [Gate::Integrity, Gate::Provenance, Gate::Fitness] {
                let reasons = vec!["No firmware is written.".to_owned()];
                results.push(GateResult { gate, outcome: GateOutcome::Pass, reasons });
            }
        }
        let mut scope = Scope { regions: Vec::new(), contents: Vec::new() };
        for fix in fixes {
            match fix {
                Fix::Firmware => {
                    scope.regions.push(self.device.firmware.region.clone());
                    scope.contents.extend(self.image.as_ref().map(|(_, digest)| *digest));
                }
                Fix::Environment(_) => scope.regions.push("environment".to_owned()),
                Fix::Settings => {
                    scope.regions.extend(self.device.settings.iter().map(|at| at.region.clone()))
                }
                Fix::Restore(backups) => {
                    scope.regions.extend(backups.iter().map(|backup| backup.region.clone()));
                    scope.contents.extend(backups.iter().map(|backup| backup.artifact));
                }
            }
        }
        record_clearance(&mut self.session, &results, &self.waivers, &mut self.past.waivers, scope)
    }
}

/// Records the latest look at every gate, makes the clearance of them, and records it with the waivers that it rests on.
pub(crate) fn record_clearance(
    session: &mut Session<'_>,
    results: &[GateResult],
    waivers: &[Waiver],
    recorded: &mut Vec<Waiver>,
    scope: Scope,
) -> Result<Clearance, EngineError> {
    let mut latest = Vec::new();
    for gate in Gate::ALL {
        if let Some(result) = results.iter().rev().find(|result| result.gate == gate) {
            latest.push(result.clone());
            session.record(EventBody::GateChecked { result: result.clone() })?;
        }
    }
    let (regions, image) = (scope.regions.clone(), scope.contents.first().copied());
    let clearance = clearance::clear(&latest, waivers, scope)?;
    for waiver in clearance.waivers() {
        if !recorded.contains(waiver) {
            recorded.push(waiver.clone());
            session.record(EventBody::GateWaived { waiver: waiver.clone() })?;
        }
    }
    session.record(EventBody::Cleared { regions, image })?;
    Ok(clearance)
}
