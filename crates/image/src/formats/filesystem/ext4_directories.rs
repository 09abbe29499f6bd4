//! The checksums of the blocks of directories in an ext4 file system, and of the extent blocks that lead to them.
//!
//! Source: Linux 6.6 `fs/ext4/namei.c` (`ext4_dirblock_csum`, `ext4_initialize_dirent_tail`), `fs/ext4/extents.c`
//! (`ext4_extent_block_csum`), `fs/ext4/ext4_extents.h`. All of an inode's blocks carry CRCs that start with the seed,
//! the inode's number and its generation. A block of a directory ends with an entry of 12 bytes that names nothing and
//! holds its CRC; only the inner nodes of a hashed directory are made otherwise.

use crate::digest::{Piece, crc32c};
use crate::error::ImageError;
use crate::fields::Fields;
use crate::formats::filesystem::ext4::Superblock;
use crate::formats::filesystem::ext4_groups::Tally;
use crate::window::Window;

/// The bits of the mode that tell the kind of file, and a directory's.
const KIND: u16 = 0xf000;
const DIRECTORY: u16 = 0x4000;

/// Flags of an inode: hashed directory, mapped by extents, contents in the inode itself.
const HASHED: u32 = 0x1000;
const EXTENTS: u32 = 0x8_0000;
const INLINE: u32 = 0x1000_0000;

/// First bytes of a node of the tree of extents.
const EXTENT_MAGIC: u16 = 0xf30a;

/// Levels that the tree of extents can have.
const MAX_LEVELS: u16 = 5;

/// An extent that is longer than this was allocated and never written.
const WRITTEN: u16 = 0x8000;

/// The last entry of a block of a directory, up to its CRC: no inode, 12 bytes, no name, a kind of its own.
const TAIL: [u8; 8] = [0, 0, 0, 0, 12, 0, 0, 0xde];

/// Bytes of that entry.
const TAIL_SIZE: usize = 12;

/// The most blocks of one directory that are looked at.
const MAX_BLOCKS: u64 = 1 << 16;

/// A directory that is mapped by extents.
pub(super) struct Directory {
    /// The root of the tree of extents, in the inode.
    root: Vec<u8>,
    seed: u32,
    block_size: u64,
    is_hashed: bool,
}

impl Directory {
    /// The directory of this inode of at least 128 bytes, if it is one with blocks that can be found.
    pub(super) fn of(inode: &[u8], number: u32, superblock: &Superblock) -> Result<Option<Self>, ImageError> {
        let fields = Fields::little(inode);
        let flags = fields.u32(0x20);
        if fields.u16(0) & KIND != DIRECTORY || flags & EXTENTS == 0 || flags & INLINE != 0 {
            return Ok(None);
        }
        let number = number.to_le_bytes();
        let seed = crc32c(superblock.seed, [Piece::Bytes(&number), Piece::Bytes(fields.slice(0x64, 4))])?;
        Ok(Some(Self {
            root: fields.slice(0x28, 60).to_vec(),
            seed,
            block_size: superblock.block_size,
            is_hashed: flags & HASHED != 0,
        }))
    }

    /// Compares the CRCs of all its blocks that are there.
    pub(super) fn check(&self, window: Window<'_>, tally: &mut Tally) -> Result<(), ImageError> {
        let mut left = MAX_BLOCKS;
        // Nodes that are still to be walked, each with the level that it must have.
        let mut nodes = vec![(self.root.clone(), None)];
        while let Some((node, level)) = nodes.pop() {
            let fields = Fields::little(&node);
            let (magic, depth) = (fields.u16(0), fields.u16(6));
            if magic != EXTENT_MAGIC || depth > MAX_LEVELS || level.is_some_and(|level| level != depth) {
                continue;
            }
            let entries = usize::from(fields.u16(2)).min((node.len() - 12) / 12);
            for entry in (0..entries).map(|index| 12 + 12 * index) {
                if depth == 0 {
                    let (len, high, low) =
                        (fields.u16(entry + 4), fields.u16(entry + 6), fields.u32(entry + 8));
                    let first = u64::from(high) << 32 | u64::from(low);
                    if len <= WRITTEN {
                        self.check_blocks(window, first, len.into(), &mut left, tally)?;
                    }
                } else {
                    let block = u64::from(fields.u16(entry + 8)) << 32 | u64::from(fields.u32(entry + 4));
                    if let Some(inner) = self.extent_block(window, block, &mut left, tally)? {
                        nodes.push((inner, Some(depth - 1)));
                    }
                }
            }
        }
        Ok(())
    }

    /// A block of the tree of extents, if it is there and sound.
    fn extent_block(
        &self,
        window: Window<'_>,
        block: u64,
        left: &mut u64,
        tally: &mut Tally,
    ) -> Result<Option<Vec<u8>>, ImageError> {
        let Some((at, bytes)) = self.block(window, block, left)? else { return Ok(None) };
        let fields = Fields::little(&bytes);
        let end = 12 + 12 * usize::from(fields.u16(4));
        if end + 4 > bytes.len() {
            tally.add(at, false);
            return Ok(None);
        }
        let is_sound = crc32c(self.seed, [Piece::Bytes(&bytes[..end])])? == fields.u32(end);
        tally.add(at, is_sound);
        Ok(is_sound.then_some(bytes))
    }

    fn check_blocks(
        &self,
        window: Window<'_>,
        first: u64,
        count: u64,
        left: &mut u64,
        tally: &mut Tally,
    ) -> Result<(), ImageError> {
        for block in first..first.saturating_add(count) {
            let Some((at, bytes)) = self.block(window, block, left)? else { break };
            let tail = bytes.len() - TAIL_SIZE;
            if bytes[tail..].starts_with(&TAIL) {
                let crc = crc32c(self.seed, [Piece::Bytes(&bytes[..tail])])?;
                tally.add(at, crc == Fields::little(&bytes).u32(tail + TAIL.len()));
            } else if !self.is_hashed {
                tally.add(at, false);
            }
        }
        Ok(())
    }

    fn block(
        &self,
        window: Window<'_>,
        block: u64,
        left: &mut u64,
    ) -> Result<Option<(u64, Vec<u8>)>, ImageError> {
        let at = block.saturating_mul(self.block_size);
        if *left == 0 {
            return Ok(None);
        }
        *left -= 1;
        Ok(window.bytes(at, self.block_size)?.map(|bytes| (window.start() + at, bytes.to_vec())))
    }
}
