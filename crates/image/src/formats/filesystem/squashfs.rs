//! SquashFS of all versions and byte orders, with the magic numbers that vendors put in place of its own.
//!
//! Source: Linux 6.6 `fs/squashfs/squashfs_fs.h` (version 4), squashfs-tools 4.6 `squashfs_compat.h` (versions 1
//! to 3); the vendors' magic numbers from firmware-mod-kit's unsquashfs versions and binwalk's signatures. The
//! superblock carries no checksum: what it says of itself is compared with itself and with the size of the file.

use crate::error::ImageError;
use crate::fields::{Fields, Order, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "squashfs",
    rank: Rank::Magic,
    magic: &[
        Magic::at(0, b"hsqs"),
        Magic::at(0, b"sqsh"),
        Magic::at(0, b"shsq"),
        Magic::at(0, b"qshs"),
        Magic::at(0, b"hsqt"),
        Magic::at(0, b"tqsh"),
        Magic::at(0, b"sqlz"),
        Magic::at(0, b"zlqs"),
    ],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "SquashFS, versions 1 to 4, in both byte orders",
        identified_by: "one of the magic numbers hsqs, sqsh, shsq, qshs, hsqt, tqsh, sqlz, zlqs, and a superblock that agrees with itself",
        reveals: "missing bytes, and a superblock whose offsets or sizes contradict each other",
        blind_to: "damage in files and tables; only the compressor's own check values would tell",
        source: "Linux 6.6 fs/squashfs/squashfs_fs.h, squashfs-tools 4.6 squashfs_compat.h, binwalk",
        tested_with: "mksquashfs 4.5, own construction",
    },
};

/// Bytes of the longest superblock, the one of version 3.
const SUPERBLOCK_SIZE: u64 = 119;

/// Bytes of the superblock of version 4.
const SUPERBLOCK_4_SIZE: u64 = 96;

/// What a table offset holds where there is no table.
const NO_TABLE: u64 = u64::MAX;

/// `compression` of version 4, from 1.
const COMPRESSIONS: &[&str] = &["gzip", "lzma", "lzo", "xz", "lz4", "zstd"];

/// Block sizes that the formats allow: 4 KiB to 1 MiB.
const BLOCK_LOGS: std::ops::RangeInclusive<u16> = 12..=20;

/// What the superblock says.
struct Superblock {
    order: Order,
    /// The version whose layout this is; `major` says the same where it is undamaged.
    layout: u16,
    major: u16,
    minor: u16,
    block_size: u32,
    block_log: u16,
    inodes: u32,
    time: u32,
    compression: Option<u16>,
    bytes_used: u64,
    /// Where the tables start, as far as they are there, in the order in which the file system holds them.
    tables: Vec<u64>,
    size: u64,
}

