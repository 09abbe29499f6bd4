//! EFI programs and drivers: PE/COFF images whose subsystem is one of EFI's.
//!
//! Source: Microsoft "PE Format" (COFF header, optional header, appendix A: the digest that Authenticode signs); UEFI
//! Specification 2.10, section 2.1.1. Both checks are optional: a sum of 16-bit words over the file, and the digest in
//! a signature.

use crate::digest::{hex, words};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "pe-efi",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "EFI program (PE/COFF)",
        identified_by: "MZ, PE, and a subsystem of EFI",
        reveals: "missing sections; any damage where the file carries a checksum or an Authenticode signature",
        blind_to: "damaged contents without these, and who signed",
        source: "Microsoft PE Format; UEFI Specification 2.10, section 2.1.1",
        tested_with: "Debian's iPXE, fwupdtool, own construction",
    },
};

const PE_SIGNATURE: [u8; 4] = *b"PE\0\0";

/// Where the offset of the PE header stands.
const HEADER_OFFSET_AT: u64 = 0x3c;

/// How far into the file the PE header is looked for where its offset leads nowhere.
const HEADER_REACH: u64 = 1024;

const SECTION_SIZE: u64 = 40;

const MAX_SECTIONS: u64 = 96;

/// The longest signature that is looked into.
const MAX_SIGNATURE: u64 = 1 << 20;

/// A `DigestInfo` with a SHA-256: RFC 8017, section 9.2.
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// Where the parts of the header are.
struct Header {
    pe: u64,
    optional: u64,
    is_64: bool,
    sections: u64,
    count: u64,
    votes: u32,
}

impl Header {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(start) = window.array::<2>(0)? else { return Ok(None) };
        let declared = u64::from(window.le32(HEADER_OFFSET_AT)?.unwrap_or_default());
        let found = match declared >= 0x40 && distance(window, declared)? <= 1 {
            true => Some(declared),
            false => window.find(&PE_SIGNATURE, 0x40, HEADER_REACH)?,
        };
        let Some(pe) = found else { return Ok(None) };
        let (Some(machine), Some(count), Some(size), Some(magic), Some(subsystem)) = (
            window.le16(pe + 4)?,
            window.le16(pe + 6)?,
            window.le16(pe + 20)?,
            window.le16(pe + 24)?,
            window.le16(pe + 24 + 68)?,
        ) else {
            return Ok(None);
        };
        let optional = pe + 24;
        let sections = optional + u64::from(size);
        let first = window.u8(sections)?.unwrap_or_default();
        let votes = [
            start == *b"MZ",
            found == Some(declared),
            distance(window, pe)? == 0,
            architecture(machine).is_some(),
            magic == 0x10b || magic == 0x20b,
            first == b'.' || first == b'/',
            (1..=MAX_SECTIONS).contains(&count.into()),
        ];
        // Windows' own programs have other subsystems: 10 to 13 are EFI's, 14 is a console's.
        let is_efi = (10..=13).contains(&subsystem) || subsystem.count_ones() <= 1 && subsystem & !0x0e == 0;
        let votes = if is_efi { votes.into_iter().map(u32::from).sum() } else { 0 };
        Ok(Some(Self { pe, optional, is_64: magic != 0x10b, sections, count: count.into(), votes }))
    }

    /// Offset of an entry among the data directories.
    fn directory(&self, index: u64) -> u64 {
        self.optional + if self.is_64 { 112 } else { 96 } + index * 8
    }

    fn checksum_at(&self) -> u64 {
        self.optional + 64
    }
}

fn distance(window: Window<'_>, at: u64) -> Result<u32, ImageError> {
    let there = window.array::<4>(at)?.unwrap_or([0xff; 4]);
    Ok(there.iter().zip(PE_SIGNATURE).map(|(left, right)| (left ^ right).count_ones()).sum())
}

