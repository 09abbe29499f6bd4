//! Delta flash: ask the device what it holds, send only what differs, and look again after every batch.
//!
//! Because only the device's answers count, a flash that was interrupted anywhere is resumed by doing it again.

use std::ops::Range;

use debrick_model::{Digest, Region, RegionRole};

use crate::capability::{Addressable, Extent, Watch};
use crate::clearance::Clearance;
use crate::digest;
use crate::error::TargetError;
use crate::source::Source;
use crate::verify;
use crate::virtual_unit::check_range;

/// The smallest piece that is told apart, in bytes, where the storage does not force a larger one: a digest costs a
/// console about 50 bytes, so that much smaller pieces would cost more than they save.
const FINE: u64 = 4096;

/// How many fine pieces are first looked at together.
const FINE_IN_COARSE: u64 = 16;

/// What a flash took, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flashed {
    /// Bytes that differed and were sent.
    pub sent: u64,
    /// Bytes that were right already.
    pub unchanged: u64,
}

/// Content for a region.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Where it goes; the content starts at the region's first byte.
    pub region: &'a Region,
    /// What is to be there.
    pub content: &'a dyn Source,
    /// SHA-256 of the content, which the clearance must name.
    pub digest: Digest,
}

/// Puts what the unit cannot start without last, so that an interruption leaves it able to start its recovery.
pub fn in_safe_order<'a>(mut parts: Vec<Part<'a>>) -> Vec<Part<'a>> {
    parts.sort_by_key(|part| (part.region.role == RegionRole::BootCritical, part.region.offset));
    parts
}

/// Makes a region hold `part`'s content, sending only what differs, and checks every batch after it was written.
///
/// Stops at the first batch that the device did not keep, with [`TargetError::Mismatch`]: nothing further is written.
/// May be called again after any interruption. Advances `watch` by the content's bytes as they are known to be right.
pub fn flash(
    target: &mut dyn Addressable,
    clearance: &Clearance,
    part: &Part<'_>,
    watch: &mut dyn Watch,
) -> Result<Flashed, TargetError> {
    if !clearance.covers_content(&part.region.name, part.digest) {
        return Err(TargetError::NotCleared {
            what: format!("this content for region {:?}", part.region.name),
        });
    }
    let actual = digest::sha256(part.content)
        .map_err(|source| TargetError::Source { operation: "read the image".into(), source })?;
    if actual != part.digest {
        return Err(TargetError::NotCleared { what: "an image that changed since it was judged".into() });
    }
    write_differing(target, part.region, part.content, watch)
}

/// Erases a region, and checks that it is blank.
pub fn erase(
    target: &mut dyn Addressable,
    clearance: &Clearance,
    region: &Region,
    watch: &mut dyn Watch,
) -> Result<(), TargetError> {
    if !clearance.covers(&region.name) {
        return Err(TargetError::NotCleared { what: format!("erasing region {:?}", region.name) });
    }
    let blank = Blank { size: region.size, value: target.geometry().erased };
    write_differing(target, region, &blank, watch).map(|_| ())
}

/// All bytes the same.
struct Blank {
    size: u64,
    value: u8,
}

impl Source for Blank {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, _offset: u64, buffer: &mut [u8]) -> Result<(), crate::source::SourceError> {
        buffer.fill(self.value);
        Ok(())
    }
}

/// [`flash`] without leave: for virtual units, and for `flash` itself.
pub(crate) fn write_differing(
    target: &mut dyn Addressable,
    region: &Region,
    content: &dyn Source,
    watch: &mut dyn Watch,
) -> Result<Flashed, TargetError> {
    let geometry = target.geometry();
    let fine = geometry.change_block().max(FINE);
    let end = region.offset.saturating_add(content.len().next_multiple_of(geometry.change_block()));
    if content.len() > region.size || end > region.range().end {
        return Err(TargetError::OutOfBounds { range: region.offset..end, size: region.size });
    }
    check_range(&geometry, region.offset..end, geometry.change_block())?;

    let mut flashed = Flashed::default();
    // A stretch is compared, then written, then compared again, before the next is looked at: progress is real, an
    // interruption costs little, and a device that lies is found out after the first batch.
    let stretch = (fine * FINE_IN_COARSE * 64).max(geometry.batch / fine * fine);
    for stretch in verify::split(region.offset..end, stretch) {
        let size = stretch.end - stretch.start;
        let differing = locate(target, stretch, region.offset, content, fine, watch)?;
        let wrong: u64 = differing.iter().map(|range| range.end - range.start).sum();
        flashed.unchanged += size - wrong;
        watch.advance(size - wrong);
        for batch in batches(&differing, geometry.batch.max(fine)) {
            if watch.cancelled() {
                return Err(TargetError::Cancelled);
            }
            flashed.sent += write_batch(target, region, content, &batch, watch)?;
        }
    }
    Ok(flashed)
}

