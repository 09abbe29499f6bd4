//! Meraki's headers: 32 bytes with a CRC-32 (`MIPS`, also on ARM), and 1024 bytes with a SHA-1 for units with NAND.
//!
//! Source: firmware-utils `src/mkmerakifw-old.c`, `src/mkmerakifw.c` (d21804a). The CRC-32 covers header and contents as
//! words in the order of bytes of the header: of big-endian words the last byte comes first. Both forms share this
//! module.

use crate::digest::{Algorithm, hex, words};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_filled};
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const MIPS: Format = Format {
    id: "meraki-mips",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"MIPS"), Magic::at(0, b"SPIM")],
    matches: matches_mips,
    read: read_mips,
    about: About {
        outermost: &[],
        name: "Meraki image, older form",
        identified_by: "MIPS, or SPIM on little-endian units; load address, entry, 12 bytes of zeros",
        reveals: "damaged header or contents, by a CRC-32 over words",
        blind_to: "what is appended",
        source: "firmware-utils src/mkmerakifw-old.c",
        tested_with: "mkmerakifw-old",
    },
};

pub(crate) const NAND: Format = Format {
    id: "meraki-nand",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, &NAND_MAGIC)],
    matches: matches_nand,
    read: read_nand,
    about: About {
        outermost: &[],
        name: "Meraki image for NAND",
        identified_by: "magic 8e73ed8a, header size 1024, second magic at 32",
        reveals: "damaged contents, by SHA-1",
        blind_to: "the header, and what is appended",
        source: "firmware-utils src/mkmerakifw.c",
        tested_with: "mkmerakifw",
    },
};

const MIPS_HEADER: u64 = 32;
const NAND_HEADER: u64 = 0x400;
const NAND_MAGIC: [u8; 4] = [0x8e, 0x73, 0xed, 0x8a];

/// The second magic number of units that boot from offsets in the header.
const OFFSETS_MAGIC: [u8; 4] = [0xa1, 0xf0, 0xbe, 0xef];

fn matches_mips(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ MIPS_HEADER as usize }>(0)? else { return Ok(false) };
    Ok(is_filled(&header[20..], 0) && header[8..12] != [0; 4] && header[12..16] != [0; 4])
}

fn read_mips(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let is_big = window.has(0, b"MIPS")?;
    let word = |at| {
        let word = if is_big { window.be32(at)? } else { window.le32(at)? };
        Ok::<_, ImageError>(word.unwrap_or(0))
    };
    let (load, size, entry) = (word(4)?, u64::from(word(8)?), word(12)?);
    let image = window.clamped(0, MIPS_HEADER + size);
    let fields = reading.container(MIPS.id, image);
    fields.insert("load".into(), format!("{load:#x}"));
    fields.insert("entry".into(), format!("{entry:#x}"));
    fields.insert("size".into(), size.to_string());
    reading.set_vendor("Meraki");
    reading.set_architecture(if is_big { "mips" } else { "arm" });
    let at = window.start();
    reading.declared_size("the contents", at + 8, size, window.len() - MIPS_HEADER);
    // What fills up the last word is not said: padding of the flash, or zeros.
    let expected = word(16)?;
    let filled = [crc(image, is_big, 0xff)?, crc(image, is_big, 0)?];
    let actual = if filled.contains(&expected) { expected } else { filled[0] };
    reading.digest("crc32 of the image", at + 16, format!("{expected:08x}"), format!("{actual:08x}"));
    payload::read(window.clamped(MIPS_HEADER, size), reading)?;
    reading.trailing(window, MIPS_HEADER + size)
}

/// The CRC-32 over words, with its own field at zero.
fn crc(image: Window<'_>, is_big: bool, fill: u8) -> Result<u32, ImageError> {
    let mut hasher = crc32fast::Hasher::new();
    let last = (image.len() % 4) as usize;
    let whole = image.len() / 4;
    let mut index = 0;
    words::<4>(image, |mut word| {
        if index == 4 {
            word = [0; 4];
        }
        if index == whole {
            word[last..].fill(fill);
        }
        if is_big {
            word.reverse();
        }
        hasher.update(&word);
        index += 1;
    })?;
    Ok(hasher.finalize())
}

fn matches_nand(window: Window<'_>) -> Result<bool, ImageError> {
    let size = window.be32(8)?.unwrap_or(0);
    let signs = [
        window.be32(4)?.map(u64::from) == Some(NAND_HEADER),
        window.has(32, &NAND_MAGIC)? || window.has(32, &OFFSETS_MAGIC)?,
        size != 0 && size <= 1 << 30,
        is_filled(&window.head(60, NAND_HEADER - 60)?, 0xff),
    ];
    Ok(window.len() >= 60 && count(&signs) >= 3)
}

fn read_nand(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header_size = u64::from(window.be32(4)?.unwrap_or(0));
    let size = u64::from(window.be32(8)?.unwrap_or(0));
    let fields = reading.container(NAND.id, window.clamped(0, NAND_HEADER + size));
    fields.insert("size".into(), size.to_string());
    let has_offsets = window.has(32, &OFFSETS_MAGIC)?;
    if has_offsets {
        for (name, at) in [("kernel-offset", 40), ("ramdisk-offset", 44), ("fdt-offset", 48)] {
            fields.insert(name.into(), format!("{:#x}", window.be32(at)?.unwrap_or(0)));
        }
    }
    reading.set_vendor("Meraki");
    let at = window.start();
    let second = if has_offsets { OFFSETS_MAGIC } else { NAND_MAGIC };
    reading.structure("second magic number", at + 32, hex(&second), hex(&window.head(32, 4)?));
    reading.structure("size of the header", at + 4, NAND_HEADER, header_size);
    reading.declared_size("the contents", at + 8, size, window.len().saturating_sub(NAND_HEADER));
    let contents = window.clamped(NAND_HEADER, size);
    let (stored, actual) = (window.head(12, 20)?, Algorithm::Sha1.of(contents)?);
    reading.digest("sha1 of the contents", at + 12, hex(&stored), hex(&actual));
    payload::read(contents, reading)?;
    reading.trailing(window, NAND_HEADER + size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, noise};

    #[test]
    fn every_damage_of_the_older_form_shows() {
        for (is_big, length) in [(true, 0x900), (true, 0x901), (false, 0x903)] {
            let mut image = if is_big { b"MIPS".to_vec() } else { b"SPIM".to_vec() };
            for word in [0x8006_0000, length as u32, 0x8006_0000, 0, 0, 0, 0] {
                image.extend(if is_big { u32::to_be_bytes(word) } else { u32::to_le_bytes(word) });
            }
            image.extend(noise(length));
            let value = crc(Window::whole(&image), is_big, 0xff).unwrap();
            image[16..20].copy_from_slice(&if is_big { value.to_be_bytes() } else { value.to_le_bytes() });
            check(&image, "meraki-mips");
            damaged(&image, "meraki-mips", &[1, 5, 9, 10, 13, 17, 21, 31, 0x200]);
        }
    }

    #[test]
    fn every_damage_of_the_contents_shows() {
        let data = noise(0x2000);
        let mut image = NAND_MAGIC.to_vec();
        image.extend([0, 0, 4, 0, 0, 0, 0x20, 0]);
        image.extend(Algorithm::Sha1.of(Window::whole(&data)).unwrap());
        image.extend(NAND_MAGIC);
        image.extend([0; 4]);
        image.resize(0x400, 0xff);
        image.extend(data);
        check(&image, "meraki-nand");
        damaged(&image, "meraki-nand", &[1, 6, 10, 13, 33, 0x800]);
    }
}
