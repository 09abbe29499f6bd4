//! D-Link JBOOT images: an update header (AUH), a tag (STAG) and a kernel header (SCH2), one after the other.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkdlinkfw.c`, `src/mkdlinkfw-lib.c`. Words are little-endian. The sums
//! add half words with end-around carry; of an odd last byte 0xff is taken off, as the tool does. Images that the
//! router itself writes start with the tag.

use crate::boards::{Kind, lookup};
use crate::digest::{Piece, crc32, crc32_of, words};
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, field_errors, hand_on, hex16, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "dlink-jboot",
    &[],
    |window| Ok(layout(window)?.is_some()),
    read,
    About {
        outermost: &[],
        name: "D-Link JBOOT image",
        identified_by: "header id BH, version 2, the tag 24 2b and the kernel header 24 21 behind it",
        reveals: "damaged headers and contents, by 16-bit sums and three CRC-32; a file that is cut off",
        blind_to: "bytes behind the declared data",
        source: "OpenWrt firmware-utils d21804a src/mkdlinkfw.c, src/mkdlinkfw-lib.c",
        tested_with: "mkdlinkfw; own construction",
    },
);

const AUH_SIZE: u64 = 80;
const TAG_SIZE: u64 = 16;
const KERNEL_HEADER_SIZE: u64 = 40;

/// Where the tag starts: behind an update header, or at once.
fn layout(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    for at in [AUH_SIZE, 0] {
        let (Some(kernel), Some(length)) = (window.le32(at + TAG_SIZE + 8)?, window.le32(at + 8)?) else {
            continue;
        };
        let mut errors = bit_errors(window, at + 1, &[4, 0x24, 0x2b])?
            + bit_errors(window, at + TAG_SIZE, &[0x24, 0x21])?
            + bit_errors(window, at + TAG_SIZE + 3, &[2])?
            + bit_errors(window, at + TAG_SIZE + 36, &[0x28, 0])?
            + unless(window.u8(at + TAG_SIZE + 2)?.is_some_and(|codec| codec <= 3))
            + unless(kernel.checked_add(40) == Some(length));
        if at > 0 {
            let data = window.le32(44)?.unwrap_or_default();
            errors += field_errors(window, 0, 12, 8)?
                + bit_errors(window, 16, &[0; 10])?
                + bit_errors(window, 26, &[1, 0])?
                + bit_errors(window, 48, &[0; 16])?
                + bit_errors(window, 64, b"BH\x02\0")?
                + unless(could_be(window, u64::from(data) + AUH_SIZE));
        } else {
            errors += unless(could_be(window, u64::from(length) + TAG_SIZE) || length < 1 << 26);
        }
        if errors <= 1 {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(tag) = layout(window)? else { return Ok(()) };
    reading.container(FORMAT.id, window);
    let end = if tag > 0 { read_update_header(window, reading)? } else { window.len() };
    read_tag(window.clamped(tag, u64::MAX), reading)?;
    let body = window.clamped(tag, end.saturating_sub(tag));
    let root_end = read_kernel(body, reading)?;
    reading.trailing(window, if tag > 0 { end } else { root_end })
}

/// The update header; returns the end of what it declares.
fn read_update_header(window: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let at = window.start();
    let rom = window.text(0, 12)?;
    let length = u64::from(window.le32(44)?.unwrap_or_default());
    let family = window.le16(76)?.unwrap_or_default();
    let data = window.clamped(AUH_SIZE, length);
    let index = reading.last_container();
    let container = reading.container_at(index);
    container.size = AUH_SIZE + data.len();
    let fields = &mut container.fields;
    fields.insert("rom-id".into(), rom.clone());
    fields.insert("family-member".into(), hex16(family));
    fields.insert("erase-start".into(), format!("{:#x}", window.le32(32)?.unwrap_or_default()));
    fields.insert("erase-length".into(), format!("{:#x}", window.le32(36)?.unwrap_or_default()));
    fields.insert("data-length".into(), length.to_string());
    if let Some(board) = lookup(Kind::DlinkRom, &rom) {
        reading.set_vendor(board.vendor);
        reading.set_model(board.model);
        reading.set_hardware_revision(board.revision);
    }
    reading.set_vendor("D-Link");
    reading.board(rom);
    let header = !sum(window.clamped(0, 78))?;
    let expected = window.le16(78)?.unwrap_or_default();
    reading.digest("sum of the update header", at + 78, hex16(expected), hex16(header));
    reading.declared_size("the data", at + 44, length, data.len());
    let expected = window.le16(14)?.unwrap_or_default();
    reading.digest("sum of the data", at + 14, hex16(expected), hex16(sum(data)?));
    Ok(AUH_SIZE + length)
}

fn read_tag(tag: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = tag.start();
    let length = u64::from(tag.le32(8)?.unwrap_or_default());
    let data = tag.clamped(TAG_SIZE, length);
    // The router replaces the first byte once it has flashed the image; the sum is made with the id in its place.
    let mut head = tag.array::<14>(0)?.unwrap_or_default();
    head[0] = head[1];
    let actual = !sum(Window::whole(&head.to_vec()))?;
    let expected = tag.le16(14)?.unwrap_or_default();
    reading.digest("sum of the tag", at + 14, hex16(expected), hex16(actual));
    reading.declared_size("the tagged image", at + 8, length, data.len());
    let expected = tag.le16(12)?.unwrap_or_default();
    reading.digest("sum of the tagged image", at + 12, hex16(expected), hex16(sum(data)?));
    Ok(())
}

/// The kernel header, the kernel and the root file system, in what starts with the tag; returns where they end.
fn read_kernel(body: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let header = body.clamped(TAG_SIZE, KERNEL_HEADER_SIZE);
    let at = header.start();
    let (Some(length), Some(expected)) = (header.le32(8)?, header.le32(32)?) else { return Ok(body.len()) };
    let pieces =
        [Piece::Window(header.clamped(0, 32)), Piece::Bytes(&[0; 4]), Piece::Window(header.clamped(36, 4))];
    reading.digest("crc32 of the kernel header", at + 32, hex32(expected), hex32(crc32_of(pieces)?));
    let start = TAG_SIZE + KERNEL_HEADER_SIZE;
    let kernel = body.clamped(start, length.into());
    reading.declared_size("the kernel", at + 8, length.into(), kernel.len());
    let expected = header.le32(12)?.unwrap_or_default();
    reading.digest("crc32 of the kernel", at + 12, hex32(expected), hex32(crc32(kernel)?));
    let root_length = header.le32(24)?.unwrap_or_default();
    let behind = start + u64::from(length);
    let root = body.clamped(behind, root_length.into());
    if root_length > 0 {
        reading.declared_size("the root file system", at + 24, root_length.into(), root.len());
        let expected = header.le32(28)?.unwrap_or_default();
        reading.digest("crc32 of the root file system", at + 28, hex32(expected), hex32(crc32(root)?));
    }
    reading.part("kernel", kernel)?;
    hand_on(root, reading)?;
    Ok(behind.saturating_add(root_length.into()))
}

/// The sum that JBOOT makes of half words.
fn sum(window: Window<'_>) -> Result<u16, ImageError> {
    let even = window.clamped(0, window.len() & !1);
    let mut total = 0_u64;
    words::<2>(even, |word| total += u64::from(u16::from_le_bytes(word)))?;
    let mut total = u32::from(fold(total));
    if let Some(last) = window.u8(even.len())? {
        total = total.wrapping_add(last.into()).wrapping_sub(0xff);
    }
    Ok(fold(total.into()))
}

fn fold(mut total: u64) -> u16 {
    while total >> 16 > 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}
