//! NVRAM of Broadcom's BCM57xx network controllers: header, directory, product data, and the stages of the boot code.
//!
//! Source: fwupd `plugins/bcm57xx/fu-bcm57xx.rs`, `fu-bcm57xx-firmware.c`, `fu-bcm57xx-common.h`. Fields are big-endian,
//! the CRC-32 (as in zlib) at the end of header, stages and directory entries little-endian.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "broadcom-bcm57xx",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &MAGIC)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Broadcom BCM57xx NVRAM",
        identified_by: "669955aa, and the boot code at 0x28c",
        reveals: "damaged header, boot code and directory entries, by a CRC-32 each",
        blind_to: "product data, the directory itself and free space",
        source: "fwupd plugins/bcm57xx/fu-bcm57xx-firmware.c, fu-bcm57xx-common.h",
        tested_with: "fwupdtool, own construction",
    },
};

const MAGIC: [u8; 4] = [0x66, 0x99, 0x55, 0xaa];

const HEADER_SIZE: u64 = 0x14;

const DIRECTORY: u64 = 0x14;

const DIRECTORY_ENTRIES: u64 = 8;

const DIRECTORY_ENTRY_SIZE: u64 = 12;

/// Where the product data names device and vendor, 16 bits each.
const IDENTITY: u64 = 0x74 + 44;

/// Where the first stage always is.
const STAGE1: u64 = 0x28c;

/// Where the first stage is loaded, unless it says otherwise.
const PHYSICAL_ADDRESS: u32 = 0x0800_3800;

/// A file of 256 KiB; some vendors' are twice as long.
const MAX_SIZE: u64 = 4 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(false) };
    let crc_agrees = window.le32(16)? == Some(crc32fast::hash(&header[..16]));
    let address_is_usual = window.be32(4)? == Some(PHYSICAL_ADDRESS);
    let stage_is_usual = window.be32(12)? == Some(STAGE1 as u32);
    let votes = [crc_agrees, address_is_usual, stage_is_usual].into_iter().filter(|vote| *vote).count();
    Ok(votes >= 1 && window.len() <= MAX_SIZE)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| Ok::<_, ImageError>(window.be32(at)?.unwrap_or_default());
    let stage1_size = u64::from(word(8)?) * 4;
    let (device, vendor) = (window.be16(IDENTITY)?, window.be16(IDENTITY + 2)?);
    let fields = reading.container(FORMAT.id, window);
    fields.insert("physical-address".into(), format!("{:#010x}", word(4)?));
    fields.insert("stage1-size".into(), stage1_size.to_string());
    if let (Some(device), Some(vendor)) = (device, vendor)
        && ![0, 0xffff].contains(&vendor)
    {
        fields.insert("pci-id".into(), format!("{vendor:04x}:{device:04x}"));
        reading.board(format!("{vendor:04x}:{device:04x}"));
    }
    reading.set_vendor("Broadcom");
    check(window.clamped(0, HEADER_SIZE), "header", reading)?;
    let stage1_at = u64::from(word(12)?);
    reading.structure("offset of stage 1", window.start() + 12, STAGE1, stage1_at);
    reading.declared_size("stage 1", window.start() + 8, stage1_size, window.len().saturating_sub(STAGE1));
    let stage1 = window.clamped(STAGE1, stage1_size);
    check(stage1, "stage 1", reading)?;
    set_version(stage1, reading)?;
    read_stage2(window, STAGE1 + stage1_size, reading)?;
    for index in 0..DIRECTORY_ENTRIES {
        read_entry(window, DIRECTORY + index * DIRECTORY_ENTRY_SIZE, reading)?;
    }
    reading.uncovered("No checksum covers the product data, the directory and free space.");
    Ok(())
}

/// Compares the CRC-32 in the last four bytes of a stretch with the rest of it.
fn check(stretch: Window<'_>, what: &str, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(size) = stretch.len().checked_sub(4) else { return Ok(()) };
    let expected = stretch.le32(size)?.unwrap_or_default();
    let actual = crc32(stretch.clamped(0, size))?;
    let name = format!("crc32 of the {what}");
    reading.digest(name, stretch.start() + size, format!("{expected:08x}"), format!("{actual:08x}"));
    Ok(())
}

/// A number at 12, or the address of a text at 8.
fn set_version(stage1: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    match (stage1.be32(12)?, stage1.be32(8)?) {
        (Some(0), Some(address)) if address > PHYSICAL_ADDRESS => {
            let text = stage1.text(u64::from(address - PHYSICAL_ADDRESS), 16)?;
            let is_text = text.bytes().all(|byte| byte.is_ascii_graphic());
            reading.set_version(if is_text { text } else { String::new() });
        }
        (Some(number), _) if number != 0 => {
            reading.set_version(format!("{}.{}.{}", number >> 24, number >> 16 & 0xff, number & 0xffff));
        }
        _ => (),
    }
    Ok(())
}

fn read_stage2(window: Window<'_>, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if !window.has(at, &MAGIC)? {
        reading.structure("stage 2", window.start() + at, "669955aa", "something else");
        return Ok(());
    }
    let size = u64::from(window.be32(at + 4)?.unwrap_or_default());
    let stage2 = window.clamped(at + 8, size);
    reading.declared_size("stage 2", window.start() + at + 4, size, stage2.len());
    // An empty stage is a CRC of nothing, which some writers leave as erased flash.
    if size > 4 { check(stage2, "stage 2", reading) } else { Ok(()) }
}

fn read_entry(window: Window<'_>, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let (Some(address), Some(info), Some(offset)) =
        (window.be32(at)?, window.be32(at + 4)?, window.be32(at + 8)?)
    else {
        return Ok(());
    };
    let size = u64::from(info & 0x00ff_ffff) * 4;
    if (address, info, offset) == (0, 0, 0) || size == 0 {
        return Ok(());
    }
    let (target, kind) = (info >> 24 & 0xf, info >> 28);
    let name = match (target, kind) {
        (0x0, 0) => "PXE code".to_owned(),
        (0xd, 0) => "APE code".to_owned(),
        (0x5 | 0x9 | 0xb, 0) => "iSCSI code".to_owned(),
        (0x0, 1) => "configuration".to_owned(),
        (0x4, 1) => "second product data".to_owned(),
        _ => format!("entry {target:x}-{kind:x}"),
    };
    let entry = window.clamped(offset.into(), size);
    reading.declared_size(&format!("the {name}"), window.start() + at + 4, size, entry.len());
    check(entry, &name, reading)
}
