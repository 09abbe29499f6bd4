//! The second pass: the system that runs is asked what the unit is, everything is kept that it can read, and it writes the
//! firmware itself.

use std::time::Duration;

use debrick_catalog::ObservationSource;
use debrick_link::Deadline;
use debrick_model::{
    Effect, EventBody, EvidenceKind, Gate, GateOutcome, GateResult, Property, RegionRole, Request,
    RequestKind, Step,
};
use debrick_ssh::Shell;
use debrick_ssh::openwrt::{self, OpenwrtError, Partition, System, partitions, settings, upgrade};

use crate::artifact_source::ArtifactSource;
use crate::door::DoorRepair;
use crate::error::EngineError;
use crate::identity::claim;
use crate::past::Backup;
use crate::session::Done;
use crate::steps::value_of;

/// How long a system may take to say what it is.
const ANSWERS: Duration = Duration::from_secs(120);

/// How long the reading of a partition, or the way of an image to the unit, may take.
const TRANSFER: Duration = Duration::from_secs(1800);

/// How long a system may take to begin an upgrade.
const BEGINS: Duration = Duration::from_secs(180);

/// The largest partition that is read for its text, and how much of it is looked at, in bytes.
const SMALL: u64 = 1 << 20;
const TEXT: usize = 1024;

/// Partitions that lie inside others, and the ones that an upgrade replaces.
const REPLACED: [&str; 7] = ["firmware", "kernel", "rootfs", "rootfs_data", "ubi", "fip_kernel", "linux"];
const INSIDE_OTHERS: [&str; 3] = ["kernel", "rootfs", "rootfs_data"];

/// How an upgrade is called in the journal.
const BY_SSH: &str = "ssh";

/// Asks a system what it is.
pub(super) fn ask(shell: &mut dyn Shell) -> Result<System, EngineError> {
    let deadline = Deadline::after(shell.clock(), ANSWERS);
    Ok(openwrt::identify(shell, deadline)?)
}

/// What a system is, in a sentence.
pub(super) fn in_words(system: &System) -> String {
    let name = system.distribution.as_deref().unwrap_or("A system");
    let version = system.version.as_deref().unwrap_or("of an unknown version");
    let place = if system.runs_from_memory() { "runs from its memory" } else { "is installed and runs" };
    format!("{name} {version} {place}.")
}

