//! EROFS: the read-only file system of Android's partitions.
//!
//! Source: Linux 6.6 `fs/erofs/erofs_fs.h`, `fs/erofs/super.c`. The superblock stands at 1024; its CRC-32C goes on to
//! the end of the first block, with its own field at zero and without the final complement.

use crate::digest::Piece;
use crate::digest::crc32c;
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "erofs",
    rank: Rank::Magic,
    magic: &[Magic::at(SUPERBLOCK as i64, &[0xe2, 0xe1, 0xf5, 0xe0])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "EROFS",
        identified_by: "magic e0f5e1e2 at 1024",
        reveals: "a damaged superblock, by a CRC-32C where the file system has one, and missing bytes",
        blind_to: "damage in files and their tables",
        source: "Linux 6.6 fs/erofs/erofs_fs.h, fs/erofs/super.c",
        tested_with: "mkfs.erofs",
    },
};

/// Offset of the superblock.
const SUPERBLOCK: u64 = 1024;

const SUPERBLOCK_SIZE: u64 = 128;

/// `feature_compat`: the superblock has a CRC.
const HAS_CHECKSUM: u32 = 1;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(SUPERBLOCK, SUPERBLOCK_SIZE)?;
    let fields = Fields::little(&bytes);
    let signs =
        [(9..=16).contains(&fields.u8(12)), fields.u32(36) > 0, fields.u64(16) > 0, fields.u16(14) > 0];
    Ok(bytes.len() as u64 == SUPERBLOCK_SIZE && evidence(&signs) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(SUPERBLOCK, SUPERBLOCK_SIZE)?;
    let header = Fields::little(&bytes);
    let block_size = 1_u64 << header.u8(12).min(32);
    let size = u64::from(header.u32(36)).saturating_mul(block_size);
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("block-size", block_size.to_string());
    put("blocks", header.u32(36).to_string());
    put("inodes", header.u64(16).to_string());
    put("created", header.u64(24).to_string());
    put("name", header.text(64, 16));
    let at = window.start() + SUPERBLOCK;
    reading.structure(
        "block size of the file system",
        at + 12,
        "512 to 65536",
        if (9..=16).contains(&header.u8(12)) { "512 to 65536".into() } else { block_size.to_string() },
    );
    reading.declared_size("the file system", at + 36, size, window.len());
    if header.u32(8) & HAS_CHECKSUM != 0 {
        let len = if block_size > SUPERBLOCK { block_size - SUPERBLOCK } else { block_size };
        let actual = crc32c(
            !0,
            [
                Piece::Window(window.clamped(SUPERBLOCK, 4)),
                Piece::Bytes(&[0; 4]),
                Piece::Window(window.clamped(SUPERBLOCK + 8, len.saturating_sub(8))),
            ],
        )?;
        let expected = format!("{:08x}", header.u32(4));
        reading.digest("crc32c of the superblock", at + 4, expected, format!("{actual:08x}"));
    }
    reading.uncovered("Files of the EROFS are covered by no checksum of its own.");
    reading.trailing(window, size)
}
