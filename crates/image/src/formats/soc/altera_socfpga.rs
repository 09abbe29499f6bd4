//! What the boot ROM of Intel (Altera) SoC FPGAs starts: code with a header at 0x40, and a CRC-32 behind it.
//!
//! Source: U-Boot `tools/socfpgaimage.c`; Cyclone V and Arria 10 Hard Processor System Technical Reference Manuals,
//! "Booting and Configuration". Little-endian. The CRC is the one of bzip2 (most significant bit first). Flash often holds four
//! copies, 64 KiB (version 0) or 256 KiB (version 1) apart, and U-Boot proper behind them.

use crate::digest::{byte_sum, crc32_as};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "altera-socfpga",
    rank: Rank::Magic,
    magic: &[Magic::at(0x40, b"AS01")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Intel (Altera) SoC FPGA boot image",
        identified_by: "AS01 at 0x40 with sizes that fit",
        reveals: "a damaged header (sum) and damaged code (CRC-32 of bzip2)",
        blind_to: "the padding up to 64 KiB",
        source: "U-Boot tools/socfpgaimage.c",
        tested_with: "mkimage -T socfpgaimage, mkimage -T socfpgaimage_v1",
    },
};

const HEADER: u64 = 0x40;

/// The fields that both versions have.
struct Header {
    version: u8,
    /// With the CRC.
    length: u64,
    /// Bytes that the sum covers.
    summed: u64,
    sum: u16,
    /// How far copies are apart.
    slot: u64,
}

impl Header {
    fn parse(window: Window<'_>, at: u64) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<20>(at + HEADER)? else { return Ok(None) };
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        // Version 1 says the size of its header where version 0 has its length: 20 is too short for code.
        let is_v1 = half(6) == 20 || (bytes[4] == 1 && half(16) == 0);
        Ok(Some(if is_v1 {
            let length = u64::from(half(8)) | u64::from(half(10)) << 16;
            Self { version: 1, length, summed: 18, sum: half(18), slot: 0x4_0000 }
        } else {
            let length = u64::from(half(6)) * 4;
            Self { version: 0, length, summed: 10, sum: half(10), slot: 0x1_0000 }
        }))
    }

    fn is_plausible(&self) -> bool {
        self.length > HEADER + 32 && self.length <= self.slot
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = Header::parse(window, 0)? else { return Ok(false) };
    let actual = byte_sum(window.clamped(HEADER, header.summed))? as u16;
    Ok(window.has(HEADER, b"AS01")? && (header.is_plausible() || actual == header.sum))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.set_vendor("Intel/Altera");
    reading.set_architecture("arm");
    let mut at = 0;
    let mut end = 0;
    // Flash holds at most four copies.
    for copy in 0..4 {
        let Some(header) = Header::parse(window, at)? else { break };
        if copy > 0 && !window.has(at + HEADER, b"AS01")? {
            break;
        }
        let last = read_copy(window, at, &header, copy == 0, reading)?;
        end = at + last;
        at += header.slot;
    }
    let next = end.next_multiple_of(0x1_0000);
    let rest = window.clamped(next, u64::MAX);
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
    }
    reading.trailing(window, end)
}

/// Checks one copy, and returns its length.
fn read_copy(
    window: Window<'_>,
    at: u64,
    header: &Header,
    is_first: bool,
    reading: &mut Reading<'_>,
) -> Result<u64, ImageError> {
    let image = window.clamped(at, header.length);
    if is_first {
        let fields = reading.container(FORMAT.id, image);
        fields.insert("header-version".into(), header.version.to_string());
        fields.insert("length".into(), header.length.to_string());
    }
    let start = window.start() + at;
    let actual = byte_sum(window.clamped(at + HEADER, header.summed))? as u16;
    let (expected, actual) = (format!("{:04x}", header.sum), format!("{actual:04x}"));
    reading.digest("sum of the header", start + HEADER + header.summed, expected, actual);
    reading.declared_size("the image", start + HEADER, header.length, window.len().saturating_sub(at));
    if let (true, Some(covered)) = (image.len() == header.length, header.length.checked_sub(4)) {
        let expected = image.le32(covered)?.unwrap_or_default();
        let actual = crc32_as(image.clamped(0, covered), &crc::CRC_32_BZIP2)?;
        let (expected, actual) = (format!("{expected:08x}"), format!("{actual:08x}"));
        reading.digest("crc32 of the image", start + covered, expected, actual);
    }
    if is_first {
        reading.opaque_part("code", image)?;
    }
    Ok(header.length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        for version in [0, 1] {
            let mut image = vec![0_u8; 0x40];
            let length = 4096_u32;
            let mut header = b"AS01".to_vec();
            if version == 0 {
                header.extend([0, 0]);
                header.extend((length as u16 / 4).to_le_bytes());
                header.extend([0, 0]);
            } else {
                header.extend([1, 0, 20, 0]);
                header.extend(length.to_le_bytes());
                header.extend([0x54, 0, 0, 0, 0, 0]);
            }
            let sum: u16 = header.iter().map(|byte| u16::from(*byte)).sum();
            header.extend(sum.to_le_bytes());
            image.extend(header);
            image.resize(length as usize - 4, 9);
            let crc = crc32_as(Window::whole(&image), &crc::CRC_32_BZIP2).unwrap();
            image.extend(crc.to_le_bytes());
            image.resize(8192, 0);
            let cut = crate::inspect::inspect(&image[..3000].to_vec()).unwrap();
            assert_eq!(
                (cut.format.as_deref(), cut.integrity.verdict),
                (Some("altera-socfpga"), Verdict::Fail)
            );
            image.truncate(length as usize);
            check(&image, "altera-socfpga", Verdict::Pass, 80);
        }
    }
}
