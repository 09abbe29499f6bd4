//! Disks with a GUID partition table: a header and entries with CRC-32s at the start, and copies at the end.
//!
//! Source: UEFI specification 2.10, section 5.3. The CRC of a header is computed with its own field at zero.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::fields::Fields;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "gpt",
    rank: Rank::Magic,
    magic: &[Magic::at(512, MAGIC), Magic::at(4096, MAGIC)],
    matches,
    read,
    about: About {
        outermost: &["gpt-disk"],
        name: "Disk with a GUID partition table",
        identified_by: "`EFI PART` in the second sector of 512 or 4096 bytes",
        reveals: "damage in the headers and the partition entries, by CRC-32; a missing end, by the copy there",
        blind_to: "contents of partitions",
        source: "UEFI specification 2.10, section 5.3",
        tested_with: "sgdisk",
    },
};

const MAGIC: &[u8] = b"EFI PART";

/// The most partitions that are looked at.
const MAX_ENTRIES: u64 = 256;

/// Bytes of the fixed part of a header.
const HEADER_SIZE: u64 = 92;

/// Bytes of an entry that are read.
const ENTRY_SIZE: u64 = 128;

/// The sizes of sectors that occur.
const SECTORS: [u64; 2] = [512, 4096];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(sector(window)?.is_some())
}

fn sector(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    for sector in SECTORS {
        if window.has(sector, MAGIC)? {
            return Ok(Some(sector));
        }
    }
    Ok(None)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(sector) = sector(window)? else { return Ok(()) };
    reading.call_file("gpt-disk");
    let primary = Header { window, at: sector, bytes: window.head(sector, HEADER_SIZE)? };
    let end = primary.fields().u64(32).saturating_add(1).saturating_mul(sector);
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("sector-size".into(), sector.to_string());
    let place = reading.last_container();
    reading.declared_size("the disk", window.start() + sector + 32, end, window.len());
    primary.check("header of the partition table", 1, sector, reading)?;
    let entries = primary.check_entries("partition entries", sector, reading)?;
    let at = primary.fields().u64(32).saturating_mul(sector);
    let copy = Header { window, at, bytes: window.head(at, HEADER_SIZE)? };
    if end <= window.len() {
        let found = window.head(at, MAGIC.len() as u64)?;
        let (expected, found) = (crate::digest::hex(MAGIC), crate::digest::hex(&found));
        reading.structure(
            "magic number of the second header",
            window.start().saturating_add(at),
            expected,
            found,
        );
        copy.check("second header of the partition table", primary.fields().u64(32), sector, reading)?;
        copy.check_entries("second partition entries", sector, reading)?;
    }
    reading.uncovered("Contents of partitions are covered by no checksum of the partition table.");
    read_partitions(window, entries, sector, place, reading)?;
    reading.trailing(window, end)
}

struct Header<'a> {
    window: Window<'a>,
    at: u64,
    bytes: Vec<u8>,
}

impl<'a> Header<'a> {
    fn fields(&self) -> Fields<'_> {
        Fields::little(&self.bytes)
    }

    fn check(
        &self,
        what: &str,
        number: u64,
        sector: u64,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let fields = self.fields();
        let size = u64::from(fields.u32(12)).clamp(HEADER_SIZE, sector);
        let actual = crc32_of([
            Piece::Window(self.window.clamped(self.at, 16)),
            Piece::Bytes(&[0; 4]),
            Piece::Window(self.window.clamped(self.at.saturating_add(20), size - 20)),
        ])?;
        let at = self.window.start().saturating_add(self.at);
        let expected = format!("{:08x}", fields.u32(16));
        reading.digest(
            format!("crc32 of the {what}"),
            at.saturating_add(16),
            expected,
            format!("{actual:08x}"),
        );
        reading.structure(format!("place of the {what}"), at.saturating_add(24), number, fields.u64(24));
        Ok(())
    }

    /// Compares the CRC of the entries, and returns them.
    fn check_entries(
        &self,
        what: &str,
        sector: u64,
        reading: &mut Reading<'_>,
    ) -> Result<Entries<'a>, ImageError> {
        let fields = self.fields();
        let (count, step) = (u64::from(fields.u32(80)), u64::from(fields.u32(84)));
        let table = self.window.clamped(fields.u64(72).saturating_mul(sector), count.saturating_mul(step));
        let expected = format!("{:08x}", fields.u32(88));
        reading.digest(
            format!("crc32 of the {what}"),
            table.start(),
            expected,
            format!("{:08x}", crc32(table)?),
        );
        Ok(Entries { table, count: count.min(MAX_ENTRIES), step: step.max(ENTRY_SIZE) })
    }
}

struct Entries<'a> {
    table: Window<'a>,
    count: u64,
    step: u64,
}

fn read_partitions(
    window: Window<'_>,
    entries: Entries<'_>,
    sector: u64,
    place: usize,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let mut partitions = Vec::new();
    for index in 0..entries.count {
        let Some(bytes) = entries.table.bytes(index * entries.step, ENTRY_SIZE)? else { break };
        let fields = Fields::little(&bytes);
        let (first, last) = (fields.u64(32), fields.u64(40));
        if fields.slice(0, 16).iter().any(|byte| *byte != 0) && last >= first {
            let units: Vec<u16> =
                (0..36).map(|unit| fields.u16(56 + unit * 2)).take_while(|unit| *unit != 0).collect();
            let name = crate::window::text(String::from_utf16_lossy(&units).as_bytes());
            let size = (last - first).saturating_add(1).saturating_mul(sector);
            partitions.push((first.saturating_mul(sector), size, name));
        }
    }
    partitions.sort();
    let fields = &mut reading.container_at(place).fields;
    fields.insert("partitions".into(), partitions.len().to_string());
    for (index, (_, _, name)) in partitions.iter().enumerate() {
        fields.insert(format!("partition-{}", index + 1), name.clone());
    }
    for (at, size, name) in partitions {
        reading.part(name, window.clamped(at, size))?;
    }
    Ok(())
}
