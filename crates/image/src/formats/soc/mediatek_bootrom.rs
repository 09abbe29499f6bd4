//! What MediaTek's boot ROM starts: a header of the flash device, a layout header, tagged records (GFH), code, SHA-256.
//! LK images, which the next stage starts, share the module.
//!
//! Source: U-Boot `tools/mtk_image.h`, `tools/mtk_image.c`, `tools/mtk_nand_headers.c`. Little-endian. The digest covers
//! everything from the records on, and stands at its end.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "mediatek-bootrom",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "MediaTek boot ROM image",
        identified_by: "two of: device header, BRLYT layout header, FILE_INFO record; or the magic of LK images",
        reveals: "damaged records and code, by SHA-256",
        blind_to: "the device header; LK images have no check",
        source: "U-Boot tools/mtk_image.h, tools/mtk_image.c",
        tested_with: "mkimage -T mtk_image",
    },
};

/// Names of flash devices at the start, with what they are.
const DEVICES: &[(&[u8], &str)] = &[
    (b"SF_BOOT\0", "serial NOR"),
    (b"EMMC_BOOT\0", "eMMC"),
    (b"SDMMC_BOOT\0", "SD"),
    (b"UFS_BOOT\0", "UFS"),
    (b"BOOTLOADER!", "NAND"),
    (b"SPINAND!", "SPI NAND"),
    (b"NANDCFG!", "SPI NAND"),
];

const LAYOUT_NAME: &[u8] = b"BRLYT\0\0\0";
const RECORD: &[u8] = b"MMM\x01\x38\0\0\0FILE_INFO";
const LAYOUT_MAGIC: u32 = 0x4242_4242;

/// Where the layout header may stand: behind the generic device header, or behind a page of NAND.
const LAYOUTS: [u64; 4] = [0x200, 0x800, 0x1000, 0x2000];

/// Records are looked for in so many bytes.
const MAX_HEADERS: u64 = 0x5000;

const LK_MAGIC: [u8; 4] = [0x88, 0x16, 0x88, 0x58];
const LK_HEADER: u64 = 512;
const DIGEST_SIZE: u64 = 32;

/// How many bits differ from what stands at a place; more than any header has where the window ends.
fn distance(window: Window<'_>, at: u64, bytes: &[u8]) -> Result<u32, ImageError> {
    let there = window.head(at, bytes.len() as u64)?;
    if there.len() < bytes.len() {
        return Ok(u32::MAX);
    }
    Ok(there.iter().zip(bytes).map(|(left, right)| (left ^ right).count_ones()).sum())
}

/// What was found, damaged or not.
#[derive(Default)]
struct Parts {
    device: Option<&'static str>,
    layout: Option<u64>,
    records: Option<u64>,
    /// Parts with a flipped bit.
    damaged: u32,
}

impl Parts {
    fn find(window: Window<'_>) -> Result<Self, ImageError> {
        let mut parts = Self::default();
        for (name, what) in DEVICES {
            let distance = distance(window, 0, name)?;
            if distance <= 1 && parts.device.is_none() {
                parts.device = Some(what);
                parts.damaged += distance;
            }
        }
        for at in LAYOUTS {
            let distance = distance(window, at, LAYOUT_NAME)?;
            if distance <= 1 && parts.layout.is_none() {
                parts.layout = Some(at);
                parts.damaged += distance;
            }
        }
        parts.records = window.find(RECORD, 0, MAX_HEADERS)?;
        if let (None, Some(layout)) = (parts.records, parts.layout) {
            let at = u64::from(window.le32(layout + 12)?.unwrap_or_default());
            if distance(window, at, RECORD)? == 1 {
                parts.records = Some(at);
                parts.damaged += 1;
            }
        }
        Ok(parts)
    }

    fn is_proven(&self) -> bool {
        let found = u32::from(self.device.is_some())
            + u32::from(self.layout.is_some())
            + u32::from(self.records.is_some());
        found >= 2 || self.records == Some(0)
    }
}