impl DoorRepair<'_> {
    /// Keeps what the unit holds, and has its system write the firmware.
    pub(super) fn second_pass(&mut self) -> Result<(), EngineError> {
        let mut shell = self.log_in()?;
        let system = self.identify_system(&mut *shell)?;
        if self.is_second_pass_alone() || self.gates.iter().all(|result| result.gate != Gate::Preflight) {
            self.preflight()?;
        }
        self.running()?.compat = Some(system.compat().to_string());
        self.keep_all(&mut *shell, &system)?;
        self.facts = None;
        self.obtain()?;
        self.look_ahead()?;
        self.confirm_upgrade()?;
        if let Err(error) = self.upgrade(&mut *shell, &system) {
            if let Some(said) = refusal(&error) {
                self.explain_refusal(&said)?;
            }
            return Err(error);
        }
        drop(shell);
        self.session_step(Step::Verify, |_| {
            Ok(Done::skipped((), "The system that was written is looked at when it starts."))
        })?;
        self.first_boot()
    }

    /// What the system, and what the factory wrote into the unit, say of it.
    fn identify_system(&mut self, shell: &mut dyn Shell) -> Result<System, EngineError> {
        self.session_step(Step::Identify, |repair| {
            let system = ask(shell)?;
            let mut said = system.observations().to_vec();
            if system.runs_from_memory() {
                // A system that was handed over says what its image says: that is no witness.
                said.retain(|one| one.property == Property::MacAddress);
            }
            said.extend(repair.factory_texts(shell)?);
            for one in said {
                if !repair.testimony.contains(&one) {
                    repair.testimony.push(one);
                }
            }
            repair.ask_for_label_once()?;
            let summary = repair.record_identity()?;
            Ok(Done::with(system.clone(), format!("{} {summary}", in_words(&system))))
        })
    }

    /// What the record says that stands in regions of the unit.
    fn factory_texts(
        &mut self,
        shell: &mut dyn Shell,
    ) -> Result<Vec<debrick_model::Observation>, EngineError> {
        let rules = self.record.device.observe.clone();
        let deadline = Deadline::after(shell.clock(), ANSWERS);
        let mut said = Vec::new();
        let mut texts: Vec<(String, String)> = Vec::new();
        let mut list = None;
        for rule in rules {
            let ObservationSource::RegionText { region, key } = &rule.at else { continue };
            if !texts.iter().any(|(name, _)| name == region) {
                if list.is_none() {
                    list = Some(partitions::list(shell, deadline)?);
                }
                let found = list.iter().flatten().find(|part| part.name == *region && part.size <= SMALL);
                let Some(part) = found else { continue };
                let backup = match partitions::back_up(shell, part, &mut debrick_target::Silent, deadline) {
                    Ok(backup) => backup,
                    Err(error @ OpenwrtError::UnstableReadings { .. }) => {
                        self.session.failed(Step::Identify, &EngineError::Openwrt(error))?;
                        texts.push((region.clone(), String::new()));
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                let bytes = &backup.bytes[..backup.bytes.len().min(TEXT)];
                let end = bytes.iter().position(|byte| matches!(byte, 0 | 0xFF)).unwrap_or(bytes.len());
                texts.push((region.clone(), String::from_utf8_lossy(&bytes[..end]).into_owned()));
            }
            let text = texts.iter().find(|(name, _)| name == region).map(|(_, text)| text.as_str());
            if let Some(value) = text.and_then(|text| value_of(text, key)) {
                let source = format!("the line {key:?} in the region {region:?}");
                let witness = match self.role_of(region) {
                    Some(RegionRole::Unique | RegionRole::BootCritical) => region.as_str(),
                    _ => "firmware",
                };
                said.push(claim(rule.property, value, source, witness));
            }
        }
        Ok(said)
    }

    fn role_of(&self, partition: &str) -> Option<RegionRole> {
        let mut regions = self.record.device.storage.iter().flat_map(|storage| &storage.regions);
        regions.find(|region| region.name == partition).map(|region| region.role)
    }

    /// Reads all partitions until two readings agree, and takes the settings of an installed system.
    fn keep_all(&mut self, shell: &mut dyn Shell, system: &System) -> Result<(), EngineError> {
        self.session_step(Step::Backup, |repair| {
            let deadline = Deadline::after(shell.clock(), ANSWERS);
            let list = partitions::list(shell, deadline)?;
            let mut lacking = Vec::new();
            let mut count = 0;
            for part in &list {
                repair.session.stop_if_asked()?;
                if let Some(because) = left_out(part, system) {
                    let region = part.name.clone();
                    repair.session.record(EventBody::BackupOmitted { region, because })?;
                    continue;
                }
                match repair.keep(shell, part) {
                    Ok(()) => count += 1,
                    Err(EngineError::Openwrt(
                        error @ (OpenwrtError::UnstableReadings { .. }
                        | OpenwrtError::PartitionTooLarge { .. }),
                    )) => {
                        if repair.must_be_kept(part) {
                            lacking.push(part.name.clone());
                        }
                        repair.session.failed(Step::Backup, &EngineError::Openwrt(error))?;
                    }
                    Err(error) => return Err(error),
                }
            }
            let settings = repair.keep_settings(shell, system)?;
            let (outcome, reason) = if list.is_empty() {
                (GateOutcome::Unknown, "The system shows no raw flash: nothing could be read.".to_owned())
            } else if lacking.is_empty() {
                let read =
                    format!("{count} partitions were read until two readings agreed, and lie in the vault.");
                (GateOutcome::Pass, format!("{read} {settings}"))
            } else {
                let names = lacking.join(", ");
                (
                    GateOutcome::Unknown,
                    format!("No two readings agree of {names}, which nothing can replace."),
                )
            };
            let summary = reason.clone();
            repair.gates.push(GateResult { gate: Gate::Backup, outcome, reasons: vec![reason] });
            Ok(Done::with((), summary))
        })
    }

    /// What is unlike any other unit's, or not known to be like any.
    fn must_be_kept(&self, part: &Partition) -> bool {
        match self.role_of(&part.name) {
            Some(role) => role.must_be_backed_up(),
            None => !REPLACED.contains(&part.name.as_str()),
        }
    }

    fn keep(&mut self, shell: &mut dyn Shell, part: &Partition) -> Result<(), EngineError> {
        self.session.vault.require_free(part.size)?;
        let deadline = Deadline::after(shell.clock(), TRANSFER);
        let mut meter = self.session.meter(&format!("reading {}", part.name), Some(part.size));
        let backup = partitions::back_up(shell, part, &mut meter, deadline)?;
        let artifact = self.session.vault.put_bytes(&backup.bytes)?;
        self.session.vault.verify(artifact)?;
        let region = part.name.clone();
        self.past.backups.retain(|held| held.region != region);
        self.past.backups.push(Backup { region: region.clone(), size: part.size, artifact });
        let readings = backup.readings;
        // Where it lies in the storage its own system does not say.
        self.session.record(EventBody::BackedUp { region, offset: 0, size: part.size, artifact, readings })
    }

    /// The settings of an installed system, whole, or why there are none.
    fn keep_settings(&mut self, shell: &mut dyn Shell, system: &System) -> Result<&'static str, EngineError> {
        if system.runs_from_memory() {
            return Ok("Settings are among them, as far as the unit still has any.");
        }
        let deadline = Deadline::after(shell.clock(), ANSWERS);
        match settings::back_up(shell, system, deadline) {
            Ok(taken) => {
                let origin = super::proof::origin_name(&taken.origin);
                let kind = EvidenceKind::SettingsArchive;
                let artifact = self.session.keep_evidence(kind, &origin, &taken.archive)?;
                self.past.settings = Some((origin, artifact));
                Ok("The settings were taken, too.")
            }
            Err(error @ (OpenwrtError::SettingsDamaged { .. } | OpenwrtError::Shell { .. })) => {
                self.session.failed(Step::Backup, &EngineError::Openwrt(error))?;
                Ok("The settings could not be taken.")
            }
            Err(error) => Err(error.into()),
        }
    }

    fn confirm_upgrade(&mut self) -> Result<(), EngineError> {
        let facts = self.facts.as_ref();
        let version = facts.and_then(|facts| facts.version.clone()).unwrap_or_default();
        let made =
            facts.map_or_else(String::new, |facts| crate::steps::provenance_in_words(&facts.provenance));
        self.agree(Request {
            id: "write-firmware".into(),
            text: format!("Have the running system of the {} write firmware {version}?", self.title()),
            kind: RequestKind::Confirmation {
                consequence: format!(
                    "It overwrites what is installed; what it held is in the vault. Do not cut its power until this program \
                     says so. Who made the file: {made}"
                ),
            },
        })
    }

    /// Has the system check the image, and write it.
    fn upgrade(&mut self, shell: &mut dyn Shell, system: &System) -> Result<(), EngineError> {
        let Some((name, digest)) = self.image.clone() else {
            return Err(EngineError::NoImage { origin: self.record.origin() });
        };
        let keeps_settings = self.may_keep_settings(system);
        let content = ArtifactSource(self.session.vault.artifact(digest)?);
        let size = debrick_target::Source::len(&content);
        let clearance = self.pass_gates()?;
        self.session_step(Step::Flash, |repair| {
            let deadline = Deadline::after(shell.clock(), TRANSFER);
            let mut meter = repair.session.meter(&format!("sending {name}"), Some(size));
            let prepared = upgrade::prepare(shell, &content, keeps_settings, &mut meter, deadline)?;
            for remark in &prepared.remarks {
                repair.session.note(format!("The system remarks: {}", remark.explanation()))?;
            }
            repair.session.stop_if_asked()?;
            let method = BY_SSH.to_owned();
            let effect = Effect::OfferImage { method, name: name.clone(), size, content: digest };
            repair.session.record(EventBody::Intent { effect })?;
            repair.touched = true;
            repair.running()?.is_ours |= !keeps_settings;
            let deadline = Deadline::after(shell.clock(), BEGINS);
            let summary = match upgrade::begin(shell, &prepared, &clearance, deadline) {
                Ok(_) => "The system took the image by its own check, and says that it writes it.",
                Err(OpenwrtError::UpgradeUnclear { .. }) => {
                    "The connection was lost before the system said that it begins: it may be writing. Its power stays on."
                }
                Err(error) => return Err(error.into()),
            };
            repair.session.record(EventBody::EffectDone { sent: size, unchanged: 0 })?;
            let stay = if keeps_settings { "Its settings stay." } else { "It begins with fresh settings." };
            Ok(Done::with((), format!("{summary} {stay}")))
        })
    }

    /// Settings stay where the system is installed, and the image is of its own release line.
    fn may_keep_settings(&self, system: &System) -> bool {
        let image = self.facts.as_ref().and_then(|facts| facts.version.as_deref());
        !system.runs_from_memory() && super::proof::is_same_line(system.version.as_deref(), image)
    }

    /// The plan in words.
    pub(super) fn plan_passes(&mut self) -> Result<(), EngineError> {
        let alone = self.is_second_pass_alone();
        let steps = Step::ALL.into_iter().filter(|step| {
            !matches!(step, Step::Assess | Step::Watch)
                && (*step != Step::EnterRecovery || !alone)
                && (*step != Step::Soak || self.wishes.soak_restarts > 0)
        });
        let steps = steps.collect();
        let mut summary = Vec::new();
        let method = match self.doors.first() {
            Some(door) => {
                let about = door.kind.protocol().about();
                summary.push(format!(
                    "First pass: bring the unit into its recovery mode and start a system in its memory. {about} Nothing is \
                     written: switched off, the unit is as it was."
                ));
                door.name.clone()
            }
            None => BY_SSH.to_owned(),
        };
        let second = if alone { "Over SSH" } else { "Second pass, over SSH" };
        summary.push(format!(
            "{second}: read every partition until two readings agree, and keep them; have the system check the firmware itself; \
             then have it write it."
        ));
        summary.push("Proof is the version that the installed system says after its own start.".to_owned());
        self.session.record(EventBody::PlanMade { method, steps, summary })
    }
}

/// Why a partition is not read, where it is not.
fn left_out(part: &Partition, system: &System) -> Option<String> {
    let name = part.name.as_str();
    if INSIDE_OTHERS.contains(&name) {
        return Some("It lies inside another partition, or is replaced whole.".into());
    }
    (!system.runs_from_memory() && REPLACED.contains(&name))
        .then(|| "The system that runs writes to it all the time, and it is replaced.".into())
}

/// The system's own words, where it refused an image.
fn refusal(error: &EngineError) -> Option<String> {
    match error {
        EngineError::Openwrt(OpenwrtError::ImageRefused { said, .. }) => Some(said.clone()),
        _ => None,
    }
}
