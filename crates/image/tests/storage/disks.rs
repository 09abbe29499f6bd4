//! Disks and the flash of PCs, with the tables that divide them.

use std::fs;

use debrick_model::Verdict;

use super::support::{check, covers, facts, flipped, has, header, make, noise, told};

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
fn gpt_of_sgdisk() {
    if !has("sgdisk") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("image"), vec![0; 1 << 20]).unwrap();
    let arguments =
        ["-a", "8", "-n", "1:64:+256K", "-c", "1:boot", "-n", "2:1024:0", "-c", "2:root", "image"];
    make(folder.path(), "sgdisk", &arguments);
    let mut image = fs::read(folder.path().join("image")).unwrap();
    image[64 * 512..65 * 512].copy_from_slice(&noise(512, 5));
    check(&image, "gpt-disk", Verdict::Pass, 512..604);
    let found = facts(&image);
    assert_eq!(told(&found, "gpt", "partitions"), "2");
    assert_eq!(
        (told(&found, "gpt", "partition-1"), told(&found, "gpt", "partition-2")),
        ("boot".into(), "root".into())
    );
    covers(&image, 512 + 60, "crc32 of the header of the partition table");
    covers(&image, 1024 + 60, "crc32 of the partition entries");
    let last = image.len() - 512;
    covers(&image, last + 60, "crc32 of the second header of the partition table");
    covers(&image, last - 128 * 128 + 60, "crc32 of the second partition entries");
    covers(&image, last + 3, "magic number of the second header");
    let short = facts(&image[..last]);
    assert_eq!(short.integrity.verdict, Verdict::Fail);
    // Contents of partitions have no checksum here.
    assert_eq!(facts(&flipped(&image, 64 * 512 + 9)).integrity.verdict, Verdict::Pass);
}

/// A flash of 8 KiB with three areas (fmap.h).
fn flash_map(at: u64) -> Vec<u8> {
    let areas = [("RO_SECTION", 0, 0x1000), ("FMAP", at, 0x200), ("RW_SECTION_A", 0x1000, 0x1000)];
    let mut map = header(56, &[(8, 1, 1), (9, 1, 1), (18, 4, 0x2000), (54, 2, areas.len() as u64)]);
    map[..8].copy_from_slice(b"__FMAP__");
    map[22..26].copy_from_slice(b"FLSH");
    for (name, offset, size) in areas {
        let mut area = header(42, &[(0, 4, offset), (4, 4, size), (40, 2, 1)]);
        area[8..8 + name.len()].copy_from_slice(name.as_bytes());
        map.extend(area);
    }
    let mut image = noise(0x2000, 7);
    image[at as usize..at as usize + map.len()].copy_from_slice(&map);
    image
}

#[test]
fn flash_maps() {
    for (at, header) in [(0, 0..56), (0x800, 0x816..0x836)] {
        let image = flash_map(at);
        check(&image, "google-fmap", Verdict::Unknown, header);
        let found = facts(&image);
        assert_eq!(found.vendor.as_deref(), Some("Google"));
        assert_eq!(told(&found, "google-fmap", "name"), "FLSH");
        assert_eq!(told(&found, "google-fmap", "map-offset"), at.to_string());
        assert_eq!(told(&found, "google-fmap", "area-3"), "RW_SECTION_A");
    }
    let image = flash_map(0);
    covers(&image, 20, "the flash");
    covers(&image, 56 + 42 + 2, "areas inside the flash");
}
