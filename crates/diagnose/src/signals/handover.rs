//! Where a boot loader starts a kernel and the log ends, or the kernel gets no further.

use debrick_model::{Cause, EvidenceKind, State};

use super::{KERNEL_BANNER, Signals};
use crate::text::Place;
use crate::timeline::{Boot, Seen, StageKind};
use crate::weigh::Weights;

/// What loaders say when the kernel has its checksum and could be unpacked (U-Boot `boot/bootm.c`; Linux
/// `arch/arm/boot/compressed/misc.c`).
pub(super) const LOADED_WHOLE: &[&str] = &[
    "Verifying Checksum * OK",
    "Verifying Hash Integrity * OK",
    "Uncompressing Kernel Image * OK",
    "Uncompressing Linux* done",
    "Loading Kernel Image * OK",
];

/// So many lines before a kernel is started show more than the place where a start stops.
const FEWEST_BEFORE_START: u64 = 4;

impl Signals<'_> {
    /// The last stage is a kernel that may have said something, and did not come to its file system.
    pub(super) fn kernel_without_a_word(&self, boot: &Boot, weights: &mut Weights) {
        let Some(seen) = boot.stages.last().filter(|seen| seen.kind == StageKind::Linux) else { return };
        if weights.has_fault() {
            return;
        }
        let shape = self.reading.shapes.get(seen.first.evidence);
        let has_stamps = shape.is_some_and(|shape| shape.last_kernel_line >= seen.first.line);
        let spoke = has_stamps || self.lines(KERNEL_BANNER).any(|line| line.place >= seen.first);
        if !spoke && self.shows_what_led_to(seen, weights) {
            let says = "The kernel is started, the log ends there, and nobody says that nothing more comes.";
            let line = self.at(seen).map(|line| self.cite(line, says));
            weights.add(Cause::NoFault, 0.42, &[], line.clone());
            weights.add(Cause::FirmwareBug, 0.3, &[], line);
            weights.hint(State::Healthy, 0.4);
            return;
        }
        // A log that was cut, or of which nobody says that it stops there, may go on.
        if self.is_cut(seen) || (spoke && !weights.success_is_denied() && !self.is_in_trouble(seen.first)) {
            let says = "The kernel starts, and nothing failed as far as the log goes.";
            let line = self.at(seen).map(|line| self.cite(line, says));
            // Where all that looks like trouble is none, that speaks for itself.
            let start = Place { evidence: seen.first.evidence, line: 0 };
            if self.noise().is_none() || self.is_in_trouble(start) {
                weights.add(Cause::NoFault, 0.38, &[], line.clone());
            }
            weights.add(Cause::FirmwareBug, 0.28, &[], line);
            weights.hint(State::Healthy, 0.4);
            return;
        }
        // Lines of a kernel alone are more often shown by somebody who can read its log on the unit.
        let is_shown_from_within = seen.is_implied && !weights.success_is_denied();
        weights.hint(
            if is_shown_from_within { State::BootsDegraded } else { State::KernelHang },
            if spoke { 0.4 } else { 0.7 },
        );
        let says = match spoke {
            true => "The kernel started, and the log ends before it came to its file system.",
            false => "The kernel was started and said nothing.",
        };
        let line = self.at(seen).map(|line| self.cite(line, says));
        // A kernel that was loaded whole and says nothing is more often one that does not suit the loader or the board
        // than a damaged one.
        let was_whole =
            LOADED_WHOLE.iter().any(|pattern| self.lines(pattern).any(|line| line.place < seen.last));
        for (cause, weight) in [
            (Cause::FirmwareBug, if was_whole || spoke { 0.38 } else { 0.28 }),
            (Cause::KernelCrash, 0.25),
            (Cause::ImageWrongDevice, 0.18),
            (Cause::BootEnvironmentCorrupt, 0.2),
            (Cause::BootloaderOutdated, 0.2),
        ] {
            weights.add(cause, weight, &[], line.clone());
        }
    }

    /// Whether a log that somebody shows has a loader at work before it starts a kernel, once, and nobody complains of
    /// what follows. Who shows where a start stops quotes the last line, or says so.
    fn shows_what_led_to(&self, seen: &Seen, weights: &Weights) -> bool {
        let is_told_of = self.reading.evidence.iter().any(|item| item.kind == EvidenceKind::Symptom);
        let is_doubted =
            self.is_watched || is_told_of || weights.success_is_denied() || self.boots.loops() > 0.0;
        seen.first.line > FEWEST_BEFORE_START && !is_doubted
    }
}
