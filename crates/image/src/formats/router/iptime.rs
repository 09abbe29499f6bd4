//! The headers of ipTIME: one of 56 bytes in routers, and one of 1 KiB in network drives.
//!
//! Source: OpenWrt firmware-utils d21804a `src/iptime-crc32.c`, `src/iptime-naspkg.c`. Words are little-endian.

use crate::digest::{Piece, byte_sum, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, field_errors, hand_on, hand_on_rest, hex32, unless, wrapper};

pub(crate) const CRC32: Format = wrapper(
    "iptime-crc32",
    &[],
    |window| {
        let Some(size) = window.le32(48)? else { return Ok(false) };
        let model = window.head(0, 8)?;
        let lower = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_punctuation();
        let errors = field_errors(window, 0, 8, 4)?
            + model.iter().filter(lower).count() as u32
            + field_errors(window, 8, 8, 3)?
            + bit_errors(window, 16, &[0; 32])?
            + unless(could_be(window, u64::from(size) + HEADER_SIZE));
        Ok(errors <= 1)
    },
    read_crc32,
    About {
        outermost: &[],
        name: "ipTIME router header",
        identified_by: "the shape of model and version, 32 zeros, and a size that fits the file",
        reveals: "any damage of header and contents, by a CRC-32; a file that is cut off",
        blind_to: "bytes behind the contents",
        source: "OpenWrt firmware-utils d21804a src/iptime-crc32.c",
        tested_with: "iptime-crc32; own construction",
    },
);

pub(crate) const NASPKG: Format = wrapper(
    "iptime-naspkg",
    &[Magic::at(120, b"EFM_NAS_PKG\0")],
    |window| Ok(field_errors(window, 0, 32, 2)? + field_errors(window, 32, 32, 1)? <= 1),
    read_naspkg,
    About {
        outermost: &[],
        name: "ipTIME NAS package",
        identified_by: "magic EFM_NAS_PKG at 120",
        reveals: "damaged contents, by a sum of bytes that is mixed with the model's length; a file that is cut off",
        blind_to: "damage in the names; changes that leave the sum as it is",
        source: "OpenWrt firmware-utils d21804a src/iptime-naspkg.c",
        tested_with: "iptime-naspkg; own construction",
    },
);

const HEADER_SIZE: u64 = 56;

/// Where the contents start in the one model that leaves room.
const FAR_START: u64 = 0x800;

const NAS_HEADER_SIZE: u64 = 0x400;

fn read_crc32(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.le32(48)?.unwrap_or_default());
    let (model, version) = (window.text(0, 8)?, window.text(8, 8)?);
    let gap = window.clamped(HEADER_SIZE, FAR_START - HEADER_SIZE);
    let is_far =
        model == "a6004mx" || (gap.is_padding()? && gap.u8(0)? == Some(0) && window.len() >= FAR_START);
    let start = if is_far { FAR_START } else { HEADER_SIZE };
    let body = window.clamped(start, size);
    let fields = reading.container(CRC32.id, window.clamped(0, start + size));
    fields.insert("model".into(), model.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("size".into(), size.to_string());
    reading.set_vendor("ipTIME");
    reading.set_model(model.to_uppercase());
    reading.board(model);
    reading.set_version(version);
    reading.declared_size("the contents", at + 48, size, body.len());
    let stored = window.le32(52)?.unwrap_or_default();
    let pieces = [Piece::Window(window.clamped(0, 52)), Piece::Bytes(&[0; 4]), Piece::Window(body)];
    reading.digest("crc32 of header and contents", at + 52, hex32(stored), hex32(!crc32_of(pieces)?));
    hand_on(body, reading)?;
    reading.trailing(window, start + size)
}

fn read_naspkg(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(window.le32(place)?.unwrap_or_default()) };
    let size = u64::from(word(96)?);
    let body = window.clamped(NAS_HEADER_SIZE, size);
    let (model, version) = (window.text(0, 32)?, window.text(32, 32)?);
    let fields = reading.container(NASPKG.id, window.clamped(0, NAS_HEADER_SIZE + size));
    fields.insert("model".into(), model.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("created".into(), window.text(64, 24)?);
    fields.insert("size".into(), size.to_string());
    reading.set_vendor("ipTIME");
    reading.set_model(model.to_uppercase());
    reading.board(model.clone());
    reading.set_version(version);
    reading.declared_size("the contents", at + 96, size, body.len());
    let actual = mixed_sum(&model, body)?;
    reading.digest("sum of the contents", at + 100, hex32(word(100)?), hex32(actual));
    reading.digest("sum of kernel and root", at + 116, hex32(word(116)?), hex32(actual));
    if word(136)? > 0 {
        reading.structure("size in the extension", at + 136, size, u64::from(word(136)?));
        reading.digest("sum in the extension", at + 140, hex32(word(140)?), hex32(actual));
    }
    reading.uncovered("No checksum covers the header.");
    hand_on(body, reading)?;
    hand_on_rest(window, NAS_HEADER_SIZE + size, reading)
}

fn mixed_sum(model: &str, body: Window<'_>) -> Result<u32, ImageError> {
    let sum = byte_sum(body)? as u32;
    let salt = (model.len() as u32).wrapping_mul(0x1928_3745);
    Ok(salt.wrapping_add(!sum) ^ sum)
}
