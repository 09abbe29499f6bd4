//! Asus' use of the U-Boot header: versions, product id and offsets in place of the image's name. The RT-N56U has the
//! offset of the root file system at the end of the name; newer units have a tail with build numbers.
//!
//! Source: firmware-utils `src/asusuimage.c`, `src/mkrtn56uimg.c` (d21804a). Both forms share this module.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::boot::uimage;
use crate::formats::router::evidence::{count, find_last};
use crate::formats::router::identity;
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const ASUS: Format = Format {
    id: "asus-uimage",
    rank: Rank::Wrapper,
    magic: MAGIC,
    matches: matches_asus,
    read: read_asus,
    about: About {
        outermost: &[],
        name: "Asus uImage",
        identified_by: "uImage with versions and product id as its name, perhaps a tail 2afed414",
        reveals: "damaged header or data by CRC-32, a damaged tail by a sum of 16 bits",
        blind_to: "what is appended",
        source: "firmware-utils src/asusuimage.c",
        tested_with: "asusuimage",
    },
};

pub(crate) const RT_N56U: Format = Format {
    id: "asus-rtn56u",
    rank: Rank::Wrapper,
    magic: MAGIC,
    matches: matches_rt_n56u,
    read: read_rt_n56u,
    about: About {
        outermost: &[],
        name: "Asus RT-N56U",
        identified_by: "uImage with versions, product id, and offset of the root file system as its name",
        reveals: "damaged header or data, the root file system included, by CRC-32",
        blind_to: "what is appended",
        source: "firmware-utils src/mkrtn56uimg.c",
        tested_with: "mkrtn56uimg",
    },
};

const MAGIC: &[Magic] = &[Magic::at(0, &[0x27, 0x05, 0x19, 0x56])];

/// The U-Boot header. In the place of its name: four version numbers, then the product.
const HEADER_SIZE: u64 = 64;
const AT_SIZE: u64 = 12;
const AT_ARCHITECTURE: u64 = 29;
const AT_VERSIONS: usize = 32;
const AT_PRODUCT: usize = 36;

/// The longest product, and in the form with build numbers in the header.
const PRODUCT_SIZE: usize = 23;
const SHORT_PRODUCT_SIZE: usize = 12;

/// The last word of the name: the offset of the root file system, or what newer units have there.
const AT_OFFSET: u64 = 60;
const NEWER: u32 = 0x3000;

/// What precedes the offset in the form with build numbers in the header.
const OFFSET_PREFIX: u8 = 0xa9;

const ARCHITECTURE_MIPS: u8 = 5;

/// The tail: flags and type, size of what stands before it, two sums, magic.
const TAIL_SIZE: u64 = 12;

/// The build numbers before the tail: extension, build, room.
const BUILD_SIZE: u64 = 12;
const TAIL_MAGIC: [u8; 4] = [0x2a, 0xfe, 0xd4, 0x14];

/// What the header says.
struct Name {
    product: String,
    versions: [u8; 4],
    /// Offset of the root file system, where the form has it.
    rootfs: u32,
    is_prefixed: bool,
}

/// The name, where it has Asus' form.
fn name(window: Window<'_>) -> Result<Option<Name>, ImageError> {
    let Some(header) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(None) };
    let is_prefixed = header[60] == OFFSET_PREFIX;
    let room = if is_prefixed { SHORT_PRODUCT_SIZE } else { PRODUCT_SIZE };
    let field = &header[AT_PRODUCT..AT_PRODUCT + room];
    let product = text(field);
    let versions: [u8; 4] = std::array::from_fn(|index| header[AT_VERSIONS + index]);
    let letters = product.bytes().filter(u8::is_ascii_alphabetic).count();
    let rest = field.get(product.len()..).unwrap_or_default();
    let signs = [
        versions.iter().filter(|number| **number < 10).count() >= 3,
        letters >= 2 && product.bytes().filter(|byte| !(0x20..0x7f).contains(byte)).count() == 0,
        rest.iter().filter(|byte| **byte != 0).count() <= 1,
    ];
    let rootfs = u32::from_be_bytes([header[60], header[61], header[62], header[63]]);
    let is_asus = signs[0] && count(&signs) >= 2 && (rootfs != 0 || has_tail(window)?);
    Ok(is_asus.then_some(Name { product, versions, rootfs, is_prefixed }))
}

fn matches_asus(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(name(window)?.is_some() && !is_rt_n56u(window)?)
}

fn matches_rt_n56u(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(name(window)?.is_some() && is_rt_n56u(window)?)
}

/// Whether the last word of the name is the offset of the root file system.
fn is_rt_n56u(window: Window<'_>) -> Result<bool, ImageError> {
    let offset = window.be32(AT_OFFSET)?.unwrap_or(0);
    if offset == NEWER || (offset >> 24) == u32::from(OFFSET_PREFIX) || has_tail(window)? {
        return Ok(false);
    }
    let is_mips = window.u8(AT_ARCHITECTURE)? == Some(ARCHITECTURE_MIPS);
    Ok(window.has(offset.into(), b"hsqs")? || is_mips)
}

fn has_tail(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(tail(window)?.is_some())
}

/// Where the tail starts: at the end of the data, or near the end of the file.
fn tail(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let end = HEADER_SIZE + u64::from(window.be32(AT_SIZE)?.unwrap_or(0));
    let at = match end.checked_sub(4) {
        Some(at) if window.has(at, &TAIL_MAGIC)? => Some(at),
        _ => find_last(window, &TAIL_MAGIC)?,
    };
    Ok(at.and_then(|at| (at + 4).checked_sub(TAIL_SIZE)))
}

