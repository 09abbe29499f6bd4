//! WRG and WRGG headers of Alpha Networks, for D-Link and others: signature, device to write to, MD5.
//!
//! Source: firmware-utils `src/mkwrgimg.c`, `src/mkwrggimg.c` (d21804a). The MD5 covers the fields of offset and device as
//! they stand in the header, and the data. WRG numbers are in the order of bytes of the processor; in WRGG the magic
//! number is always little-endian, while size and offset are not. Both forms share this module.

use crate::digest::{Piece, hex, md5_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_text_field};
use crate::formats::router::{identity, payload};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const WRG: Format = Format {
    id: "dlink-wrg",
    rank: Rank::Wrapper,
    magic: &[Magic::at(32, &WRG_LITTLE), Magic::at(32, &WRG_BIG)],
    matches: matches_wrg,
    read: read_wrg,
    about: About {
        outermost: &[],
        name: "Alpha Networks WRG, of D-Link and Airlink101",
        identified_by: "magic 20040220 twice, signature, device",
        reveals: "damaged data, offset or device, by MD5",
        blind_to: "the signature of the model, and what is appended",
        source: "firmware-utils src/mkwrgimg.c",
        tested_with: "mkwrgimg",
    },
};

pub(crate) const WRGG: Format = Format {
    id: "dlink-wrgg",
    rank: Rank::Wrapper,
    magic: &[Magic::at(32, &WRGG_MAGIC)],
    matches: matches_wrgg,
    read: read_wrgg,
    about: About {
        outermost: &[],
        name: "Alpha Networks WRGG, of D-Link",
        identified_by: "magic 20080321 twice, signature, device",
        reveals: "damaged data, offset or device, by MD5",
        blind_to: "signature, model and version, and what is appended",
        source: "firmware-utils src/mkwrggimg.c",
        tested_with: "mkwrggimg",
    },
};

const WRG_LITTLE: [u8; 4] = [0x20, 0x02, 0x04, 0x20];
const WRG_BIG: [u8; 4] = [0x20, 0x04, 0x02, 0x20];
const WRGG_MAGIC: [u8; 4] = [0x21, 0x03, 0x08, 0x20];

/// The signature, and the second magic number.
const SIGNATURE: u64 = 32;
const SECOND: u64 = 36;

/// Where size, offset, device and MD5 stand, in this order, and how long the device is; the MD5 ends the header.
const WRG_SIZE: u64 = 40;
const WRGG_SIZE: u64 = 104;
const DEVICE: u64 = 32;
const BEHIND_SIZE: u64 = 8 + DEVICE + 16;

fn matches_wrg(window: Window<'_>) -> Result<bool, ImageError> {
    let same = window.has(SECOND, &WRG_LITTLE)? || window.has(SECOND, &WRG_BIG)?;
    matches(window, same, WRG_SIZE)
}

fn matches_wrgg(window: Window<'_>) -> Result<bool, ImageError> {
    matches(window, window.has(SECOND, &WRGG_MAGIC)?, WRGG_SIZE)
}

fn matches(window: Window<'_>, has_second: bool, at_size: u64) -> Result<bool, ImageError> {
    if window.len() < at_size + BEHIND_SIZE {
        return Ok(false);
    }
    let signs = [
        has_second,
        is_text_field(&window.head(0, SIGNATURE)?, 4),
        is_text_field(&window.head(at_size + 8, DEVICE)?, 4),
    ];
    Ok(count(&signs) >= 2)
}

fn read_wrg(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let is_big = window.has(32, &WRG_BIG)?;
    let size = match is_big {
        true => window.be32(WRG_SIZE)?,
        false => window.le32(WRG_SIZE)?,
    };
    let size = u64::from(size.unwrap_or(0));
    let header = WRG_SIZE + BEHIND_SIZE;
    let signature = window.text(0, SIGNATURE)?;
    let fields = reading.container(WRG.id, window.clamped(0, header + size));
    fields.insert("signature".into(), signature.clone());
    fields.insert("device".into(), window.text(WRG_SIZE + 8, DEVICE)?);
    identity::record_signature(&signature, reading);
    let magic = if is_big { WRG_BIG } else { WRG_LITTLE };
    read_data(window, WRG_SIZE, size, magic, reading)
}

