//! What the boot ROM of STM32 microprocessors starts: a header with a sum of the code's bytes, and perhaps a signature.
//!
//! Source: U-Boot `tools/stm32image.c`; TF-A `tools/stm32image/stm32image.c`; ST wiki "STM32 header for binary files"
//! (versions 1 and 2). Little-endian. Version 1 has 256 bytes, version 2 has 128 and extensions.

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "stm32-bootimage",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"STM\x32")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "STM32MP boot image",
        identified_by: "STM2 at the start, a known header version",
        reveals: "damaged code, by the sum of its bytes",
        blind_to: "the header; swapped bytes",
        source: "U-Boot tools/stm32image.c; ST wiki, STM32 header for binary files",
        tested_with: "mkimage -T stm32image",
    },
};

const V1_SIZE: u64 = 256;
const V2_SIZE: u64 = 128;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(version) = window.array::<4>(0x48)? else { return Ok(false) };
    let length = window.le32(0x4c)?.unwrap_or_default();
    let reserved = [window.le32(0x54)?, window.le32(0x5c)?];
    let points = u32::from(version[0] == 0 && version[3] == 0 && matches!(version[2], 1 | 2))
        + u32::from(length > 0 && length < 64 << 20)
        + u32::from(reserved == [Some(0); 2])
        + u32::from(version[1] < 4);
    Ok(points >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |at: u64| Ok::<u32, ImageError>(window.le32(at)?.unwrap_or_default());
    let version = window.array::<4>(0x48)?.unwrap_or_default();
    let extensions = u64::from(word(0x68)?);
    let is_v2 = version[2] == 2;
    let header_size = if is_v2 { V2_SIZE + extensions } else { V1_SIZE };
    let length = u64::from(word(0x4c)?);
    let code = window.clamped(header_size, length);
    reading.set_vendor("STMicroelectronics");
    let fields = reading.container(FORMAT.id, window.clamped(0, header_size + length));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("header-version", format!("{}.{}", version[2], version[1]));
    put("length", length.to_string());
    put("entry", format!("{:#x}", word(0x50)?));
    put("load", format!("{:#x}", word(0x58)?));
    put("image-version", word(0x60)?.to_string());
    put("options", format!("{:#x}", word(0x64)?));
    let is_known = version[0] == 0 && version[3] == 0 && matches!(version[2], 1 | 2) && version[1] < 4;
    reading.structure(
        "header version",
        at + 0x48,
        "a known one",
        if is_known { "a known one" } else { "unknown" },
    );
    reading.structure("reserved words", at + 0x54, 0, word(0x54)? | word(0x5c)?);
    reading.declared_size("the code", at + 0x4c, header_size.saturating_add(length), window.len());
    let (expected, actual) = (word(0x44)?, byte_sum(code)? as u32);
    reading.digest("sum of the code's bytes", at + 0x44, format!("{expected:08x}"), format!("{actual:08x}"));
    let has_signature = !window.clamped(4, 64).is_padding()?;
    if has_signature {
        reading.signature("The image (ECDSA P-256)");
    }
    if !is_v2 {
        // Bit 0 says that there is no signature.
        let declared = word(0x64)? & 1 == 0;
        reading.structure("presence of a signature", at + 0x64, declared, has_signature);
        let is_empty = window.clamped(0xac, V1_SIZE - 0xac - 4).is_padding()?;
        let found = if is_empty { "empty" } else { "not empty" };
        reading.structure("rest of the header", at + 0xac, "empty", found);
    }
    reading.opaque_part("code", code)?;
    reading.trailing(window, header_size.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let code: Vec<u8> = (0..3000_u32).map(|i| (i * 7) as u8).collect();
        let sum: u32 = code.iter().map(|byte| u32::from(*byte)).sum();
        let mut image = b"STM\x32".to_vec();
        image.resize(256, 0);
        let words = [
            (0x44, sum),
            (0x48, 0x1_0000),
            (0x4c, 3000),
            (0x50, 0x2ffc_2500),
            (0x58, 0x2ffc_2500),
            (0x64, 1),
        ];
        for (at, value) in words {
            image[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        }
        image.extend(code);
        check(&image, "stm32-bootimage", Verdict::Pass, 4);
    }
}
