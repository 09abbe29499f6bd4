//! ext2, ext3 and ext4, which differ in features only.
//!
//! Source: Linux 6.6 `Documentation/filesystems/ext4`, `fs/ext4/ext4.h`, `fs/ext4/super.c`. With the feature
//! `metadata_csum` everything but the contents of files carries a CRC-32C that is not complemented at the end and starts
//! with that of the file system's UUID.

use crate::digest::{Piece, crc32c};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Rank};
use crate::formats::filesystem::ext4_groups::check_groups;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ext4",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "ext2, ext3, ext4",
        identified_by: "magic ef53 at 1080, and a superblock that agrees with itself",
        reveals: "damaged superblock, group descriptors, bitmaps, inodes and directories, by CRC-32C where the feature metadata_csum is on; missing bytes",
        blind_to: "contents of files",
        source: "Linux 6.6 Documentation/filesystems/ext4, fs/ext4/ext4.h",
        tested_with: "mke2fs 1.47",
    },
};

/// Offset of the superblock.
pub(super) const SUPERBLOCK: u64 = 1024;

const SUPERBLOCK_SIZE: u64 = 1024;

const MAGIC: u16 = 0xef53;

/// `feature_incompat`: block numbers of 64 bits; the seed of checksums stands in the superblock.
const HAS_64_BITS: u32 = 0x80;
const HAS_CHECKSUM_SEED: u32 = 0x2000;

/// `feature_ro_compat`: metadata carry CRC-32Cs.
const HAS_METADATA_CHECKSUMS: u32 = 0x400;

/// `feature_incompat`: group descriptors are scattered.
const HAS_META_GROUPS: u32 = 0x10;

/// What the superblock says.
pub(super) struct Superblock {
    pub(super) block_size: u64,
    pub(super) blocks: u64,
    pub(super) blocks_per_group: u32,
    pub(super) clusters_per_group: u32,
    pub(super) inodes: u32,
    pub(super) inodes_per_group: u32,
    pub(super) inode_size: u16,
    pub(super) first_block: u32,
    pub(super) descriptor_size: u64,
    pub(super) has_checksums: bool,
    /// Whether the group descriptors stand in a row behind the superblock.
    pub(super) has_plain_groups: bool,
    /// What the CRCs of everything but the superblock start with.
    pub(super) seed: u32,
    block_log: u32,
    magic: u16,
    revision: u32,
    bytes: Vec<u8>,
}

impl Superblock {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let bytes = window.head(SUPERBLOCK, SUPERBLOCK_SIZE)?;
        if (bytes.len() as u64) < SUPERBLOCK_SIZE {
            return Ok(None);
        }
        let fields = Fields::little(&bytes);
        let incompatible = fields.u32(0x60);
        let has_64_bits = incompatible & HAS_64_BITS != 0;
        let high = if has_64_bits { u64::from(fields.u32(0x150)) << 32 } else { 0 };
        let revision = fields.u32(0x4c);
        let seed = match incompatible & HAS_CHECKSUM_SEED {
            0 => crc32c(!0, [Piece::Bytes(fields.slice(0x68, 16))])?,
            _ => fields.u32(0x270),
        };
        Ok(Some(Self {
            block_size: 1024 << fields.u32(0x18).min(6),
            blocks: u64::from(fields.u32(4)) | high,
            blocks_per_group: fields.u32(0x20),
            clusters_per_group: fields.u32(0x24),
            inodes: fields.u32(0),
            inodes_per_group: fields.u32(0x28),
            inode_size: if revision == 0 { 128 } else { fields.u16(0x58) },
            first_block: fields.u32(0x14),
            descriptor_size: if has_64_bits { fields.u16(0xfe).max(32).into() } else { 32 },
            has_checksums: fields.u32(0x64) & HAS_METADATA_CHECKSUMS != 0,
            has_plain_groups: incompatible & HAS_META_GROUPS == 0,
            seed,
            block_log: fields.u32(0x18),
            magic: fields.u16(0x38),
            revision,
            bytes,
        }))
    }

    fn is_plausible(&self) -> bool {
        let groups = self.groups();
        let signs = [
            self.magic == MAGIC,
            self.block_log <= 6,
            self.revision <= 1,
            self.blocks > 0 && self.blocks < 1 << 40,
            u64::from(self.blocks_per_group) > 0 && u64::from(self.blocks_per_group) <= self.block_size * 8,
            self.inode_size.is_power_of_two() && (128..=4096).contains(&self.inode_size),
            self.inodes > 0 && u64::from(self.inodes) == groups.saturating_mul(self.inodes_per_group.into()),
            self.first_block == u32::from(self.block_log == 0),
        ];
        evidence(&signs) >= 6
    }

    /// How many groups of blocks there are.
    pub(super) fn groups(&self) -> u64 {
        let blocks = self.blocks.saturating_sub(self.first_block.into());
        if self.blocks_per_group == 0 { 0 } else { blocks.div_ceil(self.blocks_per_group.into()) }
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Superblock::read(window)?.is_some_and(|superblock| superblock.is_plausible()))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(superblock) = Superblock::read(window)? else { return Ok(()) };
    let size = superblock.blocks.saturating_mul(superblock.block_size);
    let header = Fields::little(&superblock.bytes);
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("name", header.text(0x78, 16));
    put("last-mounted", header.text(0x88, 64));
    put("block-size", superblock.block_size.to_string());
    put("blocks", superblock.blocks.to_string());
    put("inodes", superblock.inodes.to_string());
    put("features", format!("{:#x} {:#x} {:#x}", header.u32(0x5c), header.u32(0x60), header.u32(0x64)));
    let at = window.start() + SUPERBLOCK;
    let magic = format!("{:04x}", superblock.magic);
    reading.structure("magic number", at + 0x38, "ef53", magic);
    let agrees = u64::from(superblock.inodes)
        == superblock.groups().saturating_mul(superblock.inodes_per_group.into());
    let agrees = if agrees { "as many as the groups hold" } else { "another number" };
    reading.structure("number of inodes", at, "as many as the groups hold", agrees);
    reading.declared_size("the file system", at + 4, size, window.len());
    if superblock.has_checksums {
        let expected = format!("{:08x}", header.u32(0x3fc));
        let actual = crc32c(!0, [Piece::Bytes(header.slice(0, 0x3fc))])?;
        reading.digest("crc32c of the superblock", at + 0x3fc, expected, format!("{actual:08x}"));
        check_groups(window.clamped(0, size), &superblock, reading)?;
        reading.uncovered("Contents of files of the ext4 file system are covered by no checksum.");
    } else {
        reading.uncovered("The ext4 file system was made without checksums.");
    }
    reading.trailing(window, size)
}
