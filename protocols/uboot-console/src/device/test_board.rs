//! A board to test with: memory, a disk, and a parallel flash that may lie.

use std::collections::BTreeMap;
use std::ops::Range;

use debrick_link::clock::Moment;
use debrick_target::capability::{Addressable, Extent, Geometry, Silent};
use debrick_target::virtual_unit::VirtualUnit;

use super::board::{
    AddressableStorage, Board, BootOutcome, BootRequest, BusError, Modem, Saved, Storage, StorageError,
    StorageInfo, StorageKind, TftpRequest, Transfer,
};
use super::environment::Environment;

const PIECE: u64 = 4096;

/// Memory that takes room only where it was written.
#[derive(Debug, Clone)]
pub struct Memory {
    range: Range<u64>,
    pieces: BTreeMap<u64, Vec<u8>>,
}

impl Memory {
    /// Zeroes at these addresses.
    pub fn new(range: Range<u64>) -> Self {
        Self { range, pieces: BTreeMap::new() }
    }

    /// Where it lies.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    fn check(&self, address: u64, length: usize) -> Result<(), BusError> {
        let end = address.checked_add(length as u64);
        let inside = address >= self.range.start && end.is_some_and(|end| end <= self.range.end);
        if inside || length == 0 { Ok(()) } else { Err(BusError { address: address.max(self.range.end) }) }
    }

    /// Fills `buffer` from `address`.
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), BusError> {
        self.check(address, buffer.len())?;
        let mut done = 0;
        while done < buffer.len() {
            let at = address + done as u64;
            let start = (at % PIECE) as usize;
            let count = (buffer.len() - done).min(PIECE as usize - start);
            let slot = &mut buffer[done..done + count];
            match self.pieces.get(&(at / PIECE)) {
                Some(piece) => slot.copy_from_slice(&piece[start..start + count]),
                None => slot.fill(0),
            }
            done += count;
        }
        Ok(())
    }

    /// Writes `bytes` at `address`.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError> {
        self.check(address, bytes.len())?;
        let mut done = 0;
        while done < bytes.len() {
            let at = address + done as u64;
            let start = (at % PIECE) as usize;
            let count = (bytes.len() - done).min(PIECE as usize - start);
            let piece = self.pieces.entry(at / PIECE).or_insert_with(|| vec![0; PIECE as usize]);
            piece[start..start + count].copy_from_slice(&bytes[done..done + count]);
            done += count;
        }
        Ok(())
    }
}

/// A flash that says `done` although it kept only the beginning of what it was given, as one emulator's does.
#[derive(Debug, Clone)]
pub struct LyingFlash<S> {
    /// The flash underneath.
    pub inner: S,
    /// How many bytes of each write land; `None` if it is honest. Where all that is lost is zeroes, it times out
    /// instead.
    pub lands: Option<usize>,
}

impl<S: Storage> Storage for LyingFlash<S> {
    fn info(&self) -> StorageInfo {
        self.inner.info()
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        self.inner.read(offset, buffer)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let kept = self.lands.unwrap_or(bytes.len()).min(bytes.len());
        self.inner.write(offset, &bytes[..kept])?;
        if kept < bytes.len() && bytes.iter().all(|byte| *byte == 0) {
            return Err(StorageError::Timeout { offset });
        }
        Ok(())
    }

    fn erase(&mut self, range: Range<u64>) -> Result<(), StorageError> {
        self.inner.erase(range)
    }
}

/// The environment as it is stored: what a unit left the factory with.
pub fn stored_environment(variables: &[(&str, &str)], size: usize, redundant: bool) -> Option<Vec<u8>> {
    let mut environment = Environment::default();
    for (name, value) in variables {
        environment.set(name, Some(value));
    }
    environment.to_stored(size, redundant)
}

/// A modem or network transfer that a test plays: the file comes after some ticks.
#[derive(Debug, Clone)]
struct Playing {
    address: u64,
    content: Vec<u8>,
    until: Moment,
}

/// A board to test with: 512 MiB of memory at `0x4000_0000`, a virtio disk of 32 MiB, and two parallel flashes of
/// 32 MiB at `0` and `0x400_0000`, the second of which holds the environment in its first 256 KiB.
#[derive(Debug, Clone)]
pub struct TestBoard {
    /// The memory.
    pub memory: Memory,
    /// The disk.
    pub disk: AddressableStorage<VirtualUnit>,
    /// The flashes.
    pub flashes: [LyingFlash<AddressableStorage<VirtualUnit>>; 2],
    /// More storages, behind the others.
    pub more: Vec<AddressableStorage<VirtualUnit>>,
    /// What `tftpboot` finds.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What fails: the disk's reads or writes from now on, with this error.
    pub disk_fails: Option<StorageError>,
    /// How often the power went away.
    pub power_cycles: u32,
    /// What was booted, in order.
    pub booted: Vec<(String, u64)>,
    broken: BrokenDisk,
    playing: Option<Playing>,
}

