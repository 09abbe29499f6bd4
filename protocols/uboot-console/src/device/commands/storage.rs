//! Disks and flashes that are read into memory and written from it.

use crate::device::board::{Board, StorageInfo, StorageKind};
use crate::device::context::{Context, Reply};
use crate::device::jobs::{Job, StorageJob, Telling, Work, mtd_failure};
use crate::device::number::{decimal, hex, size};

fn is_virtio(kind: StorageKind) -> bool {
    kind == StorageKind::Virtio
}

fn is_mmc(kind: StorageKind) -> bool {
    kind == StorageKind::Mmc
}

fn is_spi(kind: StorageKind) -> bool {
    kind == StorageKind::SpiNor
}

fn is_nand(kind: StorageKind) -> bool {
    kind == StorageKind::Nand
}

fn is_mtd(kind: StorageKind) -> bool {
    !matches!(kind, StorageKind::Virtio | StorageKind::Mmc)
}

/// The current device of a kind, by its index on the board.
fn current<B: Board>(
    key: &'static str,
    kind: fn(StorageKind) -> bool,
    context: &Context<'_, B>,
) -> Option<usize> {
    let chosen = context.shell.current.get(key).copied().unwrap_or(0);
    context.shell.of_kind(kind).get(chosen).copied()
}

fn job(storage: usize, work: Work, offset: u64, length: u64, telling: Telling) -> Reply {
    Reply::Job(Job::Storage(StorageJob { storage, work, offset, length, done: 0, telling }))
}

fn virtio_device(info: &StorageInfo) -> String {
    let blocks = info.size / info.block.max(1);
    let tenths = |unit: u64| format!("{}.{}", info.size / unit, info.size % unit * 10 / unit);
    format!(
        "1af4 VirtIO Block Device\n            Type: Hard Disk\n            Capacity: {} MB = {} GB ({blocks} x {})\n",
        tenths(1 << 20),
        tenths(1 << 30),
        info.block
    )
}

/// `read` and `write` in blocks, which `virtio` and `mmc` share.
fn blocks<B: Board>(
    title: &str,
    key: &'static str,
    kind: fn(StorageKind) -> bool,
    arguments: &[String],
    context: &mut Context<'_, B>,
) -> Reply {
    let (verb, address, block, count) = match arguments {
        [verb, address, block, count] if verb == "read" || verb == "write" => {
            (verb.as_str(), hex(address), hex(block), hex(count))
        }
        [verb, block, count] if verb == "erase" => ("erase", 0, hex(block), hex(count)),
        _ => return Reply::Usage,
    };
    let device = context.shell.current.get(key).copied().unwrap_or(0);
    let place = if key == "mmc" { format!("dev # {device},") } else { format!("device {device}") };
    context.print(&format!("\n{title} {verb}: {place} block # {block}, count {count} ... "));
    let past = match verb {
        "read" => "read",
        "write" => "written",
        _ => "erased",
    };
    let Some(storage) = current(key, kind, context) else {
        context.print(&format!("-19 blocks {past}: ERROR\n"));
        return Reply::Status(1);
    };
    let info = context.shell.storages[storage].clone();
    let end = block.checked_add(count).and_then(|end| end.checked_mul(info.block));
    if end.is_none_or(|end| end > info.size) {
        let number = if key == "mmc" { 0 } else { -5 };
        context.print(&format!("{number} blocks {past}: ERROR\n"));
        return Reply::Status(1);
    }
    let work = match verb {
        "read" => Work::Read(address),
        "write" => Work::Write(address),
        _ => Work::Erase,
    };
    job(storage, work, block * info.block, count * info.block, Telling::Blocks(info.block))
}

pub(super) fn virtio<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let devices = context.shell.of_kind(is_virtio);
    let describe = |index: usize, context: &mut Context<'_, B>| match devices.get(index) {
        Some(storage) => {
            let text = virtio_device(&context.shell.storages[*storage]);
            context.print(&format!("Device {index}: {text}"));
            true
        }
        None => {
            context.print(&format!("Device {index}: unknown device\n"));
            false
        }
    };
    match arguments {
        [verb] if verb == "scan" => Reply::Status(0),
        [verb] if verb.starts_with("inf") => {
            for index in 0..devices.len() {
                describe(index, context);
            }
            Reply::Status(0)
        }
        [verb] if verb.starts_with("dev") => {
            let index = context.shell.current.get("virtio").copied().unwrap_or(0);
            context.print("\n");
            if devices.is_empty() {
                context.print("no virtio devices available\n");
                return Reply::Status(1);
            }
            Reply::Status(u8::from(!describe(index, context)))
        }
        [verb, index] if verb.starts_with("dev") => {
            let index = decimal(index) as usize;
            context.print("\n");
            if !describe(index, context) {
                return Reply::Status(1);
            }
            context.shell.current.insert("virtio", index);
            context.print("... is now current device\n");
            Reply::Status(0)
        }
        [verb, ..] if verb.starts_with("part") => {
            context.print("\nno virtio partition table available\n");
            Reply::Status(1)
        }
        [verb, ..] if verb == "erase" => Reply::Usage,
        _ => blocks("virtio", "virtio", is_virtio, arguments, context),
    }
}

