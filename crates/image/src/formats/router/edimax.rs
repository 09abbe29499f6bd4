//! The headers of Edimax: CSYS in two forms, PS16 before TRX images, and eDiMaX.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkedimaximg.c`, `src/mkcsysimg.c`, `src/csysimg.h`, `src/trx2edips.c`,
//! `src/edimax_fw_header.c`; models by code from OpenWrt `target/linux/ramips/image/*.mk`.

use crate::digest::{byte_sum, words};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{
    bit_errors, could_be, field_errors, hand_on, hand_on_rest, hex8, hex16, name_errors, unless, wrapper,
};

pub(crate) const CSYS: Format = wrapper(
    "edimax-csys",
    &[],
    |window| Ok(csys(window)?.is_some()),
    read_csys,
    About {
        outermost: &[],
        name: "Edimax CSYS header",
        identified_by: "CSYS, addresses, a model code of four characters, and a size that fits the file",
        reveals: "damaged contents, by a 16-bit sum at the end; a file that is cut off",
        blind_to: "damage in the header's names; changes that leave the sum as it is",
        source: "OpenWrt firmware-utils d21804a src/mkedimaximg.c",
        tested_with: "mkedimaximg; own construction",
    },
);

pub(crate) const ADM5120: Format = wrapper(
    "adm5120-csys",
    &[],
    |window| Ok(Blocks::of(window)?.is_some()),
    read_adm5120,
    About {
        outermost: &[],
        name: "Edimax ADM5120 image",
        identified_by: "a block CSYS, perhaps behind a block of web pages, with an address in RAM and a size that fits",
        reveals: "damaged code, by a 16-bit sum, and damaged web pages, by an 8-bit sum; a file that is cut off",
        blind_to: "changes that leave the sums as they are",
        source: "OpenWrt firmware-utils d21804a src/mkcsysimg.c, src/csysimg.h",
        tested_with: "mkcsysimg; own construction",
    },
);

pub(crate) const EDIPS: Format = wrapper(
    "edimax-edips",
    &[Magic::at(0, b"PS16")],
    |window| {
        let length = window.le32(4)?.unwrap_or_default();
        let errors = bit_errors(window, 8, &0x8050_0000_u32.to_le_bytes())?
            + bit_errors(window, 12, b"HDR0")?
            + unless(could_be(window, u64::from(length) + EDIPS_SIZE));
        Ok(errors <= 1)
    },
    read_edips,
    About {
        outermost: &[],
        name: "Edimax print server header",
        identified_by: "magic PS16, and a TRX image behind 12 bytes",
        reveals: "a file that is cut off; damage that the TRX image inside reveals",
        blind_to: "what the TRX image's checksum does not reach",
        source: "OpenWrt firmware-utils d21804a src/trx2edips.c",
        tested_with: "trx2edips; own construction",
    },
);

pub(crate) const HEADER: Format = wrapper(
    "edimax-header",
    &[],
    |window| Ok(section(window)?.is_some()),
    read_header,
    About {
        outermost: &[],
        name: "Edimax header, also Belkin",
        identified_by: "the shape of its names: a word such as eDiMaX, model, version, partition",
        reveals: "most damage of header and contents, by two 8-bit sums; a file that is cut off",
        blind_to: "one damage in 256",
        source: "OpenWrt firmware-utils d21804a src/edimax_fw_header.c",
        tested_with: "edimax_fw_header; own construction",
    },
);

const CSYS_SIZE: u64 = 20;
const BLOCK_SIZE: u64 = 12;
const EDIPS_SIZE: u64 = 12;
const SECTION_SIZE: u64 = 94;

/// Sections that one image may have.
const MAX_SECTIONS: usize = 8;

/// Model codes of CSYS headers. Several makers used some of them; they are not here.
const CODES: &[(&str, &str)] = &[
    ("RN10", "Amped Wireless B1200EX"),
    ("RN54", "Edimax BR-6475nD"),
    ("RN67", "ASRock G10"),
    ("RN68", "Edimax BR-6478AC V2"),
    ("RN70", "Edimax EW-7478AC"),
    ("RN71", "Edimax BR-6208AC V2"),
    ("RN75", "Edimax EW-7478APC"),
    ("RN76", "Edimax RE23S"),
    ("RN79", "Edimax EW-7476RPC"),
    ("3G62", "Edimax 3g-6200n"),
];

