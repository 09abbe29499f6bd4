//! Single images of Texas Instruments' Titan (AR7 NSP) routers: a header, sections with a checksum each, and a record
//! with the checksum of all at the end.
//!
//! Source: OpenWrt firmware-utils `src/mktitanimg.h`, `src/mktitanimg.c`; little-endian. The checksum is the one of
//! POSIX `cksum`. The variant for the web interface ends with the record, the other one has another boot address and
//! no record.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ti-nsp-titan",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"CDTM")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Texas Instruments Titan single image",
        identified_by: "CDTM, and offsets of its tables that lie in the header",
        reveals: "damaged sections, by a POSIX cksum each; any damage, by one over all where the record is there",
        blind_to: "the header, where the record is missing",
        source: "OpenWrt firmware-utils src/mktitanimg.h, src/mktitanimg.c",
        tested_with: "mktitanimg, own construction",
    },
};

const RECORD_MAGIC: u32 = 0xc453_de23;

const RECORD_SIZE: u64 = 8;

const INFO_SIZE: u64 = 128;

const SECTION_SIZE: u64 = 40;

const MAX_SECTIONS: u64 = 16;

/// The product id of images whose maker chose none, in the order of bytes in the file: `CYWL`.
const UNSET: u32 = 0xffff_ffff;

/// How far behind the declared end the record is looked for.
const RECORD_REACH: u64 = 64;

fn word(window: Window<'_>, at: u64) -> Result<u64, ImageError> {
    Ok(window.le32(at)?.unwrap_or_default().into())
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (version, size) = (word(window, 12)?, word(window, 16)?);
    let (info, sections) = (word(window, 36)?, word(window, 40)?);
    let votes = [
        (1..=2).contains(&version),
        (0x100..0x1000).contains(&size),
        (0x30..0x40).contains(&info),
        sections == info + INFO_SIZE,
        (1..=MAX_SECTIONS).contains(&word(window, sections)?),
    ];
    Ok(votes.into_iter().filter(|vote| *vote).count() >= 3)
}

/// The checksum of POSIX `cksum`: a CRC over the bytes and then over their number.
fn cksum(window: Window<'_>) -> Result<u32, ImageError> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    window.stream(|piece| digest.update(piece))?;
    let length = window.len().to_le_bytes();
    let used = length.len() - (window.len().leading_zeros() / 8) as usize;
    digest.update(&length[..used]);
    Ok(digest.finalize())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let size = word(window, 32)?;
    let record = record(window, size)?;
    let end = record.map_or(size, |at| at + RECORD_SIZE);
    describe(window, window.clamped(0, end), reading)?;
    reading.declared_size("the image", window.start() + 32, size, window.len());
    if let Some(at) = record {
        let expected = word(window, at + 4)?;
        let actual = cksum(window.clamped(0, at))?;
        let at = window.start() + at + 4;
        reading.digest("cksum of the image", at, format!("{expected:08x}"), format!("{actual:08x}"));
    } else if size <= window.len() {
        reading.uncovered("The image lacks the record with its checksum, so nothing covers its header.");
    }
    read_sections(window, reading)?;
    reading.trailing(window, end)
}

/// Where the record with the checksum is: where the image ends, or in the last bytes of the file.
fn record(window: Window<'_>, size: u64) -> Result<Option<u64>, ImageError> {
    let last = window.len().saturating_sub(RECORD_SIZE);
    for at in [size, last] {
        if window.le32(at)? == Some(RECORD_MAGIC) && window.len() - at >= RECORD_SIZE {
            return Ok(Some(at));
        }
    }
    window.find(&RECORD_MAGIC.to_le_bytes(), size, RECORD_REACH)
}

fn describe(window: Window<'_>, whole: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let info = word(window, 36)?;
    let (product, release, version) = (word(window, 20)?, word(window, 24)?, word(window, 28)?);
    let (name, file) = (window.text(info, 64)?, window.text(info + 64, 64)?);
    let product_text = window.text(20, 4)?;
    let fields = reading.container(FORMAT.id, whole);
    fields.insert("header-version".into(), word(window, 12)?.to_string());
    fields.insert("product".into(), product_text.clone());
    fields.insert("release".into(), format!("{release:#010x}"));
    fields.insert("file-name".into(), file);
    fields.insert("release-name".into(), name);
    reading.set_vendor("Texas Instruments (Titan)");
    if product != u64::from(UNSET) && product_text.bytes().all(|byte| byte.is_ascii_graphic()) {
        reading.board(product_text);
    }
    // att-1.2.18-r14 is written as 0x0102120e.
    let part = |shift: u32| version >> shift & 0xff;
    reading.set_version(format!("{}.{}.{}-r{}", part(24), part(16), part(8), part(0)));
    Ok(())
}

fn read_sections(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let table = word(window, 40)?;
    let (count, stride, first) = (word(window, table)?, word(window, table + 4)?, word(window, table + 8)?);
    reading.structure("size of a section's entry", window.start() + table + 4, SECTION_SIZE, stride);
    for index in 0..count.min(MAX_SECTIONS) {
        let at = first + index * SECTION_SIZE;
        let (offset, total, size) = (word(window, at)?, word(window, at + 4)?, word(window, at + 8)?);
        let name = window.text(at + 24, 16)?;
        let section = window.clamped(offset, size);
        let place = window.start() + at;
        reading.declared_size(&format!("section {name}"), place + 8, size, section.len());
        reading.structure(format!("size of section {name} with padding"), place + 4, true, total >= size);
        let expected = word(window, at + 16)?;
        let actual = cksum(section)?;
        let label = format!("cksum of section {name}");
        reading.digest(label, place + 16, format!("{expected:08x}"), format!("{actual:08x}"));
        reading.part(name, section)?;
    }
    Ok(())
}