fn read_asus(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(name) = name(window)? else { return Ok(()) };
    let mut fields = Vec::new();
    identity::record_asus(&name.product, reading);
    if let Some(at) = tail(window)? {
        read_tail(window, at, &mut fields, reading)?;
    } else if name.is_prefixed {
        let (build, extension) = (window.le16(48)?.unwrap_or(0), window.le16(50)?.unwrap_or(0));
        // Extensions that do not fit 16 bits lose their highest bit.
        let extension = u32::from(extension) + if extension < 20_000 && build >= 386 { 0x1_0000 } else { 0 };
        reading.set_version(format!("{build}_{extension}"));
    }
    record_versions(&name, reading);
    let index = reading.next_container();
    (uimage::FORMAT.read)(window, reading)?;
    reading.container_at(index).fields.extend(fields);
    Ok(())
}

fn read_rt_n56u(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(name) = name(window)? else { return Ok(()) };
    identity::record_asus(&name.product, reading);
    record_versions(&name, reading);
    (uimage::FORMAT.read)(window, reading)?;
    let end = HEADER_SIZE + u64::from(window.be32(AT_SIZE)?.unwrap_or(0));
    let rootfs = u64::from(name.rootfs);
    if rootfs >= HEADER_SIZE {
        reading.part("rootfs", window.clamped(rootfs, end.saturating_sub(rootfs)))?;
    }
    Ok(())
}

/// Versions of kernel and file system together, as 3.0.0.4, where there are no build numbers.
fn record_versions(name: &Name, reading: &mut Reading<'_>) {
    if name.versions != [0; 4] {
        reading.set_version(name.versions.map(|number| number.to_string()).join("."));
    }
}

/// Reads the build numbers before the tail, and checks both sums.
fn read_tail(
    window: Window<'_>,
    at: u64,
    fields: &mut Vec<(String, String)>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let Some(tail) = window.array::<{ TAIL_SIZE as usize }>(at)? else { return Ok(()) };
    let size = u64::from(u32::from_be_bytes([0, tail[1], tail[2], tail[3]]));
    let mut covered = tail.to_vec();
    covered[4..6].fill(0);
    let start = window.start() + at;
    let (stored, actual) = ([tail[4], tail[5]], sum(Window::whole(&covered))?);
    reading.digest("sum of the tail", start + 4, hex(stored), hex(actual));
    if let Some(part) = at.checked_sub(size).and_then(|from| window.part(from, size)) {
        let (stored, actual) = ([tail[6], tail[7]], sum(part)?);
        reading.digest("sum of what the tail covers", start + 6, hex(stored), hex(actual));
    }
    let Some(place) = at.checked_sub(BUILD_SIZE) else { return Ok(()) };
    if let (Some(extension), Some(build)) = (window.be32(place)?, window.be16(place + 4)?) {
        reading.set_version(format!("{build}_{extension}"));
        fields.push(("build".into(), build.to_string()));
        fields.push(("extension".into(), extension.to_string()));
    }
    Ok(())
}

/// The complement of all little-endian words of 16 bits XORed, stored big-endian; an odd byte at the end is left out.
fn sum(window: Window<'_>) -> Result<[u8; 2], ImageError> {
    let mut sum = 0xffff_u16;
    words::<2>(window.clamped(0, window.len() / 2 * 2), |word| sum ^= u16::from_le_bytes(word))?;
    Ok(sum.to_be_bytes())
}

fn hex(bytes: [u8; 2]) -> String {
    crate::digest::hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn seal(mut data: Vec<u8>, architecture: u8, name: &[u8; 32]) -> Vec<u8> {
        let mut image = vec![0x27, 0x05, 0x19, 0x56];
        for word in [0, 0x6553_f100, data.len() as u32, 0x8000_0000, 0x8000_0000, crc32fast::hash(&data)] {
            image.extend(word.to_be_bytes());
        }
        image.extend([5, architecture, 2, 0]);
        image.extend(name);
        let crc = crc32fast::hash(&image);
        image[4..8].copy_from_slice(&crc.to_be_bytes());
        image.append(&mut data);
        image
    }

    fn newer() -> Vec<u8> {
        let mut data = noise(0x900);
        let contents = vec![0, 0, 0x5a, 0xf5, 1, 0x84, 0, 0, 0, 0, 0, 0];
        data.extend(&contents);
        let mut tail = vec![0x10, 0, 0, 12, 0, 0];
        tail.extend(sum(Window::whole(&contents)).unwrap());
        tail.extend(TAIL_MAGIC);
        let own = sum(Window::whole(&tail)).unwrap();
        tail[4..6].copy_from_slice(&own);
        data.extend(tail);
        seal(data, 22, b"\x03\0\0\x04TUF-AX4200\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x30\0")
    }

    fn rt_n56u() -> Vec<u8> {
        let mut name = *b"\0\0\0\0RT-N56U\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        name[28..].copy_from_slice(&0x440_u32.to_be_bytes());
        let mut data = noise(0x900);
        data[0x400..0x404].copy_from_slice(b"hsqs");
        seal(data, 5, &name)
    }

    #[test]
    fn every_damage_shows() {
        check(&newer(), "asus-uimage");
        damaged(&newer(), "asus-uimage", &[0, 5, 9, 13, 29, 30, 32, 37, 50, 62, 0x200]);
        let found = facts(&newer());
        assert_eq!(
            (found.model.as_deref(), found.version.as_deref()),
            (Some("TUF-AX4200"), Some("388_23285"))
        );
        let image = rt_n56u();
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some("asus-rtn56u"));
        assert_eq!(found.model.as_deref(), Some("RT-N56U"));
        damaged(&image, "asus-rtn56u", &[0, 5, 9, 13, 30, 33, 37, 50, 0x200]);
    }
}
