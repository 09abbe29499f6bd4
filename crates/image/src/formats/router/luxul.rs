//! Luxul: a header with the board's name before what is mostly a TRX.
//!
//! Source: OpenWrt firmware-utils d21804a `src/lxlfw.c`. Words are little-endian.

use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{hand_on, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "luxul-lxl",
    &[Magic::at(0, b"LXL#")],
    |window| {
        let word = |at| -> Result<u32, ImageError> { Ok(window.le32(at)?.unwrap_or(u32::MAX)) };
        let (version, len) = (word(4)?, word(8)?);
        let errors = unless(version <= NEWEST) + unless((12..=LONGEST).contains(&u64::from(len)));
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Luxul firmware",
        identified_by: "magic LXL# and a plausible version and length of the header",
        reveals: "a header that is cut off; what the image inside reveals",
        blind_to: "a damaged header: it has no checksum",
        source: "OpenWrt firmware-utils d21804a src/lxlfw.c",
        tested_with: "lxlfw; own construction",
    },
);

/// The newest version of the header that is known.
const NEWEST: u32 = 3;
const LONGEST: u64 = 64 * 1024;
/// Sizes of the headers of each version, without what newer ones add.
const SIZES: [u64; 4] = [12, 32, 36, 44];
const BLOB_SIGNATURE: u16 = 2;
/// Certificates and signatures that are looked at.
const MAX_BLOBS: u32 = 16;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(window.le32(place)?.unwrap_or_default()) };
    let (version, len) = (word(4)?.min(NEWEST), u64::from(word(8)?));
    let least = SIZES[version as usize];
    let board = window.text(16, 16)?;
    let release = window.array::<4>(32)?.unwrap_or_default().map(|part| part.to_string()).join(".");
    let fields = reading.container(FORMAT.id, window);
    fields.insert("header-version".into(), version.to_string());
    reading.set_vendor("Luxul");
    if version >= 1 {
        reading.set_model(board.as_str());
        reading.board(board);
    }
    if version >= 2 && release != "0.0.0.0" {
        reading.set_version(release);
    }
    let plausible = if (least..=LONGEST).contains(&len) { len } else { least };
    reading.structure("length of the header", at + 8, plausible, len);
    reading.declared_size("the header", at + 8, plausible, window.len());
    if version >= 3 {
        note_signatures(window.clamped(word(36)?.into(), word(40)?.into()), reading)?;
    }
    hand_on(window.clamped(plausible, u64::MAX), reading)
}

fn note_signatures(blobs: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut at = 0;
    for _ in 0..MAX_BLOBS {
        if !blobs.has(at, b"D#")? {
            break;
        }
        let (kind, len) = (blobs.le16(at + 2)?.unwrap_or_default(), blobs.le32(at + 4)?.unwrap_or_default());
        if kind == BLOB_SIGNATURE {
            reading.signature("The firmware (Luxul)");
        }
        at += 8 + u64::from(len);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;

    use crate::inspect;

    #[test]
    fn a_header_names_the_board() {
        let mut bytes = b"LXL#\x02\0\0\0\x24\0\0\0\x01\0\0\0XWR-3150\0\0\0\0\0\0\0\0\x05\x04\x01\0".to_vec();
        bytes.extend((0..3000_u32).map(|i| ((i * 7) >> 1) as u8));
        let facts = inspect(&bytes).unwrap();
        assert_eq!(facts.format.as_deref(), Some("luxul-lxl"));
        assert_eq!((facts.vendor.as_deref(), facts.model.as_deref()), (Some("Luxul"), Some("XWR-3150")));
        assert_eq!(facts.version.as_deref(), Some("5.4.1.0"));
        assert_eq!(facts.integrity.verdict, Verdict::Unknown);
        for bit in 0..96 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(inspect(&bad).unwrap().format.as_deref(), Some("luxul-lxl"), "{bit}");
        }
        for len in 0..60 {
            inspect(&bytes[..len].to_vec()).unwrap();
        }
    }
}
