//! 7z archives around firmware.
//!
//! Source: LZMA SDK `DOC/7zFormat.txt` (signature header of 32 bytes: signature, version, CRC-32 of the start header;
//! start header: offset, size and CRC-32 of the next header, which lists the members and stands at the end). Where the
//! next header is missing or broken, the first packed stream, which follows the signature header, is tried as LZMA2,
//! the default of `7z a`.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::unpack::{Codec, End, unpack, unpack_reader};
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "7z",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"7z\xbc\xaf\x27\x1c")],
    matches,
    read,
    about: About {
        outermost: &["7z-wrapped"],
        name: "7z archive with firmware in it",
        identified_by: "37 7a bc af 27 1c and a start header with its CRC-32, or one that fits the file",
        reveals: "damaged members and headers, by CRC-32; an end that is missing",
        blind_to: "names and contents of archives that are encrypted",
        source: "LZMA SDK DOC/7zFormat.txt",
        tested_with: "7z, own construction",
    },
};

/// Bytes of the signature header, behind which offsets count.
const HEADER_SIZE: u64 = 32;

/// The largest next header that is read, in bytes.
const MAX_NEXT_HEADER: u64 = 1 << 20;

/// The largest dictionary that a member may ask for, in bytes.
const MAX_DICTIONARY: u64 = 64 << 20;

/// The most members that are unpacked.
const MAX_OPENED: usize = 256;

const LZMA: [u8; 3] = [3, 1, 1];
const LZMA2: [u8; 1] = [0x21];

/// What the start header says.
struct Start {
    declared_crc: u32,
    crc: u32,
    next: u64,
    next_size: u64,
    next_crc: u32,
}

impl Start {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let (Some(declared_crc), Some(start)) = (window.le32(8)?, window.part(12, 20)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            declared_crc,
            crc: crc32(start)?,
            next: start.le64(0)?.unwrap_or(0).saturating_add(HEADER_SIZE),
            next_size: start.le64(8)?.unwrap_or(0),
            next_crc: start.le32(16)?.unwrap_or(0),
        }))
    }

    fn end(&self) -> u64 {
        self.next.saturating_add(self.next_size)
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(start) = Start::of(window)? else { return Ok(false) };
    let is_intact = start.crc == start.declared_crc && window.u8(6)? == Some(0);
    // With one flipped bit the end, or the version and the first chunk of LZMA2, still fit.
    let ends_here = start.end() == window.len();
    let is_usual =
        window.has(6, &[0, 4])? && window.u8(HEADER_SIZE)?.is_some_and(|first| first <= 1 || first >= 0xe0);
    Ok(is_intact || ends_here || is_usual)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(start) = Start::of(window)? else { return Ok(()) };
    let is_outermost = reading.is_outermost();
    let at = window.start();
    let end = if start.crc == start.declared_crc { start.end().min(window.len()) } else { window.len() };
    reading.container(FORMAT.id, window.clamped(0, end));
    let slot = reading.last_container();
    reading.digest("crc32 of the start header", at + 8, hex(start.declared_crc), hex(start.crc));
    reading.structure("major version of the archive", at + 6, 0, window.u8(6)?.unwrap_or(0));
    let mut is_sound = start.crc == start.declared_crc;
    if is_sound {
        reading.declared_size("the archive", at + 12, start.end(), window.len());
        let next = window.part(start.next, start.next_size);
        is_sound = next.is_some();
        if let Some(next) = next {
            let crc = crc32(next)?;
            reading.digest("crc32 of the next header", next.start(), hex(start.next_crc), hex(crc));
            is_sound = crc == start.next_crc;
        }
    }
    let is_empty = start.next_size == 0;
    let mut found = Vec::new();
    if is_sound && !is_empty && start.next_size <= MAX_NEXT_HEADER {
        found = read_members(window, slot, reading)?;
    } else if !is_empty {
        // What is at the start can still be had.
        let unpacked = unpack(window.clamped(HEADER_SIZE, u64::MAX), Codec::Lzma2)?;
        found.extend(reading.beginning_part("contents", unpacked.window())?);
    }
    if is_outermost && found.is_empty() && is_sound && !reading.has_failure() {
        reading.disclaim();
    } else if is_outermost {
        reading.call_file("7z-wrapped");
    }
    reading.trailing(window, end)
}

