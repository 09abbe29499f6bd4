//! zip archives around firmware: vendors' downloads, and the packages of Android, Nordic and Pybricks.
//!
//! Source: PKWARE `APPNOTE.TXT` 6.3.10 (local headers, central directory, end record, data descriptors). The central
//! directory is believed where it is whole; otherwise the local headers are followed from the start. What an archive
//! with known members means is decided in [`crate::formats::update`].

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::update::package;
use crate::reading::Reading;
use crate::unpack::{Codec, End, Unpacked, unpack};
use crate::window::{SMALL, Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "zip",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["zip-wrapped", "android-ota-zip", "nordic-dfu-zip", "pybricks-zip"],
        name: "zip archive with firmware in it",
        identified_by: "PK 03 04 and a sensible header; called firmware only where a member is",
        reveals: "damaged members, by CRC-32; an end that is missing; headers that contradict each other",
        blind_to: "comments and times",
        source: "PKWARE APPNOTE.TXT 6.3.10",
        tested_with: "zip, own construction",
    },
};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

const LOCAL_SIZE: u64 = 30;
const CENTRAL_SIZE: u64 = 46;
const END_SIZE: u64 = 22;

const IS_ENCRYPTED: u16 = 1;
const HAS_DESCRIPTOR: u16 = 8;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The most members that are listed.
const MAX_MEMBERS: usize = 20_000;

/// The most members that are unpacked.
const MAX_OPENED: usize = 256;

/// A member, by whichever header was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    method: u16,
    flags: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    /// Where its data starts.
    data: u64,
}

/// What a member holds.
pub(crate) enum Contents<'a> {
    Stored(Window<'a>),
    Unpacked(Unpacked<'a>),
}

impl Contents<'_> {
    pub(crate) fn window(&self) -> Window<'_> {
        match self {
            Self::Stored(window) => *window,
            Self::Unpacked(unpacked) => unpacked.window(),
        }
    }
}

/// An archive as far as it could be followed.
pub(crate) struct Archive<'a> {
    window: Window<'a>,
    pub(crate) members: Vec<Member>,
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ LOCAL_SIZE as usize }>(0)? else { return Ok(false) };
    let wrong = distance(&head[..4], &LOCAL);
    let half = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let (version, method, name) = (half(4), half(8), half(26));
    let is_sensible =
        [version & 0xff <= 63, matches!(method, 0 | 8 | 9 | 12 | 14 | 93 | 95), (1..=1024).contains(&name)];
    let sensible = is_sensible.iter().filter(|sensible| **sensible).count();
    let name = window.text(LOCAL_SIZE, u64::from(name.min(64)))?;
    let is_text = !name.is_empty() && name.chars().filter(|symbol| *symbol == '\u{fffd}').count() <= 1;
    match wrong {
        0 => Ok(sensible >= 2),
        1 => Ok(sensible == 3 && is_text),
        _ => Ok(false),
    }
}

fn distance(left: &[u8], right: &[u8]) -> u32 {
    left.iter().zip(right).map(|(left, right)| (left ^ right).count_ones()).sum()
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let listed = listed_members(window)?;
    let end = listed.as_ref().map_or(window.len(), |(_, end)| *end);
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let (members, has_more) = match listed {
        Some((members, _)) => {
            fields.insert("entries".into(), members.len().to_string());
            let has_more = members.len() == MAX_MEMBERS;
            compare_headers(window, &members, reading)?;
            (members.into_iter().map(|(member, _)| member).collect(), has_more)
        }
        None => {
            reading.structure(
                "central directory of the archive",
                window.start(),
                "present",
                "missing or broken",
            );
            (followed_members(window)?, false)
        }
    };
    if has_more {
        reading.uncovered("The archive has more members than are looked at.");
    }
    let archive = Archive { window, members };
    let found = archive.read_members(reading)?;
    if reading.is_outermost() {
        package::read_zip(&archive, &found, reading)?;
    }
    reading.trailing(window, end)
}

