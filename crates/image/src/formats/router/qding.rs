//! Qding: a header of 1024 bytes with board and version, perhaps U-Boot, and the firmware.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkqdimg.c`. Words are little-endian.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{field_errors, hand_on, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "qding",
    &[Magic::at(48, &[0x12, 0x06, 0x15, 0x20])],
    |window| {
        let padding = window.bytes(80, HEADER - 80)?;
        let errors = field_errors(window, 0, 8, 2)?
            + field_errors(window, 8, 8, 0)?
            + unless(padding.is_some_and(|bytes| bytes.iter().filter(|byte| **byte != 0).count() <= 1));
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Qding firmware",
        identified_by: "the date 2015-06-12 at 48, names before it and zeros behind the header",
        reveals: "any damage of U-Boot and firmware, by a SHA-1",
        blind_to: "a damaged header",
        source: "OpenWrt firmware-utils d21804a src/mkqdimg.c",
        tested_with: "mkqdimg; own construction",
    },
);

const HEADER: u64 = 1024;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |place: u64| -> Result<u64, ImageError> { Ok(window.le32(place)?.unwrap_or_default().into()) };
    let (board, version) = (window.text(0, 8)?, window.text(8, 8)?);
    let (uboot, firmware) = (word(72)?, word(76)?);
    reading.container(FORMAT.id, window);
    reading.set_vendor("Qding");
    reading.set_model(board.as_str());
    reading.board(board);
    reading.set_version(version);
    let size = uboot.saturating_add(firmware);
    let body = window.clamped(HEADER, u64::MAX);
    reading.declared_size("U-Boot and firmware", at + 76, size, body.len());
    let stored = window.bytes(52, 20)?.unwrap_or_default();
    let actual = Algorithm::Sha1.of(body)?;
    reading.digest("sha1 of all behind the header", at + 52, hex(&stored), hex(&actual));
    reading.uncovered("No digest covers the header.");
    if uboot > 0 {
        reading.part("u-boot", body.clamped(0, uboot))?;
    }
    hand_on(body.clamped(uboot, firmware), reading)
}

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;
    use sha1::Digest as _;

    use crate::inspect;

    #[test]
    fn firmware_of_a_board() {
        let content: Vec<u8> = (0..4000_u32).map(|i| ((i * 13) >> 2) as u8).collect();
        let mut good = vec![0; 1024];
        good[..6].copy_from_slice(b"QC202\0");
        good[8..13].copy_from_slice(b"1.0.2");
        good[32..40].copy_from_slice(b"FIRMWARE");
        good[48..52].copy_from_slice(&538_248_722_u32.to_le_bytes());
        good[52..72].copy_from_slice(&sha1::Sha1::digest(&content));
        good[76..80].copy_from_slice(&4000_u32.to_le_bytes());
        good.extend(&content);
        let facts = inspect(&good).unwrap();
        assert_eq!(facts.format.as_deref(), Some("qding"));
        assert_eq!(facts.integrity.verdict, Verdict::Pass);
        assert_eq!((facts.model.as_deref(), facts.version.as_deref()), (Some("QC202"), Some("1.0.2")));
        for (at, verdict) in [
            (1, Verdict::Pass),
            (50, Verdict::Fail),
            (60, Verdict::Fail),
            (78, Verdict::Fail),
            (2000, Verdict::Fail),
        ] {
            let mut bad = good.clone();
            bad[at] ^= 8;
            let facts = inspect(&bad).unwrap();
            assert_eq!(facts.format.as_deref(), Some("qding"), "{at}");
            assert_eq!(facts.integrity.verdict, verdict, "{at}");
        }
        assert_eq!(inspect(&good[..3000].to_vec()).unwrap().integrity.verdict, Verdict::Fail);
    }
}
