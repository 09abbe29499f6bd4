//! What the boot ROM of Xilinx Zynq and Zynq UltraScale+ starts: a header with a sum over its fields, then code.
//!
//! Source: Xilinx UG585 (Zynq-7000 TRM, "BootROM Header") and UG1085 (Zynq UltraScale+ TRM); U-Boot `tools/zynqimage.c`,
//! `tools/zynqmpimage.c`. Little-endian. The sum covers the words from 0x20 to 0x44 and is inverted.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "xilinx-bootbin",
    rank: Rank::Magic,
    magic: &[Magic::at(0x20, &[0x66, 0x55, 0x99, 0xaa]), Magic::at(0x24, b"XLNX")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Xilinx boot image (BOOT.BIN)",
        identified_by: "665599aa and XLNX at 0x20",
        reveals: "a damaged header, by a sum of words; missing code",
        blind_to: "changed code, unless it is signed",
        source: "Xilinx UG585, UG1085; U-Boot tools/zynqimage.c, tools/zynqmpimage.c",
        tested_with: "mkimage -T zynqimage, mkimage -T zynqmpimage",
    },
};

const HEADER_SIZE: u64 = 0x8c0;

/// Words that the sum covers, and where it stands.
const SUMMED: std::ops::Range<u64> = 8..18;
const SUM_AT: u64 = 0x48;

/// A 64-bit branch to itself, the first vector of Zynq UltraScale+ images.
const VECTOR_64: u32 = 0x1400_0000;

fn sum(window: Window<'_>) -> Result<u32, ImageError> {
    let mut sum = 0_u32;
    for index in SUMMED {
        sum = sum.wrapping_add(window.le32(4 * index)?.unwrap_or_default());
    }
    Ok(!sum)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(stored) = window.le32(SUM_AT)? else { return Ok(false) };
    let width = window.le32(0x20)? == Some(0xaa99_5566);
    let name = window.has(0x24, b"XLNX")?;
    // Both magic numbers, or one of them and a sum that agrees but for the flipped bit.
    let difference = sum(window)? ^ stored;
    Ok((width && name)
        || ((width || name) && (difference == 0 || difference.wrapping_add(1).count_ones() <= 24)))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |at: u64| Ok::<u32, ImageError>(window.le32(at)?.unwrap_or_default());
    let mut vectors = [0; 8];
    for (index, vector) in vectors.iter_mut().enumerate() {
        *vector = word(4 * index as u64)?;
    }
    let is_ultrascale = vectors.iter().filter(|vector| **vector == VECTOR_64).count() >= 4;
    let offset = u64::from(word(0x30)?);
    let size = u64::from(if is_ultrascale { word(0x40)?.wrapping_add(word(0x38)?) } else { word(0x40)? });
    // U-Boot's tool counts the header as part of the code, and always puts the code at the same place.
    let start = if offset == HEADER_SIZE && !is_ultrascale { 0 } else { offset };
    let end = start.saturating_add(size).max(HEADER_SIZE.min(window.len()));
    reading.set_vendor("Xilinx");
    reading.set_architecture(if is_ultrascale { "arm64" } else { "arm" });
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("family", if is_ultrascale { "zynqmp" } else { "zynq" }.into());
    put("code", format!("{offset:#x}"));
    put("code-size", size.to_string());
    put("encryption", format!("{:#x}", word(0x28)?));
    put("entry", format!("{:#x}", word(if is_ultrascale { 0x2c } else { 0x3c })?));
    reading.structure("word 0x20", at + 0x20, "aa995566", format!("{:08x}", word(0x20)?));
    let vectors_agree = vectors.iter().all(|vector| *vector == vectors[0]);
    let found = if vectors_agree { "equal" } else { "different" };
    reading.structure("first vectors", at, "equal", found);
    let (stored, actual) = (word(SUM_AT)?, sum(window)?);
    reading.digest("sum of the header", at + SUM_AT, format!("{stored:08x}"), format!("{actual:08x}"));
    reading.declared_size("header and code", at + 0x40, end, window.len());
    reading.uncovered("The sum covers the header only, not the code.");
    reading.opaque_part("code", window.clamped(offset, end.saturating_sub(offset)))?;
    let rest = window.clamped(end, u64::MAX);
    if has_partitions(window)? {
        return Ok(());
    }
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
    }
    reading.trailing(window, end)
}

/// Whether tables in the header tell of further partitions (bitstream, U-Boot), which follow the code.
fn has_partitions(window: Window<'_>) -> Result<bool, ImageError> {
    let table = u64::from(window.le32(0x98)?.unwrap_or_default());
    let version = window.le32(table)?;
    Ok((0x8c0..0x10000).contains(&table)
        && version.is_some_and(|version| version & 0xff00_0000 == 0x0100_0000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        for (vector, size, architecture) in [(0xeaff_fffe_u32, 5240, "arm"), (VECTOR_64, 3000, "arm64")] {
            let mut image = vector.to_le_bytes().repeat(8);
            for word in [0xaa99_5566_u32, 0x584c_4e58, 0, 0, 0x8c0, 0, 0, 0, size, 0] {
                image.extend(word.to_le_bytes());
            }
            let sum = sum(Window::whole(&[image.clone(), vec![0; 4]].concat())).unwrap();
            image.extend(sum.to_le_bytes());
            image.resize(HEADER_SIZE as usize, 0);
            image.extend([9; 3000]);
            let facts = check(&image, "xilinx-bootbin", Verdict::Pass, 16);
            assert_eq!(facts.architecture.as_deref(), Some(architecture));
        }
    }
}
