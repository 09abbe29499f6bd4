//! Motorola headers: eight bytes before a TRX image.
//!
//! Source: OpenWrt firmware-utils d21804a `src/motorola-bin.c`. Big-endian; CRC-32 without the complement over all that
//! follows it.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, hand_on, hex32, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "motorola-bin",
    &[],
    |window| {
        let trx = bit_errors(window, 8, b"HDR0")?;
        let mut nearest = u32::MAX;
        for (flags, _) in MODELS {
            nearest = nearest.min(bit_errors(window, 4, &flags.to_be_bytes())?);
        }
        Ok(trx.saturating_add(nearest) <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Motorola header before a TRX image",
        identified_by: "flags 105770xx and HDR0 behind them",
        reveals: "any damage of the file, by a CRC-32 over all of it",
        blind_to: "nothing",
        source: "OpenWrt firmware-utils d21804a src/motorola-bin.c",
        tested_with: "motorola-bin; own construction",
    },
);

const SIZE: u64 = 8;

/// Models by flags.
const MODELS: &[(u32, &str)] = &[(0x1057_7050, "WR850G"), (0x1057_7040, "WA840G"), (0x1057_7000, "WE800G")];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let flags = window.be32(4)?.unwrap_or_default();
    reading.container(FORMAT.id, window).insert("flags".into(), hex32(flags));
    reading.set_vendor("Motorola");
    if let Some((_, model)) = MODELS.iter().find(|(known, _)| *known == flags) {
        reading.set_model(*model);
        reading.board(*model);
    }
    reading.board(hex32(flags));
    let stored = window.be32(0)?.unwrap_or_default();
    let actual = jamcrc(window.clamped(4, u64::MAX))?;
    reading.digest("crc32 of the file", at, hex32(stored), hex32(actual));
    hand_on(window.clamped(SIZE, u64::MAX), reading)
}
