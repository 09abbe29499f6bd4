//! Cabinets of the Linux Vendor Firmware Service: firmware, its metainfo and perhaps its signature.
//!
//! Sources: [MS-CAB] 2 (header, folders, CFDATA with a checksum over its sizes and bytes), fwupd
//! `libfwupdplugin/fu-cab-firmware.c`, AppStream's `metainfo.xml` for components of type firmware.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::unpack::unpack_reader;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "cab",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"MSCF")],
    matches,
    read,
    about: About {
        outermost: &["lvfs-cab"],
        name: "cabinet of the Linux Vendor Firmware Service",
        identified_by: "MSCF, a header of version 1.3 and a member that ends in .metainfo.xml",
        reveals: "damaged blocks, by the sum of each; members that differ from the digest in the metainfo",
        blind_to: "names and times",
        source: "MS-CAB; fwupd libfwupdplugin/fu-cab-firmware.c",
        tested_with: "gcab",
    },
};

/// The most members that are unpacked.
const MAX_MEMBERS: usize = 256;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let has_version = window.has(24, &[3, 1])?;
    let has_size = window.le32(8)?.is_some_and(|size| u64::from(size) <= window.len().saturating_mul(2));
    let has_name = window.find(b".metainfo.xml", 0, SMALL)?.is_some();
    Ok(has_name && (has_version || has_size))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.le32(8)?.unwrap_or(0));
    let is_outermost = reading.is_outermost();
    reading.container(FORMAT.id, window.clamped(0, size));
    if is_outermost {
        reading.call_file("lvfs-cab");
    }
    reading.declared_size("the cabinet", at + 8, size, window.len());
    read_blocks(window, reading)?;
    let mut cabinet = match cab::Cabinet::new(window.reader()) {
        Ok(cabinet) => cabinet,
        Err(error) => {
            reading.structure("header of the cabinet", at, "sound", format!("broken: {error}"));
            return Ok(());
        }
    };
    let mut names: Vec<String> = cabinet
        .folder_entries()
        .flat_map(|folder| folder.file_entries().map(|file| file.name().to_owned()).collect::<Vec<_>>())
        .take(MAX_MEMBERS)
        .collect();
    // What describes the others comes first.
    names.sort_by_key(|name| !name.ends_with(".metainfo.xml"));
    let mut metainfo = String::new();
    for name in names {
        if name.ends_with(".jcat") || name.ends_with(".asc") || name.ends_with(".p7b") {
            reading.signature("The cabinet");
        }
        let mut member = match cabinet.read_file(&name) {
            Ok(member) => member,
            Err(error) => {
                reading.structure(&name, at, "readable", format!("broken: {error}"));
                continue;
            }
        };
        let unpacked = unpack_reader(window.meter(), &mut member)?;
        reading.decoded(&format!("{name} in the cabinet"), at, &unpacked, false);
        if name.ends_with(".metainfo.xml") {
            reading.container("metainfo", unpacked.window());
            metainfo = String::from_utf8_lossy(&unpacked.window().head(0, SMALL)?).into_owned();
            describe(&metainfo, reading);
        } else {
            for algorithm in [Algorithm::Sha1, Algorithm::Sha256] {
                if let Some(expected) = checksum(&metainfo, &name, algorithm.id()) {
                    let actual = hex(&algorithm.of(unpacked.window())?);
                    reading.digest(
                        format!("{} of {name}", algorithm.id()),
                        at,
                        expected.to_lowercase(),
                        actual,
                    );
                }
            }
            reading.unpacked_part(&name, &unpacked)?;
        }
    }
    reading.trailing(window, size)
}

/// Compares the sums of all blocks.
fn read_blocks(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let (Some(folders), Some(flags)) = (window.le16(26)?, window.le16(30)?) else { return Ok(()) };
    if flags != 0 {
        reading.uncovered("The sums of a cabinet with reserved fields are not compared.");
        return Ok(());
    }
    for folder in 0..u64::from(folders.min(64)) {
        let (Some(start), Some(blocks)) = (window.le32(36 + folder * 8)?, window.le16(40 + folder * 8)?)
        else {
            break;
        };
        let mut offset = u64::from(start);
        for _ in 0..blocks {
            let (Some(sum), Some(size)) = (window.le32(offset)?, window.le16(offset + 4)?) else { break };
            let Some(bytes) = window.bytes(offset + 8, size.into())? else { break };
            let sizes = window.le32(offset + 4)?.unwrap_or(0);
            if sum != 0 {
                let actual = format!("{:08x}", block_sum(&bytes) ^ sizes);
                reading.digest("sum of a block", window.start() + offset, format!("{sum:08x}"), actual);
            }
            offset += 8 + u64::from(size);
        }
    }
    Ok(())
}

/// All words exclusive-ored; the last bytes count as a big-endian number.
fn block_sum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks_exact(4);
    let rest = words.remainder().iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    words.fold(rest, |sum, word| sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

fn describe(text: &str, reading: &mut Reading<'_>) {
    reading.set_vendor(element(text, "<developer_name", "</").unwrap_or_default());
    reading.set_model(element(text, "<name", "</").unwrap_or_default());
    if let Some(release) = text.find("<release ").map(|at| &text[at..])
        && let Some(version) = attribute(release, "version")
    {
        reading.set_version(version);
    }
    for firmware in text.split("<firmware").skip(1).take(64) {
        reading.board(
            firmware.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or("").trim(),
        );
    }
}

fn element<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once(end)?.0.trim())
}

fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let tag = text.split('>').next()?;
    let (_, rest) = tag.split_once(&format!("{name}="))?;
    let quote = rest.chars().next()?;
    rest.get(quote.len_utf8()..)?.split(quote).next()
}

/// The digest that the metainfo gives for a member.
fn checksum<'t>(text: &'t str, name: &str, algorithm: &str) -> Option<&'t str> {
    text.split("<checksum").skip(1).take(64).find_map(|rest| {
        let is_it = attribute(rest, "filename")? == name
            && attribute(rest, "type")? == algorithm
            && attribute(rest, "target").is_none_or(|target| target == "content");
        is_it.then(|| rest.split_once('>')?.1.split('<').next().map(str::trim))?
    })
}