impl Superblock {
    /// The superblock in the byte order and layout in which it agrees best with itself: neither the magic number,
    /// which vendors change, nor the version alone decides.
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let bytes = window.head(0, SUPERBLOCK_SIZE)?;
        let candidates = [Order::Little, Order::Big].into_iter().flat_map(|order| {
            let fields = Fields::new(&bytes, order);
            [Self::before_4(fields, order, 1), Self::before_4(fields, order, 2)]
                .into_iter()
                .chain([Self::before_4(fields, order, 3), Self::of_4(fields, order)])
        });
        let best = candidates.max_by_key(Self::agreement);
        Ok(best.unwrap_or_else(|| Self::of_4(Fields::little(&bytes), Order::Little)))
    }

    fn of_4(fields: Fields<'_>, order: Order) -> Self {
        // Inodes, directories, fragments, export table, ids, extended attributes.
        let tables = [64, 72, 80, 88, 48, 56];
        Self {
            order,
            layout: 4,
            major: fields.u16(28),
            minor: fields.u16(30),
            block_size: fields.u32(12),
            block_log: fields.u16(22),
            inodes: fields.u32(4),
            time: fields.u32(8),
            compression: Some(fields.u16(20)),
            bytes_used: fields.u64(40),
            tables: tables.map(|at| fields.u64(at)).into_iter().filter(|at| *at != NO_TABLE).collect(),
            size: SUPERBLOCK_4_SIZE,
        }
    }

    fn before_4(fields: Fields<'_>, order: Order, layout: u16) -> Self {
        let wide = layout == 3;
        let (bytes_used, tables, size) = if wide {
            (fields.u64(63), vec![fields.u64(87), fields.u64(95)], SUPERBLOCK_SIZE)
        } else {
            let narrow = |at| u64::from(fields.u32(at));
            (narrow(8), vec![narrow(20), narrow(24)], if layout == 2 { 63 } else { 51 })
        };
        let block_size = if layout == 1 { u32::from(fields.u16(32)) } else { fields.u32(51) };
        Self {
            order,
            layout,
            major: fields.u16(28),
            minor: fields.u16(30),
            block_size,
            block_log: fields.u16(34),
            inodes: fields.u32(4),
            time: fields.u32(39),
            compression: None,
            bytes_used,
            tables,
            size,
        }
    }

    fn block_is_sound(&self) -> bool {
        BLOCK_LOGS.contains(&self.block_log)
            && (1_u32.checked_shl(self.block_log.into()) == Some(self.block_size)
                || (self.layout == 1 && self.block_log == 16))
    }

    fn tables_are_sound(&self) -> bool {
        self.tables.iter().all(|at| *at >= self.size && *at <= self.bytes_used)
    }

    /// How many of 7 signs there are that this is a superblock of this layout.
    fn agreement(&self) -> usize {
        evidence(&[
            self.major == self.layout,
            self.minor <= 9,
            self.block_is_sound(),
            self.tables_are_sound(),
            self.tables.windows(2).take(1).all(|pair| pair[0] < pair[1]),
            self.bytes_used > self.size && self.bytes_used < 1 << 40,
            self.inodes > 0 && u64::from(self.inodes) <= self.bytes_used,
        ])
    }

    fn compression(&self) -> String {
        match self.compression {
            None => "zlib or lzma".into(),
            Some(id) => COMPRESSIONS
                .get(usize::from(id).wrapping_sub(1))
                .map_or_else(|| id.to_string(), |name| (*name).to_owned()),
        }
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.len() >= SUPERBLOCK_4_SIZE && Superblock::read(window)?.agreement() >= 5)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let superblock = Superblock::read(window)?;
    let fields = reading.container(FORMAT.id, window.clamped(0, superblock.bytes_used));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("version", format!("{}.{}", superblock.major, superblock.minor));
    put("byte-order", if superblock.order == Order::Little { "little" } else { "big" }.into());
    put("compression", superblock.compression());
    put("block-size", superblock.block_size.to_string());
    put("inodes", superblock.inodes.to_string());
    put("created", superblock.time.to_string());
    put("bytes-used", superblock.bytes_used.to_string());
    let at = window.start();
    let sound = |ok: bool| if ok { "sound" } else { "contradicts itself" };
    reading.structure("version of the file system", at + 28, superblock.layout, superblock.major);
    reading.structure("block size of the file system", at + 12, "sound", sound(superblock.block_is_sound()));
    reading.structure("tables of the file system", at + 48, "sound", sound(superblock.tables_are_sound()));
    reading.declared_size("the file system", at + 40, superblock.bytes_used, window.len());
    reading
        .uncovered("The superblock, files and tables of the SquashFS are covered by no checksum of its own.");
    reading.trailing(window, superblock.bytes_used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn image(magic: &[u8; 4], order: Order, major: u16) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        bytes[..4].copy_from_slice(magic);
        let mut put = |at: usize, number: u64, len: usize| {
            let little = &number.to_le_bytes()[..len];
            for (index, byte) in little.iter().enumerate() {
                let place = if order == Order::Little { index } else { len - 1 - index };
                bytes[at + place] = *byte;
            }
        };
        put(4, 5, 4);
        put(28, major.into(), 2);
        let numbers: &[(usize, u64, usize)] = if major == 4 {
            &[
                (12, 0x2_0000, 4),
                (20, 4, 2),
                (22, 17, 2),
                (40, 3000, 8),
                (48, 2900, 8),
                (56, NO_TABLE, 8),
                (64, 1000, 8),
                (72, 2000, 8),
                (80, 2500, 8),
                (88, NO_TABLE, 8),
            ]
        } else {
            &[(34, 16, 2), (51, 0x1_0000, 4), (63, 3000, 8), (87, 1000, 8), (95, 2000, 8)]
        };
        numbers.iter().for_each(|(at, number, len)| put(*at, *number, *len));
        bytes
    }

    #[test]
    fn every_byte_order_and_version() {
        for (magic, order, major) in [
            (b"hsqs", Order::Little, 4),
            (b"sqsh", Order::Big, 3),
            (b"shsq", Order::Little, 3),
            (b"qshs", Order::Big, 3),
        ] {
            let bytes = image(magic, order, major);
            let facts = inspect(&bytes).unwrap();
            assert_eq!(facts.format.as_deref(), Some("squashfs"), "{major}");
            assert_eq!(facts.containers[0].size, 3000);
            assert_eq!(facts.integrity.verdict, Verdict::Unknown);
            assert!(facts.warnings.is_empty());
            let junk = [bytes.as_slice(), b"junk"].concat();
            assert_eq!(inspect(&junk).unwrap().warnings.len(), 1);
            assert_eq!(inspect(&bytes[..2000].to_vec()).unwrap().integrity.verdict, Verdict::Fail);
            for bit in 0..SUPERBLOCK_4_SIZE as usize * 8 {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let facts = inspect(&damaged).unwrap();
                assert_eq!(facts.format.as_deref(), Some("squashfs"), "bit {bit}");
            }
            for len in 0..120 {
                inspect(&bytes[..len].to_vec()).unwrap();
            }
        }
    }
}