fn is_lk(window: Window<'_>) -> Result<bool, ImageError> {
    let size = u64::from(window.le32(4)?.unwrap_or_default());
    let name = window.head(8, 32)?;
    let end = name.iter().position(|byte| matches!(byte, 0 | 0xff)).unwrap_or(name.len());
    let has_name = end > 0 && name[..end].iter().all(u8::is_ascii_graphic);
    let rest = window.clamped(48, LK_HEADER - 48);
    let points = 2 * u32::from(distance(window, 0, &LK_MAGIC)? == 0)
        + u32::from(distance(window, 0, &LK_MAGIC)? <= 1)
        + u32::from(size > 0 && size < 256 << 20)
        + u32::from(has_name)
        + 2 * u32::from(rest.len() > 0 && rest.is_padding()?);
    Ok(distance(window, 0, &LK_MAGIC)? <= 1 && points >= 4)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Parts::find(window)?.is_proven() || is_lk(window)?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.set_vendor("MediaTek");
    let parts = Parts::find(window)?;
    if !parts.is_proven() {
        return read_lk(window, reading);
    }
    let at = window.start();
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let mut put = |name: &str, value: String| {
        reading.container_at(index).fields.insert(name.into(), value);
    };
    put("device", parts.device.unwrap_or("unknown").into());
    if let Some(layout) = parts.layout {
        put("layout-type", format!("{:#x}", window.le32(layout + 24)?.unwrap_or_default()));
        put("layout-size", window.le32(layout + 16)?.unwrap_or_default().to_string());
    }
    let has_device = parts.device.is_some() || parts.records == Some(0);
    reading.structure("device header", at, "there", if has_device { "there" } else { "missing" });
    reading.structure("headers with a flipped bit", at, 0, parts.damaged);
    if let Some(layout) = parts.layout {
        check_layout(window, layout, reading)?;
    }
    let Some(records) = parts.records else {
        reading.structure("record FILE_INFO", at, "there", "missing");
        return Ok(());
    };
    let file = window.clamped(records, u64::MAX);
    let word = |at: u64| Ok::<u64, ImageError>(file.le32(at)?.unwrap_or_default().into());
    let (load, total) = (word(28)?, word(32)?);
    let (header_size, signature_size) = (word(40)?, word(44)?);
    let fields = &mut reading.container_at(index).fields;
    fields.insert("load".into(), format!("{load:#x}"));
    fields.insert("size".into(), total.to_string());
    fields.insert("records".into(), format!("{records:#x}"));
    let is_arm64 = is_arm64(file, header_size)?;
    reading.set_architecture(if is_arm64 { "arm64" } else { "arm" });
    reading.declared_size("records and code", file.start() + 32, total, file.len());
    let signature_kind = file.u8(27)?;
    if let (Some(covered), true) = (total.checked_sub(DIGEST_SIZE), total <= file.len()) {
        if signature_size == DIGEST_SIZE && signature_kind == Some(1) {
            let expected = file.head(covered, DIGEST_SIZE)?;
            let actual = Algorithm::Sha256.of(file.clamped(0, covered))?;
            reading.digest(
                "sha256 of records and code",
                file.start() + covered,
                hex(&expected),
                hex(&actual),
            );
        } else if signature_size > 0 {
            reading.signature("Records and code (MediaTek secure boot)");
            let kind = format!("{signature_size} bytes of kind {}", signature_kind.unwrap_or_default());
            reading.uncovered(format!("Only a signature ({kind}) covers records and code."));
        }
        let code_size = covered.saturating_sub(header_size);
        reading.opaque_part("code", file.clamped(header_size, code_size))?;
    }
    reading.trailing(window, (records + total).min(window.len()))
}

