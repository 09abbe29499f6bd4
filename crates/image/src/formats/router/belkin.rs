//! Belkin headers: one like a uImage's in switches, and one of 32 bytes in routers.
//!
//! Source: OpenWrt `scripts/belkin-header.py`, `target/linux/ramips/image/mt7621.mk` (`belkin-header`). The first uses
//! CRC-32 from 0 and without a complement, the second the one of zlib.

use crate::digest::{crc32, crc32_from};
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, field_errors, hand_on, hand_on_rest, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "belkin-header",
    &[],
    |window| Ok(form(window)?.is_some()),
    read,
    About {
        outermost: &[],
        name: "Belkin header, also of Linksys switches and routers",
        identified_by: "belkin and IMG- at their places in 64 bytes, or 32 bytes that hold checksum and length twice",
        reveals: "damaged header and contents, by CRC-32; a file that is cut off",
        blind_to: "bytes behind the contents; in the short form damage in the names",
        source: "OpenWrt scripts/belkin-header.py, target/linux/ramips/image/mt7621.mk",
        tested_with: "belkin-header.py; own construction",
    },
);

/// The letters of encoded model names, six bits each.
const LETTERS: &[u8; 64] = b" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Switch,
    Router,
}

fn form(window: Window<'_>) -> Result<Option<Form>, ImageError> {
    let (Some(switch), Some(router)) = (window.be32(12)?, window.be32(16)?) else { return Ok(None) };
    let errors = bit_errors(window, 0, &[0x07])?
        + bit_errors(window, 2, &[0, 1])?
        + bit_errors(window, 16, b"belkin\0\0")?
        + bit_errors(window, 32, b"IMG-")?
        + unless(could_be(window, u64::from(switch) + 64));
    if errors <= 1 {
        return Ok(Some(Form::Switch));
    }
    let (Some(twice), Some(date)) = (window.bytes(20, 8)?, window.bytes(4, 4)?) else { return Ok(None) };
    let twin = window.be32(24)?.map_or(0, u64::from);
    let errors = field_errors(window, 0, 4, 3)?
        + bit_errors(window, 12, &twice)?
        + bit_errors(window, 28, &[0x5c, 0x78, 0, 0])?
        + bit_errors(window, 4, &[1])?
        + unless((1..=12).contains(&date[2]) && (1..=31).contains(&date[3]))
        + unless(could_be(window, u64::from(router) + 32) || could_be(window, twin.saturating_add(32)));
    Ok((errors <= 1).then_some(Form::Router))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    match form(window)? {
        Some(Form::Switch) => read_switch(window, reading),
        Some(Form::Router) => read_router(window, reading),
        None => Ok(()),
    }
}

fn read_switch(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    const SIZE: u64 = 64;
    let at = window.start();
    let length = u64::from(window.be32(12)?.unwrap_or_default());
    let body = window.clamped(SIZE, length);
    let name = window.text(32, 32)?;
    let code = window.bytes(33 + name.len() as u64, (SIZE - 33).saturating_sub(name.len() as u64))?;
    let model = decode(&code.unwrap_or_default());
    let kind = window.be32(0)?.unwrap_or_default();
    let fields = reading.container(FORMAT.id, window.clamped(0, SIZE + length));
    fields.insert("kind".into(), format!("{kind:#010x}"));
    fields.insert("timestamp".into(), window.be32(8)?.unwrap_or_default().to_string());
    fields.insert("company".into(), window.text(16, 8)?);
    fields.insert("name".into(), name.clone());
    fields.insert("model".into(), model.clone());
    fields.insert("length".into(), length.to_string());
    reading.set_vendor("Belkin");
    reading.set_model(model.clone());
    reading.board(model);
    reading.set_version(name.strip_prefix("IMG-").unwrap_or_default());
    let mut header = window.head(0, SIZE)?;
    let stored = window.be32(4)?.unwrap_or_default();
    header.iter_mut().skip(4).take(4).for_each(|byte| *byte = 0);
    let actual = crc32_from(Window::whole(&header), 0)?;
    reading.digest("crc32 of the header", at + 4, hex32(stored), hex32(actual));
    reading.declared_size("the contents", at + 12, length, body.len());
    let stored = window.be32(24)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 24, hex32(stored), hex32(crc32_from(body, 0)?));
    hand_on(body, reading)?;
    reading.trailing(window, SIZE + length)
}

/// A model name of which the first letter takes a byte, and every four more take three.
fn decode(code: &[u8]) -> String {
    let letter = |index: u8| char::from(LETTERS[usize::from(index & 63)]);
    let Some((first, rest)) = code.split_first() else { return String::new() };
    let mut name = String::from(letter(*first));
    for group in rest.chunks_exact(3) {
        let [one, two, three] = [group[0], group[1], group[2]];
        name.extend([
            letter(one >> 2),
            letter((one & 3) << 4 | two >> 4),
            letter((two & 15) << 2 | three >> 6),
            letter(three),
        ]);
    }
    name.trim().to_owned()
}

fn read_router(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    const SIZE: u64 = 32;
    let at = window.start();
    let length = u64::from(window.be32(16)?.unwrap_or_default());
    let body = window.clamped(SIZE, length);
    let board = window.text(0, 4)?;
    let numbers = window.bytes(4, 8)?.unwrap_or_default();
    let fields = reading.container(FORMAT.id, window.clamped(0, SIZE + length));
    fields.insert("board".into(), board.clone());
    fields.insert("length".into(), length.to_string());
    if let [_, year, month, day, hardware, major, minor, patch] = numbers[..] {
        fields.insert("date".into(), format!("{:04}-{month:02}-{day:02}", 2000 + u32::from(year)));
        reading.set_version(format!("{major}.{minor}.{patch}"));
        reading.set_hardware_revision(hardware.to_string());
    }
    match board.as_str() {
        "GOLF" => {
            reading.set_vendor("Linksys");
            reading.set_model("E7350");
        }
        "RT18" => {
            reading.set_vendor("Belkin");
            reading.set_model("RT1800");
        }
        _ => reading.set_vendor("Belkin"),
    }
    reading.board(board);
    reading.declared_size("the contents", at + 16, length, body.len());
    let twice = window.bytes(20, 8)?.map(|bytes| crate::digest::hex(&bytes)).unwrap_or_default();
    let once = window.bytes(12, 8)?.map(|bytes| crate::digest::hex(&bytes)).unwrap_or_default();
    reading.structure("checksum and length, twice", at + 12, once, twice);
    let stored = window.be32(12)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 12, hex32(stored), hex32(crc32(body)?));
    hand_on(body, reading)?;
    hand_on_rest(window, SIZE + length, reading)
}
