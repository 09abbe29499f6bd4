//! Images that the boot ROM and the boot loader of Espressif's chips start: a header, segments, an XOR of their bytes,
//! and from the ESP32 on a SHA-256 behind it.
//!
//! Source: ESP-IDF `components/bootloader_support/include/esp_app_format.h` (`esp_image_header_t`), `esp_app_desc.h`,
//! `esp_bootloader_desc.h`, `esp_secure_boot.h` (`ets_secure_boot_sig_block_t`); esptool `bin_image.py`. All fields
//! are little-endian. The ESP8266 has only the first 8 bytes of the header.

use crate::digest::{Algorithm, crc32, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "esp-image",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["esp-image-gz"],
        name: "Espressif application or boot loader image",
        identified_by: "e9, a known chip, and segments with addresses of that family",
        reveals: "damaged segments, by an XOR of 8 bits; any damage, where a SHA-256 is appended",
        blind_to: "two equal flips in the XOR where there is no SHA-256 (ESP8266)",
        source: "ESP-IDF esp_app_format.h, esp_app_desc.h, esp_secure_boot.h; esptool bin_image.py",
        tested_with: "esptool elf2image, own construction",
    },
};

const MAGIC: u8 = 0xe9;

/// The magic word of an application's description, at the start of the first segment.
const DESCRIPTION_MAGIC: u32 = 0xabcd_5432;

/// Start value of the XOR.
const CHECKSUM_SEED: u8 = 0xef;

const MAX_SEGMENTS: u8 = 16;

/// No segment is larger: flash windows of the chips map 32 MiB at most.
const MAX_SEGMENT_SIZE: u32 = 32 << 20;

/// Signed images are followed by one sector of signatures.
const SECTOR: u64 = 4096;

const SIGNATURE_BLOCK: u64 = 1216;

/// Chips by the number in the header: name, architecture.
const CHIPS: &[(u16, &str, &str)] = &[
    (0, "esp32", "xtensa"),
    (2, "esp32s2", "xtensa"),
    (4, "esp32s3beta2", "xtensa"),
    (5, "esp32c3", "riscv"),
    (9, "esp32s3", "xtensa"),
    (12, "esp32c2", "riscv"),
    (13, "esp32c6", "riscv"),
    (16, "esp32h2", "riscv"),
    (18, "esp32p4", "riscv"),
    (20, "esp32c61", "riscv"),
    (23, "esp32c5", "riscv"),
    (25, "esp32h21", "riscv"),
    (28, "esp32h4", "riscv"),
    (31, "esp32e22", "riscv"),
    (32, "esp32s31", "riscv"),
];

const FLASH_MODES: &[&str] = &["qio", "qout", "dio", "dout", "fast-read", "slow-read"];

/// Which of the two headers an image has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// 8 bytes.
    Esp8266,
    /// 24 bytes.
    Esp32,
}

impl Family {
    fn header_size(self) -> u64 {
        match self {
            Self::Esp8266 => 8,
            Self::Esp32 => 24,
        }
    }

    /// Whether code or data can live at an address. Padding has address 0.
    fn has_address(self, address: u32) -> bool {
        match self {
            Self::Esp8266 => matches!(
                address,
                0x3ffe_8000..=0x3fff_ffff | 0x4010_0000..=0x4013_ffff | 0x4020_0000..=0x402f_ffff
            ),
            Self::Esp32 => {
                matches!(address, 0x3c00_0000..=0x5000_ffff | 0x5010_0000..=0x5011_ffff | 0x600f_e000..=0x600f_ffff)
            }
        }
    }
}

/// The segments as far as their headers make sense.
struct Segments {
    /// Of each: its address, and its data as far as it is there.
    list: Vec<(u32, u64, u32)>,
    /// Whether as many as the header says were found.
    all: bool,
    /// Where the last one ends, whether or not the file reaches that far.
    end: u64,
}

