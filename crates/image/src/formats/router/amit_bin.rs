//! AMIT: blocks with a header of 80 bytes, as LevelOne, Conceptronic, SMC and others use them.
//!
//! Source: firmware-utils `src/makeamitbin.c`. Little-endian: the product (14 bytes of text), the sum of the data at
//! 14, `Queen` at 16, the version at 0x1c, address and size of the segment at 0x20, of the data at 0x28, a fixed
//! `42 48 01 01` at 0x40, 5 at 0x46 of the last block, at 0x4e a word with which the sum of the header is 0xffff. Sums are ones' complement sums of
//! 16-bit words.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{bits_between, count, folded_sum, hex16, is_text_field};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "amit-bin",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0x40, &[0x42, 0x48, 0x01, 0x01])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "AMIT (LevelOne, Conceptronic, SMC, OvisLink)",
        identified_by: "42480101 at offset 64, and names before it",
        reveals: "a damaged header or data, by two 16-bit ones' complement sums per block",
        blind_to: "words that change places",
        source: "firmware-utils src/makeamitbin.c",
        tested_with: "own construction",
    },
};

const HEADER: u64 = 80;
/// Bytes of the product's name.
const PRODUCT: u64 = 14;

/// Where the last block says that it is, and how.
const LAST_AT: u64 = 0x46;
const LAST: u8 = 5;

const MAX_BLOCKS: usize = 32;

/// Makers by the start of the product.
const MAKERS: [(&str, &str); 5] = [
    ("DDC", "LevelOne"),
    ("LLM", "Conceptronic"),
    ("OVS", "OvisLink"),
    ("SMC", "SMC"),
    ("Safeco", "SafeCom"),
];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ HEADER as usize }>(0)? else { return Ok(false) };
    let sum = folded_sum(window.clamped(0, HEADER), u16::from_le_bytes)?;
    let evidence = [
        is_text_field(&head[..14], 3, 0),
        is_text_field(&head[16..28], 3, 0),
        head[0x30..0x40].iter().filter(|byte| **byte != 0).count() <= 1,
        head[0x20..0x24] == head[0x48..0x4c],
        head[0x44] == 0x50 && head[0x47] == 1,
        sum == 0xffff,
    ];
    Ok(count(&evidence) >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let product = text(&window.head(0, 14)?);
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let fields = &mut reading.container_at(index).fields;
    fields.insert("product".into(), product.clone());
    fields.insert("second-id".into(), text(&window.head(16, 12)?));
    fields.insert("release".into(), format!("{:08x}", window.le32(0x1c)?.unwrap_or_default()));
    let is_near = |start: &str| {
        let there = product.as_bytes().get(..start.len()).unwrap_or_default();
        bits_between(there, start.as_bytes()) <= 1
    };
    let maker = MAKERS.iter().find(|(start, _)| is_near(start));
    reading.set_vendor(maker.map_or("LevelOne", |(_, maker)| maker));
    reading.board(product);
    reading.boards_are_declared = true;

    let (mut start, mut is_last) = (0, false);
    for block in 0..MAX_BLOCKS {
        let rest = window.clamped(start, u64::MAX);
        let is_block = rest.has(FORMAT.magic[0].at as u64, FORMAT.magic[0].bytes)? && matches(rest)?;
        if block > 0 && !is_block {
            break;
        }
        let at = rest.start();
        let sum = folded_sum(rest.clamped(0, HEADER), u16::from_le_bytes)?;
        reading.digest(format!("sum of header {block}"), at + 0x4e, "ffff", hex16(sum));
        let size = u64::from(rest.le32(0x2c)?.unwrap_or_default());
        let data = rest.clamped(HEADER, size);
        reading.declared_size(&format!("block {block}"), at + 0x2c, size, rest.len().saturating_sub(HEADER));
        let stored = rest.le16(14)?.unwrap_or_default();
        let actual = folded_sum(data, u16::from_le_bytes)?;
        reading.digest(format!("sum of block {block}"), at + 14, hex16(stored), hex16(actual));
        reading.part(format!("block {block}"), data)?;
        is_last = rest.u8(LAST_AT)? == Some(LAST);
        start = start.saturating_add(HEADER).saturating_add(size);
        if start >= window.len() {
            break;
        }
    }
    let next = window.clamped(start, HEADER);
    let same = next.len().min(PRODUCT);
    if (4..HEADER).contains(&next.len()) && next.head(0, same)? == window.head(0, same)? {
        reading.declared_size("the header of the next block", next.start(), HEADER, next.len());
    } else if !is_last {
        reading.warn("No block is marked as the last one: some may be missing.");
    }
    reading.container_at(index).size = start.min(window.len());
    reading.trailing(window, start)
}
