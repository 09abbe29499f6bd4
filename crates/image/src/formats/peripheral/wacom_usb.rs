//! Firmware of Wacom's tablets (`.wac`): a line with the number, addresses and sizes of images, then for each a
//! headline and S-records.
//!
//! Source: fwupd `plugins/wacom-usb/fu-wacom-usb-firmware.c`. Both kinds of lines end with the complement of the sum
//! of their bytes (without the leading letters and digit), as do S-records.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "wacom-usb",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"WACOM")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Wacom tablet firmware",
        identified_by: "WACOM, a digit, and hex digits",
        reveals: "damaged lines, by a sum each; missing images",
        blind_to: "exchanged bytes in a line",
        source: "fwupd plugins/wacom-usb/fu-wacom-usb-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

/// The longest line of a file is an S-record of 256 bytes.
const MAX_LINE: u64 = 1024;

/// The most lines that are read.
const MAX_LINES: u64 = 1 << 22;

/// The first line: addresses and sizes of one or two images, and a sum.
const FIRST_LINE: u64 = 40;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let line = window.head(6, FIRST_LINE - 6)?;
    let digits = line.iter().filter(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace()).count();
    Ok(digits >= 16 && digits + 2 >= line.len())
}

/// Whether the bytes that hex digits stand for and their sum end as they should.
fn is_sound(digits: &[u8]) -> bool {
    let value = |symbol: u8| char::from(symbol).to_digit(16);
    let mut sum = 0_u32;
    for pair in digits.chunks(2) {
        let [high, low] = pair else { return false };
        let (Some(high), Some(low)) = (value(*high), value(*low)) else { return false };
        sum += high * 16 + low;
    }
    digits.len() >= 4 && sum & 0xff == 0xff
}

/// What goes over all lines.
#[derive(Default)]
struct Tally {
    declared: u32,
    images: u32,
    ends: u32,
    kind: Option<u8>,
    damaged: Vec<u64>,
    odd: Vec<u64>,
}

impl Tally {
    fn add(&mut self, at: u64, line: &[u8]) {
        let digits = match line {
            [] | b"\x1a" => return,
            [b'W', b'A', b'C', b'O', b'M', count, digits @ ..] => {
                self.declared = char::from(*count).to_digit(16).unwrap_or_default();
                digits
            }
            [b'W', b'A', number, digits @ ..] => {
                self.images += 1;
                if char::from(*number).to_digit(16) != Some(self.images) {
                    self.odd.push(at);
                }
                digits
            }
            [b'S', kind @ b'0'..=b'9', digits @ ..] => {
                self.ends += u32::from(*kind == b'7');
                // All data of a file comes in records of one kind.
                if matches!(kind, b'1'..=b'4') && *self.kind.get_or_insert(*kind) != *kind {
                    self.odd.push(at);
                }
                digits
            }
            _ => {
                self.odd.push(at);
                return;
            }
        };
        if !is_sound(digits) {
            self.damaged.push(at);
        }
    }
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut tally = Tally::default();
    window.lines(MAX_LINE, MAX_LINES, |at, line| {
        tally.add(at, line);
        true
    })?;
    let fields = reading.container(FORMAT.id, window);
    fields.insert("images".into(), tally.declared.to_string());
    reading.set_vendor("Wacom");
    let first = |list: &[u64]| window.start() + list.first().copied().unwrap_or_default();
    reading.digest("lines whose sum is wrong", first(&tally.damaged), 0, tally.damaged.len());
    reading.structure("lines of other kinds", first(&tally.odd), 0, tally.odd.len());
    reading.structure("images with a headline", window.start() + 5, tally.declared, tally.images);
    reading.structure("images with an end", window.start() + window.len(), tally.declared, tally.ends);
    Ok(())
}
