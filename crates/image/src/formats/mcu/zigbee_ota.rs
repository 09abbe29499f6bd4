//! Zigbee over-the-air upgrade files: a header with maker, kind of device and version, and tagged elements.
//!
//! Source: ZigBee document 095264 (Over-the-Air Upgrading Cluster), section 6.3 "OTA File Format"; zigpy
//! `zigpy/ota/image.py` (the container that IKEA puts around: `NGIS`, offset at 16, size at 20). Little-endian.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "zigbee-ota",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &OTA), Magic::at(0, b"NGIS")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Zigbee over-the-air upgrade",
        identified_by: "magic 1ef1ee0b (or NGIS around it), sizes that add up",
        reveals: "missing bytes, by declared sizes; more, where a Gecko boot loader file is inside",
        blind_to: "changed contents: the header has no checksum",
        source: "ZigBee document 095264, section 6.3; zigpy ota/image.py",
        tested_with: "own construction",
    },
};

const OTA: [u8; 4] = [0x1e, 0xf1, 0xee, 0x0b];

/// Without the optional fields.
const HEADER_SIZE: u64 = 56;

const UPGRADE_IMAGE: u16 = 0;

/// The most elements that are read.
const MAX_ELEMENTS: u32 = 64;

/// Where IKEA's container says what it holds.
const IKEA_OFFSET_AT: u64 = 16;

/// Makers by the code that the alliance gave them; the frequent ones.
const MAKERS: &[(u16, &str)] = &[
    (0x1002, "Ember"),
    (0x1021, "Legrand"),
    (0x100b, "Philips"),
    (0x1037, "NXP"),
    (0x1049, "Silicon Labs"),
    (0x105e, "Schneider Electric"),
    (0x110c, "OSRAM"),
    (0x115f, "LUMI"),
    (0x1166, "Innr"),
    (0x117c, "IKEA"),
    (0x1189, "LEDVANCE"),
    (0x1246, "Danfoss"),
    (0x122f, "Inovelli"),
    (0x1286, "SONOFF"),
];

