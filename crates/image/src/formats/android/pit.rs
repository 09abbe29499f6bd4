//! Samsung's partition information tables (PIT).
//!
//! Source: Heimdall `libpit/source/libpit.cpp`, `libpit.h`. Numbers are little-endian; there is no checksum.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "samsung-pit",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x76, 0x98, 0x34, 0x12])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Samsung partition information table",
        identified_by: "magic 12349876 and entries with names",
        reveals: "missing entries",
        blind_to: "everything else: there is no checksum",
        source: "Heimdall libpit/source/libpit.cpp, libpit.h",
        tested_with: "own construction",
    },
};

const HEADER_SIZE: u64 = 28;
const ENTRY_SIZE: u64 = 132;

/// The most entries that are looked at.
const MAX_ENTRIES: u64 = 256;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, HEADER_SIZE + ENTRY_SIZE)?;
    let fields = Fields::little(&bytes);
    let name = fields.text(HEADER_SIZE as usize + 36, 32);
    let signs = [
        (1..=MAX_ENTRIES).contains(&fields.u32(4).into()),
        !name.is_empty() && name.chars().all(|symbol| symbol.is_ascii_graphic()),
        fields.u32(HEADER_SIZE as usize) < 2,
    ];
    Ok(evidence(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let header = Fields::little(&bytes);
    let count = u64::from(header.u32(4));
    let size = HEADER_SIZE + count * ENTRY_SIZE;
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let processor = header.text(16, 8);
    fields.insert("processor".into(), processor);
    fields.insert("entries".into(), count.to_string());
    for index in 0..count.min(MAX_ENTRIES) {
        let Some(bytes) = window.bytes(HEADER_SIZE + index * ENTRY_SIZE, ENTRY_SIZE)? else { break };
        let entry = Fields::little(&bytes);
        let text = format!("{} {}", entry.text(36, 32), entry.text(68, 32));
        fields.insert(format!("partition-{}", entry.u32(8)), text.trim().to_owned());
    }
    reading.set_vendor("Samsung");
    reading.declared_size("the table", window.start() + 4, size, window.len());
    reading.uncovered("A partition information table has no checksum.");
    // Some tables carry a signature of Samsung's behind their entries.
    if window.find(b"SignerVer", size, 4096)?.is_some() {
        reading.signature("The partition information table");
        return Ok(());
    }
    reading.trailing(window, size)
}
