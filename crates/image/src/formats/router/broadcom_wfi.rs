//! Broadcom's whole flash images: a trailer of 20 bytes behind boot and root filesystem.
//!
//! Source: OpenWrt `scripts/cfe-wfi-tag.py` and `package/utils/bcm4908img/src/bcm4908img.c`; firmware-utils
//! `src/bcm4908asus.c`. Five words: a CRC-32 without its final complement of all before, the version (0x5700, 0x5731
//! or 0x5732), the chip, the kind of flash (1 to 7), flags (below 4). BCM63xx writes them big-endian, BCM4908 and its
//! kin little-endian; that tells the two formats of this module apart. Asus puts 64 bytes of its own before the
//! trailer, Linksys 256 bytes behind it. Without a trailer, an image is known by `cferam`, the second stage of the
//! boot loader, in the JFFS2 at its start: no other JFFS2 has that. Its byte order is that of the processor.

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::FORMATS;
use crate::formats::router::clues::{count, find_trailer, hex32, is_text_field};
use crate::reading::Reading;
use crate::window::{SMALL, Window, text};

pub(crate) const WFI: Format = Format {
    id: "broadcom-wfi",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_wfi,
    read: read_wfi,
    about: About {
        outermost: &[],
        name: "Broadcom whole flash image (BCM63xx)",
        identified_by: "a big-endian trailer of 20 bytes, or cferam in the JFFS2 at the start",
        reveals: "damage before the trailer, by a CRC-32",
        blind_to: "chip and kind of flash in the trailer",
        source: "OpenWrt scripts/cfe-wfi-tag.py",
        tested_with: "cfe-wfi-tag.py; own construction",
    },
};

pub(crate) const BCM4908: Format = Format {
    id: "bcm4908img",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_bcm4908,
    read: read_bcm4908,
    about: About {
        outermost: &["bcm4908asus"],
        name: "Broadcom whole flash image (BCM4908), also of Asus",
        identified_by: "a little-endian trailer of 20 bytes, or cferam in the JFFS2 at the start",
        reveals: "damage before the trailer, by a CRC-32",
        blind_to: "chip and kind of flash in the trailer",
        source: "OpenWrt bcm4908img.c, firmware-utils src/bcm4908asus.c",
        tested_with: "bcm4908asus; own construction",
    },
};

const SIZE: u64 = 20;
const ASUS_SIZE: u64 = 64;
const LINKSYS_SIZE: u64 = 256;

/// JFFS2 of a MIPS (BCM63xx) and of an ARM (BCM4908).
const BIG_JFFS2: [u8; 2] = [0x19, 0x85];
const LITTLE_JFFS2: [u8; 2] = [0x85, 0x19];

/// Filesystems start a new one of these.
const BLOCK: u64 = 0x2_0000;

/// The most places where a filesystem is looked for.
const MAX_BLOCKS: u64 = 4096;

