//! Billion and others: a model of 16 characters and a CRC-32 before the payload.
//!
//! Source: firmware-utils `src/add_header.c`. The CRC-32 (as in zlib, big-endian) covers the header, with its own field
//! at zero, and the payload. There is no magic number: a name and either a correct CRC or a known payload are asked.

use crate::digest::{Piece, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{hex32, is_text_field, read_firmware, starts_like_firmware};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "billion-add-header",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Billion and others (add_header)",
        identified_by: "a name of up to 16 characters, and a payload of a known kind at offset 20",
        reveals: "any damage, by a CRC-32 over everything",
        blind_to: "nothing",
        source: "firmware-utils src/add_header.c",
        tested_with: "add_header; own construction",
    },
};

const NAME: usize = 16;
const SIZE: usize = 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(0, 300)?;
    if head.len() < 64 || !is_text_field(&head[..NAME], 3, 0) || !is_name(&head[..NAME]) {
        return Ok(false);
    }
    if starts_like_firmware(&head[SIZE..]) {
        return Ok(true);
    }
    let stored = u32::from_be_bytes([head[16], head[17], head[18], head[19]]);
    Ok(head[..NAME].contains(&0) && stored == crc(window)?)
}

/// Letters, digits, and what stands between them, one byte apart.
fn is_name(field: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+ /()\0".contains(byte);
    field[0].is_ascii() && field.iter().filter(|byte| !is_part(byte)).count() <= 1
}

fn crc(window: Window<'_>) -> Result<u32, ImageError> {
    let name = window.head(0, NAME as u64)?;
    let payload = window.clamped(SIZE as u64, u64::MAX);
    crc32_of([Piece::Bytes(&name), Piece::Bytes(&[0; 4]), Piece::Window(payload)])
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let name = text(&window.head(0, NAME as u64)?);
    let fields = reading.container(FORMAT.id, window);
    fields.insert("model".into(), name.clone());
    reading.set_vendor("Billion");
    reading.set_model(name.clone());
    reading.board(name);
    let stored = window.be32(NAME as u64)?.unwrap_or_default();
    let at = window.start() + NAME as u64;
    reading.digest("crc32 of header and payload", at, hex32(stored), hex32(crc(window)?));
    read_firmware(reading, window.clamped(SIZE as u64, u64::MAX), false)
}
