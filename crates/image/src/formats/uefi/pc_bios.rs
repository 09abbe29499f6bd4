//! BIOSes of PCs: an image of the memory below 1 MiB or 4 GiB, with the reset vector in its last 16 bytes.
//!
//! Source: IBM PC/AT Technical Reference (the jump at f000:fff0, the date at f000:fff5, the model byte at f000:fffe);
//! SeaBIOS `src/romlayout.S`, `src/version.c`.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "pc-bios",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "PC BIOS",
        identified_by: "a far jump and a date in the last 16 bytes, or the names that SeaBIOS carries",
        reveals: "a missing end",
        blind_to: "everything else: the file carries no checksum of the whole",
        source: "IBM PC/AT Technical Reference; SeaBIOS src/romlayout.S",
        tested_with: "Debian's SeaBIOS, own construction",
    },
};

/// Files are a multiple of this.
const SEGMENT: u64 = 64 * 1024;

const VECTOR_SIZE: u64 = 16;

/// The largest file: the memory below 4 GiB that a chip is mapped to.
const MAX_SIZE: u64 = 16 << 20;

const SMALLEST_SEABIOS: u64 = 32 * 1024;

/// SeaBIOS is built to 128 or 256 KiB; twice that leaves room for what was appended.
const LARGEST_SEABIOS: u64 = 512 << 10;

/// Messages and names that only SeaBIOS holds, in different places of the file.
const SEABIOS_TEXTS: [&[u8]; 6] = [
    b"SeaBIOS (version %s)",
    b"XenHVMSeaBIOS",
    b"Unable to unlock ram",
    b"romfile_loader_add_pointer",
    b"romfile_loader_add_checksum",
    b"virtio_scsi_add_lun",
];

/// The longest text that can be a version.
const MAX_VERSION: usize = 64;

/// How much speaks for a reset vector: opcode, segment, and a date.
fn votes(bytes: [u8; 16]) -> u32 {
    let [jump, _, _, low, high, date @ .., _, _, _] = bytes;
    let is_date =
        |(index, byte): (usize, &u8)| if index % 3 == 2 { *byte == b'/' } else { byte.is_ascii_digit() };
    let date = date.iter().enumerate().filter(|place| is_date(*place)).count();
    u32::from(jump == 0xea) + u32::from(low == 0) + u32::from(high == 0xf0) + u32::from(date >= 7) * 2
}

/// Where the image ends: behind the last reset vector at a boundary of segments.
fn end(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let mut end = window.len().min(MAX_SIZE) / SEGMENT * SEGMENT;
    while end >= SEGMENT {
        if window.array(end - VECTOR_SIZE)?.is_some_and(|bytes| votes(bytes) >= 4) {
            return Ok(Some(end));
        }
        end -= SEGMENT;
    }
    Ok(None)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < SMALLEST_SEABIOS || window.len() > MAX_SIZE + SEGMENT {
        return Ok(false);
    }
    if end(window)?.is_some() {
        return Ok(true);
    }
    // A file without its end.
    if window.len() > LARGEST_SEABIOS {
        return Ok(false);
    }
    let mut found = 0;
    for message in SEABIOS_TEXTS {
        found += u32::from(window.find(message, 0, MAX_SIZE)?.is_some());
    }
    Ok(found >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let end = end(window)?;
    let whole = window.clamped(0, end.unwrap_or(window.len()));
    let date = match end {
        Some(end) => window.text(end - 11, 8)?,
        None => String::new(),
    };
    let fields = reading.container(FORMAT.id, whole);
    fields.insert("date".into(), date);
    reading.set_architecture("x86");
    let shown = if end.is_some() { "present" } else { "missing" };
    reading.structure("reset vector", window.start() + whole.len(), "present", shown);
    let is_seabios = window.find(b"SeaBIOS", 0, MAX_SIZE)?.is_some();
    if is_seabios || end.is_none() {
        reading.set_vendor("SeaBIOS");
        set_version(whole, reading)?;
    }
    reading.trailing(window, whole.len())
}

/// The version of SeaBIOS: a text of its own, like `rel-1.16.3-0-ga6ed6b7` or `1.16.2-debian-1.16.2-1`.
pub(super) fn set_version(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut run = Vec::new();
    let mut version = None;
    window.stream_while(|piece| {
        for byte in piece {
            if byte.is_ascii_graphic() && run.len() <= MAX_VERSION {
                run.push(*byte);
                continue;
            }
            if *byte == 0 && is_version(&run) {
                version = Some(String::from_utf8_lossy(&run).into_owned());
                return false;
            }
            run.clear();
        }
        true
    })?;
    reading.set_version(version.unwrap_or_default());
    Ok(())
}

/// `rel-` or nothing, three numbers with dots between them, then the end or a dash.
fn is_version(run: &[u8]) -> bool {
    let text = run.strip_prefix(b"rel-").unwrap_or(run);
    let end = text.iter().position(|byte| *byte == b'-').unwrap_or(text.len());
    let numbers: Vec<&[u8]> = text[..end].split(|byte| *byte == b'.').collect();
    let is_number = |number: &&[u8]| (1..=3).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    numbers.len() == 3 && numbers.iter().all(is_number) && run.len() <= MAX_VERSION
}
