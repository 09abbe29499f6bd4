//! Keep what must not be lost, and prove that it can be given back.

use debrick_catalog::{ConsoleMethod, Repairable};
use debrick_model::{
    Digest, EventBody, EvidenceKind, Gate, GateOutcome, GateResult, Region, RegionRole, Step,
};
use debrick_target::{Source, TargetError, backup, verify};
use debrick_vault::Vault;

use crate::artifact_source::ArtifactSource;
use crate::error::EngineError;
use crate::past::Backup;
use crate::repair::Repair;
use crate::session::{Done, Session};
use crate::unit::{Unit, geometry_of};

/// How much is restored to the virtual unit at a time, in bytes.
const PROOF_BATCH: u64 = 1 << 20;

impl Repair<'_> {
    /// Reads every region that must not be lost until two readings agree, and restores them to a virtual unit.
    pub(crate) fn back_up(&mut self) -> Result<(), EngineError> {
        if self.backups_proven {
            return Ok(());
        }
        self.in_step(Step::Backup, |repair| {
            let Some(method) = repair.methods.first().cloned() else {
                return Err(EngineError::Exhausted { tried: "Looking for a method".into() });
            };
            let regions: Vec<Region> = repair.device.regions().cloned().collect();
            for region in regions.iter().filter(|region| region.role.must_be_backed_up()) {
                repair.keep(&method, region)?;
            }
            for region in regions.iter().filter(|region| region.role == RegionRole::Firmware) {
                let because =
                    "It holds the firmware that is to be replaced, and that its maker publishes.".into();
                repair.session.record(EventBody::BackupOmitted { region: region.name.clone(), because })?;
            }
            repair.keep_variables()?;
            repair.prove_backups()?;
            let names: Vec<&str> = repair.backups.iter().map(|backup| backup.region.as_str()).collect();
            let summary = format!("Kept and proven to restore: {}.", names.join(", "));
            Ok(Done::with((), summary))
        })
    }

    fn keep(&mut self, method: &ConsoleMethod, region: &Region) -> Result<(), EngineError> {
        let held = self.backups.iter().find(|backup| backup.region == region.name).cloned();
        if let Some(held) = held {
            // What this session has begun to change is not read again: the copy from before is the one that counts.
            if self.touched.contains(&region.name) || self.still_holds(method, region, &held)? {
                self.session.note(format!("The copy of {:?} from before is kept.", region.name))?;
                return Ok(());
            }
            self.backups.retain(|backup| backup.region != region.name);
        }
        let artifact = keep_region(&mut self.session, &mut self.unit, method, region)?;
        self.backups.push(Backup { region: region.name.clone(), size: region.size, artifact });
        Ok(())
    }

    fn still_holds(
        &mut self,
        method: &ConsoleMethod,
        region: &Region,
        held: &Backup,
    ) -> Result<bool, EngineError> {
        if held.size != region.size || self.session.vault.verify(held.artifact).is_err() {
            return Ok(false);
        }
        let content = ArtifactSource(self.session.vault.artifact(held.artifact)?);
        let mut meter = self.session.meter(&format!("comparing {}", region.name), Some(region.size));
        let same = self.unit.with_storage(method, &region.name, |target| {
            Ok(verify::compare(target, region, &content, &mut meter)?.differing.is_empty())
        })?;
        Ok(same)
    }

    /// Keeps the bootloader's variables as text.
    fn keep_variables(&mut self) -> Result<(), EngineError> {
        let (_, variables) = self.unit.ask_bootloader()?;
        let text: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        self.session.keep_evidence(EvidenceKind::ToolOutput, "bootloader variables", text.as_bytes())?;
        Ok(())
    }

    fn prove_backups(&mut self) -> Result<(), EngineError> {
        prove_restores(self.session.vault, &self.device, &self.backups)?;

        let names: Vec<String> = self.backups.iter().map(|held| held.region.clone()).collect();
        let held: Vec<&str> = names.iter().map(String::as_str).collect();
        let missing: Vec<String> =
            backup::missing(self.device.regions(), &held).iter().map(|region| region.name.clone()).collect();
        let result = if missing.is_empty() {
            GateResult {
                gate: Gate::Backup,
                outcome: GateOutcome::Pass,
                reasons: vec![format!(
                    "A copy of {} is in the vault, and was restored to a virtual unit.",
                    held.join(", ")
                )],
            }
        } else {
            let reasons =
                vec![format!("There is no copy of {}, which cannot be had again.", missing.join(", "))];
            GateResult { gate: Gate::Backup, outcome: GateOutcome::Fail, reasons }
        };
        self.gates.push(result);
        self.session.record(EventBody::BackupProven { regions: names })?;
        self.backups_proven = true;
        Ok(())
    }
}

/// Reads one region until two readings agree, and puts it into the vault.
fn keep_region(
    session: &mut Session<'_>,
    unit: &mut Unit,
    method: &ConsoleMethod,
    region: &Region,
) -> Result<Digest, EngineError> {
    let vault = session.vault;
    let mut writer = vault.writer()?;
    let mut trouble = None;
    let mut meter = session.meter(&format!("reading {}", region.name), Some(region.size));
    let agreement = unit.with_storage(method, &region.name, |target| {
        backup::read_agreeing(target, region, &mut meter, &mut |bytes| {
            writer.write(bytes).map_err(|error| {
                trouble = Some(error);
                TargetError::Cancelled
            })
        })
    });
    if let Some(error) = trouble {
        return Err(error.into());
    }
    let readings = agreement?.readings;
    let artifact = writer.finish()?;
    session.record(EventBody::BackedUp {
        region: region.name.clone(),
        offset: region.offset,
        size: region.size,
        artifact,
        readings,
    })?;
    Ok(artifact)
}

/// Checks every backup by its digest, and restores it to a virtual unit of the same geometry.
pub(crate) fn prove_restores(
    vault: &Vault,
    device: &Repairable,
    backups: &[Backup],
) -> Result<(), EngineError> {
    for storage in &device.storage {
        let mut sources: Vec<(&Region, ArtifactSource)> = Vec::new();
        for held in backups {
            if let Some(region) = storage.regions.iter().find(|region| region.name == held.region) {
                vault.verify(held.artifact)?;
                sources.push((region, ArtifactSource(vault.artifact(held.artifact)?)));
            }
        }
        let parts: Vec<(&Region, &dyn Source)> =
            sources.iter().map(|(region, source)| (*region, source as &dyn Source)).collect();
        backup::prove_restores(geometry_of(storage, PROOF_BATCH), &parts)?;
    }
    Ok(())
}

/// The content of a backup, checked.
pub(crate) fn read_backup(session: &Session<'_>, held: &Backup) -> Result<ArtifactSource, EngineError> {
    session.vault.verify(held.artifact)?;
    Ok(ArtifactSource(session.vault.artifact(held.artifact)?))
}