/// Signatures of web page blocks, and what they are for.
const WEB_SIGNATURES: &[(&[u8; 4], &str)] = &[
    (b"WB4K", "BR-6104K"),
    (b"WBKP", "BR-6104KP"),
    (b"WBGW", "BR-6104Wg"),
    (b"WBIP", "BR-6114WG"),
    (b"2-K-", "BR-6524K"),
    (b"2-KP", "BR-6524KP"),
    (b"WNRA", "BR-6524N"),
    (b"2-WG", "BR-6524WG"),
    (b"2-WP", "BR-6524WP"),
    (b"4--K", "BR-6541K"),
    (b"4-KP", "BR-6541KP"),
    (b"4-WP", "BR-6541WP"),
    (b"EWAS", "EW-7207APg"),
    (b"4000", "PS-1205UWg"),
    (b"5010", "PS-3205U"),
    (b"5011", "PS-3205UWg"),
    (b"5GXI", "5GXi"),
];

/// Which end of words comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

fn word(window: Window<'_>, at: u64, order: Order) -> Result<u32, ImageError> {
    let word = match order {
        Order::Little => window.le32(at)?,
        Order::Big => window.be32(at)?,
    };
    Ok(word.unwrap_or_default())
}

fn csys(window: Window<'_>) -> Result<Option<Order>, ImageError> {
    let Some(model) = window.bytes(12, 4)? else { return Ok(None) };
    for order in [Order::Little, Order::Big] {
        let size = u64::from(word(window, 16, order)?);
        let (start, flash) = (word(window, 4, order)?, word(window, 8, order)?);
        let errors = bit_errors(window, 0, b"CSYS")?
            + name_errors(&model, 3)
            + unless(model.iter().all(u8::is_ascii_alphanumeric) || name_errors(&model, 3) > 0)
            + unless(could_be(window, size + CSYS_SIZE))
            + (start & 0xfff).count_ones()
            + (flash & 0xfff).count_ones()
            + (flash & 0xf800_0000).count_ones();
        if errors <= 1 {
            return Ok(Some(order));
        }
    }
    Ok(None)
}

fn read_csys(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(order) = csys(window)? else { return Ok(()) };
    let at = window.start();
    let size = u64::from(word(window, 16, order)?);
    let body = window.clamped(CSYS_SIZE, size);
    let model = window.text(12, 4)?;
    let fields = reading.container(CSYS.id, window.clamped(0, CSYS_SIZE + size));
    fields.insert("model".into(), model.clone());
    fields.insert("start".into(), format!("{:#x}", word(window, 4, order)?));
    fields.insert("flash".into(), format!("{:#x}", word(window, 8, order)?));
    fields.insert("size".into(), size.to_string());
    fields.insert("byte-order".into(), format!("{order:?}").to_lowercase());
    let known = CODES.iter().find(|(code, _)| *code == model).map(|(_, name)| *name);
    match known.and_then(|name| name.rsplit_once(" V").unwrap_or((name, "")).0.rsplit_once(' ')) {
        Some((maker, name)) => {
            reading.set_vendor(maker);
            reading.set_model(name);
        }
        None => reading.set_vendor("Edimax"),
    }
    if let Some((_, revision)) = known.and_then(|name| name.rsplit_once(" V")) {
        reading.set_hardware_revision(format!("V{revision}"));
    }
    reading.board(model);
    let signature = window.text(0, 4)?;
    reading.structure("signature", at, "CSYS", signature);
    reading.declared_size("the contents", at + 16, size, body.len());
    let contents = body.clamped(0, size.saturating_sub(2));
    // Of contents with an odd size the last byte does not count; a zero stands behind it then.
    let padded = contents.clamped(0, contents.len().saturating_sub(2));
    let stored = match (body.bytes(size.saturating_sub(2), 2)?.as_deref(), order) {
        (Some([low, high]), Order::Little) | (Some([high, low]), Order::Big) => {
            Some(u16::from_be_bytes([*high, *low]))
        }
        _ => None,
    };
    if let Some(stored) = stored {
        let mut actual = negated_sum(contents, order)?;
        if actual != stored && contents.u8(contents.len().saturating_sub(1))? == Some(0) {
            actual = negated_sum(padded, order)?;
        }
        reading.digest("sum of the contents", at + CSYS_SIZE + size - 2, hex16(stored), hex16(actual));
    }
    reading.uncovered("No checksum covers the header.");
    hand_on(contents, reading)?;
    hand_on_rest(window, CSYS_SIZE + size, reading)
}

