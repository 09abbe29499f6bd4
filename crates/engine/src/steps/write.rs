//! Enter recovery, write, and prove what was written; again from a fresh state, then by another method, then no more.

use std::time::Duration;

use debrick_catalog::ConsoleMethod;
use debrick_model::{Digest, Effect, EventBody, Region, RegionRole, Step};
use debrick_target::flash::{self, Part};
use debrick_target::{Clearance, Source, TargetError, verify};

use crate::artifact_source::ArtifactSource;
use crate::boot::{Reached, Whereabouts};
use crate::error::EngineError;
use crate::past::Backup;
use crate::plan::Fix;
use crate::repair::Repair;
use crate::session::Done;
use crate::steps::read_backup;
use crate::tries::{Condition, Tries};

impl Repair<'_> {
    /// Does all fixes. Each method is tried twice, the second time from a fresh state; never the same a third time.
    pub(crate) fn write_with_retries(
        &mut self,
        fixes: &[Fix],
        clearance: &Clearance,
    ) -> Result<(), EngineError> {
        let mut tries = Tries::new(self.methods.clone(), [Condition::AsItIs, Condition::FreshStart]);
        let mut last = EngineError::Exhausted { tried: "Looking for a method".into() };
        while let Some(one) = tries.next() {
            if let Some(change) = one.change.clone() {
                self.session.record(EventBody::Retrying { step: Step::Flash, change })?;
            }
            match self.write_once(fixes, clearance, &one.method, one.change.is_some()) {
                Ok(()) => return Ok(()),
                Err(error) if !error.may_be_retried() => return Err(error),
                Err(error) => {
                    self.session.failed(Step::Flash, &error)?;
                    self.whereabouts = Whereabouts::Unknown;
                    if is_mismatch(&error) {
                        // The bytes arrived and were not kept: how they arrive does not matter.
                        tries.keep_to_this_method();
                    }
                    last = error;
                }
            }
        }
        Err(last)
    }

    fn write_once(
        &mut self,
        fixes: &[Fix],
        clearance: &Clearance,
        method: &ConsoleMethod,
        fresh: bool,
    ) -> Result<(), EngineError> {
        self.enter_recovery(fresh)?;
        self.in_step(Step::Flash, |repair| {
            for fix in fixes {
                match fix {
                    Fix::Environment(variables) => repair.store_variables(variables, clearance)?,
                    Fix::Settings => repair.clear_settings(method, clearance)?,
                    Fix::Firmware => repair.write_firmware(method, clearance)?,
                    Fix::Restore(backups) => repair.write_backups(backups, method, clearance)?,
                }
            }
            Ok(Done::with((), format!("Written by {:?}.", method.name)))
        })?;
        if fixes.contains(&Fix::Firmware) {
            self.verify_firmware(method)?;
        }
        Ok(())
    }

    /// Has the bootloader's prompt ready; where asked for, after a fresh start of the unit.
    fn enter_recovery(&mut self, fresh: bool) -> Result<(), EngineError> {
        self.in_step(Step::EnterRecovery, |repair| {
            if !fresh
                && repair.whereabouts == Whereabouts::Prompt
                && repair.unit.sync(&repair.session).is_ok()
            {
                return Ok(Done::with((), "The bootloader waits at its prompt."));
            }
            repair.restart_to_bootloader()?;
            Ok(Done::with((), "The unit was started afresh and stopped at its bootloader."))
        })
    }

    /// Starts the unit afresh, by its bootloader, its system or its operator, and stops it at the bootloader.
    pub(crate) fn restart_to_bootloader(&mut self) -> Result<(), EngineError> {
        let wait = Duration::from_secs(u64::from(self.device.console.boot_seconds));
        let restarted = match self.whereabouts {
            Whereabouts::System => self.unit.restart_system_quietly(),
            Whereabouts::Prompt | Whereabouts::Unknown => {
                self.unit.sync(&self.session).and_then(|()| self.unit.restart()).is_ok()
            }
        };
        self.whereabouts = Whereabouts::Unknown;
        if !restarted || self.unit.interrupt(&self.session, wait).is_err() {
            self.reach_bootloader(&Reached::Stuck)?;
        }
        self.whereabouts = Whereabouts::Prompt;
        // Everything that was learned about the bootloader is learned again.
        self.unit.ask_bootloader()?;
        Ok(())
    }

    fn announce(&mut self, name: &str, effect: Effect) -> Result<(), EngineError> {
        self.session.record(EventBody::Intent { effect })?;
        self.touched.push(name.to_owned());
        Ok(())
    }

    fn store_variables(
        &mut self,
        variables: &[(String, String)],
        clearance: &Clearance,
    ) -> Result<(), EngineError> {
        if !clearance.covers("environment") {
            return Err(TargetError::NotCleared { what: "storing bootloader variables".into() }.into());
        }
        self.announce("environment", Effect::SetEnvironment { variables: variables.to_vec() })?;
        self.unit.store_variables(variables)?;
        let sent: u64 = variables.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum();
        self.session.record(EventBody::EffectDone { sent, unchanged: 0 })?;

        let (_, held) = self.unit.ask_bootloader()?;
        let ok = variables.iter().all(|(name, value)| held.get(name) == Some(value));
        let text: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let content = sha256(&text.as_bytes())?;
        let how = "read back from the bootloader".to_owned();
        let wrong = if ok { 0 } else { sent };
        self.session.record(EventBody::Verified {
            region: "environment".into(),
            ok,
            how: how.clone(),
            content,
            wrong,
        })?;
        if ok {
            Ok(())
        } else {
            Err(TargetError::Mismatch { offset: 0, wrong_bytes: wrong, bytes: sent, how }.into())
        }
    }

    fn clear_settings(&mut self, method: &ConsoleMethod, clearance: &Clearance) -> Result<(), EngineError> {
        let Some(settings) = self.device.settings.clone() else { return Ok(()) };
        let Some(region) = self.device.region(&settings.region).cloned() else { return Ok(()) };
        let (offset, size) = (region.offset, region.size);
        self.announce(&region.name, Effect::EraseRegion { region: region.name.clone(), offset, size })?;
        let mut meter = self.session.meter(&format!("clearing {}", region.name), Some(size));
        self.unit.with_storage(method, &region.name, |target| {
            flash::erase(target, clearance, &region, &mut meter)
        })?;
        self.session.record(EventBody::EffectDone { sent: size, unchanged: 0 })?;
        let erased = self.device.storage_of(&region.name).map_or(0xFF, |storage| storage.erased);
        let blank = vec![erased; size as usize];
        let digest = sha256(&blank)?;
        self.record_comparison(method, &region, &blank, digest)
    }

    fn write_firmware(&mut self, method: &ConsoleMethod, clearance: &Clearance) -> Result<(), EngineError> {
        let (region, image, digest) = self.firmware_part()?;
        self.write_content(&region, &image, digest, method, clearance)
    }

    /// Writes backups back, what the unit cannot start without last, and compares each.
    fn write_backups(
        &mut self,
        backups: &[Backup],
        method: &ConsoleMethod,
        clearance: &Clearance,
    ) -> Result<(), EngineError> {
        let mut backups = backups.to_vec();
        backups.sort_by_key(|held| {
            self.device.region(&held.region).is_some_and(|region| region.role == RegionRole::BootCritical)
        });
        for held in &backups {
            let Some(region) = self.device.region(&held.region).cloned() else { continue };
            let content = read_backup(&self.session, held)?;
            self.write_content(&region, &content, held.artifact, method, clearance)?;
            self.record_comparison(method, &region, &content, held.artifact)?;
        }
        Ok(())
    }

    fn write_content(
        &mut self,
        region: &Region,
        image: &dyn Source,
        digest: Digest,
        method: &ConsoleMethod,
        clearance: &Clearance,
    ) -> Result<(), EngineError> {
        let effect = Effect::WriteRegion {
            region: region.name.clone(),
            offset: region.offset,
            size: image.len(),
            content: digest,
        };
        self.announce(&region.name, effect)?;
        let mut meter = self.session.meter(&format!("writing {}", region.name), Some(image.len()));
        let part = Part { region, content: image, digest };
        let flashed = self.unit.with_storage(method, &region.name, |target| {
            flash::flash(target, clearance, &part, &mut meter)
        })?;
        self.session.record(EventBody::EffectDone { sent: flashed.sent, unchanged: flashed.unchanged })
    }

    /// Compares all of the firmware region with the image, after a fresh look by the unit.
    fn verify_firmware(&mut self, method: &ConsoleMethod) -> Result<(), EngineError> {
        self.in_step(Step::Verify, |repair| {
            let (region, image, digest) = repair.firmware_part()?;
            repair.record_comparison(method, &region, &image, digest)?;
            repair.compare_unique(method)?;
            Ok(Done::with(
                (),
                format!("The region {:?} holds the image, byte for byte by digest.", region.name),
            ))
        })
    }

    /// What is unique to the unit must be as it was backed up, whatever else was written.
    fn compare_unique(&mut self, method: &ConsoleMethod) -> Result<(), EngineError> {
        for held in self.backups.clone() {
            let Some(region) = self.device.region(&held.region).cloned() else { continue };
            if region.role == RegionRole::Unique {
                let content = read_backup(&self.session, &held)?;
                self.record_comparison(method, &region, &content, held.artifact)?;
            }
        }
        Ok(())
    }

    fn record_comparison(
        &mut self,
        method: &ConsoleMethod,
        region: &Region,
        content: &dyn Source,
        digest: Digest,
    ) -> Result<(), EngineError> {
        let mut meter = self.session.meter(&format!("verifying {}", region.name), Some(content.len()));
        let seen = self.unit.with_storage(method, &region.name, |target| {
            verify::compare(target, region, content, &mut meter)
        })?;
        self.session.record(EventBody::Verified {
            region: region.name.clone(),
            ok: seen.differing.is_empty(),
            how: seen.how.to_owned(),
            content: digest,
            wrong: seen.wrong_bytes(),
        })?;
        Ok(seen.into_result(region)?)
    }

    fn firmware_part(&self) -> Result<(Region, ArtifactSource, Digest), EngineError> {
        let region = self.device.region(&self.device.firmware.region).cloned();
        match (region, &self.image) {
            (Some(region), Some((_, digest))) => {
                Ok((region, ArtifactSource(self.session.vault.artifact(*digest)?), *digest))
            }
            _ => Err(EngineError::NoImage { origin: self.device.firmware.origin.clone() }),
        }
    }
}

fn sha256(content: &dyn Source) -> Result<Digest, EngineError> {
    debrick_target::digest::sha256(content)
        .map_err(|source| TargetError::Source { operation: "read our own copy".into(), source }.into())
}

fn is_mismatch(error: &EngineError) -> bool {
    matches!(error, EngineError::Target(TargetError::Mismatch { .. }))
}
