//! Memory: look, fill, copy, compare, digest.

use crate::device::board::Board;
use crate::device::context::{Context, Reply, width};
use crate::device::jobs::{Checksum, Compare, Copy, Fill, Job, StorageJob, Telling, Work};
use crate::device::number::hex;

/// How many objects `md` shows unless told.
const DUMP: u64 = 0x40;

/// The object's value.
pub(in crate::device) fn object(bytes: &[u8], width: usize) -> u64 {
    bytes.iter().take(width).rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// What `cmp` calls an object.
pub(in crate::device) fn object_name(width: usize) -> &'static str {
    match width {
        1 => "byte",
        2 => "halfword",
        4 => "word",
        _ => "double word",
    }
}

/// A line of `md`; at most 16 bytes.
pub(in crate::device) fn dump_line(address: u64, width: usize, bytes: &[u8]) -> String {
    let mut line = format!("{address:08x}:");
    for group in bytes.chunks(width) {
        line.push_str(&format!(" {:0digits$x}", object(group, width), digits = width * 2));
    }
    for _ in bytes.len() / width..16 / width {
        line.push_str(&" ".repeat(width * 2 + 1));
    }
    line.push_str("  ");
    for byte in bytes {
        line.push(if (0x20..0x7F).contains(byte) { *byte as char } else { '.' });
    }
    line.push('\n');
    line
}

pub(super) fn base<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    if let Some(base) = arguments.first() {
        context.shell.base = hex(base);
    }
    let base = context.shell.base;
    context.print(&format!("Base Address: {base:#010x}\n"));
    Reply::Status(0)
}

pub(super) fn md<B: Board>(typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some(mut width) = width(typed, 4) else { return Reply::Status(1) };
    let (mut address, mut count) = match arguments {
        [] => return Reply::Usage,
        [address] => (hex(address).wrapping_add(context.shell.base), DUMP),
        [address, count, ..] => (hex(address).wrapping_add(context.shell.base), hex(count)),
    };
    if context.again
        && let Some(last) = context.shell.dump
    {
        (address, width, count) = last;
    }
    context.shell.dump = Some((address.wrapping_add(count.wrapping_mul(width as u64)), width, count));
    Reply::Job(Job::Dump(address, width, count))
}

pub(super) fn mw(typed: &str, arguments: &[String]) -> Reply {
    let Some(width) = width(typed, 4) else { return Reply::Status(1) };
    let (address, value, left) = match arguments {
        [address, value] => (address, value, 1),
        [address, value, count] => (address, value, hex(count)),
        _ => return Reply::Usage,
    };
    Reply::Job(Job::Fill(Fill { address: hex(address), width, value: hex(value), left }))
}

pub(super) fn cp<B: Board>(typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some(width) = width(typed, 4) else { return Reply::Status(1) };
    let [from, to, count] = arguments else { return Reply::Usage };
    let (from, to, count) = (hex(from), hex(to), hex(count));
    if count == 0 {
        context.print("Zero length ???\n");
        return Reply::Status(1);
    }
    let length = count.saturating_mul(width as u64);
    let Some((storage, base, size)) = context.shell.flash_at(to) else {
        return Reply::Job(Job::Copy(Copy { from, to, left: length }));
    };
    context.print("Copy to Flash... ");
    let offset = to - base;
    if length > size - offset {
        context.print("Outside available Flash\n");
        return Reply::Status(1);
    }
    let sector = context.shell.storages[storage].erase_block.unwrap_or(1);
    let touched =
        context.shell.protected.range((storage, offset - offset % sector)..(storage, offset + length));
    if touched.count() > 0 {
        context.print("Can't write to protected Flash sectors\n");
        return Reply::Status(1);
    }
    let telling = Telling::CopyToFlash(base);
    Reply::Job(Job::Storage(StorageJob {
        storage,
        work: Work::Write(from),
        offset,
        length,
        done: 0,
        telling,
    }))
}

pub(super) fn cmp(typed: &str, arguments: &[String]) -> Reply {
    let Some(width) = width(typed, 4) else { return Reply::Status(1) };
    let [left, right, count] = arguments else { return Reply::Usage };
    Reply::Job(Job::Compare(Compare {
        left: hex(left),
        right: hex(right),
        width,
        count: hex(count),
        same: 0,
    }))
}

pub(super) fn crc32<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let (address, length, store) = match arguments {
        [first, ..] if first.starts_with('-') => return Reply::Usage,
        [address, length] => (address, length, None),
        [address, length, store] => (address, length, Some(hex(store))),
        _ => return Reply::Usage,
    };
    let address = hex(address).wrapping_add(context.shell.base);
    Reply::Job(Job::Checksum(Checksum {
        address,
        length: hex(length),
        done: 0,
        hasher: crc32fast::Hasher::new(),
        store,
    }))
}
