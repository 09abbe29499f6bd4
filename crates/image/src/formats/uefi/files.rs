//! Files in UEFI firmware volumes, and the sections that files consist of.
//!
//! Source: UEFI Platform Initialization Specification 1.7, volume 3, sections 3.2.3 (files) and 3.2.4 (sections); EDK II
//! `LzmaCustomDecompressLib` for the one that is compressed with LZMA.

use crate::digest::{byte_sum, crc32};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::uefi::guid::guid_at;
use crate::formats::uefi::{pe, volume};
use crate::reading::Reading;
use crate::unpack::{Codec, unpack};
use crate::window::Window;

/// Sections in a row, as they come out of a compressed section.
pub(crate) const FORMAT: Format = Format {
    id: "uefi-sections",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read: read_sections,
    about: About {
        outermost: &[],
        name: "UEFI file sections",
        identified_by: "sections that fill it, one of which holds a firmware volume",
        reveals: "what the volume inside reveals",
        blind_to: "what the volume inside cannot reveal",
        source: "UEFI PI Specification 1.7 volume 3, section 3.2.4",
        tested_with: "Debian's OVMF, own construction",
    },
};

/// What an erased bit is in the volume, among its attributes.
const ERASED_IS_ONE: u32 = 0x800;

const FILE_HEADER: u64 = 24;

const LARGE_FILE_HEADER: u64 = 32;

const FILE_IS_LARGE: u8 = 0x01;

const FILE_HAS_SUM: u8 = 0x40;

const TYPE_RAW: u8 = 0x01;

const TYPE_PAD: u8 = 0xf0;

const MAX_FILES: u32 = 4096;

const MAX_SECTIONS: u32 = 1024;

const SECTION_COMPRESSED: u8 = 0x01;

const SECTION_GUIDED: u8 = 0x02;

const SECTION_PE32: u8 = 0x10;

const SECTION_NAME: u8 = 0x15;

const SECTION_VOLUME: u8 = 0x17;

const SECTION_RAW: u8 = 0x19;

/// A guided section whose contents are LZMA with its usual header of 13 bytes.
const LZMA: &str = "ee4e5898-3914-4259-9d6e-dc7bd79403cf";

/// A guided section whose contents follow their CRC-32.
const CRC32: &str = "fc1bcdb0-7d31-49aa-936a-a4600d9dd083";

/// Reads the files of a volume from an offset on.
pub(super) fn read(
    volume: Window<'_>,
    from: u64,
    attributes: u32,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let erased = if attributes & ERASED_IS_ONE != 0 { 0xff } else { 0 };
    reading.container("uefi-ffs", volume.clamped(from, u64::MAX));
    let index = reading.last_container();
    let (mut at, mut count) = (from.next_multiple_of(8), 0);
    while count < MAX_FILES {
        let Some(header) = volume.array::<{ FILE_HEADER as usize }>(at)? else { break };
        if header.iter().all(|byte| *byte == erased) {
            break;
        }
        let Some(size) = read_file(volume.clamped(at, u64::MAX), &header, reading)? else { break };
        count += 1;
        at = (at + size).next_multiple_of(8);
    }
    reading.container_at(index).fields.insert("files".into(), count.to_string());
    let free = volume.clamped(at, u64::MAX);
    let rest = if free.is_padding()? { "erased" } else { "something else" };
    reading.structure("space behind the files", free.start(), "erased", rest);
    Ok(())
}

/// Reads one file; its size, or nothing where it cannot be one.
fn read_file(
    window: Window<'_>,
    header: &[u8; FILE_HEADER as usize],
    reading: &mut Reading<'_>,
) -> Result<Option<u64>, ImageError> {
    let [.., header_sum, sum, kind, attributes, a, b, c, state] = *header;
    let is_large = attributes & FILE_IS_LARGE != 0;
    let (start, size) = match is_large {
        true => (LARGE_FILE_HEADER, window.le64(FILE_HEADER)?.unwrap_or_default()),
        false => (FILE_HEADER, u32::from_le_bytes([a, b, c, 0]).into()),
    };
    let name = guid_at(window, 0)?;
    let at = window.start();
    if size < start {
        reading.structure(format!("size of file {name}"), at + 20, "at least its header", size);
        return Ok(None);
    }
    // Neither the sum of the contents nor the state counts.
    let total = byte_sum(window.clamped(0, start))?;
    let actual = (total - u64::from(sum) - u64::from(state)) as u8;
    if actual != 0 || kind != TYPE_PAD {
        let expected = header_sum.wrapping_sub(actual);
        let what = format!("sum of the header of file {name}");
        reading.digest(what, at + 16, format!("{expected:02x}"), format!("{header_sum:02x}"));
    }
    let file = window.clamped(start, size - start);
    reading.declared_size(&format!("file {name}"), at + 20, size - start, file.len());
    if attributes & FILE_HAS_SUM != 0 {
        let expected = (byte_sum(file)? as u8).wrapping_neg();
        let what = format!("sum of file {name}");
        reading.digest(what, at + 17, format!("{expected:02x}"), format!("{sum:02x}"));
    }
    match kind {
        TYPE_PAD => (),
        TYPE_RAW => drop(reading.part(name, file)?),
        _ => read_sections_named(&name, file, reading)?,
    }
    Ok(Some(size))
}

