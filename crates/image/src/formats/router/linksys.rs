//! Linksys: CHDR, CyberTAN's 32 bytes before a TRX, and the 256 bytes behind newer images.
//!
//! Source: firmware-utils `src/linksys-addfwhdr.c`, `src/addpattern.c` (d21804a); OpenWrt `scripts/linksys-image.sh`
//! (2013 to 2023). CHDR is little-endian, with a CRC-32 without final complement from 12 to the end. The footer is text:
//! `.LINKSYS.`, version, model, POSIX cksum of all that stands before it in hexadecimal digits. The three share this
//! module.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, find_last, is_filled, nearly};
use crate::formats::router::{payload, trx};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const CHDR: Format = Format {
    id: "linksys-chdr",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"CHDR")],
    matches: matches_chdr,
    read: read_chdr,
    about: About {
        outermost: &[],
        name: "Linksys CHDR, of the E8350",
        identified_by: "CHDR, and the length of the file or a 1 at 12",
        reveals: "any damage behind the first 12 bytes, by CRC-32",
        blind_to: "what is appended",
        source: "firmware-utils src/linksys-addfwhdr.c",
        tested_with: "linksys-addfwhdr",
    },
};

pub(crate) const CYBERTAN: Format = Format {
    id: "linksys-cybertan",
    rank: Rank::Wrapper,
    magic: &[Magic::at(14, b"U2ND")],
    matches: matches_cybertan,
    read: read_cybertan,
    about: About {
        outermost: &[],
        name: "CyberTAN header, of Linksys",
        identified_by: "U2ND at 14, a pattern of the model, a date",
        reveals: "damage of the TRX inside, by its CRC-32",
        blind_to: "the header itself",
        source: "firmware-utils src/addpattern.c",
        tested_with: "addpattern",
    },
};

pub(crate) const FOOTER: Format = Format {
    id: "linksys-footer",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_footer,
    read: read_footer,
    about: About {
        outermost: &[],
        name: "Linksys footer",
        identified_by: ".LINKSYS. in the last 64 KiB; files keep the name of the format before it",
        reveals: "any damage before it, by POSIX cksum",
        blind_to: "the footer itself",
        source: "OpenWrt scripts/linksys-image.sh",
        tested_with: "own construction",
    },
};

const CHDR_SIZE: u64 = 16;
const COVERED_FROM: u64 = 12;

fn matches_chdr(window: Window<'_>) -> Result<bool, ImageError> {
    let length = window.le32(4)?.unwrap_or(0);
    Ok(window.le32(12)? == Some(1) || u64::from(length) == window.len())
}

fn read_chdr(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let length = u64::from(window.le32(4)?.unwrap_or(0));
    let image = window.clamped(0, length);
    reading.container(CHDR.id, image).insert("length".into(), length.to_string());
    reading.set_vendor("Linksys");
    let at = window.start();
    reading.declared_size("the image", at + 4, length, window.len());
    let (expected, actual) = (window.le32(8)?.unwrap_or(0), jamcrc(image.clamped(COVERED_FROM, u64::MAX))?);
    reading.digest("crc32 of the image", at + 8, format!("{expected:08x}"), format!("{actual:08x}"));
    payload::read(image.clamped(CHDR_SIZE, u64::MAX), reading)?;
    reading.trailing(window, length)
}

const CYBERTAN_SIZE: u64 = 32;

/// Patterns of the models that are known (OpenWrt `target/linux/bcm47xx/image/Makefile`, firmware-utils
/// `src/addpattern.c`).
const PATTERNS: &[(&str, &str)] = &[
    ("32XN", "E2000"),
    ("310N", "WRT310N"),
    ("31RN", "WRT310N"),
    ("320N", "WRT320N"),
    ("350N", "WRT350N"),
    ("610N", "WRT610N"),
    ("61XN", "E3000"),
    ("E100", "E1000"),
    ("E120", "E1200"),
    ("E150", "E1500"),
    ("E25X", "E2500"),
    ("E400", "E4200"),
    ("EWCB", "WRT300N"),
    ("N150", "WRT150N"),
    ("N160", "WRT160N"),
    ("N16X", "WRT160N"),
    ("NL16", "WRT160NL"),
    ("NL1X", "E2100L"),
    ("W54G", "WRT54G"),
    ("W54S", "WRT54GS"),
    ("W54s", "WRT54GS"),
    ("W54U", "WRTSL54GS"),
    ("WDHN", "My Net Range Extender"),
];

fn matches_cybertan(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ CYBERTAN_SIZE as usize }>(0)? else { return Ok(false) };
    let signs = [
        header[..4].iter().all(u8::is_ascii_alphanumeric),
        (1..=12).contains(&header[9]) && (1..=31).contains(&header[10]),
        header[4..8].iter().all(|byte| *byte == 0 || byte.is_ascii_alphanumeric()),
        is_filled(&header[30..], 0),
    ];
    Ok(count(&signs) >= 3)
}

