//! AVM: firmware for the second processor ("WASP") of some Fritz!Boxes, with a checksum in the last four bytes.
//!
//! Source: firmware-utils `src/avm-wasp-checksum.c`. For the 3390 the exclusive or of all little-endian words is zero; for
//! the 3490, 5490 and 7490 the last four bytes are the CRC-32 (as in zlib, big-endian) of all before. There is no magic
//! number: contents of a known kind and a correct checksum are asked, so a damaged file counts as its contents.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{hex32, is_lzma, read_firmware, starts_like_firmware};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "avm-wasp",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "AVM WASP firmware",
        identified_by: "contents of a known kind, and a checksum in the last four bytes that is right",
        reveals: "nothing: a damaged file is not recognised as this",
        blind_to: "any damage",
        source: "firmware-utils src/avm-wasp-checksum.c",
        tested_with: "own construction",
    },
};

const SUM: u64 = 4;

/// The largest file: such firmware is loaded over Ethernet into little memory.
const LARGEST: u64 = 32 << 20;

/// The exclusive or of all words, and the CRC-32 of all but the last four bytes.
fn sums(window: Window<'_>) -> Result<(u32, u32), ImageError> {
    let mut parity = 0;
    words(window, |word: [u8; 4]| parity ^= u32::from_le_bytes(word))?;
    let body = window.clamped(0, window.len().saturating_sub(SUM));
    Ok((parity, crate::digest::crc32(body)?))
}

fn is_right(window: Window<'_>) -> Result<bool, ImageError> {
    let stored = window.be32(window.len().saturating_sub(SUM))?.unwrap_or_default();
    let (parity, crc) = sums(window)?;
    Ok(stored != 0
        && stored != u32::MAX
        && (stored == crc || (parity == 0 && window.len().is_multiple_of(SUM))))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.start() > 0 || !(64..LARGEST).contains(&window.len()) {
        return Ok(false);
    }
    let head = window.head(0, 300)?;
    Ok((starts_like_firmware(&head) || is_lzma(&head)) && is_right(window)?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    reading.set_vendor("AVM");
    let end = window.len().saturating_sub(SUM);
    let stored = window.be32(end)?.unwrap_or_default();
    let (parity, crc) = sums(window)?;
    let at = window.start() + end;
    if stored == crc {
        reading.digest("crc32 before the last word", at, hex32(stored), hex32(crc));
    } else {
        reading.digest("exclusive or of all words", at, hex32(0), hex32(parity));
    }
    read_firmware(reading, window.clamped(0, end), false)
}
