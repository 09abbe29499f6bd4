//! What the bootloader stands on: memory, storages, a network, and something to boot.

use std::ops::Range;

use debrick_link::clock::Moment;
use debrick_target::capability::{Addressable, Extent, Silent};
use debrick_target::error::TargetError;

/// An access outside everything that answers on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusError {
    /// The first address that did not answer.
    pub address: u64,
}

/// Why a storage did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageError {
    /// A driver's error, printed as its number: `-5` and the like.
    Errno(i32),
    /// A flash did not become ready; the offset where it was.
    Timeout {
        /// Offset inside the storage.
        offset: u64,
    },
    /// The blocks are write-protected.
    Protected,
}

/// Which commands a storage answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageKind {
    /// `virtio read` and `virtio write`.
    Virtio,
    /// `mmc read`, `mmc write` and `mmc erase`.
    Mmc,
    /// `sf …`, and `mtd …` by name.
    SpiNor,
    /// `nand …`, and `mtd …` by name.
    Nand,
    /// `mtd …` by name only.
    Mtd,
    /// Parallel flash in the address space: `md`, `cp`, `erase`, `protect`, `flinfo`, and `mtd …` by name.
    CfiNor {
        /// Where its first byte lies in the address space.
        base: u64,
    },
}

/// The face of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageInfo {
    /// Which commands it answers to.
    pub kind: StorageKind,
    /// Its name among `mtd` devices, or what its driver calls it: `nor0`, `w25q128`.
    pub name: String,
    /// Bytes in all.
    pub size: u64,
    /// The unit of its commands: a disk's block, a flash's page, 1 for memory-like flash.
    pub block: u64,
    /// What is erased at once, where erasing exists.
    pub erase_block: Option<u64>,
}

/// A storage as the bootloader's drivers see it. It may lie: whatever returns `Ok` is printed as success.
pub trait Storage: Send {
    /// Its face; must not change while the power is on.
    fn info(&self) -> StorageInfo;

    /// Fills `buffer` from `offset`.
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError>;

    /// Writes `bytes` at `offset`. Called in pieces, so that a power cut comes in the middle.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError>;

    /// Erases a range aligned to the erase block.
    fn erase(&mut self, range: Range<u64>) -> Result<(), StorageError>;
}

/// Any [`Addressable`] as a storage.
#[derive(Debug, Clone)]
pub struct AddressableStorage<A> {
    /// What it shows.
    pub info: StorageInfo,
    /// What it holds.
    pub unit: A,
}

fn errno(error: &TargetError) -> StorageError {
    match error {
        TargetError::OutOfBounds { .. } => StorageError::Errno(-22),
        _ => StorageError::Errno(-5),
    }
}

impl<A: Addressable + Send> Storage for AddressableStorage<A> {
    fn info(&self) -> StorageInfo {
        self.info.clone()
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        self.unit.read(offset, buffer, &mut Silent).map_err(|error| errno(&error))
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.unit.write(&[Extent { offset, bytes }], &mut Silent).map_err(|error| errno(&error))
    }

    fn erase(&mut self, range: Range<u64>) -> Result<(), StorageError> {
        self.unit.erase(range, &mut Silent).map_err(|error| errno(&error))
    }
}

/// What saving the environment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// What the driver prints after `Saving Environment to …... `, with plain newlines.
    pub text: String,
    /// Whether it ends in `OK`, or in `Failed (1)`.
    pub succeeded: bool,
}

/// A command that boots something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootRequest<'a> {
    /// The command's name: `bootm`, `booti`, `bootelf`, `go`…
    pub command: &'a str,
    /// The address of the first argument, or of `loadaddr`.
    pub address: u64,
    /// All arguments, without the name.
    pub arguments: &'a [String],
    /// `bootargs`, if set.
    pub bootargs: Option<&'a str>,
}

/// What booting came to. Texts have plain newlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootOutcome {
    /// The bootloader printed why not, and its command failed.
    Stay(String),
    /// Something printed, and the bootloader starts over.
    Reset(String),
    /// The console belongs to whatever was booted, until the owner calls [`super::UbootDevice::reset`].
    HandOver(String),
}

