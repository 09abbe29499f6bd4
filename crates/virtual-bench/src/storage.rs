//! The storage as the bootloader's driver and the system see it, with its faults.

use std::ops::Range;

use debrick_link::Rng;
use debrick_uboot_console::device::{Storage, StorageError, StorageInfo, StorageKind};

use crate::faults::{Fault, FaultLog, Faults, Lie};
use crate::layout::BLOCK;
use crate::state::Store;

/// How much of a write lands when it lies.
const LANDS: usize = 4096;
const IO: StorageError = StorageError::Errno(-5);

/// The storage.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) store: Store,
    lies: bool,
    faults: StorageFaults,
    log: FaultLog,
    /// Calls and bytes so far.
    reads: u64,
    writes: u64,
    written: u64,
    /// Set when the power went away in a write; whoever drives the unit switches it off.
    pub(crate) power_is_lost: bool,
}

#[derive(Debug)]
struct StorageFaults {
    power_cut: Option<u64>,
    lie: Option<Lie>,
    flip: f64,
    flip_once: Option<u64>,
    read_error: Option<u64>,
    write_error: Option<u64>,
    rng: Rng,
}

impl Disk {
    pub(crate) fn new(store: Store, lies: bool) -> Self {
        Self {
            store,
            lies,
            faults: StorageFaults::new(&Faults::default(), 0),
            log: FaultLog::default(),
            reads: 0,
            writes: 0,
            written: 0,
            power_is_lost: false,
        }
    }

    pub(crate) fn inject(&mut self, faults: &Faults, seed: u64, log: FaultLog) {
        self.faults = StorageFaults::new(faults, seed);
        self.log = log;
    }

    /// Writes what lands; how much that is follows from the faults.
    fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.store.write(offset, bytes).map_err(|_| IO)
    }
}

impl StorageFaults {
    fn new(faults: &Faults, seed: u64) -> Self {
        Self {
            power_cut: faults.power_cut_at_byte,
            lie: faults.lying_write,
            flip: faults.read_flip,
            flip_once: faults.read_flip_once,
            read_error: faults.read_error_once,
            write_error: faults.write_error_once,
            rng: Rng::new(seed ^ 0x5704_A6E0),
        }
    }
}

impl Storage for Disk {
    fn info(&self) -> StorageInfo {
        StorageInfo {
            kind: StorageKind::Virtio,
            name: "virtio".into(),
            size: self.store.size(),
            block: BLOCK,
            erase_block: None,
        }
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        let number = self.reads;
        self.reads += 1;
        if self.power_is_lost {
            return Err(IO);
        }
        if self.faults.read_error == Some(number) {
            self.log.add(Fault::ReadError);
            return Err(IO);
        }
        self.store.read(offset, buffer).map_err(|_| IO)?;
        let by_chance = self.faults.flip > 0.0 && self.faults.rng.chance(self.faults.flip);
        if (by_chance || self.faults.flip_once == Some(number)) && !buffer.is_empty() {
            let at = self.faults.rng.below(buffer.len() as u64 * 8);
            buffer[(at / 8) as usize] ^= 1 << (at % 8);
            self.log.add(Fault::ReadFlip);
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let number = self.writes;
        self.writes += 1;
        if self.power_is_lost {
            return Err(IO);
        }
        if self.faults.write_error == Some(number) {
            self.log.add(Fault::WriteError);
            return Err(IO);
        }
        if let Some(cut) = self.faults.power_cut
            && cut - self.written.min(cut) <= bytes.len() as u64
        {
            let prefix = cut.saturating_sub(self.written) as usize;
            self.put(offset, &bytes[..prefix])?;
            self.written = cut;
            self.faults.power_cut = None;
            self.power_is_lost = true;
            self.log.add(Fault::PowerCut);
            return Err(IO);
        }
        self.written += bytes.len() as u64;
        let lie = match self.faults.lie {
            Some(Lie::Always) => true,
            Some(Lie::Once(lying)) => lying == number,
            None => false,
        };
        let lands = if lie || self.lies { bytes.len().min(LANDS) } else { bytes.len() };
        if lie && lands < bytes.len() {
            self.log.add(Fault::LyingWrite);
        }
        self.put(offset, &bytes[..lands])
    }

    fn erase(&mut self, range: Range<u64>) -> Result<(), StorageError> {
        let zeroes = vec![0; (range.end - range.start) as usize];
        self.write(range.start, &zeroes)
    }
}
