//! Android's `super` partition: metadata that tells of which stretches its logical partitions are made.
//!
//! Source: AOSP `system/core/fs_mgr/liblp`, `include/liblp/metadata_format.h`. Geometry and metadata carry SHA-256s that
//! are computed with their own field at zero.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "super",
    rank: Rank::Magic,
    magic: &[Magic::at(GEOMETRY as i64, &[0x67, 0x44, 0x6c, 0x61])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android super partition",
        identified_by: "magic 616c4467 at 4096",
        reveals: "damaged geometry and tables, by SHA-256; missing bytes",
        blind_to: "contents of the logical partitions",
        source: "AOSP system/core/fs_mgr/liblp include/liblp/metadata_format.h",
        tested_with: "own construction",
    },
};

/// Offset of the geometry; a copy follows, then the metadata.
const GEOMETRY: u64 = 4096;
const METADATA: u64 = 3 * 4096;
const GEOMETRY_SIZE: usize = 52;

const SECTOR: u64 = 512;

/// Bytes of a header of the first version, and of the entries of the tables.
const HEADER_SIZE: u64 = 128;
const PARTITION_SIZE: usize = 52;
const EXTENT_SIZE: usize = 24;

/// The most entries of a table that are looked at.
const MAX_ENTRIES: usize = 1024;

/// Where an extent lies: on the device, or nowhere, as zeros.
const LINEAR: u32 = 0;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(GEOMETRY, GEOMETRY_SIZE as u64)?;
    let fields = Fields::little(&bytes);
    let signs = [
        fields.u32(4) == GEOMETRY_SIZE as u32,
        fields.u32(40) > 0 && fields.u32(40).is_multiple_of(512),
        (1..=16).contains(&fields.u32(44)),
        fields.u32(48).is_multiple_of(512) && fields.u32(48) > 0,
    ];
    Ok(evidence(&signs) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let geometry = window.head(GEOMETRY, GEOMETRY_SIZE as u64)?;
    let place = {
        let fields = reading.container(FORMAT.id, window);
        fields.insert("slots".into(), Fields::little(&geometry).u32(44).to_string());
        reading.last_container()
    };
    let at = window.start();
    check(&geometry, 8, Fields::little(&geometry), "the geometry", at + GEOMETRY, reading)?;
    let header = window.head(METADATA, HEADER_SIZE * 2)?;
    let fields = Fields::little(&header);
    let size = (fields.u32(8) as usize).clamp(HEADER_SIZE as usize, HEADER_SIZE as usize * 2);
    let magic = format!("{:08x}", fields.u32(0));
    reading.structure("magic number of the metadata", at + METADATA, "414c5030", magic);
    check(fields.slice(0, size), 12, fields, "the metadata header", at + METADATA, reading)?;
    let tables = window.clamped(METADATA + size as u64, u64::from(fields.u32(44)).min(SMALL));
    let actual = hex(&Algorithm::Sha256.of(tables)?);
    reading.digest("sha256 of the tables", tables.start(), hex(fields.slice(48, 32)), actual);
    reading.uncovered("Contents of logical partitions are covered by no checksum of the super partition.");
    let bytes = tables.head(0, SMALL)?;
    let tables = Tables { header: fields, bytes: Fields::little(&bytes) };
    let device = tables.entry(116, 0, 64).map_or(0, |(entry, at)| entry.u64(at + 16));
    reading.container_at(place).fields.insert("size".into(), device.to_string());
    reading.declared_size("the super partition", at + METADATA, device, window.len());
    read_partitions(window, &tables, place, reading)?;
    reading.trailing(window, device)
}

/// Compares a SHA-256 that was computed with its own field at zero.
fn check(
    bytes: &[u8],
    digest_at: usize,
    fields: Fields<'_>,
    what: &str,
    at: u64,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let mut zeroed = bytes.to_vec();
    zeroed.iter_mut().skip(digest_at).take(32).for_each(|byte| *byte = 0);
    let actual = hex(&Algorithm::Sha256.of(Window::whole(&zeroed))?);
    reading.digest(format!("sha256 of {what}"), at, hex(fields.slice(digest_at, 32)), actual);
    Ok(())
}

/// The tables behind the header.
struct Tables<'a> {
    header: Fields<'a>,
    bytes: Fields<'a>,
}

impl<'a> Tables<'a> {
    /// An entry of the table whose place stands at an offset of the header: the tables, and the offset in them.
    fn entry(&self, table: usize, index: usize, size: usize) -> Option<(Fields<'a>, usize)> {
        let offset = self.header.u32(table) as usize;
        let count = self.header.u32(table + 4) as usize;
        let step = (self.header.u32(table + 8) as usize).max(size);
        let at = offset.checked_add(index.checked_mul(step)?)?;
        (index < count.min(MAX_ENTRIES) && at <= SMALL as usize).then_some((self.bytes, at))
    }
}

fn read_partitions(
    window: Window<'_>,
    tables: &Tables<'_>,
    place: usize,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    for index in 0..MAX_ENTRIES {
        let Some((entry, at)) = tables.entry(80, index, PARTITION_SIZE) else { break };
        let name = entry.text(at, 36);
        let (first, count) = (entry.u32(at + 40) as usize, entry.u32(at + 44) as usize);
        let mut contents = Pieces::new(window);
        for number in 0..count.min(MAX_ENTRIES) {
            let extent = first.checked_add(number).and_then(|index| tables.entry(92, index, EXTENT_SIZE));
            let Some((extent, at)) = extent else { break };
            let size = extent.u64(at).saturating_mul(SECTOR);
            let start = extent.u64(at + 12).saturating_mul(SECTOR);
            let is_added = match extent.u32(at + 8) {
                LINEAR => contents.push(start, size),
                _ => contents.fill([0; 4], size),
            };
            if !is_added {
                break;
            }
        }
        let size = contents.window().len();
        reading
            .container_at(place)
            .fields
            .insert(format!("partition-{}", index + 1), format!("{name}, {size} bytes"));
        reading.hidden_part(name, contents.window())?;
    }
    Ok(())
}
