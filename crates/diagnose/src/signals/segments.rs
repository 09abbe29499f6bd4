//! Segments that a boot ROM cannot have read: it prints where each of them goes and how long it is.

use debrick_model::{Action as A, Cause, State};

use super::Signals;
use crate::weigh::Weights;

/// How the ROM of Espressif's chips says what it loads (ESP-IDF `docs/en/api-guides/fatal-errors.rst`, output of the ROM).
pub(super) const SEGMENT: &str = "^load:0x*,len:";

/// No segment is longer: the chips have less memory for what their ROM loads, in bytes.
const LONGEST: u64 = 0x8_0000;

impl Signals<'_> {
    /// A first loader with a segment that is longer than the chip's memory was not read as it was written.
    pub(super) fn segments_that_cannot_be(&self, weights: &mut Weights) {
        let cannot_be = |text: &str| {
            let length = text.rsplit_once("len:").map_or("", |(_, length)| length.trim());
            length.starts_with('-') || length.parse::<u64>().is_ok_and(|length| length > LONGEST)
        };
        let Some(line) = self.lines(SEGMENT).rfind(|line| cannot_be(&line.text)) else { return };
        let says = "The ROM reads a loader that cannot be one: it is damaged, or the flash is read wrongly.";
        let line = Some(self.cite(line, says));
        for (cause, weight) in [
            (Cause::BootloaderCorrupt, 0.46),
            (Cause::FlashHardwareFault, 0.32),
            (Cause::LinkFault, 0.3),
            (Cause::ToolMismatch, 0.2),
        ] {
            let actions = &[A::ReflashCorrectImage, A::ChangeToolOrOption, A::SwapCableOrPort];
            weights.add(cause, weight, actions, line.clone());
        }
        weights.hint(State::BootloaderFailing, 0.4);
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    #[test]
    fn a_segment_longer_than_the_memory_was_not_read_well() {
        let first = |length: &str| {
            let text = format!(
                "ets Jun  8 2016 00:22:57\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n\
                 load:0x3fff0018,len:4\nload:0x3fff001c,len:{length}\nets Jun  8 2016 00:22:57\n"
            );
            let evidence = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text };
            let findings = by_rules_alone(&[evidence]).findings;
            findings
                .iter()
                .find(|finding| finding.cause == Cause::BootloaderCorrupt)
                .map_or(0.0, |one| one.likelihood)
        };
        assert!(first("53674752") > first("1216") && first("-1") > first("1216"));
    }
}