/// What answers in the disk's place while it fails.
#[derive(Debug, Clone)]
struct BrokenDisk {
    info: StorageInfo,
    error: StorageError,
}

impl Storage for BrokenDisk {
    fn info(&self) -> StorageInfo {
        self.info.clone()
    }

    fn read(&mut self, _offset: u64, _buffer: &mut [u8]) -> Result<(), StorageError> {
        Err(self.error)
    }

    fn write(&mut self, _offset: u64, _bytes: &[u8]) -> Result<(), StorageError> {
        Err(self.error)
    }

    fn erase(&mut self, _range: Range<u64>) -> Result<(), StorageError> {
        Err(self.error)
    }
}

const ENVIRONMENT_SIZE: u64 = 0x4_0000;
const SECTOR: u64 = 0x2_0000;
const BANK: u64 = 32 << 20;

impl Default for TestBoard {
    fn default() -> Self {
        Self::new()
    }
}

impl TestBoard {
    /// A blank board whose flashes are honest.
    pub fn new() -> Self {
        let flash = |name: &str, base: u64| LyingFlash {
            inner: Self::flash(StorageKind::CfiNor { base }, name, BANK, 1, SECTOR),
            lands: None,
        };
        let geometry =
            Geometry { size: 32 << 20, write_block: 512, erase_block: None, erased: 0, batch: 1 << 20 };
        let info = StorageInfo {
            kind: StorageKind::Virtio,
            name: "virtio".into(),
            size: geometry.size,
            block: geometry.write_block,
            erase_block: None,
        };
        Self {
            memory: Memory::new(0x4000_0000..0x6000_0000),
            disk: AddressableStorage { info: info.clone(), unit: VirtualUnit::new(geometry, None) },
            flashes: [flash("nor0", 0), flash("nor1", 0x400_0000)],
            more: Vec::new(),
            files: BTreeMap::new(),
            disk_fails: None,
            power_cycles: 0,
            booted: Vec::new(),
            broken: BrokenDisk { info, error: StorageError::Errno(-5) },
            playing: None,
        }
    }

    /// A flash of some kind, erased: for [`TestBoard::more`].
    pub fn flash(
        kind: StorageKind,
        name: &str,
        size: u64,
        page: u64,
        erase_block: u64,
    ) -> AddressableStorage<VirtualUnit> {
        let geometry = Geometry {
            size,
            write_block: page,
            erase_block: Some(erase_block),
            erased: 0xFF,
            batch: erase_block,
        };
        AddressableStorage {
            info: StorageInfo { kind, name: name.into(), size, block: page, erase_block: Some(erase_block) },
            unit: VirtualUnit::new(geometry, None),
        }
    }

    /// The same, with flashes that keep only the first 4 KiB of each write.
    #[must_use]
    pub fn lying(mut self) -> Self {
        for flash in &mut self.flashes {
            flash.lands = Some(4096);
        }
        self
    }

    /// The same, with an environment stored.
    #[must_use]
    pub fn with_environment(mut self, variables: &[(&str, &str)]) -> Self {
        if let Some(stored) = stored_environment(variables, ENVIRONMENT_SIZE as usize, false) {
            self.flashes[1].inner.unit.place(0, &stored);
        }
        self
    }
}

