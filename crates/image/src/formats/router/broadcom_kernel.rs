//! Compressed kernels as CFE loads them: with 12 bytes before them, or 20 on BCM4908.
//!
//! Source: OpenWrt `scripts/cfe-bin-header.py` (entry, load address and size, big-endian, no magic number);
//! firmware-utils `src/bcm4908kernel.c` (load address, entry, size, `BRCM`, size when unpacked, little-endian).

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{count, is_lzma};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const CFE: Format = Format {
    id: "cfe-bin-header",
    rank: Rank::Structure,
    magic: &[],
    matches: matches_cfe,
    read: read_cfe,
    about: About {
        outermost: &[],
        name: "Kernel with the header of Broadcom's CFE",
        identified_by: "two addresses of MIPS kernels and a size before an LZMA stream",
        reveals: "a file that is too short",
        blind_to: "damaged contents, beyond what LZMA itself notices",
        source: "OpenWrt scripts/cfe-bin-header.py",
        tested_with: "own construction",
    },
};

pub(crate) const BCM4908: Format = Format {
    id: "bcm4908kernel",
    rank: Rank::Wrapper,
    magic: &[Magic::at(12, b"BRCM")],
    matches: matches_bcm4908,
    read: read_bcm4908,
    about: About {
        outermost: &[],
        name: "Kernel with the header of Broadcom's BCM4908",
        identified_by: "BRCM at offset 12",
        reveals: "a file that is too short",
        blind_to: "damaged contents, beyond what the compression itself notices",
        source: "firmware-utils src/bcm4908kernel.c",
        tested_with: "own construction",
    },
};

const CFE_SIZE: u64 = 12;
const BCM4908_SIZE: u64 = 20;

/// Larger than any kernel.
const TOO_LARGE: u64 = 1 << 28;

fn matches_cfe(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(0, 32)?;
    if head.len() < 32 || !is_lzma(&head[12..]) {
        return Ok(false);
    }
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let is_address = |word: u32| (0x8000_0000..0xa000_0000).contains(&word);
    let size = u64::from(word(8));
    let rest = window.len() - CFE_SIZE;
    let is_size = size == rest || (size > rest && size < TOO_LARGE) || (size < rest && size + SLACK > rest);
    let evidence = [
        is_address(word(0)),
        is_address(word(4)),
        word(0).abs_diff(word(4)) < 1 << 26 || (word(0) ^ word(4)).is_power_of_two(),
        is_size && size > 64,
    ];
    Ok(count(&evidence) >= 3)
}

/// How much may follow the kernel.
const SLACK: u64 = 1 << 16;

fn read_cfe(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| window.be32(at).map(Option::unwrap_or_default);
    let size = u64::from(word(8)?);
    let fields = reading.container(CFE.id, window.clamped(0, CFE_SIZE + size));
    fields.insert("entry".into(), format!("{:#x}", word(0)?));
    fields.insert("load".into(), format!("{:#x}", word(4)?));
    read_kernel(window, CFE_SIZE, 8, size, reading)
}

fn matches_bcm4908(window: Window<'_>) -> Result<bool, ImageError> {
    let word = |at: u64| window.le32(at).map(Option::unwrap_or_default);
    let (size, rest) = (u64::from(word(8)?), window.len().saturating_sub(BCM4908_SIZE));
    let evidence = [
        word(0)? < 1 << 30,
        word(4)? < 1 << 30,
        word(0)? == word(4)?,
        size > 0 && size < TOO_LARGE,
        size <= rest,
        is_lzma(&window.head(BCM4908_SIZE, 16)?),
    ];
    Ok(rest > 0 && count(&evidence) >= 4)
}

fn read_bcm4908(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| window.le32(at).map(Option::unwrap_or_default);
    let size = u64::from(word(8)?);
    let fields = reading.container(BCM4908.id, window.clamped(0, BCM4908_SIZE + size));
    fields.insert("load".into(), format!("{:#x}", word(0)?));
    fields.insert("entry".into(), format!("{:#x}", word(4)?));
    read_kernel(window, BCM4908_SIZE, 8, size, reading)
}

fn read_kernel(
    window: Window<'_>,
    header: u64,
    size_at: u64,
    size: u64,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    reading.declared_size("the kernel", window.start() + size_at, size, window.len() - header);
    reading.part("kernel", window.clamped(header, size))?;
    reading.trailing(window, header + size)
}
