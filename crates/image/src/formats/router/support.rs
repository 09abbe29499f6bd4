//! What the formats of this folder share: counting evidence, names of models, and contents that follow one another.

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

/// Parts of one payload that are handed on.
const MAX_PARTS: usize = 16;

/// Places that look like the start of a squashfs which are looked at in one payload.
const MAX_CANDIDATES: usize = 16;

/// How many bits differ between what stands at an offset and what should; all bits where the window ends before.
pub(super) fn bit_errors(window: Window<'_>, at: u64, expected: &[u8]) -> Result<u32, ImageError> {
    let there = window.head(at, expected.len() as u64)?;
    let missing = (expected.len() - there.len()) as u32 * 8;
    let differing: u32 = there.iter().zip(expected).map(|(left, right)| (left ^ right).count_ones()).sum();
    Ok(missing + differing)
}

/// How many bytes of a field break the shape of a name: at least `shortest` printable characters, then only zeros.
pub(super) fn name_errors(field: &[u8], shortest: usize) -> u32 {
    let printable = |byte: &u8| (0x20..0x7f).contains(byte);
    let mut errors = field.iter().filter(|byte| **byte != 0).count();
    let mut fewest = usize::MAX;
    for split in 0..=field.len() {
        if split >= shortest {
            fewest = fewest.min(errors);
        }
        match field.get(split) {
            Some(0) => errors += 1,
            Some(byte) if printable(byte) => errors -= 1,
            _ => {}
        }
    }
    fewest.min(field.len()) as u32
}

/// The same for a field in a window; all of it is wrong where the window ends before.
pub(super) fn field_errors(
    window: Window<'_>,
    at: u64,
    len: u64,
    shortest: usize,
) -> Result<u32, ImageError> {
    Ok(window.bytes(at, len)?.map_or(len as u32, |field| name_errors(&field, shortest)))
}

/// Whether a file that a header gives this size could be the window: whole, cut off, or with something behind it.
pub(super) fn could_be(window: Window<'_>, declared: u64) -> bool {
    const SLACK: u64 = 64 * 1024;
    declared > 0
        && declared <= window.len().saturating_mul(3).saturating_add(SLACK)
        && window.len() <= declared.saturating_mul(2).saturating_add(SLACK)
}

/// 0 where it holds, else 1.
pub(super) fn unless(holds: bool) -> u32 {
    u32::from(!holds)
}

/// A word as these headers write it for people.
pub(super) fn hex32(word: u32) -> String {
    format!("{word:08x}")
}

/// Like [`hex32`], for half words.
pub(super) fn hex16(word: u16) -> String {
    format!("{word:04x}")
}

/// Like [`hex32`], for bytes.
pub(super) fn hex8(byte: u8) -> String {
    format!("{byte:02x}")
}

/// The bytes of a window combined with a key that repeats from some place on.
pub(super) struct Xored<'a> {
    pub(super) window: Window<'a>,
    pub(super) key: &'a [u8],
}

impl Source for Xored<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.window.read_at(offset, buffer)?;
        combine(buffer, self.key, offset);
        Ok(())
    }
}

/// Combines bytes that stand at `offset` with a pattern that repeats from offset 0.
pub(super) fn combine(bytes: &mut [u8], pattern: &[u8], offset: u64) {
    /// A pattern shorter than this is written out several times, so that many bytes are combined at once.
    const WIDE: usize = 256;
    let wide;
    let pattern = if pattern.is_empty() {
        return;
    } else if pattern.len() < WIDE && bytes.len() > WIDE {
        wide = pattern.repeat(WIDE.div_ceil(pattern.len()));
        &wide
    } else {
        pattern
    };
    let xor =
        |bytes: &mut [u8], with: &[u8]| bytes.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
    let start = (offset % pattern.len() as u64) as usize;
    let (first, rest) = bytes.split_at_mut(bytes.len().min(pattern.len() - start));
    xor(first, &pattern[start..]);
    rest.chunks_mut(pattern.len()).for_each(|chunk| xor(chunk, pattern));
}

