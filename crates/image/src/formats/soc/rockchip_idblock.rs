//! What Rockchip's boot ROM starts: a block that says where the code is, scrambled with a fixed key (RC4), or, for newer
//! chips, in clear with SHA-256 digests.
//!
//! Source: U-Boot `tools/rkcommon.c` (`struct header0_info`, `struct header0_info_v2`). Little-endian. Sizes count blocks
//! of 512 bytes. Images for SPI flash use only the first half of each 4 KiB.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "rockchip-idblock",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &SCRAMBLED_MAGIC), Magic::at(0, b"RKNS")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Rockchip boot image (ID block)",
        identified_by: "3b8cdcfc (scrambled 55aaf00f) or RKNS",
        reveals: "missing code, by declared sizes; in the newer form any damage, by SHA-256",
        blind_to: "changed code, in the older form",
        source: "U-Boot tools/rkcommon.c",
        tested_with: "mkimage -T rksd, mkimage -T rkspi",
    },
};

/// 55 aa f0 0f after RC4 with the fixed key.
const SCRAMBLED_MAGIC: [u8; 4] = [0x3b, 0x8c, 0xdc, 0xfc];

/// The key that is the same in all chips.
const KEY: [u8; 16] = [124, 78, 3, 4, 85, 5, 9, 7, 45, 44, 123, 56, 23, 13, 23, 17];

const BLOCK: u64 = 512;

/// Where code starts unless said otherwise.
const USUAL_OFFSET: u16 = 4;

/// Blocks of the second stage that are declared where there is none.
const NO_BOOT_STAGE: u16 = 1024;

/// RC4 over one block.
fn unscramble(bytes: &mut [u8]) {
    let mut state: [u8; 256] = std::array::from_fn(|index| index as u8);
    let mut other = 0_u8;
    for index in 0..256 {
        other = other.wrapping_add(state[index]).wrapping_add(KEY[index % KEY.len()]);
        state.swap(index, other.into());
    }
    let (mut index, mut other) = (0_u8, 0_u8);
    for byte in bytes {
        index = index.wrapping_add(1);
        other = other.wrapping_add(state[usize::from(index)]);
        state.swap(index.into(), other.into());
        let sum = state[usize::from(index)].wrapping_add(state[usize::from(other)]);
        *byte ^= state[usize::from(sum)];
    }
}

/// The fields of the older form.
#[derive(Debug)]
struct Header {
    is_plain: u32,
    offset: u16,
    init_size: u16,
    boot_size: u16,
}

impl Header {
    fn parse(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(mut block) = window.bytes(0, BLOCK)? else { return Ok(None) };
        unscramble(&mut block);
        let half = |at: usize| u16::from_le_bytes([block[at], block[at + 1]]);
        Ok(Some(Self {
            is_plain: u32::from(half(8)) | u32::from(half(10)) << 16,
            offset: half(12),
            init_size: half(506),
            boot_size: half(508),
        }))
    }

    fn points(&self) -> u32 {
        u32::from(self.is_plain < 2)
            + u32::from(self.offset == USUAL_OFFSET)
            + u32::from(self.init_size > 0 && self.init_size.is_multiple_of(4))
            + u32::from(self.boot_size >= self.init_size && self.boot_size.is_multiple_of(4))
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.has(0, b"RKNS")? {
        let counts = window.le32(8)?.unwrap_or_default();
        let flag = window.le32(12)?.unwrap_or_default();
        let points = u32::from(counts & 0xffff == 384)
            + u32::from((1..5).contains(&(counts >> 16)))
            + u32::from(flag & !0x33 == 0);
        return Ok(points >= 2);
    }
    Ok(window.has(0, &SCRAMBLED_MAGIC)? && Header::parse(window)?.is_some_and(|header| header.points() >= 3))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.set_vendor("Rockchip");
    if window.has(0, b"RKNS")? { read_new(window, reading) } else { read_old(window, reading) }
}

fn read_old(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::parse(window)? else { return Ok(()) };
    let at = window.start();
    let code_at = u64::from(header.offset) * BLOCK;
    let is_tag = |tag: &str| tag.len() == 4 && (tag.starts_with("RK") || tag == "110B");
    let (on_sd, on_spi) = (window.text(code_at, 4)?, window.text(code_at * 2, 4)?);
    let is_spi = !is_tag(&on_sd) && is_tag(&on_spi);
    let tag = if is_spi { on_spi } else { on_sd };
    let blocks = if header.boot_size.wrapping_sub(header.init_size) == NO_BOOT_STAGE {
        header.init_size
    } else {
        header.boot_size.max(header.init_size)
    };
    let size = (u64::from(header.offset) + u64::from(blocks)) * BLOCK;
    let size = if is_spi { size * 2 } else { size };
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("medium", if is_spi { "spi" } else { "sd" }.into());
    put("init-blocks", header.init_size.to_string());
    put("boot-blocks", header.boot_size.to_string());
    put("scrambled-code", (header.is_plain == 0).to_string());
    let has_tag = is_tag(&tag);
    if has_tag {
        put("chip", tag);
    }
    // The chip's tag starts the code, and is scrambled with it.
    let is_sound = header.points() == 4 && has_tag == (header.is_plain == 1);
    let found = if is_sound { "sound" } else { "odd" };
    reading.structure("fields of the block", at, "sound", found);
    let is_empty = rest_is_empty(window)?;
    reading.structure(
        "unused bytes of the block",
        at + 14,
        "empty",
        if is_empty { "empty" } else { "written" },
    );
    // The second half of the last 4 KiB need not be there.
    let needed = if is_spi { size.saturating_sub(2048) } else { size };
    reading.declared_size("block and code", at + 506, needed, window.len());
    reading.uncovered("Nothing covers the code of such a Rockchip image.");
    let code = window.clamped(code_at, size.saturating_sub(code_at));
    reading.opaque_part("code", code)?;
    let rest = window.clamped(size, u64::MAX);
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
    }
    reading.trailing(window, size)
}

