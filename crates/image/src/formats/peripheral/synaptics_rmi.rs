//! Firmware of Synaptics' RMI4 touchpads and touch screens, in the older layout (boot loader versions 2 to 6) and the
//! one of containers (16 and 17).
//!
//! Source: fwupd `plugins/synaptics-rmi/fu-synaptics-rmi.rs`, `fu-synaptics-rmi-firmware.c`,
//! `fu_synaptics_rmi_generate_checksum`; little-endian. The checksum covers all bytes behind itself.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "synaptics-rmi",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Synaptics RMI4 touch controller firmware",
        identified_by: "a boot loader version, a product name, and sizes or a checksum that agree",
        reveals: "damaged contents and appended bytes, by a sum of 16-bit words over the whole file",
        blind_to: "words whose changes cancel out",
        source: "fwupd plugins/synaptics-rmi/fu-synaptics-rmi-firmware.c, fu-synaptics-rmi-common.c",
        tested_with: "fwupdtool, own construction",
    },
};

const HEADER_SIZE: u64 = 0x58;

/// Where the code stands in the older layout.
const CODE: u64 = 0x100;

const PRODUCT: u64 = 0x10;

const PRODUCT_SIZE: u64 = 10;

/// The size of a container's descriptor in the newer layout.
const DESCRIPTOR_SIZE: u64 = 32;

/// The most containers that are looked at.
const MAX_CONTAINERS: u64 = 256;

const MAX_SIZE: u64 = 16 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < HEADER_SIZE || window.len() > MAX_SIZE {
        return Ok(false);
    }
    let is_named = is_product(&window.head(PRODUCT, PRODUCT_SIZE)?);
    let version = window.u8(7)?.unwrap_or_default();
    let is_versioned = matches!(version, 2..=6 | 16 | 17);
    if !is_named && !is_versioned {
        return Ok(false);
    }
    let has_reserve = window.le16(4)? == Some(0);
    if is_named && is_versioned && has_reserve && is_laid_out(window)? {
        return Ok(true);
    }
    // A flipped bit may have hit any one of these.
    let votes = [is_named, is_versioned, has_reserve].into_iter().filter(|vote| *vote).count();
    if votes >= 2 && is_laid_out_exactly(window)? {
        return Ok(true);
    }
    Ok(has_reserve && window.le32(0)? == Some(checksum(window)?))
}

/// A name of printable characters, filled up with zeros.
fn is_product(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let is_filled = bytes[end..].iter().all(|byte| *byte == 0);
    end >= 2 && is_filled && bytes[..end].iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// Sizes of code and configuration in the older layout.
fn sizes(window: Window<'_>) -> Result<(u64, u64), ImageError> {
    Ok((window.le32(8)?.unwrap_or_default().into(), window.le32(12)?.unwrap_or_default().into()))
}

fn is_old(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.u8(7)?.is_some_and(|version| version < 16))
}

/// Whether the sizes, or the first descriptor, are possible.
fn is_laid_out(window: Window<'_>) -> Result<bool, ImageError> {
    let (code, config) = sizes(window)?;
    if is_old(window)? {
        return Ok(code > 0 && CODE + code + config <= window.len().saturating_mul(4));
    }
    let inside = config >= HEADER_SIZE && config <= window.len().saturating_mul(4);
    // The outermost container has the id 0.
    Ok(inside && window.le16(config + 4)?.is_none_or(|id| id == 0))
}

/// Whether the sizes, or the first descriptor, are just right for what is there.
fn is_laid_out_exactly(window: Window<'_>) -> Result<bool, ImageError> {
    let (code, config) = sizes(window)?;
    let is_old = code > 0 && CODE + code + config == window.len();
    let is_new = config >= HEADER_SIZE
        && window.le16(config + 4)? == Some(0)
        && window.le32(config + 28)?.is_some_and(|at| u64::from(at) < window.len() && at > 0);
    Ok(is_old || is_new)
}

/// Two sums of 16 bits with end-around carry, the second one of the first one's values.
fn checksum(window: Window<'_>) -> Result<u32, ImageError> {
    let (mut low, mut high) = (0xffff_u32, 0xffff_u32);
    words(window.clamped(4, u64::MAX), |word: [u8; 2]| {
        low += u32::from(u16::from_le_bytes(word));
        high += low;
        low = (low & 0xffff) + (low >> 16);
        high = (high & 0xffff) + (high >> 16);
    })?;
    Ok(high << 16 | low)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let (first, second) = sizes(window)?;
    let is_old = is_old(window)?;
    let version = window.u8(7)?.unwrap_or_default();
    let has_packet = window.u8(6)? == Some(1);
    let product = window.text(PRODUCT, PRODUCT_SIZE)?;
    let build = window.le32(0x50)?.unwrap_or_default();
    let fields = reading.container(FORMAT.id, window);
    fields.insert("bootloader-version".into(), version.to_string());
    fields.insert("product".into(), product.clone());
    if has_packet {
        fields.insert("build".into(), build.to_string());
    }
    reading.set_vendor("Synaptics");
    reading.board(product);
    let at = window.start();
    let expected = format!("{:08x}", window.le32(0)?.unwrap_or_default());
    reading.digest("checksum of the file", at, expected, format!("{:08x}", checksum(window)?));
    if is_old {
        reading.declared_size("code and configuration", at + 8, CODE + first + second, window.len());
        // Files are whole words of 16 bits; what follows breaks the checksum as well.
        return reading.trailing(window, CODE + first + second);
    }
    read_containers(window, second, reading)
}

fn read_containers(window: Window<'_>, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(top) = window.part(at, DESCRIPTOR_SIZE) else {
        reading.structure("outermost container", window.start() + 12, "inside the file", "behind its end");
        return Ok(());
    };
    let word = |at: u64| Ok::<_, ImageError>(u64::from(top.le32(at)?.unwrap_or_default()));
    let (length, table) = (word(24)?, word(28)?);
    let mut outside = 0;
    for index in 0..(length / 4).min(MAX_CONTAINERS) {
        let place = window.le32(table + index * 4)?.map(u64::from);
        let part = place.and_then(|place| window.part(place, DESCRIPTOR_SIZE));
        let Some(part) = part else {
            outside += 1;
            continue;
        };
        let size = u64::from(part.le32(24)?.unwrap_or_default());
        let start = u64::from(part.le32(28)?.unwrap_or_default());
        outside += u32::from(size > 0 && window.part(start, size).is_none());
    }
    reading.structure("containers outside the file", window.start() + at, 0, outside);
    Ok(())
}
