//! Seama ("seattle image"), used by Alpha Networks for D-Link: a seal, then entities, each with metadata and an MD5.
//!
//! Source: firmware-utils `src/seama.h`, `src/oseama.c` (d21804a). Fields are big-endian. The MD5 covers the data of an
//! entity; nothing covers headers and metadata. The seal is an entity without data and without MD5.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::count;
use crate::formats::router::{identity, payload};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "seama",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, &MAGIC)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Seama, of D-Link",
        identified_by: "magic 5ea3a417, metadata of the form name=value",
        reveals: "damaged data of an entity, by MD5",
        blind_to: "headers and metadata, the signature of the model included",
        source: "firmware-utils src/seama.h, src/oseama.c",
        tested_with: "seama and oseama",
    },
};

const MAGIC: [u8; 4] = [0x5e, 0xa3, 0xa4, 0x17];

/// A header without and with MD5.
const SEAL_HEADER: u64 = 12;
const ENTITY_HEADER: u64 = 28;

/// The most entities that are read.
const MAX_ENTITIES: usize = 32;

/// How far a lost entity is looked for.
const MAX_LOST: u64 = 4096;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let size = window.be16(6)?.unwrap_or(0);
    let meta = window.head(SEAL_HEADER, 64)?;
    let later = window.head(ENTITY_HEADER, 64)?;
    let signs = [
        window.be16(4)? == Some(0),
        (1..=4096).contains(&size) && size.is_multiple_of(4),
        is_metadata(&meta) || is_metadata(&later),
    ];
    Ok(count(&signs) >= 2)
}

/// Whether the bytes start with `name=value`.
fn is_metadata(bytes: &[u8]) -> bool {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    name > 1 && bytes.get(name) == Some(&b'=')
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let mut at = 0;
    if window.be32(8)? == Some(0) {
        at = SEAL_HEADER + u64::from(window.be16(6)?.unwrap_or(0));
        record_metadata(window.clamped(SEAL_HEADER, at - SEAL_HEADER), index, reading)?;
        if !window.has(at, &MAGIC)?
            && let Some(found) = window.find(&MAGIC, SEAL_HEADER, MAX_LOST)?
        {
            reading.structure(
                "size of the metadata",
                window.start() + 6,
                found - SEAL_HEADER,
                at - SEAL_HEADER,
            );
            record_metadata(window.clamped(SEAL_HEADER, found - SEAL_HEADER), index, reading)?;
            at = found;
        }
    }
    let mut count = 0;
    while count < MAX_ENTITIES && window.has(at, &MAGIC)? {
        at = read_entity(window, at, index, reading)?;
        count += 1;
    }
    if count == 0 {
        let there = hex(&window.head(at, 4)?);
        reading.structure("first entity", window.start() + at, hex(&MAGIC), there);
    }
    reading.container_at(index).size = at.min(window.len());
    reading.uncovered("The metadata of a Seama image, its signature included, is covered by no checksum.");
    reading.trailing(window, at)
}

/// Reads the entity at an offset and returns where it ends.
fn read_entity(
    window: Window<'_>,
    at: u64,
    container: usize,
    reading: &mut Reading<'_>,
) -> Result<u64, ImageError> {
    let meta_size = u64::from(window.be16(at + 6)?.unwrap_or(0));
    let size = u64::from(window.be32(at + 8)?.unwrap_or(0));
    record_metadata(window.clamped(at + ENTITY_HEADER, meta_size), container, reading)?;
    let start = at + ENTITY_HEADER + meta_size;
    let data = window.clamped(start, size);
    reading.declared_size("the data of the entity", window.start() + at + 8, start + size, window.len());
    let stored = window.head(at + SEAL_HEADER, 16)?;
    let actual = Algorithm::Md5.of(data)?;
    reading.digest("md5 of the data", window.start() + at + SEAL_HEADER, hex(&stored), hex(&actual));
    payload::read(data, reading)?;
    Ok(start + size)
}

fn record_metadata(meta: Window<'_>, container: usize, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = meta.head(0, SMALL)?;
    for pair in bytes.split(|byte| *byte == 0).take(64) {
        let pair = crate::window::text(pair);
        let Some((name, value)) = pair.split_once('=') else { continue };
        reading.container_at(container).fields.insert(name.into(), value.into());
        match name {
            "signature" => identity::record_signature(value, reading),
            "version" => reading.set_version(value),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn header(meta: &str, size: usize) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let meta_size = (meta.len() as u16 + 1).next_multiple_of(4);
        bytes.extend([0, 0]);
        bytes.extend(meta_size.to_be_bytes());
        bytes.extend((size as u32).to_be_bytes());
        bytes
    }

    fn seama() -> Vec<u8> {
        let add = |image: &mut Vec<u8>, meta: &str| {
            image.extend(meta.bytes());
            image.push(0);
            image.resize(image.len().next_multiple_of(4), 0);
        };
        let data = noise(0x900);
        let mut image = header("signature=wrgac65_dlink.2015_dir842", 0);
        add(&mut image, "signature=wrgac65_dlink.2015_dir842");
        image.extend(header("type=firmware", data.len()));
        image.extend(Algorithm::Md5.of(Window::whole(&data)).unwrap());
        add(&mut image, "type=firmware");
        image.extend(data);
        image
    }

    #[test]
    fn damage_of_the_data_shows() {
        let image = seama();
        check(&image, "seama");
        damaged(&image, "seama", &[0, 7, 48, 54, 56, 59, 65, 0x200]);
        let found = facts(&image);
        assert_eq!(found.vendor.as_deref(), Some("D-Link"));
        assert_eq!(found.model.as_deref(), Some("DIR-842"));
        assert_eq!(found.board_ids, ["wrgac65_dlink.2015_dir842"]);
    }
}
