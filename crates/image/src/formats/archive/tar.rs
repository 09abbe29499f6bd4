//! tar archives: headers of 512 bytes, each with a sum over itself. What an archive with a known set of members means
//! is decided in [`crate::formats::update`].
//!
//! Source: POSIX.1-2017 `pax`, section "ustar Interchange Format"; GNU tar manual, "Basic Tar Format" (numbers in
//! base 256, long names in members of type `L`).

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::update::bundle;
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "tar",
    // Before headers without a magic number of their own, some of which a tar header could be taken for.
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[
            "linksys-switch-tar",
            "mender-artifact",
            "openwrt-sysupgrade-tar",
            "samsung-odin-tar-md5",
            "synology-pat",
        ],
        name: "tar archive",
        identified_by: "`ustar` at offset 257 or a header whose sum agrees; the bundles by the names of their members",
        reveals: "damaged headers, by their sums; members that are cut off; what a bundle's own digests cover",
        blind_to: "contents of members without a digest of their own",
        source: "POSIX.1-2017 pax, ustar; GNU tar manual",
        tested_with: "tar, own construction",
    },
};

const BLOCK: u64 = 512;

/// The most members of one archive that are listed.
const MAX_MEMBERS: usize = 20_000;

/// Bytes behind a broken header in which the next sound one is looked for.
const MAX_SEARCH: u64 = 64 << 20;

/// The longest name in a member of its own.
const MAX_LONG_NAME: u64 = 4096;

/// A file in the archive.
pub(crate) struct Member<'a> {
    pub(crate) name: String,
    pub(crate) contents: Window<'a>,
    /// Bytes that its header declares.
    pub(crate) size: u64,
}

/// An archive as far as it could be followed.
#[derive(Default)]
pub(crate) struct Archive<'a> {
    pub(crate) members: Vec<Member<'a>>,
    /// Offset of the first byte behind the end mark, or of the end of the window.
    pub(crate) end: u64,
    /// Headers whose sum agrees.
    sound: usize,
    /// Headers whose sum does not: offset, stored sum, actual sum.
    broken: Vec<(u64, String, u64)>,
    /// Whether two blocks of zeros, or at least one, end it.
    has_end_mark: bool,
    has_more: bool,
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = Header::read(window, 0)? else { return Ok(false) };
    Ok(header.has_name() && (header.is_sound() || header.is_ustar(0) || header.is_nearly_sound()))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let archive = Archive::walk(window)?;
    let fields = reading.container(FORMAT.id, window.clamped(0, archive.end));
    fields.insert("entries".into(), archive.members.len().to_string());
    let start = window.start();
    for (offset, expected, actual) in archive.broken.iter().take(16) {
        reading.digest("sum of a tar header", start + offset, expected, format!("{actual:o}"));
    }
    if archive.sound > 0 {
        reading.digest("number of tar headers whose sum agrees", start, archive.sound, archive.sound);
    }
    for member in &archive.members {
        if member.size > member.contents.len() {
            let (what, at) = (format!("{} in the archive", member.name), member.contents.start());
            reading.declared_size(&what, at, member.size, member.contents.len());
        }
    }
    if !archive.has_end_mark {
        reading.structure("end of the archive", start + archive.end, "marked by zeros", "missing");
    }
    if archive.has_more {
        reading.uncovered("The archive has more members than are looked at.");
    }
    bundle::read_tar(window, &archive, reading)
}

