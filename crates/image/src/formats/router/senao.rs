//! Senao's firmware header, for EnGenius: 96 bytes, then contents that are mixed with the magic number.
//!
//! Source: firmware-utils `src/mksenaofw.c` (d21804a). Fields are big-endian. The magic number is any; contents are
//! XORed with it, shifted right by the position in groups of eight bytes. The MD5 is that of the plain contents, the
//! header has a sum of its bytes. Combined images (type 0) have a second header with the name of the model.

use debrick_target::{Source, SourceError};

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::evidence::{count, is_filled, is_text_field};
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "senao",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Senao firmware, of EnGenius",
        identified_by: "layout of the header and the sum of its bytes",
        reveals: "damaged contents by MD5, most damages of the header by a sum of its bytes",
        blind_to: "what is appended, bytes of the header that changed places",
        source: "firmware-utils src/mksenaofw.c",
        tested_with: "mksenaofw",
    },
};

const HEADER_SIZE: u64 = 0x60;
const AT_VENDOR: u64 = 4;
const AT_PRODUCT: u64 = 8;
const AT_VERSION: u64 = 12;
const AT_TYPE: u64 = 28;
const AT_SIZE: u64 = 32;
const AT_MD5: u64 = 40;
const AT_SUM: usize = 88;
const AT_MAGIC: usize = 92;

/// The second header of combined images, without the name of the model that ends it.
const SECOND_HEADER: u64 = 40;

/// The longest name of a model.
const MAX_MODEL: u64 = 256;

/// The vendor id that EnGenius and Senao use.
const ENGENIUS: u32 = 0x101;

const TYPES: &[&str] = &["combined", "bootloader", "kernel", "kernelapp", "apps"];

/// The highest type.
const MAX_TYPE: u32 = 12;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(header) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(false) };
    let version = is_text_field(&header[12..28], 1);
    let size = window.be32(AT_SIZE)?.unwrap_or(0);
    let signs = [
        header[..4] == [0; 4],
        window.be32(AT_VENDOR)?.is_some_and(|vendor| (1..=0xffff).contains(&vendor)),
        version,
        window.be32(AT_TYPE)?.is_some_and(|kind| kind <= MAX_TYPE),
        header[36..40] == [0; 4],
        is_filled(&header[56..88], 0),
        size != 0 && size <= 256 << 20,
        header[AT_MAGIC..] != [0; 4],
    ];
    let sum = Header::of(window)?.sum(window)?;
    let stored = window.be32(AT_SUM as u64)?.unwrap_or(0);
    // One flipped bit changes the sum, or the stored sum, by a power of two.
    let is_near = sum == stored || sum.abs_diff(stored).is_power_of_two();
    Ok(version && is_near && count(&signs) >= 7)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = Header::of(window)?;
    let word = |at| Ok::<_, ImageError>(window.be32(at)?.unwrap_or(0));
    let (vendor, product, kind) = (word(AT_VENDOR)?, word(AT_PRODUCT)?, word(AT_TYPE)?);
    let size = u64::from(word(AT_SIZE)?);
    let version = window.text(AT_VERSION, 16)?;
    let model =
        window.text(HEADER_SIZE + SECOND_HEADER, header.size.saturating_sub(HEADER_SIZE + SECOND_HEADER))?;
    let fields = reading.container(FORMAT.id, window.clamped(0, header.size + size));
    fields.insert("vendor-id".into(), format!("{vendor:x}"));
    fields.insert("product-id".into(), format!("{product:x}"));
    fields.insert("version".into(), version.clone());
    let kind = TYPES.get(kind as usize).map_or_else(|| kind.to_string(), |name| (*name).to_owned());
    fields.insert("type".into(), kind);
    fields.insert("magic".into(), hex(&header.magic));
    if !model.is_empty() {
        fields.insert("model".into(), model.clone());
    }
    if vendor == ENGENIUS {
        reading.set_vendor("EnGenius");
    }
    reading.set_model(model);
    reading.set_version(version);
    reading.board(format!("{product:x}"));
    let at = window.start();
    let (expected, actual) = (word(AT_SUM as u64)?, header.sum(window)?);
    reading.digest(
        "sum of the header",
        at + AT_SUM as u64,
        format!("{expected:08x}"),
        format!("{actual:08x}"),
    );
    let there = window.len().saturating_sub(header.size);
    reading.declared_size("the contents", at + AT_SIZE, size, there);
    let plain = Unmixed { mixed: window.clamped(header.size, u64::MAX), key: header.key() };
    let plain = Window::metered(&plain, window.meter());
    let contents = plain.clamped(0, size);
    let (stored, actual) = (window.head(AT_MD5, 16)?, Algorithm::Md5.of(contents)?);
    reading.digest("md5 of the plain contents", at + AT_MD5, hex(&stored), hex(&actual));
    payload::read_hidden(contents, reading)?;
    reading.trailing(plain, size)
}

