//! A storage of the unit, addressable through its boot loader.

use std::ops::Range;
use std::time::Duration;

use debrick_target::virtual_unit::check_range;
use debrick_target::{Addressable, BlockDigest, DigestKind, Extent, Geometry, Silent, TargetError, Watch};

use super::checksums::Part;
use super::console::{Console, line_time};
use super::error::ConsoleError;
use super::loader::RamLoader;
use super::storage::{Operation, Storage, bad_blocks, operation_time};

/// What lies between two ranges is read along if it is no more than this: a command costs as much time.
const GAP: u64 = 64 * 1024;
/// How much is erased by one command at most.
const ERASED_AT_ONCE: u64 = 4 * 1024 * 1024;
/// How often an image is brought into the unit's memory until it is right.
const LOADS: u32 = 2;

/// A storage of the unit, addressable through its boot loader.
pub struct UbootTarget<'a> {
    console: &'a mut Console,
    loader: &'a mut dyn RamLoader,
    storage: Storage,
    geometry: Geometry,
    ram_address: u64,
    ram_size: u64,
    has_crc32: bool,
    selected: bool,
    bad: Vec<u64>,
}

impl<'a> UbootTarget<'a> {
    /// A storage that is reached through `ram_size` bytes of memory at `ram_address`. Asks the boot loader what it can
    /// do, if that is not known yet.
    pub fn new(
        console: &'a mut Console,
        loader: &'a mut dyn RamLoader,
        storage: Storage,
        geometry: Geometry,
        ram_address: u64,
        ram_size: u64,
    ) -> Self {
        let deadline = console.within(Duration::from_secs(60));
        // A failure shows again at the first command.
        let has_crc32 = console.features(deadline).is_ok_and(|features| features.crc32);
        let geometry = Geometry { batch: geometry.batch.min(ram_size), ..geometry };
        Self {
            console,
            loader,
            storage,
            geometry,
            ram_address,
            ram_size,
            has_crc32,
            selected: false,
            bad: Vec::new(),
        }
    }

    /// The console that it works through.
    pub fn console(&mut self) -> &mut Console {
        self.console
    }

    fn select(&mut self) -> Result<(), ConsoleError> {
        if self.selected {
            return Ok(());
        }
        let deadline = self.console.within(Duration::from_secs(60));
        self.console.features(deadline)?;
        if let Some(command) = self.storage.select() {
            self.console.repeated(&command, Duration::from_secs(20) + line_time(2048))?;
        }
        if matches!(self.storage, Storage::Nand { .. }) {
            let span = Duration::from_secs(60) + line_time(64 * 1024);
            self.bad = bad_blocks(&self.console.repeated("nand bad", span)?.text);
        }
        self.selected = true;
        Ok(())
    }

    fn run(&mut self, operation: Operation, ram: u64, range: &Range<u64>) -> Result<(), ConsoleError> {
        self.select()?;
        // Commands for NAND skip bad blocks, and all behind them would come to lie elsewhere.
        let block = self.geometry.change_block();
        if let Some(bad) = self.bad.iter().find(|&&bad| bad < range.end && bad + block > range.start) {
            return Err(ConsoleError::Unsupported { what: format!("use the bad block at {bad:#x}") });
        }
        let commands = self.storage.commands(operation, ram, range);
        for (index, command) in commands.iter().enumerate() {
            let is_last = index + 1 == commands.len();
            let has_protect = self.console.features.as_ref().is_some_and(|features| features.protect);
            if !is_last && !has_protect {
                continue;
            }
            // Each may as well run twice: flash can only lose bits that it should lose anyway.
            let span = operation_time(operation, range.end - range.start) + line_time(4096);
            let mut left = 2;
            loop {
                let reply = self.console.repeated(command, span)?;
                if !is_last || self.storage.is_done(operation, range, &reply) {
                    break;
                }
                if left == 0 {
                    return Err(ConsoleError::UnexpectedReply {
                        command: command.clone(),
                        reply: reply.text,
                    });
                }
                left -= 1;
            }
        }
        Ok(())
    }