/// Unpacks and reads the members, and returns the formats found.
fn read_members(
    window: Window<'_>,
    slot: usize,
    reading: &mut Reading<'_>,
) -> Result<Vec<&'static str>, ImageError> {
    let mut found = Vec::new();
    let password = sevenz_rust2::Password::empty();
    let archive = match sevenz_rust2::Archive::read(&mut window.reader(), &password) {
        Ok(archive) => archive,
        Err(error) => {
            reading.uncovered(format!("The archive's list of members is not read: {error}."));
            return Ok(found);
        }
    };
    reading.container_at(slot).fields.insert("entries".into(), archive.files.len().to_string());
    let needs_much = archive
        .blocks
        .iter()
        .flat_map(|block| &block.coders)
        .any(|coder| dictionary(coder.encoder_method_id(), coder.properties()) > MAX_DICTIONARY);
    if needs_much {
        reading.uncovered("The archive needs more memory to unpack than is taken.");
        return Ok(found);
    }
    let at = window.start() + HEADER_SIZE;
    let mut files = sevenz_rust2::ArchiveReader::from_archive(archive, window.reader(), password);
    files.set_thread_count(1);
    let mut opened = 0;
    let mut failure = None;
    let mut is_broken = false;
    let walked = files.for_each_entries(|entry, contents| {
        if entry.is_directory || !entry.has_stream {
            return Ok(true);
        }
        if opened == MAX_OPENED {
            reading.uncovered(format!("Only the first {MAX_OPENED} members of the archive were unpacked."));
            return Ok(false);
        }
        opened += 1;
        let mut read = || -> Result<bool, ImageError> {
            let unpacked = unpack_reader(window.meter(), contents)?;
            if unpacked.end == End::Complete && entry.has_crc {
                let name = format!("crc32 of {}", entry.name);
                reading.digest(name, at, hex(entry.crc as u32), hex(unpacked.crc32));
            } else {
                reading.decoded(&format!("{} in the archive", entry.name), at, &unpacked, entry.has_crc);
            }
            found.extend(reading.unpacked_part(&entry.name, &unpacked)?);
            Ok(unpacked.end == End::Complete)
        };
        match read() {
            Ok(goes_on) => {
                is_broken = !goes_on;
                Ok(goes_on)
            }
            Err(error) => {
                failure = Some(error);
                Ok(false)
            }
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    if let Err(error) = walked
        && !is_broken
    {
        reading.uncovered(format!("Not all members of the archive could be unpacked: {error}."));
    }
    Ok(found)
}

/// The dictionary that a coder asks for, in bytes.
fn dictionary(method: &[u8], properties: &[u8]) -> u64 {
    match (method, properties) {
        (method, [_, a, b, c, d, ..]) if method == LZMA => u32::from_le_bytes([*a, *b, *c, *d]).into(),
        (method, [bits, ..]) if method == LZMA2 && *bits <= 40 => {
            (2 | u64::from(bits & 1)) << (u32::from(*bits) / 2 + 11)
        }
        _ => 0,
    }
}

fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}

#[cfg(test)]
mod tests {
    use crate::inspect::inspect;

    /// An archive with one stored member, a legacy uImage or not: the header lists one folder with the copy method.
    fn archive(contents: &[u8]) -> Vec<u8> {
        let size = u8::try_from(contents.len()).unwrap();
        assert!(size < 0x80);
        let crc = crc32fast::hash(contents).to_le_bytes();
        let mut next = vec![1, 4, 6, 0, 1, 9, size, 0, 7, 0x0b, 1, 0, 1, 1, 0, 0x0c, size, 0x0a, 1];
        next.extend(crc);
        next.extend([0, 0, 5, 1, 0x11, 5, 0, b'a', 0, 0, 0, 0, 0]);
        let mut start = (contents.len() as u64).to_le_bytes().to_vec();
        start.extend((next.len() as u64).to_le_bytes());
        start.extend(crc32fast::hash(&next).to_le_bytes());
        let mut bytes = b"7z\xbc\xaf\x27\x1c\0\x04".to_vec();
        bytes.extend(crc32fast::hash(&start).to_le_bytes());
        [bytes, start, contents.to_vec(), next].concat()
    }

    #[test]
    fn only_firmware_is_claimed_and_damage_is_told() {
        let text = archive(b"just some text that is in an archive");
        assert_eq!(inspect(&text).unwrap().format, None, "an archive of text");
        let mut damaged = text.clone();
        *damaged.last_mut().unwrap() ^= 4;
        let facts = inspect(&damaged).unwrap();
        assert_eq!(facts.format.as_deref(), Some("7z-wrapped"));
        assert_eq!(facts.integrity.verdict, debrick_model::Verdict::Fail);
        for len in 0..text.len() {
            inspect(&text[..len].to_vec()).unwrap();
        }
        for bit in 0..text.len() * 8 {
            let mut damaged = text.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            inspect(&damaged).unwrap();
        }
    }
}
