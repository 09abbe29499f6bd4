//! Gemtek's headers: `GMTK` for Linksys and others, and `GMTKRT400N` for the WRT400N. Both share this module.
//!
//! Source: firmware-utils `src/mkheader_gemtek.c`, `src/wrt400n.c` (d21804a). The first is little-endian, with a CRC-32
//! over header and contents; the second is big-endian, with a CRC-32 over kernel and root file system, and one over each
//! of them, filled up with 0xff to the size of its partition, that starts with 0 and is not complemented.

use crate::digest::{Piece, crc32, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::count;
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const GEMTEK: Format = Format {
    id: "gemtek",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"GMTK"), Magic::at(0, b"A600")],
    matches: matches_gemtek,
    read: read_gemtek,
    about: About {
        outermost: &[],
        name: "Gemtek header, of Linksys, Airlink101 and Asante",
        identified_by: "GMTK or A600, four digits, a language",
        reveals: "any damage, by CRC-32 over header and contents",
        blind_to: "what is appended",
        source: "firmware-utils src/mkheader_gemtek.c",
        tested_with: "mkheader_gemtek",
    },
};

pub(crate) const WRT400N: Format = Format {
    id: "linksys-wrt400n",
    rank: Rank::Wrapper,
    magic: &[Magic::at(4, b"GMTKRT400N")],
    matches: matches_wrt400n,
    read: read_wrt400n,
    about: About {
        outermost: &[],
        name: "Linksys WRT400N",
        identified_by: "GMTKRT400N at 4, sizes that add up",
        reveals: "damaged kernel or root file system, by CRC-32",
        blind_to: "the header, and what is appended",
        source: "firmware-utils src/wrt400n.c",
        tested_with: "wrt400n",
    },
};

const GEMTEK_HEADER: u64 = 32;
const AT_PRODUCT: u64 = 8;
const AT_SIZE: u64 = 12;
const AT_CRC: u64 = 16;

/// Magic number, customer, product, maker and model. The WRT100 and the WRT110 take the same images.
const PRODUCTS: &[(&[u8; 4], &str, u32, &str, &str)] = &[
    (b"GMTK", "1003", 0x0300_0001, "Airlink101", "AR725W"),
    (b"A600", "1005", 0x0300_0001, "Asante", "AWRT-600N"),
    (b"GMTK", "1007", 0x0304_0001, "Linksys", "WRT100/WRT110"),
];

fn matches_gemtek(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ GEMTEK_HEADER as usize }>(0)? else { return Ok(false) };
    let size = window.le32(AT_SIZE)?.unwrap_or(0);
    let signs = [
        header[4..8].iter().all(u8::is_ascii_digit),
        header[28..30].iter().all(u8::is_ascii_uppercase) && header[30..] == [0, 0],
        u64::from(size) >= GEMTEK_HEADER && size <= 64 << 20,
        header[11] == 3,
    ];
    Ok(count(&signs) >= 3)
}

fn read_gemtek(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let magic = window.array::<4>(0)?.unwrap_or_default();
    let customer = window.text(4, 4)?;
    let product = window.le32(AT_PRODUCT)?.unwrap_or(0);
    let size = u64::from(window.le32(AT_SIZE)?.unwrap_or(0));
    let image = window.clamped(0, size);
    let fields = reading.container(GEMTEK.id, image);
    fields.insert("customer".into(), customer.clone());
    fields.insert("product-id".into(), format!("{product:08x}"));
    fields.insert("build".into(), window.text(24, 4)?);
    fields.insert("language".into(), window.text(28, 4)?);
    let known = PRODUCTS
        .iter()
        .find(|(start, id, number, ..)| **start == magic && *id == customer && *number == product);
    if let Some((.., maker, model)) = known {
        reading.set_vendor(*maker);
        reading.set_model(*model);
    }
    reading.board(format!("{product:08x}"));
    let at = window.start();
    reading.declared_size("the image", at + AT_SIZE, size, window.len());
    let actual = crc32_of([
        Piece::Window(image.clamped(0, AT_CRC)),
        Piece::Bytes(&[0; 4]),
        Piece::Window(image.clamped(AT_CRC + 4, u64::MAX)),
    ])?;
    let expected = window.le32(AT_CRC)?.unwrap_or(0);
    reading.digest("crc32 of the image", at + AT_CRC, format!("{expected:08x}"), format!("{actual:08x}"));
    payload::read(image.clamped(GEMTEK_HEADER, u64::MAX), reading)?;
    reading.trailing(window, size)
}

const WRT400N_HEADER: u64 = 60;

/// Sizes of the partitions of kernel and root file system.
const KERNEL_ROOM: u64 = 0x10_0000;
const ROOTFS_ROOM: u64 = 0x2f_ffc4;

