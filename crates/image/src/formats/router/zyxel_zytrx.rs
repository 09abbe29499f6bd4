//! Zyxel `zytrx`: a header with two CRC-32, board and version, then the payload.
//!
//! Source: firmware-utils `src/zytrx.c`. Numbers are big-endian; both CRC-32 are stored without the final complement,
//! the header's is computed with its own field at zero.

use crate::digest::{Piece, crc32_of, jamcrc};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{count, hex32, is_text_field, read_firmware};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "zyxel-zytrx",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"0RDH")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Zyxel zytrx",
        identified_by: "magic 0RDH (HDR0 reversed) and texts where the header has them",
        reveals: "a damaged header or payload, by two CRC-32",
        blind_to: "nothing that it declares",
        source: "firmware-utils src/zytrx.c",
        tested_with: "own construction",
    },
};

const HEADER_SIZE: usize = 380;
const HEADER_CRC: usize = 372;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<HEADER_SIZE>(0)? else { return Ok(false) };
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let evidence = [
        word(4) as usize == HEADER_SIZE,
        u64::from(word(8)) == u64::from(word(4)) + u64::from(word(80)),
        is_text_field(&head[260..268], 3, 0),
        is_text_field(&head[268..284], 3, 0),
        is_text_field(&head[296..328], 1, 0),
        is_text_field(&head[328..360], 1, 0),
        head[84..96].iter().all(|byte| *byte == 0),
    ];
    Ok(count(&evidence) >= 5)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(mut head) = window.array::<HEADER_SIZE>(0)? else { return Ok(()) };
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (payload_crc, payload_size, header_crc) = (word(12), u64::from(word(80)), word(HEADER_CRC));
    let total = u64::from(word(8));
    let board = text(&head[268..284]);
    let at = window.start();
    let fields = reading.container(FORMAT.id, window.clamped(0, total));
    fields.insert("chip".into(), text(&head[260..268]));
    fields.insert("board".into(), board.clone());
    fields.insert("model-id".into(), format!("{:08x}", word(284)));
    fields.insert("version".into(), text(&head[296..328]));
    fields.insert("product-code".into(), text(&head[96..260]).trim().into());
    reading.set_vendor("Zyxel");
    reading.set_model(board.clone());
    reading.set_version(text(&head[296..328]));
    if head[260..].starts_with(b"MT7621") {
        reading.set_architecture("mips");
    }
    reading.board(board);
    reading.boards_are_declared = true;

    head[HEADER_CRC..HEADER_CRC + 4].fill(0);
    let actual = !crc32_of([Piece::Bytes(&head)])?;
    reading.digest("crc32 of the header", at + HEADER_CRC as u64, hex32(header_crc), hex32(actual));
    let payload = window.clamped(HEADER_SIZE as u64, payload_size);
    reading.declared_size("the payload", at + 80, payload_size, window.len() - HEADER_SIZE as u64);
    reading.declared_size("the image", at + 8, total, window.len());
    reading.digest("crc32 of the payload", at + 12, hex32(payload_crc), hex32(jamcrc(payload)?));
    read_firmware(reading, payload, false)?;
    reading.trailing(window, (HEADER_SIZE as u64).saturating_add(payload_size))
}
