//! What the boot ROM of TI's OMAP and AM335x chips starts (`MLO`): a table of contents with settings, size and address,
//! then code.
//!
//! Source: U-Boot `tools/omapimage.c`, `tools/omapimage.h`; TI SPRUH73, "Initialization", image format for memory
//! booting. Little-endian; for SPI every word is byte-swapped.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ti-omap-mlo",
    rank: Rank::Magic,
    magic: &[Magic::at(0x14, b"CHSETTINGS\0\0"), Magic::at(0x14, b"ESHCNITT\0\0SG")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "TI OMAP boot image (MLO)",
        identified_by: "CHSETTINGS in the table of contents, its end mark and the settings' key",
        reveals: "missing code, by the declared size; a broken table of contents",
        blind_to: "changed code",
        source: "U-Boot tools/omapimage.c, tools/omapimage.h; TI SPRUH73",
        tested_with: "mkimage -T omapimage",
    },
};

const NAME_AT: u64 = 0x14;
const SETTINGS_AT: u64 = 0x40;
const SETTINGS_KEY: u32 = 0xc0c0_c0c1;
const GP_HEADER: u64 = 0x200;
const CODE_AT: u64 = GP_HEADER + 8;

/// Whether words are byte-swapped.
fn is_swapped(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(!window.has(NAME_AT, b"CHSE")?)
}

fn word(window: Window<'_>, at: u64) -> Result<u32, ImageError> {
    let word = if is_swapped(window)? { window.be32(at)? } else { window.le32(at)? };
    Ok(word.unwrap_or_default())
}

/// What should hold of the table of contents.
fn conditions(window: Window<'_>) -> Result<[(bool, &'static str); 6], ImageError> {
    let end = window.clamped(0x20, 0x20);
    Ok([
        (word(window, 0)? == SETTINGS_AT as u32, "place of the settings"),
        (word(window, 4)? == 12, "size of the settings"),
        (window.clamped(8, 12).is_padding()?, "unused words of the table"),
        (end.len() == 0x20 && end.is_padding()? && end.u8(0)? == Some(0xff), "end of the table"),
        (word(window, SETTINGS_AT)? == SETTINGS_KEY, "key of the settings"),
        (word(window, 0x44)? & 0x00ff_ffff == 0x100, "version of the settings"),
    ])
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.len() > CODE_AT && conditions(window)?.iter().filter(|(holds, _)| *holds).count() >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let (size, load) = (u64::from(word(window, GP_HEADER)?), word(window, GP_HEADER + 4)?);
    // Older tools do not count the eight bytes of size and address; newer ones do.
    let is_old = window.len() == CODE_AT + size;
    let end = if is_old { CODE_AT } else { GP_HEADER } + size;
    reading.set_vendor("Texas Instruments");
    reading.set_architecture("arm");
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("size".into(), size.to_string());
    fields.insert("load".into(), format!("{load:#x}"));
    fields.insert("byte-swapped".into(), is_swapped(window)?.to_string());
    for (holds, name) in conditions(window)? {
        reading.structure(name, at, "as it should be", if holds { "as it should be" } else { "another" });
    }
    reading.declared_size("the code", at + GP_HEADER, end, window.len());
    reading.uncovered("Nothing covers the code of an MLO file.");
    reading.opaque_part("code", window.clamped(CODE_AT, end.saturating_sub(CODE_AT)))?;
    let rest = window.clamped(end, u64::MAX);
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
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
        let mut image = vec![0x40, 0, 0, 0, 12, 0, 0, 0];
        image.resize(NAME_AT as usize, 0);
        image.extend(b"CHSETTINGS\0\0");
        image.resize(0x40, 0xff);
        image.extend(SETTINGS_KEY.to_le_bytes());
        image.extend([0, 1, 0, 0, 0, 0, 0, 0]);
        image.resize(GP_HEADER as usize, 0);
        image.extend(3008_u32.to_le_bytes());
        image.extend(0x402f_0400_u32.to_le_bytes());
        image.extend([9; 3000]);
        check(&image, "ti-omap-mlo", Verdict::Unknown, 64);
        let swapped: Vec<u8> = image.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
        check(&swapped, "ti-omap-mlo", Verdict::Unknown, 64);
    }
}
