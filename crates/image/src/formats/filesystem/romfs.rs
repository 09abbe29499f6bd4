//! romfs: a read-only file system whose first 512 bytes, and each file's header, add up to zero.
//!
//! Source: Linux 6.6 `Documentation/filesystems/romfs.rst`, `fs/romfs/super.c`. Numbers are big-endian.

use crate::digest::words;
use crate::error::ImageError;
use crate::fields::evidence;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "romfs",
    rank: Rank::Magic,
    magic: &[Magic::at(0, MAGIC)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "romfs",
        identified_by: "magic `-rom1fs-`",
        reveals: "damage in the first 512 bytes and in headers of files, by sums of words, and missing bytes",
        blind_to: "contents of files behind the first 512 bytes",
        source: "Linux 6.6 Documentation/filesystems/romfs.rst, fs/romfs/super.c",
        tested_with: "genromfs, own construction",
    },
};

const MAGIC: &[u8] = b"-rom1fs-";

/// Bytes that the sum of the file system covers.
const SUMMED: u64 = 512;

/// Bytes of a header before its name.
const HEADER_SIZE: u64 = 16;

/// The most headers of files that are looked at.
const MAX_FILES: usize = 4096;

/// The longest name, padding included.
const MAX_NAME: u64 = 256;

/// The low bits of `next` hold the kind of the file: 0 is a hard link, 1 a directory.
const KIND: u32 = 7;
const DIRECTORY: u32 = 1;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (Some(size), Some(volume)) = (window.be32(8)?, padded_text(window, HEADER_SIZE)?) else {
        return Ok(false);
    };
    let signs = [(32..1 << 30).contains(&size), sum(window.clamped(0, SUMMED))? == 0, volume < MAX_NAME];
    Ok(evidence(&signs) >= 1)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let size = u64::from(window.be32(8)?.unwrap_or(0));
    let whole = window.clamped(0, size);
    let name = window.text(HEADER_SIZE, padded_text(window, HEADER_SIZE)?.unwrap_or(0))?;
    let fields = reading.container(FORMAT.id, whole);
    fields.insert("name".into(), name);
    fields.insert("size".into(), size.to_string());
    let at = window.start();
    reading.declared_size("the file system", at + 8, size, window.len());
    let head = window.clamped(0, SUMMED.min(size));
    reading.digest("sum of the first 512 bytes", at + 12, "00000000", format!("{:08x}", sum(head)?));
    read_files(whole, reading)?;
    reading
        .uncovered("Contents of files behind the first 512 bytes of the romfs are covered by no checksum.");
    reading.trailing(window, size)
}

/// Walks the headers of files, directory by directory, and adds each up.
fn read_files(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(volume) = padded_text(window, HEADER_SIZE)? else { return Ok(()) };
    let mut waiting = vec![HEADER_SIZE + volume];
    let (mut count, mut broken) = (0, None);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(at) = waiting.pop() {
        if count == MAX_FILES || !seen.insert(at) {
            continue;
        }
        let header =
            (window.be32(at)?, window.be32(at.saturating_add(4))?, window.be32(at.saturating_add(8))?);
        let (Some(next), Some(info), Some(size)) = header else {
            broken.get_or_insert(at);
            continue;
        };
        count += 1;
        let name = padded_text(window, at + HEADER_SIZE)?.unwrap_or(0);
        let end = at + HEADER_SIZE + name + u64::from(size);
        if sum(window.clamped(at, HEADER_SIZE + name))? != 0 || end > window.len() {
            broken.get_or_insert(at);
        }
        if next & KIND == DIRECTORY && info != 0 {
            waiting.push(u64::from(info & !0xf));
        }
        if next & !0xf != 0 {
            waiting.push(u64::from(next & !0xf));
        }
    }
    let (place, found) = match broken {
        Some(at) => (at, format!("broken at offset {}", window.start().saturating_add(at))),
        None => (0, "sound".into()),
    };
    reading.digest("sums of the headers of files", window.start().saturating_add(place), "sound", found);
    Ok(())
}

/// The length of a NUL-terminated text, padded to 16 bytes.
fn padded_text(window: Window<'_>, at: u64) -> Result<Option<u64>, ImageError> {
    let bytes = window.head(at, MAX_NAME)?;
    let end = bytes.iter().position(|byte| *byte == 0);
    Ok(end.map(|end| (end as u64 + 1).next_multiple_of(16)))
}

/// The sum of big-endian words.
fn sum(window: Window<'_>) -> Result<u32, ImageError> {
    let mut sum = 0_u32;
    words(window, |word| sum = sum.wrapping_add(u32::from_be_bytes(word)))?;
    Ok(sum)
}