/// The negated sum of half words.
fn negated_sum(window: Window<'_>, order: Order) -> Result<u16, ImageError> {
    let mut sum = 0_u16;
    words::<2>(window, |word| {
        let word = match order {
            Order::Little => u16::from_le_bytes(word),
            Order::Big => u16::from_be_bytes(word),
        };
        sum = sum.wrapping_sub(word);
    })?;
    Ok(sum)
}

/// The blocks of an ADM5120 image.
struct Blocks {
    /// Where the code block starts; behind the web pages, where there are any.
    code: u64,
    model: Option<&'static str>,
}

impl Blocks {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let code_errors = |at: u64| -> Result<u32, ImageError> {
            let size = u64::from(window.le32(at + 8)?.unwrap_or_default());
            Ok(bit_errors(window, at, b"CSYS")?
                + bit_errors(window, at + 4, &0x8050_0000_u32.to_le_bytes())?
                + unless(size > 0 && (size + at + BLOCK_SIZE + 2).is_multiple_of(0x1000))
                + unless(could_be(window, size + at + BLOCK_SIZE + 2)))
        };
        if code_errors(0)? <= 1 {
            return Ok(Some(Self { code: 0, model: None }));
        }
        let Some(size) = window.le32(8)? else { return Ok(None) };
        for (signature, model) in WEB_SIGNATURES {
            let errors =
                bit_errors(window, 0, *signature)? + bit_errors(window, 4, &0x1_0000_u32.to_le_bytes())?;
            if errors > 1 {
                continue;
            }
            // A damaged size of the web pages does not hide the code: blocks end at multiples of 64 KiB.
            let stated = u64::from(size) + BLOCK_SIZE + 1;
            for at in [stated, 0x1_0000, 0x2_0000, 0x3_0000] {
                if errors + unless(at == stated) + code_errors(at)? <= 1 {
                    return Ok(Some(Self { code: at, model: Some(model) }));
                }
            }
            // The file may be cut off before the code starts.
            if errors == 0 && stated.is_multiple_of(0x1_0000) && window.len() < stated + BLOCK_SIZE {
                return Ok(Some(Self { code: stated, model: Some(model) }));
            }
        }
        Ok(None)
    }
}

fn read_adm5120(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(blocks) = Blocks::of(window)? else { return Ok(()) };
    let at = window.start();
    reading.container(ADM5120.id, window);
    reading.set_vendor("Edimax");
    if blocks.code > 0 {
        reading.set_model(blocks.model.unwrap_or_default());
        reading.board(window.text(0, 4)?);
        let size = u64::from(window.le32(8)?.unwrap_or_default());
        let pages = window.clamped(BLOCK_SIZE, size);
        reading.structure("end of the web pages", at + 8, blocks.code, BLOCK_SIZE + size + 1);
        if let Some(stored) = window.u8(BLOCK_SIZE + size)? {
            let actual = (byte_sum(pages)? as u8).wrapping_neg();
            reading.digest("sum of the web pages", at + BLOCK_SIZE + size, hex8(stored), hex8(actual));
        }
        reading.part("webpages", pages)?;
    }
    let code = window.clamped(blocks.code, u64::MAX);
    reading.structure("signature of the code", code.start(), "CSYS", code.text(0, 4)?);
    let address = code.le32(4)?.unwrap_or_default();
    reading.structure("address of the code", code.start() + 4, "80500000", format!("{address:08x}"));
    let size = u64::from(code.le32(8)?.unwrap_or_default());
    let body = code.clamped(BLOCK_SIZE, size);
    reading.declared_size("the code", code.start() + 8, size + 2, code.clamped(BLOCK_SIZE, size + 2).len());
    if let Some(stored) = code.le16(BLOCK_SIZE + size)? {
        let actual = negated_sum(body, Order::Little)?;
        reading.digest("sum of the code", code.start() + BLOCK_SIZE + size, hex16(stored), hex16(actual));
    }
    hand_on(body, reading)?;
    hand_on_rest(window, blocks.code + BLOCK_SIZE + size + 2, reading)
}