/// The model of D-Link that a signature names: `RT3052-AP-DAP1350-3` is for a `DAP-1350`.
pub(super) fn dlink_model(signature: &str) -> Option<String> {
    const FAMILIES: &[&str] =
        &["DAP", "DIR", "DGS", "DES", "DXS", "DWR", "DWL", "DWM", "DSL", "DNS", "DHP", "DVA", "DCS"];
    let text = signature.to_ascii_uppercase();
    FAMILIES.iter().find_map(|family| {
        let at = text.find(family)?;
        let rest = text.get(at + family.len()..)?;
        let rest = rest.strip_prefix(['-', '_']).unwrap_or(rest);
        let number: String =
            rest.chars().take_while(|symbol| symbol.is_ascii_alphanumeric()).take(8).collect();
        let digits = number.chars().take_while(char::is_ascii_digit).count();
        let keeps_letters = number.len() - digits <= 2 && !number.ends_with("WW") && !number.ends_with("NA");
        let number = if keeps_letters { number.as_str() } else { number.get(..digits)? };
        (digits >= 2).then(|| format!("{family}-{number}"))
    })
}

/// What a place of a payload starts with.
enum Kind {
    /// Something that tells its own size.
    Sized(u64),
    /// Something that does not, perhaps followed by a root file system.
    Open,
}

/// Hands on what a header wraps: mostly a kernel and behind it the root file system, with padding between them.
pub(super) fn hand_on(payload: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    hand_on_known(payload, reading).map(drop)
}

/// The same; returns where a rest starts that nobody knows, behind parts that tell their own size.
pub(super) fn hand_on_known(payload: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    each_part(payload, |part| reading.contents(part))
}

/// Hands on what stands behind the contents that a header counts, where that is a root file system or the like; else
/// it belongs nowhere.
pub(super) fn hand_on_rest(
    window: Window<'_>,
    end: u64,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let start = skip_padding(window, end.min(window.len()))?;
    if start < window.len() && starts_firmware(window, start)? {
        let known = hand_on_known(window.clamped(start, u64::MAX), reading)?;
        return reading.trailing(window, start + known);
    }
    reading.trailing(window, end)
}

/// The same for what a cipher hid.
pub(super) fn hand_on_hidden(payload: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    each_part(payload, |part| reading.hidden_part("contents", part))
}

