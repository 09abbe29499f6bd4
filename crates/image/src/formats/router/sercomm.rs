//! Sercomm's three forms: the kernel header of 256 bytes, payloads behind a product id and a SHA-256, and the `sErCoMm`
//! block, which stands before an image (512 bytes, with a sum) or behind it (71 bytes, without).
//!
//! Source: OpenWrt `scripts/sercomm-kernel-header.py`, `scripts/sercomm-pid.py`, `scripts/sercomm-payload.py`;
//! firmware-utils `src/mksercommfw.c` (d21804a). The three share this module.

use crate::digest::{Algorithm, byte_sum, crc32, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, find_last, is_filled, nearly};
use crate::formats::router::{identity, payload};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const KERNEL: Format = Format {
    id: "sercomm-kernel",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"Ser\0")],
    matches: matches_kernel,
    read: read_kernel,
    about: About {
        outermost: &[],
        name: "Sercomm kernel header",
        identified_by: "Ser, offsets and sizes that add up, 0xff up to 256 bytes",
        reveals: "damaged header or kernel, and a damaged root file system that is in the file, by CRC-32",
        blind_to: "what is appended, a root file system that is not in the file",
        source: "OpenWrt scripts/sercomm-kernel-header.py",
        tested_with: "sercomm-kernel-header.py",
    },
};

pub(crate) const PAYLOAD: Format = Format {
    id: "sercomm-payload",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_payload,
    read: read_payload,
    about: About {
        outermost: &[],
        name: "Sercomm factory payload, of Beeline and others",
        identified_by: "112 hexadecimal digits, nearly all zeros, before binary data",
        reveals: "any damage of the payload, by SHA-256 up to the end of the file",
        blind_to: "the product id",
        source: "OpenWrt scripts/sercomm-pid.py, scripts/sercomm-payload.py",
        tested_with: "sercomm-pid.py, sercomm-payload.py",
    },
};

pub(crate) const PID: Format = Format {
    id: "sercomm-pid",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_pid,
    read: read_pid,
    about: About {
        outermost: &[],
        name: "Sercomm block, of Netgear",
        identified_by: "sErCoMm twice, at the start or near the end",
        reveals: "most damages, by a sum of all bytes modulo 256, where the block stands first",
        blind_to: "everything, where the block stands last",
        source: "firmware-utils src/mksercommfw.c",
        tested_with: "mksercommfw",
    },
};

const KERNEL_HEADER: u64 = 0x100;
const AT_KERNEL_END: u64 = 4;
const AT_HEADER_CRC: u64 = 8;
const AT_KERNEL_OFFSET: u64 = 0x10;
const AT_KERNEL_SIZE: u64 = 0x14;
const AT_KERNEL_CRC: u64 = 0x18;
const AT_ROOTFS_OFFSET: u64 = 0x28;
const AT_ROOTFS_SIZE: u64 = 0x2c;
const AT_ROOTFS_CRC: u64 = 0x30;

fn matches_kernel(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ KERNEL_HEADER as usize }>(0)? else { return Ok(false) };
    let word = |at| Ok::<_, ImageError>(window.le32(at)?.unwrap_or(0));
    let signs = [
        header[12..16] == [0x02, 0xff, 0xff, 0xff],
        word(AT_KERNEL_OFFSET)?.checked_add(word(AT_KERNEL_SIZE)?) == Some(word(AT_KERNEL_END)?),
        word(0x1c)? == 0,
        word(0x34)? == 0,
        is_filled(&header[0x38..], 0xff),
    ];
    Ok(count(&signs) >= 3)
}

