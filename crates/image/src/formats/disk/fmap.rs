//! Flash maps of ChromeOS and coreboot: names, offsets and sizes of areas.
//!
//! Source: flashmap 1.1 `lib/fmap.h`. The map stands at the start, or anywhere in the image that it describes.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "google-fmap",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Google flash map",
        identified_by: "`__FMAP__` in the first 32 MiB, with areas that lie inside",
        reveals: "missing bytes",
        blind_to: "everything else: there is no checksum",
        source: "flashmap 1.1 lib/fmap.h",
        tested_with: "own construction",
    },
};

const MAGIC: &[u8] = b"__FMAP__";

/// Bytes before the areas, and of an area.
const HEADER_SIZE: u64 = 56;
const AREA_SIZE: u64 = 42;

/// How far the map is looked for.
const MAX_SEARCHED: u64 = 16 << 20;

/// The most areas that are looked at.
const MAX_AREAS: u16 = 256;

/// The most places with the magic number that are looked at.
const MAX_PLACES: usize = 64;

/// Offset of the map, where one is.
fn locate(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    if is_map(window, 0, 3)? {
        return Ok(Some(0));
    }
    // Only whole images are searched: doing so for every part would cost too much.
    if window.start() > 0 {
        return Ok(None);
    }
    let mut from = 0;
    for _ in 0..MAX_PLACES {
        let left = MAX_SEARCHED.saturating_sub(from);
        let Some(at) = window.find(MAGIC, from, left)? else { break };
        if is_map(window, at, 4)? {
            return Ok(Some(at));
        }
        from = at + 1;
    }
    Ok(None)
}

fn is_map(window: Window<'_>, at: u64, wanted: usize) -> Result<bool, ImageError> {
    let bytes = window.head(at, HEADER_SIZE + AREA_SIZE)?;
    let fields = Fields::little(&bytes);
    let different: u32 =
        fields.slice(0, 8).iter().zip(MAGIC).map(|(left, right)| (left ^ right).count_ones()).sum();
    let size = u64::from(fields.u32(18));
    let area_end = u64::from(fields.u32(56)).saturating_add(fields.u32(60).into());
    let name = fields.slice(64, 32);
    let signs = [
        fields.u8(8) == 1 && fields.u8(9) <= 1,
        size > at && size >= HEADER_SIZE,
        (1..=MAX_AREAS).contains(&fields.u16(54)),
        area_end <= size && name.iter().all(|byte| *byte == 0 || byte.is_ascii_graphic()),
    ];
    Ok(bytes.len() as u64 >= HEADER_SIZE && different <= 1 && evidence(&signs) >= wanted)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(locate(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(start) = locate(window)? else { return Ok(()) };
    let bytes = window.head(start, HEADER_SIZE)?;
    let header = Fields::little(&bytes);
    let size = u64::from(header.u32(18));
    reading.set_vendor("Google");
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("name", header.text(22, 32));
    put("version", format!("{}.{}", header.u8(8), header.u8(9)));
    put("map-offset", start.to_string());
    put("size", size.to_string());
    let mut areas = Vec::new();
    for index in 0..header.u16(54).min(MAX_AREAS) {
        let at = start + HEADER_SIZE + u64::from(index) * AREA_SIZE;
        let Some(bytes) = window.bytes(at, AREA_SIZE)? else { break };
        let area = Fields::little(&bytes);
        put(&format!("area-{}", index + 1), area.text(8, 32));
        areas.push((u64::from(area.u32(0)), u64::from(area.u32(4)), area.text(8, 32)));
    }
    let at = window.start() + start;
    let magic = crate::digest::hex(header.slice(0, 8));
    reading.structure("magic number", at, crate::digest::hex(MAGIC), magic);
    reading.structure("number of areas", at + 54, header.u16(54), areas.len());
    reading.declared_size("the flash", at + 18, size, window.len());
    let inside = areas.iter().all(|(at, len, _)| at.saturating_add(*len) <= size);
    reading.structure("areas inside the flash", at + HEADER_SIZE, true, inside);
    reading.uncovered("A flash map has no checksum.");
    areas.sort();
    for (at, len, name) in areas {
        // An area that is the whole flash would be this map again.
        if at > start || at.saturating_add(len) <= start {
            reading.part(name, window.clamped(at, len))?;
        }
    }
    reading.trailing(window, size)
}
