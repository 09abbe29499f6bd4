//! ZyNOS: Zyxel's ROM objects with a header of 48 bytes.
//!
//! Source: firmware-utils `src/zynos.h`, `src/mkzynfw.c`. Big-endian: load address, `SIG` and the kind at 6, original
//! and compressed size at 10 and 14, flags at 18 (0x20 and 0x40: the sums are valid; 0x80: compressed), sums at 20 and
//! 22, version at 24, the address of the memory map at 39. Sums are ones' complement sums of 16-bit words. The memory
//! map carries texts such as `Vendor 1 0` and `Model 1 61343`. Images that are not Zyxel's own declare 2 bytes and end
//! with a word with which the sum of all bytes is that of those 2 bytes.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{count, folded_sum, hex16};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "zyxel-zynos",
    rank: Rank::Wrapper,
    magic: &[
        Magic::at(6, b"SIG\x03"),
        Magic::at(6, b"SIG\x04"),
        Magic::at(6, b"SIG\x01"),
        Magic::at(6, b"SIG\x02"),
    ],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Zyxel ZyNOS ROM object",
        identified_by: "SIG and the kind at offset 6",
        reveals: "damaged contents, by a 16-bit ones' complement sum",
        blind_to: "words that change places; addresses in the header",
        source: "firmware-utils src/zynos.h, src/mkzynfw.c",
        tested_with: "own construction",
    },
};

const SIZE: u64 = 48;
const SUM_OF_COMPRESSED: u8 = 0x20;
const SUM_OF_ORIGINAL: u8 = 0x40;
const COMPRESSED: u8 = 0x80;

/// How far the texts of the memory map are looked for.
const MAP_REACH: u64 = 1 << 20;

/// Where a kernel is looked for behind the boot extension.
const KERNEL_REACH: u64 = 1 << 20;

const VENDORS: [(u32, &str); 5] = [(0, "Zyxel"), (1, "Netgear"), (2, "D-Link"), (4, "Lucent"), (10, "O2")];

