//! The checksums of an ext4 file system behind its superblock: group descriptors, bitmaps, inodes, and what those of
//! directories lead to.
//!
//! Source: Linux 6.6 `fs/ext4/super.c` (`ext4_group_desc_csum`), `fs/ext4/bitmap.c`, `fs/ext4/inode.c`
//! (`ext4_inode_csum`). The CRC of a descriptor starts with the seed and the number of the group and keeps its low
//! half; that of an inode starts with the seed, its number and its generation.

use crate::digest::{Piece, crc32c};
use crate::error::ImageError;
use crate::fields::Fields;
use crate::formats::filesystem::ext4::{SUPERBLOCK, Superblock};
use crate::formats::filesystem::ext4_directories::Directory;
use crate::reading::Reading;
use crate::window::Window;

/// The most groups that are looked at: 16 TiB of blocks of 4 KiB have as many.
const MAX_GROUPS: u64 = 1 << 17;

/// `bg_flags`: the table of inodes, or the bitmap of blocks, was never written.
const NO_INODES: u16 = 1;
const NO_BLOCK_BITMAP: u16 = 2;

/// Offset of the field with the low half of an inode's CRC, and of the high half.
const INODE_CRC_LOW: usize = 0x7c;
const INODE_CRC_HIGH: usize = 0x82;

/// The first fault of a kind, and how much was looked at.
#[derive(Default)]
pub(super) struct Tally {
    seen: u64,
    first_fault: Option<u64>,
}

impl Tally {
    pub(super) fn add(&mut self, at: u64, is_sound: bool) {
        self.seen += 1;
        if !is_sound {
            self.first_fault.get_or_insert(at);
        }
    }

    fn record(&self, what: &str, reading: &mut Reading<'_>) {
        if self.seen > 0 {
            let found = self.first_fault.map_or("sound".into(), |at| format!("broken at offset {at}"));
            reading.digest(format!("crc32c of {what}"), self.first_fault.unwrap_or(0), "sound", found);
        }
    }
}

/// Compares every CRC of descriptors, bitmaps and inodes that are there; what is missing was said before.
pub(super) fn check_groups(
    window: Window<'_>,
    superblock: &Superblock,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    if !superblock.has_plain_groups {
        reading
            .uncovered("The group descriptors of the ext4 file system are scattered and were not checked.");
        return Ok(());
    }
    let table =
        (u64::from(superblock.first_block) + 1).saturating_mul(superblock.block_size).max(2 * SUPERBLOCK);
    let (mut descriptors, mut bitmaps, mut inodes) = (Tally::default(), Tally::default(), Tally::default());
    let mut directories = Tally::default();
    for index in 0..superblock.groups().min(MAX_GROUPS) {
        let at = table.saturating_add(index * superblock.descriptor_size);
        let Some(bytes) = window.bytes(at, superblock.descriptor_size)? else { break };
        let group = Group { window, superblock, index, bytes: &bytes };
        descriptors.add(window.start() + at, group.is_sound()?);
        if descriptors.first_fault.is_none() {
            group.check_bitmaps(&mut bitmaps)?;
            group.check_inodes(&mut inodes, &mut directories)?;
        }
    }
    descriptors.record("group descriptors", reading);
    bitmaps.record("bitmaps", reading);
    inodes.record("inodes", reading);
    directories.record("directories", reading);
    Ok(())
}

/// A group of blocks, with its descriptor.
struct Group<'a> {
    window: Window<'a>,
    superblock: &'a Superblock,
    index: u64,
    bytes: &'a [u8],
}