impl Segments {
    fn walk(window: Window<'_>, family: Family, count: u8) -> Result<Self, ImageError> {
        let count = if (1..=MAX_SEGMENTS).contains(&count) { count } else { MAX_SEGMENTS };
        let mut segments = Self { list: vec![], all: false, end: family.header_size() };
        for _ in 0..count {
            let (Some(address), Some(size)) = (window.le32(segments.end)?, window.le32(segments.end + 4)?)
            else {
                return Ok(segments);
            };
            let has_place = family.has_address(address) || (address == 0 && !segments.list.is_empty());
            if !has_place || size == 0 || size > MAX_SEGMENT_SIZE || size % 4 != 0 {
                return Ok(segments);
            }
            segments.list.push((address, segments.end + 8, size));
            segments.end += 8 + u64::from(size);
        }
        segments.all = true;
        Ok(segments)
    }
}

/// Where the window holds an image, which of the two headers it has. Points for what fits must add up, so that one
/// flipped bit does not hide an image.
fn family(window: Window<'_>) -> Result<Option<Family>, ImageError> {
    let head = window.head(0, 24)?;
    let Some(magic_distance) = head.first().map(|first| (first ^ MAGIC).count_ones()) else {
        return Ok(None);
    };
    if head.len() < 16 || magic_distance > 1 {
        return Ok(None);
    }
    let entry = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    for family in [Family::Esp32, Family::Esp8266] {
        let segments = Segments::walk(window, family, head[1])?;
        let has_entry = family.has_address(entry);
        let described = window.le32(family.header_size() + 8)? == Some(DESCRIPTION_MAGIC);
        if !has_entry && segments.list.is_empty() && !described {
            continue;
        }
        let mut points = 2 - magic_distance;
        points += u32::from((1..=MAX_SEGMENTS).contains(&head[1]));
        points += u32::from(usize::from(head[2]) < FLASH_MODES.len());
        points += 2 * u32::from(has_entry);
        points += 2 * u32::from(!segments.list.is_empty());
        points += 2 * u32::from(segments.list.len() > 1 || segments.all);
        points += 3 * u32::from(described);
        let enough = match family {
            Family::Esp8266 => 8,
            Family::Esp32 => {
                let chip = chip(u16::from_le_bytes([head[12], head[13]]));
                points += 2 * u32::from(chip.is_some());
                points += u32::from(head.get(19..23) == Some(&[0; 4]));
                points += u32::from(head.get(23).is_some_and(|flag| *flag < 2));
                9
            }
        };
        if points >= enough {
            return Ok(Some(family));
        }
    }
    Ok(None)
}

fn chip(number: u16) -> Option<(&'static str, &'static str)> {
    CHIPS.iter().find(|(id, ..)| *id == number).map(|(_, name, architecture)| (*name, *architecture))
}

pub(super) fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(family(window)?.is_some())
}

/// The name and version of the application that a window starts with, if it says so.
pub(super) fn description(window: Window<'_>) -> Result<Option<(String, String)>, ImageError> {
    if window.le32(32)? != Some(DESCRIPTION_MAGIC) {
        return Ok(None);
    }
    Ok(Some((window.text(80, 32)?, window.text(48, 32)?)))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(family) = family(window)? else { return Ok(()) };
    let at = window.start();
    let head = window.head(0, 24)?;
    reading.set_vendor("Espressif");
    describe(window, family, &head, reading)?;
    let index = reading.last_container();
    reading.structure("magic number", at, format!("{MAGIC:02x}"), format!("{:02x}", head[0]));
    let segments = Segments::walk(window, family, head[1])?;
    let declared = head[1].to_string();
    let found = segments.list.len().to_string();
    reading.structure("number of segments", at + 1, declared, found);
    if !segments.all {
        return Ok(());
    }
    // The XOR stands in the last byte of a block of 16.
    let checksum_at = segments.end | 15;
    reading.declared_size("the segments", at, checksum_at + 1, window.len());
    if let Some(expected) = window.u8(checksum_at)? {
        let mut checksum = CHECKSUM_SEED;
        for (_, offset, size) in &segments.list {
            let data = window.clamped(*offset, u64::from(*size));
            data.stream(|piece| checksum = piece.iter().fold(checksum, |xor, byte| xor ^ byte))?;
        }
        let (expected, actual) = (format!("{expected:02x}"), format!("{checksum:02x}"));
        reading.digest("xor of the segments", at + checksum_at, expected, actual);
    }
    let mut end = checksum_at + 1;
    let left = window.len().saturating_sub(end);
    // A flag that lost its bit leaves exactly the digest behind.
    let has_digest = family == Family::Esp32
        && (head.get(23).is_some_and(|flag| *flag != 0)
            || (left == 32 && !window.clamped(end, 32).is_padding()?));
    if has_digest {
        reading.declared_size("the appended sha256", at + 23, end + 32, window.len());
        if let Some(expected) = window.array::<32>(end)? {
            let actual = Algorithm::Sha256.of(window.clamped(0, end))?;
            reading.digest("sha256 of the image", at + end, hex(&expected), hex(&actual));
        }
        end += 32;
    }
    end = read_signatures(window, end, reading)?;
    let size = end.min(window.len());
    reading.container_at(index).size = size;
    reading.trailing(window, size)
}

