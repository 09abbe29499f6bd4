//! Backups that are worth the name: read until two readings agree, complete by the region map, and proven to restore.

use std::ops::Range;

use debrick_model::Region;

use crate::capability::{Addressable, BlockDigest, Geometry, Silent, Watch};
use crate::digest;
use crate::error::TargetError;
use crate::flash;
use crate::source::Source;
use crate::verify;
use crate::virtual_unit::VirtualUnit;

/// How many readings of a piece are made before it is given up.
pub const MOST_READINGS: u32 = 5;

/// How much is read before it is compared, in bytes.
const PIECE: u64 = 16 * 1024;

/// What a backup took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The most readings that any piece took. A device's own digest counts as one.
    pub readings: u32,
    /// Pieces for which the first two readings did not agree.
    pub disagreed: u32,
}

/// Reads a region, hands its bytes in order to `keep`, and tells how often they had to be read until two readings
/// agreed. Where the device computes digests, its digest of what its storage holds counts as a reading, and a piece whose
/// digest is that of a blank one, twice, need not be sent at all.
pub fn read_agreeing(
    target: &mut dyn Addressable,
    region: &Region,
    watch: &mut dyn Watch,
    keep: &mut dyn FnMut(&[u8]) -> Result<(), TargetError>,
) -> Result<Agreement, TargetError> {
    let ranges = verify::split(region.range(), PIECE);
    let digests = own_digests(target, &ranges)?;
    let blanks = find_blanks(target, &ranges, digests.as_deref())?;
    let mut agreement = Agreement { readings: 0, disagreed: 0 };
    for (index, range) in ranges.iter().enumerate() {
        if watch.cancelled() {
            return Err(TargetError::Cancelled);
        }
        let (bytes, readings) = match blanks[index] {
            Some(value) => {
                watch.advance(range.end - range.start);
                (vec![value; (range.end - range.start) as usize], 2)
            }
            None => {
                let digest = digests.as_ref().map(|digests| digests[index]);
                read_piece(target, range, digest, watch)?
            }
        };
        agreement.readings = agreement.readings.max(readings);
        agreement.disagreed += u32::from(readings > 2);
        keep(&bytes)?;
    }
    Ok(agreement)
}

/// The device's digests of the pieces, where it computes any.
fn own_digests(
    target: &mut dyn Addressable,
    ranges: &[Range<u64>],
) -> Result<Option<Vec<BlockDigest>>, TargetError> {
    if target.digest_kind().is_none() || ranges.is_empty() {
        return Ok(None);
    }
    let digests = target.digests(ranges, &mut Silent)?;
    if digests.len() == ranges.len() {
        Ok(Some(digests))
    } else {
        Err(TargetError::Unsupported { what: "compute all digests it was asked for".into() })
    }
}

/// For each piece, the value that all of its bytes have, where two digests of the device agree on that.
fn find_blanks(
    target: &mut dyn Addressable,
    ranges: &[Range<u64>],
    digests: Option<&[BlockDigest]>,
) -> Result<Vec<Option<u8>>, TargetError> {
    let mut blanks = vec![None; ranges.len()];
    let (Some(kind), Some(digests)) = (target.digest_kind(), digests) else { return Ok(blanks) };
    for ((blank, range), own) in blanks.iter_mut().zip(ranges).zip(digests) {
        let size = (range.end - range.start) as usize;
        *blank = [0xFF, 0x00].into_iter().find(|value| digest::of_bytes(kind, &vec![*value; size]) == *own);
    }
    let found: Vec<usize> = (0..ranges.len()).filter(|index| blanks[*index].is_some()).collect();
    let again: Vec<Range<u64>> = found.iter().map(|index| ranges[*index].clone()).collect();
    let second = own_digests(target, &again)?.unwrap_or_default();
    for (index, own) in found.into_iter().zip(second) {
        if own != digests[index] {
            blanks[index] = None;
        }
    }
    Ok(blanks)
}

fn read_piece(
    target: &mut dyn Addressable,
    range: &Range<u64>,
    mut own: Option<BlockDigest>,
    watch: &mut dyn Watch,
) -> Result<(Vec<u8>, u32), TargetError> {
    let kind = target.digest_kind();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut readings = u32::from(own.is_some());
    while readings < MOST_READINGS {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        // Only the first reading counts as progress.
        if seen.is_empty() {
            target.read(range.start, &mut bytes, watch)?;
        } else {
            target.read(range.start, &mut bytes, &mut Silent)?;
        }
        readings += 1;
        if seen.contains(&bytes) || (own.is_some() && own == kind.map(|kind| digest::of_bytes(kind, &bytes)))
        {
            return Ok((bytes, readings));
        }
        if own.is_some() {
            // Either the reading or the digest was wrong: both are made again.
            own = own_digests(target, std::slice::from_ref(range))?.map(|digests| digests[0]);
            readings += 1;
        }
        seen.push(bytes);
    }
    Err(TargetError::UnstableReadings { offset: range.start, bytes: range.end - range.start, readings })
}

/// The regions that a backup must hold and does not, given the names of those it does.
pub fn missing<'a>(regions: impl IntoIterator<Item = &'a Region>, held: &[&str]) -> Vec<&'a Region> {
    regions
        .into_iter()
        .filter(|region| region.role.must_be_backed_up() && !held.contains(&region.name.as_str()))
        .collect()
}

