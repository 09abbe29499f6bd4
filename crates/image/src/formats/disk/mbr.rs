//! Disks with a master boot record: four partitions and the mark 55 aa.
//!
//! Source: UEFI specification 2.10, section 5.2.1; OpenWrt `tools/firmware-utils/src/ptgen.c` for the images that are
//! made with it, whose contents do not always stand where the table says.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Rank};
use crate::formats::disk::gpt;
use crate::formats::filesystem::fat;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "mbr",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["mbr-disk"],
        name: "Disk with a master boot record",
        identified_by: "55 aa at 510, with partition entries that do not contradict each other",
        reveals: "partitions that reach behind the end of the file or into each other",
        blind_to: "everything else: there is no checksum",
        source: "UEFI specification 2.10, section 5.2.1",
        tested_with: "ptgen, own construction",
    },
};

const SECTOR: u64 = 512;

/// Offset of the first of four entries of 16 bytes.
const ENTRIES: usize = 446;

/// Types: a partition table of another kind, and links to further partition tables.
const PROTECTIVE: u8 = 0xee;
const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];

/// The farthest that the start of contents is looked for where an area starts with zeros.
const MAX_SKIPPED: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    status: u8,
    kind: u8,
    start: u64,
    size: u64,
}

impl Entry {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }

    fn is_used(&self) -> bool {
        self.kind != 0 && self.size > 0
    }
}

struct Table {
    has_mark: bool,
    entries: [Entry; 4],
    signature: u32,
}

impl Table {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<{ SECTOR as usize }>(0)? else { return Ok(None) };
        let fields = Fields::little(&bytes);
        let entries = [0, 1, 2, 3].map(|index| {
            let at = ENTRIES + index * 16;
            let sectors = |at| u64::from(fields.u32(at)) * SECTOR;
            Entry {
                status: fields.u8(at),
                kind: fields.u8(at + 4),
                start: sectors(at + 8),
                size: sectors(at + 12),
            }
        });
        Ok(Some(Self { has_mark: bytes[510..] == [0x55, 0xaa], entries, signature: fields.u32(440) }))
    }

    /// The partitions, by where they start.
    fn partitions(&self) -> Vec<Entry> {
        let mut partitions: Vec<Entry> = self.entries.into_iter().filter(Entry::is_used).collect();
        partitions.sort_by_key(|partition| partition.start);
        partitions
    }

    fn is_plausible(&self, window: Window<'_>) -> bool {
        let partitions = self.partitions();
        let states = self.entries.iter().filter(|entry| matches!(entry.status, 0 | 0x80)).count();
        let whole = self.entries.iter().filter(|entry| (entry.kind == 0) == (entry.size == 0)).count();
        let signs = [
            self.has_mark,
            states == 4,
            whole == 4,
            partitions.windows(2).all(|pair| pair[0].end() <= pair[1].start),
            partitions.iter().all(|partition| partition.start >= SECTOR),
            partitions.first().is_some_and(|first| first.start < window.len()),
        ];
        // Without the mark nothing else may be wrong: a sector of zeros with a few bytes in it proves little.
        !partitions.is_empty() && states >= 3 && whole >= 3 && evidence(&signs) >= 5
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    // A GUID partition table whose magic number has one flipped bit is one all the same.
    for magic in gpt::FORMAT.magic {
        if magic.distance(window)? == Some(1) {
            return Ok(false);
        }
    }
    // A boot sector of FAT carries the same mark.
    let is_table = Table::read(window)?.is_some_and(|table| table.is_plausible(window));
    Ok(is_table && !fat::matches(window)?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(table) = Table::read(window)? else { return Ok(()) };
    reading.call_file("mbr-disk");
    let partitions = table.partitions();
    let end = partitions.iter().map(Entry::end).max().unwrap_or(SECTOR);
    let fields = reading.container(FORMAT.id, window);
    fields.insert("signature".into(), format!("{:08x}", table.signature));
    for (index, partition) in partitions.iter().enumerate() {
        let text =
            format!("type {:02x}, offset {}, {} bytes", partition.kind, partition.start, partition.size);
        fields.insert(format!("partition-{}", index + 1), text);
    }
    let at = window.start();
    reading.structure("mark of the boot record", at + 510, true, table.has_mark);
    let overlaps = partitions.windows(2).any(|pair| pair[0].end() > pair[1].start);
    reading.structure("overlap of partitions", at + ENTRIES as u64, false, overlaps);
    let is_sound = table.entries.iter().all(|entry| matches!(entry.status, 0 | 0x80));
    reading.structure("states of partitions", at + ENTRIES as u64, true, is_sound);
    if partitions.iter().all(|partition| partition.kind != PROTECTIVE) {
        reading.declared_size("the partitions", at + ENTRIES as u64, end, window.len());
    }
    reading.uncovered("A disk with a master boot record has no checksums.");
    let mut done = SECTOR;
    for (index, partition) in partitions.iter().enumerate() {
        read_area(format!("before-{}", index + 1), window, done, partition.start, reading)?;
        if !EXTENDED.contains(&partition.kind) {
            read_area(format!("partition-{}", index + 1), window, partition.start, partition.end(), reading)?;
        }
        done = done.max(partition.end());
    }
    read_area("behind".into(), window, done, window.len(), reading)?;
    reading.trailing(window, window.len() / SECTOR * SECTOR)
}

/// Reads what an area holds, from its first sector that is not empty.
fn read_area(
    name: String,
    window: Window<'_>,
    start: u64,
    end: u64,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let area = window.clamped(start, end.saturating_sub(start));
    let mut at = 0;
    while at < area.len().min(MAX_SKIPPED) {
        let piece = area.head(at, SMALL)?;
        if let Some(used) = piece.iter().position(|byte| *byte != 0) {
            let first = (at + used as u64) / SECTOR * SECTOR;
            // A file system may start with empty sectors of its own: what starts at the start goes first.
            let whole = if first > 0 && first <= 2 * SECTOR { 0 } else { first };
            reading.part(name, area.clamped(whole, u64::MAX))?;
            return Ok(());
        }
        at += SMALL;
    }
    Ok(())
}
