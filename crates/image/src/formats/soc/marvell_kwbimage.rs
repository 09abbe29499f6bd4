//! What the boot ROM of Marvell's Kirkwood, Dove and Armada chips starts: a header, perhaps extension headers, and data.
//!
//! Source: U-Boot `tools/kwbimage.h`, `tools/kwbimage.c`. Little-endian. The header's sum is of bytes, the data's of
//! 32-bit words; it stands in the last word of the data. Addresses of SATA and SD images count blocks of 512 bytes.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "marvell-kwbimage",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Marvell boot image (kwbimage)",
        identified_by: "a known boot medium, sizes that add up, a header whose sum agrees",
        reveals: "damaged header (sum of bytes) and data (sum of 32-bit words)",
        blind_to: "swapped words",
        source: "U-Boot tools/kwbimage.h, tools/kwbimage.c",
        tested_with: "mkimage -T kwbimage, own construction",
    },
};

const HEADER_SIZE: u64 = 32;

/// Boot media by the first byte.
const MEDIA: &[(u8, &str)] = &[
    (0x4d, "i2c"),
    (0x5a, "spi"),
    (0x8b, "nand"),
    (SATA, "sata"),
    (0x9c, "pex"),
    (0x69, "uart"),
    (SDIO, "sdio"),
];

const SATA: u8 = 0x78;
const SDIO: u8 = 0xae;

struct Header {
    bytes: [u8; HEADER_SIZE as usize],
}

impl Header {
    fn word(&self, at: usize) -> u32 {
        let bytes = &self.bytes;
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    }

    fn medium(&self) -> Option<&'static str> {
        MEDIA.iter().find(|(id, _)| *id == self.bytes[0]).map(|(_, name)| *name)
    }

    /// 0 or 1; a flipped bit elsewhere in the byte does not hide which.
    fn version(&self) -> u8 {
        self.bytes[8] & 1
    }

    /// All headers together, as far as the sum in the first one covers them.
    fn summed_size(&self) -> u64 {
        if self.version() == 0 {
            HEADER_SIZE
        } else {
            u64::from(self.bytes[9]) << 16 | u64::from(self.bytes[11]) << 8 | u64::from(self.bytes[10])
        }
    }

    fn data_size(&self) -> u64 {
        self.word(4).into()
    }

    fn data_at(&self) -> u64 {
        let source = u64::from(self.word(0xc));
        match self.bytes[0] {
            SATA => source * 512,
            SDIO if self.version() == 1 => source * 512,
            _ if source == u64::from(u32::MAX) => self.summed_size(),
            _ => source,
        }
    }

    fn sum(&self, window: Window<'_>) -> Result<u8, ImageError> {
        let mut sum = 0_u8.wrapping_sub(self.bytes[0x1f]);
        window
            .clamped(0, self.summed_size())
            .stream(|piece| sum = piece.iter().fold(sum, |sum, byte| sum.wrapping_add(*byte)))?;
        Ok(sum)
    }
}

fn header(window: Window<'_>) -> Result<Option<Header>, ImageError> {
    Ok(window.array(0)?.map(|bytes| Header { bytes }))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = header(window)? else { return Ok(false) };
    if header.bytes[2..4].iter().all(u8::is_ascii_alphabetic) {
        // The size of a NAND page is no word; somebody else's magic number is.
        return Ok(false);
    }
    let size = header.summed_size();
    let data_size = header.data_size();
    let has_sound_size = (HEADER_SIZE..4 << 20).contains(&size) && size.is_multiple_of(4);
    let (to, entry) = (header.word(0x10), header.word(0x14));
    let enters_data = entry >= to && u64::from(entry - to) < data_size.max(1);
    let rest_is_zero = header.bytes[0x1b] == 0 && header.bytes[0x1c..0x1e] == [0; 2];
    let mut points = u32::from(header.medium().is_some())
        + u32::from(header.bytes[8] < 2)
        + u32::from((header.bytes[8] >> 1).count_ones() < 2)
        + u32::from(has_sound_size)
        + u32::from((HEADER_SIZE..64 << 20).contains(&header.data_at()))
        + u32::from(data_size > 4 && data_size < 64 << 20 && data_size.is_multiple_of(4))
        + u32::from(enters_data || entry == 0)
        + u32::from(rest_is_zero)
        + u32::from(header.bytes[0x1e] < 2);
    if points >= 5 && has_sound_size {
        // One flipped bit changes the sum by a power of two.
        let difference = header.sum(window)?.wrapping_sub(header.bytes[0x1f]);
        let is_a_bit = difference.is_power_of_two() || difference.wrapping_neg().is_power_of_two();
        points += if difference == 0 { 3 } else { u32::from(is_a_bit) };
    }
    let medium_distance = MEDIA.iter().map(|(id, _)| (id ^ header.bytes[0]).count_ones()).min();
    let needed = if header.medium().is_some() { 8 } else { 9 };
    Ok(points >= needed && medium_distance <= Some(1) && data_size > 0 && to != u32::MAX)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = header(window)? else { return Ok(()) };
    let at = window.start();
    let end = header.data_at().saturating_add(header.data_size());
    reading.set_vendor("Marvell");
    reading.set_architecture("arm");
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("medium", header.medium().unwrap_or("unknown").into());
    put("header-version", header.bytes[8].to_string());
    put("header-size", header.summed_size().to_string());
    put("data", format!("{:#x}", header.data_at()));
    put("data-size", header.data_size().to_string());
    put("load", format!("{:#x}", header.word(0x10)));
    put("entry", format!("{:#x}", header.word(0x14)));
    let known = header.medium().map_or("unknown", |_| "known");
    reading.structure("boot medium", at, "known", known);
    let (expected, actual) = (header.bytes[0x1f], header.sum(window)?);
    reading.digest("sum of the header", at + 0x1f, format!("{expected:02x}"), format!("{actual:02x}"));
    reading.declared_size("header and data", at + 4, end, window.len());
    let Some(data) = window.part(header.data_at(), header.data_size()) else { return Ok(()) };
    if let Some(body) = data.len().checked_sub(4) {
        let expected = data.le32(body)?.unwrap_or_default();
        let mut actual = 0_u32;
        let body_window = data.clamped(0, body);
        words::<4>(body_window, |word| actual = actual.wrapping_add(u32::from_le_bytes(word)))?;
        let (expected, actual) = (format!("{expected:08x}"), format!("{actual:08x}"));
        reading.digest("sum of the data's words", data.start() + body, expected, actual);
        if body_window.has(0, &[0x27, 5, 0x19, 0x56])? {
            reading.part("data", body_window)?;
        } else {
            reading.opaque_part("data", body_window)?;
        }
    }
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        for version in [0_u8, 1] {
            let mut image = vec![0_u8; HEADER_SIZE as usize];
            image[0] = 0x5a;
            image[4..8].copy_from_slice(&2004_u32.to_le_bytes());
            image[8] = version;
            image[10] = version * 32;
            image[0xc] = 32;
            image[0x10..0x18].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0x80, 0]);
            let sum = image.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
            image[0x1f] = sum;
            let data: Vec<u8> = (0..2000_u32).map(|i| (i * 7) as u8).collect();
            let sum = data.chunks(4).fold(0_u32, |sum, word| {
                sum.wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            });
            image.extend(data);
            image.extend(sum.to_le_bytes());
            check(&image, "marvell-kwbimage", Verdict::Pass, 32);
        }
    }
}
