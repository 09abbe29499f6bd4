//! A storage in memory with the manners of a real one: blocks, erasing, and bits that only erasing sets again.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::capability::{Addressable, BlockDigest, DigestKind, Extent, Geometry, Watch};
use crate::digest;
use crate::error::TargetError;

/// A storage in memory. Blocks that were never written take no room, so that any geometry can be had.
#[derive(Debug, Clone)]
pub struct VirtualUnit {
    geometry: Geometry,
    digest_kind: Option<DigestKind>,
    blocks: BTreeMap<u64, Vec<u8>>,
}

/// The size of the pieces that memory is taken in, in bytes.
const PIECE: u64 = 4096;

impl VirtualUnit {
    /// An erased storage that computes digests of this kind, if any.
    pub fn new(geometry: Geometry, digest_kind: Option<DigestKind>) -> Self {
        Self { geometry, digest_kind, blocks: BTreeMap::new() }
    }

    /// Sets bytes behind the back of whoever uses the storage: to make a unit, or to damage one.
    pub fn place(&mut self, offset: u64, bytes: &[u8]) {
        self.change(offset, bytes, |old, new| *old = new);
    }

    /// Looks at bytes behind the back of whoever uses the storage.
    pub fn peek(&self, offset: u64, buffer: &mut [u8]) {
        for (index, slot) in buffer.iter_mut().enumerate() {
            let at = offset + index as u64;
            *slot = match self.blocks.get(&(at / PIECE)) {
                Some(piece) => piece[(at % PIECE) as usize],
                None => self.geometry.erased,
            };
        }
    }

    fn change(&mut self, offset: u64, bytes: &[u8], set: impl Fn(&mut u8, u8)) {
        let erased = self.geometry.erased;
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let start = (at % PIECE) as usize;
            let count = rest.len().min(PIECE as usize - start);
            let piece = self.blocks.entry(at / PIECE).or_insert_with(|| vec![erased; PIECE as usize]);
            for (old, new) in piece[start..start + count].iter_mut().zip(rest) {
                set(old, *new);
            }
            at += count as u64;
            rest = &rest[count..];
        }
    }
}

impl Addressable for VirtualUnit {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8], watch: &mut dyn Watch) -> Result<(), TargetError> {
        check_range(&self.geometry, offset..offset.saturating_add(buffer.len() as u64), 1)?;
        self.peek(offset, buffer);
        watch.advance(buffer.len() as u64);
        Ok(())
    }

    fn erase(&mut self, range: Range<u64>, _watch: &mut dyn Watch) -> Result<(), TargetError> {
        check_range(&self.geometry, range.clone(), self.geometry.change_block())?;
        let blank = vec![self.geometry.erased; PIECE as usize];
        let mut at = range.start;
        while at < range.end {
            let count = (range.end - at).min(PIECE);
            self.place(at, &blank[..count as usize]);
            at += count;
        }
        Ok(())
    }

    fn write(&mut self, extents: &[Extent<'_>], watch: &mut dyn Watch) -> Result<(), TargetError> {
        for extent in extents {
            check_range(&self.geometry, extent.range(), self.geometry.write_block)?;
        }
        let needs_erasing = self.geometry.erase_block.is_some();
        for extent in extents {
            // Flash can only clear bits; what was not erased before comes out wrong, as on the real thing.
            self.change(extent.offset, extent.bytes, |old, new| {
                *old = if needs_erasing { *old & new } else { new }
            });
            watch.advance(extent.bytes.len() as u64);
        }
        Ok(())
    }

    fn digest_kind(&self) -> Option<DigestKind> {
        self.digest_kind
    }

    fn digests(
        &mut self,
        ranges: &[Range<u64>],
        watch: &mut dyn Watch,
    ) -> Result<Vec<BlockDigest>, TargetError> {
        let kind =
            self.digest_kind.ok_or_else(|| TargetError::Unsupported { what: "compute digests".into() })?;
        let mut digests = Vec::with_capacity(ranges.len());
        for range in ranges {
            check_range(&self.geometry, range.clone(), 1)?;
            let mut bytes = vec![0; (range.end - range.start) as usize];
            self.peek(range.start, &mut bytes);
            watch.advance(range.end - range.start);
            digests.push(digest::of_bytes(kind, &bytes));
        }
        Ok(digests)
    }
}

/// Fails unless `range` lies inside the storage and is aligned to `block`.
pub fn check_range(geometry: &Geometry, range: Range<u64>, block: u64) -> Result<(), TargetError> {
    let block = block.max(1);
    let aligned = range.start.is_multiple_of(block) && range.end.is_multiple_of(block);
    if range.start > range.end || range.end > geometry.size || !aligned {
        return Err(TargetError::OutOfBounds { range, size: geometry.size });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Silent;

    #[test]
    fn flash_clears_bits_until_it_is_erased() {
        let geometry =
            Geometry { size: 1 << 20, write_block: 1, erase_block: Some(4096), erased: 0xFF, batch: 4096 };
        let mut unit = VirtualUnit::new(geometry, None);
        let mut byte = [0];
        unit.write(&[Extent { offset: 5, bytes: &[0x0F] }], &mut Silent).unwrap();
        unit.write(&[Extent { offset: 5, bytes: &[0xF0] }], &mut Silent).unwrap();
        unit.read(5, &mut byte, &mut Silent).unwrap();
        assert_eq!(byte, [0]);
        unit.erase(0..4096, &mut Silent).unwrap();
        unit.read(5, &mut byte, &mut Silent).unwrap();
        assert_eq!(byte, [0xFF]);
        assert!(unit.erase(0..100, &mut Silent).is_err());
        assert!(unit.read((1 << 20) - 1, &mut [0; 2], &mut Silent).is_err());
        assert!(unit.digests(&[0..1, 1..2], &mut Silent).is_err());
    }
}