impl<'a> Archive<'a> {
    pub(crate) fn find(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name.rsplit('/').next() == Some(name))
    }

    /// What a member holds, as far as it comes out.
    pub(crate) fn open(&self, member: &Member) -> Result<Option<Contents<'a>>, ImageError> {
        let data = self.window.clamped(member.data, member.compressed);
        let codec = match member.method {
            STORED => return Ok(Some(Contents::Stored(data))),
            DEFLATED => Codec::Deflate,
            12 => Codec::Bzip2,
            93 => Codec::Zstd,
            95 => Codec::Xz,
            _ => return Ok(None),
        };
        if member.flags & IS_ENCRYPTED != 0 {
            return Ok(None);
        }
        unpack(data, codec).map(|unpacked| Some(Contents::Unpacked(unpacked)))
    }

    /// The beginning of a small text in the archive.
    pub(crate) fn text_of(&self, name: &str) -> Result<Option<String>, ImageError> {
        let Some(member) = self.find(name) else { return Ok(None) };
        let Some(contents) = self.open(member)? else { return Ok(None) };
        Ok(Some(String::from_utf8_lossy(&contents.window().head(0, SMALL)?).into_owned()))
    }

    /// Checks and reads the members one by one, and returns the formats found.
    fn read_members(&self, reading: &mut Reading<'_>) -> Result<Vec<&'static str>, ImageError> {
        let mut found = Vec::new();
        let files = self.members.iter().filter(|member| !member.name.ends_with('/'));
        for (index, member) in files.enumerate() {
            if index == MAX_OPENED {
                reading
                    .uncovered(format!("Only the first {MAX_OPENED} members of the archive were unpacked."));
                break;
            }
            let at = self.window.start() + member.data;
            let present = self.window.clamped(member.data, member.compressed).len();
            let what = format!("{} in the archive", member.name);
            reading.declared_size(&what, at, member.compressed, present);
            match self.open(member)? {
                Some(Contents::Stored(data)) => {
                    let crc = crate::digest::crc32(data)?;
                    reading.digest(format!("crc32 of {}", member.name), at, hex(member.crc), hex(crc));
                    let is_whole = crc == member.crc;
                    found.extend(match is_whole {
                        true => reading.part(&member.name, data)?,
                        false => reading.beginning_part(&member.name, data)?,
                    });
                }
                Some(Contents::Unpacked(unpacked)) => {
                    if unpacked.end == End::Complete {
                        let name = format!("crc32 of {}", member.name);
                        reading.digest(name, at, hex(member.crc), hex(unpacked.crc32));
                    } else {
                        reading.decoded(&what, at, &unpacked, true);
                    }
                    found.extend(reading.unpacked_part(&member.name, &unpacked)?);
                }
                None => reading.uncovered(format!(
                    "{} is encrypted or packed in a way that is not read (method {}).",
                    member.name, member.method
                )),
            }
        }
        Ok(found)
    }
}

fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}

/// The members that the central directory lists, with the offsets of their local headers, and where the archive ends.
#[allow(clippy::type_complexity, reason = "used once")]
fn listed_members(window: Window<'_>) -> Result<Option<(Vec<(Member, u64)>, u64)>, ImageError> {
    let from = window.len().saturating_sub(SMALL);
    let tail = window.head(from, SMALL)?;
    let places = tail.windows(4).enumerate().rev().filter(|(_, there)| *there == END).take(8);
    for (place, _) in places {
        let at = from + place as u64;
        let Some(record) = window.array::<{ END_SIZE as usize }>(at)? else { continue };
        let word =
            |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
        let count = u16::from_le_bytes([record[10], record[11]]);
        let comment = u16::from_le_bytes([record[20], record[21]]);
        let mut offset = u64::from(word(16));
        // A directory is where it says, or ends where the end record starts.
        if !window.has(offset, &CENTRAL)? {
            offset = at.saturating_sub(word(12).into());
        }
        let mut members = Vec::new();
        while members.len() < MAX_MEMBERS && offset < at {
            let Some((member, local, size)) = central_member(window, offset)? else { break };
            members.push((member, local));
            offset += size;
        }
        let is_whole = offset == at || window.has(offset, b"PK\x06\x06")? || members.len() == MAX_MEMBERS;
        if !members.is_empty() && (is_whole || members.len() == usize::from(count)) {
            let end = at + END_SIZE + u64::from(comment);
            return Ok(Some((members, end.min(window.len()))));
        }
    }
    Ok(None)
}

