//! Backups that are worth the name: read until two readings agree, complete by the region map, and proven to restore.

use debrick_model::Region;

use crate::capability::{Addressable, Geometry, Silent, Watch};
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
/// agreed. Where the device computes digests, its digest of what its storage holds is the second reading.
pub fn read_agreeing(
    target: &mut dyn Addressable,
    region: &Region,
    watch: &mut dyn Watch,
    keep: &mut dyn FnMut(&[u8]) -> Result<(), TargetError>,
) -> Result<Agreement, TargetError> {
    let mut agreement = Agreement { readings: 0, disagreed: 0 };
    let mut at = region.offset;
    while at < region.range().end {
        if watch.cancelled() {
            return Err(TargetError::Cancelled);
        }
        let size = (region.range().end - at).min(PIECE);
        let (bytes, readings) = read_piece(target, at, size, watch)?;
        agreement.readings = agreement.readings.max(readings);
        agreement.disagreed += u32::from(readings > 2);
        keep(&bytes)?;
        at += size;
    }
    Ok(agreement)
}

fn read_piece(
    target: &mut dyn Addressable,
    offset: u64,
    size: u64,
    watch: &mut dyn Watch,
) -> Result<(Vec<u8>, u32), TargetError> {
    let kind = target.digest_kind();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut readings = 0;
    while readings < MOST_READINGS {
        let mut bytes = vec![0; size as usize];
        // Only the first reading counts as progress.
        if seen.is_empty() {
            target.read(offset, &mut bytes, watch)?;
        } else {
            target.read(offset, &mut bytes, &mut Silent)?;
        }
        readings += 1;
        if seen.contains(&bytes) {
            return Ok((bytes, readings));
        }
        if let Some(kind) = kind {
            readings += 1;
            let own = target.digests(std::slice::from_ref(&(offset..offset + size)), &mut Silent)?;
            if own.first() == Some(&digest::of_bytes(kind, &bytes)) {
                return Ok((bytes, readings));
            }
        }
        seen.push(bytes);
    }
    Err(TargetError::UnstableReadings { offset, bytes: size, readings })
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
    use crate::capability::{BlockDigest, DigestKind, Extent};
    use debrick_model::RegionRole;
    use std::ops::Range;

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