/// Whether the bytes of the block that hold no field are zero once they are unscrambled.
fn rest_is_empty(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(mut block) = window.bytes(0, BLOCK)? else { return Ok(false) };
    unscramble(&mut block);
    let rest = block[4..8].iter().chain(&block[14..506]).chain(&block[510..]);
    Ok(rest.copied().all(|byte| byte == 0))
}

fn read_new(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let counts = window.le32(8)?.unwrap_or_default();
    let hash_kind = window.le32(12)?.unwrap_or_default() & 0xf;
    let algorithm = match hash_kind {
        1 => Some(Algorithm::Sha256),
        2 => Some(Algorithm::Sha512),
        _ => None,
    };
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let images = (counts >> 16).min(4);
    reading.container_at(index).fields.insert("images".into(), images.to_string());
    let hash_at = u64::from(counts & 0xffff) * 4;
    let mut end = hash_at + 512;
    if let Some(algorithm) = algorithm {
        compare(algorithm, "the block", window.clamped(0, hash_at), window.clamped(hash_at, 64), reading)?;
    } else {
        let is_empty = window.clamped(hash_at, 64).is_padding()?;
        let found = if is_empty { "empty" } else { "written" };
        reading.structure("place of the digest in a block without one", at + hash_at, "empty", found);
        reading.uncovered("The block has no digest.");
    }
    for image in 0..images {
        // Entries of 88 bytes from 0x78 on; the digest stands 24 bytes into each.
        let entry = 0x78 + 88 * u64::from(image);
        let place = window.le32(entry)?.unwrap_or_default();
        let (offset, size) = (u64::from(place & 0xffff) * BLOCK, u64::from(place >> 16) * BLOCK);
        if size == 0 {
            continue;
        }
        let name = format!("image {}", image + 1);
        let code = window.clamped(offset, size);
        reading.declared_size(&name, at + entry, size, code.len());
        if let Some(algorithm) = algorithm {
            compare(algorithm, &name, code, window.clamped(entry + 24, 64), reading)?;
        }
        reading.opaque_part(name, code)?;
        end = end.max(offset + size);
    }
    reading.container_at(index).size = end.min(window.len());
    let rest = window.clamped(end, u64::MAX);
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
    }
    reading.trailing(window, end)
}

fn compare(
    algorithm: Algorithm,
    what: &str,
    covered: Window<'_>,
    stored: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let actual = algorithm.of(covered)?;
    let expected = stored.head(0, actual.len() as u64)?;
    let name = format!("{} of {what}", algorithm.id());
    reading.digest(name, stored.start(), hex(&expected), hex(&actual));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;
    use sha2::Digest;

    #[test]
    fn facts_and_damage() {
        let mut block = vec![0; 512];
        block[..4].copy_from_slice(&[0x55, 0xaa, 0xf0, 0x0f]);
        block[8] = 1;
        block[12] = 4;
        block[506..510].copy_from_slice(&[8, 0, 8, 4]);
        unscramble(&mut block);
        assert_eq!(block[..4], SCRAMBLED_MAGIC);
        let mut image = block;
        image.resize(2048, 0);
        image.extend(b"RK33");
        image.resize(2048 + 4096, 9);
        check(&image, "rockchip-idblock", Verdict::Unknown, 64);

        let mut image = b"RKNS\0\0\0\0".to_vec();
        image.extend([0x80, 1, 1, 0, 1, 0, 0, 0]);
        image.resize(0x78, 0);
        image.extend([4, 0, 8, 0, 0xff, 0xff, 0xff, 0xff]);
        image.resize(2048, 0);
        image.extend([9; 4096]);
        let code = sha2::Sha256::digest(&image[2048..]);
        image[0x78 + 24..0x78 + 56].copy_from_slice(&code);
        let block = sha2::Sha256::digest(&image[..1536]);
        image[1536..1568].copy_from_slice(&block);
        check(&image, "rockchip-idblock", Verdict::Pass, 64);
    }
}