    /// The smallest range of whole blocks around `range`.
    fn around(&self, range: &Range<u64>) -> Range<u64> {
        let block = self.storage.read_block(self.geometry.write_block);
        let end = range.end.div_ceil(block) * block;
        (range.start / block * block)..end.min(self.geometry.size)
    }

    /// Makes sure that the unit's memory holds what it should.
    fn check_memory(&mut self, size: u64, expected: u32) -> Result<(), ConsoleError> {
        if !self.has_crc32 {
            return Err(ConsoleError::Unsupported { what: "check what arrived in its memory".into() });
        }
        let address = self.ram_address;
        let found = self.console.crc32(address, size)?;
        if found == expected {
            return Ok(());
        }
        Err(ConsoleError::MemoryDamaged { address, size, expected, found })
    }

    fn load(&mut self, bytes: &[u8], watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = || format!("bring {} bytes into the unit's memory", bytes.len());
        let expected = crc32fast::hash(bytes);
        for attempt in 1.. {
            let silent: &mut dyn Watch = &mut Silent;
            let watch = if attempt == 1 { &mut *watch } else { silent };
            self.loader.load(self.console, self.ram_address, bytes, watch)?;
            match self.check_memory(bytes.len() as u64, expected) {
                Ok(()) => break,
                Err(ConsoleError::MemoryDamaged { .. }) if attempt < LOADS => {}
                Err(error) => return Err(error.into_target(operation())),
            }
        }
        Ok(())
    }

    fn digests_in_memory(&mut self, parts: &[Part], watch: &mut dyn Watch) -> Result<Vec<u32>, TargetError> {
        let operation = format!("compute {} digests", parts.len());
        self.console.checksums(parts, watch).map_err(|error| error.into_target(operation))
    }

    /// The digest of a range that does not fit the memory.
    fn digest_of_long(&mut self, range: &Range<u64>, watch: &mut dyn Watch) -> Result<u32, TargetError> {
        let block = self.storage.read_block(self.geometry.write_block);
        let stride = (self.ram_size / block * block).max(block);
        let mut whole = crc32fast::Hasher::new();
        let mut at = range.start;
        while at < range.end {
            // Later strides begin at block boundaries.
            let end = ((at / block * block) + stride).min(range.end);
            let outer = self.around(&(at..end));
            let operation = || format!("read {} bytes at {at:#x}", end - at);
            self.run(Operation::Read, self.ram_address, &outer)
                .map_err(|error| error.into_target(operation()))?;
            let part = (self.ram_address + (at - outer.start), end - at);
            let crc = self.digests_in_memory(&[part], watch)?.first().copied().unwrap_or_default();
            whole.combine(&crc32fast::Hasher::new_with_initial_len(crc, end - at));
            at = end;
            cancelled(watch)?;
        }
        Ok(whole.finalize())
    }

    fn digests_of_batch(
        &mut self,
        batch: &Batch,
        watch: &mut dyn Watch,
        crcs: &mut Vec<u32>,
    ) -> Result<(), TargetError> {
        if batch.parts.is_empty() {
            return Ok(());
        }
        cancelled(watch)?;
        for (range, offset) in &batch.segments {
            let operation = || format!("read {} bytes at {:#x}", range.end - range.start, range.start);
            self.run(Operation::Read, self.ram_address + offset, range)
                .map_err(|error| error.into_target(operation()))?;
        }
        let parts: Vec<Part> =
            batch.parts.iter().map(|(offset, size)| (self.ram_address + offset, *size)).collect();
        crcs.extend(self.digests_in_memory(&parts, watch)?);
        Ok(())
    }
}

/// What is brought into memory together, and the parts of it that are digested. Offsets count from the memory's start.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    segments: Vec<(Range<u64>, u64)>,
    parts: Vec<Part>,
    used: u64,
}

