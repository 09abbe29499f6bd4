//! How far the unit gets.

use debrick_model::{Cause, EvidenceKind, Finding, State};

use crate::text::{Reading, boot_loader_prompt, typed_command};
use crate::timeline::{Boot, Boots, StageKind};
use crate::weigh::Weights;

/// What is left of a unit's being unharmed where a person says that it does not come up.
const COMPLAINED: f64 = 0.4;

/// The same where it does not come up since it has what is for another unit: that was not refused.
const WAS_WRITTEN: f64 = 0.28;

/// How a start ends that is watched on the unit itself.
const STARTS: &[State] = &[
    State::NoPower,
    State::NoOutput,
    State::BootloaderFailing,
    State::BootloaderOnly,
    State::BootLoop,
    State::KernelHang,
];

/// How much a command that is typed at a boot loader's prompt speaks for its being alone there.
const TYPED: f64 = 0.6;

/// What is left of its being in a recovery mode then.
const TYPED_INSTEAD: f64 = 0.4;

/// Below this nothing is said.
const DECIDES_FROM: f64 = 0.25;

/// The state that most speaks for: hints of rules and the last boot are combined as causes are.
pub(crate) fn conclude(
    reading: &Reading<'_>,
    boots: &Boots,
    weights: &Weights,
    findings: &[Finding],
) -> State {
    let mut doubts = weights.doubts();
    let mut speak = |state, weight: f64| *doubts.entry(state).or_insert(1.0) *= 1.0 - weight;
    let is_sound = findings.first().is_some_and(|finding| finding.cause == Cause::NoFault);
    speak(State::BootLoop, boots.loops());
    if let Some((state, weight)) = last_boot(reading, boots, weights, is_sound) {
        speak(state, weight);
    }
    // Nothing on the screen or the network is no silence where there is a log.
    let is_heard =
        reading.evidence.iter().zip(&reading.shapes).any(|(item, shape)| {
            item.kind == EvidenceKind::SerialLog && shape.lines >= 2 && !shape.is_silent()
        });
    // A log that ends in a loader shows no kernel that could hang.
    let is_before_kernel = boots.telling().is_some_and(|boot| {
        boot.furthest().is_some_and(|kind| kind <= StageKind::Spl) || boot.stopped_before_countdown()
    });
    // What a tool prints on a computer shows no start of the unit; what is typed at a boot loader does.
    let is_typed = is_typed_at_a_boot_loader(reading);
    if is_typed {
        speak(State::BootloaderOnly, TYPED);
    }
    let is_seen_by_tools =
        !is_typed && reading.evidence.iter().all(|item| item.kind == EvidenceKind::ToolOutput);
    let fits = |state: &State| {
        if is_seen_by_tools && STARTS.contains(state) {
            return false;
        }
        if is_before_kernel && *state == State::KernelHang {
            return false;
        }
        if is_heard && matches!(state, State::NoOutput | State::NoPower) {
            return false;
        }
        !is_sound
            || matches!(
                state,
                State::Healthy | State::RecoveryMode | State::RefusedUnharmed | State::BootsDegraded
            )
    };
    // Nobody complains of a unit that is as it was.
    let is_unharmed = |state: &State| matches!(state, State::RefusedUnharmed | State::Healthy);
    let is_for_another = findings.first().is_some_and(|finding| finding.cause == Cause::ImageWrongDevice);
    let likelihood = |(state, doubt): (State, f64)| {
        let share = match () {
            () if !fits(&state) => 0.2,
            () if is_typed && state == State::RecoveryMode => TYPED_INSTEAD,
            () if is_unharmed(&state) && weights.is_said_to_fail() => match is_for_another {
                true => WAS_WRITTEN,
                false => COMPLAINED,
            },
            () => 1.0,
        };
        (state, (1.0 - doubt) * share)
    };
    let best = doubts.into_iter().map(likelihood).max_by(|left, right| left.1.total_cmp(&right.1));
    match best.filter(|(_, weight)| *weight >= DECIDES_FROM) {
        // A system that runs and in which nothing is found is well.
        Some((State::BootsDegraded, _)) if is_sound => State::Healthy,
        // A tool that wrote all and started the unit left its mode.
        Some((State::RecoveryMode, _)) if is_sound && is_seen_by_tools && starts_it_at_its_end(reading) => {
            State::Healthy
        }
        Some((state, _)) => state,
        // A log that shows no fault shows a unit that works, as far as it goes.
        None if is_sound && is_heard => State::Healthy,
        None => State::Unknown,
    }
}

/// So many lines of a tool's output are looked through for a boot loader's prompt.
const MOST_TYPED: usize = 200;