/// The window of the upgrade file itself: all of it, or what IKEA's container holds.
fn inner(window: Window<'_>) -> Result<Window<'_>, ImageError> {
    if !window.has(0, b"NGIS")? {
        return Ok(window);
    }
    let (Some(offset), Some(size)) = (window.le32(IKEA_OFFSET_AT)?, window.le32(IKEA_OFFSET_AT + 4)?) else {
        return Ok(window);
    };
    Ok(window.clamped(offset.into(), size.into()))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let file = inner(window)?;
    if !file.has(0, &OTA)? {
        return Ok(false);
    }
    let (header_size, total) = (file.le16(6)?, file.le32(52)?);
    let flags = file.le16(8)?;
    let first = u64::from(header_size.unwrap_or_default());
    let element = file.le32(first + 2)?.map(u64::from);
    let points = u32::from(file.le16(4)? == Some(0x0100))
        + u32::from(header_size.is_some_and(|size| (56..=69).contains(&size)))
        + u32::from(flags.is_some_and(|flags| flags < 8))
        + u32::from(total.is_some_and(|total| u64::from(total) >= HEADER_SIZE && total < 64 << 20))
        + u32::from(element.is_some_and(|size| size < 64 << 20));
    Ok(points >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let file = inner(window)?;
    let at = file.start();
    let total = u64::from(file.le32(52)?.unwrap_or_default());
    let header_size = u64::from(file.le16(6)?.unwrap_or_default());
    let flags = file.le16(8)?.unwrap_or_default();
    let maker = file.le16(10)?.unwrap_or_default();
    let kind = file.le16(12)?.unwrap_or_default();
    let version = file.le32(14)?.unwrap_or_default();
    let label = file.text(20, 32)?;
    let fields = reading.container(FORMAT.id, window.clamped(0, file.start() - window.start() + total));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("manufacturer", format!("{maker:#06x}"));
    put("image-type", format!("{kind:#06x}"));
    put("file-version", format!("{version:#010x}"));
    put("stack-version", file.le16(18)?.unwrap_or_default().to_string());
    put("label", label.clone());
    if let Some((_, name)) = MAKERS.iter().find(|(code, _)| *code == maker) {
        reading.set_vendor(*name);
    }
    reading.set_model(label.trim_start_matches("EBL ").trim_start_matches("GBL "));
    reading.set_version(format!("{version:#010x}"));
    reading.board(format!("{maker:#06x}-{kind:#06x}"));
    reading.board(format!("{maker:#06x}"));
    reading.board(format!("{kind:#06x}"));
    let optional = 56 + u64::from(flags & 1) + 8 * u64::from(flags >> 1 & 1) + 4 * u64::from(flags >> 2 & 1);
    reading.structure(
        "version of the header",
        at + 4,
        "0x0100",
        format!("{:#06x}", file.le16(4)?.unwrap_or_default()),
    );
    reading.structure("size of the header", at + 6, optional, header_size);
    reading.structure("reserved flags", at + 8, 0, flags & !7);
    reading.declared_size("the file", at + 52, total, file.len());
    reading.uncovered("No checksum covers the header and the elements of a Zigbee upgrade file.");
    read_elements(file.clamped(0, total), header_size, reading)?;
    let end = file.start() - window.start() + total;
    let is_wrapped = file.start() != window.start();
    // A signature follows what IKEA's container holds.
    if is_wrapped { Ok(()) } else { reading.trailing(window, end.min(window.len())) }
}

fn read_elements(file: Window<'_>, start: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut at = start;
    for _ in 0..MAX_ELEMENTS {
        let (Some(tag), Some(size)) = (file.le16(at)?, file.le32(at + 2)?) else { break };
        let value = file.clamped(at + 6, size.into());
        reading.declared_size(&format!("element {tag}"), file.start() + at + 2, size.into(), value.len());
        if tag == UPGRADE_IMAGE {
            reading.part("upgrade-image", value)?;
        }
        at += 6 + u64::from(size);
    }
    reading.structure("end of the elements", file.start() + start, file.len(), at);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn image() -> Vec<u8> {
        let gbl = crate::formats::mcu::silabs_gbl::tests::gbl();
        let mut image = vec![0; HEADER_SIZE as usize];
        image[..4].copy_from_slice(&OTA);
        image[4..18].copy_from_slice(&[0, 1, 56, 0, 0, 0, 0x7c, 0x11, 1, 0x22, 0x45, 0x23, 1, 0x10]);
        image[18] = 2;
        image[20..24].copy_from_slice(b"bulb");
        let total = HEADER_SIZE as u32 + 6 + gbl.len() as u32;
        image[52..56].copy_from_slice(&total.to_le_bytes());
        image.extend([0, 0]);
        image.extend((gbl.len() as u32).to_le_bytes());
        image.extend(gbl);
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = image();
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("zigbee-ota"), Verdict::Pass),
            "{facts:?}"
        );
        assert_eq!((facts.vendor.as_deref(), facts.warnings.len()), (Some("IKEA"), 0));
        assert_eq!(facts.containers[1].format, "silabs-gbl");
        for bit in 0..56 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(inspect(&damaged).unwrap().format.as_deref(), Some("zigbee-ota"), "bit {bit}");
        }
        for len in 0..image.len() {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass);
        }
        assert_eq!(inspect(&[image.as_slice(), &[7; 1337]].concat()).unwrap().warnings.len(), 1);
        let mut wrapped = b"NGIS".to_vec();
        wrapped.resize(16, 0);
        wrapped.extend(64_u32.to_le_bytes());
        wrapped.extend((image.len() as u32).to_le_bytes());
        wrapped.resize(64, 0);
        let wrapped = [wrapped, image, vec![9; 128]].concat();
        let facts = inspect(&wrapped).unwrap();
        assert_eq!((facts.format.as_deref(), facts.warnings.len()), (Some("zigbee-ota"), 0));
    }
}