/// A section: where its contents start, where it ends, its type.
struct Section {
    start: u64,
    end: u64,
    kind: u8,
}

impl Section {
    fn read(window: Window<'_>, at: u64) -> Result<Option<Self>, ImageError> {
        let Some([a, b, c, kind]) = window.array(at)? else { return Ok(None) };
        let (head, size) = match [a, b, c] {
            [0xff, 0xff, 0xff] => (8, window.le32(at + 4)?.unwrap_or_default()),
            _ => (4, u32::from_le_bytes([a, b, c, 0])),
        };
        let end = at + u64::from(size);
        Ok((u64::from(size) >= head).then_some(Self { start: at + head, end, kind }))
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (mut at, mut has_volume) = (0, false);
    for _ in 0..MAX_SECTIONS {
        if at >= window.len() {
            return Ok(has_volume);
        }
        let Some(section) = Section::read(window, at)? else { return Ok(false) };
        if section.end > window.len() || !(0x01..=0x20).contains(&section.kind) {
            return Ok(false);
        }
        has_volume |= section.kind == SECTION_VOLUME && window.has(section.start + 40, b"_FVH")?;
        at = section.end.next_multiple_of(4);
    }
    Ok(false)
}

fn read_sections(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    read_sections_named("", window, reading)
}

/// Reads the sections of a file, or of a section that holds others.
fn read_sections_named(name: &str, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let name = &shown_name(window)?.unwrap_or_else(|| name.to_owned());
    let mut at = 0;
    for _ in 0..MAX_SECTIONS {
        let Some(section) = Section::read(window, at)? else { break };
        let contents = window.clamped(section.start, section.end - section.start);
        if section.end > window.len() {
            let what = format!("section of file {name}");
            reading.declared_size(&what, window.start() + at, section.end - at, window.len() - at);
        }
        match section.kind {
            SECTION_PE32 => drop(reading.part_as(name.as_str(), contents, &pe::FORMAT)?),
            SECTION_VOLUME => drop(reading.part_as(name.as_str(), contents, &volume::FORMAT)?),
            SECTION_RAW => drop(reading.part(name.as_str(), contents)?),
            SECTION_GUIDED => read_guided(name, window.clamped(at, section.end - at), reading)?,
            SECTION_COMPRESSED => read_compressed(name, contents, reading)?,
            _ => (),
        }
        at = section.end.next_multiple_of(4);
    }
    Ok(())
}

/// What the file calls itself for people.
fn shown_name(window: Window<'_>) -> Result<Option<String>, ImageError> {
    let mut at = 0;
    for _ in 0..MAX_SECTIONS {
        let Some(section) = Section::read(window, at)? else { break };
        if section.kind == SECTION_NAME {
            let bytes = window.head(section.start, 128.min(section.end - section.start))?;
            let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
            return Ok(Some(crate::window::text(String::from_utf16_lossy(&units).as_bytes())));
        }
        at = section.end.next_multiple_of(4);
    }
    Ok(None)
}

/// A section whose GUID tells what was done to its contents.
fn read_guided(name: &str, section: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(whole) = Section::read(section, 0)? else { return Ok(()) };
    let head = whole.start;
    let kind = guid_at(section, head)?;
    let offset = u64::from(section.le16(head + 16)?.unwrap_or_default());
    let data = section.clamped(offset.max(head + 20), u64::MAX);
    match kind.as_str() {
        LZMA => {
            reading.container("lzma", data);
            let unpacked = unpack(data, Codec::Lzma)?;
            reading.decoded(&format!("LZMA data of file {name}"), data.start(), &unpacked, false);
            reading.unpacked_part(name, &unpacked)?;
        }
        CRC32 => {
            let expected = section.le32(head + 20)?.unwrap_or_default();
            let what = format!("crc32 of a section of file {name}");
            let at = section.start() + head + 20;
            reading.digest(what, at, format!("{expected:08x}"), format!("{:08x}", crc32(data)?));
            reading.part(name, data)?;
        }
        _ => reading.uncovered(format!("The section {kind} of file {name} was not looked into.")),
    }
    Ok(())
}

/// A section with the size of what it holds, and a byte that says how.
fn read_compressed(name: &str, contents: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    match contents.u8(4)? {
        Some(0) => drop(reading.part(name, contents.clamped(5, u64::MAX))?),
        _ => reading.uncovered(format!("File {name} is compressed in a way that is not undone here.")),
    }
    Ok(())
}
