//! DfuSe files, STMicroelectronics' extension of DFU: targets, each with elements for an address, and the DFU suffix.
//!
//! Source: STMicroelectronics UM0391 "DfuSe File Format Specification". Little-endian.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::mcu::dfu::{check_suffix, suffix_at};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "dfuse",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"DfuSe")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "STMicroelectronics DfuSe",
        identified_by: "DfuSe at the start, Target behind it",
        reveals: "any damage, by CRC-32",
        blind_to: "nothing",
        source: "STMicroelectronics UM0391",
        tested_with: "own construction",
    },
};

const PREFIX: u64 = 11;
const TARGET: u64 = 274;
const ELEMENT: u64 = 8;

/// The most elements of one target that are read.
const MAX_ELEMENTS: u32 = 256;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let size = u64::from(window.le32(6)?.unwrap_or_default());
    let points = u32::from(window.u8(5)? == Some(1))
        + u32::from(size > PREFIX && size < 256 << 20)
        + 2 * u32::from(window.has(PREFIX, b"Target")?)
        + u32::from(window.u8(10)?.is_some_and(|targets| (1..16).contains(&targets)));
    Ok(points >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.le32(6)?.unwrap_or_default());
    let targets = window.u8(10)?.unwrap_or_default();
    reading.container(FORMAT.id, window.clamped(0, size + 16));
    let index = reading.last_container();
    reading.container_at(index).fields.insert("targets".into(), targets.to_string());
    reading.declared_size("targets and suffix", at + 6, size + 16, window.len());
    let suffix = suffix_at(window, size)?;
    check_suffix(window, suffix, index, reading)?;
    reading.set_vendor("STMicroelectronics");
    let mut offset = PREFIX;
    for target in 0..targets {
        if !window.has(offset, b"Target")? {
            reading.structure(format!("target {target}"), at + offset, "there", "missing");
            break;
        }
        let name = if window.le32(offset + 7)? == Some(0) {
            String::new()
        } else {
            window.text(offset + 11, 255)?
        };
        let target_size = u64::from(window.le32(offset + 266)?.unwrap_or_default());
        let elements = window.le32(offset + 270)?.unwrap_or_default().min(MAX_ELEMENTS);
        let mut element = offset + TARGET;
        for _ in 0..elements {
            let (Some(address), Some(len)) = (window.le32(element)?, window.le32(element + 4)?) else {
                break;
            };
            let data = window.clamped(element + ELEMENT, len.into());
            reading.opaque_part(format!("{name}@{address:08x}"), data)?;
            if element == PREFIX + TARGET {
                let fields = &mut reading.container_at(index).fields;
                fields.insert("address".into(), format!("{address:#x}"));
                fields.insert("target".into(), name.clone());
            }
            element += ELEMENT + u64::from(len);
        }
        let end = offset + TARGET + target_size;
        reading.structure(format!("size of target {target}"), at + offset + 266, end, element);
        offset = end;
    }
    reading.structure("end of the targets", at + 6, size, offset);
    reading.trailing(window, suffix.unwrap_or(size).saturating_add(16).min(window.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let code = [9_u8; 2000];
        let mut image = b"DfuSe\x01".to_vec();
        image.extend((PREFIX as u32 + TARGET as u32 + 8 + 2000).to_le_bytes());
        image.push(1);
        image.extend(b"Target\0\x01\0\0\0lamp");
        image.resize(11 + 266, 0);
        image.extend(2008_u32.to_le_bytes());
        image.extend(1_u32.to_le_bytes());
        image.extend(0x0800_0000_u32.to_le_bytes());
        image.extend(2000_u32.to_le_bytes());
        image.extend(code);
        let image = crate::formats::mcu::dfu::tests::with_suffix(image, 0x011a);
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("dfuse"), Verdict::Pass),
            "{facts:?}"
        );
        assert!(facts.warnings.is_empty());
        for bit in 0..40 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(
                (facts.format.as_deref(), facts.integrity.verdict),
                (Some("dfuse"), Verdict::Fail),
                "{bit}"
            );
        }
        for len in 0..image.len() {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass);
        }
        let grown = inspect(&[image, vec![7; 1337]].concat()).unwrap();
        assert_eq!((grown.format.as_deref(), grown.warnings.len()), (Some("dfuse"), 1));
    }
}
