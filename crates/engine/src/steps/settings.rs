//! Give the owner's settings back, where they were lost and an earlier session kept sound ones.

use debrick_model::{Answer, Event, EventBody, Request, RequestKind, Step};

use crate::boot::Reached;
use crate::error::EngineError;
use crate::past::{Backup, Past};
use crate::plan::Fix;
use crate::repair::Repair;
use crate::session::Done;

impl Repair<'_> {
    /// Settings that were not touched are still there; those that were cleared are offered back from an earlier session
    /// of the same unit, and cleared again should the system not start with them.
    pub(crate) fn restore_settings(&mut self) -> Result<(), EngineError> {
        self.in_step(Step::RestoreSettings, |repair| {
            let Some(region) = repair.device.settings.as_ref().map(|settings| settings.region.clone()) else {
                return Ok(Done::skipped((), "This device keeps no settings that are known."));
            };
            if !repair.touched.contains(&region) {
                return Ok(Done::skipped((), "The settings were not touched."));
            }
            let Some((session, held)) = repair.earlier_settings(&region) else {
                let summary = "The settings are as new; no earlier session kept sound ones. A copy of the damaged ones is in the vault.";
                return Ok(Done::skipped((), summary));
            };
            if !repair.wants_settings_of(&session)? {
                return Ok(Done::skipped((), "The settings are as new, as was wished."));
            }
            repair.write_settings_back(&held)?;
            let assessment = repair.restart_and_watch("start with the earlier settings")?;
            if let Reached::Ready { .. } = assessment.boot.reached {
                return Ok(Done::with((), format!("The settings of session {session} are back, and the system starts with them.")));
            }
            repair.reach_bootloader(&assessment.boot.reached)?;
            let fixes = [Fix::Settings];
            let clearance = repair.pass_gates(&fixes)?;
            repair.write_with_retries(&fixes, &clearance)?;
            let again = repair.restart_and_watch("start with new settings")?;
            match again.boot.reached {
                Reached::Ready { .. } => {
                    Ok(Done::with((), "The system did not start with the earlier settings; they are as new again."))
                }
                _ => Err(EngineError::Exhausted { tried: "Giving the earlier settings back, and clearing them again,".into() }),
            }
        })
    }

    /// The settings that the last good session of this very unit kept.
    fn earlier_settings(&self, region: &str) -> Option<(String, Backup)> {
        let serial = self.identity.as_ref()?.serial.clone()?;
        let damaged = self.backups.iter().find(|held| held.region == region).map(|held| held.artifact);
        let this = self.session.id();
        let sessions = self.session.vault.sessions().ok()?;
        sessions.into_iter().rev().filter(|summary| summary.id != this).take(100).find_map(|summary| {
            let events = self.session.vault.read_session(&summary.id).ok()?;
            if !ended_well(&events) || serial_of(&events).as_deref() != Some(&serial) {
                return None;
            }
            let past = Past::of(&events);
            if past.touched.iter().any(|name| name == region) {
                return None;
            }
            let held = past.backups.into_iter().find(|held| held.region == region)?;
            let sound = Some(held.artifact) != damaged && self.session.vault.verify(held.artifact).is_ok();
            sound.then_some((summary.id, held))
        })
    }

    fn wants_settings_of(&mut self, session: &str) -> Result<bool, EngineError> {
        let request = Request {
            id: "restore-settings".into(),
            text: "Give the unit the settings back that it had before?".into(),
            kind: RequestKind::Confirmation {
                consequence: format!(
                    "They were kept by session {session}. Should the system not start with them, they are cleared again."
                ),
            },
        };
        Ok(self.session.ask(request)? == Answer::Yes)
    }

    fn write_settings_back(&mut self, held: &Backup) -> Result<(), EngineError> {
        self.restart_to_bootloader()?;
        let backups = vec![held.clone()];
        let serial = self.identity.as_ref().and_then(|identity| identity.serial.clone());
        self.judge_backups(&backups, serial.as_deref());
        let fixes = [Fix::Restore(backups)];
        let clearance = self.pass_gates(&fixes)?;
        self.write_with_retries(&fixes, &clearance)
    }
}

fn ended_well(events: &[Event]) -> bool {
    use debrick_model::Ending;
    events.iter().rev().any(|event| {
        matches!(
            event.body,
            EventBody::SessionClosed { ending: Ending::Repaired | Ending::NothingNeeded | Ending::Done, .. }
        )
    })
}

/// The serial number that a session found last.
pub(crate) fn serial_of(events: &[Event]) -> Option<String> {
    events.iter().rev().find_map(|event| match &event.body {
        EventBody::Identified { identity } => identity.serial.clone(),
        _ => None,
    })
}
