//! Bills of materials for firmware ("uSWID"): a header, then CoSWID, perhaps compressed.
//!
//! Source: fwupd `libfwupdplugin/fu-uswid.rs`, `fu-uswid-firmware.c`; little-endian. Versions of the header differ in
//! length: flags came with the second, the kind of compression with the third, the format with the fourth.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::unpack::{Codec, unpack};
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uswid-sbom",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &MAGIC)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "uSWID bill of materials",
        identified_by: "its GUID, which starts with SBOM",
        reveals: "missing bytes; damaged contents where they are compressed, by Adler-32",
        blind_to: "damaged contents that are not compressed",
        source: "fwupd libfwupdplugin/fu-uswid.rs, fu-uswid-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

/// `4d4f4253-bad6-ac2e-a3e6-7a52aaee3baf`
const MAGIC: [u8; 16] =
    [b'S', b'B', b'O', b'M', 0xd6, 0xba, 0x2e, 0xac, 0xa3, 0xe6, 0x7a, 0x52, 0xaa, 0xee, 0x3b, 0xaf];

/// The first version's header.
const HEADER_SIZE: u64 = 23;

const IS_COMPRESSED: u8 = 1;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.len() >= HEADER_SIZE)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let version = window.u8(16)?.unwrap_or_default();
    let header = u64::from(window.le16(17)?.unwrap_or_default());
    let size = u64::from(window.le32(19)?.unwrap_or_default());
    let flags = if version >= 2 { window.u8(23)?.unwrap_or_default() } else { 0 };
    let codec = match (flags & IS_COMPRESSED, version, window.u8(24)?) {
        (0, _, _) => None,
        (_, 3.., Some(2)) => Some(Codec::Lzma),
        _ => Some(Codec::Zlib),
    };
    let payload = window.clamped(header, size);
    let fields = reading.container(FORMAT.id, window.clamped(0, header + size));
    fields.insert("header-version".into(), version.to_string());
    fields.insert(
        "compression".into(),
        codec.map_or("none".into(), |codec| format!("{codec:?}").to_lowercase()),
    );
    let at = window.start();
    reading.structure("version of the header", at + 16, true, (1..=4).contains(&version));
    let expected = HEADER_SIZE + u64::from(version.clamp(1, 4) - 1);
    reading.structure("size of the header", at + 17, expected, header);
    reading.declared_size("the payload", at + 19, size, payload.len());
    match codec {
        Some(codec) => {
            let unpacked = unpack(payload, codec)?;
            reading.decoded("compressed payload", payload.start(), &unpacked, codec == Codec::Zlib);
            reading.unpacked_part("payload", &unpacked)?;
        }
        None => drop(reading.part("payload", payload)?),
    }
    reading.trailing(window, header + size)
}
