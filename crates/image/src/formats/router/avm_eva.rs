//! AVM EVA: a record with an LZMA kernel, then a record with its entry.
//!
//! Source: firmware-utils `src/lzma2eva.c`. Little-endian: 0xfeed1281, the size of the record, the load address, its
//! kind (0x075a0201), compressed and unpacked size, a CRC-32 (as in zlib) of the compressed data, the properties and
//! dictionary of LZMA, three zeros, the data, a sum; then a zero and the entry. The sum of size and address as words,
//! and of all further bytes, with the stored one, is zero. A root filesystem may follow after padding.

use crate::digest::{byte_sum, crc32};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{Joined, count, hex32};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "avm-eva",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, &[0x81, 0x12, 0xed, 0xfe])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "AVM EVA kernel",
        identified_by: "magic 8112edfe",
        reveals: "damaged data, by CRC-32; a damaged record, by a sum",
        blind_to: "the record with the entry, and what follows it",
        source: "firmware-utils src/lzma2eva.c",
        tested_with: "own construction",
    },
};

const DATA: u64 = 36;

/// What the size of the record counts beside the data.
const FIELDS: u64 = 24;

/// Sum, zero, and entry.
const TAIL: u64 = 12;

const KIND: u32 = 0x075a_0201;

/// How far behind the kernel a root filesystem is looked for.
const GAP: u64 = 0x2_0000;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ DATA as usize }>(0)? else { return Ok(false) };
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let evidence = [
        word(4) == word(16).wrapping_add(FIELDS as u32),
        (word(12) ^ KIND).count_ones() <= 1,
        head[28] < 225,
        head[33..36] == [0, 0, 0],
        word(20) >= word(16),
    ];
    Ok(count(&evidence) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(head) = window.array::<{ DATA as usize }>(0)? else { return Ok(()) };
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let packed = u64::from(word(16));
    let end = DATA + packed + TAIL;
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("load".into(), format!("{:#x}", word(8)));
    fields.insert("unpacked-size".into(), word(20).to_string());
    let at = window.start();
    let data = window.clamped(DATA, packed);
    if let Some(entry) = window.le32(end - 4)? {
        let index = reading.last_container();
        reading.container_at(index).fields.insert("entry".into(), format!("{entry:#x}"));
    }
    reading.set_vendor("AVM");
    reading.set_architecture("mips");
    reading.structure("size of the record", at + 4, packed + FIELDS, word(4));
    reading.structure("kind of the record", at + 12, hex32(KIND), hex32(word(12)));
    reading.declared_size("the record", at + 16, packed + TAIL, window.len() - DATA);
    reading.digest("crc32 of the data", at + 24, hex32(word(24)), hex32(crc32(data)?));
    let bytes = byte_sum(window.clamped(12, FIELDS + packed))? as u32;
    let sum = word(4).wrapping_add(word(8)).wrapping_add(bytes);
    if let Some(stored) = window.le32(DATA + packed)? {
        let name = "sum of the record";
        reading.digest(name, at + DATA + packed, hex32(stored), hex32(sum.wrapping_neg()));
    }
    if window.len() >= end {
        let zero = window.le32(DATA + packed + 4)?.unwrap_or_default();
        reading.structure("start of the entry record", at + DATA + packed + 4, hex32(0), hex32(zero));
    }
    let mut header = head[28..33].to_vec();
    header.extend_from_slice(&u64::from(word(20)).to_le_bytes());
    let kernel = Joined { head: header, rest: data };
    reading.hidden_part("kernel", Window::metered(&kernel, window.meter()))?;
    read_rest(window, end, reading)
}

/// What follows the kernel, behind its padding.
fn read_rest(window: Window<'_>, end: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    for magic in [b"hsqs", b"sqsh"] {
        if let Some(found) = window.find(magic, end, GAP)? {
            reading.uncovered("No check covers what follows the kernel.");
            return reading.part("rootfs", window.clamped(found, u64::MAX)).map(drop);
        }
    }
    reading.trailing(window, end)
}