impl Board for TestBoard {
    fn read_memory(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), BusError> {
        self.memory.read(address, buffer)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError> {
        self.memory.write(address, bytes)
    }

    fn memory_range(&self) -> Range<u64> {
        self.memory.range()
    }

    fn storage_count(&self) -> usize {
        3 + self.more.len()
    }

    fn storage(&mut self, index: usize) -> Option<&mut dyn Storage> {
        Some(match index {
            0 => match self.disk_fails {
                Some(error) => {
                    self.broken.error = error;
                    &mut self.broken
                }
                None => &mut self.disk,
            },
            1 | 2 => &mut self.flashes[index - 1],
            _ => self.more.get_mut(index - 3)?,
        })
    }

    fn load_environment(&mut self) -> Vec<u8> {
        let mut stored = vec![0; ENVIRONMENT_SIZE as usize];
        self.flashes[1].inner.unit.peek(0, &mut stored);
        stored
    }

    fn store_environment(&mut self, bytes: &[u8]) -> Saved {
        let mut text =
            "Un-Protected 2 sectors\nErasing Flash...\n.. done\nErased 2 sectors\nWriting to Flash... "
                .to_owned();
        let flash = &mut self.flashes[1];
        let mut result = flash.erase(0..ENVIRONMENT_SIZE);
        for (index, sector) in bytes.chunks(SECTOR as usize).enumerate() {
            result = result.and_then(|()| flash.write(index as u64 * SECTOR, sector));
        }
        match result {
            Err(StorageError::Timeout { offset }) => text.push_str(&format!(
                "Flash buffer write timeout at address {:x} data 0\nTimeout writing to Flash\n",
                0x400_0000 + offset
            )),
            Err(_) => text.push_str("General Flash Programming Error\n"),
            Ok(()) => text.push_str("done\n"),
        }
        text.push_str("Protected 2 sectors\n");
        Saved { text, succeeded: result.is_ok() }
    }

    fn boot(&mut self, request: BootRequest<'_>, _now: Moment) -> BootOutcome {
        let mut magic = [0; 4];
        let known = self.memory.read(request.address, &mut magic).is_ok() && magic == *b"BOOT";
        if !known {
            return BootOutcome::Stay(format!(
                "Wrong Image Format for {} command\nERROR: can't get kernel image!\n",
                request.command
            ));
        }
        self.booted.push((request.command.to_owned(), request.address));
        BootOutcome::HandOver("\nStarting kernel ...\n\n".into())
    }

    fn start_tftp(&mut self, request: TftpRequest<'_>, now: Moment, out: &mut Vec<u8>) -> Transfer {
        let Some(content) = self.files.get(request.file).cloned() else {
            return Transfer::Failed("\nTFTP error: 'File not found' (1)\nNot retrying...\n".into());
        };
        let blocks = (content.len() / usize::from(request.block_size)) as u64 + 1;
        super::load::Hashes::default().blocks(blocks, out);
        let span = std::time::Duration::from_millis(10 + content.len() as u64 / 20_000);
        self.playing = Some(Playing { address: request.address, content, until: now + span });
        Transfer::Running
    }

    fn start_modem(
        &mut self,
        _kind: Modem,
        address: u64,
        _baud: u32,
        now: Moment,
        out: &mut Vec<u8>,
    ) -> Transfer {
        out.push(b'C');
        let until = now + std::time::Duration::from_secs(20);
        self.playing = Some(Playing { address, content: Vec::new(), until });
        Transfer::Running
    }

    /// Not a modem protocol: every byte is the file's, until one that is 4 ends it.
    fn transfer_bytes(&mut self, bytes: &[u8], _now: Moment, out: &mut Vec<u8>) -> Transfer {
        let Some(playing) = &mut self.playing else { return Transfer::Failed(String::new()) };
        let end = bytes.iter().position(|byte| *byte == 4);
        playing.content.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        if end.is_none() {
            return Transfer::Running;
        }
        out.push(6);
        self.land()
    }

    fn transfer_tick(&mut self, now: Moment, _out: &mut Vec<u8>) -> Transfer {
        match &self.playing {
            Some(playing) if now < playing.until => Transfer::Running,
            Some(playing) if playing.content.is_empty() => {
                self.playing = None;
                Transfer::Failed("\nTimed out\n".into())
            }
            Some(_) => self.land(),
            None => Transfer::Failed(String::new()),
        }
    }

    fn transfer_wake(&self) -> Option<Moment> {
        self.playing.as_ref().map(|playing| playing.until)
    }

    fn cancel_transfer(&mut self) {
        self.playing = None;
    }

    fn reset(&mut self, cold: bool, _now: Moment) {
        self.playing = None;
        if cold {
            self.power_cycles += 1;
            self.memory.clear();
        }
    }
}

impl TestBoard {
    fn land(&mut self) -> Transfer {
        let Some(playing) = self.playing.take() else { return Transfer::Failed(String::new()) };
        match self.memory.write(playing.address, &playing.content) {
            Ok(()) => Transfer::Finished { loaded: playing.content.len() as u64 },
            Err(_) => Transfer::Failed("\nTFTP error: trying to overwrite reserved memory...\n".into()),
        }
    }
}

/// Looks at a storage behind the bootloader's back.
impl AddressableStorage<VirtualUnit> {
    /// Reads without asking anybody.
    pub fn peek(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.unit.peek(offset, &mut bytes);
        bytes
    }

    /// Writes as a programmer clipped to the chip would.
    pub fn poke(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.unit.write(&[Extent { offset, bytes }], &mut Silent).map_err(|_| StorageError::Errno(-22))
    }
}