pub(super) fn mmc<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let devices = context.shell.of_kind(is_mmc);
    let now = context.shell.current.get("mmc").copied().unwrap_or(0);
    match arguments {
        [verb] if verb == "list" => {
            for (index, storage) in devices.iter().enumerate() {
                let name = context.shell.storages[*storage].name.clone();
                context.print(&format!("{name}: {index}{}\n", if index == now { " (eMMC)" } else { "" }));
            }
            Reply::Status(0)
        }
        [verb] if verb == "rescan" => Reply::Status(u8::from(devices.is_empty())),
        [verb] if verb == "info" => match devices.get(now) {
            Some(storage) => {
                let info = context.shell.storages[*storage].clone();
                context.print(&format!(
                    "Device: {}\nManufacturer ID: 15\nOEM: 0\nName: DEBRIC \nBus Speed: 52000000\nMode: MMC High Speed \
                     (52MHz)\nRd Block Len: {}\nHigh Capacity: Yes\nCapacity: {}\nBus Width: 8-bit\n",
                    info.name,
                    info.block,
                    size(info.size)
                ));
                Reply::Status(0)
            }
            None => {
                context.print("No MMC device available\n");
                Reply::Status(1)
            }
        },
        [verb, rest @ ..] if verb == "dev" => {
            let index = rest.first().map_or(now, |index| decimal(index) as usize);
            if index >= devices.len() {
                context.print(&format!("MMC Device {index} not found\nno mmc device at slot {index}\n"));
                return Reply::Status(1);
            }
            context.shell.current.insert("mmc", index);
            context.print(&format!("switch to partitions #0, OK\nmmc{index}(part 0) is current device\n"));
            Reply::Status(0)
        }
        _ => blocks("MMC", "mmc", is_mmc, arguments, context),
    }
}

pub(super) fn sf<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some(storage) = current("sf", is_spi, context) else {
        context.print("Failed to initialize SPI flash at 0:0 (error -19)\n");
        return Reply::Status(1);
    };
    let info = context.shell.storages[storage].clone();
    let Some((verb, rest)) = arguments.split_first() else { return Reply::Usage };
    if verb == "probe" {
        context.shell.spi_probed = true;
        context.print(&format!(
            "SF: Detected {} with page size {}, erase size {}, total {}\n",
            info.name,
            size(info.block),
            size(info.erase_block.unwrap_or(0)),
            size(info.size)
        ));
        return Reply::Status(0);
    }
    if !context.shell.spi_probed {
        context.print("No SPI flash selected. Please run `sf probe'\n");
        return Reply::Status(1);
    }
    let erase_block = info.erase_block.unwrap_or(4096);
    let (work, offset, length) = match (verb.as_str(), rest) {
        ("read", [address, offset, length]) => (Work::Read(hex(address)), hex(offset), hex(length)),
        ("write", [address, offset, length]) => (Work::Write(hex(address)), hex(offset), hex(length)),
        ("update", [address, offset, length]) => (Work::Update(hex(address)), hex(offset), hex(length)),
        ("erase", [offset, length]) => {
            let length = match length.strip_prefix('+') {
                Some(length) => hex(length).next_multiple_of(erase_block),
                None => hex(length),
            };
            (Work::Erase, hex(offset), length)
        }
        _ => return Reply::Usage,
    };
    if offset.checked_add(length).is_none_or(|end| end > info.size) {
        context.print(&format!("ERROR: attempting {verb} past flash size ({:#x})\n", info.size));
        return Reply::Status(1);
    }
    let whole = matches!(work, Work::Erase | Work::Update(_));
    if whole
        && (!offset.is_multiple_of(erase_block)
            || (work == Work::Erase && !length.is_multiple_of(erase_block)))
    {
        context.print(&format!("SF: {length} bytes @ {offset:#x} Erased: ERROR -22\n"));
        return Reply::Status(1);
    }
    if work != Work::Erase {
        context.print(&format!("device 0 offset {offset:#x}, size {length:#x}\n"));
    }
    job(storage, work, offset, length, Telling::SpiFlash)
}

