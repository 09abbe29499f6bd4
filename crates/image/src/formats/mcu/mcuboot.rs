//! MCUboot images: a header, the program, and type-length-value records with digest and signature.
//!
//! Source: MCUboot `docs/design.md` (image format), `boot/bootutil/include/bootutil/image.h`. Little-endian. The digest
//! covers header, program and protected records; what follows the records is erased flash and perhaps a trailer.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "mcuboot",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x3d, 0xb8, 0xf3, 0x96])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "MCUboot image (Zephyr, mynewt)",
        identified_by: "magic 3db8f396, sizes that add up",
        reveals: "any damage of header and program, by SHA-256 (or 384, 512)",
        blind_to: "encrypted programs: their digest is of the plain text",
        source: "MCUboot docs/design.md, boot/bootutil/include/bootutil/image.h",
        tested_with: "imgtool, own construction",
    },
};

const HEADER_SIZE: u64 = 32;
const RECORDS: u16 = 0x6907;
const PROTECTED_RECORDS: u16 = 0x6908;

/// Flags that say that the program is encrypted (AES-128, AES-256).
const ENCRYPTED: u32 = 0x04 | 0x08;

const TRAILER: [u8; 16] =
    [0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80];

/// The most records that are read.
const MAX_RECORDS: u32 = 64;

struct Header {
    load: u32,
    header_size: u64,
    protected_size: u64,
    program_size: u64,
    flags: u32,
    version: String,
}

impl Header {
    fn parse(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(None) };
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
        let mut version = format!("{}.{}.{}", bytes[20], bytes[21], half(22));
        if word(24) != 0 {
            version += &format!("+{}", word(24));
        }
        Ok(Some(Self {
            load: word(4),
            header_size: half(8).into(),
            protected_size: half(10).into(),
            program_size: word(12).into(),
            flags: word(16),
            version,
        }))
    }

    fn program_end(&self) -> u64 {
        self.header_size + self.program_size
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(false) };
    let end = header.program_end();
    let has_records = [RECORDS, PROTECTED_RECORDS].map(Some).contains(&window.le16(end)?);
    let points = u32::from(header.header_size >= HEADER_SIZE && header.header_size % 4 == 0)
        + u32::from(header.flags & 0xffff_0000 == 0)
        + u32::from(window.le32(28)? == Some(0))
        + u32::from(header.program_size > 0 && header.program_size < 64 << 20)
        + 2 * u32::from(has_records);
    Ok(points >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(()) };
    let at = window.start();
    let fields = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("version", header.version.clone());
    put("load", format!("{:#x}", header.load));
    put("header-size", header.header_size.to_string());
    put("program-size", header.program_size.to_string());
    put("flags", format!("{:#x}", header.flags));
    let index = reading.last_container();
    reading.set_version(header.version.clone());
    reading.declared_size("header and program", at + 12, header.program_end(), window.len());
    let program = window.clamped(header.header_size, header.program_size);
    let end = header.program_end();
    let records = Records { window, header: &header };
    let end = if end <= window.len() { records.read(end, reading)? } else { window.len() };
    reading.container_at(index).size = end;
    reading.opaque_part("program", program)?;
    let rest = window.clamped(end, u64::MAX);
    let has_trailer = rest.len() >= 16 && rest.has(rest.len() - 16, &TRAILER)?;
    if has_trailer { Ok(()) } else { reading.trailing(window, end) }
}

struct Records<'a> {
    window: Window<'a>,
    header: &'a Header,
}

