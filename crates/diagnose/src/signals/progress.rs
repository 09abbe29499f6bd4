//! Writing that counts up to its end and stops before.

use debrick_model::{Action as A, Cause as C, EvidenceKind, Finding, State as S};

use super::Signals;
use super::trouble::tells_of_trouble;
use crate::text::Place;
use crate::weigh::{Weights, cite};

/// What is said of the work that is counted.
const WORKS: &[&str] = &["writ", "eras", "flash", "program", "updat", "upgrad", "upload", "burn", "send"];

/// Above this likelihood of any cause the text is understood already.
const KNOWN_FROM: f64 = 0.36;

impl Signals<'_> {
    /// The last line counts how much is written, and it is not all.
    pub(super) fn writing_that_stops(&self, weights: &mut Weights) {
        let is_cause = |finding: &Finding| finding.cause != C::NoFault && finding.likelihood >= KNOWN_FROM;
        let is_known = weights.findings().first().is_some_and(is_cause);
        if is_known || weights.has_fault() {
            return;
        }
        for (evidence, item) in self.reading.evidence.iter().enumerate() {
            let is_log = item.kind == EvidenceKind::SerialLog;
            if !is_log && item.kind != EvidenceKind::ToolOutput {
                continue;
            }
            let last = (1..).zip(item.text.lines()).filter(|(_, line): &(u64, &str)| !line.trim().is_empty());
            let Some((number, text)) = last.last() else { continue };
            if !is_unfinished(text) || tells_of_trouble(text) {
                continue;
            }
            let says = "The writing stops before its end.";
            let line = cite(self.reading, Place { evidence, line: number }, text, says);
            let actions = &[A::PowerCycleAndRetry, A::SwapCableOrPort, A::ResumeUpdate];
            let causes = match is_log {
                true => {
                    [(C::UpdateInterrupted, 0.62), (C::BootloaderCorrupt, 0.32), (C::ImageIncomplete, 0.3)]
                }
                false => [(C::LinkFault, 0.42), (C::UpdateInterrupted, 0.36), (C::ToolMismatch, 0.25)],
            };
            for (cause, weight) in causes {
                let actions: &[A] = if is_log { &[A::ReflashSameImage] } else { actions };
                weights.add(cause, weight, actions, Some(line.clone()));
            }
            weights.hint(if is_log { S::BootloaderOnly } else { S::RecoveryMode }, 0.35);
        }
    }
}

/// Whether a line counts work that changes the unit, in percent, and has not come to its end.
fn is_unfinished(line: &str) -> bool {
    let line = line.to_lowercase();
    let last = line.rsplit(['\r', '\u{8}']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    if !WORKS.iter().any(|word| last.contains(word)) {
        return false;
    }
    let Some((before, _)) = last.rsplit_once('%') else { return false };
    let digits = before.trim_end().rsplit(|symbol: char| !symbol.is_ascii_digit() && symbol != '.').next();
    digits.and_then(|digits| digits.parse::<f32>().ok()).is_some_and(|percent| percent < 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_counted_and_not_at_its_end() {
        for line in [
            "Writing at 0x120000 --  98% complete.",
            "Erasing ... 12 %",
            "Flashing:  43.5%",
            "Writing 10%\rWriting 60%",
        ] {
            assert!(is_unfinished(line), "{line}");
        }
        for line in [
            "Writing at 0x120000 --  100% complete.",
            "Writing 10%\rWriting 100%",
            "Loading: 40%",
            "battery at 98%",
            "written 3 of 4",
            "",
        ] {
            assert!(!is_unfinished(line), "{line}");
        }
    }
}