/// Finds the differing fine pieces of a stretch: coarse pieces first, then only the wrong ones closely.
fn locate(
    target: &mut dyn Addressable,
    stretch: Range<u64>,
    base: u64,
    content: &dyn Source,
    fine: u64,
    watch: &mut dyn Watch,
) -> Result<Vec<Range<u64>>, TargetError> {
    let mut quiet = Quiet(watch);
    let coarse = verify::split(stretch, fine * FINE_IN_COARSE);
    let suspects = verify::differing(target, &coarse, base, content, &mut quiet)?;
    let close: Vec<_> = suspects.into_iter().flat_map(|range| verify::split(range, fine)).collect();
    verify::differing(target, &close, base, content, &mut quiet)
}

fn write_batch(
    target: &mut dyn Addressable,
    region: &Region,
    content: &dyn Source,
    batch: &[Range<u64>],
    watch: &mut dyn Watch,
) -> Result<u64, TargetError> {
    let geometry = target.geometry();
    let mut bytes = Vec::with_capacity(batch.len());
    for range in batch {
        let mut piece = vec![0; (range.end - range.start) as usize];
        digest::read_filled(content, range.start - region.offset, &mut piece, geometry.erased)
            .map_err(|source| TargetError::Source { operation: "read the image".into(), source })?;
        bytes.push(piece);
    }
    if geometry.erase_block.is_some() {
        for range in batch {
            target.erase(range.clone(), &mut Quiet(watch))?;
        }
    }
    let extents: Vec<Extent<'_>> = batch
        .iter()
        .zip(&bytes)
        .map(|(range, bytes)| Extent { offset: range.start, bytes: bytes.as_slice() })
        .collect();
    target.write(&extents, watch)?;

    let wrong = verify::differing(target, batch, region.offset, content, &mut Quiet(watch))?;
    let sent = batch.iter().map(|range| range.end - range.start).sum();
    match wrong.first() {
        None => Ok(sent),
        Some(first) => Err(TargetError::Mismatch {
            offset: first.start,
            wrong_bytes: wrong.iter().map(|range| range.end - range.start).sum(),
            bytes: sent,
            how: verify::how(target).to_owned(),
        }),
    }
}

/// Joins neighbours and groups them so that no group carries more than `most` bytes.
fn batches(ranges: &[Range<u64>], most: u64) -> Vec<Vec<Range<u64>>> {
    let mut groups: Vec<Vec<Range<u64>>> = Vec::new();
    let mut room = 0;
    for range in ranges {
        let size = range.end - range.start;
        if groups.is_empty() || size > room {
            groups.push(Vec::new());
            room = most;
        }
        room = room.saturating_sub(size);
        if let Some(group) = groups.last_mut() {
            match group.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => group.push(range.clone()),
            }
        }
    }
    groups
}

/// Passes the wish to stop on, and keeps progress to itself.
struct Quiet<'a>(&'a mut dyn Watch);

