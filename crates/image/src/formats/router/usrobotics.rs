//! US Robotics headers: 28 bytes before a TRX image.
//!
//! Source: OpenWrt firmware-utils d21804a `src/trx2usr.c`. Little-endian; CRC-32 without the complement.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, hand_on, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "usrobotics",
    &[Magic::at(0, b"USR0")],
    |window| {
        let length = window.le32(4)?.unwrap_or_default();
        let errors = unless(could_be(window, u64::from(length) + SIZE)) + bit_errors(window, SIZE, b"HDR0")?;
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "US Robotics header before a TRX image",
        identified_by: "magic USR0, and HDR0 behind 28 bytes",
        reveals: "damaged contents, by a CRC-32; a file that is cut off",
        blind_to: "damage in the header's numbers",
        source: "OpenWrt firmware-utils d21804a src/trx2usr.c",
        tested_with: "trx2usr; own construction",
    },
);

const SIZE: u64 = 28;

/// The version that all known images state.
const VERSION: u32 = 0x0623_5d03;

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let length = u64::from(window.le32(4)?.unwrap_or_default());
    let version = window.le32(12)?.unwrap_or_default();
    let (compatible, hardware) = (window.le16(16)?.unwrap_or_default(), window.le16(18)?.unwrap_or_default());
    let contents = window.clamped(SIZE, length);
    let fields = reading.container(FORMAT.id, window.clamped(0, SIZE + length));
    fields.insert("length".into(), length.to_string());
    fields.insert("version".into(), hex32(version));
    fields.insert("compatibility-id".into(), compatible.to_string());
    fields.insert("hardware-revision".into(), hardware.to_string());
    reading.set_vendor("US Robotics");
    if compatible == 1 {
        reading.set_model("USR5461");
    }
    reading.board(compatible.to_string());
    reading.set_hardware_revision(hardware.to_string());
    reading.structure("version of the header", at + 12, hex32(VERSION), hex32(version));
    let reserved = crate::digest::hex(&window.head(20, 8)?);
    reading.structure("reserved words", at + 20, "0000000000000000", reserved);
    reading.declared_size("the contents", at + 4, length, contents.len());
    let stored = window.le32(8)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 8, hex32(stored), hex32(jamcrc(contents)?));
    hand_on(contents, reading)?;
    reading.trailing(window, SIZE + length)
}