fn matches_wrt400n(window: Window<'_>) -> Result<bool, ImageError> {
    let Some([kernel, _, rootfs, _, _, _, total]) = words(window)? else { return Ok(false) };
    let signs = [
        (1..=KERNEL_ROOM).contains(&kernel),
        rootfs <= ROOTFS_ROOM,
        kernel + rootfs + WRT400N_HEADER == total,
        window.len() == total,
    ];
    Ok(count(&signs) >= 2)
}

/// Sizes, whether to write, checksums, total size.
fn words(window: Window<'_>) -> Result<Option<[u64; 7]>, ImageError> {
    let mut words = [0; 7];
    for (index, slot) in words.iter_mut().enumerate() {
        let Some(word) = window.be32(16 + index as u64 * 4)? else { return Ok(None) };
        *slot = word.into();
    }
    Ok(Some(words))
}

fn read_wrt400n(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some([kernel_size, _, rootfs_size, _, kernel_sum, rootfs_sum, total]) = words(window)? else {
        return Ok(());
    };
    let end = WRT400N_HEADER + kernel_size + rootfs_size;
    let fields = reading.container(WRT400N.id, window.clamped(0, end));
    fields.insert("kernel-size".into(), kernel_size.to_string());
    fields.insert("rootfs-size".into(), rootfs_size.to_string());
    reading.set_vendor("Linksys");
    reading.set_model("WRT400N");
    let at = window.start();
    reading.structure("total size", at + 40, total, end);
    reading.declared_size("the image", at + 16, end, window.len());
    let kernel = window.clamped(WRT400N_HEADER, kernel_size);
    let rootfs = window.clamped(WRT400N_HEADER + kernel_size, rootfs_size);
    let expected = window.be32(0)?.unwrap_or(0);
    let both = window.clamped(WRT400N_HEADER, kernel_size + rootfs_size);
    let sums = [
        ("image", 0, u64::from(expected), Some(crc32(both)?)),
        ("kernel partition", 32, kernel_sum, filled_crc(kernel, KERNEL_ROOM)?),
        ("root file system partition", 36, rootfs_sum, filled_crc(rootfs, ROOTFS_ROOM)?),
    ];
    for (what, place, expected, actual) in sums {
        if let Some(actual) = actual {
            let name = format!("crc32 of the {what}");
            reading.digest(name, at + place, format!("{expected:08x}"), format!("{actual:08x}"));
        }
    }
    reading.part("kernel", kernel)?;
    reading.part("rootfs", rootfs)?;
    reading.trailing(window, end)
}

/// The CRC-32, from 0 and not complemented, of what fills its partition with 0xff behind it; `None` where it does not fit.
fn filled_crc(window: Window<'_>, room: u64) -> Result<Option<u32>, ImageError> {
    let Some(mut left) = room.checked_sub(window.len()) else { return Ok(None) };
    let mut hasher = crc32fast::Hasher::new_with_initial(!0);
    window.stream(|piece| hasher.update(piece))?;
    let filling = [0xff; 4096];
    while left > 0 {
        let size = left.min(filling.len() as u64);
        hasher.update(&filling[..size as usize]);
        left -= size;
    }
    Ok(Some(!hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    #[test]
    fn every_damage_of_a_gemtek_image_shows() {
        let mut image = b"GMTK1007\x01\0\x04\x03\0\0\0\0\0\0\0\0\0\0\0\x002\0\0\0EN\0\0".to_vec();
        image.extend(noise(0x900));
        let size = image.len() as u32;
        image[12..16].copy_from_slice(&size.to_le_bytes());
        let crc = crc32fast::hash(&image);
        image[16..20].copy_from_slice(&crc.to_le_bytes());
        check(&image, "gemtek");
        damaged(&image, "gemtek", &[0, 5, 9, 11, 13, 17, 25, 29, 0x200]);
        assert_eq!(facts(&image).vendor.as_deref(), Some("Linksys"));
    }

    #[test]
    fn every_damage_of_a_wrt400n_image_shows() {
        let (kernel, rootfs) = (noise(0x900), noise(0x500));
        let mut image = crc32fast::hash(&[&kernel[..], &rootfs].concat()).to_be_bytes().to_vec();
        image.extend(b"GMTKRT400N\0\0");
        let kernel_sum = filled_crc(Window::whole(&kernel), KERNEL_ROOM).unwrap().unwrap();
        let rootfs_sum = filled_crc(Window::whole(&rootfs), ROOTFS_ROOM).unwrap().unwrap();
        for word in [0x900, 1, 0x500, 1, kernel_sum, rootfs_sum, 0x900 + 0x500 + 60] {
            image.extend(word.to_be_bytes());
        }
        image.resize(60, 0xff);
        image.extend([kernel, rootfs].concat());
        check(&image, "linksys-wrt400n");
        damaged(&image, "linksys-wrt400n", &[1, 4, 9, 17, 18, 26, 33, 37, 42, 0x200, 0xa00]);
        assert_eq!(facts(&image).model.as_deref(), Some("WRT400N"));
    }
}
