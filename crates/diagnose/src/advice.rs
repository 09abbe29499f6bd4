//! What to do about a cause, what it risks, and what to look at to be surer.

use debrick_model::{Action, Cause, EvidenceKind, Finding, ProposedAction, State};

use crate::case::Case;
use crate::weigh::Weights;

use Action as A;
use Cause as C;

/// The most actions that are proposed.
const MAX_ACTIONS: usize = 5;

/// From this likelihood on, a cause need not be asked about any more.
const SURE_FROM: f64 = 0.9;

/// Below this likelihood a finding is a guess.
const UNSURE_BELOW: f64 = 0.5;

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
        "Compare the digests of the storage with those of the image, to see where it is damaged.",
    ),
    advice(
        C::ImageIncomplete,
        &[A::ReflashCorrectImage, A::RedownloadImage, A::ReflashSameImage],
        "Compare the digests of the storage with those of the image, to see whether its end is missing.",
    ),
    advice(
        C::ImageWrongDevice,
        &[A::ReflashCorrectImage, A::InstallOtherBuild],
        "Read model and hardware revision from the label, and the file name of the firmware that was written.",
    ),
    advice(
        C::ImageTooLarge,
        &[A::ReflashCorrectImage, A::InstallOtherBuild, A::FixBootEnvironment],
        "Compare the size of the firmware with the size of its partition.",
    ),
    advice(
        C::BootloaderCorrupt,
        &[A::RestoreBootloader, A::ReflashCorrectImage, A::EnterRecoveryMode, A::SeekProfessional],
        "Watch the console from power-on, and USB for the recovery mode of the processor.",
    ),
    advice(
        C::BootEnvironmentCorrupt,
        &[A::FixBootEnvironment],
        "The output of `printenv` at the boot loader's prompt, above all `bootcmd` and `bootargs`.",
    ),
    advice(
        C::RootfsCorrupt,
        &[A::ReflashCorrectImage, A::ReflashSameImage, A::RedownloadImage],
        "Compare the digests of the root file system with those of the image.",
    ),
    advice(
        C::RootfsMissing,
        &[A::ReflashCorrectImage, A::InstallOtherBuild, A::FixBootEnvironment],
        "The kernel's command line and its list of partitions, from the complete log.",
    ),
    advice(
        C::KernelCrash,
        &[A::InstallOtherBuild, A::ReflashCorrectImage],
        "The complete log from power-on to the crash, and whether another build starts.",
    ),
    advice(
        C::InitFailure,
        &[A::ReflashCorrectImage, A::FactoryResetSettings, A::InstallOtherBuild],
        "The last lines before the first program ended.",
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
        "Read the same part of the flash several times and compare.",
    ),
    advice(C::RamFault, &[A::ReplaceHardware, A::SeekProfessional], "Run the boot loader's memory test."),
    advice(
        C::PowerFault,
        &[A::FixPower, A::SwapCableOrPort],
        "Measure the supply voltage under load, or try another supply.",
    ),
    advice(
        C::LinkFault,
        &[A::SwapCableOrPort, A::PowerCycleAndRetry, A::ChangeToolOrOption],
        "Try another cable, port and, on a console, the usual line speeds.",
    ),
    advice(
        C::VerifiedBootRejected,
        &[A::UseSignedOrNewerImage, A::ReflashCorrectImage],
        "Whether the firmware is signed, and with which key.",
    ),
    advice(
        C::RollbackRejected,
        &[A::UseSignedOrNewerImage],
        "The version that ran last and the version that was written.",
    ),
    advice(
        C::BootloaderLocked,
        &[A::UnlockBootloader, A::UseSignedOrNewerImage],
        "The lock state that the boot loader reports.",
    ),
    advice(
        C::HostPermission,
        &[A::InstallDriverOrPermission],
        "The owner and group of the port, and the groups of the user.",
    ),
    advice(
        C::HostPortConflict,
        &[A::FreePortOrStopProcess, A::PowerCycleAndRetry],
        "Which program holds the port.",
    ),
    advice(
        C::NotInRecoveryMode,
        &[A::EnterRecoveryMode, A::SwapCableOrPort, A::InstallDriverOrPermission],
        "What shows up on USB or the network when the unit is switched on with its button held.",
    ),
    advice(
        C::ToolMismatch,
        &[A::ChangeToolOrOption],
        "The exact command, the version of the tool, and the model of the unit.",
    ),
    advice(
        C::FirmwareBug,
        &[A::InstallOtherBuild, A::UseSignedOrNewerImage, A::ReflashCorrectImage],
        "The version of the firmware, and whether another version starts.",
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
        "How the medium was made, its partition table and file names.",
    ),
    advice(C::NoFault, &[A::NothingNeeded], "What does not work, in the owner's words."),
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

/// The most questions that are asked.
const MAX_QUESTIONS: usize = 5;

/// A cause of less than this part of the first one's likelihood is not asked about.
const RIVAL_FROM: f64 = 0.5;

/// What to look at to be surer; empty where everything is clear. Where several causes are about as likely, what would
/// tell them apart.
pub(crate) fn next_evidence(case: &Case<'_>, findings: &[Finding]) -> Vec<String> {
    let top = findings.first().map_or((C::Unknown, 0.0), |finding| (finding.cause, finding.likelihood));
    if top.0 != C::Unknown && top.1 >= SURE_FROM {
        return Vec::new();
    }
    let is_unsure = top.0 == C::Unknown || top.1 < UNSURE_BELOW;
    let named = || findings.iter().filter(|finding| finding.cause != C::Unknown);
    let best = named().next().map_or(0.0, |finding| finding.likelihood);
    let rivals = named().take_while(|finding| finding.likelihood >= RIVAL_FROM * best);
    let mut ask: Vec<String> = Vec::new();
    for finding in rivals.take(if is_unsure { 3 } else { 1 }) {
        ask.extend(advice_on(finding.cause).map(|advice| advice.ask.to_owned()));
    }
    let has = |kind| case.evidence.iter().any(|item| item.kind == kind && !item.text.trim().is_empty());
    if !has(EvidenceKind::SerialLog) {
        ask.push("A log of the serial console from power-on until nothing more comes.".into());
    } else if is_unsure {
        ask.push(
            "The complete log of the serial console from power-on, with a minute of waiting at its end."
                .into(),
        );
    }
    if is_unsure && has(EvidenceKind::ToolOutput) {
        ask.push("The exact command, the version of the tool, and everything that it printed.".into());
    }
    if is_unsure {
        ask.push("What was done to the unit before it failed, and what its lights show.".into());
    }
    ask.dedup();
    ask.truncate(MAX_QUESTIONS);
    ask
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