impl Batch {
    /// Adds a range, with the whole blocks around it; false if it does not fit any more.
    fn add(&mut self, range: &Range<u64>, outer: Range<u64>, block: u64, room: u64) -> bool {
        let size = range.end - range.start;
        if let Some((last, offset)) = self.segments.last_mut()
            && outer.start >= last.start
            && outer.start <= last.end + GAP / block * block
        {
            let end = outer.end.max(last.end);
            let used = *offset + (end - last.start);
            if used <= room {
                last.end = end;
                self.used = used;
                self.parts.push((*offset + (range.start - last.start), size));
                return true;
            }
        }
        // Drivers that copy by themselves want their memory aligned.
        let offset = self.used.next_multiple_of(4096);
        if offset + (outer.end - outer.start) > room {
            return false;
        }
        self.used = offset + (outer.end - outer.start);
        self.parts.push((offset + (range.start - outer.start), size));
        self.segments.push((outer, offset));
        true
    }
}

fn cancelled(watch: &dyn Watch) -> Result<(), TargetError> {
    if watch.cancelled() { Err(TargetError::Cancelled) } else { Ok(()) }
}

impl Addressable for UbootTarget<'_> {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8], watch: &mut dyn Watch) -> Result<(), TargetError> {
        let end = offset.saturating_add(buffer.len() as u64);
        check_range(&self.geometry, offset..end, 1)?;
        let operation = || format!("read {} bytes at {offset:#x}", end - offset);
        if let Some(base) = self.storage.mapped_at() {
            let read = self.console.read_memory(base + offset, buffer, watch);
            return read.map_err(|error| error.into_target(operation()));
        }
        let block = self.storage.read_block(self.geometry.write_block);
        let stride = (self.ram_size.min(1 << 20) / block).saturating_sub(1).max(1) * block;
        let mut at = offset;
        for chunk in buffer.chunks_mut(stride as usize) {
            let range = at..at + chunk.len() as u64;
            let outer = self.around(&range);
            self.run(Operation::Read, self.ram_address, &outer)
                .and_then(|()| {
                    let address = self.ram_address + (range.start - outer.start);
                    self.console.read_memory(address, chunk, watch)
                })
                .map_err(|error| error.into_target(operation()))?;
            at = range.end;
            if at < end {
                cancelled(watch)?;
            }
        }
        Ok(())
    }

    fn erase(&mut self, range: Range<u64>, _watch: &mut dyn Watch) -> Result<(), TargetError> {
        let block = self.geometry.change_block().max(1);
        check_range(&self.geometry, range.clone(), block)?;
        let operation = || format!("erase {} bytes at {:#x}", range.end - range.start, range.start);
        let piece = if self.geometry.erase_block.is_some() {
            ERASED_AT_ONCE.max(block)
        } else {
            let piece = (range.end - range.start).min(self.ram_size) / block * block;
            let value = u32::from_le_bytes([self.geometry.erased; 4]);
            let command = format!("mw.l {:x} {value:x} {:x}", self.ram_address, piece.div_ceil(4));
            self.console
                .repeated(&command, checksum_wait(piece))
                .and_then(|_| self.check_memory(piece, crc_of_fill(self.geometry.erased, piece)))
                .map_err(|error| error.into_target(operation()))?;
            piece
        };
        let verb = if self.geometry.erase_block.is_some() { Operation::Erase } else { Operation::Write };
        let mut at = range.start;
        while at < range.end && piece > 0 {
            let end = range.end.min(at + piece / block * block);
            self.run(verb, self.ram_address, &(at..end)).map_err(|error| error.into_target(operation()))?;
            at = end;
        }
        Ok(())
    }

    fn write(&mut self, extents: &[Extent<'_>], watch: &mut dyn Watch) -> Result<(), TargetError> {
        let mut total = 0;
        for extent in extents {
            check_range(&self.geometry, extent.range(), self.geometry.write_block)?;
            total += extent.bytes.len() as u64;
        }
        if total > self.geometry.batch {
            return Err(TargetError::OutOfBounds { range: 0..total, size: self.geometry.batch });
        }
        if total == 0 {
            return Ok(());
        }
        cancelled(watch)?;
        match extents {
            [only] => self.load(only.bytes, watch)?,
            _ => {
                let bytes: Vec<u8> = extents.iter().flat_map(|extent| extent.bytes).copied().collect();
                self.load(&bytes, watch)?;
            }
        }
        // The last safe point: from here on, the storage changes.
        cancelled(watch)?;
        let mut ram = self.ram_address;
        for extent in extents.iter().filter(|extent| !extent.bytes.is_empty()) {
            let range = extent.range();
            let operation = || format!("write {} bytes at {:#x}", extent.bytes.len(), extent.offset);
            self.run(Operation::Write, ram, &range).map_err(|error| error.into_target(operation()))?;
            ram += extent.bytes.len() as u64;
        }
        Ok(())
    }

    fn digest_kind(&self) -> Option<DigestKind> {
        self.has_crc32.then_some(DigestKind::Crc32)
    }

    fn digests(
        &mut self,
        ranges: &[Range<u64>],
        watch: &mut dyn Watch,
    ) -> Result<Vec<BlockDigest>, TargetError> {
        if !self.has_crc32 {
            return Err(TargetError::Unsupported { what: "compute digests".into() });
        }
        for range in ranges {
            check_range(&self.geometry, range.clone(), 1)?;
        }
        let mut crcs = Vec::with_capacity(ranges.len());
        if let Some(base) = self.storage.mapped_at() {
            for some in ranges.chunks(16 * 1024) {
                cancelled(watch)?;
                let parts: Vec<Part> =
                    some.iter().map(|range| (base + range.start, range.end - range.start)).collect();
                crcs.extend(self.digests_of_parts(&parts, watch)?);
            }
        } else {
            let block = self.storage.read_block(self.geometry.write_block);
            let mut batch = Batch::default();
            for range in ranges {
                let outer = self.around(range);
                if batch.add(range, outer.clone(), block, self.ram_size) {
                    continue;
                }
                self.digests_of_batch(&std::mem::take(&mut batch), watch, &mut crcs)?;
                if !batch.add(range, outer, block, self.ram_size) {
                    crcs.push(self.digest_of_long(range, watch)?);
                }
            }
            self.digests_of_batch(&batch, watch, &mut crcs)?;
        }
        Ok(crcs.into_iter().map(BlockDigest::Crc32).collect())
    }
}