/// Restores a backup to a virtual unit of the same geometry that holds something else, and compares.
///
/// Fails with [`TargetError::Mismatch`] when what comes out is not what went in, and with the error that a real restore
/// would meet when the backup does not fit.
pub fn prove_restores(geometry: Geometry, parts: &[(&Region, &dyn Source)]) -> Result<(), TargetError> {
    let mut unit = VirtualUnit::new(geometry, None);
    for (region, _) in parts {
        let scribble: Vec<u8> = (0..region.size.min(1 << 20)).map(|i| (i * 37 + 11) as u8).collect();
        unit.place(region.offset, &scribble);
    }
    for (region, content) in parts {
        if content.len() != region.size {
            return Err(TargetError::OutOfBounds {
                range: region.offset..region.offset.saturating_add(content.len()),
                size: region.size,
            });
        }
        flash::write_differing(&mut unit, region, *content, &mut Silent)?;
    }
    for (region, content) in parts {
        verify::compare(&mut unit, region, *content, &mut Silent)?.into_result(region)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{DigestKind, Extent};
    use debrick_model::RegionRole;

    const GEOMETRY: Geometry =
        Geometry { size: 1 << 20, write_block: 512, erase_block: Some(4096), erased: 0xFF, batch: 1 << 16 };

    fn region(offset: u64, size: u64) -> Region {
        Region { name: "factory".into(), offset, size, role: RegionRole::Unique }
    }

    /// Flips a byte in every n-th reading.
    struct Flaky {
        unit: VirtualUnit,
        every: u32,
        readings: u32,
        flips: u32,
    }

    impl Addressable for Flaky {
        fn geometry(&self) -> Geometry {
            self.unit.geometry()
        }

        fn read(&mut self, offset: u64, buffer: &mut [u8], watch: &mut dyn Watch) -> Result<(), TargetError> {
            self.unit.read(offset, buffer, watch)?;
            self.readings += 1;
            if self.readings.is_multiple_of(self.every) {
                self.flips += 1;
                let at = self.readings as usize % buffer.len();
                buffer[at] ^= self.readings as u8 | 1;
            }
            Ok(())
        }

        fn erase(&mut self, range: Range<u64>, watch: &mut dyn Watch) -> Result<(), TargetError> {
            self.unit.erase(range, watch)
        }

        fn write(&mut self, extents: &[Extent<'_>], watch: &mut dyn Watch) -> Result<(), TargetError> {
            self.unit.write(extents, watch)
        }

        fn digest_kind(&self) -> Option<DigestKind> {
            self.unit.digest_kind()
        }

        fn digests(
            &mut self,
            ranges: &[Range<u64>],
            watch: &mut dyn Watch,
        ) -> Result<Vec<BlockDigest>, TargetError> {
            self.unit.digests(ranges, watch)
        }
    }

    fn check(every: u32, kind: Option<DigestKind>, expected: Result<u32, &str>) {
        let content: Vec<u8> = (0..40_000u32).map(|i| (i / 7) as u8).collect();
        let mut unit = VirtualUnit::new(GEOMETRY, kind);
        unit.place(8192, &content);
        let mut flaky = Flaky { unit, every, readings: 0, flips: 0 };
        let mut kept = Vec::new();
        let got = read_agreeing(&mut flaky, &region(8192, 40_000), &mut Silent, &mut |bytes| {
            kept.extend_from_slice(bytes);
            Ok(())
        });
        match (got, expected) {
            (Ok(agreement), Ok(readings)) => {
                assert_eq!(kept, content);
                assert_eq!(agreement.readings, readings);
                assert_eq!(flaky.flips > 0, every < 100);
            }
            (Err(error), Err(code)) => assert_eq!(debrick_model::Coded::code(&error), code),
            (got, expected) => panic!("{got:?} is not {expected:?}"),
        }
    }

    #[test]
    fn two_readings_must_agree() {
        check(1000, None, Ok(2));
        check(2, None, Ok(4));
        check(1, None, Err("readings-unstable"));
        check(1000, Some(DigestKind::Crc32), Ok(2));
        check(2, Some(DigestKind::Sha256), Ok(4));
        check(1, Some(DigestKind::Crc32), Err("readings-unstable"));
    }

    #[test]
    fn blank_pieces_are_not_sent() {
        let mut unit = VirtualUnit::new(GEOMETRY, Some(DigestKind::Crc32));
        unit.place(0, &[7; 100]);
        let mut counted = Flaky { unit, every: 1000, readings: 0, flips: 0 };
        let mut kept = Vec::new();
        let whole = region(0, 1 << 20);
        read_agreeing(&mut counted, &whole, &mut Silent, &mut |bytes| {
            kept.extend_from_slice(bytes);
            Ok(())
        })
        .unwrap();
        assert_eq!(counted.readings, 1);
        assert!(kept[..100] == [7; 100] && kept[100..].iter().all(|byte| *byte == 0xFF));
        assert_eq!(kept.len(), 1 << 20);
    }

    #[test]
    fn a_backup_is_complete_or_names_what_it_lacks() {
        let unique = region(0, 10);
        let firmware = Region { name: "firmware".into(), offset: 10, size: 10, role: RegionRole::Firmware };
        let map = [unique, firmware];
        assert_eq!(missing(&map, &[]).len(), 1);
        assert!(missing(&map, &["factory"]).is_empty());
    }

    #[test]
    fn a_backup_that_cannot_be_restored_is_found_out() {
        let good: Vec<u8> = (0..8192u32).map(|i| i as u8).collect();
        let place = region(4096, 8192);
        assert!(prove_restores(GEOMETRY, &[(&place, &good)]).is_ok());
        assert!(prove_restores(GEOMETRY, &[(&place, &good[..8000].to_vec())]).is_err());
        assert!(prove_restores(GEOMETRY, &[(&region(1 << 20, 8192), &good)]).is_err());
    }
}
