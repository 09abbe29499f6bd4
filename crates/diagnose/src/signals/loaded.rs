//! What is loaded and cannot be right: for another processor, longer than what is read, or longer than the memory.

use debrick_model::{Action as A, Cause, State};

use super::{DENIED, Signals};
use crate::weigh::Weights;

/// Bytes of a legacy image header, which stand before the data that it declares.
const UIMAGE_HEADER: u64 = 64;

const ARCHITECTURE: &str = "^Architecture: ";
const IMAGE_TYPE: &str = "^Image Type: ";
const LOADED_TREE: &str = "Loading Device Tree to ";
const DATA_SIZE: &str = "^Data Size: ";
const BYTES_READ: &str = " bytes read: OK";
pub(super) const KERNEL_BANNER: &str = "^Linux version ";

/// How U-Boot introduces a crash on each architecture (`arch/arm/lib/interrupts_64.c`, `interrupts.c`).
pub(super) const CRASHES: &[(&str, &str)] =
    &[("\"Synchronous Abort\" handler", "arm64"), ("^pc : [<", "arm")];

/// How the ROM of Espressif's chips says what it loads (ESP-IDF `docs/en/api-guides/fatal-errors.rst`, output of the ROM).
const SEGMENT: &str = "^load:0x*,len:";

/// No segment is longer: the chips have less memory for what their ROM loads, in bytes.
const LONGEST: u64 = 0x8_0000;

/// The lines that are needed here.
pub(super) static LINES: &[&str] =
    &[ARCHITECTURE, IMAGE_TYPE, LOADED_TREE, DATA_SIZE, BYTES_READ, KERNEL_BANNER, SEGMENT];

impl Signals<'_> {
    /// The loader names the architecture of what it starts; the unit's own is known, or shows in the width of the
    /// addresses that the loader prints.
    pub(super) fn architecture(&self, known: Option<&str>, weights: &mut Weights) {
        let of_image = self.lines(ARCHITECTURE).next_back().or_else(|| self.lines(IMAGE_TYPE).next_back());
        let Some(line) = of_image else { return };
        let Some(image) = line.text.split_once(':').and_then(|(_, name)| architecture(name)) else { return };
        let started = self.lines(KERNEL_BANNER).any(|banner| banner.place > line.place);
        if started {
            return;
        }
        let wide = self.lines(LOADED_TREE).next_back().and_then(|line| address_is_wide(&line.text));
        let crashed = CRASHES.iter().find(|(pattern, _)| self.lines(pattern).next().is_some());
        let unit = known.and_then(architecture).or(crashed.map(|(_, architecture)| *architecture));
        let (weight, says) = match (unit, wide) {
            (Some(unit), _) if unit != image => {
                (0.9, "The firmware is for another processor than the unit has.")
            }
            (None, Some(wide)) if wide != is_wide(image) => {
                (0.75, "The boot loader works with addresses of another width than the firmware is made for.")
            }
            _ => return,
        };
        weights.add(Cause::ImageWrongDevice, weight, &[], Some(self.cite(line, says)));
    }

    pub(super) fn image_larger_than_what_is_read(&self, weights: &mut Weights) {
        let Some(declared) = self.lines(DATA_SIZE).next_back() else { return };
        let size = declared.text.split_whitespace().find_map(|word| word.parse::<u64>().ok());
        let read = self.lines(BYTES_READ).rev().find(|line| line.place < declared.place);
        let read =
            read.and_then(|line| line.text.split_whitespace().find_map(|word| word.parse::<u64>().ok()));
        if let (Some(size), Some(read)) = (size, read)
            && size.saturating_add(UIMAGE_HEADER) > read
        {
            let says = format!("The image is larger than the {read} bytes that the boot loader reads.");
            weights.add(Cause::ImageTooLarge, 0.9, &[], Some(self.cite(declared, &says)));
        }
    }

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
        // A tool that was content with what it wrote did not write what the unit can start.
        weights.fade(DENIED, |cause| cause == Cause::NoFault);
    }
}

/// The architecture that a text names, in the words of `mkimage`; the longest name that fits.
fn architecture(text: &str) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    const NAMES: &[(&str, &str)] = &[
        ("aarch64", "arm64"),
        ("arm64", "arm64"),
        ("mips64", "mips64"),
        ("mips 64", "mips64"),
        ("mips", "mips"),
        ("powerpc", "powerpc"),
        ("ppc", "powerpc"),
        ("x86_64", "x86_64"),
        ("amd64", "x86_64"),
        ("x86", "x86"),
        ("risc", "riscv"),
        ("xtensa", "xtensa"),
        ("arm", "arm"),
    ];
    NAMES.iter().find(|(prefix, _)| text.contains(prefix)).map(|(_, name)| *name)
}

fn is_wide(architecture: &str) -> bool {
    architecture.contains("64") || architecture == "riscv"
}

/// Whether the address behind `Loading Device Tree to` has sixteen digits (64 bits) or eight (32).
fn address_is_wide(text: &str) -> Option<bool> {
    let address = text.split_once(LOADED_TREE)?.1.split([',', ' ']).next()?;
    match address.trim_start_matches("0x").len() {
        16 => Some(true),
        8 => Some(false),
        _ => None,
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
