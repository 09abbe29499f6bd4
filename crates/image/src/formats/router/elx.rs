//! ELX headers of I-O DATA, ELECOM, Edimax and D-Link: 128 bytes before contents that are combined with a fixed key.
//!
//! Source: OpenWrt `include/image-commands.mk` (`elx-header`); boards by id from `target/linux/*/image/*.mk`.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{Xored, bit_errors, could_be, hand_on_hidden, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "elx-header",
    &[],
    |window| {
        let size = u64::from(window.be32(62)?.unwrap_or_default());
        let errors = bit_errors(window, 0, &[0, 0, 0, 0, 0, 0, 0, 3])?
            + bit_errors(window, 8, &[0; 34])?
            + bit_errors(window, 46, &[0; 16])?
            + bit_errors(window, 66, &[0; 4])?
            + bit_errors(window, 86, &[0; 42])?
            + unless(could_be(window, size + SIZE));
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "ELX header of I-O DATA, ELECOM, Edimax, D-Link",
        identified_by: "its zeros, the 3 at 7, and a size that fits the file",
        reveals: "damaged contents, by an MD5 of what they are without the key; a file that is cut off",
        blind_to: "damage in the board id",
        source: "OpenWrt include/image-commands.mk (elx-header)",
        tested_with: "own construction",
    },
);

const SIZE: u64 = 128;

/// The key that all known boards use.
const KEY: &[u8] = &[0x88, 0x44, 0xa2, 0xd1, 0x68, 0xb4, 0x5a, 0x2d];

/// Boards by id: maker and model.
const BOARDS: &[(&str, &str, &str)] = &[
    ("01040006", "I-O DATA", "WN-AC733GR3"),
    ("01040016", "I-O DATA", "WN-AC1167GR"),
    ("0104003a", "I-O DATA", "WNPR2600G"),
    ("0107000c", "ELECOM", "WAB-S1167-PS"),
    ("0107000d", "ELECOM", "WAB-I1750-PS"),
    ("01070028", "ELECOM", "WAB-S600-PS"),
    ("0107002d", "ELECOM", "WRC-2533GHBK-I"),
    ("0107003b", "ELECOM", "WRC-2533GHBK2-T"),
    ("011b0060", "D-Link", "DAP-X1860"),
    ("02020038", "Edimax", "RG21S"),
    ("02020040", "Edimax", "RA21S"),
];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.be32(62)?.unwrap_or_default());
    let body = window.clamped(SIZE, size);
    let board = hex(&window.head(42, 4)?);
    let fields = reading.container(FORMAT.id, window.clamped(0, SIZE + size));
    fields.insert("board".into(), board.clone());
    fields.insert("size".into(), size.to_string());
    let maker = match board.get(..4) {
        Some("0104") => "I-O DATA",
        Some("0107") => "ELECOM",
        Some("011b") => "D-Link",
        Some("0202") => "Edimax",
        _ => "",
    };
    if let Some((_, maker, model)) = BOARDS.iter().find(|(id, ..)| *id == board) {
        reading.set_vendor(*maker);
        reading.set_model(*model);
    }
    reading.set_vendor(maker);
    reading.board(board);
    let head = window.head(0, 8)?;
    reading.structure("start of the header", at, "0000000000000003", hex(&head));
    reading.declared_size("the contents", at + 62, size, body.len());
    let xored = Xored { window: body, key: KEY };
    let plain = Window::metered(&xored, window.meter());
    let stored = hex(&window.head(70, 16)?);
    reading.digest("md5 of the contents without the key", at + 70, stored, hex(&Algorithm::Md5.of(plain)?));
    reading.uncovered("No checksum covers the board id.");
    reading.container("xor", body).insert("key".into(), hex(KEY));
    hand_on_hidden(plain, reading)?;
    reading.trailing(window, SIZE + size)
}
