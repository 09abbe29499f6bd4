//! What people write behind the last line of a log: that it hangs there, or begins again.
//!
//! Who shows a log seldom leaves it at that: `---> hangs`, `(stuck)`, `<reboot, and so on>` stand below it. No program
//! prints such a line.

use debrick_model::{EvidenceKind, State};

use super::Signals;
use crate::text::Reading;
use crate::timeline::{Boot, StageKind};
use crate::weigh::Weights;

/// What a log's reader says happens behind its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remark {
    /// Nothing more comes.
    Stops,
    /// It starts over.
    StartsOver,
}

/// The longest remark, in bytes.
const LONGEST: usize = 60;

/// Symbols that set a remark off from the log.
const MARKS: &[char] =
    &['<', '>', '(', ')', '{', '}', '-', '=', '*', '^', '~', '/', '.', '!', '…', ' ', '#', '[', ']'];

/// How remarks begin that nothing sets off.
const OPENINGS: &[&str] = &[
    "hang",
    "stuck",
    "freezes",
    "it hangs",
    "and then",
    "then it",
    "then nothing",
    "followed by",
    "boot stops",
    "here it",
    "at this point",
];

const STOPS: &[&str] = &[
    "hang",
    "stuck",
    "freez",
    "frozen",
    "no output",
    "no more output",
    "nothing",
    "stops here",
    "boot stops",
    "halts",
    "silence",
    "locks up",
    "dead",
];

const STARTS_OVER: &[&str] = &[
    "loop",
    "reboots",
    "<reboot",
    "(reboot",
    "board reset",
    "resets",
    "restarts",
    "starts over",
    "and so on",
    "repeats",
];

impl Signals<'_> {
    /// What somebody wrote behind the last line says whether it went on.
    pub(super) fn remark_behind_the_log(&self, weights: &mut Weights) {
        let Some(remark) = remark(self.reading) else { return };
        let furthest = self.boots.telling().and_then(Boot::furthest);
        let is_kernels = furthest >= Some(StageKind::Linux) || self.kernel_log().is_some();
        let is_settled = self.boots.telling().is_some_and(|boot| !boot.stopped_before_countdown());
        weights.hint(
            match remark {
                Remark::StartsOver => State::BootLoop,
                Remark::Stops if is_kernels => State::KernelHang,
                Remark::Stops if furthest == Some(StageKind::Loader) && is_settled => State::BootloaderOnly,
                Remark::Stops if furthest.is_some() => State::BootloaderFailing,
                Remark::Stops => return,
            },
            0.7,
        );
    }
}

/// What stands behind the last line of a serial log.
pub(crate) fn remark(reading: &Reading<'_>) -> Option<Remark> {
    let logs = reading.evidence.iter().filter(|item| item.kind == EvidenceKind::SerialLog);
    logs.filter_map(|item| item.text.lines().rev().map(str::trim).find(|line| !line.is_empty()))
        .find_map(remark_in)
}

fn remark_in(line: &str) -> Option<Remark> {
    let stamped = line
        .strip_prefix('[')
        .is_some_and(|rest| rest.trim_start().starts_with(|symbol: char| symbol.is_ascii_digit()));
    if line.len() > LONGEST || stamped {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let is_prompt = lower.starts_with('#') || (lower.starts_with('=') && !lower.starts_with("=="));
    let is_set_off = lower.starts_with(MARKS) && !is_prompt;
    if !is_set_off && !OPENINGS.iter().any(|words| lower.starts_with(words)) {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match () {
        () if says(STARTS_OVER) => Some(Remark::StartsOver),
        () if says(STOPS) => Some(Remark::Stops),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_told_from_lines_of_programs() {
        let check = |line: &str, expected| assert_eq!(remark_in(line), expected, "{line}");
        check("---> hangs", Some(Remark::Stops));
        check("(stuck)", Some(Remark::Stops));
        check("<hang>", Some(Remark::Stops));
        check("=========  (hangs here)", Some(Remark::Stops));
        check("and then nothing", Some(Remark::Stops));
        check("(keep in loop)", Some(Remark::StartsOver));
        check("<reboot>", Some(Remark::StartsOver));
        check("[    2.1] watchdog: nothing to do", None);
        check("=> run nothing", None);
        check("### ERROR ### Please RESET the board ###", None);
        check("Starting kernel ...", None);
        check("/ # ", None);
    }
}
