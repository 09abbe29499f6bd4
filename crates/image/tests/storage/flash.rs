//! File systems of raw flash: UBI, UBIFS, JFFS2 and littlefs.

use std::fs;

use debrick_model::Verdict;

use super::packed;
use super::support::{check, covers, facts, flipped, make, noise, told};

/// Small pages, so that images stay small: erase blocks of 16 KiB, of which 1 KiB is headers.
const UBIFS: [&str; 10] = ["-r", "root", "-m", "512", "-e", "15360", "-c", "60", "-o", "image"];

#[test]
fn ubifs_of_mkfs_ubifs() {
    let Some(image) = packed("mkfs.ubifs", &UBIFS) else { return };
    check(&image, "ubifs", Verdict::Pass, 0..80);
    let found = facts(&image);
    assert_eq!(told(&found, "ubifs", "block-size"), "15360");
    assert_eq!(told(&found, "ubifs", "most-blocks"), "60");
    covers(&image, 60, "crc32 of the nodes");
    // The first master node.
    covers(&image, 15360 + 100, "crc32 of the nodes");
    covers(&image, 43, "the file system");
}

#[test]
fn ubi_of_ubinize() {
    let Some(ubifs) = packed("mkfs.ubifs", &UBIFS) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("ubifs"), &ubifs).unwrap();
    fs::write(path.join("kernel"), noise(40_000, 6)).unwrap();
    let volumes = "[a]\nmode=ubi\nvol_id=0\nvol_type=static\nvol_name=kernel\nimage=kernel\n\
                   [b]\nmode=ubi\nvol_id=1\nvol_type=dynamic\nvol_name=rootfs\nimage=ubifs\nvol_size=900KiB\n";
    fs::write(path.join("volumes"), volumes).unwrap();
    let arguments = ["-Q", "1", "-m", "512", "-p", "16KiB", "-o", "image", "volumes"];
    make(path, "ubinize", &arguments);
    let image = fs::read(path.join("image")).unwrap();
    check(&image, "ubi", Verdict::Pass, 0..64);
    let found = facts(&image);
    assert_eq!(told(&found, "ubi", "block-size"), "16384");
    assert_eq!(
        (told(&found, "ubi", "volume-0"), told(&found, "ubi", "volume-1")),
        ("kernel".into(), "rootfs".into())
    );
    assert!(found.container("ubifs").is_some_and(|ubifs| ubifs.unpacked));
    const BLOCK: usize = 16384;
    covers(&image, 3 * BLOCK + 20, "crc32 of the headers of blocks");
    covers(&image, 3 * BLOCK + 512 + 20, "crc32 of the headers of blocks");
    covers(&image, 1024 + 5, "crc32 of the table of volumes");
    // Two blocks of the layout, then three of the static volume.
    covers(&image, 2 * BLOCK + 1024 + 700, "crc32 of contents of blocks");
    covers(&image, 6 * BLOCK + 1024 + 40, "crc32 of the nodes");
    let without_one = [&image[..3 * BLOCK], &image[4 * BLOCK..]].concat();
    let failed = facts(&without_one).integrity.checks.into_iter().filter(|check| !check.ok);
    assert_eq!(failed.map(|check| check.name).collect::<Vec<_>>(), ["blocks of volume 0"]);
}

#[test]
fn jffs2_of_both_byte_orders() {
    for (order, name) in [("-l", "little"), ("-b", "big")] {
        let arguments = ["-r", "root", "-o", "image", "-e", "16KiB", "-p", order];
        let Some(image) = packed("mkfs.jffs2", &arguments) else { return };
        check(&image, "jffs2", Verdict::Pass, 0..12);
        let found = facts(&image);
        assert_eq!(told(&found, "jffs2", "byte-order"), name);
        for at in [50, 700, 9000, 20_000] {
            covers(&image, at, "crc32 of the nodes");
        }
    }
}

/// The log of one block: a revision, entries whose tags are each combined with the one before, and CRCs (SPEC.md).
struct Log {
    bytes: Vec<u8>,
    tag: u32,
    commit: usize,
}

impl Log {
    fn new(revision: u32) -> Self {
        Self { bytes: revision.to_le_bytes().to_vec(), tag: u32::MAX, commit: 0 }
    }

    fn entry(&mut self, kind: u32, id: u32, data: &[u8]) {
        let tag = kind << 20 | id << 10 | data.len() as u32;
        self.bytes.extend((tag ^ self.tag).to_be_bytes());
        self.bytes.extend(data);
        self.tag = tag;
    }

    /// Ends a commit, padded to 16 bytes. What follows is erased: ones.
    fn commit(&mut self) {
        let end = (self.bytes.len() + 8).next_multiple_of(16);
        let size = end - self.bytes.len() - 4;
        let tag = 0x500 << 20 | 0x3ff << 10 | size as u32;
        self.bytes.extend((tag ^ self.tag).to_be_bytes());
        let crc = !crc32fast::hash(&self.bytes[self.commit..]);
        self.bytes.extend(crc.to_le_bytes());
        self.bytes.resize(end, 0xff);
        (self.tag, self.commit) = (tag, end);
    }

    fn block(&self) -> Vec<u8> {
        let mut block = self.bytes.clone();
        block.resize(512, 0xff);
        block
    }
}

/// A root with a small file, a folder with another, and a file in a block of its own.
fn littlefs(starts_with_create: bool) -> Vec<u8> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let root = |revision: u32| {
        let mut log = Log::new(revision);
        if starts_with_create {
            log.entry(0x401, 0, b"");
        }
        log.entry(0x0ff, 0, b"littlefs");
        log.entry(0x201, 0, &words(&[0x2_0001, 512, 16, 255, i32::MAX as u32, 1022]));
        log.entry(0x600, 0x3ff, &words(&[2, 3]));
        log.commit();
        for (id, kind, name) in [(1, 1, "boot.cfg"), (2, 2, "data"), (3, 1, "firmware.bin")] {
            log.entry(0x401, id, b"");
            log.entry(kind, id, name.as_bytes());
        }
        log.entry(0x201, 1, b"console=ttyS0\n");
        log.entry(0x200, 2, &words(&[2, 3]));
        log.entry(0x202, 3, &words(&[4, 500]));
        log.commit();
        log.block()
    };
    let folder = |revision: u32| {
        let mut log = Log::new(revision);
        log.entry(0x401, 0, b"");
        log.entry(0x001, 0, b"count");
        log.entry(0x201, 0, b"17");
        log.commit();
        log.block()
    };
    let mut image = [root(2), root(1), folder(1), vec![0xff; 512], noise(500, 7)].concat();
    image.resize(15 * 512, 0xff);
    image.extend(noise(512, 8));
    image
}

#[test]
fn littlefs_as_specified() {
    for starts_with_create in [false, true] {
        let image = littlefs(starts_with_create);
        let name = if starts_with_create { 12 } else { 8 };
        check(&image, "littlefs", Verdict::Pass, 0..name + 36);
        let found = facts(&image);
        assert_eq!(told(&found, "littlefs", "version"), "2.1");
        assert_eq!(told(&found, "littlefs", "blocks"), "16");
        // The superblock, the second commit, the copy, and the folder.
        for at in [name + 30, 150, 512 + 150, 1024 + 20] {
            covers(&image, at, "crc32 of the metadata");
        }
        // What fills a block of its own has no CRC.
        assert_eq!(facts(&flipped(&image, 2048 + 100)).integrity.verdict, Verdict::Pass);
    }
}
