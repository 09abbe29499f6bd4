//! What the boot ROM of NXP's Vybrid chips starts from NAND: a flash control block with a code for error correction,
//! and an i.MX image at 0x40400.
//!
//! Source: U-Boot `tools/vybridimage.c`; NXP VF6xx Reference Manual, "Firmware Configuration Block". Little-endian.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::soc::imx_ivt;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "vybridimage",
    rank: Rank::Magic,
    magic: &[Magic::at(4, &[0x20, 0x42, 0x43, 0x46])],
    matches,
    read,
    about: About {
        outermost: &["vybrid-boot"],
        name: "NXP Vybrid boot image for NAND",
        identified_by: "a flash control block at the start",
        reveals: "damage in the control block, by its error correction",
        blind_to: "changed code",
        source: "U-Boot tools/vybridimage.c",
        tested_with: "mkimage -T vybridimage",
    },
};

const BLOCK_SIZE: u64 = 512;
const CODE_AT: u64 = 0x4_0400;

/// The five bits that correct one byte: each is the parity of the bits in a mask.
fn correction(byte: u8) -> u8 {
    const MASKS: [u8; 5] = [0b0110_1100, 0b1011_0110, 0b1110_0011, 0b1001_1001, 0b0101_1111];
    let parity = |mask: u8| (byte & mask).count_ones() as u8 & 1;
    MASKS.iter().enumerate().fold(0, |code, (bit, mask)| code | parity(*mask) << bit)
}

/// How many bytes of the control block disagree with their correction.
fn wrong_bytes(window: Window<'_>) -> Result<usize, ImageError> {
    let (block, codes) = (window.head(0, BLOCK_SIZE)?, window.head(BLOCK_SIZE, BLOCK_SIZE)?);
    let pairs = block.iter().zip(&codes);
    Ok(pairs.filter(|(byte, code)| correction(**byte) != **code).count() + block.len().abs_diff(codes.len()))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let fields = u32::from(window.le32(8)? == Some(1))
        + u32::from(window.le32(28)? == Some(64))
        + u32::from(window.le32(56)? == Some(6))
        + u32::from(window.le32(220)? == Some(8));
    Ok(fields >= 2 && window.len() > 2 * BLOCK_SIZE)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("vybrid-boot");
    reading.set_vendor("NXP");
    reading.set_architecture("arm");
    let fields = reading.container(FORMAT.id, window);
    for (name, at) in [("page-size", 20), ("pages-per-block", 28), ("firmware-page", 104)] {
        fields.insert(name.into(), window.le32(at)?.unwrap_or_default().to_string());
    }
    let at = window.start();
    let wrong = wrong_bytes(window)?;
    reading.digest("bytes of the control block that their correction contradicts", at, 0, wrong);
    reading.uncovered("Nothing covers the code behind the control block.");
    reading.declared_size("control block and padding", at, CODE_AT + 1, window.len());
    let rest = window.clamped(CODE_AT, u64::MAX);
    if rest.len() > 0 && reading.part("firmware", rest)?.is_none() {
        return reading.opaque_part("firmware", rest);
    }
    match imx_ivt::end(rest)? {
        Some(end) => reading.trailing(window, CODE_AT.saturating_add(end)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let mut block = vec![0_u8; 224];
        for (at, value) in [(4, 0x4643_4220_u32), (8, 1), (20, 2048), (28, 64), (56, 6), (220, 8)] {
            block[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        block.resize(BLOCK_SIZE as usize, 0xff);
        let codes: Vec<u8> = block.iter().map(|byte| correction(*byte)).collect();
        let mut image = [block, codes].concat();
        image.resize(CODE_AT as usize, 0xff);
        image.extend(crate::formats::soc::imx_ivt::tests::image());
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("vybrid-boot"), Verdict::Pass));
        assert_eq!(facts.containers[1].format, "imx-ivt");
        for bit in 0..64 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("vybrid-boot"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
        }
        let cut = inspect(&image[..image.len() * 6 / 10].to_vec()).unwrap();
        assert_eq!((cut.format.as_deref(), cut.integrity.verdict), (Some("vybrid-boot"), Verdict::Fail));
    }
}
