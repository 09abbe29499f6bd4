//! File systems of ordinary storage: romfs, EROFS and FAT.

use std::fs;

use debrick_model::Verdict;

use super::packed;
use super::support::{check, covers, facts, failures, has, make, noise, told};

#[test]
fn romfs_of_genromfs() {
    let Some(image) = packed("genromfs", &["-f", "image", "-d", "root", "-V", "rescue"]) else { return };
    check(&image, "romfs", Verdict::Pass, 0..64);
    let found = facts(&image);
    assert_eq!(told(&found, "romfs", "name"), "rescue");
    covers(&image, 18, "sum of the first 512 bytes");
    let name = image.windows(6).rposition(|there| there == b"file-3").unwrap();
    covers(&image, name, "sums of the headers of files");
    covers(&image, 9, "the file system");
}

/// Two directories and a file, all within the bytes that the sum covers (romfs.rst).
#[test]
fn romfs_of_a_folder_in_a_folder() {
    let sealed = |words: [u32; 3], name: &str| {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend([0; 4]);
        bytes.extend(name.as_bytes());
        bytes.resize((bytes.len() + 1).next_multiple_of(16), 0);
        seal(&mut bytes, 12);
        bytes
    };
    let mut file = sealed([2, 0, 5], "hi");
    file.extend(b"hello");
    file.resize(file.len().next_multiple_of(16), 0);
    let root = sealed([0x49, 0x20, 0], ".");
    let folder = sealed([9, 0x60, 0], "sub");
    let mut image = b"-rom1fs-\0\0\0\0\0\0\0\0demo".to_vec();
    image.resize(32, 0);
    image.extend([root, folder, file].concat());
    // The root's header stands at 32, so that its first entry is at 64.
    image[36..40].copy_from_slice(&0x40_u32.to_be_bytes());
    image[32..36].copy_from_slice(&9_u32.to_be_bytes());
    seal(&mut image[32..64], 12);
    let size = image.len() as u32;
    image[8..12].copy_from_slice(&size.to_be_bytes());
    seal(&mut image, 12);
    check(&image, "romfs", Verdict::Pass, 0..32);
    covers(&image, 68, "sums of the headers of files");
    covers(&image, image.len() - 15, "sum of the first 512 bytes");
    assert_eq!(
        failures(&image[..image.len() - 1]).first().map(String::as_str),
        Some("size of the file system")
    );
}

/// Makes the words of some bytes add up to zero.
fn seal(bytes: &mut [u8], at: usize) {
    bytes[at..at + 4].fill(0);
    let words = bytes.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    let sum = words.fold(0, u32::wrapping_add).wrapping_neg();
    bytes[at..at + 4].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn erofs_of_mkfs_erofs() {
    let arguments = ["-U", "00112233-4455-6677-8899-aabbccddeeff", "-T", "1700000000", "image", "root"];
    let Some(image) = packed("mkfs.erofs", &arguments) else { return };
    check(&image, "erofs", Verdict::Pass, 1024..1152);
    let found = facts(&image);
    assert_eq!(told(&found, "erofs", "block-size"), "4096");
    assert_eq!(told(&found, "erofs", "created"), "1700000000");
    covers(&image, 1024 + 50, "crc32c of the superblock");
    covers(&image, 1024 + 37, "the file system");
}

/// A card of a Raspberry Pi: FAT of each width, with one file in it.
#[test]
fn fat_of_mkfs_fat_and_mtools() {
    if !has("mkfs.fat") || !has("mcopy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = noise(3000, 5);
    fs::write(folder.path().join("start.elf"), &file).unwrap();
    for (width, blocks) in [("12", "512"), ("16", "4200"), ("32", "34000")] {
        let arguments =
            ["-C", "-F", width, "-s", "1", "-i", "12345678", "-n", "BOOT", "--invariant", "image", blocks];
        make(folder.path(), "mkfs.fat", &arguments);
        make(folder.path(), "mcopy", &["-i", "image", "start.elf", "::START.ELF"]);
        let image = fs::read(folder.path().join("image")).unwrap();
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some("fat-fs"), "FAT{width}");
        assert_eq!(found.integrity.verdict, Verdict::Unknown, "{:?}", found.integrity);
        assert_eq!(found.warnings, [""; 0]);
        assert_eq!(told(&found, "fat", "type"), format!("FAT{width}"));
        assert_eq!(told(&found, "fat", "label"), "BOOT");
        assert_eq!(found.vendor.as_deref(), Some("Raspberry Pi"));
        let reserved = usize::from(u16::from_le_bytes([image[14], image[15]]));
        covers(&image, reserved * 512 + 4, "allocation table");
        covers(&image, 510, "mark of the boot sector");
        for at in 0..36 {
            let damaged = super::support::flipped(&image, at);
            assert_eq!(facts(&damaged).format.as_deref(), Some("fat-fs"), "FAT{width}: byte {at}");
        }
        (0..512).for_each(|len| drop(facts(&image[..len])));
        let cut = facts(&image[..image.len() * 6 / 10]);
        assert_eq!(cut.integrity.verdict, Verdict::Fail);
        fs::remove_file(folder.path().join("image")).unwrap();
    }
}
