//! What Allwinner's boot ROM starts: machine code with a header that holds its size and a sum.
//!
//! Source: U-Boot `include/sunxi_image.h` (`struct boot_file_head`), `tools/sunxi_egon.c`. Little-endian. The sum is of
//! all words, with a stamp in place of the sum itself. U-Boot proper often follows, as FIT or uImage.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "allwinner-egon",
    rank: Rank::Magic,
    magic: &[Magic::at(4, b"eGON.BT0"), Magic::at(4, b"eGON.BT1")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Allwinner boot image (eGON)",
        identified_by: "eGON.BT0 or eGON.BT1 at offset 4",
        reveals: "damaged code, by a sum of 32-bit words",
        blind_to: "what follows the declared size; swapped words",
        source: "U-Boot include/sunxi_image.h, tools/sunxi_egon.c",
        tested_with: "mkimage -T sunxi_egon, U-Boot's SPL for Allwinner boards",
    },
};

/// Stands in the place of the sum while it is computed.
const STAMP: u32 = 0x5f0a_6c39;

const HEADER_SIZE: u64 = 0x20;

/// Where U-Boot proper starts in images for SD cards, counted from the SPL.
const NEXT_STAGE: u64 = 0x8000;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let magic = window.has(4, b"eGON.BT0")? || window.has(4, b"eGON.BT1")?;
    Ok(magic && window.len() >= HEADER_SIZE)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let sum = window.le32(0xc)?.unwrap_or_default();
    let size = u64::from(window.le32(0x10)?.unwrap_or_default());
    let image = window.clamped(0, size);
    reading.set_vendor("Allwinner");
    let is_spl = window.has(0x14, b"SPL")?;
    let name_at = window.le32(0x20)?.unwrap_or_default();
    let name = if is_spl && name_at > 0 { image.text(name_at.into(), 64)? } else { String::new() };
    let fields = reading.container(FORMAT.id, image);
    fields.insert("size".into(), size.to_string());
    if !name.is_empty() && name.is_ascii() {
        fields.insert("device-tree".into(), name.clone());
        reading.set_architecture(match name.get(..6) {
            Some("sun50i" | "sun55i") => "arm64",
            Some("sun20i") => "riscv",
            Some(family) if family.starts_with("sun") => "arm",
            _ => "",
        });
        reading.board(name);
    }
    reading.declared_size("the image", at + 0x10, size, window.len());
    let mut actual = STAMP.wrapping_sub(sum);
    words::<4>(image, |word| actual = actual.wrapping_add(u32::from_le_bytes(word)))?;
    reading.digest("sum of the words", at + 0xc, format!("{sum:08x}"), format!("{actual:08x}"));
    reading.opaque_part("code", image)?;
    let next = size.max(NEXT_STAGE);
    if next < window.len() && reading.part("next-stage", window.clamped(next, u64::MAX))?.is_some() {
        return Ok(());
    }
    reading.trailing(window, image.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let mut image = vec![0x16, 0, 0, 0xea];
        image.extend(b"eGON.BT0");
        image.extend(STAMP.to_le_bytes());
        image.extend(4096_u32.to_le_bytes());
        image.extend(b"SPL\x02");
        image.resize(0x20, 0);
        image.extend(0x2c_u32.to_le_bytes());
        image.resize(0x2c, 0);
        image.extend(b"sun50i-a64-lamp\0");
        image.extend((0..4096 - 0x3c).map(|i: u32| (i * 7) as u8));
        let sum = image.chunks(4).fold(0_u32, |sum, word| {
            sum.wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        });
        image[0xc..0x10].copy_from_slice(&sum.to_le_bytes());
        let facts = check(&image, "allwinner-egon", Verdict::Pass, 0x2c);
        assert_eq!(facts.board_ids, ["sun50i-a64-lamp"]);
        assert_eq!(facts.architecture.as_deref(), Some("arm64"));
    }
}
