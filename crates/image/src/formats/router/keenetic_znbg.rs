//! Keenetic and Zyxel: a trailer `ZNBG` of 60 bytes behind the image.
//!
//! Source: firmware-utils `src/zyimage.c`. Little-endian: the device at 4, the version (47 characters and NUL) at 8,
//! at 56 a CRC-32 without its final complement of everything before the trailer.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{bits_between, find_trailer, hex32, is_text_field, read_firmware};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "keenetic-znbg",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Keenetic or Zyxel image with a ZNBG trailer",
        identified_by: "ZNBG and a version, 60 bytes before the end",
        reveals: "damage before the trailer, by a CRC-32",
        blind_to: "the device and the version in the trailer",
        source: "firmware-utils src/zyimage.c",
        tested_with: "zyimage; own construction",
    },
};

const SIZE: u64 = 60;

fn is_trailer(bytes: &[u8]) -> bool {
    bits_between(&bytes[..4], b"ZNBG") <= 1 && is_text_field(&bytes[8..56], 2, 0)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(find_trailer(window, SIZE, is_trailer)?.is_some_and(|at| at > 0))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(end) = find_trailer(window, SIZE, is_trailer)? else { return Ok(()) };
    let at = window.start() + end;
    let device = window.le32(end + 4)?.unwrap_or_default();
    let version = text(&window.head(end + 8, 48)?);
    let fields = reading.container(FORMAT.id, window.clamped(0, end + SIZE));
    fields.insert("device".into(), format!("{device:#x}"));
    fields.insert("version".into(), version.clone());
    match version.split_once("Keenetic") {
        Some((maker, _)) if maker.trim().eq_ignore_ascii_case("zyxel") => {
            reading.set_vendor("Zyxel");
            reading.set_model(version.trim_start_matches(maker));
        }
        _ => {
            reading.set_vendor("Keenetic");
            reading.set_model(version.clone());
        }
    }
    reading.set_version(version);
    reading.board(format!("{device:#x}"));
    reading.board(device.to_string());
    reading.boards_are_declared = true;
    let magic = window.head(end, 4)?;
    if magic != b"ZNBG" {
        reading.structure("magic number of the trailer", at, "ZNBG", text(&magic));
    }
    let contents = window.clamped(0, end);
    let stored = window.le32(end + 56)?.unwrap_or_default();
    reading.digest("crc32 before the trailer", at + 56, hex32(stored), hex32(jamcrc(contents)?));
    reading.uncovered("Nothing protects the device and the version in the trailer.");
    let left = window.len() - end - SIZE;
    if left > 0 && !window.clamped(end + SIZE, left).is_padding()? {
        reading.structure("place of the trailer", at, "end of the file", format!("{left} bytes before it"));
    }
    read_firmware(reading, contents, false)
}
