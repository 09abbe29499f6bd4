//! Wiligear images: the structure that Ubiquiti uses, with the magic word GEOS.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkfwimage2.c`, `src/fw.h`; OpenWrt `target/linux/gemini/image/Makefile`.
//! Big-endian; CRC-32 as in zlib over the header, over each part, and over all before the end.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, hand_on, hex32, name_errors, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "wiligear-geos",
    &[Magic::at(0, b"GEOS")],
    |window| {
        let version = window.head(4, 256)?;
        Ok(name_errors(&version, 3) <= 1 && bit_errors(window, HEADER_SIZE, b"PART")? <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Wiligear GEOS image",
        identified_by: "magic GEOS, a version text, and parts that start with PART",
        reveals: "any damage of the file, by CRC-32 over header, parts and all of it; a file that is cut off",
        blind_to: "bytes behind the end",
        source: "OpenWrt firmware-utils d21804a src/mkfwimage2.c, src/fw.h",
        tested_with: "mkfwimage2; own construction",
    },
);

const HEADER_SIZE: u64 = 268;
const PART_SIZE: u64 = 56;
const CHECK_SIZE: u64 = 8;
const END_SIZE: u64 = 12;

/// Parts that are read.
const MAX_PARTS: usize = 32;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let version = window.text(4, 256)?;
    reading.container(FORMAT.id, window).insert("version".into(), version.clone());
    let slot = reading.last_container();
    reading.set_vendor("Wiligear");
    let board = version.split(".v").next().unwrap_or_default();
    reading.board(board);
    reading.set_model(board.rsplit('.').next().unwrap_or_default());
    let stored = window.be32(260)?.unwrap_or_default();
    let actual = crc32(window.clamped(0, 260))?;
    reading.digest("crc32 of the header", at + 260, hex32(stored), hex32(actual));
    let mut place = HEADER_SIZE;
    for _ in 0..MAX_PARTS {
        let rest = window.clamped(place, u64::MAX);
        // A part whose word has a damaged bit is still one.
        if bit_errors(rest, 0, b"PART")? > 1 || bit_errors(rest, 0, b"END.")? <= 1 {
            break;
        }
        place = place.saturating_add(read_part(rest, reading)?);
    }
    reading.set_version(version);
    let end = window.clamped(place, END_SIZE);
    reading.structure("end of the parts", at + place.min(window.len()), "END.", end.text(0, 4)?);
    if let Some(stored) = end.be32(4)? {
        let actual = crc32(window.clamped(0, place))?;
        reading.digest("crc32 of everything", end.start() + 4, hex32(stored), hex32(actual));
    }
    reading.container_at(slot).size = (place + END_SIZE).min(window.len());
    reading.trailing(window, place + END_SIZE)
}

/// One part; returns how many bytes it takes.
fn read_part(part: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let at = part.start();
    let name = part.text(4, 16)?;
    let size = u64::from(part.be32(48)?.unwrap_or_default());
    let data = part.clamped(PART_SIZE, size);
    reading.declared_size(&name, at + 48, size, data.len());
    if let Some(stored) = part.be32(PART_SIZE + size)? {
        let actual = crc32(part.clamped(0, PART_SIZE + size))?;
        reading.digest(format!("crc32 of {name}"), at + PART_SIZE + size, hex32(stored), hex32(actual));
    }
    hand_on(data, reading)?;
    Ok(PART_SIZE + size + CHECK_SIZE)
}
