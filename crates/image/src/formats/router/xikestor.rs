//! XikeStor SKS7300: a header and a kernel whose LZMA header is re-ordered and whose bytes are mixed here and there.
//!
//! Source: OpenWrt firmware-utils d21804a `src/sks7300-img.c`. Words are big-endian.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "xikestor-sks7300",
    &[Magic::at(0, &[0xfe, 0x07, 0x13, 0x01])],
    |window| {
        let errors = bit_errors(window, IMAGE_ID, &[0xfe, 0, 0x93, 0])?
            + bit_errors(window, IMAGE_ID + 26, &[0xaa, 0x55, 0x22, 0x88, 0xbb, 0x66])?
            + unless(window.len() > HEADER);
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "XikeStor SKS7300 firmware",
        identified_by: "magic fe071301, image id fe009300 and the signature aa552288bb66",
        reveals: "any damage, by CRC-32 of header and payload",
        blind_to: "bytes behind the payload",
        source: "OpenWrt firmware-utils d21804a src/sks7300-img.c",
        tested_with: "sks7300-img; own construction",
    },
);

/// 712 bytes.
const HEADER: u64 = VERSION + 396;
const NAME: u64 = 112;
const IMAGE_ID: u64 = NAME + 64;
const PAYLOAD_CRC: u64 = IMAGE_ID + 16;
const VERSION: u64 = IMAGE_ID + 4 + 12 + 4 + 2 + 4 + 6 + 84 + 4 + 20;
const ARCHITECTURE_MIPS: u8 = 0x37;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(window.be32(place)?.unwrap_or_default()) };
    let size = u64::from(word(8)?);
    let (name, version) = (window.text(NAME, 64)?, window.text(VERSION, 396)?);
    let end = HEADER.saturating_add(size);
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("name".into(), name);
    reading.set_vendor("XikeStor");
    reading.set_version(version);
    if window.u8(PAYLOAD_CRC + 5)? == Some(ARCHITECTURE_MIPS) {
        reading.set_architecture("mips");
    }
    let header = [
        Piece::Window(window.clamped(0, 4)),
        Piece::Bytes(&[0; 4]),
        Piece::Window(window.clamped(8, HEADER - 8)),
    ];
    reading.digest("crc32 of the header", at + 4, hex32(word(4)?), hex32(crc32_of(header)?));
    let payload = window.clamped(HEADER, size);
    reading.declared_size("the payload", at + 8, size, payload.len());
    reading.digest(
        "crc32 of the payload",
        at + PAYLOAD_CRC,
        hex32(word(PAYLOAD_CRC)?),
        hex32(crc32(payload)?),
    );
    reading.part("kernel", payload)?;
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;

    use super::*;
    use crate::inspect;

    #[test]
    fn header_and_payload() {
        let content: Vec<u8> = (0..3000_u32).map(|i| ((i * 17) >> 2) as u8).collect();
        let mut good = vec![0; HEADER as usize];
        let crc = |bytes: &[u8]| crc32(Window::whole(&bytes)).unwrap().to_be_bytes();
        good[..4].copy_from_slice(&[0xfe, 0x07, 0x13, 0x01]);
        good[8..12].copy_from_slice(&3000_u32.to_be_bytes());
        good[NAME as usize..][..7].copy_from_slice(b"OpenWrt");
        good[IMAGE_ID as usize..][..4].copy_from_slice(&[0xfe, 0, 0x93, 0]);
        good[IMAGE_ID as usize + 26..][..6].copy_from_slice(&[0xaa, 0x55, 0x22, 0x88, 0xbb, 0x66]);
        good[PAYLOAD_CRC as usize..][..4].copy_from_slice(&crc(&content));
        good[PAYLOAD_CRC as usize + 5] = ARCHITECTURE_MIPS;
        good[VERSION as usize..][..7].copy_from_slice(b"25.12.0");
        let header_crc = crc(&good);
        good[4..8].copy_from_slice(&header_crc);
        good.extend(&content);
        let facts = inspect(&good).unwrap();
        assert_eq!(facts.format.as_deref(), Some("xikestor-sks7300"));
        assert_eq!(facts.integrity.verdict, Verdict::Pass, "{:?}", facts.integrity);
        assert_eq!(facts.version.as_deref(), Some("25.12.0"));
        for at in [2, 5, 9, 50, 185, 215, 400, 2000] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let facts = inspect(&bad).unwrap();
            assert_eq!(facts.format.as_deref(), Some("xikestor-sks7300"), "{at}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "{at}");
        }
    }
}