/// What is needed of the header.
struct Header {
    /// Bytes up to the contents.
    size: u64,
    magic: [u8; 4],
}

impl Header {
    /// With or without a second header: what the sum speaks for, since the type may be damaged.
    fn of(window: Window<'_>) -> Result<Self, ImageError> {
        let magic = window.array(AT_MAGIC as u64)?.unwrap_or_default();
        let first = Self { size: HEADER_SIZE, magic };
        let model_size = u64::from(window.be32(HEADER_SIZE + SECOND_HEADER - 4)?.unwrap_or(0));
        if model_size > MAX_MODEL {
            return Ok(first);
        }
        let both = Self { size: HEADER_SIZE + SECOND_HEADER + model_size, magic };
        let stored = window.be32(AT_SUM as u64)?.unwrap_or(0);
        let is_nearer = both.sum(window)?.abs_diff(stored) < first.sum(window)?.abs_diff(stored);
        Ok(if is_nearer { both } else { first })
    }

    /// The sum of all bytes, with its own field at zero.
    fn sum(&self, window: Window<'_>) -> Result<u32, ImageError> {
        let mut header = window.head(0, self.size)?;
        if let Some(field) = header.get_mut(AT_SUM..AT_SUM + 4) {
            field.fill(0);
        }
        Ok(header.iter().map(|byte| u32::from(*byte)).sum())
    }

    fn key(&self) -> [u8; 8] {
        let magic = u32::from_be_bytes(self.magic);
        std::array::from_fn(|index| (magic >> index) as u8)
    }
}

/// The contents without the magic number.
struct Unmixed<'a> {
    mixed: Window<'a>,
    key: [u8; 8],
}

impl Source for Unmixed<'_> {
    fn len(&self) -> u64 {
        self.mixed.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.mixed.read_at(offset, buffer)?;
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte ^= self.key[((offset + index as u64) % 8) as usize];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn senao(model: &str) -> Vec<u8> {
        let data = noise(0x900);
        let kind = if model.is_empty() { 2_u32 } else { 0 };
        let mut image = vec![0; 4];
        for word in [0x101_u32, 0x71] {
            image.extend(word.to_be_bytes());
        }
        image.extend(b"1.5.2\0\0\0\0\0\0\0\0\0\0\0");
        for word in [kind, data.len() as u32, 0] {
            image.extend(word.to_be_bytes());
        }
        image.extend(Algorithm::Md5.of(Window::whole(&data)).unwrap());
        image.resize(92, 0);
        image.extend(0x4e4f_5345_u32.to_be_bytes());
        if !model.is_empty() {
            image.resize(0x60 + 36, 0);
            image.extend((model.len() as u32).to_be_bytes());
            image.extend(model.bytes());
        }
        let sum: u32 = image.iter().map(|byte| u32::from(*byte)).sum();
        image[88..92].copy_from_slice(&sum.to_be_bytes());
        let key = Header { size: 0, magic: *b"NOSE" }.key();
        image.extend(data.iter().enumerate().map(|(index, byte)| byte ^ key[index % 8]));
        image
    }

    #[test]
    fn every_damage_shows() {
        for (image, model) in [(senao(""), None), (senao("EAP300"), Some("EAP300"))] {
            check(&image, "senao");
            damaged(&image, "senao", &[1, 5, 9, 13, 29, 33, 37, 41, 60, 89, 93, 0x200]);
            let found = facts(&image);
            assert_eq!(found.vendor.as_deref(), Some("EnGenius"));
            assert_eq!(found.model.as_deref(), model);
            assert_eq!(found.board_ids, ["71"]);
        }
    }
}