fn describe(
    window: Window<'_>,
    family: Family,
    head: &[u8],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let chip = match family {
        Family::Esp8266 => Some(("esp8266", "xtensa")),
        Family::Esp32 => chip(u16::from_le_bytes([head[12], head[13]])),
    };
    let at_description = family.header_size() + 8;
    let description = description(window)?;
    let boot_loader = window.u8(at_description)? == Some(0x50)
        && window.text(at_description + 8, 32)?.starts_with('v')
        && description.is_none();
    let fields = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("segments", head[1].to_string());
    put("entry", format!("{:#x}", u32::from_le_bytes([head[4], head[5], head[6], head[7]])));
    put("flash-mode", FLASH_MODES.get(usize::from(head[2])).map_or("unknown", |name| name).into());
    put("flash-size-code", (head[3] >> 4).to_string());
    if let Some((name, _)) = chip {
        put("chip", name.into());
    }
    if let Some((name, version)) = &description {
        put("project", name.clone());
        put("version", version.clone());
        put("time", window.text(112, 16)?);
        put("date", window.text(128, 16)?);
        put("idf", window.text(144, 32)?);
        put("secure-version", window.le32(36)?.unwrap_or_default().to_string());
        put("elf-sha256", hex(&window.head(176, 32)?));
    } else if boot_loader {
        put("kind", "boot loader".into());
        put("idf", window.text(at_description + 8, 32)?);
    }
    if let Some((name, architecture)) = chip {
        reading.board(name);
        reading.set_architecture(architecture);
    }
    if let Some((name, version)) = description {
        reading.set_model(name);
        reading.set_version(version);
    }
    Ok(())
}

