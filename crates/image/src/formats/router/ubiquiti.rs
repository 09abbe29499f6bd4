//! Ubiquiti's firmware: a header with the version, parts with a CRC-32 each, and a CRC-32 or RSA signature at the end.
//!
//! Source: firmware-utils `src/fw.h`, `src/mkfwimage.c`, `src/mkfwimage2.c` (d21804a). All fields are big-endian.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, find_last};
use crate::formats::router::{identity, payload};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "ubiquiti-fw",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"OPEN"), Magic::at(0, b"UBNT")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Ubiquiti firmware",
        identified_by: "UBNT or OPEN, a version, and parts that start with PART",
        reveals: "damaged header, parts, and whole file, by CRC-32",
        blind_to: "what is appended",
        source: "firmware-utils src/fw.h, src/mkfwimage.c",
        tested_with: "mkfwimage, mkfwimage2",
    },
};

const AT_CRC: u64 = 260;
const HEADER_SIZE: u64 = 268;

/// A part's header: magic, name of 16 bytes, room, load address, index, base, entry, size of the data, size in flash.
const PART_HEADER: u64 = 56;
const AT_DATA_SIZE: u64 = 48;

/// The CRC-32 behind a part, and padding.
const PART_END: u64 = 8;

/// The end: magic and CRC-32, or magic and signature; then padding.
const END: u64 = 12;
const SIGNED_END: u64 = 264;

/// The most parts that are read.
const MAX_PARTS: usize = 64;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let version = window.head(4, 24)?;
    let signs = [
        version.iter().take(8).filter(|byte| byte.is_ascii_graphic()).count() >= 6,
        is_part(window, HEADER_SIZE)?,
        window.be32(264)? == Some(0),
        window.be32(AT_CRC)? == Some(crc32(window.clamped(0, AT_CRC))?),
    ];
    Ok(window.len() >= HEADER_SIZE && count(&signs) >= 2 && (signs[1] || signs[3]))
}

/// Whether a part starts here; Ubiquiti has others than `PART`.
fn is_part(window: Window<'_>, at: u64) -> Result<bool, ImageError> {
    Ok(window.has(at, b"PART")? || window.has(at, b"EXEC")?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let version = window.text(4, 256)?;
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    reading.container_at(index).fields.insert("version".into(), version.clone());
    identity::record_ubiquiti(&version, reading);
    let (expected, actual) = (window.be32(AT_CRC)?.unwrap_or(0), crc32(window.clamped(0, AT_CRC))?);
    reading.digest("crc32 of the header", at + AT_CRC, format!("{expected:08x}"), format!("{actual:08x}"));
    let mut place = HEADER_SIZE;
    for _ in 0..MAX_PARTS {
        if !is_part(window, place)? {
            break;
        }
        place = read_part(window, place, reading)?;
    }
    let end = match place.min(window.len()) {
        place if window.has(place, b"END.")? || window.has(place, b"ENDS")? => Some(place),
        _ => [find_last(window, b"END.\0")?, find_last(window, b"END.")?, find_last(window, b"ENDS")?]
            .into_iter()
            .flatten()
            .next(),
    };
    reading.structure(
        "parts",
        at + place,
        "up to the end",
        if end == Some(place) { "up to the end" } else { "broken" },
    );
    let Some(end) = end else { return Ok(()) };
    let size = match window.has(end, b"ENDS")? {
        true => {
            reading.signature("The file, by RSA with 2048 bits,");
            SIGNED_END
        }
        false => {
            let expected = window.be32(end + 4)?.unwrap_or(0);
            let actual = crc32(window.clamped(0, end))?;
            let name = "crc32 of the file";
            reading.digest(name, at + end + 4, format!("{expected:08x}"), format!("{actual:08x}"));
            END
        }
    };
    reading.declared_size("the end", at + end, end + size, window.len());
    reading.container_at(index).size = (end + size).min(window.len());
    reading.trailing(window, end + size)
}

/// Reads the part at a place and returns where it ends.
fn read_part(window: Window<'_>, place: u64, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let at = window.start() + place;
    let name = text(&window.head(place + 4, 16)?);
    let size = u64::from(window.be32(place + AT_DATA_SIZE)?.unwrap_or(0));
    let end = place + PART_HEADER + size;
    let there = window.len();
    reading.declared_size(&format!("part {name}"), at + AT_DATA_SIZE, end + PART_END, there);
    if let Some(expected) = window.be32(end)? {
        let actual = crc32(window.clamped(place, PART_HEADER + size))?;
        let what = format!("crc32 of part {name}");
        reading.digest(what, window.start() + end, format!("{expected:08x}"), format!("{actual:08x}"));
    }
    let contents = window.clamped(place + PART_HEADER, size);
    match payload::split(contents)? {
        Some(_) => payload::read(contents, reading)?,
        None => reading.part(name, contents).map(drop)?,
    }
    Ok(end + PART_END)
}

#[cfg(test)]
mod tests {
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn firmware() -> Vec<u8> {
        let mut image = b"OPENXM.ar7240.v6.0.4-OpenWrt".to_vec();
        image.resize(260, 0);
        image.extend(crc32fast::hash(&image).to_be_bytes());
        image.extend([0; 4]);
        for name in ["kernel", "rootfs"] {
            let start = image.len();
            image.extend(b"PART");
            image.extend(name.bytes());
            image.resize(start + 48, 0);
            image.extend(0x500_u32.to_be_bytes());
            image.extend(0x1000_u32.to_be_bytes());
            image.extend(noise(0x500));
            image.extend(crc32fast::hash(&image[start..]).to_be_bytes());
            image.extend([0; 4]);
        }
        let crc = crc32fast::hash(&image);
        image.extend(b"END.");
        image.extend(crc.to_be_bytes());
        image.extend([0; 4]);
        image
    }

    #[test]
    fn every_damage_shows() {
        let image = firmware();
        check(&image, "ubiquiti-fw");
        damaged(&image, "ubiquiti-fw", &[0, 5, 30, 261, 268, 270, 300, 317, 0x300]);
        let found = facts(&image);
        assert_eq!(found.board_ids, ["XM"]);
        assert_eq!(found.version.as_deref(), Some("XM.ar7240.v6.0.4-OpenWrt"));
    }
}