impl Watch for Quiet<'_> {
    fn advance(&mut self, _bytes: u64) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{BlockDigest, DigestKind, Geometry, Silent};
    use crate::clearance::{Scope, clear};
    use crate::virtual_unit::VirtualUnit;
    use debrick_model::{Gate, GateOutcome, GateResult};
    use proptest::prelude::*;

    const BLOCK_DEVICE: Geometry =
        Geometry { size: 8 << 20, write_block: 512, erase_block: None, erased: 0, batch: 1 << 20 };
    const NOR: Geometry =
        Geometry { size: 8 << 20, write_block: 1, erase_block: Some(65536), erased: 0xFF, batch: 1 << 20 };

    fn firmware() -> Region {
        Region { name: "firmware".into(), offset: 1 << 20, size: 4 << 20, role: RegionRole::Firmware }
    }

    fn content(size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        debrick_link::Rng::new(7).fill(&mut bytes);
        bytes
    }

    fn leave(image: Digest) -> Clearance {
        let results = Gate::ALL.map(|gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] });
        clear(&results, &[], Scope { regions: vec!["firmware".into()], contents: vec![image] }).unwrap()
    }

    fn run(unit: &mut dyn Addressable, content: &Vec<u8>) -> Result<Flashed, TargetError> {
        let digest = digest::sha256(content).unwrap();
        let region = firmware();
        flash(unit, &leave(digest), &Part { region: &region, content, digest }, &mut Silent)
    }

    #[test]
    fn only_what_differs_is_sent() {
        let image = content(3_000_000);
        for (geometry, piece) in [(BLOCK_DEVICE, 4096), (NOR, 65536)] {
            for kind in [None, Some(DigestKind::Crc32), Some(DigestKind::Sha256)] {
                let mut unit = VirtualUnit::new(geometry, kind);
                unit.place(1 << 20, &image);
                unit.place((1 << 20) + 1_000_000, &[image[1_000_000] ^ 0x55]);
                unit.place((1 << 20) + 2_999_999, &[image[2_999_999] ^ 0x55]);
                let flashed = run(&mut unit, &image).unwrap();
                assert!(flashed.sent <= 2 * piece, "{flashed:?}");
                let mut held = vec![0; image.len()];
                unit.peek(1 << 20, &mut held);
                assert_eq!(held, image);
                assert_eq!(run(&mut unit, &image).unwrap().sent, 0);
            }
        }
    }

    #[test]
    fn nothing_is_written_without_leave_for_just_this() {
        let image = content(10_000);
        let other = digest::sha256(&content(9_999)).unwrap();
        let mut unit = VirtualUnit::new(BLOCK_DEVICE, None);
        let region = firmware();
        let part = Part { region: &region, content: &image, digest: other };
        let error = flash(&mut unit, &leave(other), &part, &mut Silent).unwrap_err();
        assert!(matches!(error, TargetError::NotCleared { .. }));
        let part = Part { region: &region, content: &image, digest: digest::sha256(&image).unwrap() };
        let error = flash(&mut unit, &leave(other), &part, &mut Silent).unwrap_err();
        assert!(matches!(error, TargetError::NotCleared { .. }));
        let mut held = vec![1; 10_000];
        unit.peek(1 << 20, &mut held);
        assert!(held.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(
            run(&mut VirtualUnit::new(BLOCK_DEVICE, None), &content((4 << 20) + 1)),
            Err(TargetError::OutOfBounds { .. })
        ));
    }

    #[test]
    fn boot_critical_comes_last() {
        let boot = Region { name: "boot".into(), offset: 0, size: 10, role: RegionRole::BootCritical };
        let firmware = firmware();
        let bytes = vec![0];
        let digest = Digest::new([0; 32]);
        let part = |region| Part { region, content: &bytes, digest };
        let order: Vec<_> = in_safe_order(vec![part(&boot), part(&firmware)])
            .iter()
            .map(|part| part.region.name.as_str())
            .collect();
        assert_eq!(order, ["firmware", "boot"]);
    }

    /// Says "done" and keeps only the start of what it was sent; or dies after some writes.
    struct Liar {
        unit: VirtualUnit,
        keeps: usize,
        writes_left: u32,
        writes: u32,
    }

    impl Addressable for Liar {
        fn geometry(&self) -> Geometry {
            self.unit.geometry()
        }

        fn read(&mut self, offset: u64, buffer: &mut [u8], watch: &mut dyn Watch) -> Result<(), TargetError> {
            self.unit.read(offset, buffer, watch)
        }

        fn erase(&mut self, range: Range<u64>, watch: &mut dyn Watch) -> Result<(), TargetError> {
            self.unit.erase(range, watch)
        }

        fn write(&mut self, extents: &[Extent<'_>], watch: &mut dyn Watch) -> Result<(), TargetError> {
            if self.writes_left == 0 {
                return Err(TargetError::Unsupported { what: "go on: it lost power".into() });
            }
            self.writes_left -= 1;
            self.writes += 1;
            for extent in extents {
                let bytes = &extent.bytes[..extent.bytes.len().min(self.keeps)];
                self.unit.write(&[Extent { offset: extent.offset, bytes }], watch)?;
            }
            Ok(())
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

    #[test]
    fn a_device_that_lies_is_found_out_after_the_first_batch() {
        for kind in [None, Some(DigestKind::Crc32)] {
            let unit = VirtualUnit::new(NOR, kind);
            let mut liar = Liar { unit, keeps: 4096, writes_left: u32::MAX, writes: 0 };
            let error = run(&mut liar, &content(3_000_000)).unwrap_err();
            assert!(matches!(error, TargetError::Mismatch { .. }));
            assert_eq!(liar.writes, 1);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever was there, and however often it is interrupted, the image is there in the end.
        #[test]
        fn interrupted_flashes_are_resumed(
            size in 1usize..2_000_000,
            damage in proptest::collection::vec((0usize..2_000_000, any::<u8>()), 0..40),
            nor in any::<bool>(),
            digests in any::<bool>(),
            survives in 1u32..4,
        ) {
            let image = content(size);
            let geometry = Geometry { batch: 128 * 1024, ..if nor { NOR } else { BLOCK_DEVICE } };
            let mut unit = VirtualUnit::new(geometry, digests.then_some(DigestKind::Crc32));
            unit.place(1 << 20, &image);
            for (at, value) in damage {
                unit.place((1 << 20) + at as u64, &[value]);
            }
            let mut liar = Liar { unit, keeps: usize::MAX, writes_left: survives, writes: 0 };
            let mut tries = 0;
            while run(&mut liar, &image).is_err() {
                liar.writes_left = survives;
                tries += 1;
                prop_assert!(tries < 40);
            }
            let mut held = vec![0; image.len()];
            liar.unit.peek(1 << 20, &mut held);
            prop_assert_eq!(held, image);
        }
    }
}
