//! UBI: volumes on raw NAND flash. Each erase block starts with two headers of 64 bytes, each with a CRC-32.
//!
//! Source: Linux 6.6 `drivers/mtd/ubi/ubi-media.h`. Numbers are big-endian; the CRCs are not complemented at the end.
//! Contents of static volumes, and of blocks that were moved, carry a CRC; those of dynamic volumes do not.

use std::collections::BTreeMap;

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ubi",
    rank: Rank::Magic,
    magic: &[Magic::at(0, MAGIC)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UBI image",
        identified_by: "magic `UBI#` and the header of an erase block",
        reveals: "damaged headers and volume tables, by CRC-32; damaged contents of static volumes; missing blocks of these",
        blind_to: "contents of dynamic volumes",
        source: "Linux 6.6 drivers/mtd/ubi/ubi-media.h",
        tested_with: "ubinize",
    },
};

const MAGIC: &[u8] = b"UBI#";
const VOLUME_MAGIC: &[u8] = b"UBI!";
const HEADER_SIZE: u64 = 64;

/// The volume that holds the table of volumes.
const LAYOUT: u32 = 0x7fff_efff;

/// Bytes of an entry of the table, and the most entries.
const ENTRY_SIZE: u64 = 172;
const MAX_VOLUMES: u64 = 128;

/// Sizes that erase blocks have: 2 KiB to 4 MiB.
const BLOCK_LOGS: std::ops::RangeInclusive<u32> = 11..=22;

/// The most erase blocks that are looked at.
const MAX_BLOCKS: u64 = 1 << 17;

const STATIC: u8 = 2;

/// A block of a volume.
struct Block {
    /// Offset of its contents in the window.
    at: u64,
    sequence: u64,
    size: u64,
    used_blocks: u32,
}

/// What was found on the way through the blocks.
struct Scan<'a> {
    window: Window<'a>,
    block_size: u64,
    data_at: u64,
    blocks: u64,
    headers: Faults,
    data: Faults,
    compared_data: bool,
    /// By volume and logical number.
    volumes: BTreeMap<u32, BTreeMap<u32, Block>>,
    kinds: BTreeMap<u32, u8>,
}

/// The first of several faults.
#[derive(Default)]
struct Faults {
    first: Option<u64>,
}

impl Faults {
    fn add(&mut self, at: u64, is_sound: bool) {
        if !is_sound {
            self.first.get_or_insert(at);
        }
    }

