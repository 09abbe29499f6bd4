//! File systems, disks and Android's images as real packers make them, where these are installed, and as built here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::fs;

use debrick_model::Verdict;
use support::{facts, has, make, noise};

/// What must hold for an image: its format is known whatever bit of its header is flipped, each length can be read, and
/// junk behind it is noticed.
#[track_caller]
fn check(image: &[u8], format: &str, verdict: Verdict, header: std::ops::Range<usize>) {
    let found = facts(image);
    assert_eq!(found.format.as_deref(), Some(format));
    assert_eq!(found.integrity.verdict, verdict, "{:?}", found.integrity);
    assert_eq!(found.warnings, [""; 0]);
    for at in header.clone() {
        let mut damaged = image.to_vec();
        damaged[at] ^= 1 << (at % 8);
        assert_eq!(facts(&damaged).format.as_deref(), Some(format), "bit of byte {at}");
    }
    for len in (0..header.end).chain([image.len() / 2]) {
        facts(&image[..len]);
    }
    let cut = facts(&image[..image.len() * 6 / 10]);
    assert_eq!(cut.integrity.verdict, Verdict::Fail, "cut off");
    let junk = facts(&[image, &noise(1337, 7)].concat());
    assert!(junk.integrity.verdict == Verdict::Fail || !junk.warnings.is_empty(), "junk");
}

/// Runs a packer over a folder with a few files in it.
fn packed(tool: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    if !has(tool) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("root")).unwrap();
    for index in 0..4_u32 {
        let name = format!("root/file-{index}");
        fs::write(folder.path().join(name), noise(9000, index + 1)).unwrap();
    }
    make(folder.path(), tool, arguments);
    Some(fs::read(folder.path().join("image")).unwrap())
}

#[test]
fn cramfs_of_both_byte_orders() {
    for order in ["little", "big"] {
        if let Some(image) = packed("mkfs.cramfs", &["-N", order, "root", "image"]) {
            check(&image, "cramfs", Verdict::Pass, 0..64);
            let mut damaged = image.clone();
            damaged[image.len() / 2] ^= 1;
            assert_eq!(facts(&damaged).integrity.verdict, Verdict::Fail);
        }
    }
}

#[test]
fn ext4_with_and_without_checksums() {
    for (features, verdict) in [("metadata_csum", Verdict::Pass), ("^metadata_csum", Verdict::Unknown)] {
        let arguments = ["-q", "-F", "-t", "ext4", "-O", features, "-d", "root", "image", "2M"];
        if let Some(image) = packed("mke2fs", &arguments) {
            check(&image, "ext4", verdict, 1024..1100);
            let mut renamed = image.clone();
            let at = renamed.windows(6).position(|bytes| bytes == b"file-2").unwrap();
            renamed[at] ^= 2;
            let expected = if verdict == Verdict::Pass { Verdict::Fail } else { verdict };
            assert_eq!(facts(&renamed).integrity.verdict, expected);
        }
    }
}

/// Directories whose blocks are reached through hashes, and through blocks of extents.
#[test]
fn ext4_with_large_directories() {
    if !has("mke2fs") || !has("e2fsck") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("root/many")).unwrap();
    for index in 0..600 {
        fs::write(folder.path().join(format!("root/many/a-file-with-a-name-of-some-length-{index}")), "")
            .unwrap();
    }
    let arguments =
        ["-q", "-F", "-t", "ext4", "-b", "1024", "-O", "metadata_csum", "-d", "root", "image", "4M"];
    make(folder.path(), "mke2fs", &arguments);
    let linear = fs::read(folder.path().join("image")).unwrap();
    // It ends with 1: it changed something.
    std::process::Command::new("e2fsck").args(["-fyD", "image"]).current_dir(&folder).output().unwrap();
    let hashed = fs::read(folder.path().join("image")).unwrap();
    assert_ne!(linear, hashed);
    for mut image in [linear, hashed] {
        assert_eq!(facts(&image).integrity.verdict, Verdict::Pass);
        let name = b"a-file-with-a-name-of-some-length-3";
        let at = image.windows(name.len()).position(|bytes| bytes == name).unwrap();
        image[at] ^= 1;
        let found = facts(&image);
        let failed: Vec<_> = found.integrity.checks.iter().filter(|check| !check.ok).collect();
        assert!(matches!(&failed[..], [one] if one.name == "crc32c of directories"), "{failed:?}");
    }
}

