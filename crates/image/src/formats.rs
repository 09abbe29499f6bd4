//! The formats, by kind, and the order in which they are tried.

pub(crate) mod android;
pub(crate) mod archive;
pub(crate) mod boot;
pub(crate) mod disk;
pub(crate) mod filesystem;
pub(crate) mod mcu;
pub(crate) mod peripheral;
pub(crate) mod router;
pub(crate) mod soc;
pub(crate) mod uefi;
pub(crate) mod update;

use std::sync::LazyLock;

use crate::digest::hex;
use crate::error::ImageError;
use crate::format::{Format, Rank};
use crate::reading::Reading;
use crate::window::{Patched, Window};

/// Every format, in the order in which they are tried.
pub(crate) static FORMATS: LazyLock<Vec<&'static Format>> = LazyLock::new(|| {
    let folders: &[&[&'static Format]] = &[
        android::FORMATS,
        archive::FORMATS,
        boot::FORMATS,
        disk::FORMATS,
        filesystem::FORMATS,
        mcu::FORMATS,
        peripheral::FORMATS,
        router::FORMATS,
        soc::FORMATS,
        uefi::FORMATS,
        update::FORMATS,
    ];
    let mut formats = folders.concat();
    formats.sort_by_key(|format| format.rank);
    formats
});

/// Reads the window as the first format that matches, and says which that was.
pub(crate) fn read(
    window: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<Option<&'static str>, ImageError> {
    if reading.is_outermost()
        && let Some(trailers) = update::fwtool::find(window)?
    {
        trailers.read(window, reading)?;
        return Ok(reading.outermost());
    }
    read_body(window, reading)
}

/// Reads the window as the first format that matches, taking no notice of what OpenWrt appends to files.
pub(crate) fn read_body(
    window: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<Option<&'static str>, ImageError> {
    if let Some(format) = read_as(window, reading, |rank| rank < Rank::Guess)? {
        return Ok(Some(format));
    }
    if reading.is_outermost()
        && let Some(format) = read_with_magic_mended(window, reading)?
    {
        return Ok(Some(format));
    }
    read_as(window, reading, |rank| rank == Rank::Guess)
}

/// Reads the window as the first format of some ranks that matches.
fn read_as(
    window: Window<'_>,
    reading: &mut Reading<'_>,
    is_wanted: impl Fn(Rank) -> bool,
) -> Result<Option<&'static str>, ImageError> {
    for format in FORMATS.iter().filter(|format| is_wanted(format.rank)) {
        if format.holds(window)? {
            reading.begin(format.id);
            (format.read)(window, reading)?;
            return Ok(Some(format.id));
        }
    }
    Ok(None)
}

/// Reads a window whose magic number has one flipped bit, as if it had not, and records that it has.
fn read_with_magic_mended(
    window: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<Option<&'static str>, ImageError> {
    for format in FORMATS.iter() {
        for magic in format.magic.iter().filter(|magic| magic.bytes.len() >= 4) {
            let Some(at) = magic.position(window) else { continue };
            if magic.distance(window)? != Some(1) {
                continue;
            }
            let mended = Patched { window, at, bytes: magic.bytes };
            let whole = Window::metered(&mended, window.meter());
            if !(format.matches)(whole)? {
                continue;
            }
            reading.begin(format.id);
            let there = window.head(at, magic.bytes.len() as u64)?;
            reading.structure("magic number", window.start() + at, hex(magic.bytes), hex(&there));
            (format.read)(whole, reading)?;
            return Ok(Some(format.id));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Meter;

    /// Whatever a file holds, finding out that it is none of the formats must cost a few times its size, and no single
    /// format may cost more than reading it once or twice.
    #[test]
    fn saying_no_is_cheap() {
        const SIZE: usize = 2 << 20;
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        let contents = [
            noise.take(SIZE).collect(),
            vec![0; SIZE],
            vec![0xff; SIZE],
            b"words and words\n".repeat(SIZE / 16),
        ];
        for bytes in &contents {
            let mut total = 0;
            for format in FORMATS.iter() {
                let meter = Meter::for_size(1 << 40);
                let before = meter.left();
                format.holds(Window::metered(bytes, &meter)).unwrap();
                let cost = before - meter.left();
                assert!(cost <= 2 * SIZE as u64 + 65_536, "{}: {cost}", format.id);
                total += cost;
            }
            assert!(total <= 4 * SIZE as u64, "{total} for {:02x?}", &bytes[..4]);
        }
    }
}
