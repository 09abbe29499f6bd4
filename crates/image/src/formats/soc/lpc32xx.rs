//! What the boot ROM of NXP's LPC32xx starts from NAND: a page with the size, several times and inverted, then code.
//!
//! Source: U-Boot `tools/lpc32xximage.c`; NXP UM10326, "Boot process". Each byte of the header takes a word.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "lpc32xximage",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["lpc32xx-boot"],
        name: "NXP LPC32xx boot image for NAND",
        identified_by: "words of one byte and its inverse, repeated",
        reveals: "missing pages; a header that contradicts itself",
        blind_to: "changed code",
        source: "U-Boot tools/lpc32xximage.c; NXP UM10326",
        tested_with: "mkimage -T lpc32xximage",
    },
};

const PAGE: u64 = 2048;

/// Marks a block that can be read.
const BLOCK_OK: u32 = 0xaa;

/// What the words of the header agree on.
struct Header {
    interface: u32,
    pages: u32,
    /// Words that contradict the others.
    wrong: u32,
}

impl Header {
    fn parse(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let bytes = window.head(0, 52)?;
        if bytes.len() < 52 || window.len() < PAGE {
            return Ok(None);
        }
        let word = |index: usize| {
            let at = 4 * index;
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let inverse = |value: u32| !value & 0xff;
        // Of three readings at least two agree if one bit is wrong.
        let majority = |a: u32, b: u32, c: u32| (a & b) | (a & c) | (b & c);
        let interface = majority(word(0), word(2), inverse(word(1)));
        let pages = majority(word(4), word(6), word(8));
        let expected = |index: usize| match index {
            0 | 2 => interface,
            1 | 3 => inverse(interface),
            4 | 6 | 8 | 10 => pages,
            5 | 7 | 9 | 11 => inverse(pages),
            _ => BLOCK_OK,
        };
        let mut wrong = (0..13).filter(|index| word(*index) != expected(*index)).count() as u32;
        wrong += u32::from(window.le32(512)? != Some(BLOCK_OK));
        Ok(Some(Self { interface, pages, wrong }))
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let is_sound =
        |header: Header| header.wrong <= 1 && header.interface <= 0xff && (1..=0xff).contains(&header.pages);
    Ok(Header::parse(window)?.is_some_and(is_sound))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(()) };
    reading.call_file("lpc32xx-boot");
    reading.set_vendor("NXP");
    reading.set_architecture("arm");
    let size = u64::from(header.pages) * PAGE;
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    fields.insert("interface".into(), format!("{:#04x}", header.interface));
    fields.insert("pages".into(), header.pages.to_string());
    let at = window.start();
    reading.structure("words of the header that contradict others", at, 0, header.wrong);
    let is_empty = window.clamped(52, 460).is_padding()? && window.clamped(516, PAGE - 516).is_padding()?;
    let rest = if is_empty { "empty" } else { "not empty" };
    reading.structure("rest of the header", at + 52, "empty", rest);
    // The last page need not be full.
    let present = window.len().div_ceil(PAGE);
    let declared = u64::from(header.pages);
    reading.structure("pages", at + 16, declared, present.min(declared));
    reading.uncovered("Nothing covers the code of an LPC32xx image.");
    reading.opaque_part("code", window.clamped(PAGE, size.saturating_sub(PAGE)))?;
    reading.trailing(window, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let mut image = Vec::new();
        for word in [0x96_u32, 0x69, 0x96, 0x69, 5, 0xfa, 5, 0xfa, 5, 0xfa, 5, 0xfa, BLOCK_OK] {
            image.extend(word.to_le_bytes());
        }
        image.resize(512, 0);
        image.extend(BLOCK_OK.to_le_bytes());
        image.resize(PAGE as usize, 0);
        image.extend((0..4 * PAGE as u32).map(|i| (i * 7) as u8));
        check(&image, "lpc32xx-boot", Verdict::Unknown, 52);
    }
}
