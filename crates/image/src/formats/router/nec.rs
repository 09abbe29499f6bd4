//! NEC Aterm images as they are put on with a USB stick: blocks with a sum each, and a text at the end.
//!
//! Source: OpenWrt firmware-utils d21804a `src/nec-usbatermfw.c`. Words are big-endian but for the sum, which adds
//! little-endian half words of the contents and of the header behind its first word, modulo 0xffff.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::{Window, text};

use super::support::{bit_errors, hand_on, hex32, unless, wrapper};

pub(crate) const USB: Format = wrapper(
    "nec-usb-aterm",
    &[Magic::at(0, b"USB ATERMWL3050\0")],
    |window| {
        let flags = window.be32(START)?.unwrap_or_default();
        let complement = (flags >> 16 ^ !flags) & 0xffff;
        let errors = bit_errors(window, 16, &[0xff; 16])?
            + complement.count_ones()
            + bit_errors(window, START + 8, &[0, 0, 0, HEADER_SIZE as u8])?
            + unless(window.be32(START + 4)?.is_some_and(|size| u64::from(size) >= HEADER_SIZE));
        Ok(errors <= 2)
    },
    read,
    About {
        outermost: &[],
        name: "NEC Aterm USB image",
        identified_by: "USB ATERMWL3050 and a first block header that agrees with itself",
        reveals: "damaged blocks, by a 16-bit sum each; a file that is cut off",
        blind_to: "damage in the text at the end; changes that leave a sum as it is",
        source: "OpenWrt firmware-utils d21804a src/nec-usbatermfw.c",
        tested_with: "nec-usbatermfw; own construction",
    },
);

const START: u64 = 0x20;
const HEADER_SIZE: u64 = 0x18;
const END_SIZE: u64 = 0x20;

/// The flag of the block that ends the list.
const LAST: u32 = 1;

/// Blocks that are read.
const MAX_BLOCKS: usize = 32;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(USB.id, window);
    reading.set_vendor("NEC");
    let mut at = START;
    let mut ended = false;
    for index in 0..MAX_BLOCKS {
        let rest = window.clamped(at, u64::MAX);
        let (Some(flags), Some(size)) = (rest.be32(0)?, rest.be32(4)?) else { break };
        let size = u64::from(size).max(HEADER_SIZE);
        let complement = flags >> 16 ^ !flags & 0xffff;
        let name = format!("block {index}");
        reading.structure(
            format!("flags of {name}"),
            rest.start(),
            hex32(flags >> 16),
            hex32(flags >> 16 ^ complement),
        );
        let block = rest.clamped(0, size);
        reading.declared_size(&name, rest.start() + 4, size, block.len());
        let stored = rest.le32(12)?.unwrap_or_default();
        reading.digest(format!("sum of {name}"), rest.start() + 12, hex32(stored), hex32(sum(block)?));
        let data = block.clamped(HEADER_SIZE, u64::MAX);
        if flags >> 16 == LAST {
            at = at.saturating_add(size);
            ended = true;
            break;
        }
        if index == 0 {
            describe(&data.text(0, 256.min(data.len()))?, data, reading)?;
        } else {
            hand_on(data, reading)?;
        }
        at = at.saturating_add(size).next_multiple_of(4);
    }
    if !ended {
        reading.structure("last block", window.start() + at.min(window.len()), "there", "missing");
        return Ok(());
    }
    let end = window.head(at, END_SIZE)?;
    let line: String = end.iter().filter(|byte| **byte != 0xff).map(|byte| char::from(*byte)).collect();
    let model = line.trim().strip_prefix("Binary Type").and_then(|rest| rest.strip_suffix("File END"));
    match model.map(str::trim) {
        Some(model) => {
            reading.set_model(model);
            reading.board(model);
        }
        None => {
            let shown = text(line.as_bytes());
            reading.structure("text at the end", window.start() + at, "Binary Type ... File END", shown);
        }
    }
    reading.uncovered("No checksum covers the text at the end, which names the model.");
    reading.trailing(window, at + END_SIZE)
}

/// The first block: lines that tell the version.
fn describe(lines: &str, data: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = data.head(0, 256)?;
    let all = String::from_utf8_lossy(&bytes);
    let version = all.lines().find_map(|line| line.strip_prefix("VERSION:"));
    reading.set_version(version.unwrap_or_default().trim());
    let index = reading.last_container();
    reading.container_at(index).fields.insert("description".into(), lines.into());
    Ok(())
}

/// The sum of a block, its own field left out.
fn sum(block: Window<'_>) -> Result<u32, ImageError> {
    let data = block.clamped(HEADER_SIZE, u64::MAX);
    let mut total = 0_u32;
    let even = data.clamped(0, data.len() & !1);
    words::<2>(even, |word| total = total.wrapping_add(u16::from_le_bytes(word).into()))?;
    // The packer takes an odd last byte as a signed one.
    if let Some(last) = data.u8(even.len())? {
        total = total.wrapping_add(u32::from(i16::from(last as i8) as u16));
    }
    for at in (4..HEADER_SIZE).step_by(2).filter(|at| !(12..16).contains(at)) {
        total = total.wrapping_add(block.le16(at)?.unwrap_or_default().into());
    }
    Ok(0xffff ^ (total % 0xffff))
}