fn architecture(machine: u16) -> Option<&'static str> {
    Some(match machine {
        0x014c => "x86",
        0x8664 => "x86_64",
        0x01c0 | 0x01c2 | 0x01c4 => "arm",
        0xaa64 => "arm64",
        0x5032 | 0x5064 => "riscv",
        0x6232 | 0x6264 => "loongarch64",
        0x0ebc => "ebc",
        _ => return None,
    })
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Header::read(window)?.is_some_and(|header| header.votes >= 6))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::read(window)? else { return Ok(()) };
    let subsystem = window.le16(header.optional + 68)?.unwrap_or_default();
    let kind = match subsystem {
        10 => "application",
        11 => "boot service driver",
        12 => "runtime driver",
        13 => "ROM",
        _ => "unknown",
    };
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let at = window.start();
    if let Some(name) = architecture(window.le16(header.pe + 4)?.unwrap_or_default()) {
        reading.set_architecture(name);
        reading.container_at(index).fields.insert("arch".into(), name.into());
    }
    reading.container_at(index).fields.insert("subsystem".into(), kind.into());
    if reading.is_outermost() || kind == "unknown" {
        reading.structure(
            "subsystem",
            at + header.optional + 68,
            "one of EFI's",
            if kind == "unknown" { "another" } else { "one of EFI's" },
        );
    }
    let mut end = u64::from(window.le32(header.optional + 60)?.unwrap_or_default());
    let mut names = Vec::new();
    for index in 0..header.count.min(MAX_SECTIONS) {
        let place = header.sections + index * SECTION_SIZE;
        let (Some(size), Some(offset)) = (window.le32(place + 16)?, window.le32(place + 20)?) else { break };
        let (size, offset) = (u64::from(size), u64::from(offset));
        if size == 0 {
            continue;
        }
        let name = window.text(place, 8)?;
        let left = window.len().saturating_sub(offset);
        // Volumes hold hundreds of programs: only what fails is told of those.
        if reading.is_outermost() || size > left {
            reading.declared_size(&format!("section {name}"), at + place + 16, size, left);
        }
        end = end.max(offset + size);
        names.push(name);
    }
    reading.container_at(index).fields.insert("sections".into(), names.join(" "));
    end = end.max(read_signature(window, &header, reading)?);
    check_sum(window, &header, reading)?;
    reading.container_at(index).size = end.min(window.len());
    reading.trailing(window, end.max(symbols_end(window, &header)?))
}

/// Where the table of symbols and the long names behind it end.
fn symbols_end(window: Window<'_>, header: &Header) -> Result<u64, ImageError> {
    let (Some(start), Some(count)) = (window.le32(header.pe + 12)?, window.le32(header.pe + 16)?) else {
        return Ok(0);
    };
    if start == 0 {
        return Ok(0);
    }
    let names = u64::from(start) + u64::from(count) * 18;
    let size = window.le32(names)?.map_or(0, u64::from);
    // Some writers leave the size of the names out.
    Ok(if names + size > window.len() { window.len() } else { names + size })
}

/// The sum of all 16-bit words but its own, with end-around carry, plus the size of the file.
fn check_sum(window: Window<'_>, header: &Header, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = header.checksum_at();
    let Some(expected) = window.le32(at)?.filter(|sum| *sum != 0) else { return Ok(()) };
    let mut sum = 0_u64;
    words(window, |word| sum += u64::from(u16::from_le_bytes(word)))?;
    sum -= u64::from(expected & 0xffff) + u64::from(expected >> 16);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let actual = (sum + window.len()) as u32;
    let place = window.start() + at;
    reading.digest("checksum of the file", place, format!("{expected:08x}"), format!("{actual:08x}"));
    Ok(())
}

/// Compares the digest that an Authenticode signature names; where the signature ends.
fn read_signature(window: Window<'_>, header: &Header, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let entry = header.directory(4);
    if entry + 8 > header.sections {
        return Ok(0);
    }
    let (Some(offset), Some(size)) = (window.le32(entry)?, window.le32(entry + 4)?) else { return Ok(0) };
    let (offset, size) = (u64::from(offset), u64::from(size));
    if size == 0 {
        return Ok(0);
    }
    let left = window.len().saturating_sub(offset);
    reading.declared_size("the signature", window.start() + entry + 4, size, left);
    reading.signature("The program");
    let signature = window.clamped(offset, size);
    if let Some(found) = signature.find(&SHA256_INFO, 0, MAX_SIGNATURE)? {
        let place = found + SHA256_INFO.len() as u64;
        let expected = signature.bytes(place, 32)?.unwrap_or_default();
        let actual = authenticode(window, header, entry, offset)?;
        let name = "sha256 that the signature names";
        reading.digest(name, signature.start() + place, hex(&expected), hex(&actual));
    }
    Ok(offset + size)
}

/// The SHA-256 of the file without its checksum, the entry of the signature and the signature itself.
fn authenticode(
    window: Window<'_>,
    header: &Header,
    entry: u64,
    signature: u64,
) -> Result<Vec<u8>, ImageError> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    let sum = header.checksum_at();
    for (from, to) in [(0, sum), (sum + 4, entry), (entry + 8, signature)] {
        window.clamped(from, to.saturating_sub(from)).stream(|piece| hasher.update(piece))?;
    }
    Ok(hasher.finalize().to_vec())
}