/// A little-endian header: offsets, sizes and values of fields.
fn header(len: usize, fields: &[(usize, usize, u64)]) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (at, size, value) in fields {
        bytes[*at..at + size].copy_from_slice(&value.to_le_bytes()[..*size]);
    }
    bytes
}

#[test]
fn android_boot_of_version_0() {
    use sha1::Digest as _;
    let (kernel, ramdisk) = (noise(3000, 1), noise(2500, 2));
    let sizes = [(8, 4, 3000), (12, 4, 0x8000), (16, 4, 2500), (20, 4, 0x100_0000), (36, 4, 2048)];
    let mut image = header(2048, &sizes);
    image[..8].copy_from_slice(b"ANDROID!");
    image[44..48].copy_from_slice(&((13_u32 << 25) | (23 << 4) | 6).to_le_bytes());
    image[48..52].copy_from_slice(b"lynx");
    let mut sha1 = sha1::Sha1::new();
    for part in [kernel.as_slice(), &ramdisk, &[]] {
        sha1.update(part);
        sha1.update((part.len() as u32).to_le_bytes());
    }
    image[576..596].copy_from_slice(&sha1.finalize());
    for part in [kernel, ramdisk] {
        image.extend(part);
        image.resize(image.len().next_multiple_of(2048), 0);
    }
    check(&image, "android-boot", Verdict::Pass, 0..48);
    let found = facts(&image);
    assert_eq!((found.vendor.as_deref(), found.version.as_deref()), (Some("Google"), Some("13.0.0")));
    assert_eq!(found.board_ids, ["lynx"]);
    image[2500] ^= 4;
    assert_eq!(facts(&image).integrity.verdict, Verdict::Fail);
}

#[test]
fn sparse_image_of_all_kinds_of_chunks() {
    let fields = [(4, 2, 1), (8, 2, 28), (10, 2, 12), (12, 4, 4096), (16, 4, 4), (20, 4, 3)];
    let mut image = header(28, &fields);
    image[..4].copy_from_slice(&[0x3a, 0xff, 0x26, 0xed]);
    image.extend(header(12, &[(0, 2, 0xcac2), (4, 4, 1), (8, 4, 16)]));
    image.extend([1, 2, 3, 4]);
    image.extend(header(12, &[(0, 2, 0xcac3), (4, 4, 1), (8, 4, 12)]));
    image.extend(header(12, &[(0, 2, 0xcac1), (4, 4, 2), (8, 4, 8204)]));
    image.extend(noise(8192, 5));
    check(&image, "android-sparse", Verdict::Unknown, 0..28);
    let mut damaged = image.clone();
    damaged[32] ^= 1;
    assert_eq!(facts(&damaged).integrity.verdict, Verdict::Fail, "another number of blocks");
}

/// Two partitions with noise in them.
#[test]
fn master_boot_record() {
    let mut image = vec![0; 64 * 512];
    for (at, start) in [(446, 8_u32), (462, 32)] {
        image[at + 4] = 0x83;
        image[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        image[at + 12..at + 16].copy_from_slice(&[24 + (start == 32) as u8 * 8, 0, 0, 0]);
    }
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image[32 * 512..].copy_from_slice(&noise(32 * 512, 4));
    check(&image, "mbr-disk", Verdict::Unknown, 446..470);
}

#[test]
fn nothing_makes_hostile_files_cost_much() {
    for magic in
        [&b"UBI#"[..], b"hsqs", b"-rom1fs-", b"ANDROID!", b"CrAU", b"AVB0", b"CHROMEOS", b"\x3a\xff\x26\xed"]
    {
        for fill in [0xff, 0x7f, 0x01, 0x80] {
            let mut image = vec![fill; 5000];
            image[..magic.len()].copy_from_slice(magic);
            facts(&image);
        }
    }
}