impl Group<'_> {
    fn fields(&self) -> Fields<'_> {
        Fields::little(self.bytes)
    }

    /// A number whose low half stands at one offset, and its high half, in wide descriptors, at another.
    fn wide(&self, low: usize, high: usize) -> u64 {
        u64::from(self.fields().u32(low))
            | if self.bytes.len() >= 64 { u64::from(self.fields().u32(high)) << 32 } else { 0 }
    }

    fn is_sound(&self) -> Result<bool, ImageError> {
        let pieces = [
            Piece::Bytes(&(self.index as u32).to_le_bytes()),
            Piece::Bytes(&self.bytes[..0x1e]),
            Piece::Bytes(&[0; 2]),
            Piece::Bytes(&self.bytes[0x20..]),
        ];
        Ok(crc32c(self.superblock.seed, pieces)? as u16 == self.fields().u16(0x1e))
    }

    fn check_bitmaps(&self, tally: &mut Tally) -> Result<(), ImageError> {
        let flags = self.fields().u16(0x12);
        let inodes =
            (self.wide(4, 0x24), u64::from(self.superblock.inodes_per_group / 8), 0x1a, 0x3a, NO_INODES);
        let blocks = (
            self.wide(0, 0x20),
            u64::from(self.superblock.clusters_per_group / 8),
            0x18,
            0x38,
            NO_BLOCK_BITMAP,
        );
        for (block, len, low, high, never_written) in [blocks, inodes] {
            let at = block.saturating_mul(self.superblock.block_size);
            let Some(bitmap) = self.window.part(at, len) else { continue };
            if flags & never_written != 0 {
                continue;
            }
            let actual = crc32c(self.superblock.seed, [Piece::Window(bitmap)])?;
            let is_wide = self.bytes.len() >= 64;
            let high = if is_wide { u32::from(self.fields().u16(high)) << 16 } else { 0 };
            let mask = if is_wide { !0 } else { 0xffff };
            let expected = u32::from(self.fields().u16(low)) | high;
            tally.add(bitmap.start(), actual & mask == expected);
        }
        Ok(())
    }

    fn check_inodes(&self, inodes: &mut Tally, directories: &mut Tally) -> Result<(), ImageError> {
        let size = u64::from(self.superblock.inode_size);
        if self.fields().u16(0x12) & NO_INODES != 0 || size < 128 {
            return Ok(());
        }
        let table = self.wide(8, 0x28).saturating_mul(self.superblock.block_size);
        let unused = u64::from(self.fields().u16(0x1c));
        let per_group = u64::from(self.superblock.inodes_per_group);
        for index in 0..per_group.saturating_sub(unused) {
            let at = table.saturating_add(index * size);
            let Some(bytes) = self.window.bytes(at, size)? else { break };
            if bytes.iter().any(|byte| *byte != 0) {
                let number = self.index.wrapping_mul(per_group).wrapping_add(index + 1) as u32;
                let is_sound = inode_is_sound(&bytes, number, self.superblock.seed)?;
                inodes.add(self.window.start() + at, is_sound);
                if is_sound && let Some(directory) = Directory::of(&bytes, number, self.superblock)? {
                    directory.check(self.window, directories)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether the CRC of an inode of at least 128 bytes is right.
fn inode_is_sound(bytes: &[u8], number: u32, seed: u32) -> Result<bool, ImageError> {
    let fields = Fields::little(bytes);
    let mut checked = bytes.to_vec();
    checked[INODE_CRC_LOW..INODE_CRC_LOW + 2].fill(0);
    let mut expected = u32::from(fields.u16(INODE_CRC_LOW));
    let mut mask = 0xffff;
    // The high half is there where the extra part of the inode reaches behind it.
    if bytes.len() > 128 && fields.u16(0x80) >= 4 {
        expected |= u32::from(fields.u16(INODE_CRC_HIGH)) << 16;
        checked[INODE_CRC_HIGH..INODE_CRC_HIGH + 2].fill(0);
        mask = !0;
    }
    let number = number.to_le_bytes();
    let pieces = [Piece::Bytes(&number), Piece::Bytes(fields.slice(0x64, 4)), Piece::Bytes(&checked)];
    Ok(crc32c(seed, pieces)? & mask == expected)
}