/// Models by their number.
const MODELS: &[(u32, &str)] = &[
    (221, "ES-2024A"),
    (1181, "P-2602HWL-61"),
    (1946, "P-661H-63"),
    (3229, "P-2602H-61C"),
    (3485, "P-2602H-63C"),
    (4097, "ES-2024PWR"),
    (6301, "P-2602HW-D1A"),
    (7066, "P-660H-D1"),
    (9114, "P-660HW-D1"),
    (9472, "P-335Plus"),
    (12698, "P-660HW-D3"),
    (13210, "P-660H-D3"),
    (19346, "P-660H-61"),
    (22162, "P-660H-63"),
    (29698, "XS1930-10"),
    (29954, "XS1930-12HP"),
    (30464, "O2SURF"),
    (33026, "XS1930-12F"),
    (33794, "XMG1930-30"),
    (34050, "XMG1930-30HP"),
    (44801, "ES-2108-F"),
    (56479, "P-335U"),
    (56735, "P-334U"),
    (57344, "P-334WH"),
    (57600, "P-334WHD"),
    (59392, "NBG-318S"),
    (60831, "P-335"),
    (61343, "P-334WT"),
    (61441, "NBG-460N"),
    (61855, "HS-100"),
    (61952, "ES-2108"),
    (62208, "ES-2108-G"),
    (62367, "P-334W"),
    (62464, "ES-2108PWR"),
    (62879, "P-334"),
    (64512, "ES-2108-LC"),
];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(0, SIZE)?;
    if (head.len() as u64) < SIZE || window.len() < 256 {
        return Ok(false);
    }
    let evidence = [
        (0x80..0xc0).contains(&head[0]),
        head[4..6] == [0, 0],
        head[18] & 0x1f == 0 && head[18] & 0x60 != 0,
        head[10] < 0x10 && head[14] < 0x10,
        (0x80..0xc0).contains(&head[39]),
        head[24..39].iter().filter(|byte| **byte != 0 && !(0x20..0x7f).contains(*byte)).count() <= 1,
    ];
    Ok(count(&evidence) >= 5)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| window.be32(at).map(Option::unwrap_or_default);
    let half = |at: u64| window.be16(at).map(Option::unwrap_or_default);
    let flags = window.u8(18)?.unwrap_or_default();
    let fields = reading.container(FORMAT.id, window);
    fields.insert("load".into(), format!("{:#x}", word(0)?));
    fields.insert("kind".into(), window.u8(9)?.unwrap_or_default().to_string());
    fields.insert("flags".into(), format!("{flags:#04x}"));
    fields.insert("memory-map".into(), format!("{:#x}", word(39)?));
    reading.set_version(text(&window.head(24, 15)?));
    describe(window, reading)?;

    let at = window.start();
    let body = window.clamped(SIZE, u64::MAX);
    let (original, compressed) = (u64::from(word(10)?), u64::from(word(14)?));
    if original == 2 {
        let first = half(SIZE)?;
        reading.digest("sum of the first word", at + 20, hex16(half(20)?), hex16(first));
        let sum = folded_sum(body, u16::from_be_bytes)?;
        reading.digest("sum of all that follows", at + 20, hex16(half(20)?), hex16(sum));
        reading.structure("flags", at + 18, SUM_OF_ORIGINAL, flags);
        reading.structure("size of compressed data", at + 14, 0, compressed);
    } else if flags & COMPRESSED != 0 {
        reading.declared_size("the compressed data", at + 14, compressed, body.len());
        if flags & SUM_OF_COMPRESSED != 0 {
            let sum = folded_sum(body.clamped(0, compressed), u16::from_be_bytes)?;
            reading.digest("sum of the compressed data", at + 22, hex16(half(22)?), hex16(sum));
        }
        if !body.clamped(compressed, u64::MAX).is_padding()? {
            reading.uncovered("The sum of the ROM object does not cover what follows its compressed data.");
        }
    } else {
        reading.declared_size("the data", at + 10, original, body.len());
        if flags & SUM_OF_ORIGINAL != 0 {
            let sum = folded_sum(body.clamped(0, original), u16::from_be_bytes)?;
            reading.digest("sum of the data", at + 20, hex16(half(20)?), hex16(sum));
        }
    }
    read_kernel(body, reading)
}

/// What the texts of the memory map say.
fn describe(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(found) = window.find(b"Vendor 1 ", SIZE, MAP_REACH)? else {
        reading.set_vendor("Zyxel");
        return Ok(());
    };
    let texts = window.head(found, 256)?;
    let number = |name: &str| {
        let mut lines = texts.split(|byte| *byte == 0).filter_map(|line| std::str::from_utf8(line).ok());
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok())
    };
    let vendor = number("Vendor 1 ").and_then(|id| VENDORS.iter().find(|(known, _)| *known == id));
    reading.set_vendor(vendor.map_or("Zyxel", |(_, vendor)| vendor));
    if let Some(id) = number("Model 1 ") {
        if let Some((_, model)) = MODELS.iter().find(|(known, _)| *known == id) {
            reading.set_model(*model);
        }
        reading.board(id.to_string());
        reading.boards_are_declared = true;
    }
    Ok(())
}

/// Kernel and root filesystem behind the boot extension: no header says where.
fn read_kernel(body: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    use crate::formats::router::clues::is_lzma;
    let mut kernel = None;
    for at in (0x1000..KERNEL_REACH.min(body.len())).step_by(0x1000) {
        let head = body.head(at, 16)?;
        if is_lzma(&head) || head.starts_with(&[0x27, 0x05, 0x19, 0x56]) {
            kernel = Some(at);
            break;
        }
    }
    let root = match (body.find(b"hsqs", 0, 4 << 20)?, body.find(b"sqsh", 0, 4 << 20)?) {
        (Some(little), Some(big)) => Some(little.min(big)),
        (little, big) => little.or(big),
    };
    if let Some(kernel) = kernel {
        let end = root.filter(|root| *root > kernel).unwrap_or(body.len());
        reading.part("kernel", body.clamped(kernel, end - kernel))?;
    }
    if let Some(root) = root {
        reading.part("rootfs", body.clamped(root, u64::MAX))?;
    }
    Ok(())
}