fn read_wrgg(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = WRGG_SIZE + BEHIND_SIZE;
    let [little, big] =
        [window.le32(WRGG_SIZE)?, window.be32(WRGG_SIZE)?].map(|size| size.unwrap_or(0).into());
    // Nothing says which order of bytes it is: what comes closest to the file is right.
    let there = window.len().saturating_sub(header);
    let size: u64 = if there.abs_diff(little) <= there.abs_diff(big) { little } else { big };
    let signature = window.text(0, SIGNATURE)?;
    let (version, model) = (window.text(40, 16)?, window.text(56, 16)?);
    let fields = reading.container(WRGG.id, window.clamped(0, header + size));
    fields.insert("signature".into(), signature.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("model".into(), model.clone());
    fields.insert("build".into(), window.text(88, 16)?);
    fields.insert("device".into(), window.text(WRGG_SIZE + 8, DEVICE)?);
    reading.set_model(model);
    reading.set_version(version);
    identity::record_signature(&signature, reading);
    reading.set_vendor("D-Link");
    read_data(window, WRGG_SIZE, size, WRGG_MAGIC, reading)
}

fn read_data(
    window: Window<'_>,
    at_size: u64,
    size: u64,
    magic: [u8; 4],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let at = window.start();
    let start = at_size + BEHIND_SIZE;
    let data = window.clamped(start, size);
    reading.structure("second magic number", at + SECOND, hex(&magic), hex(&window.head(SECOND, 4)?));
    reading.declared_size("the data", at + at_size, size, window.len().saturating_sub(start));
    let covered = window.clamped(at_size + 4, 4 + DEVICE);
    let actual = md5_of([Piece::Window(covered), Piece::Window(data)])?;
    let stored = window.head(start - 16, 16)?;
    reading.digest("md5 of the data", at + start - 16, hex(&stored), hex(&actual));
    reading.uncovered("The signature that names the model is covered by no checksum.");
    payload::read(data, reading)?;
    reading.trailing(window, start + size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn field(text: &str, size: usize) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(size, 0);
        bytes
    }

    fn image(signature: &str, magic: [u8; 4], middle: &[u8], is_big: bool) -> Vec<u8> {
        let data = noise(0x900);
        let mut image = field(signature, 32);
        image.extend([magic, magic].concat());
        image.extend(middle);
        let size = data.len() as u32;
        image.extend(if is_big { size.to_be_bytes() } else { size.to_le_bytes() });
        let covered = [vec![0; 4], field("/dev/mtdblock/2", 32)].concat();
        image.extend(&covered);
        image.extend(md5_of([Piece::Bytes(&covered), Piece::Bytes(&data)]).unwrap());
        image.extend(data);
        image
    }

    #[test]
    fn every_damage_of_the_data_shows() {
        let airlink = image("wrgn16a_airlink_ar670w", WRG_LITTLE, &[], false);
        let dlink = image("wrgn26_dlwbr_dir300", WRG_BIG, &[], true);
        for one in [&airlink, &dlink] {
            check(one, "dlink-wrg");
            damaged(one, "dlink-wrg", &[32, 37, 42, 44, 49, 81, 0x200]);
        }
        let middle = [field("v1.00", 16), field("DAP-2695", 16), vec![0; 16], field("rc001", 16)].concat();
        for is_big in [false, true] {
            let wrgg = image("wapac02_dkbs_dap2695", WRGG_MAGIC, &middle, is_big);
            check(&wrgg, "dlink-wrgg");
            damaged(&wrgg, "dlink-wrgg", &[32, 37, 106, 108, 113, 145, 0x200]);
            assert_eq!(facts(&wrgg).model.as_deref(), Some("DAP-2695"));
        }
        let (first, second) = (facts(&airlink), facts(&dlink));
        assert_eq!((first.vendor.as_deref(), first.model.as_deref()), (Some("Airlink101"), Some("AR670W")));
        assert_eq!((second.vendor.as_deref(), second.model.as_deref()), (Some("D-Link"), Some("DIR-300")));
    }
}
