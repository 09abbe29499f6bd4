//! The two capabilities.

use std::ops::Range;

use crate::error::TargetError;
use crate::source::Source;

/// The shape of a storage. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes in all.
    pub size: u64,
    /// What is written must start and end on a multiple of this.
    pub write_block: u64,
    /// What is erased must start and end on a multiple of this; `None` where writing needs no erasing before.
    pub erase_block: Option<u64>,
    /// What every byte holds after erasing (or after being blanked, where there is no erasing).
    pub erased: u8,
    /// How many bytes one call of [`Addressable::write`] may carry.
    pub batch: u64,
}

impl Geometry {
    /// The unit in which the storage changes: the erase block, or else the write block.
    pub fn change_block(&self) -> u64 {
        self.erase_block.unwrap_or(self.write_block)
    }
}

/// Bytes and where they go.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'a> {
    /// First byte inside the storage.
    pub offset: u64,
    /// What it is to hold.
    pub bytes: &'a [u8],
}

impl Extent<'_> {
    /// The bytes of the storage that it covers.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.bytes.len() as u64
    }
}

/// Which digest a device can compute by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestKind {
    /// CRC-32 as in zlib. Tells accidents apart, not attacks.
    Crc32,
    /// SHA-256.
    Sha256,
}

/// A digest of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockDigest {
    /// CRC-32 as in zlib.
    Crc32(u32),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// Whoever follows a long call: is told of progress, and may ask it to stop at the next safe point.
pub trait Watch {
    /// `bytes` more were done.
    fn advance(&mut self, bytes: u64);

    /// Whether to stop at the next safe point.
    fn cancelled(&self) -> bool;

    /// Something came up that a person should know, and that does not end it: a sentence.
    fn notice(&mut self, what: String) {
        let _ = what;
    }
}

/// A [`Watch`] that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {
    fn advance(&mut self, _bytes: u64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// A device whose storage can be read and written by address. Offsets count from the start of the storage.
///
/// Every call checks bounds and alignment before it touches the device, and fails with
/// [`TargetError::OutOfBounds`]. No call verifies: devices lie, and the algorithms of this crate find out.
pub trait Addressable {
    /// The shape of the storage.
    fn geometry(&self) -> Geometry;

    /// Fills `buffer` from `offset`. Advances `watch` by the bytes read.
    fn read(&mut self, offset: u64, buffer: &mut [u8], watch: &mut dyn Watch) -> Result<(), TargetError>;

    /// Sets `range` to the erased value, where the storage needs erasing; the range is aligned to the erase block.
    fn erase(&mut self, range: Range<u64>, watch: &mut dyn Watch) -> Result<(), TargetError>;

    /// Writes all extents (ordered, not overlapping, aligned to the write block, at most [`Geometry::batch`] bytes
    /// together). The storage under them was erased before where it needs that. Advances `watch` by the bytes sent.
    fn write(&mut self, extents: &[Extent<'_>], watch: &mut dyn Watch) -> Result<(), TargetError>;

    /// The digest that the device computes by itself over its own storage.
    fn digest_kind(&self) -> Option<DigestKind>;

    /// The digest of each range, computed by the device from what its storage holds now, not from what it was sent.
    /// Fails with [`TargetError::Unsupported`] where [`Addressable::digest_kind`] is `None`. Advances `watch` by the
    /// bytes digested.
    fn digests(
        &mut self,
        ranges: &[Range<u64>],
        watch: &mut dyn Watch,
    ) -> Result<Vec<BlockDigest>, TargetError>;
}

/// A device that takes a whole image and tells what it thinks of it.
pub trait Opaque {
    /// Offers the image under a file name, follows the transfer, and returns once the device has accepted all of it.
    ///
    /// Acceptance proves nothing about what was written: only the first boot does.
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError>;
}