fn read_kernel(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at| Ok::<_, ImageError>(u64::from(window.le32(at)?.unwrap_or(0)));
    let (kernel_offset, size) = (word(AT_KERNEL_OFFSET)?, word(AT_KERNEL_SIZE)?);
    let (rootfs_offset, rootfs_size) = (word(AT_ROOTFS_OFFSET)?, word(AT_ROOTFS_SIZE)?);
    let end = KERNEL_HEADER + size;
    // Offsets are those in flash, where the header stands right before the kernel.
    let rootfs_start = (rootfs_offset + KERNEL_HEADER).checked_sub(kernel_offset).filter(|at| *at >= end);
    let rootfs = rootfs_start.and_then(|at| window.part(at, rootfs_size));
    let whole = rootfs_start.filter(|_| rootfs.is_some()).map_or(end, |at| at + rootfs_size);
    let fields = reading.container(KERNEL.id, window.clamped(0, whole));
    fields.insert("kernel-offset".into(), format!("{kernel_offset:#x}"));
    fields.insert("kernel-size".into(), size.to_string());
    fields.insert("rootfs-offset".into(), format!("{rootfs_offset:#x}"));
    fields.insert("rootfs-size".into(), rootfs_size.to_string());
    reading.set_vendor("Sercomm");
    let mut check = |what: &str, at: u64, actual: u32| {
        let expected = window.le32(at)?.unwrap_or(0);
        let (expected, actual) = (format!("{expected:08x}"), format!("{actual:08x}"));
        reading.digest(format!("crc32 of the {what}"), window.start() + at, expected, actual);
        Ok::<_, ImageError>(())
    };
    // Magic number and CRC count as erased flash.
    let mut header = window.head(0, KERNEL_HEADER)?;
    header[..4].fill(0xff);
    header[8..12].fill(0xff);
    check("header", AT_HEADER_CRC, crc32fast::hash(&header))?;
    check("kernel", AT_KERNEL_CRC, crc32(window.clamped(KERNEL_HEADER, size))?)?;
    if let Some(rootfs) = rootfs {
        check("root file system", AT_ROOTFS_CRC, crc32(rootfs)?)?;
    }
    let at = window.start();
    reading.structure("end of the kernel", at + AT_KERNEL_END, word(AT_KERNEL_END)?, kernel_offset + size);
    reading.declared_size("the kernel", at + AT_KERNEL_SIZE, end, window.len());
    payload::read(window.clamped(KERNEL_HEADER, size), reading)?;
    if let Some(rootfs) = rootfs {
        reading.part("rootfs", rootfs)?;
    }
    reading.trailing(window, whole)
}

/// The product id: hardware version or id, room, and at 0x64 the software version.
const PRODUCT: u64 = 0x70;

/// The most zeros between product id and digest.
const MAX_PADDING: usize = 0x800;

const SHA256: u64 = 32;