impl<'a> Archive<'a> {
    /// Follows the headers. Behind a broken one the next sound one is looked for.
    pub(crate) fn walk(window: Window<'a>) -> Result<Self, ImageError> {
        let mut archive = Self::default();
        let mut offset = 0;
        let mut long_name = None;
        while archive.members.len() < MAX_MEMBERS {
            let Some(header) = Header::read(window, offset)? else {
                archive.end = window.len();
                return Ok(archive);
            };
            if header.is_zero() {
                archive.has_end_mark = true;
                archive.end = archive.end_behind(window, offset)?;
                return Ok(archive);
            }
            let is_sound = header.is_sound();
            if is_sound {
                archive.sound += 1;
            } else if header.has_name() && (header.is_ustar(0) || header.is_nearly_sound()) {
                archive.broken.push((offset, header.stored_sum_text(), header.sum()));
            } else {
                // Neither a header nor the end: what is left is not part of the archive.
                archive.end = offset;
                return Ok(archive);
            }
            let data = offset + BLOCK;
            let size = header.size().unwrap_or(0);
            let contents = window.clamped(data, size);
            match header.kind() {
                b'L' => long_name = Some(window.text(data, size.min(MAX_LONG_NAME))?),
                b'0' | b'\0' | b'7' => {
                    let name = long_name.take().unwrap_or_else(|| header.name());
                    archive.members.push(Member { name, contents, size });
                }
                _ => {}
            }
            let next = data.saturating_add(size.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX));
            offset = if is_sound || Self::goes_on(window, next)? { next } else { search(window, data)? };
        }
        archive.has_more = true;
        archive.end = window.len();
        archive.has_end_mark = true;
        Ok(archive)
    }

    /// Whether a header or the end mark stands there.
    fn goes_on(window: Window<'_>, offset: u64) -> Result<bool, ImageError> {
        let header = Header::read(window, offset)?;
        Ok(header.is_some_and(|header| header.is_zero() || header.is_sound()))
    }

    /// Where the zeros end that mark the end: a multiple of 512 bytes, at most 20 blocks further on.
    fn end_behind(&self, window: Window<'_>, mut offset: u64) -> Result<u64, ImageError> {
        for _ in 0..20 {
            match Header::read(window, offset)? {
                Some(header) if header.is_zero() => offset += BLOCK,
                _ => break,
            }
        }
        Ok(offset)
    }

    /// The member with this name, whatever folder it is in.
    pub(crate) fn find(&self, name: &str) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.file_name() == name)
    }
}

impl Member<'_> {
    /// The name without folders.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Offset of the next sound header, or of the end of the window.
fn search(window: Window<'_>, from: u64) -> Result<u64, ImageError> {
    let mut offset = from;
    while offset < window.len() && offset - from < MAX_SEARCH {
        match Header::read(window, offset)? {
            Some(header) if header.is_sound() => return Ok(offset),
            _ => offset += BLOCK,
        }
    }
    Ok(window.len())
}

struct Header([u8; BLOCK as usize]);

impl Header {
    fn read(window: Window<'_>, offset: u64) -> Result<Option<Self>, ImageError> {
        Ok(window.array(offset)?.map(Self))
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    fn name(&self) -> String {
        let (name, prefix) = (text(&self.0[..100]), text(&self.0[345..500]));
        if self.is_ustar(0) && self.0[263] == b'0' && !prefix.is_empty() {
            format!("{prefix}/{name}")
        } else {
            name
        }
    }

    /// Whether the name is text, and what follows it zeros; one byte may be wrong.
    fn has_name(&self) -> bool {
        let end = self.0[..100].iter().position(|byte| *byte == 0).unwrap_or(100);
        let wrong = self.0[..end].iter().filter(|byte| byte.is_ascii_control()).count();
        end > 0 && wrong <= 1
    }

    fn is_ustar(&self, tolerated: u32) -> bool {
        let magic = &self.0[257..262];
        magic.iter().zip(b"ustar").map(|(left, right)| (left ^ right).count_ones()).sum::<u32>() <= tolerated
    }

    fn kind(&self) -> u8 {
        self.0[156]
    }

    fn size(&self) -> Option<u64> {
        number(&self.0[124..136])
    }

    fn stored_sum(&self) -> Option<u64> {
        number(&self.0[148..156])
    }

    fn stored_sum_text(&self) -> String {
        text(&self.0[148..156]).trim().to_owned()
    }

    /// The sum of all bytes, the field of the sum counted as spaces.
    fn sum(&self) -> u64 {
        let bytes = self.0.iter().enumerate();
        bytes.map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum()
    }

    fn is_sound(&self) -> bool {
        !self.is_zero() && self.stored_sum() == Some(self.sum())
    }

    /// Whether the sum is wrong as one flipped bit makes it, in a header whose magic may be wrong by a bit.
    fn is_nearly_sound(&self) -> bool {
        let difference = self.stored_sum().map(|stored| stored.abs_diff(self.sum()));
        self.is_ustar(1) && difference.is_some_and(|difference| difference.is_power_of_two())
    }
}

/// Octal digits that a space or NUL ends, or a number in base 256 with the high bit set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        let is_small = high.iter().skip(1).all(|byte| *byte == 0) && high.first() == Some(&0x80);
        return is_small.then(|| low.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
    }
    let digits = field.iter().skip_while(|byte| **byte == b' ').take_while(|byte| !matches!(byte, 0 | b' '));
    digits.into_iter().try_fold(0_u64, |value, byte| {
        (b'0'..=b'7').contains(byte).then(|| value << 3 | u64::from(byte - b'0'))
    })
}