fn read_cybertan(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let pattern = window.text(0, 8)?;
    let Some([year, month, day, major, minor, patch]) = window.array::<6>(8)? else { return Ok(()) };
    let fields = reading.container(CYBERTAN.id, window);
    fields.insert("pattern".into(), pattern.clone());
    fields.insert("date".into(), format!("{:04}-{month:02}-{day:02}", 2000 + u16::from(year)));
    fields.insert("version".into(), format!("v{major}.{minor}.{patch}"));
    fields.insert("hardware-version".into(), window.u8(18)?.unwrap_or(0).to_string());
    let is_western_digital = pattern.starts_with("WDHN");
    reading.set_vendor(if is_western_digital { "Western Digital" } else { "Linksys" });
    if let Some((_, model)) = PATTERNS.iter().find(|(start, _)| pattern.starts_with(start)) {
        reading.set_model(*model);
    }
    reading.board(pattern);
    reading.set_version(format!("v{major}.{minor}.{patch}"));
    reading.uncovered("The CyberTAN header, which names the model, is covered by no checksum.");
    let rest = window.clamped(CYBERTAN_SIZE, u64::MAX);
    match reading.part("image", rest)? {
        Some("trx") => reading.trailing(rest, trx::declared(rest)?),
        None if nearly(rest, 0, b"HDR0")? => {
            reading.structure("magic number of the TRX", rest.start(), "HDR0", rest.text(0, 4)?);
            Ok(())
        }
        _ => Ok(()),
    }
}

const FOOTER_SIZE: u64 = 256;
const FOOTER_MAGIC: &[u8; 9] = b".LINKSYS.";

fn matches_footer(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(footer(window)?.is_some())
}

/// Where the footer starts.
fn footer(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let Some(at) = find_last(window, FOOTER_MAGIC)? else { return Ok(None) };
    let digits = window.text(at + 9, 8)?;
    let sum = window.text(at + 32, 8)?;
    let is_number = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok((at != 0 && (is_number(&digits) || is_number(&sum))).then_some(at))
}

fn read_footer(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(at) = footer(window)? else { return Ok(()) };
    let contents = window.clamped(0, at);
    let is_outermost = reading.is_outermost();
    let model = window.text(at + 17, 15)?.trim().to_owned();
    reading.set_vendor("Linksys");
    let format = reading.part("contents", contents)?;
    if is_outermost && let Some(format) = format {
        reading.call_file(format);
    }
    let sum = window.text(at + 32, 8)?;
    let fields = reading.container(FOOTER.id, window.clamped(at, FOOTER_SIZE));
    fields.insert("model".into(), model.clone());
    fields.insert("version".into(), window.text(at + 9, 8)?);
    fields.insert("key".into(), window.text(at + 48, 16)?.trim().to_owned());
    reading.set_model(model.clone());
    reading.board(model);
    let actual = format!("{:08X}", posix_sum(contents)?);
    reading.digest("cksum of the image", window.start() + at + 32, sum.trim(), actual);
    reading.trailing(window, at + FOOTER_SIZE)
}

/// The sum of POSIX `cksum`: the CRC goes on over the length, least significant byte first.
fn posix_sum(window: Window<'_>) -> Result<u32, ImageError> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    window.stream(|piece| digest.update(piece))?;
    let mut length = window.len();
    while length != 0 {
        digest.update(&[length as u8]);
        length >>= 8;
    }
    Ok(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    #[test]
    fn every_damage_of_a_chdr_shows() {
        let mut image = b"CHDR\0\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
        image.extend(noise(0x900));
        let crc = !crc32fast::hash(&image[12..]);
        let length = image.len() as u32;
        image[4..8].copy_from_slice(&length.to_le_bytes());
        image[8..12].copy_from_slice(&crc.to_le_bytes());
        check(&image, "linksys-chdr");
        damaged(&image, "linksys-chdr", &[0, 5, 9, 13, 0x200]);
    }

    fn trx() -> Vec<u8> {
        let mut trx = b"HDR0\0\x10\0\0\0\0\0\0\0\0\x01\0\x1c\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        trx.extend(noise(0x1000 - trx.len()));
        let crc = !crc32fast::hash(&trx[12..]);
        trx[8..12].copy_from_slice(&crc.to_le_bytes());
        trx
    }

    #[test]
    fn damage_of_the_trx_in_a_cybertan_image_shows() {
        let mut image = b"W54G\0\0\0\0\x0d\x03\x0b\x04\x1e\x07U2ND\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        image.extend(trx());
        check(&image, "linksys-cybertan");
        damaged(&image, "linksys-cybertan", &[14, 33, 41, 48, 0x400]);
        let found = facts(&image);
        assert_eq!(found.model.as_deref(), Some("WRT54G"));
        assert_eq!(found.version.as_deref(), Some("v4.30.7"));
    }

    #[test]
    fn a_footer_keeps_the_format_and_names_the_model() {
        assert_eq!(posix_sum(Window::whole(&b"123456789".to_vec())).unwrap(), 0x377a_6011);
        let mut image = trx();
        let length = image.len();
        let sum = posix_sum(Window::whole(&image)).unwrap();
        let footer =
            format!(".LINKSYS.01000409{:<15}{sum:08X}{:<8}{:<16}", "EA6350v3", "0", "K0000000F0246434");
        image.extend(footer.bytes());
        image.resize(length + 256, 0);
        check(&image, "trx");
        damaged(&image, "trx", &[5, 0x200]);
        assert_eq!(facts(&image).model.as_deref(), Some("EA6350v3"));
    }
}
