//! TRX, the image of Broadcom's CFE, and Asus' form of it with a product id in the last 64 bytes.
//!
//! Source: firmware-utils `src/trx.c`, `src/otrx.c`, `src/asustrx.c` (d21804a). All fields are little-endian. The CRC-32 has
//! no final complement and runs from the flags at 12 to the declared end. Version 2 has a fourth offset, to a CyberTAN
//! header whose boot counters (8 bytes at 22) count as 0xff, because the boot loader changes them.

use crate::digest::{Piece, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_filled, is_printable};
use crate::formats::router::identity;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "trx",
    rank: Rank::Magic,
    magic: MAGIC,
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Broadcom TRX",
        identified_by: "HDR0, version, ascending offsets",
        reveals: "damaged contents and a damaged second half of the header, by CRC-32",
        blind_to: "what is appended behind the declared length",
        source: "firmware-utils src/trx.c, src/otrx.c",
        tested_with: "trx and otrx of firmware-utils",
    },
};

pub(crate) const ASUS: Format = Format {
    id: "asus-trx",
    rank: Rank::Wrapper,
    magic: MAGIC,
    matches: matches_asus,
    read: read_asus,
    about: About {
        outermost: &[],
        name: "Asus TRX",
        identified_by: "TRX with version and product id in its last 64 bytes",
        reveals: "damaged contents and a damaged second half of the header, by CRC-32",
        blind_to: "what is appended behind the declared length",
        source: "firmware-utils src/asustrx.c",
        tested_with: "asustrx of firmware-utils",
    },
};

const MAGIC: &[Magic] = &[Magic::at(0, b"HDR0")];

const AT_LENGTH: u64 = 4;
const AT_CRC: u64 = 8;
const AT_FLAGS: u64 = 12;
const AT_VERSION: u64 = 14;
const AT_OFFSETS: u64 = 16;

/// The smallest header: three offsets.
const MIN_HEADER: u64 = 28;

/// Boot counters in the CyberTAN header of version 2: offset in it, and size.
const COUNTERS: (u64, u64) = (22, 8);

/// Asus' last bytes: four version numbers, the product id, and room.
const TAIL: u64 = 64;

/// What stands at the first offset of Xiaomi's HDR1, whose magic number differs in one bit.
const XIAOMI_BLOB: [u8; 4] = [0xbe, 0xba, 0, 0];

/// No flash that takes a TRX is larger.
const MAX_LENGTH: u64 = 512 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < MIN_HEADER {
        return Ok(false);
    }
    let length = declared(window)?;
    let offsets = offsets(window)?;
    let first = offsets[0];
    let mut used = offsets.iter().filter(|offset| **offset != 0).copied().collect::<Vec<_>>();
    let last = used.last().copied().unwrap_or(0);
    let ascending = used.is_sorted();
    used.dedup();
    let signs = [
        (MIN_HEADER..=MAX_LENGTH).contains(&length),
        matches!(window.le16(AT_VERSION)?, Some(1 | 2)),
        window.le16(AT_FLAGS)?.is_some_and(|flags| flags <= 0xff),
        (MIN_HEADER..=0x100).contains(&first),
        ascending && last < length,
    ];
    let is_xiaomi = window.has(first, &XIAOMI_BLOB)?;
    Ok(count(&signs) >= 3 && !is_xiaomi)
}

