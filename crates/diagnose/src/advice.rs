//! What to do about a cause, what it risks, and what would show that it is the cause.

use debrick_model::{Action, Cause, Finding, ProposedAction, State};

use crate::weigh::Weights;

use Action as A;
use Cause as C;

/// The most actions that are proposed.
const MAX_ACTIONS: usize = 5;

/// From this likelihood of a damaged boot loader on, restoring it may stand first.
const RESTORE_FROM: f64 = 0.6;

/// What to do about a cause, best first, and what would show that it is the cause.
struct Advice {
    cause: Cause,
    actions: &'static [Action],
    ask: &'static str,
}

const fn advice(cause: Cause, actions: &'static [Action], ask: &'static str) -> Advice {
    Advice { cause, actions, ask }
}

static ADVICE: &[Advice] = &[
    advice(
        C::ImageCorrupt,
        &[A::ReflashCorrectImage, A::ReflashSameImage, A::RedownloadImage],
        "Compare the checksum of the file, and of what is in the storage, with the one that its maker gives.",
    ),
    advice(
        C::ImageIncomplete,
        &[A::ReflashCorrectImage, A::RedownloadImage, A::ReflashSameImage],
        "The size of the image file and of what was written, and how it was written: compare the end of the storage with it.",
    ),
    advice(
        C::ImageWrongDevice,
        &[A::ReflashCorrectImage, A::InstallOtherBuild],
        "The exact model and hardware revision on the label, and the name of the file that was written.",
    ),
    advice(
        C::ImageTooLarge,
        &[A::ReflashCorrectImage, A::InstallOtherBuild, A::FixBootEnvironment],
        "The size of the firmware file, and the size of its partition in the partition table.",
    ),
    advice(
        C::BootloaderCorrupt,
        &[A::RestoreBootloader, A::ReflashCorrectImage, A::EnterRecoveryMode, A::SeekProfessional],
        "Whether the console says anything from power-on, how the boot loader was written, and whether USB shows the processor's recovery mode.",
    ),
    advice(
        C::BootEnvironmentCorrupt,
        &[A::FixBootEnvironment],
        "The output of `printenv` at the boot loader's prompt, above all `bootcmd` and `bootargs`, and what `boot` prints there.",
    ),
    advice(
        C::RootfsCorrupt,
        &[A::ReflashCorrectImage, A::ReflashSameImage, A::RedownloadImage],
        "Compare the checksum of the root file system with that of the image, and check whether the errors name the same blocks each time.",
    ),
    advice(
        C::RootfsMissing,
        &[A::ReflashCorrectImage, A::InstallOtherBuild, A::FixBootEnvironment],
        "The kernel's command line and its list of partitions, from the complete log.",
    ),
    advice(
        C::KernelCrash,
        &[A::InstallOtherBuild, A::ReflashCorrectImage],
        "The complete log from power-on to the crash, whether it crashes at the same place each time, and whether an older kernel or another build starts.",
    ),
    advice(
        C::InitFailure,
        &[A::ReflashCorrectImage, A::FactoryResetSettings, A::InstallOtherBuild],
        "The last lines before the first program ended, and whether failsafe or recovery mode starts.",
    ),
    advice(
        C::SettingsCorrupt,
        &[A::FactoryResetSettings, A::ReflashCorrectImage],
        "Read the settings' partition and check whether it is blank, damaged, or from another version.",
    ),
    advice(
        C::StorageFull,
        &[A::FactoryResetSettings, A::InstallOtherBuild],
        "How much space is left (`df`).",
    ),
    advice(
        C::PartitionTableDamaged,
        &[A::RestorePartitionTable, A::SeekProfessional],
        "Read the first and last sectors of the storage.",
    ),
    advice(
        C::FlashHardwareFault,
        &[A::ReplaceHardware, A::SeekProfessional, A::PowerCycleAndRetry],
        "Read the same part of the flash several times and compare; another card, or another board with this one, and whether an older version reads it.",
    ),
    advice(
        C::RamFault,
        &[A::ReplaceHardware, A::SeekProfessional],
        "The boot loader's memory test, whether every power-on ends like this, and a log of a good start to compare.",
    ),
    advice(
        C::PowerFault,
        &[A::FixPower, A::SwapCableOrPort],
        "Another power supply or a charged battery; the supply voltage under load.",
    ),
    advice(
        C::LinkFault,
        &[A::SwapCableOrPort, A::PowerCycleAndRetry, A::ChangeToolOrOption],
        "The same with another cable, port and adapter, without a hub; on a console the wiring and the usual line speeds.",
    ),
    advice(
        C::VerifiedBootRejected,
        &[A::UseSignedOrNewerImage, A::ReflashCorrectImage],
        "Whether the firmware is signed, with which key, and the lock state that the boot loader reports.",
    ),
    advice(
        C::RollbackRejected,
        &[A::UseSignedOrNewerImage],
        "The version that ran last and the version that was written.",
    ),
    advice(
        C::BootloaderLocked,
        &[A::UnlockBootloader, A::UseSignedOrNewerImage],
        "The lock state that the boot loader reports (`fastboot getvar all`), and the full text on the screen.",
    ),
    advice(
        C::HostPermission,
        &[A::InstallDriverOrPermission],
        "How the computer lists the port: its driver, its owner and group, and the kernel log (`dmesg`) when the unit is plugged in.",
    ),
    advice(
        C::HostPortConflict,
        &[A::FreePortOrStopProcess, A::PowerCycleAndRetry],
        "Which other program holds the port, and whether it works after the computer was restarted.",
    ),
    advice(
        C::NotInRecoveryMode,
        &[A::EnterRecoveryMode, A::SwapCableOrPort, A::InstallDriverOrPermission],
        "What the computer sees on USB (`lsusb`, `dmesg`) or the network when the unit is switched on with its button held.",
    ),
    advice(
        C::ToolMismatch,
        &[A::ChangeToolOrOption],
        "The exact command, the version of the tool, and the exact model of the unit or its chip.",
    ),
    advice(
        C::FirmwareBug,
        &[A::InstallOtherBuild, A::UseSignedOrNewerImage, A::ReflashCorrectImage],
        "The version of the firmware, and whether an older or another version shows the same.",
    ),
    advice(
        C::BootloaderOutdated,
        &[A::UpdateBootloader, A::InstallOtherBuild, A::FixBootEnvironment],
        "The version in the boot loader's banner, and the oldest one that the firmware supports.",
    ),
    advice(
        C::UpdateInterrupted,
        &[A::ResumeUpdate, A::ReflashCorrectImage],
        "What was being written when it stopped, and how far it got.",
    ),
    advice(
        C::RecoveryFlagStuck,
        &[A::FixBootEnvironment, A::PowerCycleAndRetry],
        "The flags that the boot loader reads (`printenv`, or the misc partition).",
    ),
    advice(
        C::RecoveryMediaWrong,
        &[A::ChangeToolOrOption, A::RedownloadImage, A::SwapCableOrPort],
        "How the medium was written, its partition table and file names, and whether another card or stick starts.",
    ),
    advice(C::NoFault, &[A::NothingNeeded], "What does not work, and what follows the end of what is shown."),
];