fn each_part(
    payload: Window<'_>,
    mut take: impl FnMut(Window<'_>) -> Result<Option<&'static str>, ImageError>,
) -> Result<u64, ImageError> {
    let mut at = 0;
    let mut sized_before = false;
    for _ in 0..MAX_PARTS {
        at = skip_padding(payload, at)?;
        if at >= payload.len() {
            break;
        }
        let kind = kind(payload, at)?;
        let size = match kind {
            Kind::Sized(size) => size.max(1),
            Kind::Open => find_squashfs(payload, at + 1)?.unwrap_or(payload.len()) - at,
        };
        let is_known = take(payload.clamped(at, size))?.is_some();
        let is_last = at.saturating_add(size) >= payload.len();
        if !is_known && sized_before && is_last {
            return Ok(at);
        }
        sized_before = matches!(kind, Kind::Sized(_));
        at = at.saturating_add(size);
    }
    Ok(payload.len())
}

/// Whether something that firmware is made of starts at a place.
pub(super) fn starts_firmware(window: Window<'_>, at: u64) -> Result<bool, ImageError> {
    const STARTS: &[&[u8]] = &[
        &[0x27, 0x05, 0x19, 0x56],
        &[0x5d, 0, 0],
        &[0x6d, 0, 0],
        &[0x1f, 0x8b, 8],
        &[0xfd, b'7', b'z', b'X', b'Z', 0],
        &[0xd0, 0x0d, 0xfe, 0xed],
        &[0x5e, 0xa3, 0xa4, 0x17],
        &[0x7f, b'E', b'L', b'F'],
        b"HDR0",
        b"UBI#",
        b"hsqs",
        b"sqsh",
        b"CSYS",
        b"7z\xbc\xaf\x27\x1c",
    ];
    let head = window.head(at, 8)?;
    let tar = window.has(at.saturating_add(257), b"ustar")?;
    Ok(tar || STARTS.iter().any(|start| head.starts_with(start)))
}

fn kind(payload: Window<'_>, at: u64) -> Result<Kind, ImageError> {
    let head = payload.head(at, 48)?;
    let word = |place: usize| -> Option<[u8; 4]> { head.get(place..place + 4)?.try_into().ok() };
    Ok(match word(0) {
        Some([0x27, 0x05, 0x19, 0x56]) => {
            Kind::Sized(word(12).map_or(64, |size| 64 + u64::from(u32::from_be_bytes(size))))
        }
        Some([b'H', b'D', b'R', b'0']) => {
            Kind::Sized(word(4).map_or(28, |size| u32::from_le_bytes(size).into()))
        }
        Some([0xd0, 0x0d, 0xfe, 0xed]) => {
            Kind::Sized(word(4).map_or(40, |size| u32::from_be_bytes(size).into()))
        }
        Some([b'h', b's', b'q', b's']) => Kind::Sized(squashfs_size(&head).unwrap_or(96)),
        _ => Kind::Open,
    })
}

/// Bytes that a squashfs 4.0 occupies, where its superblock starts like one.
fn squashfs_size(head: &[u8]) -> Option<u64> {
    let version = head.get(28..32)? == [4, 0, 0, 0];
    let size = u64::from_le_bytes(head.get(40..48)?.try_into().ok()?);
    (version && size >= 96).then_some(size)
}

fn find_squashfs(payload: Window<'_>, from: u64) -> Result<Option<u64>, ImageError> {
    let mut from = from;
    for _ in 0..MAX_CANDIDATES {
        let Some(at) = payload.find(b"hsqs", from, u64::MAX)? else { return Ok(None) };
        if squashfs_size(&payload.head(at, 48)?).is_some() {
            return Ok(Some(at));
        }
        from = at + 1;
    }
    Ok(None)
}

/// The first place at or after `at` where something else stands than zeros or ones all over.
fn skip_padding(payload: Window<'_>, at: u64) -> Result<u64, ImageError> {
    let rest = payload.clamped(at, u64::MAX);
    let Some(value @ (0 | 0xff)) = rest.u8(0)? else { return Ok(at) };
    let mut padding = 0;
    rest.stream_while(|piece| {
        let same = piece.iter().take_while(|byte| **byte == value).count();
        padding += same as u64;
        same == piece.len()
    })?;
    // Compressed data of some makers starts with a zero or two.
    Ok(if padding < 16 && padding < rest.len() { at } else { at + padding })
}

/// A format of a maker, tried before the common formats that it wraps.
pub(super) const fn wrapper(
    id: &'static str,
    magic: &'static [Magic],
    matches: fn(Window<'_>) -> Result<bool, ImageError>,
    read: fn(Window<'_>, &mut Reading<'_>) -> Result<(), ImageError>,
    about: About,
) -> Format {
    Format { id, rank: Rank::Wrapper, magic, matches, read, about }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_damage() {
        for (field, shortest, errors) in [
            (&b"WZR-900\0\0"[..], 3, 0),
            (b"WZR\x0190\0\0", 3, 1),
            (b"WZR\0900\0\0", 3, 1),
            (b"WZR-900\0\x10", 3, 1),
            (b"\0\0\0\0", 0, 0),
            (b"\0\0\0\0", 2, 2),
            (b"\xff\xfe\x80\x90", 0, 4),
        ] {
            assert_eq!(name_errors(field, shortest), errors, "{field:?}");
        }
    }

    #[test]
    fn models_in_signatures() {
        for (signature, model) in [
            ("RT3052-AP-DAP1350-3", Some("DAP-1350")),
            ("RT3052-AP-DAP1350WW-3", Some("DAP-1350")),
            ("HONEYBEE-FIRMWARE-DAP-1330", Some("DAP-1330")),
            ("DIR-810L", Some("DIR-810L")),
            ("RT3052-AP-WNCE2001-3", None),
        ] {
            assert_eq!(dlink_model(signature).as_deref(), model, "{signature}");
        }
    }
}
