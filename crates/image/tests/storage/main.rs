//! File systems and disks as real packers make them, where these are installed, and as built here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod disks;
mod flash;
#[path = "../support/mod.rs"]
mod support;
mod trees;

use std::fs;

use debrick_model::Verdict;
use support::{check, facts, has, make, noise};

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
