//! gzip: one or more members, each with a CRC-32 and the size of what it holds.
//!
//! Source: RFC 1952. What the first member holds is handed on. A flipped bit in the first bytes is found by trying:
//! with it turned back the contents come out.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::unpack::{Codec, End, Unpacked, unpack, unpack_head};
use crate::window::{Patched, Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "gzip",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["gzip-wrapped", "esp-image-gz", "initramfs-gz", "tar-gz-wrapped"],
        name: "gzip",
        identified_by: "1f 8b 08, one bit of which may be wrong where the contents come out",
        reveals: "damaged contents, by CRC-32 and size",
        blind_to: "the file name in its header",
        source: "RFC 1952",
        tested_with: "gzip",
    },
};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Members after which checking stops.
const MAX_MEMBERS: usize = 256;

/// The most bytes that the variable part of a header takes.
const MAX_HEADER: u64 = 4096;

/// Bytes at the start in which a flipped bit is looked for.
const MENDED_BYTES: usize = 12;

/// Bytes that come out before a damaged start is believed, and of the file that are read for that.
const PROOF: u64 = 512;
const PROOF_INPUT: u64 = 32 * 1024;

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some([first, second, method, flags]) = window.array::<4>(0)? else { return Ok(false) };
    let wrong = [first ^ MAGIC[0], second ^ MAGIC[1], method ^ MAGIC[2], flags & RESERVED];
    match wrong.iter().map(|bits| bits.count_ones()).sum::<u32>() {
        0 => Ok(true),
        1 => Ok(mend(window)?.is_some()),
        _ => Ok(false),
    }
}

fn is_intact(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.array::<4>(0)?.is_some_and(|head| head[..3] == MAGIC && head[3] & RESERVED == 0))
}

/// Whether a header stands there, and behind it comes out what need not be empty.
fn starts_well(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(proof(window)?.is_some())
}

/// Whether a header stands there and something comes out behind it.
fn comes_out(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(proof(window)?.is_some_and(|output| output > 0))
}

/// How much comes out first, where a header stands there and what is behind it is sound.
fn proof(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    if !is_intact(window)? {
        return Ok(None);
    }
    let Some((size, _)) = header(&window.head(0, MAX_HEADER)?) else { return Ok(None) };
    let unpacked = unpack_head(window.clamped(size as u64, PROOF_INPUT), Codec::Deflate, PROOF)?;
    let is_sound = match unpacked.end {
        End::Complete | End::TooLarge => true,
        End::CutOff | End::Broken(_) => unpacked.output > PROOF / 2,
    };
    Ok(is_sound.then_some(unpacked.output))
}

/// The place and the right value of a byte near the start with one flipped bit, by trying all of them.
fn mend(window: Window<'_>) -> Result<Option<(u64, u8)>, ImageError> {
    for (at, there) in window.head(0, MENDED_BYTES as u64)?.iter().enumerate() {
        for bit in 0..8 {
            let value = [there ^ 1 << bit];
            let patched = Patched { window, at: at as u64, bytes: &value };
            if comes_out(Window::metered(&patched, window.meter()))? {
                return Ok(Some((at as u64, value[0])));
            }
        }
    }
    Ok(None)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if !starts_well(window)?
        && let Some((at, value)) = mend(window)?
    {
        let there = window.u8(at)?.unwrap_or_default();
        let bytes = [value];
        let patched = Patched { window, at, bytes: &bytes };
        let expected = format!("{value:02x}");
        reading.structure(
            format!("byte {at} of the gzip header"),
            window.start() + at,
            expected,
            format!("{there:02x}"),
        );
        return read_members(Window::metered(&patched, window.meter()), reading);
    }
    read_members(window, reading)
}

fn read_members(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let is_outermost = reading.is_outermost();
    reading.container(FORMAT.id, window);
    let slot = reading.last_container();
    let (mut end, mut output) = (0, 0_u64);
    for index in 0..MAX_MEMBERS {
        let rest = window.clamped(end, u64::MAX);
        if (index > 0 && !is_intact(rest)?) || rest.len() == 0 {
            break;
        }
        let (start, name) = header(&rest.head(0, MAX_HEADER)?).unwrap_or((rest.len().min(10) as usize, None));
        let start = start as u64;
        let data = rest.clamped(start, u64::MAX);
        let unpacked = unpack(data, Codec::Deflate)?;
        output += unpacked.output;
        let is_complete = unpacked.end == End::Complete;
        end = if is_complete { end + start + unpacked.input } else { window.len() };
        let has_trailer = record(data, &unpacked, reading)?;
        end += if has_trailer { 8 } else { 0 };
        if index == 0 {
            let container = reading.container_at(slot);
            container.size = end.min(window.len());
            container.fields.extend(name.map(|name| ("name".to_owned(), name)));
            let inside = reading.unpacked_part("contents", &unpacked)?;
            if is_outermost {
                reading.call_file(file_id(inside));
            }
        }
        if !has_trailer {
            break;
        }
    }
    let end = end.min(window.len());
    let container = reading.container_at(slot);
    container.size = end;
    container.fields.insert("uncompressed-size".into(), output.to_string());
    reading.trailing(window, end)
}

/// What the first member holds.
pub(super) fn contents(window: Window<'_>) -> Result<Option<Unpacked<'_>>, ImageError> {
    let Some((size, _)) = header(&window.head(0, MAX_HEADER)?) else { return Ok(None) };
    unpack(window.clamped(size as u64, u64::MAX), Codec::Deflate).map(Some)
}

/// What a file is called, by what is inside.
fn file_id(inside: Option<&str>) -> &'static str {
    match inside {
        Some("cpio" | "cpio-newc") => "initramfs-gz",
        Some("esp-image" | "esp-flash-image") => "esp-image-gz",
        Some("tar") => "tar-gz-wrapped",
        _ => "gzip-wrapped",
    }
}

/// Compares with the trailer; whether there is one.
fn record(data: Window<'_>, unpacked: &Unpacked<'_>, reading: &mut Reading<'_>) -> Result<bool, ImageError> {
    let at = data.start() + unpacked.input;
    let trailer = data.array::<8>(unpacked.input)?;
    match (&unpacked.end, trailer) {
        (End::Complete, Some([a, b, c, d, e, f, g, h])) => {
            let crc = u32::from_le_bytes([a, b, c, d]);
            let size = u32::from_le_bytes([e, f, g, h]);
            reading.digest("crc32 of gzip data", at, format!("{crc:08x}"), format!("{:08x}", unpacked.crc32));
            reading.digest("size of gzip data", at + 4, size, unpacked.output as u32);
            return Ok(true);
        }
        (End::Complete, None) => reading.structure("gzip data", at, "complete", "cut off"),
        _ => reading.decoded("gzip data", at, unpacked, true),
    }
    Ok(false)
}

/// The size of a header and the file name in it, where all of it is there.
fn header(head: &[u8]) -> Option<(usize, Option<String>)> {
    let flags = *head.get(3)?;
    let mut at = 10;
    let mut name = None;
    if flags & HAS_EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?]));
    }
    if flags & HAS_NAME != 0 {
        let bytes = terminated(head.get(at..)?)?;
        at += bytes.len() + 1;
        name = Some(text(bytes));
    }
    if flags & HAS_COMMENT != 0 {
        at += terminated(head.get(at..)?)?.len() + 1;
    }
    if flags & HAS_HEADER_CRC != 0 {
        at += 2;
    }
    (at <= head.len()).then_some((at, name))
}

fn terminated(bytes: &[u8]) -> Option<&[u8]> {
    Some(&bytes[..bytes.iter().position(|byte| *byte == 0)?])
}
