//! Compares what a device holds with what it should hold: by the device's own digests, or by reading back.

use std::ops::Range;

use debrick_model::Region;

use crate::capability::{Addressable, DigestKind, Watch};
use crate::digest;
use crate::error::TargetError;
use crate::source::Source;

/// The pieces that are compared at a time, in bytes, where a mismatch need not be located more closely.
const COARSE: u64 = 64 * 1024;

/// How many ranges one digest call is given, so that its progress can be followed.
const AT_ONCE: usize = 64;

/// What a comparison showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Bytes compared.
    pub bytes: u64,
    /// The ranges of the storage that differ, at the granularity of the comparison.
    pub differing: Vec<Range<u64>>,
    /// How they were compared, for example `crc32 by the unit`.
    pub how: &'static str,
}

impl Comparison {
    /// Bytes that differ, at the granularity of the comparison.
    pub fn wrong_bytes(&self) -> u64 {
        self.differing.iter().map(|range| range.end - range.start).sum()
    }

    /// [`TargetError::Mismatch`] where anything differs.
    pub fn into_result(self, region: &Region) -> Result<(), TargetError> {
        match self.differing.first() {
            None => Ok(()),
            Some(first) => Err(TargetError::Mismatch {
                offset: first.start.max(region.offset),
                wrong_bytes: self.wrong_bytes(),
                bytes: self.bytes,
                how: self.how.to_owned(),
            }),
        }
    }
}

/// Compares the start of a region with `content`. Advances `watch` by the bytes compared.
pub fn compare(
    target: &mut dyn Addressable,
    region: &Region,
    content: &dyn Source,
    watch: &mut dyn Watch,
) -> Result<Comparison, TargetError> {
    let end = region.offset + content.len();
    if end > region.range().end {
        return Err(TargetError::OutOfBounds { range: region.offset..end, size: region.size });
    }
    let ranges = split(region.offset..end, COARSE);
    let differing = differing(target, &ranges, region.offset, content, watch)?;
    Ok(Comparison { bytes: content.len(), differing, how: how(target) })
}

/// How this device's content is compared, in words.
pub fn how(target: &dyn Addressable) -> &'static str {
    match target.digest_kind() {
        Some(DigestKind::Crc32) => "crc32 by the unit",
        Some(DigestKind::Sha256) => "sha256 by the unit",
        None => "read back",
    }
}

/// Those of `ranges` that do not hold what `content`, placed at `base` and continued with the erased value, says.
pub(crate) fn differing(
    target: &mut dyn Addressable,
    ranges: &[Range<u64>],
    base: u64,
    content: &dyn Source,
    watch: &mut dyn Watch,
) -> Result<Vec<Range<u64>>, TargetError> {
    let fill = target.geometry().erased;
    let unreadable = |source| TargetError::Source { operation: "compare with the image".into(), source };
    let mut wrong = Vec::new();
    for group in ranges.chunks(AT_ONCE) {
        if watch.cancelled() {
            return Err(TargetError::Cancelled);
        }
        if let Some(kind) = target.digest_kind() {
            let theirs = target.digests(group, watch)?;
            if theirs.len() != group.len() {
                return Err(TargetError::Unsupported { what: "compute all digests it was asked for".into() });
            }
            for (range, theirs) in group.iter().zip(theirs) {
                let local = range.start - base..range.end - base;
                if digest::of_range(kind, content, local, fill).map_err(unreadable)? != theirs {
                    wrong.push(range.clone());
                }
            }
        } else {
            for range in group {
                let size = (range.end - range.start) as usize;
                let (mut theirs, mut ours) = (vec![0; size], vec![0; size]);
                target.read(range.start, &mut theirs, watch)?;
                digest::read_filled(content, range.start - base, &mut ours, fill).map_err(unreadable)?;
                if theirs != ours {
                    wrong.push(range.clone());
                }
            }
        }
    }
    Ok(wrong)
}

/// Cuts a range into pieces that end on multiples of `size` from its start.
pub(crate) fn split(range: Range<u64>, size: u64) -> Vec<Range<u64>> {
    let mut pieces = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let end = at.saturating_add(size).min(range.end);
        pieces.push(at..end);
        at = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Geometry, Silent};
    use crate::virtual_unit::VirtualUnit;
    use debrick_model::RegionRole;

    #[test]
    fn a_wrong_byte_is_found_with_and_without_digests() {
        let geometry =
            Geometry { size: 1 << 20, write_block: 512, erase_block: None, erased: 0, batch: 1 << 16 };
        let region =
            Region { name: "firmware".into(), offset: 4096, size: 500_000, role: RegionRole::Firmware };
        let content: Vec<u8> = (0..300_001u32).map(|i| (i % 251) as u8).collect();
        for kind in [None, Some(DigestKind::Crc32), Some(DigestKind::Sha256)] {
            let mut unit = VirtualUnit::new(geometry, kind);
            unit.place(4096, &content);
            let same = compare(&mut unit, &region, &content, &mut Silent).unwrap();
            assert!(same.differing.is_empty());
            unit.place(4096 + 300_000, &[content[300_000] ^ 1]);
            let other = compare(&mut unit, &region, &content, &mut Silent).unwrap();
            assert_eq!(other.differing.len(), 1);
            assert_eq!(other.differing[0], 4096 + 4 * 65536..4096 + 300_001);
            assert!(other.into_result(&region).is_err());
            assert!(compare(&mut unit, &region, &vec![0; 500_001], &mut Silent).is_err());
        }
    }
}