/// Actions for the likeliest cause, and the first one for the next.
///
/// A unit that is in its recovery mode need not be brought there first.
pub(crate) fn actions(findings: &[Finding], state: State, weights: &Weights) -> Vec<ProposedAction> {
    let mut proposed: Vec<ProposedAction> = Vec::new();
    let undecided = findings.first().is_none_or(|finding| finding.cause == C::Unknown);
    let causes: Vec<&Finding> =
        findings.iter().filter(|finding| finding.cause != C::Unknown).take(2).collect();
    for (rank, finding) in causes.into_iter().enumerate() {
        if rank > 0 && finding.likelihood < 0.3 && !undecided {
            break;
        }
        let mut actions = weights.actions(finding.cause);
        actions.extend(advice_on(finding.cause).into_iter().flat_map(|advice| advice.actions));
        if finding.likelihood < RESTORE_FROM {
            actions.sort_by_key(|action| *action == A::RestoreBootloader);
        }
        let is_there = state == State::RecoveryMode && finding.cause != C::NotInRecoveryMode;
        actions.sort_by_key(|action| is_there && *action == A::EnterRecoveryMode);
        let limit = if rank == 0 { MAX_ACTIONS } else { 1 };
        for action in actions.into_iter().filter(|action| !undecided || is_harmless(*action)).take(limit) {
            if proposed.len() < MAX_ACTIONS && proposed.iter().all(|other| other.action != action) {
                let why = format!("{} {}", likelihood_in_words(finding.likelihood), finding.cause.meaning());
                proposed.push(ProposedAction { action, why, risk: risk(action).into() });
            }
        }
    }
    proposed
}

