//! UBIFS: nodes with a CRC-32 each, in the logical blocks of a UBI volume.
//!
//! Source: Linux 6.6 `fs/ubifs/ubifs-media.h`. Numbers are little-endian; the CRC starts behind its field and is not
//! complemented at the end. Nodes start at multiples of eight bytes. The area of the tree of block properties, behind
//! the log, holds no nodes.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ubifs",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x31, 0x18, 0x10, 0x06])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UBIFS",
        identified_by: "magic 06101831 and a superblock node",
        reveals: "damage in any node, by CRC-32, and missing blocks",
        blind_to: "the tree of block properties",
        source: "Linux 6.6 fs/ubifs/ubifs-media.h",
        tested_with: "mkfs.ubifs",
    },
};

const MAGIC: u32 = 0x0610_1831;
const HEADER_SIZE: u64 = 24;

/// Bytes of the superblock node.
const SUPERBLOCK_SIZE: u64 = 4096;

const SUPERBLOCK: u8 = 6;
const PADDING: u8 = 5;

/// The most nodes that are looked at.
const MAX_NODES: u64 = 4 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, 80)?;
    let fields = Fields::little(&bytes);
    let block = fields.u32(36);
    let signs = [
        fields.u8(20) == SUPERBLOCK,
        u64::from(fields.u32(16)) == SUPERBLOCK_SIZE,
        (15 * 1024..=4 << 20).contains(&block),
        fields.u32(40) > 0 && fields.u32(40) <= fields.u32(44),
    ];
    Ok(bytes.len() == 80 && evidence(&signs) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, SUPERBLOCK_SIZE)?;
    let header = Fields::little(&bytes);
    let block = u64::from(header.u32(36)).max(SUPERBLOCK_SIZE);
    let blocks = u64::from(header.u32(40));
    let size = block.saturating_mul(blocks);
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("block-size", block.to_string());
    put("blocks", blocks.to_string());
    put("most-blocks", header.u32(44).to_string());
    put("format-version", header.u32(80).to_string());
    let compressors = ["none", "lzo", "zlib", "zstd"];
    put("compression", compressors.get(usize::from(header.u16(84))).unwrap_or(&"unknown").to_string());
    // One block of superblock, two of master nodes, then the log, then the tree of block properties.
    let tree = 3 + u64::from(header.u32(56));
    let behind_tree = tree.saturating_add(header.u32(60).into());
    let at = window.start();
    reading.declared_size("the file system", at + 40, size, window.len());
    let mut walk = Walk { nodes: 0, broken: None };
    let mut number = 0;
    while number < blocks && number * block < window.len() {
        if number < tree || number >= behind_tree {
            walk.block(window.clamped(number * block, block))?;
        }
        number += 1;
    }
    let found = walk.broken.map_or("sound".into(), |at| format!("broken at offset {at}"));
    reading.digest("crc32 of the nodes", walk.broken.unwrap_or(at), "sound", found);
    reading.trailing(window, size)
}

struct Walk {
    nodes: u64,
    broken: Option<u64>,
}

impl Walk {
    /// Goes from node to node of a block until erased flash starts.
    fn block(&mut self, block: Window<'_>) -> Result<(), ImageError> {
        let mut at = 0;
        while at < block.len() && self.nodes < MAX_NODES {
            let bytes = block.head(at, 32)?;
            let fields = Fields::little(&bytes);
            if bytes.iter().take(8).all(|byte| *byte == 0xff) {
                return Ok(());
            }
            // A single padding byte pattern fills what is too small for a padding node.
            if bytes.iter().take(8).all(|byte| *byte == 0xce) {
                at += 8;
                continue;
            }
            let size = u64::from(fields.u32(16));
            let sound = match block.part(at, size) {
                Some(node) if fields.u32(0) == MAGIC && size >= HEADER_SIZE => {
                    jamcrc(node.clamped(8, u64::MAX))? == fields.u32(4)
                }
                _ => false,
            };
            if !sound {
                self.broken.get_or_insert(block.start().saturating_add(at));
                return Ok(());
            }
            self.nodes += 1;
            let padding = if fields.u8(20) == PADDING { u64::from(fields.u32(24)) } else { 0 };
            at = at.saturating_add(size).saturating_add(padding).next_multiple_of(8);
        }
        Ok(())
    }
}
