//! What has to be done to a unit, chosen from what was found.

use debrick_diagnose::WrongVariable;
use debrick_model::{Cause, Diagnosis, Step};

use crate::boot::Reached;
use crate::past::Backup;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fix {
    /// Store bootloader variables.
    Environment(Vec<(String, String)>),
    /// Write the firmware.
    Firmware,
    /// Clear the settings.
    Settings,
    /// Write backups back.
    Restore(Vec<Backup>),
}

/// What looking into a unit from its bootloader showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inspection {
    /// Bootloader variables that are not what the device needs.
    pub(crate) wrong_variables: Vec<WrongVariable>,
    /// Whether the firmware region already holds the image that was given; `None` when there is none to compare.
    pub(crate) holds_image: Option<bool>,
}

/// Chooses what to mend, least first: variables before settings before firmware, and nothing that was tried already.
///
/// The firmware is written when the evidence points to it, or when the bootloader runs, everything else is in order,
/// and the region does not hold the image that the operator wants there.
pub(crate) fn choose(
    reached: &Reached,
    diagnosis: &Diagnosis,
    inspection: &Inspection,
    tried: &[Fix],
) -> Vec<Fix> {
    let mut fixes = Vec::new();
    let cause = diagnosis.cause();
    let system_starts = matches!(reached, Reached::Ready { .. }) || cause == Cause::SettingsCorrupt;
    if !inspection.wrong_variables.is_empty() && !system_starts {
        let needed =
            inspection.wrong_variables.iter().map(|wrong| (wrong.name.clone(), wrong.needed.clone()));
        fixes.push(Fix::Environment(needed.collect()));
    }
    if cause == Cause::SettingsCorrupt {
        fixes.push(Fix::Settings);
    }
    if firmware_is_suspect(cause) && inspection.holds_image != Some(true) {
        fixes.push(Fix::Firmware);
    }
    fixes.retain(|fix| !tried.contains(fix));
    let was_seen = *reached != Reached::Silent;
    if fixes.is_empty()
        && was_seen
        && !system_starts
        && inspection.holds_image == Some(false)
        && !tried.contains(&Fix::Firmware)
    {
        fixes.push(Fix::Firmware);
    }
    fixes
}

fn firmware_is_suspect(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::ImageCorrupt
            | Cause::ImageIncomplete
            | Cause::ImageWrongDevice
            | Cause::RootfsCorrupt
            | Cause::RootfsMissing
            | Cause::KernelCrash
            | Cause::InitFailure
            | Cause::UpdateInterrupted
            | Cause::FirmwareBug
    )
}

/// The steps that lie ahead for these fixes.
pub(crate) fn steps(fixes: &[Fix]) -> Vec<Step> {
    let writes_firmware = fixes.contains(&Fix::Firmware);
    Step::ALL
        .into_iter()
        .filter(|step| match step {
            Step::Assess | Step::Identify => false,
            Step::Obtain => writes_firmware,
            Step::Backup | Step::EnterRecovery | Step::Flash | Step::Verify => !fixes.is_empty(),
            _ => true,
        })
        .collect()
}

/// The plan in words.
pub(crate) fn in_words(fixes: &[Fix], firmware_region: &str) -> Vec<String> {
    fixes
        .iter()
        .map(|fix| match fix {
            Fix::Environment(variables) => {
                let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
                format!("Store the bootloader variables that the unit needs to start: {}.", names.join(", "))
            }
            Fix::Settings => {
                "Clear the damaged settings, after keeping a copy; the system makes new ones.".into()
            }
            Fix::Restore(backups) => {
                let names: Vec<_> = backups.iter().map(|backup| backup.region.as_str()).collect();
                format!("Write these regions back from their backups: {}.", names.join(", "))
            }
            Fix::Firmware => {
                format!("Write the firmware to the region {firmware_region:?}, where it differs.")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use debrick_model::{Finding, State};

    fn diagnosis(cause: Cause) -> Diagnosis {
        let finding = Finding { cause, likelihood: 0.9, evidence: vec![] };
        Diagnosis {
            state: State::Unknown,
            findings: vec![finding],
            actions: vec![],
            next_evidence: vec![],
            timeline: vec![],
        }
    }

    fn check(cause: Cause, wrong_variable: bool, holds_image: Option<bool>, tried: &[Fix], expected: &[Fix]) {
        let wrong = WrongVariable { name: "bootcmd".into(), found: None, needed: "x".into() };
        let wrong_variables = if wrong_variable { vec![wrong] } else { vec![] };
        let inspection = Inspection { wrong_variables, holds_image };
        let fixes = choose(&Reached::Bootloader, &diagnosis(cause), &inspection, tried);
        assert_eq!(fixes, expected, "{cause}");
    }

    #[test]
    fn the_least_that_helps_is_chosen() {
        let variables = Fix::Environment(vec![("bootcmd".into(), "x".into())]);
        check(Cause::ImageCorrupt, false, Some(false), &[], &[Fix::Firmware]);
        check(Cause::ImageCorrupt, false, None, &[], &[Fix::Firmware]);
        check(Cause::BootEnvironmentCorrupt, true, Some(false), &[], std::slice::from_ref(&variables));
        check(Cause::SettingsCorrupt, true, Some(false), &[], &[Fix::Settings]);
        check(Cause::Unknown, false, Some(false), &[], &[Fix::Firmware]);
        check(Cause::Unknown, false, Some(true), &[], &[]);
        check(Cause::Unknown, false, None, &[], &[]);
        check(Cause::Unknown, true, Some(false), std::slice::from_ref(&variables), &[Fix::Firmware]);
        check(Cause::ImageCorrupt, false, Some(false), &[Fix::Firmware], &[]);
    }

    #[test]
    fn a_running_system_is_not_touched() {
        let inspection = Inspection { wrong_variables: vec![], holds_image: Some(false) };
        let ready = Reached::Ready { version: "1".into() };
        assert!(choose(&ready, &diagnosis(Cause::NoFault), &inspection, &[]).is_empty());
    }
}
