//! Android's images, and those of ChromeOS, as real packers make them, where these are installed, and as built here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod signed;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use debrick_model::Verdict;
use sha2::Digest as _;
use support::{check, covers, facts, has, header, make, noise, told};

/// Text at a place.
fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Zeros up to the next page.
fn pad(image: &mut Vec<u8>, page: usize) {
    image.resize(image.len().next_multiple_of(page), 0);
}

/// A flattened device tree whose root has one property, `compatible` (Devicetree Specification 0.4, chapter 5).
fn device_tree(compatible: &str) -> Vec<u8> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let mut value = compatible.as_bytes().to_vec();
    value.push(0);
    let len = value.len() as u32;
    pad(&mut value, 4);
    let structure = [words(&[1, 0, 3, len, 0]), value, words(&[2, 9])].concat();
    let names = b"compatible\0";
    let (size, total) = (structure.len() as u32, 56 + structure.len() as u32 + names.len() as u32);
    let head = words(&[0xd00d_feed, total, 56, 56 + size, 40, 17, 16, 0, names.len() as u32, size]);
    [head, vec![0; 16], structure, names.to_vec()].concat()
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

/// What mkbootimg makes: with a SHA-1 of contents and sizes up to version 2, without any check from version 3 on.
#[test]
fn android_boot_of_mkbootimg() {
    if !has("mkbootimg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in
        [("kernel", noise(5000, 1)), ("ramdisk", noise(3000, 2)), ("dtb", device_tree("acme,phone"))]
    {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    for (version, verdict) in [("0", Verdict::Pass), ("2", Verdict::Pass), ("3", Verdict::Unknown)] {
        let arguments = "--kernel kernel --ramdisk ramdisk --os_version 13.0.0 --os_patch_level 2023-11 \
                         --cmdline console=ttyMSM0 --output image --header_version";
        let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
        arguments.push(version);
        if version == "2" {
            arguments.extend(["--dtb", "dtb"]);
        }
        make(folder.path(), "mkbootimg", &arguments);
        let image = fs::read(folder.path().join("image")).unwrap();
        check(&image, "android-boot", verdict, 0..48);
        let found = facts(&image);
        assert_eq!(found.version.as_deref(), Some("13.0.0"));
        assert_eq!(told(&found, "android-boot", "command-line"), "console=ttyMSM0");
        if verdict == Verdict::Pass {
            covers(&image, 2500, "sha1");
            covers(&image, 9000, "sha1");
        }
    }
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

/// What mkbootimg makes for version 3, with the size of its header that this release writes.
#[test]
fn vendor_boot_of_mkbootimg() {
    if !has("mkbootimg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ramdisk"), noise(5000, 3)).unwrap();
    fs::write(folder.path().join("tree"), device_tree("acme,phone")).unwrap();
    let arguments = "--header_version 3 --pagesize 2048 --vendor_ramdisk ramdisk --dtb tree --board lynx \
                     --vendor_cmdline console=ttyMSM0 --vendor_boot image";
    make(folder.path(), "mkbootimg", &arguments.split_whitespace().collect::<Vec<_>>());
    let image = fs::read(folder.path().join("image")).unwrap();
    check(&image, "android-vendor-boot", Verdict::Unknown, 0..28);
    let found = facts(&image);
    assert_eq!(told(&found, "android-vendor-boot", "command-line"), "console=ttyMSM0");
    assert_eq!(found.board_ids, ["lynx", "acme,phone"]);
    assert!(found.container("dtb").is_some());
    covers(&image, 26, "ramdisk");
}

/// Version 4 (bootimg.h): two RAM disks with a table that names them, and a configuration.
#[test]
fn vendor_boot_of_version_4() {
    let (first, second, tree) = (noise(3000, 4), noise(1000, 5), device_tree("acme,phone"));
    let config = b"androidboot.hardware=lynx\n";
    let sizes = [
        (8, 4, 4),
        (12, 4, 4096),
        (24, 4, 4000),
        (2096, 4, 2128),
        (2100, 4, tree.len() as u64),
        (2112, 4, 216),
        (2116, 4, 2),
        (2120, 4, 108),
        (2124, 4, config.len() as u64),
    ];
    let mut image = header(4096, &sizes);
    put(&mut image, 0, b"VNDRBOOT");
    put(&mut image, 28, b"loglevel=4");
    put(&mut image, 2080, b"lynx");
    image.extend([first, second].concat());
    pad(&mut image, 4096);
    image.extend(&tree);
    pad(&mut image, 4096);
    for (name, size, offset, kind) in [("", 3000, 0, 1), ("dlkm", 1000, 3000, 3)] {
        let mut entry = header(108, &[(0, 4, size), (4, 4, offset), (8, 4, kind)]);
        put(&mut entry, 12, name.as_bytes());
        image.extend(entry);
    }
    pad(&mut image, 4096);
    image.extend(config);
    pad(&mut image, 4096);
    check(&image, "android-vendor-boot", Verdict::Unknown, 0..28);
    let found = facts(&image);
    assert_eq!(told(&found, "android-vendor-boot", "header-version"), "4");
    assert_eq!(told(&found, "android-vendor-boot", "command-line"), "loglevel=4");
    assert_eq!(found.model.as_deref(), Some("lynx"));
    covers(&image, 2127, "the bootconfig");
    covers(&image, 2097, "size of the header");
}

/// Two trees behind a header and two entries (dt_table.h).
#[test]
fn dtbo_of_two_trees() {
    let trees = [device_tree("acme,phone-a"), device_tree("acme,phone-b")];
    let total = 32 + 64 + trees[0].len() + trees[1].len();
    let mut words = vec![0xd7b7_ab1e, total as u32, 32, 32, 2, 32, 2048, 0];
    let mut offset = 96;
    for (index, tree) in trees.iter().enumerate() {
        words.extend([tree.len() as u32, offset, 0x100 + index as u32, 2, 0, 0, 0, 0]);
        offset += tree.len() as u32;
    }
    let head: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
    let image = [head, trees.concat()].concat();
    check(&image, "dtbo", Verdict::Unknown, 0..32);
    let found = facts(&image);
    assert_eq!(told(&found, "dtbo", "entries"), "2");
    assert_eq!(found.containers.iter().filter(|container| container.format == "dtb").count(), 2);
    covers(&image, 19, "number of entries");
    covers(&image, 38, "entries outside the table");
    covers(&image, 11, "size of the header");
}

/// Three entries behind a header of 28 bytes (libpit.h).
#[test]
fn partition_information_table() {
    let mut image = header(28, &[(0, 4, 0x1234_9876), (4, 4, 3)]);
    put(&mut image, 8, b"COM_TAR2MSM8960");
    for (id, (name, file)) in
        [("BOOTLOADER", "sboot.bin"), ("BOOT", "boot.img"), ("SYSTEM", "system.img.ext4")].iter().enumerate()
    {
        let fields = [(4, 4, 2), (8, 4, 80 + id as u64), (12, 4, 5), (16, 4, 1), (20, 4, 8192), (24, 4, 64)];
        let mut entry = header(132, &fields);
        put(&mut entry, 36, name.as_bytes());
        put(&mut entry, 68, file.as_bytes());
        image.extend(entry);
    }
    check(&image, "samsung-pit", Verdict::Unknown, 0..28);
    let found = facts(&image);
    assert_eq!(found.vendor.as_deref(), Some("Samsung"));
    assert_eq!(told(&found, "samsung-pit", "processor"), "MSM8960");
    assert_eq!(told(&found, "samsung-pit", "partition-81"), "BOOT boot.img");
    covers(&image, 4, "the table");
}

/// A digest over bytes in which its own place holds zeros.
fn seal(bytes: &mut [u8], at: usize) {
    let digest = sha2::Sha256::digest(&*bytes);
    put(bytes, at, &digest);
}

/// One logical partition of two extents, with geometry and metadata as metadata_format.h has them (version 10.2).
#[test]
fn super_partition() {
    const SIZE: usize = 96 * 1024;
    let mut geometry =
        header(52, &[(0, 4, 0x616c_4467), (4, 4, 52), (40, 4, 4096), (44, 4, 2), (48, 4, 4096)]);
    seal(&mut geometry, 8);
    let mut partition = header(52, &[(36, 4, 1), (44, 4, 2)]);
    put(&mut partition, 0, b"vendor_a");
    let extents = [header(24, &[(0, 8, 8), (12, 8, 64)]), header(24, &[(0, 8, 16), (8, 4, 1)])].concat();
    let mut group = header(48, &[]);
    put(&mut group, 0, b"default");
    let mut device = header(64, &[(0, 8, 64), (8, 4, 4096), (16, 8, SIZE as u64)]);
    put(&mut device, 24, b"super");
    let tables = [partition, extents, group, device].concat();
    let sizes = [(80, 0, 1, 52), (92, 52, 2, 24), (104, 100, 1, 48), (116, 148, 1, 64)];
    let mut metadata =
        header(256, &[(0, 4, 0x414c_5030), (4, 2, 10), (6, 2, 2), (8, 4, 256), (44, 4, tables.len() as u64)]);
    for (at, offset, count, size) in sizes {
        put(&mut metadata, at, &header(12, &[(0, 4, offset), (4, 4, count), (8, 4, size)]));
    }
    put(&mut metadata, 48, &sha2::Sha256::digest(&tables));
    seal(&mut metadata, 12);
    let mut image = vec![0; SIZE];
    put(&mut image, 4096, &geometry);
    put(&mut image, 8192, &geometry);
    for slot in 0..4 {
        put(&mut image, 12288 + slot * 4096, &[metadata.clone(), tables.clone()].concat());
    }
    put(&mut image, 64 * 512, &noise(4096, 8));
    put(&mut image, SIZE - 4096, &noise(4096, 9));
    check(&image, "super", Verdict::Pass, 4096..4148);
    let found = facts(&image);
    assert_eq!(told(&found, "super", "partition-1"), "vendor_a, 12288 bytes");
    assert_eq!(told(&found, "super", "size"), SIZE.to_string());
    covers(&image, 4096 + 45, "sha256 of the geometry");
    covers(&image, 12288 + 20, "sha256 of the metadata header");
    covers(&image, 12288 + 256 + 3, "sha256 of the tables");
}

/// A field of a protocol buffer: a number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field of a protocol buffer: bytes or a message.
fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Two partitions, one of them compressed, as update_metadata.proto describes them.
#[test]
fn payload_of_the_update_engine() {
    let (plain, packed) = (noise(6000, 12), noise(2000, 13));
    let extent = |first: u64, count: u64| [number(1, first), number(2, count)].concat();
    let replace = |kind: u64, at: usize, data: &[u8], first: u64, count: u64| {
        let digest = sha2::Sha256::digest(data);
        [
            number(1, kind),
            number(2, at as u64),
            number(3, data.len() as u64),
            bytes(6, &extent(first, count)),
            bytes(8, &digest),
        ]
        .concat()
    };
    let zero = [number(1, 6), bytes(6, &extent(2, 1))].concat();
    let mut contents = plain.clone();
    contents.resize(3 * 4096, 0);
    let info = |contents: &[u8]| {
        [number(1, contents.len() as u64), bytes(2, &sha2::Sha256::digest(contents))].concat()
    };
    let boot = [
        bytes(1, b"boot"),
        bytes(7, &info(&contents)),
        bytes(8, &replace(0, 0, &plain, 0, 2)),
        bytes(8, &zero),
        bytes(17, b"1700000000"),
    ]
    .concat();
    let vendor = [
        bytes(1, b"vendor"),
        bytes(7, &info(&noise(8192, 14))),
        bytes(8, &replace(8, plain.len(), &packed, 0, 2)),
    ]
    .concat();
    let manifest = [
        number(3, 4096),
        number(12, 0),
        bytes(13, &boot),
        bytes(13, &vendor),
        number(14, 1_700_000_000),
        bytes(18, b"2023-11-05"),
    ]
    .concat();
    let head = [
        b"CrAU".to_vec(),
        2_u64.to_be_bytes().to_vec(),
        (manifest.len() as u64).to_be_bytes().to_vec(),
        0_u32.to_be_bytes().to_vec(),
    ]
    .concat();
    let data_at = head.len() + manifest.len();
    let image = [head, manifest, plain, packed].concat();
    check(&image, "android-ota-payload", Verdict::Pass, 0..24);
    let found = facts(&image);
    assert_eq!(told(&found, "android-ota-payload", "patch-level"), "2023-11-05");
    assert_eq!(told(&found, "android-ota-payload", "partition-1"), "boot, 12288 bytes 1700000000");
    covers(&image, data_at + 100, "sha256 of the data of operations");
    covers(&image, data_at + 100, "sha256 of the partition boot");
    covers(&image, data_at + 7000, "sha256 of the data of operations");
    covers(&image, 11, "version of the payload");
}
