//! Firmware of Poray, Nexx and Hame routers: a header, and contents combined with the key of the board.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkporayfw.c`. Words are little-endian. The sum is made of the contents
//! without the key, and stands, combined with it, behind them.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::{Window, text};

use super::support::{
    Xored, bit_errors, could_be, hand_on_hidden, hex16, hex32, starts_firmware, unless, wrapper,
};

pub(crate) const FORMAT: Format = wrapper(
    "poray",
    &[],
    |window| {
        let Some(length) = window.le32(4)? else { return Ok(false) };
        let id = window.head(0, 4)?;
        let errors = bit_errors(window, 8, &FLAGS.to_le_bytes())?
            + bit_errors(window, 12, &[0; 16])?
            + id.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count() as u32
            + unless(could_be(window, u64::from(length) + SIZE + 2));
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Poray header, also Nexx and Hame",
        identified_by: "flags 020e0000, sixteen zeros, a board code of four characters, and a length that fits the file",
        reveals: "damaged contents, by a 16-bit sum of what they are without the key; a file that is cut off",
        blind_to: "damage in the board code; changes that leave the sum as it is",
        source: "OpenWrt firmware-utils d21804a src/mkporayfw.c",
        tested_with: "mkporayfw; own construction",
    },
);

const SIZE: u64 = 28;
const FLAGS: u32 = 0x020e_0000;

/// The keys, which repeat after 15 bytes.
const KEYS: &[[u8; 15]] = &[
    [0xc8, 0x3c, 0x3a, 0x93, 0xa2, 0x95, 0xc3, 0x63, 0x48, 0x45, 0x58, 0x09, 0x12, 0x03, 0x08],
    [0x89, 0x6b, 0x5a, 0x93, 0x92, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0xe6, 0xc7],
    [0xc9, 0x1c, 0x3a, 0x93, 0x92, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0xe6, 0xc7],
    [0x19, 0x1b, 0x3a, 0x93, 0x92, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0xe6, 0xc7],
    [0x79, 0x7b, 0x7a, 0x93, 0x92, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0xe6, 0xc7],
    [0x19, 0x1c, 0x4a, 0x93, 0x96, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0x16, 0xc6],
    [0x39, 0x1c, 0x4a, 0x93, 0x96, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0x16, 0xc6],
    [0xc8, 0x3c, 0x3a, 0x93, 0xa2, 0x95, 0xc3, 0x63, 0x48, 0x45, 0x58, 0x09, 0x20, 0x11, 0x08],
];

/// Boards by code: maker, model, index of the key.
const BOARDS: &[(u32, &str, &str, usize)] = &[
    (0x3247_3352, "Hame", "MPR-A1", 0),
    (0x3135_3033, "Poray", "R50B", 2),
    (0x3335_3033, "Poray", "R50D", 3),
    (0x3435_3033, "Poray", "R50E", 4),
    (0x3135_3335, "Poray", "M3", 1),
    (0x3235_3335, "Poray", "M4", 1),
    (0x3335_3335, "Poray", "Q3", 1),
    (0x3535_3335, "Poray", "X5", 1),
    (0x3635_3335, "Poray", "X8", 1),
    (0x3835_3335, "Poray", "X1", 1),
    (0x3035_3332, "Nexx", "WT1520", 5),
    (0x3032_3033, "Nexx", "WT3020", 6),
];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let id = window.le32(0)?.unwrap_or_default();
    let length = u64::from(window.le32(4)?.unwrap_or_default());
    let flags = window.le32(8)?.unwrap_or_default();
    let body = window.clamped(SIZE, length + 2);
    let board = BOARDS.iter().find(|(code, ..)| *code == id);
    let fields = reading.container(FORMAT.id, window.clamped(0, SIZE + length + 2));
    fields.insert("board".into(), text(&id.to_le_bytes()));
    fields.insert("length".into(), length.to_string());
    fields.insert("flags".into(), hex32(flags));
    if let Some((_, maker, model, _)) = board {
        reading.set_vendor(*maker);
        reading.set_model(*model);
    }
    reading.board(hex32(id));
    reading.board(text(&id.to_le_bytes()));
    reading.structure("flags", at + 8, hex32(FLAGS), hex32(flags));
    reading.declared_size("the contents", at + 4, length + 2, body.len());
    let key = key_of(body, board.map(|(.., key)| *key))?;
    let xored = Xored { window: body, key: &KEYS[key] };
    let plain = Window::metered(&xored, window.meter());
    let contents = plain.clamped(0, length);
    if let Some(stored) = plain.le16(length)? {
        reading.digest("sum of the contents", at + SIZE + length, hex16(stored), hex16(sum(contents)?));
    }
    reading.uncovered("No checksum covers the board code.");
    hand_on_hidden(contents, reading)?;
    reading.trailing(window, SIZE + length + 2)
}

/// The key under which the contents start like firmware; the board's own first, and where none does.
fn key_of(body: Window<'_>, own: Option<usize>) -> Result<usize, ImageError> {
    for index in own.into_iter().chain(0..KEYS.len()) {
        let xored = Xored { window: body, key: &KEYS[index] };
        if starts_firmware(Window::metered(&xored, body.meter()), 0)? {
            return Ok(index);
        }
    }
    Ok(own.unwrap_or_default())
}

/// The complement of the sum of half words, folded as the tool does with signed numbers of 32 bits.
fn sum(contents: Window<'_>) -> Result<u16, ImageError> {
    let mut sum = 0_i32;
    words::<2>(contents, |word| sum = sum.wrapping_add(u16::from_le_bytes(word).into()))?;
    let sum = sum.wrapping_add(sum >> 16).wrapping_add(0xffff);
    Ok(!(sum.wrapping_add(sum >> 16)) as u16)
}
