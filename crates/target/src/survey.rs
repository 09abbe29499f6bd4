//! What a damaged storage looks like, seen through digests: where it equals the image, where it is blank, where neither.

use debrick_model::Region;

use crate::capability::{Addressable, Watch};
use crate::digest;
use crate::error::TargetError;
use crate::source::Source;
use crate::verify;

/// What one piece of a region holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// What the image has there.
    Same,
    /// Only the erased value, or only its complement (0x00 or 0xFF).
    Blank,
    /// Something else.
    Other,
}

/// The pieces of a region, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Bytes of each piece (the last may be shorter).
    pub piece_size: u64,
    /// What each holds.
    pub pieces: Vec<Piece>,
}

/// Looks at the first `size` bytes of a region in pieces of `piece_size`, compared with `image`.
pub fn survey(
    target: &mut dyn Addressable,
    region: &Region,
    size: u64,
    piece_size: u64,
    image: &dyn Source,
    watch: &mut dyn Watch,
) -> Result<Survey, TargetError> {
    let end = region.offset + size.min(region.size);
    let ranges = verify::split(region.offset..end, piece_size.max(1));
    let erased = target.geometry().erased;
    let unreadable = |source| TargetError::Source { operation: "compare with the image".into(), source };
    let mut pieces = Vec::with_capacity(ranges.len());
    for group in ranges.chunks(64) {
        if watch.cancelled() {
            return Err(TargetError::Cancelled);
        }
        let kind = target.digest_kind();
        let theirs = match kind {
            Some(_) => target.digests(group, watch)?,
            None => return Err(TargetError::Unsupported { what: "compute digests".into() }),
        };
        for (range, theirs) in group.iter().zip(theirs) {
            let kind = match theirs {
                crate::BlockDigest::Crc32(_) => crate::DigestKind::Crc32,
                crate::BlockDigest::Sha256(_) => crate::DigestKind::Sha256,
            };
            let local = range.start - region.offset..range.end - region.offset;
            let blank = |value: u8| digest::of_bytes(kind, &vec![value; (range.end - range.start) as usize]);
            let ours = digest::of_range(kind, image, local, erased).map_err(unreadable)?;
            pieces.push(if theirs == ours {
                Piece::Same
            } else if theirs == blank(0xFF) || theirs == blank(0x00) {
                Piece::Blank
            } else {
                Piece::Other
            });
        }
    }
    Ok(Survey { piece_size, pieces })
}

impl Survey {
    /// How many pieces at the end are blank, after the last that is not.
    pub fn blank_tail(&self) -> usize {
        self.pieces.iter().rev().take_while(|piece| **piece == Piece::Blank).count()
    }

    /// How many pieces at the start equal the image.
    pub fn same_head(&self) -> usize {
        self.pieces.iter().take_while(|piece| **piece == Piece::Same).count()
    }

    /// How many pieces hold this.
    pub fn count(&self, what: Piece) -> usize {
        self.pieces.iter().filter(|piece| **piece == what).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{DigestKind, Geometry, Silent};
    use crate::virtual_unit::VirtualUnit;
    use debrick_model::RegionRole;

    #[test]
    fn a_cut_image_has_a_blank_tail() {
        let geometry =
            Geometry { size: 1 << 20, write_block: 512, erase_block: None, erased: 0, batch: 1 << 16 };
        let region = Region { name: "firmware".into(), offset: 0, size: 1 << 19, role: RegionRole::Firmware };
        let image: Vec<u8> = (0..400_000u32).map(|i| (i % 253) as u8 | 1).collect();
        let mut unit = VirtualUnit::new(geometry, Some(DigestKind::Crc32));
        unit.place(0, &image[..240_000]);
        unit.place(240_000, &vec![0xFF; 160_000]);
        unit.place(5000, &[0]);
        let seen = survey(&mut unit, &region, 400_000, 4096, &image, &mut Silent).unwrap();
        assert_eq!(seen.pieces.len(), 98);
        assert_eq!(seen.pieces[1], Piece::Other);
        assert_eq!((seen.same_head(), seen.blank_tail()), (1, 39));
        assert_eq!(seen.count(Piece::Other), 2);
    }
}
