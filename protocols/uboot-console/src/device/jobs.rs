//! Commands that take a while, in small pieces: a power cut or Ctrl-C comes between two.

use std::time::Duration;

use super::board::{Board, StorageError};
use super::commands::memory;
use super::context::{Context, Reply, span};

/// Bytes a second that storages manage.
const STORAGE_RATE: u64 = 20_000_000;
/// Bytes a second that a checksum takes in.
const CHECKSUM_RATE: u64 = 200_000_000;
/// Bytes a second that memory copies.
const COPY_RATE: u64 = 400_000_000;
const PIECE: u64 = 64 << 10;
const ERASE: Duration = Duration::from_millis(20);
/// How many lines of a dump are printed in one piece.
const DUMP_LINES: u64 = 16;
const DUMP_LINE: Duration = Duration::from_micros(50);

/// A command under way.
#[derive(Debug)]
pub(super) enum Job {
    Sleep(Duration),
    /// `md`: address, width, objects left.
    Dump(u64, usize, u64),
    Fill(Fill),
    Copy(Copy),
    Compare(Compare),
    Checksum(Checksum),
    Storage(StorageJob),
}

#[derive(Debug)]
pub(super) struct Fill {
    pub(super) address: u64,
    pub(super) width: usize,
    pub(super) value: u64,
    pub(super) left: u64,
}

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) left: u64,
}

#[derive(Debug)]
pub(super) struct Compare {
    pub(super) left: u64,
    pub(super) right: u64,
    pub(super) width: usize,
    pub(super) count: u64,
    pub(super) same: u64,
}

#[derive(Debug)]
pub(super) struct Checksum {
    pub(super) address: u64,
    pub(super) length: u64,
    pub(super) done: u64,
    pub(super) hasher: crc32fast::Hasher,
    pub(super) store: Option<u64>,
}

/// What is done to a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// To this address.
    Read(u64),
    /// From this address.
    Write(u64),
    Erase,
    /// Erases and writes from this address.
    Update(u64),
}

/// How the end of it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// `8 blocks read: OK`.
    Blocks(u64),
    /// `SF: 8 bytes @ 0x0 Read: OK`.
    SpiFlash,
    /// ` 8 bytes read: OK`.
    Nand,
    /// Nothing, unless it failed.
    Mtd,
    /// `done`, as `cp` to flash says.
    CopyToFlash(u64),
    /// `done` and how many sectors.
    EraseFlash(u64),
}

#[derive(Debug)]
pub(super) struct StorageJob {
    pub(super) storage: usize,
    pub(super) work: Work,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) done: u64,
    pub(super) telling: Telling,
}

impl Job {
    /// Whether Ctrl-C ends it. What cannot be interrupted leaves typed bytes alone.
    pub(super) fn interruptible(&self) -> bool {
        match self {
            Self::Sleep(_) | Self::Dump(..) | Self::Fill(_) => true,
            Self::Storage(job) => {
                matches!(job.telling, Telling::EraseFlash(_) | Telling::CopyToFlash(_) | Telling::Nand)
            }
            _ => false,
        }
    }

    /// Does a piece of it; `None` while it goes on.
    pub(super) fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        match self {
            Self::Sleep(left) => {
                if left.is_zero() {
                    return Some(Reply::Status(0));
                }
                context.spend(std::mem::take(left));
                None
            }
            Self::Dump(address, width, left) => {
                let mut printed = 0;
                while *left > 0 && printed < DUMP_LINES {
                    let count = (*left).min((16 / *width) as u64);
                    let mut bytes = vec![0; count as usize * *width];
                    if context.read(*address, &mut bytes).is_err() {
                        return Some(Reply::Abort);
                    }
                    let line = memory::dump_line(*address, *width, &bytes);
                    context.print(&line);
                    *address = address.wrapping_add(bytes.len() as u64);
                    *left -= count;
                    printed += 1;
                    context.spend(DUMP_LINE);
                }
                (*left == 0).then_some(Reply::Status(0))
            }
            Self::Fill(fill) => fill.step(context),
            Self::Copy(copy) => copy.step(context),
            Self::Compare(compare) => compare.step(context),
            Self::Checksum(checksum) => checksum.step(context),
            Self::Storage(job) => job.step(context),
        }
    }
}

