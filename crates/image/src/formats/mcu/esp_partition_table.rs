//! The table of partitions of Espressif's chips: rows of 32 bytes, and one with the MD5 of those before it.
//!
//! Source: ESP-IDF `components/partition_table/gen_esp32part.py`, `esp_flash_partitions.h`. Little-endian. The table
//! takes at most 0xc00 bytes; what follows the last row is 0xff.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "esp-partition-table",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Espressif partition table",
        identified_by: "rows that start with aa 50 and name flash areas",
        reveals: "damaged rows, by MD5; overlapping or unaligned partitions",
        blind_to: "nothing, where the MD5 row is there",
        source: "ESP-IDF gen_esp32part.py, esp_flash_partitions.h",
        tested_with: "own construction",
    },
};

const ROW: u64 = 32;

/// The most bytes that a table takes.
pub(super) const MAX_SIZE: u64 = 0xc00;

const ROW_MAGIC: [u8; 2] = [0xaa, 0x50];

/// Start of the row with the MD5.
const MD5_MAGIC: [u8; 16] =
    [0xeb, 0xeb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// Flash chips are not larger.
const MAX_FLASH: u32 = 256 << 20;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: u8,
    pub(super) subtype: u8,
    pub(super) offset: u32,
    pub(super) size: u32,
    pub(super) label: String,
}

impl Row {
    /// A row whose fields make sense; its magic number may be damaged.
    fn parse(bytes: &[u8; ROW as usize]) -> Option<Self> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let row = Self {
            kind: bytes[2],
            subtype: bytes[3],
            offset: word(4),
            size: word(8),
            label: text(&bytes[12..28]),
        };
        let is_label = row.label.chars().all(|symbol| symbol.is_ascii_graphic() || symbol == ' ');
        let sound = row.size > 0
            && row.offset >= 0x1000
            && row.offset.is_multiple_of(0x1000)
            && row.offset.checked_add(row.size).is_some_and(|end| end <= MAX_FLASH)
            && is_label
            && !row.label.is_empty();
        sound.then_some(row)
    }

    pub(super) fn is_application(&self) -> bool {
        self.kind == 0
    }
}

/// The rows of a table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// Rows with the magic number that make no sense, or the other way round.
    pub(super) odd: u32,
    /// Where the row with the MD5 is.
    md5_at: Option<u64>,
    /// Behind the last row.
    pub(super) end: u64,
}

impl Table {
    pub(super) fn parse(window: Window<'_>) -> Result<Self, ImageError> {
        let mut table = Self::default();
        for index in 0..MAX_SIZE / ROW {
            let at = index * ROW;
            let Some(bytes) = window.array::<{ ROW as usize }>(at)? else { break };
            let distance = |magic: &[u8]| -> u32 {
                magic.iter().zip(bytes).map(|(left, right)| (left ^ right).count_ones()).sum()
            };
            if distance(&MD5_MAGIC) <= 1 {
                table.md5_at = Some(at);
                table.odd += distance(&MD5_MAGIC);
                table.end = at + ROW;
                break;
            }
            let magic = distance(&ROW_MAGIC);
            if magic > 1 {
                break;
            }
            match Row::parse(&bytes) {
                Some(row) => table.rows.push(row),
                None if magic == 0 => table.odd += 1,
                None => break,
            }
            table.odd += magic;
            table.end = at + ROW;
        }
        Ok(table)
    }

    /// Whether so much of it makes sense that it is one.
    pub(super) fn is_proven(&self) -> bool {
        let sound = self.rows.len() as u32;
        sound + 2 * u32::from(self.md5_at.is_some()) >= 2 && sound >= 1 && self.odd <= 1
    }

    /// Records the table and checks it. The window starts with the table and may reach further.
    pub(super) fn record(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let fields = reading.container(FORMAT.id, window.clamped(0, MAX_SIZE));
        for row in &self.rows {
            fields.insert(
                format!("partition-{}", row.label),
                format!(
                    "type {:#04x}/{:#04x} at {:#x}, {:#x} bytes",
                    row.kind, row.subtype, row.offset, row.size
                ),
            );
        }
        let at = window.start();
        reading.structure("rows that make no sense", at, 0, self.odd);
        match self.md5_at {
            Some(md5_at) => {
                let expected = window.head(md5_at + 16, 16)?;
                let actual = Algorithm::Md5.of(window.clamped(0, md5_at))?;
                reading.digest("md5 of the partition table", at + md5_at + 16, hex(&expected), hex(&actual));
            }
            None => reading.uncovered("The partition table has no row with an MD5."),
        }
        if !window.clamped(self.end, MAX_SIZE - self.end).is_padding()? {
            reading.structure("bytes behind the partition table", at + self.end, "erased", "written");
        }
        Ok(())
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Table::parse(window)?.is_proven())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let table = Table::parse(window)?;
    reading.set_vendor("Espressif");
    if reading.is_outermost() {
        // Tools write all of 0xc00 bytes; junk behind them is no part of the table.
        reading.declared_size("the partition table", window.start(), MAX_SIZE, window.len());
    }
    table.record(window, reading)?;
    reading.trailing(window, MAX_SIZE)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;
    use md5::Digest;

    /// A table as ESP-IDF makes it.
    pub(in super::super) fn table(rows: &[(u8, u8, u32, u32, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, subtype, offset, size, label) in rows {
            bytes.extend(ROW_MAGIC);
            bytes.extend([*kind, *subtype]);
            bytes.extend(offset.to_le_bytes());
            bytes.extend(size.to_le_bytes());
            let mut name = label.as_bytes().to_vec();
            name.resize(20, 0);
            bytes.extend(name);
        }
        let digest = md5::Md5::digest(&bytes);
        bytes.extend(MD5_MAGIC);
        bytes.extend(digest);
        bytes.resize(MAX_SIZE as usize, 0xff);
        bytes
    }

    #[test]
    fn facts_and_damage() {
        let image = table(&[(1, 2, 0x9000, 0x5000, "nvs"), (0, 0x10, 0x1_0000, 0x10_0000, "app0")]);
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("esp-partition-table"), Verdict::Pass)
        );
        assert_eq!(facts.containers[0].fields.len(), 2);
        for bit in 0..96 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("esp-partition-table"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
        }
        for len in 0..image.len() {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass);
        }
        assert_eq!(inspect(&[image, vec![7; 1337]].concat()).unwrap().warnings.len(), 1);
    }
}
