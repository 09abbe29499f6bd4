//! Programs for Broadcom cable modems, with a header of 92 bytes.
//!
//! Source: firmware-utils `src/bcmalgo.h`, `src/bcmalgo.c`, `src/hcsmakeimage.c`. Big-endian: the modem (no fixed
//! number: 0x2100, 0x3349), the compression, the revision, the time of the build, the size, the load address, the file
//! name at 20 (63 characters and NUL, what follows is not cleared), a CRC-16/GENIBUS of the first 84 bytes, two unused
//! bytes, a CRC-32/BZIP2 of the contents.

use crate::digest::{crc16, crc32_as};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{count, hex16, hex32};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "broadcom-hcs-program",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Program for Broadcom cable modems",
        identified_by: "a header checksum, a size that adds up, an address and a file name",
        reveals: "a damaged header, by CRC-16; damaged contents, by CRC-32",
        blind_to: "two unused bytes",
        source: "firmware-utils src/bcmalgo.c, src/hcsmakeimage.c",
        tested_with: "hcsmakeimage; own construction",
    },
};

const SIZE: usize = 92;
const SUMMED: u64 = 0x54;

const COMPRESSIONS: [&str; 8] = ["none", "lzrw1/kh", "mini-lzo", "none", "nrv2d99", "lzma", "none", "none"];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<SIZE>(0)? else { return Ok(false) };
    let half = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let size = u64::from(word(12));
    let rest = window.len() - SIZE as u64;
    let name = &head[20..84];
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    let odd = name[..end].iter().filter(|byte| !(0x20..0x7f).contains(*byte)).count();
    let sum_is_right = crc16(window.clamped(0, SUMMED), &crc::CRC_16_GENIBUS)? == half(84);
    if sum_is_right && half(0) != 0 {
        return Ok(true);
    }
    let evidence = [
        usize::from(half(2)) < COMPRESSIONS.len(),
        size == rest || (size > rest && size < 1 << 26 && size < rest.saturating_mul(3)),
        size == rest,
        (0x8000_0000..0xa400_0000).contains(&word(16)) && word(16) & 0xff == 0,
        end >= 4 && odd <= 1,
        name[..end].contains(&b'.'),
        (0x2100_u16 ^ half(0)).count_ones() <= 1 || (0x3349 ^ half(0)).count_ones() <= 1,
        half(4) < 0x100 && half(6) < 0x1000,
    ];
    Ok(count(&evidence) >= 6)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(head) = window.array::<SIZE>(0)? else { return Ok(()) };
    let half = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let size = u64::from(word(12));
    let total = size + SIZE as u64;
    let modem = hex16(half(0));
    let fields = reading.container(FORMAT.id, window.clamped(0, total));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("modem", modem.clone());
    put("compression", COMPRESSIONS.get(usize::from(half(2))).copied().unwrap_or("unknown").into());
    put("revision", format!("{}.{}", half(4), half(6)));
    put("timestamp", word(8).to_string());
    put("load", format!("{:#x}", word(16)));
    put("name", text(&head[20..84]));
    reading.set_version(format!("{}.{}", half(4), half(6)));
    reading.set_architecture("mips");
    reading.board(modem.clone());
    reading.board(format!("0x{modem}"));
    let at = window.start();
    let sum = crc16(window.clamped(0, SUMMED), &crc::CRC_16_GENIBUS)?;
    reading.digest("crc16 of the header", at + SUMMED, hex16(half(84)), hex16(sum));
    let contents = window.clamped(SIZE as u64, size);
    reading.declared_size("the contents", at + 12, size, window.len() - SIZE as u64);
    let actual = crc32_as(contents, &crc::CRC_32_BZIP2)?;
    reading.digest("crc32 of the contents", at + 88, hex32(word(88)), hex32(actual));
    reading.contents(contents)?;
    reading.trailing(window, total)
}