pub(super) fn nand<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some(storage) = current("nand", is_nand, context) else {
        context.print("\nno devices available\n");
        return Reply::Status(1);
    };
    let info = context.shell.storages[storage].clone();
    let erase_block = info.erase_block.unwrap_or(0x2_0000);
    let Some((verb, rest)) = arguments.split_first() else { return Reply::Usage };
    let verb = verb.split('.').next().unwrap_or_default();
    let (work, offset, length) = match (verb, rest) {
        ("info", _) => {
            context.print(&format!(
                "\nDevice 0: nand0, sector size {}\n  Page size    {:>8} b\n  Erase size   {:>8} b\n  size         {:>8} b\n",
                size(erase_block),
                info.block,
                erase_block,
                info.size
            ));
            return Reply::Status(0);
        }
        ("bad", _) => {
            context.print("\nDevice 0 bad blocks:\n");
            return Reply::Status(0);
        }
        ("device", _) => {
            context.print(&format!("\nDevice 0: {}... is now current device\n", info.name));
            return Reply::Status(0);
        }
        ("read", [address, offset, length]) => (Work::Read(hex(address)), hex(offset), hex(length)),
        ("write", [address, offset, length]) => (Work::Write(hex(address)), hex(offset), hex(length)),
        ("erase", [offset, length]) => (Work::Erase, hex(offset), hex(length).next_multiple_of(erase_block)),
        _ => return Reply::Usage,
    };
    context.print(&format!("\nNAND {verb}: "));
    if offset.checked_add(length).is_none_or(|end| end > info.size) {
        context.print("Size exceeds partition or device limit\n");
        return Reply::Status(1);
    }
    context.print(&format!("device 0 offset {offset:#x}, size {length:#x}\n"));
    let unit = if work == Work::Erase { erase_block } else { info.block };
    if !offset.is_multiple_of(unit) || (matches!(work, Work::Write(_)) && !length.is_multiple_of(unit)) {
        context.print("Attempt to access non page-aligned data\n");
        return Reply::Status(1);
    }
    job(storage, work, offset, length, Telling::Nand)
}

fn unaligned(offset: u64, unit: u64) -> &'static str {
    if offset.is_multiple_of(unit) { "Size not a multiple of" } else { "Offset not aligned with" }
}

pub(super) fn mtd<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let devices = context.shell.of_kind(is_mtd);
    let Some((verb, rest)) = arguments.split_first() else { return Reply::Usage };
    let verb = verb.split('.').next().unwrap_or_default();
    if verb == "list" {
        context.print("List of MTD devices:\n");
        for storage in devices {
            let info = context.shell.storages[storage].clone();
            let (device, driver, kind) = match info.kind {
                StorageKind::CfiNor { .. } => ("flash@0", "cfi_flash", "NOR flash"),
                StorageKind::Nand => ("nand@0", "nand", "NAND flash"),
                _ => ("flash@0", "jedec_spi_nor", "NOR flash"),
            };
            context.print(&format!(
                "* {name}\n  - device: {device}\n  - parent: root_driver\n  - driver: {driver}\n  - path: /{device}\n  \
                 - type: {kind}\n  - block size: {:#x} bytes\n  - min I/O: {:#x} bytes\n  \
                 - {:#014x}-{:#014x} : \"{name}\"\n",
                info.erase_block.unwrap_or(1),
                info.block,
                0,
                info.size,
                name = info.name,
            ));
        }
        return Reply::Status(0);
    }
    let (name, address, range) = match (verb, rest) {
        ("read" | "write", [name, address, range @ ..]) => (name, hex(address), range),
        ("erase" | "bad", [name, range @ ..]) => (name, 0, range),
        _ => return Reply::Usage,
    };
    let found = devices.into_iter().find(|storage| context.shell.storages[*storage].name == *name);
    let Some(storage) = found else {
        context.print(&format!("MTD device {name} not found, ret -19\n"));
        return Reply::Status(1);
    };
    let info = context.shell.storages[storage].clone();
    if verb == "bad" {
        context.print(&format!("MTD device {name} bad blocks list:\n"));
        return Reply::Status(0);
    }
    let offset = range.first().map_or(0, |offset| hex(offset));
    let length = range.get(1).map_or_else(|| info.size.saturating_sub(offset), |length| hex(length));
    let erase_block = info.erase_block.unwrap_or(1);
    if verb == "erase" {
        if !offset.is_multiple_of(erase_block) || !length.is_multiple_of(erase_block) {
            let what = unaligned(offset, erase_block);
            context.print(&format!("{what} a block ({erase_block:#x})\n"));
            return Reply::Status(1);
        }
        let end = offset.saturating_add(length);
        let blocks = length / erase_block;
        let last = end.saturating_sub(1);
        context.print(&format!("Erasing {offset:#010x} ... {last:#010x} ({blocks} eraseblock(s))\n"));
        if end > info.size {
            return Reply::Status(1);
        }
        return job(storage, Work::Erase, offset, length, Telling::Mtd);
    }
    if !offset.is_multiple_of(info.block) || !length.is_multiple_of(info.block) {
        let what = unaligned(offset, info.block);
        context.print(&format!("{what} a page ({:#x})\n", info.block));
        return Reply::Status(1);
    }
    let pages = match info.kind {
        StorageKind::Nand => format!(" ({} page(s))", length / info.block),
        _ => String::new(),
    };
    let (doing, work) = match verb {
        "read" => ("Reading", Work::Read(address)),
        _ => ("Writing", Work::Write(address)),
    };
    context.print(&format!("{doing} {length} byte(s){pages} at offset {offset:#010x}\n"));
    if offset.checked_add(length).is_none_or(|end| end > info.size) {
        let word = if verb == "read" { "Read" } else { "Write" };
        context.print(&mtd_failure(word, offset, name, -22));
        return Reply::Status(1);
    }
    job(storage, work, offset, length, Telling::Mtd)
}
