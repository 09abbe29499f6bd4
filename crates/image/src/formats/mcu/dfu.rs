//! USB device firmware upgrade files: contents and a suffix of 16 bytes with USB ids and a CRC-32. The contents may start
//! with the header that the boot ROM of NXP's LPC43xx wants.
//!
//! Source: USB Device Firmware Upgrade Specification 1.1, appendix B; NXP UM10503, "Boot image header". Little-endian. The
//! CRC covers all but itself, and is not complemented.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "dfu",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "USB device firmware upgrade (DFU)",
        identified_by: "the suffix UFD at the end, or the header for LPC43xx",
        reveals: "any damage, by CRC-32",
        blind_to: "nothing",
        source: "USB Device Firmware Upgrade Specification 1.1, appendix B; NXP UM10503",
        tested_with: "dfu-suffix, files of HackRF (some of them shipped with a wrong CRC)",
    },
};

const SUFFIX: u64 = 16;
const SIGNATURE: &[u8] = b"UFD\x10";

/// Makers by USB vendor id.
const VENDORS: &[(u16, &str)] =
    &[(0x0483, "STMicroelectronics"), (0x1fc9, "NXP"), (0x1d50, "OpenMoko"), (0x2e8a, "Raspberry Pi")];

/// The text of a USB string descriptor that tells who made the device, whatever ids its boot loader has.
const GREAT_SCOTT: &[u8] = b"G\0r\0e\0a\0t\0 \0S\0c\0o\0t\0t\0 \0G\0a\0d\0g\0e\0t\0s\0";

/// Products of that maker by their USB product id, and the start of the descriptor that holds it.
const PRODUCTS: &[(u16, &str)] = &[(0x6089, "HackRF One"), (0x604b, "HackRF Jawbreaker"), (0xcc15, "rad1o")];

/// Where the suffix starts, if there is one.
fn suffix(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let Some(at) = window.len().checked_sub(SUFFIX) else { return Ok(None) };
    let there = window.head(at + 8, 4)?;
    let distance: u32 = there.iter().zip(SIGNATURE).map(|(left, right)| (left ^ right).count_ones()).sum();
    if distance <= 1 && (has_known_version(window, at)? || crc_agrees(window, at)?) {
        return Ok(Some(at));
    }
    // Behind something that was appended.
    let from = window.len().saturating_sub(SMALL);
    if let Some(found) = window.find(SIGNATURE, from, SMALL)?
        && let Some(at) = found.checked_sub(8)
        && at > 0
        && at + SUFFIX <= window.len()
        && (has_known_version(window, at)? || crc_agrees(window, at)?)
    {
        return Ok(Some(at));
    }
    Ok(None)
}

/// Whether the suffix has a version of DFU that exists, but for one flipped bit.
fn has_known_version(window: Window<'_>, at: u64) -> Result<bool, ImageError> {
    let version = window.le16(at + 6)?;
    let is_near = |known: &u16| version.is_some_and(|version| (version ^ known).count_ones() <= 1);
    Ok([0x0100, 0x0101, 0x0110, 0x011a].iter().any(is_near))
}

fn crc_agrees(window: Window<'_>, at: u64) -> Result<bool, ImageError> {
    Ok(window.le32(at + 12)? == Some(jamcrc(window.clamped(0, at + 12))?))
}

