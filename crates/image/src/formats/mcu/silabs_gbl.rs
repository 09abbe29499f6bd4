//! Silicon Labs' Gecko boot loader files: tagged records, the last with a CRC-32 over all of the file.
//!
//! Source: Silicon Labs UG266 (Gecko Bootloader User's Guide), chapter "GBL file format"; NabuCasa
//! universal-silabs-flasher `firmware.py`. Little-endian.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "silabs-gbl",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0xeb, 0x17, 0xa6, 0x03])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Silicon Labs Gecko boot loader file",
        identified_by: "magic eb17a603, records one after the other",
        reveals: "any damage, by CRC-32",
        blind_to: "nothing",
        source: "Silicon Labs UG266; universal-silabs-flasher firmware.py",
        tested_with: "own construction",
    },
};

const HEADER: u32 = 0x03a6_17eb;
const APPLICATION: u32 = 0xf40a_0af4;
const METADATA: u32 = 0xf608_08f6;
const SIGNATURE: u32 = 0xf70a_0af7;
const END: u32 = 0xfc04_04fc;

/// Record types with their names.
const TAGS: &[(u32, &str)] = &[
    (HEADER, "header"),
    (APPLICATION, "application"),
    (0xf509_09f5, "bootloader"),
    (0x5ea6_17eb, "se-upgrade"),
    (0x76a6_17eb, "version-dependency"),
    (0xfe01_01fe, "program"),
    (0xfd03_03fd, "erase-program"),
    (0xfd05_05fd, "program-lz4"),
    (0xfd07_07fd, "program-lzma"),
    (0xf80a_0af8, "delta"),
    (0xf80b_0bf8, "delta-lz4"),
    (0xf80c_0cf8, "delta-lzma"),
    (METADATA, "metadata"),
    (0xf30b_0bf3, "certificate"),
    (SIGNATURE, "signature"),
    (0xfb05_05fb, "encryption"),
    (0xfa06_06fa, "encryption-init"),
    (0xf907_07f9, "encrypted"),
    (END, "end"),
];

/// The most records that are read.
const MAX_RECORDS: u32 = 4096;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let length = window.le32(4)?;
    let version = window.le32(8)?;
    let kind = window.le32(12)?;
    let next = window.le32(16)?;
    let points = u32::from(length == Some(8))
        + u32::from(version.is_some_and(|version| version & 0x00ff_ffff == 0 && version < 0x1000_0000))
        + u32::from(kind.is_some_and(|kind| kind & !0x101 == 0))
        + 2 * u32::from(next.is_some_and(|next| name(next).is_some()));
    Ok(points >= 3)
}

fn name(tag: u32) -> Option<&'static str> {
    TAGS.iter().find(|(id, _)| *id == tag).map(|(_, name)| *name)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    reading.set_vendor("Silicon Labs");
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let mut tags = Vec::new();
    let mut offset = 0;
    let mut end = None;
    for _ in 0..MAX_RECORDS {
        let (Some(tag), Some(len)) = (window.le32(offset)?, window.le32(offset + 4)?) else { break };
        let Some(name) = name(tag) else {
            let found = format!("{tag:08x}");
            reading.structure("record type", at + offset, "a known one", found);
            break;
        };
        let value = window.clamped(offset + 8, len.into());
        reading.declared_size(&format!("record {name}"), at + offset + 4, len.into(), value.len());
        if tags.len() < 16 {
            tags.push(name);
        }
        match tag {
            APPLICATION => describe_application(value, index, reading)?,
            METADATA => describe_metadata(value, index, reading)?,
            SIGNATURE => reading.signature("The file (ECDSA P-256)"),
            _ => {}
        }
        offset += 8 + u64::from(len);
        if tag == END {
            end = Some((offset, len));
            break;
        }
        if offset >= window.len() {
            break;
        }
    }
    let container = reading.container_at(index);
    container.fields.insert("records".into(), tags.join(" "));
    container.size = offset.min(window.len());
    match end {
        Some((end, 4)) if end <= window.len() => {
            let expected = window.le32(end - 4)?.unwrap_or_default();
            let actual = crc32(window.clamped(0, end - 4))?;
            let (expected, actual) = (format!("{expected:08x}"), format!("{actual:08x}"));
            reading.digest("crc32 of the file", at + end - 4, expected, actual);
            reading.trailing(window, end)
        }
        _ => {
            reading.structure("end record", at + offset.min(window.len()), "there", "missing or broken");
            Ok(())
        }
    }
}

/// Type, version, capabilities, and a product number of 16 bytes.
fn describe_application(
    value: Window<'_>,
    index: usize,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let Some(version) = value.le32(4)? else { return Ok(()) };
    let product = value.head(12, 16)?;
    let fields = &mut reading.container_at(index).fields;
    fields.insert("application-type".into(), value.le32(0)?.unwrap_or_default().to_string());
    fields.insert("application-version".into(), version.to_string());
    if product.iter().any(|byte| *byte != 0 && *byte != 0xff) {
        let product = crate::digest::hex(&product);
        fields.insert("product".into(), product.clone());
        reading.board(product);
    }
    if version != 0 {
        reading.set_version(version.to_string());
    }
    Ok(())
}

/// JSON that some builders add: kind and versions of the firmware.
fn describe_metadata(value: Window<'_>, index: usize, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let text = value.text(0, value.len().min(4096))?;
    if text.starts_with('{') {
        reading.container_at(index).fields.insert("metadata".into(), text);
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    /// A file with an application record and a program.
    pub(in super::super) fn gbl() -> Vec<u8> {
        let mut image = Vec::new();
        let mut record = |tag: u32, value: &[u8]| {
            image.extend(tag.to_le_bytes());
            image.extend((value.len() as u32).to_le_bytes());
            image.extend(value);
        };
        record(HEADER, &[0, 0, 0, 3, 0, 0, 0, 0]);
        let mut application = vec![0; 28];
        application[4] = 42;
        record(APPLICATION, &application);
        record(0xfe01_01fe, &(0..500_u32).map(|i| (i * 7) as u8).collect::<Vec<_>>());
        image.extend(END.to_le_bytes());
        image.extend(4_u32.to_le_bytes());
        let crc = crc32fast::hash(&image);
        image.extend(crc.to_le_bytes());
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = gbl();
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("silabs-gbl"), Verdict::Pass));
        assert_eq!((facts.version.as_deref(), facts.warnings.len()), (Some("42"), 0));
        for bit in 0..60 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("silabs-gbl"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
        }
        for len in 0..image.len() {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass);
        }
        assert_eq!(inspect(&[image, vec![7; 1337]].concat()).unwrap().warnings.len(), 1);
    }
}