/// Whether the five words make a trailer. One may be wrong, if the rest says enough.
fn is_trailer(bytes: &[u8], word: impl Fn([u8; 4]) -> u32) -> bool {
    let [version, chip, flash, flags] =
        [4, 8, 12, 16].map(|at: usize| word([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
    let evidence = [
        matches!(version, 0x5700 | 0x5731 | 0x5732),
        (0x3000..0x10_0000).contains(&chip) && chip & 0xfff != 0,
        (1..=7).contains(&flash),
        flags < 4,
    ];
    let near = [0x5700_u32, 0x5731, 0x5732].iter().any(|known| (known ^ version).count_ones() <= 1);
    near && count(&evidence) >= 3 && flash.count_ones() <= 4 && flags.count_ones() <= 3
}

fn is_big(bytes: &[u8]) -> bool {
    is_trailer(bytes, u32::from_be_bytes)
}

fn is_little(bytes: &[u8]) -> bool {
    is_trailer(bytes, u32::from_le_bytes)
}

fn matches_wfi(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < 1024 || !starts_like_flash(window)? {
        return Ok(false);
    }
    if find_trailer(window, SIZE, is_big)?.is_some() {
        return Ok(true);
    }
    Ok(has_cfe_ram(window, BIG_JFFS2)? && find_trailer(window, SIZE, is_little)?.is_none())
}

fn matches_bcm4908(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < 1024 || !starts_like_flash(window)? {
        return Ok(false);
    }
    if find_trailer(window, SIZE, is_little)?.is_some() {
        return Ok(true);
    }
    Ok(has_cfe_ram(window, LITTLE_JFFS2)? && find_trailer(window, SIZE, is_big)?.is_none())
}

/// Whether a filesystem of such an image stands at its start; one bit may be wrong. Twenty bytes at the end prove too little.
fn starts_like_flash(window: Window<'_>) -> Result<bool, ImageError> {
    const STARTS: [&[u8]; 6] =
        [&[0x19, 0x85, 0xe0], &[0x19, 0x85, 0x20], &[0x85, 0x19, 1], &[0x85, 0x19, 3], b"UBI#", b"hsqs"];
    for at in [0, BLOCK] {
        let head = window.head(at, 4)?;
        let is_near = |start: &&[u8]| {
            let pairs = head.iter().zip(start.iter());
            head.len() == 4 && pairs.map(|(left, right)| (left ^ right).count_ones()).sum::<u32>() <= 1
        };
        if STARTS.iter().any(is_near) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the window starts with a JFFS2 of a byte order that names the second stage of CFE early.
fn has_cfe_ram(window: Window<'_>, start: [u8; 2]) -> Result<bool, ImageError> {
    if window.head(0, 2)? != start {
        return Ok(false);
    }
    Ok(window.head(0, SMALL)?.windows(10).any(|there| there == b"cferam.000"))
}

/// An image without its trailer, or, inside of one, the boot filesystem.
fn read_headless(id: &str, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if !reading.is_outermost() {
        return read_jffs2(window, reading);
    }
    reading.container(id, window);
    let at = window.start() + window.len();
    reading.structure("trailer of the whole flash image", at, "present", "missing");
    read_filesystems(window, reading)
}

fn read_wfi(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(end) = find_trailer(window, SIZE, is_big)? else {
        return read_headless(WFI.id, window, reading);
    };
    let trailer = window.clamped(end, SIZE);
    let body = window.clamped(0, end);
    read_filesystems(body, reading)?;
    let chip = trailer.be32(8)?.unwrap_or_default();
    let fields = reading.container(WFI.id, trailer);
    fields.insert("version".into(), format!("{:#x}", trailer.be32(4)?.unwrap_or_default()));
    fields.insert("chip".into(), format!("{chip:x}"));
    fields.insert("flash".into(), flash(trailer.be32(12)?.unwrap_or_default()).into());
    reading.board(format!("{chip:x}"));
    let stored = trailer.be32(0)?.unwrap_or_default();
    reading.digest("crc32 before the trailer", trailer.start(), hex32(stored), hex32(jamcrc(body)?));
    reading.uncovered("Nothing protects the chip and the kind of flash in the trailer.");
    reading.trailing(window, end + SIZE)
}

/// The boot filesystem of an image whose trailer was read, or of something else that needs none.
fn read_jffs2(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    match FORMATS.iter().find(|format| format.id == "jffs2") {
        Some(format) if format.holds(window)? => (format.read)(window, reading),
        _ => {
            reading.container("jffs2", window);
            Ok(())
        }
    }
}

fn read_bcm4908(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(end) = find_trailer(window, SIZE, is_little)? else {
        return read_headless(BCM4908.id, window, reading);
    };
    let trailer = window.clamped(end, SIZE);
    let body = window.clamped(0, end);
    let chip = trailer.le32(8)?.unwrap_or_default();
    let fields = reading.container(BCM4908.id, window.clamped(0, end + SIZE));
    fields.insert("version".into(), format!("{:#x}", trailer.le32(4)?.unwrap_or_default()));
    fields.insert("chip".into(), format!("{chip:x}"));
    fields.insert("flash".into(), flash(trailer.le32(12)?.unwrap_or_default()).into());
    let asus = window.head(end.saturating_sub(ASUS_SIZE), ASUS_SIZE)?;
    if is_asus(&asus) {
        describe_asus(&asus, reading);
    } else {
        reading.board(format!("{chip:x}"));
    }
    let stored = trailer.le32(0)?.unwrap_or_default();
    reading.digest("crc32 before the trailer", trailer.start(), hex32(stored), hex32(jamcrc(body)?));
    reading.uncovered("Nothing protects the chip and the kind of flash in the trailer.");
    read_filesystems(body, reading)?;
    let behind = window.clamped(end + SIZE, u64::MAX);
    let linksys = if behind.has(0, b".LINKSYS.")? { LINKSYS_SIZE } else { 0 };
    reading.trailing(window, end + SIZE + linksys)
}

/// Whether 64 bytes are the tail of Asus: a product, zeros, and a version.
fn is_asus(tail: &[u8]) -> bool {
    tail.len() as u64 == ASUS_SIZE
        && is_text_field(&tail[8..20], 3, 0)
        && tail[20..28].iter().chain(&tail[32..63]).filter(|byte| **byte != 0).count() <= 1
}

fn describe_asus(tail: &[u8], reading: &mut Reading<'_>) {
    let half = |at: usize| u16::from_le_bytes([tail[at], tail[at + 1]]);
    let extension = if tail[63] & 1 == 1 {
        u32::from_le_bytes([tail[28], tail[29], tail[30], tail[31]])
    } else {
        half(6).into()
    };
    let product = text(&tail[8..20]);
    let index = reading.last_container();
    let fields = &mut reading.container_at(index).fields;
    fields.insert("product".into(), product.clone());
    fields.insert("build".into(), format!("{}_{extension}", half(4)));
    reading.call_file("bcm4908asus");
    reading.set_vendor("Asus");
    reading.set_model(product.clone());
    reading.set_version(format!("{}.{}.{}.{}", tail[0], tail[1], tail[2], tail[3]));
    reading.board(product);
    reading.boards_are_declared = true;
}

fn flash(kind: u32) -> &'static str {
    match kind {
        1 => "NOR",
        2 => "NAND, blocks of 16 KiB",
        3 => "NAND, blocks of 128 KiB",
        4 => "NAND, blocks of 256 KiB",
        5 => "NAND, blocks of 512 KiB",
        6 => "NAND, blocks of 1 MiB",
        7 => "NAND, blocks of 2 MiB",
        _ => "unknown",
    }
}

/// Hands on what starts at a block like JFFS2, UBI or squashfs, up to the next: at most [`MAX_BLOCKS`] places.
fn read_filesystems(body: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut starts = Vec::new();
    let mut last = None;
    for at in (0..body.len()).step_by(BLOCK as usize).take(MAX_BLOCKS as usize) {
        let kind = match body.head(at, 4)?.as_slice() {
            [0x85, 0x19, ..] | [0x19, 0x85, ..] => "bootfs",
            b"UBI#" => "ubi",
            b"hsqs" | b"sqsh" => "rootfs",
            _ => continue,
        };
        if last != Some(kind) {
            starts.push((kind, at));
            last = Some(kind);
        }
    }
    for (index, (kind, at)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(body.len(), |(_, next)| *next);
        reading.part(*kind, body.clamped(*at, end - at))?;
    }
    Ok(())
}
