//! H3C Comware: images of an image header, a file header and the file; and the file system of their boot loader.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkh3cimg.c`, `src/mkh3cvfs.c`. Words are big-endian; checksums are
//! CRC-16/XMODEM, in words of 32 bits but for one.

use crate::digest::crc16;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, hand_on, hex16, hex32, unless, wrapper};

pub(crate) const COMWARE: Format = wrapper(
    "h3c-comware",
    &[],
    |window| {
        let word = |at| -> Result<u32, ImageError> { Ok(window.be32(at)?.unwrap_or(u32::MAX)) };
        let count = u64::from(word(4)?);
        let size = u64::from(word(28)?);
        let errors = bit_errors(window, 0, &[0, 0, 0, 1])?
            + unless((1..=MAX_FILES).contains(&count))
            + unless(could_be(window, IMAGE_HEADER.saturating_add(size)))
            + unless(u64::from(word(FILES + 4)?) == IMAGE_HEADER)
            + unless(word(FILES + 8)? <= word(28)?)
            + unless(word(FILES)? == word(IMAGE_HEADER + 8)? || window.len() < IMAGE_HEADER + 12);
        Ok(errors <= 1)
    },
    read_comware,
    About {
        outermost: &[],
        name: "H3C Comware image",
        identified_by: "a header of 6180 bytes whose list of files fits the file",
        reveals: "any damage, by four CRC-16: of image header, file header, package and file",
        blind_to: "one damage in 65,536",
        source: "OpenWrt firmware-utils d21804a src/mkh3cimg.c",
        tested_with: "mkh3cimg; own construction",
    },
);

/// Bytes of the image header: 32, 128 descriptions of files, room for a signature, and its checksum.
const IMAGE_HEADER: u64 = FILES + 128 * DESCRIPTION + 3072 + 4;
const FILES: u64 = 32;
const DESCRIPTION: u64 = 24;
const FILE_HEADER: u64 = 340;
const MAX_FILES: u64 = 128;

fn read_comware(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(window.be32(place)?.unwrap_or_default()) };
    let (product, device, size) = (word(8)?, word(12)?, u64::from(word(28)?));
    let end = IMAGE_HEADER.saturating_add(size);
    let fields = reading.container(COMWARE.id, window.clamped(0, end));
    fields.insert("product".into(), hex32(product));
    fields.insert("device".into(), hex32(device));
    reading.set_vendor("HPE/H3C");
    reading.board(hex32(product));
    reading.declared_size("the package", at + 28, size, window.len().saturating_sub(IMAGE_HEADER));
    let crc = |start: u64, len: u64| crc16(window.clamped(start, len), &crc::CRC_16_XMODEM);
    let stored = word(IMAGE_HEADER - 4)?;
    let actual = u32::from(crc(0, IMAGE_HEADER - 4)?);
    reading.digest("crc16 of the image header", at + IMAGE_HEADER - 4, hex32(stored), hex32(actual));
    // The packer sums up from behind the length of a file header, not of the image header.
    let package = crc_of_package(window, end)?;
    let stored = window.be16(24)?.unwrap_or_default();
    reading.digest("crc16 of the package", at + 24, hex16(stored), hex16(package));
    for index in 0..u64::from(word(4)?).min(MAX_FILES) {
        let place = FILES + index * DESCRIPTION;
        let (start, len) = (u64::from(word(place + 4)?), u64::from(word(place + 8)?));
        let file = window.clamped(start, len);
        reading.declared_size("the file", at + place + 8, len, file.len());
        read_file(file, reading)?;
    }
    reading.trailing(window, end)
}

/// The checksum of everything behind the first 340 bytes, as it was when the packer made it: the fields that it filled in
/// afterwards, and the header's own checksum, were still zero.
fn crc_of_package(window: Window<'_>, end: u64) -> Result<u16, ImageError> {
    let crc = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM);
    let mut digest = crc.digest();
    let header = IMAGE_HEADER.min(window.len());
    if header > FILE_HEADER {
        digest.update(&vec![0; (header - FILE_HEADER) as usize]);
    }
    window.clamped(IMAGE_HEADER, end.saturating_sub(IMAGE_HEADER)).stream(|piece| digest.update(piece))?;
    Ok(digest.finalize())
}

