//! Firmware of Cypress' USB-C controllers and PSoCs (`.cyacd`): a line that names the chip, then a line per row of flash.
//!
//! Source: Infineon "CYACD file format" (AN60317 appendix), fwupd `plugins/ccgx/fu-ccgx-firmware.c`. A row is, in
//! hex digits: array (1 byte), row (2), length (2), data, and a byte that makes the sum of all zero. The last row
//! holds metadata with the letters `CY`, the size of the firmware and the sum of its bytes.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "cypress-ccgx-cyacd",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Cypress CYACD",
        identified_by: "lines of hex digits whose lengths and sums are those of rows of flash",
        reveals: "damaged rows, by a sum each; missing rows, by the size and the sum in the metadata",
        blind_to: "the chip in the first line; exchanged bytes in a row",
        source: "Infineon CYACD file format; fwupd plugins/ccgx/fu-ccgx-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

/// The longest line: a row of 512 bytes, and then some.
const MAX_LINE: u64 = 4096;

/// Lines that are looked at to tell the format.
const FIRST_LINES: usize = 8;

/// The most rows that are kept count of.
const MAX_LINES: u64 = 1 << 20;

/// A row of flash as its line tells it.
struct Row {
    data: Vec<u8>,
    is_sound: bool,
}

impl Row {
    fn parse(line: &[u8]) -> Option<Self> {
        let digits = line.strip_prefix(b":").unwrap_or(line);
        let bytes = unhex(digits)?;
        let [_, _, _, size_high, size_low, data @ .., _] = bytes.as_slice() else { return None };
        let size = usize::from(u16::from_be_bytes([*size_high, *size_low]));
        let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        (size == data.len()).then(|| Self { data: data.to_vec(), is_sound: sum == 0 })
    }
}

/// The bytes that hex digits stand for.
fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |symbol: u8| char::from(symbol).to_digit(16).map(|value| value as u8);
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (mut count, mut rows, mut is_headed) = (0_usize, 0, false);
    window.lines(MAX_LINE, FIRST_LINES as u64 + 1, |at, line| {
        if at == 0 {
            // The chip, its revision and the kind of checksum: 12 digits, one of which may be damaged.
            let digits = line.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
            is_headed = (11..=13).contains(&line.len()) && digits >= 11 && !line.starts_with(b":");
        } else {
            rows += usize::from(Row::parse(line).is_some_and(|row| row.is_sound));
            count += 1;
        }
        is_headed && rows < 2
    })?;
    Ok(is_headed && rows >= 1 && count <= rows + 1)
}

/// What goes over all rows.
#[derive(Default)]
struct Tally {
    rows: u64,
    broken: Vec<u64>,
    damaged: Vec<u64>,
    size: u64,
    sum: u8,
    last: Option<Row>,
}

impl Tally {
    fn add(&mut self, at: u64, line: &[u8]) {
        if line.is_empty() || line == b"\x1a" {
            return;
        }
        let Some(row) = Row::parse(line) else {
            self.broken.push(at);
            return;
        };
        if !row.is_sound {
            self.damaged.push(at);
        }
        self.rows += 1;
        if let Some(before) = self.last.replace(row) {
            self.size += before.data.len() as u64;
            self.sum = before.data.iter().fold(self.sum, |sum, byte| sum.wrapping_add(*byte));
        }
    }
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut tally = Tally::default();
    let mut chip = String::new();
    window.lines(MAX_LINE, MAX_LINES, |at, line| {
        if at == 0 {
            chip = crate::window::text(line);
        } else {
            tally.add(at, line);
        }
        true
    })?;
    let fields = reading.container(FORMAT.id, window);
    fields.insert("chip".into(), chip.clone());
    fields.insert("rows".into(), tally.rows.to_string());
    reading.set_vendor("Cypress");
    let is_chip = chip.len() == 12 && chip.bytes().all(|byte| byte.is_ascii_hexdigit());
    reading.structure(
        "first line",
        window.start(),
        "12 hex digits",
        if is_chip { "12 hex digits" } else { "others" },
    );
    let first = |list: &[u64]| window.start() + list.first().copied().unwrap_or_default();
    reading.structure("lines that are no rows", first(&tally.broken), 0, tally.broken.len());
    reading.digest("rows whose sum is wrong", first(&tally.damaged), 0, tally.damaged.len());
    check_metadata(window, &tally, reading);
    Ok(())
}

/// Compares the rows with what the last one says of them. Files for PSoCs have no such row, which nothing tells.
fn check_metadata(window: Window<'_>, tally: &Tally, reading: &mut Reading<'_>) {
    let Some(last) = &tally.last else { return };
    let start = match last.data.len() {
        0x80 => 0x40,
        0x100 => 0xc0,
        _ => 0,
    };
    let metadata = last.data.get(start..).unwrap_or_default();
    let (Some(sum), Some(&[a, b, c, d]), Some(b"YC")) =
        (metadata.first(), metadata.get(9..13), metadata.get(22..24))
    else {
        reading.structure("metadata", window.start() + window.len(), "in the last row", "missing");
        return;
    };
    let at = window.start() + window.len();
    reading.structure("size of the firmware", at, u32::from_le_bytes([a, b, c, d]), tally.size);
    // Writers differ in where the sum starts.
    let complement = tally.sum.wrapping_neg();
    let actual = if sum.wrapping_add(1) == complement { *sum } else { complement };
    reading.digest("sum of the firmware", at, format!("{sum:02x}"), format!("{actual:02x}"));
}