fn matches_asus(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(matches(window)? && tail(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    read_as(FORMAT.id, window, None, reading)
}

fn read_asus(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    read_as(ASUS.id, window, tail(window)?, reading)
}

/// The declared length.
pub(super) fn declared(window: Window<'_>) -> Result<u64, ImageError> {
    Ok(window.le32(AT_LENGTH)?.unwrap_or(0).into())
}

/// Offsets of the partitions; those that are not used are 0.
fn offsets(window: Window<'_>) -> Result<[u64; 4], ImageError> {
    let mut offsets = [0; 4];
    let used = if window.le16(AT_VERSION)? == Some(2) { 4 } else { 3 };
    for (index, offset) in offsets.iter_mut().enumerate().take(used) {
        *offset = window.le32(AT_OFFSETS + index as u64 * 4)?.unwrap_or(0).into();
    }
    Ok(offsets)
}

/// What Asus says about the unit.
struct Tail {
    version: [u8; 4],
    product: String,
    offset: u64,
}

/// The tail, at the declared end or at the end of the file.
fn tail(window: Window<'_>) -> Result<Option<Tail>, ImageError> {
    for end in [declared(window)?, window.len()] {
        let Some(offset) = end.checked_sub(TAIL) else { continue };
        let Some(bytes) = window.array::<{ TAIL as usize }>(offset)? else { continue };
        let product = crate::window::text(&bytes[4..16]);
        let padded = bytes[4 + product.len().min(12)..16].iter().all(|byte| *byte == 0);
        let is_name = is_printable(&product) && product.len() >= 3 && product.contains('-');
        if is_name && padded && bytes[0] < 100 && is_filled(&bytes[28..], 0) {
            let version = [bytes[0], bytes[1], bytes[2], bytes[3]];
            return Ok(Some(Tail { version, product, offset }));
        }
    }
    Ok(None)
}

fn read_as(
    id: &str,
    window: Window<'_>,
    tail: Option<Tail>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let length = declared(window)?;
    let offsets = offsets(window)?;
    let version = window.le16(AT_VERSION)?.unwrap_or(0);
    let image = window.clamped(0, length);
    let fields = reading.container(id, image);
    fields.insert("length".into(), length.to_string());
    fields.insert("version".into(), version.to_string());
    for (index, offset) in offsets.iter().enumerate().filter(|(_, offset)| **offset != 0) {
        fields.insert(format!("offset-{index}"), format!("{offset:#x}"));
    }
    if let Some(tail) = &tail {
        let dotted = tail.version.map(|number| number.to_string()).join(".");
        fields.insert("product".into(), tail.product.clone());
        fields.insert("asus-version".into(), dotted.clone());
        identity::record_asus(&tail.product, reading);
        if tail.version != [0; 4] {
            reading.set_version(dotted);
        }
    }
    let at = window.start();
    reading.declared_size("the TRX", at + AT_LENGTH, length, window.len());
    let counters = if version == 2 { offsets[3] } else { 0 };
    let expected = window.le32(AT_CRC)?.unwrap_or(0);
    let actual = crc(image, counters)?;
    reading.digest("crc32 of the TRX", at + AT_CRC, format!("{expected:08x}"), format!("{actual:08x}"));
    let end = tail.map_or(length, |tail| tail.offset);
    read_partitions(image, &offsets, end, reading)?;
    read_behind(window, length, reading)
}

/// The CRC from the flags to the end; with `counters`, the boot counters of the CyberTAN header there are masked.
fn crc(image: Window<'_>, counters: u64) -> Result<u32, ImageError> {
    let end = image.len();
    let masked = (counters != 0).then(|| counters.saturating_add(COUNTERS.0).min(end).max(AT_FLAGS));
    let Some(from) = masked else {
        return Ok(!crc32_of([Piece::Window(image.clamped(AT_FLAGS, u64::MAX))])?);
    };
    let size = COUNTERS.1.min(end.saturating_sub(from));
    let mask = [0xff; COUNTERS.1 as usize];
    let crc = crc32_of([
        Piece::Window(image.clamped(AT_FLAGS, from - AT_FLAGS)),
        Piece::Bytes(&mask[..size as usize]),
        Piece::Window(image.clamped(from + size, u64::MAX)),
    ])?;
    Ok(!crc)
}

/// Reads each partition: it ends where the next one starts.
fn read_partitions(
    image: Window<'_>,
    offsets: &[u64; 4],
    end: u64,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    for (index, offset) in offsets.iter().enumerate().filter(|(_, offset)| **offset >= MIN_HEADER) {
        let next = offsets.iter().copied().filter(|next| next > offset).min().unwrap_or(end);
        let size = next.min(end).saturating_sub(*offset);
        reading.part(format!("partition {index}"), image.clamped(*offset, size))?;
    }
    Ok(())
}

/// Reads what stands behind the declared length: `trx -F` leaves the root file system out of it.
fn read_behind(window: Window<'_>, length: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let rest = window.clamped(length, u64::MAX);
    if length < MIN_HEADER || rest.len() == 0 || rest.is_padding()? {
        return Ok(());
    }
    match reading.part("behind the TRX", rest)? {
        Some(_) => reading.uncovered("What follows the TRX is not covered by its checksum."),
        None => reading.trailing(window, length)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::router::tests::{check, damaged, facts};

    fn trx(version: u16, tail: &[u8]) -> Vec<u8> {
        let mut image = b"HDR0\0\0\0\0\0\0\0\0\0\0".to_vec();
        image.extend(version.to_le_bytes());
        let header = if version == 2 { 32_u32 } else { 28 };
        for offset in [header, 0x200, 0, 0x400].iter().take(if version == 2 { 4 } else { 3 }) {
            image.extend(offset.to_le_bytes());
        }
        image.extend((0..0xfc0 - image.len()).map(|index| (index * 7 / 3) as u8));
        image.extend(tail);
        image.resize(0x1000, 0);
        let mut masked = image.clone();
        if version == 2 {
            masked[0x400 + 22..0x400 + 30].fill(0xff);
        }
        let crc = !crc32fast::hash(&masked[12..]);
        image[4..8].copy_from_slice(&0x1000_u32.to_le_bytes());
        image[8..12].copy_from_slice(&crc.to_le_bytes());
        image
    }

    #[test]
    fn every_damage_shows() {
        for version in [1, 2] {
            let image = trx(version, &[]);
            check(&image, "trx");
            damaged(&image, "trx", &[0, 5, 9, 14, 17, 0x800]);
        }
        let mut counted = trx(2, &[]);
        counted[0x400 + 23] ^= 0xff;
        check(&counted, "trx");
    }

    #[test]
    fn asus_names_the_product() {
        let image = trx(1, b"\x03\0\0\x04RT-AC68U\0\0\0\0");
        check(&image, "asus-trx");
        damaged(&image, "asus-trx", &[0, 5, 9, 17, 0x800]);
        let facts = facts(&image);
        assert_eq!(facts.model.as_deref(), Some("RT-AC68U"));
        assert_eq!(facts.version.as_deref(), Some("3.0.0.4"));
    }
}