impl Fill {
    fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        let count = self.left.min(PIECE / self.width as u64);
        let pattern = &self.value.to_le_bytes()[..self.width];
        let bytes = pattern.repeat(count as usize);
        if context.write(self.address, &bytes).is_err() {
            return Some(Reply::Abort);
        }
        self.address = self.address.wrapping_add(bytes.len() as u64);
        self.left -= count;
        context.spend(span(bytes.len() as u64, COPY_RATE));
        (self.left == 0).then_some(Reply::Status(0))
    }
}

impl Copy {
    fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        let count = self.left.min(PIECE);
        // Downwards where the ranges overlap that way.
        let backwards = self.to > self.from && self.to - self.from < self.left;
        let shift = if backwards { self.left - count } else { 0 };
        let mut bytes = vec![0; count as usize];
        let (from, to) = (self.from.wrapping_add(shift), self.to.wrapping_add(shift));
        if context.read(from, &mut bytes).is_err() || context.write(to, &bytes).is_err() {
            return Some(Reply::Abort);
        }
        if !backwards {
            self.from = self.from.wrapping_add(count);
            self.to = self.to.wrapping_add(count);
        }
        self.left -= count;
        context.spend(span(count, COPY_RATE));
        (self.left == 0).then_some(Reply::Status(0))
    }
}

impl Compare {
    fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        let (name, width) = (memory::object_name(self.width), self.width);
        let count = (self.count - self.same).min(PIECE / width as u64);
        let mut left = vec![0; count as usize * width];
        let mut right = left.clone();
        if context.read(self.left, &mut left).is_err() || context.read(self.right, &mut right).is_err() {
            return Some(Reply::Abort);
        }
        context.spend(span(left.len() as u64, COPY_RATE));
        let different = left.chunks(width).zip(right.chunks(width)).position(|(left, right)| left != right);
        let same = different.unwrap_or(count as usize);
        self.same += same as u64;
        let skip = (same * width) as u64;
        if different.is_some() {
            let (a, b) =
                (memory::object(&left[same * width..], width), memory::object(&right[same * width..], width));
            let (at, other) = (self.left.wrapping_add(skip), self.right.wrapping_add(skip));
            context.print(&format!(
                "{name} at {at:#010x} ({a:#0width$x}) != {name} at {other:#010x} ({b:#0width$x})\n"
            ));
        } else if self.same < self.count {
            self.left = self.left.wrapping_add(skip);
            self.right = self.right.wrapping_add(skip);
            return None;
        }
        context.print(&format!("Total of {} {name}(s) were the same\n", self.same));
        Some(Reply::Status(u8::from(different.is_some())))
    }
}

impl Checksum {
    fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        let count = (self.length - self.done).min(PIECE);
        let mut bytes = vec![0; count as usize];
        if context.read(self.address.wrapping_add(self.done), &mut bytes).is_err() {
            return Some(Reply::Abort);
        }
        self.hasher.update(&bytes);
        self.done += count;
        context.spend(span(count, CHECKSUM_RATE));
        if self.done < self.length {
            return None;
        }
        let value = self.hasher.clone().finalize();
        let last = self.address.wrapping_add(self.length).wrapping_sub(1);
        context.print(&format!("crc32 for {:08x} ... {last:08x} ==> {value:08x}\n", self.address));
        if let Some(store) = self.store
            && context.write(store, &value.to_be_bytes()).is_err()
        {
            return Some(Reply::Abort);
        }
        Some(Reply::Status(0))
    }
}

