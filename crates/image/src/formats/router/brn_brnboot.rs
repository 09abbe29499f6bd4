//! BRN (Siemens, SMC): files padded to 1 KiB with a footer of 12 bytes each, then a signature.
//!
//! Source: firmware-utils `src/mkbrnimg.c`. A footer is the size of the file, a magic number (0x12345678 by default)
//! and a CRC-32, little-endian, and ends on a multiple of 1024 bytes from the start of its file. The first file is the
//! kernel, in LZMA. The signature, a text with its NUL, names the board. Magic number and polynomial can be others on
//! other boards; those are not recognised.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{bits_between, hex32};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "brn-brnboot",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "BRN boot loader image (Siemens, SMC)",
        identified_by: "an LZMA kernel and a footer with 0x12345678 at the end of its last KiB",
        reveals: "damaged files, by a CRC-32 each; a lost signature",
        blind_to: "the padding",
        source: "firmware-utils src/mkbrnimg.c",
        tested_with: "mkbrnimg; own construction",
    },
};

const MAGIC: [u8; 4] = 0x1234_5678_u32.to_le_bytes();
const FOOTER: u64 = 12;
const BLOCK: u64 = 1024;

/// How far the footer of one file is looked for: 64 MiB.
const MAX_BLOCKS: u64 = 65_536;

const MAX_FILES: u64 = 16;

/// The longest signature.
const SIGNATURE: u64 = 64;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let is_kernel = bits_between(&window.head(0, 4)?, &[0x5d, 0, 0, 0x80]) <= 1
        || bits_between(&window.head(0, 4)?, &[0x6d, 0, 0, 0x80]) <= 1;
    Ok(is_kernel && file_at(window, 0)?.is_some())
}

/// The size of the file at an offset and where its footer is.
fn file_at(window: Window<'_>, start: u64) -> Result<Option<(u64, u64)>, ImageError> {
    for block in 1..=MAX_BLOCKS {
        let footer = start + block * BLOCK - FOOTER;
        let Some(bytes) = window.array::<{ FOOTER as usize }>(footer)? else { break };
        let size = u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let capacity = block * BLOCK - FOOTER;
        let fits = size <= capacity && size + BLOCK > capacity;
        let differs = bits_between(&bytes[4..8], &MAGIC);
        if differs == 0 || (differs == 1 && fits) {
            return Ok(Some((size, footer)));
        }
    }
    Ok(None)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    reading.set_vendor("Siemens/SMC (BRN)");
    let mut start = 0;
    for file in 0..MAX_FILES {
        let Some((size, footer)) = file_at(window, start)? else { break };
        let at = window.start() + footer;
        let capacity = footer - start;
        if size > capacity || size + BLOCK <= capacity {
            reading.structure(format!("size of file {file}"), at, format!("at most {capacity}"), size);
        }
        if !window.has(footer + 4, &MAGIC)? {
            reading.structure(format!("magic number of file {file}"), at + 4, "12345678", "another");
        }
        let contents = window.clamped(start, size.min(capacity));
        let stored = window.le32(footer + 8)?.unwrap_or_default();
        let name = format!("crc32 of file {file}");
        reading.digest(name, at + 8, hex32(stored), hex32(crc32(contents)?));
        reading.part(if file == 0 { "kernel".to_owned() } else { format!("file {file}") }, contents)?;
        start = footer + FOOTER;
    }
    reading.container_at(index).fields.insert("files-end".into(), start.to_string());
    let signature = window.head(start, SIGNATURE)?;
    let end = signature.iter().position(|byte| *byte == 0).unwrap_or(0);
    let is_name = end >= 3 && signature[..end].iter().all(|byte| (0x20..0x7f).contains(byte));
    let is_last = start + end as u64 + 1 == window.len();
    let at = window.start() + start;
    match (is_name, is_last) {
        (true, true) => reading.structure("signature", at, "at the end", "at the end"),
        (true, false) => reading.structure("signature", at, "at the end", "followed by other bytes"),
        _ => reading.structure("signature", at, "present", "missing"),
    }
    if is_name {
        let signature = text(&signature);
        reading.container_at(index).fields.insert("signature".into(), signature.clone());
        reading.board(signature);
        reading.boards_are_declared = true;
    } else {
        reading.part(format!("file cut off at {start}"), window.clamped(start, u64::MAX))?;
    }
    Ok(())
}