/// What would show whether a cause is the one.
pub(crate) fn question(cause: Cause) -> Option<&'static str> {
    advice_on(cause).map(|advice| advice.ask)
}

fn advice_on(cause: Cause) -> Option<&'static Advice> {
    ADVICE.iter().find(|advice| advice.cause == cause)
}

fn likelihood_in_words(likelihood: f64) -> &'static str {
    match likelihood {
        sure if sure >= 0.85 => "Almost certainly:",
        likely if likely >= 0.6 => "Probably:",
        _ => "Perhaps:",
    }
}

/// Whether nothing is written to the unit.
fn is_harmless(action: Action) -> bool {
    matches!(
        action,
        A::SwapCableOrPort
            | A::FixPower
            | A::InstallDriverOrPermission
            | A::FreePortOrStopProcess
            | A::ChangeToolOrOption
            | A::SeekProfessional
            | A::NothingNeeded
    )
}

/// What may go wrong.
fn risk(action: Action) -> &'static str {
    match action {
        A::ReflashSameImage => {
            "If the file itself is damaged, the unit stays as it is; settings may be lost."
        }
        A::ReflashCorrectImage => {
            "A firmware for another model or revision can make it worse; settings may be lost."
        }
        A::InstallOtherBuild => "Another build may not read the stored settings.",
        A::FixBootEnvironment => "Unit-specific values such as addresses may be lost; save them first.",
        A::RestoreBootloader => "If it fails half way, the unit no longer starts at all.",
        A::UpdateBootloader => "If it fails half way, the unit no longer starts at all.",
        A::RestorePartitionTable => "With the wrong table, data that is still there is no longer found.",
        A::FactoryResetSettings => "All settings are lost.",
        A::UnlockBootloader => "Most vendors' ways of unlocking erase all data and end the warranty.",
        A::UseSignedOrNewerImage => "A newer version may refuse every older one from then on.",
        A::ResumeUpdate => "If the unit is not the one that the update was for, it gets the wrong firmware.",
        A::ReplaceHardware => "Soldering can damage the board; data on the part is lost.",
        A::PowerCycleAndRetry => "Switching off while something is being written can make it worse.",
        A::EnterRecoveryMode => "Some reset buttons erase the settings when held too long.",
        A::FixNetworkSettings => "This computer may lose its own network for a while.",
        A::FreePortOrStopProcess => "The program that is stopped may lose its work.",
        A::ChangeToolOrOption => "Options that force a tool past its checks are not meant.",
        A::RedownloadImage
        | A::SwapCableOrPort
        | A::FixPower
        | A::InstallDriverOrPermission
        | A::NothingNeeded
        | A::SeekProfessional => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_advice_on_every_cause() {
        for cause in Cause::ALL.iter().filter(|cause| **cause != C::Unknown) {
            let advice = advice_on(*cause).unwrap();
            assert!(!advice.actions.is_empty() && advice.ask.ends_with('.'), "{cause}");
        }
    }

    #[test]
    fn a_unit_in_its_recovery_mode_need_not_enter_it() {
        let mut weights = Weights::default();
        weights.add(C::ImageCorrupt, 0.5, &[A::EnterRecoveryMode, A::ReflashCorrectImage], None);
        let check = |state, expected| {
            let finding = Finding { cause: C::ImageCorrupt, likelihood: 0.5, evidence: vec![] };
            let proposed = actions(&[finding], state, &weights);
            assert_eq!(proposed.first().map(|proposed| proposed.action), Some(expected), "{state}");
        };
        check(State::BootLoop, A::EnterRecoveryMode);
        check(State::RecoveryMode, A::ReflashCorrectImage);
    }

    #[test]
    fn thin_evidence_never_restores_a_boot_loader_first() {
        let weights = Weights::default();
        let check = |likelihood, expected| {
            let finding = Finding { cause: C::BootloaderCorrupt, likelihood, evidence: vec![] };
            let proposed = actions(&[finding], State::Unknown, &weights);
            let first = proposed.first().map(|proposed| proposed.action);
            assert_eq!(first == Some(A::RestoreBootloader), expected, "{likelihood}");
        };
        check(0.5, false);
        check(0.8, true);
    }
}