fn read_file(file: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = file.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(file.be32(place)?.unwrap_or_default()) };
    if file.len() < FILE_HEADER {
        reading.declared_size("the file header", at, FILE_HEADER, file.len());
        return Ok(());
    }
    let stored = word(4)?;
    let actual = crc16(file.clamped(8, FILE_HEADER - 8), &crc::CRC_16_XMODEM)?;
    reading.digest("crc16 of the file header", at + 4, hex32(stored), hex32(actual.into()));
    let (unpadded, len) = (u64::from(word(24)?), u64::from(word(328)?));
    let padded = file.clamped(FILE_HEADER, len);
    reading.declared_size("the contents", at + 328, len, padded.len());
    let actual = crc16(padded, &crc::CRC_16_XMODEM)?;
    reading.digest("crc16 of the contents", at + 332, hex32(word(332)?), hex32(actual.into()));
    hand_on(padded.clamped(0, unpadded), reading)
}

pub(crate) const VFS: Format = wrapper(
    "h3c-vfs",
    &[],
    |window| {
        // The entry of block 0 tells the sizes of erase blocks and blocks; its first file is the root directory.
        let root = window.bytes(BLOCK, 40)?.unwrap_or_default();
        let errors = bit_errors(window, 0, &[0x10, 0, 0x04, 0])?
            + bit_errors(window, 4, &[0xff; 4])?
            + bit_errors(window, 8, &[0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])?
            + unless(root.first() == Some(&0x3f))
            + bit_errors(window, BLOCK + 28, &[0, 0, 0, 1])?;
        Ok(errors <= 2)
    },
    read_vfs,
    About {
        outermost: &[],
        name: "H3C boot loader file system",
        identified_by: "a first entry 10000400, erased fields behind it, and a root directory at 0x400",
        reveals: "chains of blocks that lead nowhere",
        blind_to: "damaged contents: it has no checksum",
        source: "OpenWrt firmware-utils d21804a src/mkh3cvfs.c",
        tested_with: "mkh3cvfs; own construction",
    },
);

const BLOCK: u64 = 0x400;
const ERASE_BLOCK: u64 = 0x1_0000;
/// Blocks in an erase block beside the one that holds its table.
const PER_ERASE_BLOCK: u64 = ERASE_BLOCK / BLOCK - 1;
const ENTRY: u64 = 128;
const NAME: u64 = 32;
const POINTER: u32 = 0x00ff_ffff;
/// Blocks of one file that are followed: 64 MiB.
const MAX_BLOCKS: u64 = 64 << 10;
/// Files of the directory's first block.
const MAX_ENTRIES: u64 = BLOCK / ENTRY;

fn block_at(block: u64) -> u64 {
    ERASE_BLOCK * (block / PER_ERASE_BLOCK) + BLOCK * (1 + block % PER_ERASE_BLOCK)
}

fn entry_at(block: u64) -> u64 {
    ERASE_BLOCK * (block / PER_ERASE_BLOCK) + 8 * (block % PER_ERASE_BLOCK)
}

fn read_vfs(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(VFS.id, window);
    let container = reading.last_container();
    reading.set_vendor("H3C");
    let at = window.start();
    let mut files = 0_u64;
    for index in 0..MAX_ENTRIES {
        let entry = block_at(1) + index * ENTRY;
        let (Some(flags), Some(len)) = (window.u8(entry)?, window.be32(entry + 16)?) else { break };
        if flags == 0xff {
            break;
        }
        files += 1;
        let name = window.text(entry + NAME, ENTRY - NAME)?;
        let first = u64::from(window.be32(entry + 28)?.unwrap_or_default() & POINTER);
        let blocks = u64::from(len).div_ceil(BLOCK).min(MAX_BLOCKS);
        let followed = follow(window, first, blocks)?;
        reading.structure(format!("blocks of {name}"), at + entry + 16, blocks, followed);
        // The table of the next erase block parts what follows from it.
        let run = (PER_ERASE_BLOCK - first % PER_ERASE_BLOCK) * BLOCK;
        reading.part(name, window.clamped(block_at(first), run.min(len.into())))?;
    }
    reading.container_at(container).fields.insert("files".into(), files.to_string());
    Ok(())
}