/// A file to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TftpRequest<'a> {
    /// Where to put it.
    pub address: u64,
    /// Its name.
    pub file: &'a str,
    /// The server, as in `serverip`.
    pub server: &'a str,
    /// Our own address, as in `ipaddr`.
    pub client: &'a str,
    /// `tftpblocksize`, or 1468.
    pub block_size: u16,
    /// `tftpwindowsize`, or 1.
    pub window_size: u16,
}

/// The serial protocols that receive a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modem {
    /// `loadx`.
    Xmodem,
    /// `loady`.
    Ymodem,
}

/// How a delegated transfer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transfer {
    /// Not over.
    Running,
    /// All of the file is in memory.
    Finished {
        /// Its length in bytes.
        loaded: u64,
    },
    /// It failed; printed with plain newlines.
    Failed(String),
}

/// The world outside the bootloader.
///
/// A transfer that was started is over when a call says so; until then the device hands it the console's bytes and
/// ticks it. Its owner feeds it datagrams directly, and ticks the device afterwards.
pub trait Board: Send {
    /// Reads memory. Parallel flash is not asked for here.
    fn read_memory(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), BusError>;

    /// Writes memory. Parallel flash is not asked for here.
    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError>;

    /// Where the memory lies.
    fn memory_range(&self) -> Range<u64>;

    /// How many storages there are.
    fn storage_count(&self) -> usize;

    /// A storage.
    fn storage(&mut self, index: usize) -> Option<&mut dyn Storage>;

    /// The environment as it is stored, checksum and all; the device decides whether it is good.
    fn load_environment(&mut self) -> Vec<u8>;

    /// Stores the environment, checksum and all.
    fn store_environment(&mut self, bytes: &[u8]) -> Saved;

    /// Boots what lies in memory, or tells why not.
    fn boot(&mut self, request: BootRequest<'_>, now: Moment) -> BootOutcome {
        let _ = now;
        BootOutcome::Stay(format!(
            "Wrong Image Format for {} command\nERROR: can't get kernel image!\n",
            request.command
        ))
    }

    /// What `iminfo` prints under its heading, with plain newlines, and whether the image is good.
    fn image_info(&mut self, address: u64) -> (String, bool) {
        let _ = address;
        ("Unknown image format!\n".into(), false)
    }

    /// Whether a host answers `ping`.
    fn answers_ping(&mut self, address: &str) -> bool {
        let _ = address;
        false
    }

    /// Begins to fetch a file; progress goes to `out` as it is on the line.
    fn start_tftp(&mut self, request: TftpRequest<'_>, now: Moment, out: &mut Vec<u8>) -> Transfer {
        let _ = (request, now, out);
        Transfer::Failed("\nARP Retry count exceeded; starting again\n".into())
    }

    /// Begins to receive a file on the console; what it sends goes to `out`.
    fn start_modem(
        &mut self,
        kind: Modem,
        address: u64,
        baud: u32,
        now: Moment,
        out: &mut Vec<u8>,
    ) -> Transfer {
        let _ = (kind, address, baud, now, out);
        Transfer::Failed(String::new())
    }

    /// Gives bytes of the console to the modem transfer under way.
    fn transfer_bytes(&mut self, bytes: &[u8], now: Moment, out: &mut Vec<u8>) -> Transfer {
        let _ = (bytes, now, out);
        Transfer::Running
    }

    /// Lets time pass in the transfer under way.
    fn transfer_tick(&mut self, now: Moment, out: &mut Vec<u8>) -> Transfer {
        let _ = (now, out);
        Transfer::Running
    }

    /// When the transfer under way wants to be ticked.
    fn transfer_wake(&self) -> Option<Moment> {
        None
    }

    /// Drops the transfer under way.
    fn cancel_transfer(&mut self) {}

    /// The bootloader starts over, or the power went away (`cold`): memory may be lost.
    fn reset(&mut self, cold: bool, now: Moment) {
        let _ = (cold, now);
    }
}