impl UbootTarget<'_> {
    fn digests_of_parts(&mut self, parts: &[Part], watch: &mut dyn Watch) -> Result<Vec<u32>, TargetError> {
        self.select().map_err(|error| error.into_target("select the storage"))?;
        self.digests_in_memory(parts, watch)
    }
}

fn checksum_wait(bytes: u64) -> Duration {
    super::memory::checksum_time(bytes) + line_time(400)
}

fn crc_of_fill(value: u8, size: u64) -> u32 {
    let piece = [value; 4096];
    let mut hasher = crc32fast::Hasher::new();
    let mut left = size;
    while left > 0 {
        let count = left.min(piece.len() as u64);
        hasher.update(&piece[..count as usize]);
        left -= count;
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_ranges_share_one_read() {
        let mut batch = Batch::default();
        for index in 0..16 {
            let range = index * 4096..(index + 1) * 4096;
            assert!(batch.add(&range, range.clone(), 512, 1 << 20));
        }
        assert_eq!(batch.segments, [(0..65536, 0)]);
        assert_eq!(batch.parts[3], (3 * 4096, 4096));
        // Far away: a read of its own, behind the first.
        let far = 8 << 20..(8 << 20) + 700;
        assert!(batch.add(&far, 8 << 20..(8 << 20) + 1024, 512, 1 << 20));
        assert_eq!(batch.segments[1], (8 << 20..(8 << 20) + 1024, 65536));
        assert!(!batch.add(&(0..1 << 20), 0..1 << 20, 512, 1 << 20));
    }

    #[test]
    fn fills() {
        assert_eq!(crc_of_fill(0xFF, 5000), crc32fast::hash(&[0xFF; 5000]));
    }
}
