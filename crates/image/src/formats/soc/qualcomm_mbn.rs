//! Images that Qualcomm's boot loaders load: a header of 40 bytes (or 80 with a code word), code, signature, certificates.
//!
//! Source: coreboot `util/qualcomm/mbn_tools.py` (headers of boot and SBL images). Little-endian. Newer images are ELF
//! files and are read as such.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "qualcomm-mbn",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Qualcomm boot loader image (MBN)",
        identified_by: "addresses and sizes that agree with each other",
        reveals: "missing bytes; a header that contradicts itself",
        blind_to: "changed code: only a signature covers it",
        source: "coreboot util/qualcomm/mbn_tools.py",
        tested_with: "own construction",
    },
};

const SHORT_SIZE: u64 = 40;
const LONG_SIZE: u64 = 80;
const CODE_WORD: u32 = 0x844b_dcd1;
const LONG_MAGIC: u32 = 0x73d7_1034;

/// Where the two headers have their fields.
struct Header {
    size: u64,
    id: u32,
    version: u32,
    source: u32,
    address: u32,
    total: u32,
    code: u32,
    signature_at: u32,
    signature: u32,
    certificates_at: u32,
    certificates: u32,
}

impl Header {
    fn parse(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<{ SHORT_SIZE as usize }>(0)? else { return Ok(None) };
        let word = |index: usize| {
            let at = 4 * index;
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let distance = (word(0) ^ CODE_WORD).count_ones() + (word(1) ^ LONG_MAGIC).count_ones();
        if distance <= 1 {
            let at = |offset: u64| Ok::<u32, ImageError>(window.le32(offset)?.unwrap_or_default());
            return Ok(Some(Self {
                size: LONG_SIZE,
                id: word(2),
                version: 3,
                source: at(20)?,
                address: at(24)?,
                total: at(28)?,
                code: at(32)?,
                signature_at: at(36)?,
                signature: at(40)?,
                certificates_at: at(44)?,
                certificates: at(48)?,
            }));
        }
        Ok(Some(Self {
            size: SHORT_SIZE,
            id: word(0),
            version: word(1),
            source: word(2),
            address: word(3),
            total: word(4),
            code: word(5),
            signature_at: word(6),
            signature: word(7),
            certificates_at: word(8),
            certificates: word(9),
        }))
    }

    /// What should hold, what it counts, and its name.
    fn conditions(&self) -> [(bool, u32, &'static str); 7] {
        let sum = u64::from(self.code) + u64::from(self.signature) + u64::from(self.certificates);
        // Where there is no signature, its address may be missing, which proves nothing.
        let signature_points = if self.signature_at == 0 { 0 } else { 2 };
        let follows_code = self.signature_at == self.address.wrapping_add(self.code);
        let is_absent = self.signature == 0 && self.signature_at == 0;
        let follows_signature = self.certificates_at == self.signature_at.wrapping_add(self.signature);
        let has_none = self.certificates == 0 && self.certificates_at == 0;
        [
            ((1..0x100).contains(&self.id), 1, "image number"),
            (matches!(self.version, 3 | 5 | 6), 2, "header version"),
            (self.source == 0 || u64::from(self.source) == self.size, 1, "place of the code"),
            (self.total != 0 && u64::from(self.total) == sum, 2, "size of all parts together"),
            (follows_code || is_absent, signature_points, "address of the signature"),
            (follows_signature || has_none, signature_points, "address of the certificates"),
            (self.address != 0 && self.address.is_multiple_of(16), 1, "load address"),
        ]
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(false) };
    let points: u32 =
        header.conditions().iter().map(|(holds, points, _)| if *holds { *points } else { 0 }).sum();
    let needed = if header.size == LONG_SIZE { 4 } else { 6 };
    Ok(points >= needed
        && header.code > 0
        && header.code.min(header.total) < 256 << 20
        && header.address != 0)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(()) };
    let at = window.start();
    let end = header.size + u64::from(header.total.max(header.code));
    reading.set_vendor("Qualcomm");
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("image", format!("{:#x}", header.id));
    put("header-version", header.version.to_string());
    put("load", format!("{:#x}", header.address));
    put("code-size", header.code.to_string());
    put("signature-size", header.signature.to_string());
    put("certificates-size", header.certificates.to_string());
    if header.size == LONG_SIZE {
        let is_whole = window.le32(0)? == Some(CODE_WORD) && window.le32(4)? == Some(LONG_MAGIC);
        let found = if is_whole { "there" } else { "damaged" };
        reading.structure("code word and magic number", at, "there", found);
    }
    for (holds, _, name) in header.conditions() {
        reading.structure(name, at, "as the others say", if holds { "as the others say" } else { "another" });
    }
    reading.declared_size("the image", at + 16, end, window.len());
    if header.signature > 0 {
        reading.signature("The image (Qualcomm secure boot)");
    }
    reading.uncovered("Only a signature, if any, covers the code of an MBN image.");
    reading.opaque_part("code", window.clamped(header.size, header.code.into()))?;
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let code: Vec<u8> = (0..3000_u32).map(|i| (i * 7) as u8).collect();
        let fields = [0_u32, 0x8ff0_0000, 3000, 3000, 0x8ff0_0bb8, 0, 0x8ff0_0bb8, 0];
        for (start, size) in
            [(vec![0x15, 3], SHORT_SIZE), (vec![CODE_WORD, LONG_MAGIC, 0x15, 0, 0], LONG_SIZE)]
        {
            let words = start.into_iter().chain(fields);
            let mut image: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
            image.resize(size as usize, 0);
            image.extend(&code);
            check(&image, "qualcomm-mbn", Verdict::Unknown, 0);
        }
    }
}
