//! Xiaomi's HDR1: a table of up to eight parts, a CRC-32 from 12 to the end of the file, and an RSA signature.
//!
//! Source: firmware-utils `src/xiaomifw.c` (d21804a). All fields are little-endian; the CRC-32 has no final complement.

use crate::digest::{hex, jamcrc};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::count;
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "xiaomi-hdr1",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"HDR1")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Xiaomi firmware (HDR1)",
        identified_by: "HDR1, parts that start with beba0000",
        reveals: "any damage behind the first 12 bytes, by a CRC-32 up to the end of the file",
        blind_to: "nothing",
        source: "firmware-utils src/xiaomifw.c",
        tested_with: "xiaomifw",
    },
};

const HEADER_SIZE: u64 = 0x30;
const AT_SIGNATURE: u64 = 4;
const AT_CRC: u64 = 8;
const COVERED_FROM: u64 = 12;
const AT_DEVICE: u64 = 14;
const AT_PARTS: u64 = 16;
const MAX_PARTS: u64 = 8;

/// The header of a part: magic, address in flash, size, kind, name of 32 bytes.
const PART_HEADER: u64 = 0x30;
const PART_MAGIC: [u8; 4] = [0xbe, 0xba, 0, 0];

/// Numbers of devices, and how Xiaomi calls them.
const DEVICES: &[(u16, &str)] = &[
    (0x0003, "r1cm"),
    (0x0004, "r2d"),
    (0x0005, "r1cl"),
    (0x0007, "r3"),
    (0x0008, "r3d"),
    (0x000d, "r3g"),
    (0x0012, "r4cm"),
    (0x0016, "r2100"),
    (0x0025, "ra70"),
];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let first = window.le32(AT_PARTS)?.unwrap_or(0).into();
    let signature = window.le32(AT_SIGNATURE)?.unwrap_or(0);
    let signs = [
        first == HEADER_SIZE,
        window.has(HEADER_SIZE, &PART_MAGIC)? || window.has(first, &PART_MAGIC)?,
        u64::from(signature) > HEADER_SIZE && signature.is_multiple_of(4) && signature <= 512 << 20,
    ];
    Ok(count(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let number = window.le16(AT_DEVICE)?.unwrap_or(0);
    let device = DEVICES.iter().find(|(id, _)| *id == number).map(|(_, name)| *name);
    let signature = u64::from(window.le32(AT_SIGNATURE)?.unwrap_or(0));
    let fields = reading.container(FORMAT.id, window);
    fields.insert("device".into(), device.map_or_else(|| format!("{number:#06x}"), str::to_owned));
    fields.insert("signature-offset".into(), format!("{signature:#x}"));
    reading.set_vendor("Xiaomi");
    if let Some(device) = device {
        reading.board(device);
        reading.set_model(device.to_uppercase());
    }
    let expected = window.le32(AT_CRC)?.unwrap_or(0);
    let actual = jamcrc(window.clamped(COVERED_FROM, u64::MAX))?;
    reading.digest("crc32 of the file", at + AT_CRC, format!("{expected:08x}"), format!("{actual:08x}"));
    reading.declared_size("the parts", at + AT_SIGNATURE, signature, window.len());
    let size = window.le32(signature)?.unwrap_or(0);
    if size != 0 {
        reading.declared_size(
            "the signature",
            at + signature,
            signature + 16 + u64::from(size),
            window.len(),
        );
        reading.signature(format!("The file, by RSA with {} bits,", u64::from(size) * 8));
    }
    for index in 0..MAX_PARTS {
        let declared = u64::from(window.le32(AT_PARTS + index * 4)?.unwrap_or(0));
        if declared == 0 {
            continue;
        }
        // The first part follows the header, even where its offset is damaged.
        let is_lost =
            index == 0 && !window.has(declared, &PART_MAGIC)? && window.has(HEADER_SIZE, &PART_MAGIC)?;
        let offset = if is_lost { HEADER_SIZE } else { declared };
        let name = format!("magic number of part {index}");
        reading.structure(name, at + offset, hex(&PART_MAGIC), hex(&window.head(offset, 4)?));
        read_part(window, offset, reading)?;
    }
    Ok(())
}

fn read_part(window: Window<'_>, offset: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let size = u64::from(window.le32(offset + 8)?.unwrap_or(0));
    let name = window.text(offset + 16, 32)?;
    let start = offset + PART_HEADER;
    let part = window.clamped(start, size);
    let place = window.start() + offset;
    reading.declared_size(&format!("part {name}"), place, start + size, window.len());
    if name == "xiaoqiang_version" {
        record_version(part, reading)?;
    }
    match payload::split(part)? {
        Some((kernel, rootfs)) => {
            reading.part(format!("{name} kernel"), kernel)?;
            reading.part(format!("{name} rootfs"), rootfs)?;
        }
        None => {
            reading.part(name, part)?;
        }
    }
    Ok(())
}

/// What the configuration file says: `option ROM '3.0.23'` and `option HARDWARE 'R4CM'`.
fn record_version(part: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let text = String::from_utf8_lossy(&part.head(0, SMALL)?).into_owned();
    for line in text.lines().take(64) {
        let mut words = line.split_whitespace().skip_while(|word| *word != "option").skip(1);
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        let value = value.trim_matches(['\'', '"']);
        match name {
            "ROM" => reading.set_version(value),
            "HARDWARE" => {
                let id = value.to_lowercase();
                match reading.model.as_deref().map(str::to_lowercase) {
                    Some(model) if model != id => reading.warn(format!(
                        "The header is for the {}, the version file inside for the {id}.",
                        model
                    )),
                    Some(_) => {}
                    None => {
                        reading.set_model(value);
                        reading.board(id);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn hdr1() -> Vec<u8> {
        let mut image = b"HDR1\0\0\0\0\0\0\0\0\0\0\x12\0".to_vec();
        image.resize(0x30, 0);
        let version = b"config core 'version'\n\toption ROM '3.0.23'\n\toption HARDWARE 'R4CM'\n";
        let data = noise(0x800);
        for (index, (name, contents)) in
            [("xiaoqiang_version", &version[..]), ("firmware.bin", &data[..])].into_iter().enumerate()
        {
            let offset = image.len() as u32;
            image[16 + index * 4..20 + index * 4].copy_from_slice(&offset.to_le_bytes());
            image.extend(PART_MAGIC);
            image.extend([0xff; 4]);
            image.extend((contents.len() as u32).to_le_bytes());
            image.extend([7, 0, 0, 0]);
            image.extend(name.bytes());
            image.resize(offset as usize + 0x30, 0);
            image.extend(contents);
            image.resize(image.len().next_multiple_of(4), 0);
        }
        let end = image.len() as u32;
        image[4..8].copy_from_slice(&end.to_le_bytes());
        image.extend([0; 272]);
        let crc = !crc32fast::hash(&image[12..]);
        image[8..12].copy_from_slice(&crc.to_le_bytes());
        image
    }

    #[test]
    fn every_damage_shows() {
        let image = hdr1();
        check(&image, "xiaomi-hdr1");
        damaged(&image, "xiaomi-hdr1", &[1, 6, 9, 13, 17, 0x30, 0x38, 0x300]);
        let found = facts(&image);
        assert_eq!(found.model.as_deref(), Some("R4CM"));
        assert_eq!(found.board_ids, ["r4cm"]);
        assert_eq!(found.version.as_deref(), Some("3.0.23"));
    }
}
