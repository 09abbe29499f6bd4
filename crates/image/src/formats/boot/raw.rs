//! Machine code without a header: U-Boot, programs of ARM microcontrollers, OpenSBI. They share a module, since all
//! there is to know is how each starts.
//!
//! Sources: u-boot `arch/arm/cpu/armv8/start.S` (a branch over the text base and the offsets of the end and of the bss)
//! and `arch/arm/lib/vectors.S`; ARMv7-M Architecture Reference Manual, B1.5.3 (vector table); ARM Architecture
//! Reference Manual, A2.6 (eight vectors of one instruction each); opensbi `firmware/fw_base.S` (the arguments a0 to a2
//! are kept first).

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

const ID: &str = "raw";

pub(crate) const UBOOT: Format = Format {
    id: "u-boot-raw",
    rank: Rank::Guess,
    magic: &[],
    matches: |window| Ok(uboot_architecture(window)?.is_some()),
    read: |window, reading| {
        reading.container(ID, window);
        if let Some(architecture) = uboot_architecture(window)? {
            reading.set_architecture(architecture);
        }
        reading.uncovered("Machine code without a header carries no checksum.");
        Ok(())
    },
    about: About {
        outermost: &["u-boot-raw"],
        name: "U-Boot without a header",
        identified_by: "its first instructions and the offsets behind them; on 32-bit ARM its name, too",
        reveals: "nothing",
        blind_to: "everything: there is no checksum and no length",
        source: "u-boot arch/arm/cpu/armv8/start.S, arch/arm/lib/vectors.S",
        tested_with: "Debian's u-boot",
    },
};

pub(crate) const ARM: Format = Format {
    id: "raw-arm-bin",
    rank: Rank::Guess,
    magic: &[],
    matches: |window| Ok(has_vector_table(window)? || has_vectors(window)?),
    read: read_arm,
    about: About {
        outermost: &["raw-arm-bin"],
        name: "ARM machine code without a header",
        identified_by: "a table of exception vectors, or the vectors themselves",
        reveals: "nothing",
        blind_to: "everything: there is no checksum and no length",
        source: "ARMv7-M ARM B1.5.3; ARM ARM A2.6",
        tested_with: "own construction",
    },
};

pub(crate) const RISCV: Format = Format {
    id: "raw-riscv-bin",
    rank: Rank::Guess,
    magic: &[],
    matches: is_opensbi,
    read: |window, reading| {
        reading.container(ID, window);
        reading.set_architecture("riscv");
        reading.uncovered("Machine code without a header carries no checksum.");
        Ok(())
    },
    about: About {
        outermost: &["raw-riscv-bin"],
        name: "RISC-V machine code without a header: OpenSBI",
        identified_by: "its first instructions",
        reveals: "nothing",
        blind_to: "everything: there is no checksum and no length",
        source: "opensbi firmware/fw_base.S",
        tested_with: "OpenSBI of QEMU, own construction",
    },
};

/// The largest U-Boot that is believed, in bytes.
const MAX_UBOOT: u64 = 64 << 20;

/// Bytes in which a name is looked for.
const NAMED_WITHIN: u64 = 4 << 20;

fn uboot_architecture(window: Window<'_>) -> Result<Option<&'static str>, ImageError> {
    if is_uboot_arm64(window)? {
        return Ok(Some("arm64"));
    }
    Ok((has_vectors(window)? && window.find(b"U-Boot 20", 0, NAMED_WITHIN)?.is_some()).then_some("arm"))
}

/// All but one of what its first words say must fit.
fn is_uboot_arm64(window: Window<'_>) -> Result<bool, ImageError> {
    const BRANCH_OVER: u32 = 0x1400_000a;
    const NOP: u32 = 0xd503_201f;
    let (Some(first), Some(second), Some(reset)) = (window.le32(0)?, window.le32(4)?, window.le32(40)?)
    else {
        return Ok(false);
    };
    let (Some(base), Some(end), Some(bss), Some(bss_end)) =
        (window.le64(8)?, window.le64(16)?, window.le64(24)?, window.le64(32)?)
    else {
        return Ok(false);
    };
    let is_size = |size: u64| (0x4000..MAX_UBOOT).contains(&size) && size.is_multiple_of(4);
    let fitting = [
        first == BRANCH_OVER,
        second == NOP,
        base % 4096 == 0 && base < 1 << 40,
        is_size(end),
        is_size(bss) && bss.abs_diff(end) < 1 << 20,
        is_size(bss_end) && bss_end >= bss,
        reset >> 26 == 5,
    ];
    Ok(fitting.iter().filter(|fits| **fits).count() + 1 >= fitting.len())
}

/// A table of Cortex-M: a stack in RAM, and handlers with the Thumb bit close to each other in flash.
fn has_vector_table(window: Window<'_>) -> Result<bool, ImageError> {
    const HANDLERS: [u64; 6] = [1, 2, 3, 11, 14, 15];
    const RESERVED: [u64; 3] = [8, 9, 10];
    let Some(stack) = window.le32(0)? else { return Ok(false) };
    let has_stack =
        (0x2000_0000..0x2100_0000).contains(&stack) || (0x1000_0000..0x1010_0000).contains(&stack);
    let mut handlers = Vec::new();
    for index in HANDLERS {
        handlers.extend(window.le32(index * 4)?);
    }
    let is_flash = |handler: u32| handler & 1 == 1 && (0x40..0x1000_0000).contains(&handler);
    // One may be damaged: what most of them are close to is the flash.
    let close = handlers.iter().map(|here| {
        handlers.iter().filter(|there| is_flash(**there) && here.abs_diff(**there) < 2 << 20).count()
    });
    let close = close.max().unwrap_or(0);
    let mut reserved = 0;
    for index in RESERVED {
        reserved += usize::from(window.le32(index * 4)? == Some(0));
    }
    let fitting = usize::from(has_stack && stack % 4 == 0) + close + reserved;
    Ok(window.len() >= 1024 && fitting >= 9)
}

/// The eight vectors of older ARM cores: branches, loads of the program counter, or what does nothing.
fn has_vectors(window: Window<'_>) -> Result<bool, ImageError> {
    let mut jumps = 0;
    for index in 0..8 {
        let word = window.le32(index * 4)?.unwrap_or(0);
        let is_jump = word >> 24 == 0xea || word >> 12 == 0xe_59ff || word >> 12 == 0xe_51ff;
        jumps += usize::from(is_jump);
    }
    Ok(window.len() >= 1024 && jumps >= 6)
}

/// Three instructions that keep a0 to a2, or two of them and the name.
fn is_opensbi(window: Window<'_>) -> Result<bool, ImageError> {
    const KEEPING: [u32; 3] = [0x0005_0433, 0x0005_84b3, 0x0006_0933];
    let mut kept = 0;
    for (index, instruction) in KEEPING.iter().enumerate() {
        kept += usize::from(window.le32(index as u64 * 4)? == Some(*instruction));
    }
    Ok(kept == 3 || (kept == 2 && window.find(b"OpenSBI", 0, NAMED_WITHIN)?.is_some()))
}

fn read_arm(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(ID, window);
    reading.set_architecture("arm");
    for name in [&b"LEGO"[..], b"Pybricks"] {
        if window.find(name, 0, NAMED_WITHIN)?.is_some() {
            reading.set_vendor("LEGO");
        }
    }
    reading.uncovered("Machine code without a header carries no checksum.");
    Ok(())
}
