//! cramfs, in both byte orders: a compressed read-only file system with a CRC-32 over all of it.
//!
//! Source: Linux 6.6 `include/uapi/linux/cramfs_fs.h`, util-linux 2.38 `disk-utils/mkfs.cramfs.c`. The CRC is computed
//! with its own field at zero; file systems of the first version have none. The superblock may stand at offset 512,
//! behind room for a boot sector, which the CRC does not cover.

use crate::digest::{Piece, crc32_of};
use crate::error::ImageError;
use crate::fields::{Fields, Order, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "cramfs",
    rank: Rank::Magic,
    magic: &[
        Magic::at(0, &LITTLE),
        Magic::at(0, &BIG),
        Magic::at(PADDED as i64, &LITTLE),
        Magic::at(PADDED as i64, &BIG),
        Magic::at(SIGNATURE_AT as i64, SIGNATURE),
    ],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "cramfs",
        identified_by: "magic 28cd3d45 in either byte order, with the text `Compressed ROMFS` at offset 16",
        reveals: "damage anywhere, by a CRC-32 over the whole file system, and missing bytes",
        blind_to: "everything, in file systems of the first version, which have no CRC",
        source: "Linux 6.6 include/uapi/linux/cramfs_fs.h, util-linux 2.38 mkfs.cramfs.c",
        tested_with: "mkfs.cramfs",
    },
};

const LITTLE: [u8; 4] = [0x45, 0x3d, 0xcd, 0x28];
const BIG: [u8; 4] = [0x28, 0xcd, 0x3d, 0x45];
const SIGNATURE: &[u8] = b"Compressed ROMFS";
const SIGNATURE_AT: usize = 16;

/// Where the superblock stands if there is room for a boot sector before it.
const PADDED: u64 = 512;

/// Bytes of superblock and root inode.
const SUPERBLOCK_SIZE: u64 = 76;

/// Offset of the CRC in the superblock.
const CRC_AT: u64 = 32;

/// `flags`: there is a CRC, and counts of blocks and files.
const HAS_FSID: u32 = 1;

/// Offset and byte order of the superblock, where one is.
fn locate(window: Window<'_>) -> Result<Option<(u64, Order)>, ImageError> {
    for at in [0, PADDED] {
        let bytes = window.head(at, SUPERBLOCK_SIZE)?;
        if (bytes.len() as u64) < SUPERBLOCK_SIZE {
            continue;
        }
        for order in [Order::Little, Order::Big] {
            let fields = Fields::new(&bytes, order);
            let size = u64::from(fields.u32(4));
            let signs = [
                fields.u32(0) == 0x28cd_3d45,
                fields.slice(SIGNATURE_AT, 16) == SIGNATURE,
                (SUPERBLOCK_SIZE..1 << 28).contains(&size),
                fields.u32(8) >> 16 == 0 && fields.u32(12) == 0,
            ];
            if evidence(&signs) >= 3 && (signs[0] || signs[1]) {
                return Ok(Some((at, order)));
            }
        }
    }
    Ok(None)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(locate(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((start, order)) = locate(window)? else { return Ok(()) };
    let bytes = window.head(start, SUPERBLOCK_SIZE)?;
    let header = Fields::new(&bytes, order);
    let size = u64::from(header.u32(4));
    let whole = window.clamped(0, size);
    let fields = reading.container(FORMAT.id, whole);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("name", header.text(48, 16));
    put("size", size.to_string());
    put("byte-order", if order == Order::Little { "little" } else { "big" }.into());
    put("edition", header.u32(36).to_string());
    put("blocks", header.u32(40).to_string());
    put("files", header.u32(44).to_string());
    let at = window.start() + start;
    reading.structure("magic number", at, "28cd3d45", format!("{:08x}", header.u32(0)));
    let signature = header.text(SIGNATURE_AT, 16);
    reading.structure("signature", at + 16, String::from_utf8_lossy(SIGNATURE), signature);
    reading.declared_size("the file system", at + 4, size, window.len());
    if header.u32(8) & HAS_FSID == 0 {
        reading.uncovered("The cramfs is of the first version, which has no CRC.");
    } else {
        let field = start + CRC_AT;
        let actual = crc32_of([
            Piece::Window(whole.clamped(start, CRC_AT)),
            Piece::Bytes(&[0; 4]),
            Piece::Window(whole.clamped(field + 4, u64::MAX)),
        ])?;
        let expected = header.u32(CRC_AT as usize);
        reading.digest("crc32 of the file system", at + CRC_AT, hex(expected), hex(actual));
    }
    reading.trailing(window, size)
}

fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}
