//! JCG headers: 512 bytes before a uImage.
//!
//! Source: OpenWrt firmware-utils d21804a `src/jcgimage.c`. Big-endian. The packer chooses the last four bytes of the
//! contents so that the uImage's own checksum holds as well.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, hand_on, hex32, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "jcg",
    &[Magic::at(0, b"YSZJ")],
    |window| Ok(bit_errors(window, 36, &[0, 0, 0, 1])? + bit_errors(window, 112, &[0; 64])? <= 1),
    read,
    About {
        outermost: &[],
        name: "JCG header",
        identified_by: "magic YSZJ and type 1",
        reveals: "any damage of header and contents, by two CRC-32",
        blind_to: "nothing",
        source: "OpenWrt firmware-utils d21804a src/jcgimage.c",
        tested_with: "jcgimage; own construction",
    },
);

const SIZE: u64 = 512;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let half = |place: u64| -> Result<u16, ImageError> { Ok(window.be16(place)?.unwrap_or_default()) };
    let version = format!("{}.{}", half(108)?, half(110)?);
    let fields = reading.container(FORMAT.id, window);
    fields.insert("version".into(), version.clone());
    fields.insert("timestamp".into(), window.be32(104)?.unwrap_or_default().to_string());
    reading.set_vendor("JCG");
    if version != "0.0" {
        reading.set_version(version);
    }
    reading.declared_size("the header", at, SIZE, window.len().min(SIZE));
    let stored = window.be32(508)?.unwrap_or_default();
    let pieces = [Piece::Window(window.clamped(0, 508)), Piece::Bytes(&[0; 4])];
    reading.digest("crc32 of the header", at + 508, hex32(stored), hex32(crc32_of(pieces)?));
    let contents = window.clamped(SIZE, u64::MAX);
    let stored = window.be32(504)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 504, hex32(stored), hex32(crc32(contents)?));
    hand_on(contents, reading)
}
