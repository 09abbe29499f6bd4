//! Zyxel `ras.bin`: a header padded with 0xff, then the root filesystem, then the kernel.
//!
//! Source: firmware-utils `src/mkrasimage.c`. All numbers are big-endian: at 0 the sum and size of the root
//! filesystem, at 8 the version (31 characters and NUL), at 40 the sum of the first 2048 bytes (computed with the sum
//! of the root filesystem in its place), at 44 the board (63 characters and NUL), at 108 the sum and size of the
//! kernel, or 0xff where those are not used. Sums are those of System V `sum`. The size of the header is a property
//! of the board, 64 or 128 KiB: it ends where something other than 0xff stands.

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{count, fold, is_text_field};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "zyxel-ras",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Zyxel ras.bin",
        identified_by: "names, sums below 65536 and 0xff padding where the header has them",
        reveals: "a damaged header, root filesystem or kernel, by the 16-bit sums of System V sum",
        blind_to: "bytes that change places; the padding behind the first 2048 bytes",
        source: "firmware-utils src/mkrasimage.c",
        tested_with: "mkrasimage; own construction",
    },
};

const BOARD_SUM: u64 = 40;
const KERNEL: u64 = 108;
const FIELDS_SIZE: u64 = 116;

/// What the header's own sum covers.
const SUMMED: u64 = 2048;

/// Headers start a new one of these.
const HEADER_STEP: u64 = 1024;

/// The longest header that is looked for.
const LONGEST_HEADER: u64 = 1 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(0, 1024)?;
    if head.len() < 1024 {
        return Ok(false);
    }
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let is_padding = head[116..].iter().filter(|byte| **byte != 0xff).count() <= 1;
    let is_size = |at: usize| (1..1 << 28).contains(&word(at));
    let evidence = [
        (1..0x1_0000).contains(&word(0)),
        is_size(4),
        is_text_field(&head[8..40], 3, 0xff),
        (1..0x1_0000).contains(&word(40)),
        is_text_field(&head[44..108], 2, 0xff),
        word(108) < 0x1_0000 || word(108) == u32::MAX,
        is_size(112) || word(112) == u32::MAX,
    ];
    Ok(is_padding && count(&evidence) >= 6)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| window.be32(at).map(Option::unwrap_or_default);
    let (at, version) = (window.start(), text(&window.head(8, 31)?));
    let board = text(&window.head(44, 63)?);
    let fields = reading.container(FORMAT.id, window);
    fields.insert("version".into(), version.clone());
    fields.insert("board".into(), board.clone());
    reading.set_vendor("Zyxel");
    reading.set_model(board.clone());
    reading.set_version(version);
    reading.board(board);
    reading.boards_are_declared = true;

    let header_size = header_size(window)?;
    reading.digest("sum of the header", at + BOARD_SUM, word(BOARD_SUM)?, header_sum(window, header_size)?);
    let root_size = u64::from(word(4)?);
    let (kernel_sum, kernel_size) = (word(KERNEL)?, u64::from(word(KERNEL + 4)?));
    let root = window.clamped(header_size, root_size);
    reading.declared_size(
        "the root filesystem",
        at + 4,
        root_size,
        window.len() - header_size.min(window.len()),
    );
    reading.digest("sum of the root filesystem", at, word(0)?, system_v_sum(root)?);
    reading.part("rootfs", root)?;
    let mut end = header_size.saturating_add(root_size);
    if (kernel_sum, kernel_size) != (u32::MAX, u64::from(u32::MAX)) {
        let kernel = window.clamped(end, kernel_size);
        reading.declared_size("the kernel", at + KERNEL + 4, kernel_size, window.len().saturating_sub(end));
        reading.digest("sum of the kernel", at + KERNEL, kernel_sum, system_v_sum(kernel)?);
        reading.part("kernel", kernel)?;
        end = end.saturating_add(kernel_size);
    }
    reading.trailing(window, end)
}

/// Where the padding ends: at most 1024 places are looked at.
fn header_size(window: Window<'_>) -> Result<u64, ImageError> {
    let mut at = HEADER_STEP;
    while at < LONGEST_HEADER && at < window.len() {
        if window.head(at, 16)?.iter().filter(|byte| **byte != 0xff).count() > 1 {
            return Ok(at);
        }
        at += HEADER_STEP;
    }
    Ok(0x1_0000)
}

fn header_sum(window: Window<'_>, header_size: u64) -> Result<u16, ImageError> {
    let mut header = window.head(0, SUMMED.min(header_size))?;
    header.resize(SUMMED as usize, 0xff);
    header.copy_within(0..4, BOARD_SUM as usize);
    debug_assert!(header.len() as u64 > FIELDS_SIZE);
    Ok(fold(header.iter().map(|byte| u64::from(*byte)).sum()))
}

/// The sum of System V `sum`: of all bytes, modulo 2^32, folded into 16 bits.
fn system_v_sum(window: Window<'_>) -> Result<u16, ImageError> {
    Ok(fold(byte_sum(window)? & 0xffff_ffff))
}