impl Records<'_> {
    /// Reads protected and other records, and returns where they end.
    fn read(&self, start: u64, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
        let mut at = start;
        let mut compared = false;
        if self.header.flags & ENCRYPTED != 0 {
            let found = if self.has_key(start)? { "there" } else { "missing" };
            reading.structure("record with the key of the program", self.window.start() + 16, "there", found);
        }
        let mut signed_end = start;
        if self.header.protected_size > 0 {
            let magic = self.window.le16(at)?.unwrap_or_default();
            let size = self.window.le16(at + 2)?.unwrap_or_default();
            let offset = self.window.start() + at;
            reading.structure("magic of protected records", offset, PROTECTED_RECORDS, magic);
            reading.structure("size of protected records", offset + 2, self.header.protected_size, size);
            self.walk(at, u64::from(size), signed_end, &mut compared, reading)?;
            at += self.header.protected_size;
            signed_end = at;
        }
        let offset = self.window.start() + at;
        let magic = self.window.le16(at)?.unwrap_or_default();
        reading.structure("magic of records", offset, format!("{RECORDS:04x}"), format!("{magic:04x}"));
        if magic != RECORDS {
            return Ok(at);
        }
        let size = u64::from(self.window.le16(at + 2)?.unwrap_or_default());
        reading.declared_size("records", offset + 2, at + size, self.window.len());
        self.walk(at, size, signed_end, &mut compared, reading)?;
        if !compared {
            reading.uncovered("The program's digest is of its plain text, or is missing.");
        }
        Ok((at + size).min(self.window.len()))
    }

    /// Whether a record holds the key of an encrypted program; looks at the unprotected ones only.
    fn has_key(&self, start: u64) -> Result<bool, ImageError> {
        let mut at = start + self.header.protected_size + 4;
        for _ in 0..MAX_RECORDS {
            let (Some(kind), Some(len)) = (self.window.le16(at)?, self.window.le16(at + 2)?) else { break };
            if (0x30..=0x37).contains(&(kind & 0xff)) {
                return Ok(true);
            }
            at += 4 + u64::from(len);
        }
        Ok(false)
    }

    fn walk(
        &self,
        start: u64,
        size: u64,
        signed_end: u64,
        compared: &mut bool,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let end = start.saturating_add(size);
        let mut at = start + 4;
        let mut sound = true;
        for _ in 0..MAX_RECORDS {
            if at >= end {
                break;
            }
            let (Some(kind), Some(len)) = (self.window.le16(at)?, self.window.le16(at + 2)?) else { break };
            let value = self.window.clamped(at + 4, len.into());
            at += 4 + u64::from(len);
            sound = sound && at <= end;
            let what = match kind & 0xff {
                0x10 => self.compare(Algorithm::Sha256, value, signed_end, compared, reading)?,
                0x11 => self.compare(Algorithm::Sha384, value, signed_end, compared, reading)?,
                0x12 => self.compare(Algorithm::Sha512, value, signed_end, compared, reading)?,
                0x20 => "RSA-2048",
                0x21 | 0x22 | 0x25 => "ECDSA",
                0x23 => "RSA-3072",
                0x24 => "Ed25519",
                _ => "",
            };
            if !what.is_empty() {
                reading.signature(format!("The program ({what})"));
            }
        }
        reading.structure(
            "records",
            self.window.start() + start,
            "well-formed",
            if sound && at == end { "well-formed" } else { "broken" },
        );
        Ok(())
    }

    fn compare(
        &self,
        algorithm: Algorithm,
        value: Window<'_>,
        signed_end: u64,
        compared: &mut bool,
        reading: &mut Reading<'_>,
    ) -> Result<&'static str, ImageError> {
        if self.header.flags & ENCRYPTED == 0 {
            let actual = algorithm.of(self.window.clamped(0, signed_end))?;
            let name = format!("{} of header and program", algorithm.id());
            reading.digest(name, value.start(), hex(&value.head(0, 64)?), hex(&actual));
            *compared = true;
        }
        Ok("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;
    use sha2::Digest;

    fn image() -> Vec<u8> {
        let mut image = vec![0; 32];
        image[..4].copy_from_slice(&[0x3d, 0xb8, 0xf3, 0x96]);
        image[8] = 32;
        image[12..16].copy_from_slice(&1000_u32.to_le_bytes());
        image[20..24].copy_from_slice(&[1, 2, 3, 0]);
        image.extend((0..1000_u32).map(|i| (i * 5) as u8));
        let digest = sha2::Sha256::digest(&image);
        image.extend([0x07, 0x69, 40, 0, 0x10, 0, 32, 0]);
        image.extend(digest);
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = image();
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("mcuboot"), Verdict::Pass));
        assert_eq!((facts.version.as_deref(), facts.warnings.len()), (Some("1.2.3"), 0));
        for bit in 0..32 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("mcuboot"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
        }
        for len in 0..image.len() {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass);
        }
        let padded = [image.as_slice(), &[0xff; 3000], &TRAILER].concat();
        let facts = inspect(&padded).unwrap();
        assert_eq!((facts.integrity.verdict, facts.warnings.len()), (Verdict::Pass, 0));
        assert_eq!(inspect(&[image, vec![7; 1337]].concat()).unwrap().warnings.len(), 1);
    }
}
