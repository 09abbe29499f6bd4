//! Freecom FSG: a CRC-16, then the contents, each byte mixed with those before it.
//!
//! Source: firmware-utils `src/encode_crc.c`; OpenWrt `target/linux/ixp4xx/image/Makefile` (the contents are a `.tar.bz2`).
//! The CRC-16/IBM-3740 of the contents stands first, big-endian. Each stored byte is the exclusive or of the byte of the
//! contents with the stored byte before it, for the first with the lower byte of the CRC.

use debrick_target::{Source, SourceError};

use crate::digest::crc16;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{
    bits_between, hex16, is_lzma, read_firmware, starts_like_firmware, uimage_evidence,
};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "freecom-fsg",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Freecom FSG",
        identified_by: "contents of a known kind, once they are unmixed",
        reveals: "any damage, by a CRC-16",
        blind_to: "nothing",
        source: "firmware-utils src/encode_crc.c",
        tested_with: "own construction",
    },
};

const CRC_SIZE: u64 = 2;

/// A bzip2 file, but for the size of its blocks.
const BZIP2: &[u8] = b"1AY&SY";

/// The contents as they were.
struct Plain<'a>(Window<'a>);

impl Source for Plain<'_> {
    fn len(&self) -> u64 {
        self.0.len().saturating_sub(CRC_SIZE)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        if buffer.is_empty() {
            return Ok(());
        }
        let mut before = [0];
        self.0.read_at(offset.saturating_add(1), &mut before)?;
        self.0.read_at(offset.saturating_add(CRC_SIZE), buffer)?;
        let mut before = before[0];
        for byte in buffer {
            *byte ^= std::mem::replace(&mut before, *byte);
        }
        Ok(())
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let plain = Plain(window);
    let head = Window::metered(&plain, window.meter()).head(0, 300)?;
    if head.len() < 64 {
        return Ok(false);
    }
    let is_bzip2 = bits_between(&head[..3], b"BZh") + bits_between(&head[4..10], BZIP2) <= 2;
    Ok(is_bzip2 || starts_like_firmware(&head) || is_lzma(&head) || uimage_evidence(&head) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    reading.set_vendor("Freecom");
    let plain = Plain(window);
    let plain = Window::metered(&plain, window.meter());
    let stored = window.be16(0)?.unwrap_or_default();
    let actual = crc16(plain, &crc::CRC_16_IBM_3740)?;
    reading.digest("crc16 of the contents", window.start(), hex16(stored), hex16(actual));
    read_firmware(reading, plain, true)
}