/// Blocks of 512 bytes that the header for LPC43xx declares.
fn lpc_blocks(window: Window<'_>) -> Result<Option<u16>, ImageError> {
    let Some(head) = window.array::<16>(0)? else { return Ok(None) };
    let is_header = head[..2] == [0xda, 0xff] && head[4..] == [0xff; 12];
    Ok(is_header.then_some(u16::from_le_bytes([head[2], head[3]])).filter(|blocks| *blocks > 0))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    // DfuSe files have the same suffix, and are told by their prefix.
    let head = window.head(0, 5)?;
    let distance: u32 = head.iter().zip(b"DfuSe").map(|(left, right)| (left ^ right).count_ones()).sum();
    if head.len() < 5 || distance <= 1 {
        return Ok(false);
    }
    Ok(suffix(window)?.is_some() || lpc_blocks(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let suffix = suffix(window)?;
    let end = suffix.unwrap_or(window.len());
    let contents = window.clamped(0, end);
    reading.container(FORMAT.id, window.clamped(0, end + SUFFIX));
    let index = reading.last_container();
    if contents.find(GREAT_SCOTT, 0, 4 << 20)?.is_some() {
        reading.set_vendor("Great Scott Gadgets");
        for (product, name) in PRODUCTS {
            // Vendor and product follow each other in the device descriptor.
            let [low, high] = product.to_le_bytes();
            if contents.find(&[0x40, 0x50, 0x1d, low, high], 0, 4 << 20)?.is_some() {
                reading.set_model(*name);
                reading.board(format!("1d50:{product:04x}"));
            }
        }
    }
    check_suffix(window, suffix, index, reading)?;
    if let Some(blocks) = lpc_blocks(window)? {
        let needed = (end.saturating_sub(16)).div_ceil(512);
        reading.container_at(index).fields.insert("lpc-blocks".into(), blocks.to_string());
        reading.structure("blocks in the header for LPC43xx", window.start() + 2, blocks, needed);
        reading.set_architecture("arm");
    }
    reading.opaque_part("contents", contents)?;
    if suffix.is_some() { reading.trailing(window, end + SUFFIX) } else { Ok(()) }
}

/// Checks the suffix, which DfuSe files have, too.
pub(super) fn check_suffix(
    window: Window<'_>,
    suffix: Option<u64>,
    index: usize,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let Some(at) = suffix else {
        reading.structure("suffix", window.start() + window.len(), "there", "missing");
        return Ok(());
    };
    let half = |offset: u64| Ok::<u16, ImageError>(window.le16(at + offset)?.unwrap_or_default());
    let (device, product, vendor, version) = (half(0)?, half(2)?, half(4)?, half(6)?);
    let fields = &mut reading.container_at(index).fields;
    fields.insert("usb-id".into(), format!("{vendor:04x}:{product:04x}"));
    fields.insert("device-version".into(), format!("{device:04x}"));
    fields.insert("dfu-version".into(), format!("{version:04x}"));
    if let Some((_, name)) = VENDORS.iter().find(|(id, _)| *id == vendor) {
        reading.set_vendor(*name);
    }
    if vendor != 0xffff {
        reading.board(format!("{vendor:04x}:{product:04x}"));
    }
    let expected = window.le32(at + 12)?.unwrap_or_default();
    let actual = jamcrc(window.clamped(0, at + 12))?;
    let offset = window.start() + at + 12;
    reading.digest("crc32 of the file", offset, format!("{expected:08x}"), format!("{actual:08x}"));
    Ok(())
}

/// Where the suffix of a DfuSe file starts: at its declared end.
pub(super) fn suffix_at(window: Window<'_>, end: u64) -> Result<Option<u64>, ImageError> {
    Ok(if window.has(end.saturating_add(8), b"UFD")? { Some(end) } else { suffix(window)? })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    /// The contents with a suffix for STMicroelectronics' boot loader.
    pub(in super::super) fn with_suffix(mut image: Vec<u8>, version: u16) -> Vec<u8> {
        image.extend([0, 2, 0x11, 0xdf, 0x83, 0x04]);
        image.extend(version.to_le_bytes());
        image.extend(SIGNATURE);
        let crc = !crc32fast::hash(&image);
        image.extend(crc.to_le_bytes());
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = with_suffix((0..3000_u32).map(|i| (i * 7) as u8).collect(), 0x0100);
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("dfu"), Verdict::Pass));
        assert_eq!((facts.vendor.as_deref(), facts.warnings.len()), (Some("STMicroelectronics"), 0));
        assert_eq!(facts.board_ids, ["0483:df11"]);
        for at in [0, 10, 2000, 3000, 3003, 3006, 3008, 3010, 3011, 3013] {
            let mut damaged = image.clone();
            damaged[at] ^= 4;
            let facts = inspect(&damaged).unwrap();
            assert_eq!(
                (facts.format.as_deref(), facts.integrity.verdict),
                (Some("dfu"), Verdict::Fail),
                "{at}"
            );
        }
        let grown = inspect(&[image.as_slice(), &[7; 1337]].concat()).unwrap();
        assert_eq!((grown.format.as_deref(), grown.warnings.len()), (Some("dfu"), 1));
        let mut lpc = vec![0xda, 0xff, 6, 0];
        lpc.extend([0xff; 12]);
        lpc.extend([9; 3000]);
        let lpc = with_suffix(lpc, 0x0100);
        assert_eq!(inspect(&lpc).unwrap().integrity.verdict, Verdict::Pass);
        let cut = inspect(&lpc[..1800].to_vec()).unwrap();
        assert_eq!((cut.format.as_deref(), cut.integrity.verdict), (Some("dfu"), Verdict::Fail));
    }
}