    fn record(&self, what: &str, reading: &mut Reading<'_>) {
        let found = self.first.map_or("sound".into(), |at| format!("broken at offset {at}"));
        reading.digest(what, self.first.unwrap_or(0), "sound", found);
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let fields = Fields::big(&bytes);
    let (volume_at, data_at) = (u64::from(fields.u32(16)), u64::from(fields.u32(20)));
    let signs = [
        fields.u8(4) == 1,
        (HEADER_SIZE..1 << 20).contains(&volume_at),
        (HEADER_SIZE..1 << 20).contains(&data_at),
        has_sound_crc(&bytes),
    ];
    Ok(bytes.len() as u64 == HEADER_SIZE && evidence(&signs) >= 2)
}

/// Whether the CRC in the last four of 64 bytes is right.
fn has_sound_crc(header: &[u8]) -> bool {
    let fields = Fields::big(header);
    !crc32fast::hash(fields.slice(0, 60)) == fields.u32(60)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let place = {
        reading.container(FORMAT.id, window);
        reading.last_container()
    };
    let (block_size, data_at) = geometry(window)?;
    let mut scan = Scan {
        window,
        block_size,
        data_at,
        blocks: 0,
        headers: Faults::default(),
        data: Faults::default(),
        compared_data: false,
        volumes: BTreeMap::new(),
        kinds: BTreeMap::new(),
    };
    let end = scan.run(reading)?;
    let fields = &mut reading.container_at(place).fields;
    fields.insert("block-size".into(), block_size.to_string());
    fields.insert("blocks".into(), scan.blocks.to_string());
    scan.headers.record("crc32 of the headers of blocks", reading);
    if scan.compared_data {
        scan.data.record("crc32 of contents of blocks", reading);
    }
    let names = scan.read_table(place, reading)?;
    reading.container_at(place).size = end;
    scan.check_statics(reading);
    if scan.kinds.values().any(|kind| *kind != STATIC) {
        reading
            .uncovered("Contents of the dynamic volumes of the UBI image are covered by no checksum of UBI.");
    }
    scan.read_volumes(&names, reading)?;
    reading.trailing(window, end)
}

/// Size of an erase block, and where contents start in it: the distance of the first two headers.
fn geometry(window: Window<'_>) -> Result<(u64, u64), ImageError> {
    let first = window.head(0, HEADER_SIZE)?;
    let data_at = u64::from(Fields::big(&first).u32(20));
    for block_log in BLOCK_LOGS {
        let header = window.head(1 << block_log, HEADER_SIZE)?;
        if header.starts_with(MAGIC) && (has_sound_crc(&header) || 1 << block_log > data_at) {
            let second = u64::from(Fields::big(&header).u32(20));
            // The header with the right CRC is to be believed.
            let data_at = if has_sound_crc(&first) { data_at } else { second };
            return Ok((1 << block_log, data_at));
        }
    }
    Ok((window.len(), data_at))
}

impl Scan<'_> {
    /// Goes through the blocks; the end of the last one.
    fn run(&mut self, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
        let mut at = 0;
        while at < self.window.len() && self.blocks < MAX_BLOCKS {
            let start = self.window.start().saturating_add(at);
            let Some(block) = self.window.part(at, self.block_size) else {
                // What is left is the start of a block that was cut off, or nothing of this image.
                let rest = self.window.clamped(at, HEADER_SIZE);
                if rest.head(0, 4)? == MAGIC {
                    reading.declared_size("the last block", start, self.block_size, self.window.len() - at);
                    at = self.window.len();
                }
                return Ok(at);
            };
            let header = block.head(0, HEADER_SIZE)?;
            let is_erased = header.iter().all(|byte| *byte == 0xff);
            if !is_erased {
                let is_sound = header.starts_with(MAGIC) && has_sound_crc(&header);
                if !is_sound && !self.is_block(&header) && block.head(0, 4)? != *b"UBI#" {
                    return Ok(at);
                }
                self.headers.add(start, is_sound);
                self.block(block, at)?;
            }
            self.blocks += 1;
            at += self.block_size;
        }
        Ok(at.min(self.window.len()))
    }

    /// Whether a header without the right CRC or magic number is one all the same.
    fn is_block(&self, header: &[u8]) -> bool {
        let fields = Fields::big(header);
        let different = (fields.u32(0) ^ 0x5542_4923).count_ones();
        different <= 2 && u64::from(fields.u32(20)) == self.data_at
    }

    fn block(&mut self, block: Window<'_>, at: u64) -> Result<(), ImageError> {
        let own = block.head(0, HEADER_SIZE)?;
        let mut volume_at = u64::from(Fields::big(&own).u32(16));
        if !has_sound_crc(&own) {
            let first = self.window.head(0, HEADER_SIZE)?;
            volume_at = u64::from(Fields::big(&first).u32(16));
        }
        let header = block.head(volume_at, HEADER_SIZE)?;
        let fields = Fields::big(&header);
        if header.iter().all(|byte| *byte == 0xff) {
            return Ok(());
        }
        let is_sound = header.starts_with(VOLUME_MAGIC) && has_sound_crc(&header);
        self.headers.add(block.start().saturating_add(volume_at), is_sound);
        if !is_sound {
            return Ok(());
        }
        let (volume, number) = (fields.u32(8), fields.u32(12));
        let size = u64::from(fields.u32(20));
        let kind = fields.u8(5);
        // A CRC of the contents is there for static volumes and for blocks that UBI has moved.
        if kind == STATIC || fields.u8(6) == 1 {
            let data = block.clamped(self.data_at, size);
            self.compared_data = true;
            self.data.add(data.start(), jamcrc(data)? == fields.u32(32) && data.len() == size);
        }
        self.kinds.insert(volume, kind);
        let sequence = fields.u64(40);
        let found = Block { at: at + self.data_at, sequence, size, used_blocks: fields.u32(24) };
        let numbers = self.volumes.entry(volume).or_default();
        if numbers.get(&number).is_none_or(|other| other.sequence <= sequence) {
            numbers.insert(number, found);
        }
        Ok(())
    }

