//! Compex MyLoader firmware: a header, descriptors of blocks, the partition table, and the blocks.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkmylofw.c`, `src/myloader.h`. Words are little-endian.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, hand_on, hand_on_rest, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "compex-mylo",
    &[Magic::at(0, &[0, b'M', b'Y', b'L'])],
    |window| {
        let (Some(kind), Some(len)) = (window.le32(HEADER_SIZE)?, window.le32(HEADER_SIZE + 8)?) else {
            return Ok(false);
        };
        let errors = bit_errors(window, HEADER_SIZE, &[1, 0, 0, 0])?
            + unless(kind.count_ones() <= 2)
            + unless(len > 0 && len < 1 << 28)
            + bit_errors(window, 8, &[0; 8])?;
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Compex MyLoader firmware",
        identified_by: "magic 00 MYL and a first block that is in use",
        reveals: "any damage of the file, by a CRC-32 over all of it; a file that is cut off",
        blind_to: "nothing",
        source: "OpenWrt firmware-utils d21804a src/mkmylofw.c, src/myloader.h",
        tested_with: "mkmylofw; own construction",
    },
);

const HEADER_SIZE: u64 = 40;
const DESCRIPTOR_SIZE: u64 = 16;
const PARTITIONS: u32 = 0x2002_1103;

/// Blocks that are read.
const MAX_BLOCKS: u64 = 32;

/// Models by device id.
const MODELS: &[(u16, &str)] = &[
    (0x0078, "NP27G"),
    (0x03e8, "NP26G8M"),
    (0x03e9, "NP26G16M"),
    (0x044c, "NP28G"),
    (0x044e, "NP28GHS"),
    (0x047e, "WP18"),
    (0x0489, "NP18A"),
    (0x0514, "WP54Gv1C"),
    (0x0515, "WP54G"),
    (0x0546, "WP54AG"),
    (0x0550, "WPP54AG"),
    (0x0555, "WPP54G"),
    (0x05dc, "WPE53G"),
    (0x05e6, "NP25G"),
    (0x0640, "WP543"),
    (0x0672, "WPE72"),
    (0x068a, "WPJ531"),
    (0x0690, "WPJ344"),
    (0x0691, "WPJ558"),
    (0x0693, "WPJ531"),
    (0x0694, "WPJ563"),
    (0x08a2, "WPJ428"),
];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let half = |place: u64| -> Result<u16, ImageError> { Ok(window.le16(place)?.unwrap_or_default()) };
    let (vendor, device, revision) = (half(16)?, half(18)?, window.le32(24)?.unwrap_or_default());
    let fields = reading.container(FORMAT.id, window);
    fields.insert("vendor".into(), format!("{vendor:04x}"));
    fields.insert("device".into(), format!("{device:04x}"));
    fields.insert("revision".into(), revision.to_string());
    reading.set_vendor("Compex");
    if let Some((_, model)) = MODELS.iter().find(|(id, _)| *id == device) {
        reading.set_model(*model);
        reading.board(*model);
    }
    reading.board(format!("{vendor:04x}:{device:04x}"));
    if revision > 0 {
        reading.set_hardware_revision(revision.to_string());
    }
    let stored = window.le32(4)?.unwrap_or_default();
    let pieces = [
        Piece::Window(window.clamped(0, 4)),
        Piece::Bytes(&[0; 4]),
        Piece::Window(window.clamped(8, u64::MAX)),
    ];
    reading.digest("crc32 of the file", at + 4, hex32(stored), hex32(crc32_of(pieces)?));
    let mut sizes = Vec::new();
    let mut ended = false;
    for index in 0..MAX_BLOCKS {
        let place = HEADER_SIZE + index * DESCRIPTOR_SIZE;
        let (Some(kind), Some(size)) = (window.le32(place)?, window.le32(place + 8)?) else { break };
        if kind == 0 && size == 0 {
            ended = true;
            break;
        }
        sizes.push((place, window.le32(place + 4)?.unwrap_or_default(), u64::from(size)));
    }
    reading.structure(
        "list of blocks",
        at + HEADER_SIZE,
        "ended",
        if ended { "ended" } else { "without an end" },
    );
    let mut start = HEADER_SIZE + (sizes.len() as u64 + 1) * DESCRIPTOR_SIZE;
    for (place, address, size) in sizes {
        let block = window.clamped(start, size);
        let name = format!("the block for {address:#x}");
        // The packer's padding may be shorter than it says: by less than a word.
        let missing = size.saturating_sub(block.len());
        reading.declared_size(&name, at + place + 8, size, if missing < 4 { size } else { block.len() });
        read_block(&name, block, reading)?;
        start = start.saturating_add(size);
    }
    hand_on_rest(window, start.min(window.len()), reading)
}

fn read_block(name: &str, block: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if block.le32(0)? == Some(PARTITIONS) {
        return Ok(());
    }
    let (length, stored) = (block.le32(0)?.unwrap_or_default(), block.le32(4)?.unwrap_or_default());
    let has_header = (u64::from(length) + 8).next_multiple_of(4) == block.len().next_multiple_of(4);
    if has_header {
        let data = block.clamped(8, length.into());
        reading.digest(format!("crc32 of {name}"), block.start() + 4, hex32(stored), hex32(crc32(data)?));
        return hand_on(data, reading);
    }
    hand_on(block, reading)
}