/// The layout header says its sizes twice.
fn check_layout(window: Window<'_>, layout: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start() + layout;
    let word = |offset: u64| Ok::<u32, ImageError>(window.le32(layout + offset)?.unwrap_or_default());
    reading.structure(
        "magic of the layout header",
        at + 20,
        format!("{LAYOUT_MAGIC:08x}"),
        format!("{:08x}", word(20)?),
    );
    reading.structure("header size in the layout header", at + 12, word(28)?, word(12)?);
    reading.structure("total size in the layout header", at + 16, word(32)?, word(16)?);
    let start = window.start();
    if layout == LAYOUTS[0] {
        let (version, size) = (window.le32(12)?.unwrap_or_default(), window.le32(16)?.unwrap_or_default());
        reading.structure("version of the device header", start + 12, 1, version);
        reading.structure("size of the device header", start + 16, layout, size);
        let is_empty = window.clamped(20, layout - 20).is_padding()?;
        let found = if is_empty { "empty" } else { "written" };
        reading.structure("rest of the device header", start + 20, "empty", found);
    } else if let Some(first) = window.array::<128>(0)?
        && first.starts_with(b"BOOTLOADER!")
    {
        // The header for NAND stands there four times.
        let copies = (1..4).map(|copy| window.has(128 * copy, &first)).collect::<Result<Vec<_>, _>>()?;
        let equal = copies.into_iter().filter(|is_equal| *is_equal).count();
        reading.structure("equal copies of the device header", start, 3, equal);
    }
    Ok(())
}

/// Whether the record for the boot ROM tells it to start the code in 64-bit mode.
fn is_arm64(file: Window<'_>, header_size: u64) -> Result<bool, ImageError> {
    let mut at = 0;
    // There are six records in known files.
    for _ in 0..16 {
        let (Some(size), Some(kind)) = (file.le16(at + 4)?, file.le16(at + 6)?) else { break };
        if !file.has(at, b"MMM")? || size < 8 || at >= header_size {
            break;
        }
        if kind == 7 {
            return Ok(file.u8(at + 16 + 0x45)? == Some(0x64));
        }
        at += u64::from(size);
    }
    Ok(false)
}

fn read_lk(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let size = u64::from(window.le32(4)?.unwrap_or_default());
    let end = LK_HEADER + size;
    let name = window.text(8, 32)?;
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("kind".into(), "lk".into());
    fields.insert("name".into(), name.trim_end_matches('\u{fffd}').to_owned());
    fields.insert("load".into(), format!("{:#x}", window.le32(40)?.unwrap_or_default()));
    reading.structure("magic number", at, hex(&LK_MAGIC), hex(&window.head(0, 4)?));
    let is_empty = window.clamped(48, LK_HEADER - 48).is_padding()?;
    reading.structure("rest of the header", at + 48, "empty", if is_empty { "empty" } else { "written" });
    reading.declared_size("the image", at + 4, end, window.len());
    reading.uncovered("Nothing covers the contents of an LK image.");
    reading.opaque_part("code", window.clamped(LK_HEADER, size))?;
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;
    use sha2::Digest;

    #[test]
    fn facts_and_damage() {
        let code: Vec<u8> = (0..3000_u32).map(|i| (i * 7) as u8).collect();
        let total = 0x38 + 3000 + 32;
        let mut file = RECORD.to_vec();
        file.resize(20, 0);
        file.extend([1, 0, 0, 0, 1, 0, 5, 1]);
        for word in [0x20_1000_u32, total, 0x8000, 0x38, 32, 0x38, 1] {
            file.extend(word.to_le_bytes());
        }
        file.extend(code);
        let digest = sha2::Sha256::digest(&file);
        file.extend(digest);
        let mut image = b"SF_BOOT\0\0\0\0\0\x01\0\0\0\0\x02\0\0".to_vec();
        image.resize(0x200, 0xff);
        image.extend(LAYOUT_NAME);
        for word in [1, 0x600, 0x600 + total, LAYOUT_MAGIC, 0x1_0007, 0x600, 0x600 + total] {
            image.extend(word.to_le_bytes());
        }
        image.resize(0x600, 0xff);
        image.extend(file);
        check(&image, "mediatek-bootrom", Verdict::Pass, 8);
        let mut lk = LK_MAGIC.to_vec();
        lk.extend(3000_u32.to_le_bytes());
        lk.extend(b"U-Boot");
        lk.resize(40, 0);
        lk.extend([0xff; 472]);
        lk.extend([7; 3000]);
        check(&lk, "mediatek-bootrom", Verdict::Unknown, 4);
    }
}