impl StorageJob {
    fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<Reply> {
        let info = context.shell.storages.get(self.storage)?.clone();
        let erase_block = info.erase_block.unwrap_or(PIECE);
        let left = self.length - self.done;
        let whole = matches!(self.work, Work::Erase | Work::Update(_));
        let at = self.offset + self.done;
        // Flash is written sector by sector, everything else in pieces.
        let piece = match self.telling {
            _ if whole => erase_block,
            Telling::CopyToFlash(_) | Telling::EraseFlash(_) => erase_block - at % erase_block,
            Telling::Mtd => erase_block,
            _ => PIECE.max(info.block),
        };
        let count = left.min(piece);
        let mut bytes = vec![0; count as usize];
        if let Work::Write(address) | Work::Update(address) = self.work
            && context.read(address.wrapping_add(self.done), &mut bytes).is_err()
        {
            return Some(Reply::Abort);
        }
        let Some(storage) = context.board.storage(self.storage) else {
            return Some(self.finish(Some(StorageError::Errno(-19)), context));
        };
        let held = matches!(self.telling, Telling::EraseFlash(_))
            && context.shell.protected.contains(&(self.storage, at));
        let result = match self.work {
            _ if count == 0 || held => Ok(()),
            Work::Read(_) => storage.read(at, &mut bytes),
            Work::Write(_) => storage.write(at, &bytes),
            Work::Erase => storage.erase(at..at + count),
            Work::Update(_) => {
                let block = at..at + erase_block;
                storage.erase(block).and_then(|()| storage.write(at, &bytes))
            }
        };
        if let Work::Read(address) = self.work
            && result.is_ok()
            && context.write(address.wrapping_add(self.done), &bytes).is_err()
        {
            return Some(Reply::Abort);
        }
        context.spend(if whole { ERASE } else { span(count, STORAGE_RATE) });
        if let Err(error) = result {
            return Some(self.finish(Some(error), context));
        }
        self.done += count;
        if self.telling == Telling::EraseFlash(erase_block) && !held {
            context.print(".");
        }
        (self.done == self.length).then(|| self.finish(None, context))
    }

    fn finish<B: Board>(&self, error: Option<StorageError>, context: &mut Context<'_, B>) -> Reply {
        let (past, present) = match self.work {
            Work::Read(_) => ("read", "Read"),
            Work::Write(_) => ("written", "Written"),
            Work::Erase | Work::Update(_) => ("erased", "Erased"),
        };
        let number = match error {
            Some(StorageError::Errno(number)) => number,
            Some(StorageError::Timeout { .. }) => -110,
            Some(StorageError::Protected) => -30,
            None => 0,
        };
        let text = match (self.telling, error) {
            (Telling::Blocks(block), None) => format!("{} blocks {past}: OK\n", self.length / block),
            (Telling::Blocks(_), Some(_)) => format!("{number} blocks {past}: ERROR\n"),
            (Telling::SpiFlash, None) if matches!(self.work, Work::Update(_)) => {
                format!("{} bytes written, 0 bytes skipped\n", self.length)
            }
            (Telling::SpiFlash, None) => {
                format!("SF: {} bytes @ {:#x} {present}: OK\n", self.length, self.offset)
            }
            (Telling::SpiFlash, Some(_)) => {
                format!("SF: {} bytes @ {:#x} {present}: ERROR {number}\n", self.length, self.offset)
            }
            (Telling::Nand, None) if self.work == Work::Erase => {
                format!("\rErasing at {:#x} -- 100% complete.\nOK\n", self.offset + self.length)
            }
            (Telling::Nand, None) => format!(" {} bytes {past}: OK\n", self.length),
            (Telling::Nand, Some(_)) => format!(" {} bytes {past}: ERROR\n", self.done),
            (Telling::Mtd, None) => String::new(),
            (Telling::Mtd, Some(_)) => {
                let name = context.shell.storages.get(self.storage).map_or("?", |info| info.name.as_str());
                let at = self.offset + self.done;
                match self.work {
                    Work::Read(_) => mtd_failure("Read", at, name, number),
                    Work::Write(_) => mtd_failure("Write", at, name, number),
                    _ => format!("Failure while erasing at offset {at:#x}\n"),
                }
            }
            (Telling::CopyToFlash(_), None) => "done\n".into(),
            (Telling::EraseFlash(sector), None) => {
                format!(" done\nErased {} sectors\n", self.length / sector)
            }
            (Telling::CopyToFlash(base), Some(StorageError::Timeout { offset })) => format!(
                "Flash buffer write timeout at address {:x} data 0\nTimeout writing to Flash\n",
                base + offset
            ),
            (Telling::CopyToFlash(_), Some(StorageError::Protected)) => {
                "Can't write to protected Flash sectors\n".into()
            }
            (Telling::CopyToFlash(_), Some(StorageError::Errno(_))) => {
                "General Flash Programming Error\n".into()
            }
            (Telling::EraseFlash(_), Some(_)) => "Flash erase error\n".into(),
        };
        context.print(&text);
        Reply::Status(u8::from(error.is_some()))
    }
}

/// What `mtd read` and `mtd write` say when they fail.
pub(super) fn mtd_failure(word: &str, at: u64, name: &str, number: i32) -> String {
    let doing = if word == "Read" { "reading" } else { "writing" };
    format!("Failure while {doing} at offset {at:#x}\n{word} on {name} failed with error {number}\n")
}
