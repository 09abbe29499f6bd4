//! Parallel flash in the address space.

use crate::device::board::Board;
use crate::device::context::{Context, Reply};
use crate::device::jobs::{Job, StorageJob, Telling, Work};
use crate::device::number::{decimal, hex, size};

/// Sectors: the storage, its base, the first and the end offset, and the size of one.
struct Sectors {
    storage: usize,
    base: u64,
    range: std::ops::Range<u64>,
    sector: u64,
}

fn sector_of<B: Board>(storage: usize, context: &Context<'_, B>) -> u64 {
    context.shell.storages.get(storage).and_then(|info| info.erase_block).unwrap_or(0x2_0000)
}

fn bank<B: Board>(index: usize, context: &Context<'_, B>) -> Option<Sectors> {
    let (storage, base, size) = context.shell.flashes().nth(index)?;
    Some(Sectors { storage, base, range: 0..size, sector: sector_of(storage, context) })
}

/// Reads `start end` or `start +len`.
fn sectors<B: Board>(start: &str, end: &str, context: &mut Context<'_, B>) -> Result<Sectors, Reply> {
    let first = hex(start);
    let length = end.strip_prefix('+').map(hex);
    let Some((storage, base, size)) = context.shell.flash_at(first) else {
        let last = length.map_or_else(|| hex(end), |length| first.wrapping_add(length).wrapping_sub(1));
        context.print(&format!("Error: end address ({last:#010x}) not in flash!\nBad address format\n"));
        return Err(Reply::Status(1));
    };
    let sector = sector_of(storage, context);
    let offset = first - base;
    let past = match length {
        Some(length) => offset.saturating_add(length).checked_next_multiple_of(sector),
        None => hex(end).checked_add(1).and_then(|past| past.checked_sub(base)),
    };
    let mut fail = |text: &str| {
        context.print(text);
        Err(Reply::Status(1))
    };
    if !offset.is_multiple_of(sector) {
        return fail("Error: start address not on sector boundary\n");
    }
    let Some(past) = past.filter(|past| *past > offset) else { return Err(Reply::Usage) };
    if past > size {
        let last = base + past - 1;
        return fail(&format!("Error: end address ({last:#010x}) not in flash!\nBad address format\n"));
    }
    if !past.is_multiple_of(sector) {
        return fail("Error: end address not on sector boundary\n");
    }
    Ok(Sectors { storage, base, range: offset..past, sector })
}

pub(super) fn erase<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let chosen = match arguments {
        [word, number] if word == "bank" => match bank(decimal(number).wrapping_sub(1) as usize, context) {
            Some(sectors) => sectors,
            None => {
                let banks = context.shell.flashes().count();
                context.print(&format!("Only FLASH Banks # 1 ... # {banks} supported\n"));
                return Reply::Status(1);
            }
        },
        [word] if word == "all" => {
            let banks = 1..=context.shell.flashes().count();
            return Reply::Scripts(banks.map(|bank| format!("erase bank {bank}")).collect());
        }
        [start, end] => match sectors(start, end, context) {
            Ok(sectors) => sectors,
            Err(reply) => return reply,
        },
        [name] => {
            context.print(&format!("incorrect device type in {name}\n"));
            return Reply::Usage;
        }
        _ => return Reply::Usage,
    };
    let Sectors { storage, range, sector, .. } = chosen;
    let held = context.shell.protected.range((storage, range.start)..(storage, range.end)).count();
    match held {
        0 => context.print("\n"),
        _ => context.print(&format!("- Warning: {held} protected sectors will not be erased!\n")),
    }
    Reply::Job(Job::Storage(StorageJob {
        storage,
        work: Work::Erase,
        offset: range.start,
        length: range.end - range.start,
        done: 0,
        telling: Telling::EraseFlash(sector),
    }))
}

pub(super) fn protect<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some((switch, rest)) = arguments.split_first() else { return Reply::Usage };
    let on = match switch.as_str() {
        "on" => true,
        "off" => false,
        _ => return Reply::Usage,
    };
    let word = if on { "Protect" } else { "Un-Protect" };
    match rest {
        [all] if all == "all" => {
            let mut index = 0;
            while let Some(sectors) = bank(index, context) {
                index += 1;
                set(&sectors, on, context);
                context.print(&format!("{word} Flash Bank # {index}\n"));
            }
            Reply::Status(0)
        }
        [of_bank, number] if of_bank == "bank" => {
            match bank(decimal(number).wrapping_sub(1) as usize, context) {
                Some(sectors) => {
                    set(&sectors, on, context);
                    context.print(&format!("{word} Flash Bank # {number}\n"));
                    Reply::Status(0)
                }
                None => Reply::Status(1),
            }
        }
        [start, end] => match sectors(start, end, context) {
            Ok(sectors) => {
                let count = set(&sectors, on, context);
                context.print(&format!("{word}ed {count} sectors\n"));
                Reply::Status(0)
            }
            Err(reply) => reply,
        },
        _ => Reply::Usage,
    }
}

fn set<B: Board>(sectors: &Sectors, on: bool, context: &mut Context<'_, B>) -> u64 {
    let mut count = 0;
    let mut offset = sectors.range.start;
    while offset < sectors.range.end {
        if on {
            context.shell.protected.insert((sectors.storage, offset));
        } else {
            context.shell.protected.remove(&(sectors.storage, offset));
        }
        count += 1;
        offset += sectors.sector;
    }
    count
}

pub(super) fn flinfo<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let only = arguments.first().map(|number| decimal(number) as usize);
    let mut index = 0;
    while let Some(sectors) = bank(index, context) {
        index += 1;
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let count = sectors.range.end / sectors.sector;
        context.print(&format!(
            "\nBank # {index}: CFI conformant flash (32 x 8)  Size: {} in {count} Sectors\n  \
             Intel Extended command set, Manufacturer ID: 0x89, Device ID: 0x18\n  \
             Erase timeout: 16384 ms, write timeout: 3 ms\n  \
             Buffer write timeout: 3 ms, buffer size: 2048 bytes\n\n  Sector Start Addresses:",
            size(sectors.range.end).replace("MiB", "MB")
        ));
        for number in 0..count {
            let offset = number * sectors.sector;
            let held = context.shell.protected.contains(&(sectors.storage, offset));
            let line = if number % 5 == 0 { "\n" } else { "" };
            context.print(&format!(
                "{line}  {:08X}   {}",
                sectors.base + offset,
                if held { "RO" } else { "  " }
            ));
        }
        context.print("\n");
    }
    Reply::Status(0)
}