/// Whether what is given as a tool's output was typed at a boot loader's prompt: `=> bubt`, `U-Boot> tftp`.
fn is_typed_at_a_boot_loader(reading: &Reading<'_>) -> bool {
    let is_typed = |line: &str| {
        // Commands are small letters; `=> Executing the SPL` is what a tool says.
        let command = typed_command(line).starts_with(|first: char| first.is_ascii_lowercase());
        let name = line.split('>').next().unwrap_or_default().to_ascii_lowercase();
        command && boot_loader_prompt(line) && (name == "=" || name.contains("boot"))
    };
    let of_tools = reading.evidence.iter().filter(|item| item.kind == EvidenceKind::ToolOutput);
    of_tools.flat_map(|item| item.text.lines().take(MOST_TYPED)).any(is_typed)
}

/// What tools say when they start the unit as they end (esptool `cmds.py`; fastboot `fastboot.cpp`; picotool `main.cpp`).
const STARTS_IT: &[&str] = &[
    "hard resetting",
    "rebooting...",
    "rebooting ",
    "rebooted into application",
    "resetting the target",
    "reset device",
    "successfully installed firmware",
    "hard reset via",
];

/// In so many lines at its end a tool says that.
const LAST_LINES: usize = 6;

fn starts_it_at_its_end(reading: &Reading<'_>) -> bool {
    let says = |line: &str| {
        let line = line.to_lowercase();
        STARTS_IT.iter().any(|words| line.contains(words)) && !line.contains("bootloader")
    };
    reading
        .evidence
        .iter()
        .any(|item| item.text.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST_LINES).any(says))
}

/// How boot loaders say that they have unpacked a kernel (U-Boot `boot/bootm.c`).
const UNPACKED: &[&str] = &["Uncompressing Kernel Image", "Loading Kernel Image"];

/// In so many lines at the end of a log.
const LINES_BEHIND: usize = 4;

/// Whether a log ends in a boot loader that has just unpacked a kernel.
fn has_unpacked(reading: &Reading<'_>, boot: &Boot) -> bool {
    let Some(seen) = boot.stages.last().filter(|seen| !seen.waits) else { return false };
    let text = reading.evidence.get(seen.first.evidence).map_or("", |item| item.text.as_str());
    let last = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LINES_BEHIND);
    last.into_iter()
        .any(|line| UNPACKED.iter().any(|words| line.contains(words)) && line.trim_end().ends_with("OK"))
}

fn last_boot(
    reading: &Reading<'_>,
    boots: &Boots,
    weights: &Weights,
    is_sound: bool,
) -> Option<(State, f64)> {
    let boot = boots.last()?;
    let failed = weights.has_fault();
    Some(match boot.furthest()? {
        StageKind::Shell if is_sound => (State::Healthy, 0.8),
        StageKind::Shell => (State::BootsDegraded, 0.6),
        StageKind::Userspace | StageKind::Linux if is_sound => (State::Healthy, 0.4),
        StageKind::Userspace if failed => (State::BootsDegraded, 0.35),
        StageKind::Userspace => (State::BootsDegraded, 0.3),
        StageKind::Linux if boot.stages.last()?.is_implied => (State::KernelHang, 0.26),
        StageKind::Linux => (State::KernelHang, 0.45),
        StageKind::Loader if is_sound => (State::Healthy, 0.4),
        // A U-Boot that failed before it came to what it should boot.
        StageKind::Loader if failed && boot.stopped_before_countdown() => (State::BootloaderFailing, 0.45),
        // What is unpacked is started next, whatever else is not said.
        StageKind::Loader if has_unpacked(reading, boot) => (State::KernelHang, 0.5),
        StageKind::Loader => (State::BootloaderOnly, 0.55),
        StageKind::Spl | StageKind::Rom => (State::BootloaderFailing, 0.5),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    #[test]
    fn what_does_not_start_since_it_was_written_was_not_refused() {
        let text =
            "I took the wrong firmware variant and updated the router with it, and it won't boot anymore.";
        let account = [Evidence { kind: EvidenceKind::Symptom, name: "account".into(), text: text.into() }];
        assert_ne!(by_rules_alone(&account).state, State::RefusedUnharmed);
    }

    #[test]
    fn what_is_typed_at_a_boot_loader_shows_that_it_runs() {
        let text = "=> bubt\nethernet@30000: No link.\nError: Failed to read file flash-image.bin from tftp";
        let output = [Evidence { kind: EvidenceKind::ToolOutput, name: "text".into(), text: text.into() }];
        assert_eq!(by_rules_alone(&output).state, State::BootloaderOnly);
    }

    #[test]
    fn what_a_tool_prints_shows_no_start() {
        let text = "A fatal error occurred: bootloader.bin requires chip revision in range [v3.1 - v3.99]";
        let state = |kind| by_rules_alone(&[Evidence { kind, name: "text".into(), text: text.into() }]).state;
        assert_ne!(state(EvidenceKind::SerialLog), State::Unknown);
        assert_eq!(state(EvidenceKind::ToolOutput), State::Unknown);
    }
}
