//! ELECOM's product header, and the headers of its supplier MitraStar (MSTC) that mostly stand behind it.
//!
//! Source: OpenWrt `include/image-commands.mk` (`elecom-product-header`, `elecom-wrc-gs-factory`),
//! `target/linux/mediatek/image/filogic.mk` and `target/linux/qualcommax/image/ipq50xx.mk` (`mstc-header`).

use crate::digest::{Algorithm, crc32, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, field_errors, hand_on, hand_on_known, hex32, unless, wrapper};

pub(crate) const PRODUCT: Format = wrapper(
    "elecom-product",
    &[Magic::at(0, b"ELECOM")],
    |window| {
        let header = bit_errors(window, 6, &[0, 0])?
            + field_errors(window, 8, 32, 3)?
            + field_errors(window, 40, 16, 1)?;
        let line = bit_errors(window, 6, b" ")? + field_errors(window, 7, 25, 5)?;
        Ok(header.min(line) <= 1)
    },
    read_product,
    About {
        outermost: &[],
        name: "ELECOM product header",
        identified_by: "ELECOM, product and version in 56 bytes, or all of it as one line in 32",
        reveals: "damage that the image inside reveals; in the form with one line, damaged contents by an MD5 at the end",
        blind_to: "damage in product and version",
        source: "OpenWrt include/image-commands.mk",
        tested_with: "own construction",
    },
);

pub(crate) const MSTC: Format = wrapper(
    "mstc-header",
    &[],
    |window| Ok(Mstc::of(window)?.is_some()),
    read_mstc,
    About {
        outermost: &[],
        name: "MSTC header",
        identified_by: "a word of four characters, a size that fits what follows the header, and a version text",
        reveals: "damaged contents, by a CRC-32; a file that is cut off",
        blind_to: "damage in the names",
        source: "OpenWrt target/linux/mediatek/image/filogic.mk, target/linux/qualcommax/image/ipq50xx.mk",
        tested_with: "own construction",
    },
);

const PRODUCT_SIZE: u64 = 56;
const LINE_SIZE: u64 = 32;

fn read_product(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let one_line = bit_errors(window, 6, &[0, 0])? > bit_errors(window, 6, b" ")?;
    if one_line {
        return read_line(window, reading);
    }
    let (product, version) = (window.text(8, 32)?, window.text(40, 16)?);
    let fields = reading.container(PRODUCT.id, window);
    fields.insert("product".into(), product.clone());
    fields.insert("version".into(), version.clone());
    reading.set_vendor("ELECOM");
    reading.set_model(product.clone());
    reading.board(product);
    reading.set_version(version);
    let body = window.clamped(PRODUCT_SIZE, u64::MAX);
    if let Some(header) = Mstc::of(body)? {
        reading.contents(body.clamped(0, header.start.saturating_add(header.size)))?;
        return reading.trailing(window, PRODUCT_SIZE + header.start + header.size);
    }
    let known = hand_on_known(body, reading)?;
    reading.trailing(window, PRODUCT_SIZE + known)
}

/// `ELECOM WRC-X v1.00` before the contents, and their MD5 in hex digits behind them.
fn read_line(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let line = window.text(0, LINE_SIZE)?;
    reading.container(PRODUCT.id, window).insert("line".into(), line.clone());
    reading.set_vendor("ELECOM");
    let mut words = line.split_whitespace().skip(1);
    let product = words.next().unwrap_or_default();
    reading.set_model(product);
    reading.board(product);
    reading.set_version(words.next().unwrap_or_default().trim_start_matches('v'));
    let tail = window.head(window.len().saturating_sub(33), 33)?;
    let newline = u64::from(tail.last() == Some(&b'\n'));
    let end = window.len().saturating_sub(32 + newline);
    let stored = window.text(end, 32)?;
    let contents = window.clamped(LINE_SIZE, end.saturating_sub(LINE_SIZE));
    if stored.len() == 32 && stored.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let actual = hex(&Algorithm::Md5.of(contents)?);
        reading.digest("md5 of the contents", window.start() + end, stored, actual);
    } else {
        reading.structure("md5 at the end", window.start() + end, "32 hex digits", "something else");
    }
    hand_on(contents, reading)
}

/// What an MSTC header says.
struct Mstc {
    word: String,
    /// Where the contents start.
    start: u64,
    size: u64,
    name: String,
    version: String,
}

impl Mstc {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let (Some(word), Some(size)) = (window.bytes(0, 4)?, window.le32(4)?) else { return Ok(None) };
        let size = u64::from(size);
        if !word.iter().all(u8::is_ascii_graphic) || !word[..3].iter().all(u8::is_ascii_uppercase) {
            return Ok(None);
        }
        let word = String::from_utf8_lossy(&word).into_owned();
        // The short form: a name, a version, zeros up to 1 KiB.
        let short = field_errors(window, 12, 64, 4)?
            + field_errors(window, 76, 64, 3)?
            + unless(window.clamped(140, 0x400 - 140).is_padding()?)
            + unless(could_be(window, size + 0x400));
        if short <= 1 && window.len() > 0x400 {
            let (name, version) = (window.text(12, 64)?, window.text(76, 64)?);
            return Ok(Some(Self { word, start: 0x400, size, name, version }));
        }
        // The long form: a version, and ones up to the end of an erase block less what stands before the header.
        let long = bit_errors(window, 12, &[0; 8])? + field_errors(window, 20, 56, 3)?;
        let ones = window.clamped(76, 0x4_0000);
        let mut padding = 0;
        ones.stream_while(|piece| {
            let same = piece.iter().take_while(|byte| **byte == 0xff).count();
            padding += same as u64;
            same == piece.len()
        })?;
        let start = 76 + padding;
        if long <= 1 && padding >= 0x400 && (start >= window.len() || could_be(window, size + start)) {
            let version = window.text(20, 56)?;
            return Ok(Some(Self { word, start, size, name: String::new(), version }));
        }
        Ok(None)
    }
}

fn read_mstc(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Mstc::of(window)? else { return Ok(()) };
    let at = window.start();
    let end = header.start.saturating_add(header.size);
    let body = window.clamped(header.start, header.size);
    let fields = reading.container(MSTC.id, window.clamped(0, end));
    fields.insert("word".into(), header.word);
    fields.insert("name".into(), header.name);
    fields.insert("version".into(), header.version.clone());
    fields.insert("size".into(), header.size.to_string());
    reading.set_version(header.version);
    reading.declared_size("the contents", at + 4, header.size, body.len());
    let stored = window.le32(8)?.unwrap_or_default();
    reading.digest("crc32 of the contents", at + 8, hex32(stored), hex32(crc32(body)?));
    hand_on(body, reading)?;
    reading.trailing(window, end)
}
