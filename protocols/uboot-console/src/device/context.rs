//! What a command works with, and what it can come to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use debrick_link::clock::Moment;

use super::board::{Board, BusError, StorageInfo, StorageKind};
use super::config::UbootConfig;
use super::environment::Environment;
use super::jobs::Job;
use super::load::Plan;

/// What the bootloader remembers between commands.
#[derive(Debug, Default)]
pub(super) struct Shell {
    pub(super) environment: Environment,
    /// Variables of hush, in the order in which they were made.
    pub(super) locals: Vec<(String, String)>,
    pub(super) storages: Vec<StorageInfo>,
    /// Write-protected flash sectors: storage and offset.
    pub(super) protected: BTreeSet<(usize, u64)>,
    /// The current devices of `virtio`, `mmc` and `nand`, counted among their kind.
    pub(super) current: BTreeMap<&'static str, usize>,
    pub(super) spi_probed: bool,
    /// Where `md` goes on, in how wide objects, and how many.
    pub(super) dump: Option<(u64, usize, u64)>,
    pub(super) base: u64,
    /// The status of the last command, as `$?`.
    pub(super) status: u8,
    /// Whether nothing is printed.
    pub(super) quiet: bool,
    pub(super) line_rate: u32,
}

impl Shell {
    /// A variable's value, as the shell expands it.
    pub(super) fn value(&self, name: &str) -> String {
        if name == "?" {
            return self.status.to_string();
        }
        self.environment.get(name).or_else(|| self.local(name)).unwrap_or_default()
    }

    /// A variable of hush.
    pub(super) fn local(&self, name: &str) -> Option<String> {
        self.locals.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Sets a variable of hush; an empty value changes nothing.
    pub(super) fn set_local(&mut self, name: &str, value: &str) {
        match self.locals.iter_mut().find(|(known, _)| known == name) {
            _ if value.is_empty() => {}
            Some((_, old)) => value.clone_into(old),
            None => self.locals.push((name.to_owned(), value.to_owned())),
        }
    }

    /// The storages of a kind, by their index on the board.
    pub(super) fn of_kind(&self, wanted: fn(StorageKind) -> bool) -> Vec<usize> {
        (0..self.storages.len()).filter(|index| wanted(self.storages[*index].kind)).collect()
    }

    /// The parallel flash at an address: its index, its base and its size.
    pub(super) fn flash_at(&self, address: u64) -> Option<(usize, u64, u64)> {
        self.flashes().find(|(_, base, size)| address >= *base && address - base < *size)
    }

    /// The parallel flashes: index, base and size.
    pub(super) fn flashes(&self) -> impl Iterator<Item = (usize, u64, u64)> {
        self.storages.iter().enumerate().filter_map(|(index, info)| match info.kind {
            StorageKind::CfiNor { base } => Some((index, base, info.size)),
            _ => None,
        })
    }
}

/// What a command came to.
#[derive(Debug)]
pub(super) enum Reply {
    /// It is over.
    Status(u8),
    /// It was used wrongly.
    Usage,
    /// It goes on.
    Job(Job),
    /// It runs these scripts, one after the other while they succeed.
    Scripts(Vec<String>),
    /// It receives a file.
    Load(Plan),
    /// Memory did not answer.
    Abort,
    Reset,
    PowerOff,
    /// Something else runs now.
    HandOver,
}

impl From<BusError> for Reply {
    fn from(_: BusError) -> Self {
        Self::Abort
    }
}

/// What a command works with.
pub(super) struct Context<'a, B> {
    pub(super) board: &'a mut B,
    pub(super) config: &'a UbootConfig,
    pub(super) shell: &'a mut Shell,
    pub(super) out: &'a mut Vec<u8>,
    /// How long the command has taken.
    pub(super) cost: Duration,
    pub(super) now: Moment,
    /// Whether an empty line asked for the command again.
    pub(super) again: bool,
}

/// Appends text with the line ends of a serial line.
pub(super) fn put(text: &str, quiet: bool, out: &mut Vec<u8>) {
    if quiet {
        return;
    }
    for byte in text.bytes() {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
}

/// The time that `bytes` take at `rate` bytes a second.
pub(super) fn span(bytes: u64, rate: u64) -> Duration {
    Duration::from_nanos(bytes.saturating_mul(1_000_000_000 / rate.max(1)))
}

impl<B: Board> Context<'_, B> {
    pub(super) fn print(&mut self, text: &str) {
        put(text, self.shell.quiet, self.out);
    }

    pub(super) fn spend(&mut self, span: Duration) {
        self.cost += span;
    }

    /// Reads the address space: memory, and parallel flash where it lies.
    pub(super) fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), BusError> {
        let mut done = 0;
        while done < buffer.len() {
            let at = address.checked_add(done as u64).ok_or(BusError { address })?;
            let left = buffer.len() - done;
            if let Some((index, base, size)) = self.shell.flash_at(at) {
                let count = left.min((base + size - at) as usize);
                let storage = self.board.storage(index).ok_or(BusError { address: at })?;
                let piece = &mut buffer[done..done + count];
                storage.read(at - base, piece).map_err(|_| BusError { address: at })?;
                done += count;
            } else {
                let count = self.until_flash(at, left);
                self.board.read_memory(at, &mut buffer[done..done + count])?;
                done += count;
            }
        }
        Ok(())
    }

    /// Writes the address space; plain stores to flash change nothing.
    pub(super) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError> {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.checked_add(done as u64).ok_or(BusError { address })?;
            let left = bytes.len() - done;
            if let Some((_, base, size)) = self.shell.flash_at(at) {
                done += left.min((base + size - at) as usize);
            } else {
                let count = self.until_flash(at, left);
                self.board.write_memory(at, &bytes[done..done + count])?;
                done += count;
            }
        }
        Ok(())
    }

    fn until_flash(&self, at: u64, left: usize) -> usize {
        let next = self.shell.flashes().map(|(_, base, _)| base).filter(|base| *base > at).min();
        next.map_or(left, |base| left.min(usize::try_from(base - at).unwrap_or(usize::MAX)))
    }

    /// `loadaddr`, or where the memory begins.
    pub(super) fn load_address(&self) -> u64 {
        let set = self.shell.environment.get("loadaddr");
        set.map_or_else(|| self.board.memory_range().start, |text| super::number::hex(&text))
    }
}

/// The width of `md.b` and its like; `None` if the letter is not known.
pub(super) fn width(name: &str, default: usize) -> Option<usize> {
    match name.split_once('.') {
        None => Some(default),
        Some((_, "b")) => Some(1),
        Some((_, "w")) => Some(2),
        Some((_, "l")) => Some(4),
        Some((_, "q")) => Some(8),
        Some(_) => None,
    }
}