/// A member of the central directory, the offset of its local header, and the size of its entry.
fn central_member(window: Window<'_>, at: u64) -> Result<Option<(Member, u64, u64)>, ImageError> {
    let Some(head) = window.array::<{ CENTRAL_SIZE as usize }>(at)? else { return Ok(None) };
    if head[..4] != CENTRAL {
        return Ok(None);
    }
    let half = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let name = window.head(at + CENTRAL_SIZE, half(28).into())?;
    let local = u64::from(word(42));
    // The name and the extra field of the local header may have other sizes than here.
    let name_size = window.le16(local.saturating_add(26))?.unwrap_or(half(28));
    let extra_size = window.le16(local.saturating_add(28))?.unwrap_or(0);
    let name_size = if name_size == half(28) { name_size } else { half(28) };
    let member = Member {
        name: text(&name),
        method: half(10),
        flags: half(8),
        crc: word(16),
        compressed: word(20).into(),
        size: word(24).into(),
        data: local + LOCAL_SIZE + u64::from(name_size) + u64::from(extra_size),
    };
    let size = CENTRAL_SIZE + u64::from(half(28)) + u64::from(half(30)) + u64::from(half(32));
    Ok(Some((member, local, size)))
}

/// Records where a local header says something else than the central directory.
fn compare_headers(
    window: Window<'_>,
    members: &[(Member, u64)],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    for (member, local) in members.iter().take(MAX_OPENED) {
        let magic = window.head(*local, 4)?;
        let what = |part: &str| format!("{part} of {} in its local header", member.name);
        let at = window.start() + local;
        if magic != LOCAL {
            reading.structure(
                what("magic number"),
                at,
                crate::digest::hex(&LOCAL),
                crate::digest::hex(&magic),
            );
        }
        let (Some((there, _)), Some(name_size)) = (local_member(window, *local)?, window.le16(local + 26)?)
        else {
            continue;
        };
        if there.name != member.name && usize::from(name_size) < 4096 {
            reading.structure(what("name"), at + 30, &member.name, &there.name);
        }
        if there.method != member.method {
            reading.structure(what("method"), at + 8, member.method, there.method);
        }
        if there.flags != member.flags {
            reading.structure(what("flags"), at + 6, member.flags, there.flags);
        }
        let has_sizes = member.flags & HAS_DESCRIPTOR == 0;
        if has_sizes && there.crc != member.crc {
            reading.structure(what("crc32"), at + 14, hex(member.crc), hex(there.crc));
        }
        if has_sizes && (there.compressed, there.size) != (member.compressed, member.size) {
            let (expected, actual) = (
                format!("{} {}", member.compressed, member.size),
                format!("{} {}", there.compressed, there.size),
            );
            reading.structure(what("sizes"), at + 18, expected, actual);
        }
    }
    Ok(())
}

/// The member whose local header stands there, and where the next one is to be expected.
fn local_member(window: Window<'_>, at: u64) -> Result<Option<(Member, u64)>, ImageError> {
    let Some(head) = window.array::<{ LOCAL_SIZE as usize }>(at)? else { return Ok(None) };
    if distance(&head[..4], &LOCAL) > 1 {
        return Ok(None);
    }
    let half = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let name = window.head(at + LOCAL_SIZE, half(26).into())?;
    let data = at + LOCAL_SIZE + u64::from(half(26)) + u64::from(half(28));
    let member = Member {
        name: text(&name),
        method: half(8),
        flags: half(6),
        crc: word(14),
        compressed: word(18).into(),
        size: word(22).into(),
        data,
    };
    let next = data + member.compressed;
    Ok(Some((member, next)))
}

/// The members by their local headers, one after the other. Behind a broken one the next is looked for.
fn followed_members(window: Window<'_>) -> Result<Vec<Member>, ImageError> {
    let mut members = Vec::new();
    let mut offset = 0;
    while members.len() < MAX_MEMBERS {
        let Some((mut member, mut next)) = local_member(window, offset)? else { break };
        if member.flags & HAS_DESCRIPTOR != 0 && member.compressed == 0 {
            // Its size stands behind it: up to the descriptor or the next header.
            let end = match window.find(&DESCRIPTOR, member.data, u64::MAX)? {
                Some(end) => end,
                None => window.len(),
            };
            member.compressed = end - member.data.min(end);
            member.crc = window.le32(end + 4)?.unwrap_or(0);
            next = end + 16;
        }
        let continues = window.has(next, &LOCAL)? || window.has(next, &CENTRAL)? || next >= window.len();
        if !continues {
            next = window.find(&LOCAL, member.data, u64::MAX)?.unwrap_or(window.len());
        }
        members.push(member);
        offset = next;
    }
    Ok(members)
}
