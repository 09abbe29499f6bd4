//! MikroTik's packages (NPK): a length, then parts with a type and a length each.
//!
//! Source: firmware-utils `src/npk_pack_kernel.c` (d21804a); npkpy (github.com/botlabsDev/npkpy) for the types of parts and
//! the package header. All fields are little-endian. Nothing but the signature of the vendor covers the file; files in
//! parts of type 4 are compressed with zlib, which has an Adler-32. What is in them is a list of files.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_printable};
use crate::reading::Reading;
use crate::unpack::{Codec, unpack};
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "mikrotik-npk",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, &[0x1e, 0xf1, 0xd0, 0xba])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "MikroTik package (NPK)",
        identified_by: "magic 1ef1d0ba, parts that add up to the declared length",
        reveals: "missing bytes, parts that do not add up, damaged compressed files by zlib's Adler-32",
        blind_to: "damage elsewhere; signatures are not checked",
        source: "firmware-utils src/npk_pack_kernel.c, npkpy",
        tested_with: "npk_pack_kernel",
    },
};

const HEADER_SIZE: u64 = 8;
const PART_HEADER: u64 = 6;
const MAX_PARTS: usize = 256;
const MAX_TYPE: u16 = 40;

const PACKAGE: u16 = 1;
const DESCRIPTION: u16 = 2;
const COMPRESSED: u16 = 4;
const SIGNATURE: u16 = 9;
const ARCHITECTURE: u16 = 16;
const PACKAGE_INFO: u16 = 18;
const SQUASHFS: u16 = 21;
const CHANNEL: u16 = 24;

/// The header of a file in compressed parts: mode, room, three times, room, size, length of the name.
const FILE_HEADER: u64 = 30;

/// The most files that are handed on.
const MAX_FILES: usize = 1024;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let declared = u64::from(window.le32(4)?.unwrap_or(0));
    let first = u64::from(window.le32(10)?.unwrap_or(0));
    let signs = [
        declared + HEADER_SIZE == window.len(),
        window.le16(8)?.is_some_and(|kind| (1..=MAX_TYPE).contains(&kind)),
        first != 0 && first <= declared,
        window.le16(14 + first)?.is_some_and(|kind| (1..=MAX_TYPE).contains(&kind)),
    ];
    Ok(count(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let declared = u64::from(window.le32(4)?.unwrap_or(0)) + HEADER_SIZE;
    reading.container(FORMAT.id, window.clamped(0, declared));
    let container = reading.last_container();
    reading.set_vendor("MikroTik");
    reading.declared_size("the package", at + 4, declared, window.len());
    let mut place = HEADER_SIZE;
    for index in 0..MAX_PARTS {
        let (Some(kind), Some(size)) = (window.le16(place)?, window.le32(place + 2)?) else { break };
        let start = place + PART_HEADER;
        let end = start + u64::from(size);
        if place >= declared || (place > HEADER_SIZE && end > declared.max(window.len())) {
            break;
        }
        let part = window.clamped(start, size.into());
        read_part(kind, index, part, container, reading)?;
        place = end;
    }
    let parts = place.min(declared);
    reading.structure(
        "parts",
        at + HEADER_SIZE,
        declared,
        if place == declared { place } else { parts.max(place) },
    );
    reading.uncovered("Nothing but the signature of the vendor, which is not checked, covers an NPK.");
    reading.trailing(window, declared)
}

fn read_part(
    kind: u16,
    index: usize,
    part: Window<'_>,
    container: usize,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    match kind {
        PACKAGE | PACKAGE_INFO => record_package(part, container, reading),
        DESCRIPTION => insert(container, "description", &text(&part.head(0, 200)?), reading),
        ARCHITECTURE => {
            let name = text(&part.head(0, 32)?);
            reading.set_architecture(&name);
            insert(container, "architecture", &name, reading)
        }
        CHANNEL => insert(container, "channel", &text(&part.head(0, 32)?), reading),
        SIGNATURE => {
            reading.signature("The package");
            Ok(())
        }
        COMPRESSED => read_compressed(part, reading),
        SQUASHFS if !part.is_padding()? => reading.part(format!("squashfs {index}"), part).map(drop),
        _ => Ok(()),
    }
}

fn insert(container: usize, name: &str, value: &str, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if !value.is_empty() {
        reading.container_at(container).fields.insert(name.into(), value.into());
    }
    Ok(())
}

/// Name, version (revision, kind of release, minor, major), and time of the build.
fn record_package(part: Window<'_>, container: usize, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let name = part.text(0, 16)?;
    let Some([revision, release, minor, major]) = part.array::<4>(16)? else { return Ok(()) };
    if is_printable(&name) {
        insert(container, "name", &name, reading)?;
    }
    let version = match release {
        b'f' | 0 if revision == 0 => format!("{major}.{minor}"),
        b'f' | 0 => format!("{major}.{minor}.{revision}"),
        b'a' => format!("{major}.{minor}alpha{revision}"),
        b'b' => format!("{major}.{minor}beta{revision}"),
        b'c' => format!("{major}.{minor}rc{revision}"),
        _ => return Ok(()),
    };
    insert(container, "version", &version, reading)?;
    reading.set_version(version);
    Ok(())
}

/// Unpacks the files of a part and hands each on.
fn read_compressed(part: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let unpacked = unpack(part, Codec::Zlib)?;
    reading.decoded("compressed files", part.start(), &unpacked, false);
    let files = unpacked.window();
    let mut at = 0;
    for _ in 0..MAX_FILES {
        let (Some(size), Some(length)) = (files.le32(at + 24)?, files.le16(at + 28)?) else { break };
        let (size, length) = (u64::from(size), u64::from(length));
        let name = files.text(at + FILE_HEADER, length)?;
        let start = at + FILE_HEADER + length;
        let contents = files.clamped(start, size);
        if size != 0 {
            reading.hidden_part(name, contents)?;
        }
        at = start + size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::router::tests::{damaged, facts, noise};
    use std::io::Write;

    fn npk() -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        let contents = noise(0x900);
        let mut file = vec![0xed, 0x81];
        file.resize(24, 0);
        file.extend((contents.len() as u32).to_le_bytes());
        file.extend([11, 0]);
        file.extend(b"boot/kernel");
        encoder.write_all(&[file, contents].concat()).unwrap();
        let compressed = encoder.finish().unwrap();
        let mut package = b"system\0\0\0\0\0\0\0\0\0\0\x07f\x31\x06".to_vec();
        package.resize(32, 0);
        let mut parts = Vec::new();
        for (kind, contents) in [(1_u16, &package[..]), (16, b"mipsbe"), (4, &compressed)] {
            parts.extend(kind.to_le_bytes());
            parts.extend((contents.len() as u32).to_le_bytes());
            parts.extend(contents);
        }
        let mut image = vec![0x1e, 0xf1, 0xd0, 0xba];
        image.extend((parts.len() as u32).to_le_bytes());
        [image, parts].concat()
    }

    #[test]
    fn damage_of_the_structure_shows() {
        let image = npk();
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some("mikrotik-npk"));
        assert_eq!(found.integrity.verdict, debrick_model::Verdict::Unknown, "{:#?}", found.integrity);
        assert_eq!(found.version.as_deref(), Some("6.49.7"));
        damaged(&image, "mikrotik-npk", &[0, 5, 10, 0x400]);
    }
}