fn matches_payload(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(product) = window.array::<{ PRODUCT as usize }>(0)? else { return Ok(false) };
    let digits = product.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let zeros = product.iter().filter(|byte| **byte == b'0').count();
    let behind = window.head(PRODUCT, 16)?;
    let is_binary = behind.iter().any(|byte| !matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    let filler = is_filled(&product[0x14..0x64], b'0');
    Ok(digits + 1 >= product.len() && zeros >= 80 && zeros < product.len() && filler && is_binary)
}

fn read_payload(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let hardware = window.text(0, 14)?;
    let version = window.text(0x64, 4)?;
    let id = hardware.get(8..14).and_then(letters);
    let digest_at = digest_place(window)?;
    let fields = reading.container(PAYLOAD.id, window);
    fields.insert("hardware".into(), hardware.clone());
    fields.insert("version".into(), version.clone());
    let revision = hardware.get(..8).unwrap_or_default().trim_start_matches('0');
    match id {
        Some(id) => {
            fields.insert("hardware-id".into(), id.clone());
            fields.insert("hardware-version".into(), revision.into());
            identity::record_sercomm(&id, reading);
        }
        None => identity::record_sercomm(hardware.trim_start_matches('0'), reading),
    }
    reading.set_version(version);
    let at = window.start() + digest_at;
    let contents = window.clamped(digest_at + SHA256, u64::MAX);
    let (stored, actual) = (window.head(digest_at, SHA256)?, Algorithm::Sha256.of(contents)?);
    reading.digest("sha256 of the payload", at, hex(&stored), hex(&actual));
    reading.uncovered("The product id of a Sercomm payload is covered by no checksum.");
    payload::read(contents, reading)
}

/// The three letters that six hexadecimal digits spell.
fn letters(digits: &str) -> Option<String> {
    let number = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    let letters = &number[1..];
    letters.iter().all(u8::is_ascii_alphanumeric).then(|| String::from_utf8_lossy(letters).into_owned())
}

/// Where the digest stands: so that a known format follows it, or else where the padding behind the product id ends.
fn digest_place(window: Window<'_>) -> Result<u64, ImageError> {
    const STARTS: [&[u8]; 5] = [b"\x27\x05\x19\x56", b"UBI#", b"hsqs", b"\xd0\x0d\xfe\xed", b"HDR0"];
    let bytes = window.head(PRODUCT, SMALL)?;
    for padding in (0..MAX_PADDING).step_by(16) {
        let Some(start) = bytes.get(padding + SHA256 as usize..) else { break };
        if STARTS.iter().any(|magic| start.starts_with(magic)) {
            return Ok(PRODUCT + padding as u64);
        }
    }
    // The padding may start with a few bytes that are not zero.
    let is_padded = bytes.get(4..16).is_some_and(|start| start.iter().all(|byte| *byte == 0));
    let skip = if is_padded { 4 } else { 0 };
    let zeros = bytes.iter().skip(skip).take(MAX_PADDING).take_while(|byte| **byte == 0).count();
    Ok(PRODUCT + ((skip + zeros) / 16 * 16) as u64)
}

const WORD: &[u8; 7] = b"sErCoMm";

/// The block: word, version, hardware id (34 bytes), hardware version (10), software version, word.
const BLOCK: u64 = 71;
const SECOND_WORD: u64 = 63;

/// The block with the room for its sum.
const BLOCK_HEADER: u64 = 512;

/// Where the block starts, and whether it stands first.
fn block(window: Window<'_>) -> Result<Option<(u64, bool)>, ImageError> {
    if is_block(window, 0)? {
        return Ok(Some((0, true)));
    }
    let found = find_last(window, WORD)?;
    let mut places = vec![window.len().checked_sub(BLOCK)];
    places.push(found);
    places.push(found.and_then(|at| at.checked_sub(SECOND_WORD)));
    for at in places.into_iter().flatten() {
        if is_block(window, at)? {
            return Ok(Some((at, false)));
        }
    }
    Ok(None)
}

fn is_block(window: Window<'_>, at: u64) -> Result<bool, ImageError> {
    let signs = [
        nearly(window, at, WORD)?,
        window.has(at + 7, &[0, 1, 0, 0])?,
        nearly(window, at + SECOND_WORD, WORD)?,
    ];
    Ok(count(&signs) >= 2 && (signs[0] || signs[2]))
}

fn matches_pid(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(block(window)?.is_some())
}

fn read_pid(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((at, is_first)) = block(window)? else { return Ok(()) };
    if is_first {
        describe_block(window, at, window, reading)?;
        let sum = byte_sum(window)? & 0xff;
        reading.digest("sum of all bytes", window.start() + 511, "00", format!("{sum:02x}"));
        return payload::read(window.clamped(BLOCK_HEADER, u64::MAX), reading);
    }
    payload::read(window.clamped(0, at), reading)?;
    describe_block(window, at, window.clamped(at, BLOCK), reading)?;
    reading.trailing(window, at + BLOCK)
}

fn describe_block(
    window: Window<'_>,
    at: u64,
    covered: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let (id, revision) = (window.text(at + 11, 34)?, window.text(at + 45, 10)?);
    let version = window.be32(at + 55)?.unwrap_or(0);
    let fields = reading.container(PID.id, covered);
    fields.insert("hardware-id".into(), id.clone());
    fields.insert("hardware-version".into(), revision.clone());
    fields.insert("version".into(), format!("{version:#06x}"));
    reading.set_hardware_revision(revision);
    identity::record_sercomm(&id, reading);
    reading.set_vendor("Netgear");
    if version != 0 {
        reading.set_version(format!("{version:#06x}"));
    }
    let start = window.start() + at;
    reading.structure("first sErCoMm", start, hex(WORD), hex(&window.head(at, 7)?));
    reading.structure(
        "second sErCoMm",
        start + SECOND_WORD,
        hex(WORD),
        hex(&window.head(at + SECOND_WORD, 7)?),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn kernel(rootfs: &[u8]) -> Vec<u8> {
        let data = noise(0x900);
        let mut header = vec![0xff; 0x100];
        let mut put = |at: usize, word: u32| header[at..at + 4].copy_from_slice(&word.to_le_bytes());
        put(0xc, 0xffff_ff02);
        put(0x10, 0x40_0100);
        put(0x14, 0x900);
        put(0x18, crc32fast::hash(&data));
        put(0x1c, 0);
        put(0x28, if rootfs.is_empty() { 0x1f0_0000 } else { 0x40_0a00 });
        put(0x2c, rootfs.len().max(4) as u32);
        put(0x30, crc32fast::hash(if rootfs.is_empty() { b"UBI#" } else { rootfs }));
        put(0x34, 0);
        put(4, 0x40_0a00);
        let crc = crc32fast::hash(&header);
        header[8..12].copy_from_slice(&crc.to_le_bytes());
        header[..4].copy_from_slice(b"Ser\0");
        [header, data, rootfs.to_vec()].concat()
    }

    fn with_product(padding: &[u8]) -> Vec<u8> {
        let mut image = b"00004321444245".to_vec();
        image.resize(0x70, b'0');
        image[0x64..0x68].copy_from_slice(b"1001");
        image.extend(padding);
        let data = noise(0x900);
        image.extend(Algorithm::Sha256.of(Window::whole(&data)).unwrap());
        image.extend(data);
        image
    }

    fn block() -> Vec<u8> {
        let mut block = b"sErCoMm\0\x01\0\0AYB".to_vec();
        block.resize(45, 0);
        block.extend(b"A001");
        block.resize(55, 0);
        block.extend([0, 0, 0, 0x52, 0, 0, 0, 0]);
        block.extend(WORD);
        block.resize(71, 0);
        block
    }

    #[test]
    fn every_damage_shows() {
        for image in [kernel(&[]), kernel(&noise(0x200))] {
            check(&image, "sercomm-kernel");
            damaged(&image, "sercomm-kernel", &[0, 5, 9, 13, 0x11, 0x15, 0x19, 0x29, 0x2d, 0x80, 0x400]);
        }
        let image = with_product(&[0; 0x30]);
        check(&image, "sercomm-payload");
        damaged(&image, "sercomm-payload", &[0xa5, 0x400]);
        let mut header = block();
        header.resize(512, 0);
        header.extend(noise(0x900));
        let sum = header.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        header[511] = 0_u8.wrapping_sub(sum);
        check(&header, "sercomm-pid");
        damaged(&header, "sercomm-pid", &[0, 8, 12, 46, 56, 64, 0x400]);
    }

    #[test]
    fn the_product_is_named() {
        for padding in [&[0; 0x30][..], b"\r\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
            let found = facts(&with_product(padding));
            assert_eq!(found.integrity.verdict, debrick_model::Verdict::Pass);
            assert_eq!(
                (&found.board_ids[..], found.version.as_deref()),
                (&["DBE".to_owned()][..], Some("1001"))
            );
        }
        let mut footer = [noise(0x900), block()].concat();
        for _ in 0..2 {
            let found = facts(&footer);
            assert_eq!(found.format.as_deref(), Some("sercomm-pid"));
            assert_eq!(found.board_ids, ["AYB"]);
            assert_eq!(found.hardware_revision.as_deref(), Some("A001"));
            footer.extend(noise(1337));
        }
        assert_eq!(facts(&footer).warnings.len(), 1);
    }
}
