//! cpio archives as the kernel unpacks them into its first file system (`newc`, with and without checksums).
//!
//! Source: Linux `Documentation/driver-api/early-userspace/buffer-format.rst`.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::update::swu;
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "cpio",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"070701"), Magic::at(0, b"070702")],
    matches,
    read,
    about: About {
        outermost: &["cpio-newc", "swupdate-swu"],
        name: "cpio archive (newc)",
        identified_by: "text 070701 or 070702",
        reveals: "a chain of entries that ends early; sums of contents only in 070702",
        blind_to: "damaged contents in 070701",
        source: "Linux Documentation/driver-api/early-userspace/buffer-format.rst",
        tested_with: "cpio",
    },
};

/// Size of an entry's header: magic and thirteen fields of eight hex digits.
const HEADER_SIZE: u64 = 110;

/// Entries after which reading stops.
const MAX_ENTRIES: usize = 200_000;

/// The longest name.
const MAX_NAME: u64 = 4096;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.array::<6>(0)?.is_some_and(|magic| &magic == b"070701" || &magic == b"070702"))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if reading.is_outermost() {
        if swu::matches(window)? {
            return swu::read(window, reading);
        }
        reading.call_file("cpio-newc");
    }
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let mut offset = 0;
    let mut entries = 0;
    let mut sums = 0;
    loop {
        let entry = match Entry::read(window, offset)? {
            Ok(entry) => entry,
            Err(how) => {
                reading.structure("structure of the archive", window.start() + offset, "well-formed", how);
                return Ok(());
            }
        };
        sums += usize::from(entry.check(window, reading)?);
        offset = entry.end;
        if entry.is_trailer {
            break;
        }
        entries += 1;
        if entries == MAX_ENTRIES {
            reading.uncovered("The archive has more entries than are looked at.");
            break;
        }
    }
    reading.structure("end of the archive", window.start() + offset, "present", "present");
    if sums > 0 {
        reading.digest("number of files whose sum agrees", window.start(), sums, sums);
    }
    let container = reading.container_at(index);
    container.fields.insert("entries".into(), entries.to_string());
    container.size = offset;
    reading.trailing(window, offset)
}

pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) data: u64,
    pub(crate) size: u64,
    /// Sum of all bytes, in archives that have it.
    sum: Option<u32>,
    /// Where the next entry starts.
    pub(crate) end: u64,
    pub(crate) is_trailer: bool,
}

impl Entry {
    pub(crate) fn read(window: Window<'_>, offset: u64) -> Result<Result<Self, &'static str>, ImageError> {
        let Some(header) = window.array::<{ HEADER_SIZE as usize }>(offset)? else {
            return Ok(Err("cut off before its end mark"));
        };
        let field = |index: usize| {
            let digits = std::str::from_utf8(&header[6 + index * 8..14 + index * 8]).ok()?;
            u32::from_str_radix(digits, 16).ok()
        };
        let has_sum = match &header[..6] {
            b"070701" => false,
            b"070702" => true,
            _ => return Ok(Err("broken: no entry where one should start")),
        };
        let (Some(size), Some(name_size), Some(sum)) = (field(6), field(11), field(12)) else {
            return Ok(Err("broken: a header field is no number"));
        };
        let (size, name_size) = (u64::from(size), u64::from(name_size));
        if name_size == 0 || name_size > MAX_NAME {
            return Ok(Err("broken: a name has no sensible length"));
        }
        let Some(name) = window.bytes(offset + HEADER_SIZE, name_size)? else {
            return Ok(Err("cut off inside a name"));
        };
        let data = (offset + HEADER_SIZE + name_size).next_multiple_of(4);
        if window.part(data.min(window.len()), size).is_none() {
            return Ok(Err("cut off inside a file"));
        }
        let is_trailer = name.starts_with(b"TRAILER!!!\0");
        let end = (data + size).next_multiple_of(4).min(window.len());
        Ok(Ok(Self { name: text(&name), data, size, sum: has_sum.then_some(sum), end, is_trailer }))
    }

    /// Compares the sum of an entry that has one; whether there was one and it agrees.
    pub(crate) fn check(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<bool, ImageError> {
        let Some(expected) = self.sum.filter(|_| self.size > 0) else { return Ok(false) };
        let mut sum = 0_u32;
        window.clamped(self.data, self.size).stream(|piece| {
            sum = piece.iter().fold(sum, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        })?;
        if sum != expected {
            reading.digest(format!("sum of {}", self.name), window.start() + self.data, expected, sum);
        }
        Ok(sum == expected)
    }
}