fn read_edips(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let length = u64::from(window.le32(4)?.unwrap_or_default());
    let image = window.clamped(EDIPS_SIZE, length);
    let address = window.le32(8)?.unwrap_or_default();
    let fields = reading.container(EDIPS.id, window.clamped(0, EDIPS_SIZE + length));
    fields.insert("start".into(), format!("{address:#x}"));
    fields.insert("length".into(), length.to_string());
    reading.set_vendor("Edimax");
    reading.structure("start address", at + 8, "80500000", format!("{address:08x}"));
    reading.declared_size("the TRX image", at + 4, length, image.len());
    let own = image.le32(4)?.unwrap_or_default();
    reading.structure("length in both headers", at + 4, length, u64::from(own));
    reading.contents(image)?;
    reading.trailing(window, EDIPS_SIZE + length)
}

/// The size of a section's contents, where one starts.
fn section(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let Some(size) = window.be32(51)? else { return Ok(None) };
    let alphanumeric = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_. /+".contains(byte) || *byte == 0;
    let names = window.head(0, 48)?;
    let odd = names.iter().filter(|byte| (0x20..0x7f).contains(*byte) && !alphanumeric(byte)).count() as u32;
    let errors = odd.max(field_errors(window, 0, 16, 3)? + field_errors(window, 16, 32, 3)?)
        + unless(window.u8(48)?.is_some_and(|force| force <= 1))
        + field_errors(window, 63, 14, 0)?
        + field_errors(window, 78, 16, 2)?
        + unless(size > 0 && size < 1 << 27);
    Ok((errors <= 1).then_some(size.into()))
}

fn read_header(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut at = 0;
    for _ in 0..MAX_SECTIONS {
        let rest = window.clamped(at, u64::MAX);
        let Some(size) = section(rest)? else { break };
        read_section(rest, size, reading)?;
        at = at.saturating_add(SECTION_SIZE + size);
    }
    reading.trailing(window, at)
}

fn read_section(window: Window<'_>, size: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let body = window.clamped(SECTION_SIZE, size);
    let (word, model, version, partition) =
        (window.text(0, 16)?, window.text(16, 32)?, window.text(63, 14)?, window.text(78, 16)?);
    let fields = reading.container(HEADER.id, window.clamped(0, SECTION_SIZE + size));
    for (name, value) in
        [("word", &word), ("model", &model), ("version", &version), ("partition", &partition)]
    {
        fields.insert(name.into(), value.clone());
    }
    fields.insert("size".into(), size.to_string());
    let is_belkin = |text: &str| ["F5", "F7", "F9"].iter().any(|start| text.starts_with(start));
    let belkin = [&word, &model].into_iter().find(|text| is_belkin(text));
    reading.set_vendor(if belkin.is_some() { "Belkin" } else { "Edimax" });
    reading.set_model(belkin.unwrap_or(&model).clone());
    reading.board(model);
    reading.set_version(version);
    let mut header = window.array::<{ SECTION_SIZE as usize }>(0)?.unwrap_or([0; SECTION_SIZE as usize]);
    let (stored, stored_data) = (header[49], header[50]);
    header[49] = 0;
    let sum = header.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) ^ 0xb9;
    reading.digest(format!("sum of the header of {partition}"), at + 49, hex8(stored), hex8(sum));
    reading.declared_size(&partition, at + 51, size, body.len());
    let sum = byte_sum(body)? as u8 ^ 0xb9;
    reading.digest(format!("sum of {partition}"), at + 50, hex8(stored_data), hex8(sum));
    hand_on(body, reading)
}
