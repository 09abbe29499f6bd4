//! Android tables of device trees and overlays (`dtbo`).
//!
//! Source: AOSP `system/libufdt`, `utils/src/dt_table.h`. Numbers are big-endian; there is no checksum.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "dtbo",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0xd7, 0xb7, 0xab, 0x1e])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android table of device trees (dtbo)",
        identified_by: "magic d7b7ab1e",
        reveals: "missing bytes and entries outside the table",
        blind_to: "everything else: there is no checksum",
        source: "AOSP system/libufdt utils/src/dt_table.h",
        tested_with: "own construction",
    },
};

const HEADER_SIZE: u64 = 32;

/// The most entries that are looked at.
const MAX_ENTRIES: u64 = 256;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let fields = Fields::big(&bytes);
    let signs = [
        fields.u32(8) == 32,
        fields.u32(12) == 32,
        fields.u32(20) == 32,
        fields.u32(28) <= 1,
        fields.u32(4) > 32,
    ];
    Ok(evidence(&signs) >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let header = Fields::big(&bytes);
    let size = u64::from(header.u32(4));
    let count = u64::from(header.u32(16));
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    fields.insert("entries".into(), count.to_string());
    fields.insert("page-size".into(), header.u32(24).to_string());
    let at = window.start();
    reading.declared_size("the table", at + 4, size, window.len());
    reading.structure("size of the header", at + 8, 32, header.u32(8));
    reading.structure("size of an entry", at + 12, 32, header.u32(12));
    reading.uncovered("A table of device trees has no checksum.");
    let mut outside = 0;
    let mut trees = Vec::new();
    for index in 0..count.min(MAX_ENTRIES) {
        let entry = u64::from(header.u32(20)) + index * u64::from(header.u32(12).max(32));
        let Some(bytes) = window.bytes(entry, 32)? else { break };
        let fields = Fields::big(&bytes);
        let (size_of_tree, offset) = (u64::from(fields.u32(0)), u64::from(fields.u32(4)));
        outside += u32::from(offset + size_of_tree > size);
        trees.push((offset, size_of_tree, format!("dtb-{index}-{:x}-{:x}", fields.u32(8), fields.u32(12))));
    }
    reading.structure("entries outside the table", at + 20, 0, outside);
    reading.structure("number of entries", at + 16, count, trees.len());
    trees.dedup_by_key(|(offset, ..)| *offset);
    for (offset, size, name) in trees {
        reading.part(name, window.clamped(offset, size))?;
    }
    reading.trailing(window, size)
}