/// How many blocks a chain has, up to `most`, as far as they lie in the window.
fn follow(window: Window<'_>, first: u64, most: u64) -> Result<u64, ImageError> {
    let mut block = first;
    for count in 0..most {
        if block_at(block) >= window.len() {
            return Ok(count);
        }
        let next = window.be32(entry_at(block) + 4)?.unwrap_or(u32::MAX) & POINTER;
        if count + 1 < most && next == POINTER {
            return Ok(count + 1);
        }
        block = next.into();
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;

    use super::*;
    use crate::inspect;

    fn put(bytes: &mut [u8], at: usize, word: u32) {
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
    }

    fn xmodem(bytes: &[u8]) -> u32 {
        crc::Crc::<u16>::new(&crc::CRC_16_XMODEM).checksum(bytes).into()
    }

    /// An image as the packer makes it.
    fn comware() -> Vec<u8> {
        let content: Vec<u8> = (0..5000_u32).map(|i| ((i * i) >> 3) as u8).collect();
        let (header, file) = (IMAGE_HEADER as usize, FILE_HEADER as usize);
        let mut bytes = vec![0; header + file];
        bytes.extend(&content);
        for (at, word) in
            [(8, 0x0400_0000), (12, 1), (16, 0x3c01_0501), (20, 0x0001_0026), (24, 5000), (328, 5000)]
        {
            put(&mut bytes, header + at, word);
        }
        put(&mut bytes, header + 332, xmodem(&content));
        let crc = xmodem(&bytes[header + 8..header + file]);
        put(&mut bytes, header + 4, crc);
        for (at, word) in [(0, 1), (4, 1), (8, 0x3c01_0501), (12, 0x0001_0026)] {
            put(&mut bytes, at, word);
        }
        let crc = xmodem(&bytes[file..]);
        let length = (bytes.len() - header) as u32;
        put(&mut bytes, 24, crc << 16 | 2);
        for (at, word) in
            [(28, length), (32, 0x0400_0000), (36, header as u32), (40, length), (48, 1), (52, 1)]
        {
            put(&mut bytes, at, word);
        }
        let crc = xmodem(&bytes[..header - 4]);
        put(&mut bytes, header - 4, crc);
        bytes
    }

    fn vfs() -> Vec<u8> {
        let mut bytes = vec![0xff; ERASE_BLOCK as usize];
        put(&mut bytes, 0, 0x1000_0400);
        put(&mut bytes, 8, 0x3fff_ffff);
        for (block, previous, next) in
            [(2_usize, 0x3fff_ffff_u32, 0xff00_0003_u32), (3, 0x3f00_0002, u32::MAX)]
        {
            put(&mut bytes, block * 8, previous);
            put(&mut bytes, block * 8 + 4, next);
        }
        bytes[0x400] = 0x3f;
        put(&mut bytes, 0x400 + 28, 1);
        bytes[0x800] = 0x3f;
        put(&mut bytes, 0x810, 1500);
        put(&mut bytes, 0x800 + 28, 2);
        bytes[0x820..0x828].copy_from_slice(b"test.bin");
        bytes[0x828] = 0;
        bytes
    }

    #[test]
    fn comware_images() {
        let good = comware();
        let facts = inspect(&good).unwrap();
        assert_eq!(facts.format.as_deref(), Some("h3c-comware"));
        assert_eq!(facts.integrity.verdict, Verdict::Pass, "{:?}", facts.integrity);
        assert_eq!(facts.board_ids, ["3c010501"]);
        assert!(facts.warnings.is_empty());
        for at in [0, 5, 9, 24, 30, 35, 40, 100, 4000, 6176, 6184, 6300, 6600, 9000] {
            let mut bad = good.clone();
            bad[at] ^= 4;
            let facts = inspect(&bad).unwrap();
            assert_eq!(facts.format.as_deref(), Some("h3c-comware"), "{at}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "{at}");
        }
        let cut = inspect(&good[..good.len() * 6 / 10].to_vec()).unwrap();
        assert_eq!(cut.integrity.verdict, Verdict::Fail);
        for len in 0..200 {
            inspect(&good[..len].to_vec()).unwrap();
        }
    }

    #[test]
    fn boot_loader_file_systems() {
        let good = vfs();
        let facts = inspect(&good).unwrap();
        assert_eq!(facts.format.as_deref(), Some("h3c-vfs"));
        assert_eq!(facts.integrity.verdict, Verdict::Unknown, "{:?}", facts.integrity);
        let mut lost = good.clone();
        lost[2 * 8 + 4..2 * 8 + 8].fill(0xff);
        assert_eq!(inspect(&lost).unwrap().integrity.verdict, Verdict::Fail);
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[2] ^= 1 << bit;
            assert_eq!(inspect(&bad).unwrap().format.as_deref(), Some("h3c-vfs"));
        }
        assert_eq!(inspect(&vec![0xff; 70_000]).unwrap().format, None);
    }
}