    /// Reads the table of volumes: their names, by number.
    fn read_table(
        &self,
        place: usize,
        reading: &mut Reading<'_>,
    ) -> Result<BTreeMap<u32, String>, ImageError> {
        let mut names = BTreeMap::new();
        let layout = self.volumes.get(&LAYOUT);
        reading.structure(
            "table of volumes",
            self.window.start(),
            "there",
            if layout.is_some() { "there" } else { "missing" },
        );
        let mut faults = Faults::default();
        // Small blocks have room for fewer entries (`vtbl_slots` in `drivers/mtd/ubi/vtbl.c`).
        let slots = MAX_VOLUMES.min(self.block_size.saturating_sub(self.data_at) / ENTRY_SIZE);
        for block in layout.into_iter().flat_map(BTreeMap::values) {
            let table = self.window.clamped(block.at, ENTRY_SIZE * slots);
            for index in 0..slots {
                let Some(bytes) = table.bytes(index * ENTRY_SIZE, ENTRY_SIZE)? else { break };
                let fields = Fields::big(&bytes);
                let is_sound = !crc32fast::hash(fields.slice(0, 168)) == fields.u32(168);
                faults.add(table.start().saturating_add(index * ENTRY_SIZE), is_sound);
                if is_sound && fields.u32(0) > 0 {
                    names.insert(index as u32, fields.text(16, usize::from(fields.u16(14)).min(128)));
                }
            }
        }
        if layout.is_some() {
            faults.record("crc32 of the table of volumes", reading);
        }
        let fields = &mut reading.container_at(place).fields;
        for (index, name) in &names {
            fields.insert(format!("volume-{index}"), name.clone());
        }
        Ok(names)
    }

    /// A static volume says how many blocks it has.
    fn check_statics(&self, reading: &mut Reading<'_>) {
        for (volume, blocks) in &self.volumes {
            if self.kinds.get(volume) == Some(&STATIC) {
                let used = blocks.values().map(|block| block.used_blocks).max().unwrap_or(0);
                let there = blocks.keys().filter(|number| **number < used).count();
                reading.structure(format!("blocks of volume {volume}"), self.window.start(), used, there);
            }
        }
    }

    /// Puts the blocks of each volume together and reads what that is.
    fn read_volumes(
        &self,
        names: &BTreeMap<u32, String>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let room = self.block_size.saturating_sub(self.data_at);
        for (volume, blocks) in self.volumes.iter().filter(|(volume, _)| **volume != LAYOUT) {
            let mut pieces = Pieces::new(self.window);
            let mut next = 0;
            for (number, block) in blocks {
                // Blocks that were never written read as erased flash. So many may be missing as the image has.
                let missing = u64::from(*number).saturating_sub(next);
                if missing > MAX_BLOCKS || !pieces.fill([0xff; 4], missing.saturating_mul(room)) {
                    break;
                }
                let size = if self.kinds.get(volume) == Some(&STATIC) { block.size.min(room) } else { room };
                if !pieces.push(block.at, size) {
                    break;
                }
                next = u64::from(*number) + 1;
            }
            let name = names.get(volume).cloned().unwrap_or_else(|| format!("volume-{volume}"));
            reading.hidden_part(name, pieces.window())?;
        }
        Ok(())
    }
}