/// Signatures of secure boot version 2 (a sector with up to three blocks) and version 1 (68 bytes); the offset behind
/// them, or the one given.
fn read_signatures(window: Window<'_>, end: u64, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let sector = end.next_multiple_of(SECTOR);
    let mut found = false;
    for index in 0..3 {
        let block = window.clamped(sector + index * SIGNATURE_BLOCK, SIGNATURE_BLOCK);
        if block.len() < SIGNATURE_BLOCK || !block.has(0, &[0xe7, 2])? {
            break;
        }
        found = true;
        let at = block.start();
        let signed = Algorithm::Sha256.of(window.clamped(0, sector))?;
        reading.digest("sha256 in the signature block", at + 4, hex(&block.head(4, 32)?), hex(&signed));
        let crc = block.le32(1196)?.unwrap_or_default();
        let actual = crc32(block.clamped(0, 1196))?;
        reading.digest(
            "crc32 of the signature block",
            at + 1196,
            format!("{crc:08x}"),
            format!("{actual:08x}"),
        );
        reading.signature(format!("The image (RSA-3072 of secure boot version 2, block {index})"));
    }
    if found {
        return Ok(sector + SECTOR);
    }
    let left = window.len().saturating_sub(end);
    if (68..68 + SECTOR).contains(&left) && window.has(window.len() - 68, &[0; 4])? {
        let gap = window.clamped(end, left - 68);
        if gap.is_padding()? && !window.clamped(window.len() - 64, 64).is_padding()? {
            reading.signature("The image (ECDSA of secure boot version 1)");
            return Ok(window.len());
        }
    }
    Ok(end)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;
    use sha2::Digest;

    /// An application for a chip, made as esptool does.
    pub(in super::super) fn application(chip: u16, name: &str, version: &str) -> Vec<u8> {
        let mut first = vec![0; 0x200];
        first[..4].copy_from_slice(&DESCRIPTION_MAGIC.to_le_bytes());
        first[16..16 + version.len()].copy_from_slice(version.as_bytes());
        first[48..48 + name.len()].copy_from_slice(name.as_bytes());
        let second: Vec<u8> = (0..0x600_u32).map(|i| (i * 7) as u8).collect();
        let mut image = vec![0; 24];
        image[..4].copy_from_slice(&[MAGIC, 2, 2, 0x20]);
        image[4..8].copy_from_slice(&0x4008_1000_u32.to_le_bytes());
        image[8] = 0xee;
        image[12..14].copy_from_slice(&chip.to_le_bytes());
        image[23] = 1;
        let mut checksum = CHECKSUM_SEED;
        for (address, data) in [(0x3f40_0020_u32, first), (0x4008_0000, second)] {
            image.extend(address.to_le_bytes());
            image.extend((data.len() as u32).to_le_bytes());
            checksum = data.iter().fold(checksum, |xor, byte| xor ^ byte);
            image.extend(data);
        }
        image.resize(image.len() | 15, 0);
        image.push(checksum);
        let digest = sha2::Sha256::digest(&image);
        image.extend(digest);
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = application(9, "lamp", "1.2.3");
        let facts = inspect(&image).unwrap();
        assert_eq!(facts.format.as_deref(), Some("esp-image"));
        assert_eq!(facts.integrity.verdict, Verdict::Pass, "{:?}", facts.integrity);
        assert!(facts.warnings.is_empty());
        assert_eq!(facts.model.as_deref(), Some("lamp"));
        assert_eq!(facts.version.as_deref(), Some("1.2.3"));
        assert_eq!(
            (facts.board_ids.as_slice(), facts.architecture.as_deref()),
            (&["esp32s3".into()][..], Some("xtensa"))
        );
        for bit in 0..32 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("esp-image"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
        }
        let junk = [image.as_slice(), &[0x5a; 1337]].concat();
        let facts = inspect(&junk).unwrap();
        assert_eq!((facts.integrity.verdict, facts.warnings.len()), (Verdict::Pass, 1));
        for len in 0..image.len() {
            let facts = inspect(&image[..len].to_vec()).unwrap();
            assert_ne!(facts.integrity.verdict, Verdict::Pass, "{len}");
        }
        let cut = inspect(&image[..image.len() * 6 / 10].to_vec()).unwrap();
        assert_eq!((cut.format.as_deref(), cut.integrity.verdict), (Some("esp-image"), Verdict::Fail));
    }

    #[test]
    fn a_signature_block_is_seen_and_checked() {
        let mut image = application(0, "lamp", "1");
        image.resize(image.len().next_multiple_of(SECTOR as usize), 0xff);
        let digest = sha2::Sha256::digest(&image);
        let mut block = vec![0; SIGNATURE_BLOCK as usize];
        block[..2].copy_from_slice(&[0xe7, 2]);
        block[4..36].copy_from_slice(&digest);
        let crc = crc32fast::hash(&block[..1196]);
        block[1196..1200].copy_from_slice(&crc.to_le_bytes());
        block.resize(SECTOR as usize, 0xff);
        image.extend(block);
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.integrity.verdict, facts.warnings.len()), (Verdict::Pass, 0), "{facts:?}");
        assert!(facts.provenance.reasons[0].contains("secure boot"));
        image[2500] ^= 1;
        assert_eq!(inspect(&image).unwrap().integrity.verdict, Verdict::Fail);
    }
}
