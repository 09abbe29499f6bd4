//! Relatives of U-Boot's uImage: U-Media's, whose name ends with a board id, and the longer one of D-Link's DNS-313.
//!
//! Source: OpenWrt firmware-utils d21804a `src/fix-u-media-header.c`, `src/dns313-header.c`.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::formats::boot::uimage;
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, field_errors, hand_on, hand_on_rest, hex32, unless, wrapper};

const MAGIC: &[u8] = &[0x27, 0x05, 0x19, 0x56];

pub(crate) const UMEDIA: Format = wrapper(
    "umedia-uimage",
    &[Magic::at(0, MAGIC)],
    |window| {
        let errors = bit_errors(window, 52, b"UR_F")?
            + bit_errors(window, 56, &[0])?
            + bit_errors(window, 62, &[0, 0])?
            + unless(window.u8(61)?.is_some_and(|flag| flag <= 1));
        Ok(errors <= 1)
    },
    read_umedia,
    About {
        outermost: &[],
        name: "U-Media uImage, Sitecom, TRENDnet, Tenda, Lenovo",
        identified_by: "a uImage with UR_F at 52",
        reveals: "damaged header or kernel, by the uImage's two CRC-32",
        blind_to: "what stands behind the kernel",
        source: "OpenWrt firmware-utils d21804a src/fix-u-media-header.c",
        tested_with: "fix-u-media-header; own construction",
    },
);

pub(crate) const DNS313: Format = wrapper(
    "dlink-dns313",
    &[Magic::at(0, MAGIC)],
    |window| {
        let size = u64::from(window.be32(12)?.unwrap_or_default());
        let model = window.text(64, 16)?.to_lowercase();
        let errors = field_errors(window, 32, 32, 3)?
            + field_errors(window, 64, 16, 3)?
            + field_errors(window, 80, 16, 2)?
            + unless(could_be(window, size + DNS_SIZE));
        // A plain uImage may hold text right behind its header.
        Ok(errors <= 1 && (model.contains("dns") || !is_plain(window)?))
    },
    read_dns313,
    About {
        outermost: &[],
        name: "D-Link DNS-313 uImage",
        identified_by: "a uImage header with model, version and MAC address behind it, 104 bytes in all",
        reveals: "damaged header or contents, by two CRC-32; a file that is cut off",
        blind_to: "bytes behind the contents",
        source: "OpenWrt firmware-utils d21804a src/dns313-header.c",
        tested_with: "dns313-header; own construction",
    },
);

const DNS_SIZE: u64 = 0x68;

/// Boards of U-Media: maker and model.
const BOARDS: &[(u32, &str, &str)] = &[
    (0x01_3326, "Lenovo", "Y1S"),
    (0x02_6382, "Tenda", "W306R"),
    (0x02_6910, "Sitecom", "WLR-6000"),
    (0x02_6920, "TRENDnet", "TEW-691GR"),
];

fn read_umedia(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.be32(12)?.unwrap_or_default());
    let board = window.be32(56)?.unwrap_or_default();
    reading.set_vendor("U-Media");
    if let Some((_, _, model)) = BOARDS.iter().find(|(id, ..)| *id == board) {
        reading.set_model(*model);
    }
    reading.board(format!("{board:06x}"));
    reading.board(format!("{board:#08x}"));
    let own = hex32(window.be32(52)?.unwrap_or_default());
    (uimage::FORMAT.read)(window.clamped(0, 64 + size), reading)?;
    reading.structure("magic word of U-Media", at + 52, "55525f46", own);
    hand_on_rest(window, 64 + size, reading)
}

/// The checksum of the header that stands there, and the one that it has.
fn header_crc(window: Window<'_>) -> Result<(u32, u32), ImageError> {
    let pieces = [
        Piece::Window(window.clamped(0, 4)),
        Piece::Bytes(&[0; 4]),
        Piece::Window(window.clamped(8, DNS_SIZE - 8)),
    ];
    Ok((window.be32(4)?.unwrap_or_default(), crc32_of(pieces)?))
}

/// Whether the first 64 bytes are a whole header of the plain kind.
fn is_plain(window: Window<'_>) -> Result<bool, ImageError> {
    let pieces =
        [Piece::Window(window.clamped(0, 4)), Piece::Bytes(&[0; 4]), Piece::Window(window.clamped(8, 56))];
    Ok(window.be32(4)? == Some(crc32_of(pieces)?))
}

fn read_dns313(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.be32(12)?.unwrap_or_default());
    let contents = window.clamped(DNS_SIZE, size);
    let (model, version) = (window.text(64, 16)?, window.text(80, 16)?);
    let fields = reading.container(DNS313.id, window.clamped(0, DNS_SIZE + size));
    fields.insert("name".into(), window.text(32, 32)?);
    fields.insert("model".into(), model.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("size".into(), size.to_string());
    reading.set_vendor("D-Link");
    reading.set_model(name(&model));
    if let Some((_, revision)) = model.rsplit_once('v').filter(|(_, rest)| rest.parse::<u8>().is_ok()) {
        reading.set_hardware_revision(format!("v{revision}"));
    }
    reading.board(model);
    reading.set_version(version);
    if window.u8(29)? == Some(2) {
        reading.set_architecture("arm");
    }
    let (stored, actual) = header_crc(window)?;
    reading.digest("crc32 of the header", at + 4, hex32(stored), hex32(actual));
    reading.declared_size("the contents", at + 12, size, contents.len());
    let stored = window.be32(24)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 24, hex32(stored), hex32(crc32(contents)?));
    hand_on(contents, reading)?;
    hand_on_rest(window, DNS_SIZE + size, reading)
}

/// `dns-313v3` is a DNS-313.
fn name(model: &str) -> String {
    let end = model.rfind('v').filter(|at| model[at + 1..].chars().all(|symbol| symbol.is_ascii_digit()));
    model[..end.unwrap_or(model.len())].to_uppercase()
}
