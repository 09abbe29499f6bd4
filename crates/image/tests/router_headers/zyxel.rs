//! Zyxel: zytrx, ZyNOS and ZLD.

use md5::Digest as _;

use super::samples::{Case, Told, be32, crc, field, folded_sum, join, put, uimage};
use super::support::noise;

/// As `zytrx.c` writes it for an NR7101: 380 bytes of header, all numbers big-endian.
fn zytrx() -> Case {
    let body = uimage();
    let mut header = join(&[
        b"0RDH",
        &be32(380),
        &be32(380 + body.len()),
        &(!crc(&body)).to_be_bytes(),
        &field("5.0.0.0\n", 32),
        &field("\n", 32),
        &be32(body.len()),
        &[0; 12],
        &field("3 6035 122 0\n", 164),
        &field("MT7621A", 8),
        &field("NR7101", 16),
        &be32(0x0701_0001),
        &[0; 8],
        &field("1.00(ABUV.0)D0", 32),
        &field("1.00(ABUV.0)D0", 32),
        &[0; 4],
        &be32(0x1234_5678),
        &[0; 12],
    ]);
    assert_eq!(header.len(), 380);
    let sum = !crc(&header);
    put(&mut header, 372, &sum.to_be_bytes());
    Case::new("zyxel-zytrx", 380, join(&[&header, &body]))
        .tells(Told(Some("Zyxel"), Some("NR7101"), Some("1.00(ABUV.0)D0"), &["NR7101"]))
        .covers(300, "crc32 of the header")
        .covers(900, "crc32 of the payload")
        .covers(82, "the payload")
}

/// As `mkzynfw.c` writes it for a P-334WT: the header of a boot extension, the extension, a memory map, and an image.
fn zynos_of_openwrt() -> Case {
    let mut body = noise(0x1100, 21);
    let map = join(&[&[0; 24], b"Vendor 1 0\0Model 1 61343\0HwVerRange 2 0 0\0"]);
    body.extend(field(&String::from_utf8_lossy(&map), 1024));
    body.resize(0x3000, 0xff);
    body.extend(uimage());
    body.resize(body.len().next_multiple_of(4), 0xff);
    let (first, sum) = (u16::from_be_bytes([body[0], body[1]]), folded_sum(&body, u16::from_be_bytes));
    let rest = if sum <= first { first - sum } else { first.wrapping_sub(sum).wrapping_sub(1) };
    body.extend(rest.to_be_bytes());
    let header = join(&[
        &be32(0x8000_8000),
        &[0, 0],
        b"SIG\x03",
        &be32(2),
        &be32(0),
        &[0x40, 0],
        &first.to_be_bytes(),
        &[0; 2 + 15],
        &be32(0xbfc0_9100),
        &[0; 5],
    ]);
    let map_at = 48 + 0x1100 + 24 + 9;
    Case::new("zyxel-zynos", 48, join(&[&header, &body]))
        .tells(Told(Some("Zyxel"), Some("P-334WT"), None, &["61343"]))
        .covers(49, "sum of the first word")
        .covers(map_at, "sum of all that follows")
        .covers(0x3100, "sum of all that follows")
}

/// A compressed ROM object of Zyxel's own, with both sums.
fn zynos_of_zyxel() -> Case {
    let body = noise(3000, 22);
    let header = join(&[
        &be32(0x9400_8000),
        &[0, 0],
        b"SIG\x04",
        &be32(9000),
        &be32(body.len()),
        &[0xe0, 0],
        &[0x12, 0x34],
        &folded_sum(&body, u16::from_be_bytes).to_be_bytes(),
        &field("V3.40(QI.3)", 15),
        &be32(0xb002_8000),
        &[0; 5],
    ]);
    Case::new("zyxel-zynos", 48, join(&[&header, &body]))
        .tells(Told(Some("Zyxel"), None, Some("V3.40(QI.3)"), &[]))
        .covers(1000, "sum of the compressed data")
        .covers(16, "the compressed data")
}

/// The sum of the words of an MD5.
fn md5_sum(bytes: &[u8]) -> u32 {
    let digest = md5::Md5::digest(bytes);
    let words = digest.chunks(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    words.fold(0, u32::wrapping_add)
}

/// As `mkzyxelzldfw.c` writes it: the table, a kernel behind 512 bytes of texts and sums, the root filesystem.
fn zld() -> Case {
    let (kernel, core) = (uimage(), noise(1200, 23));
    let entry = |kind: u8, size: usize, file: &[u8], name: &str, target: &str| {
        join(&[
            &[0, kind, 0, 0],
            &be32(size),
            &md5_sum(file).to_be_bytes(),
            &be32(0x6_0000),
            &field(name, 64),
            &field(target, 128),
            &field("1.00", 32),
            &field("2023-11-14 22:13:20", 32),
        ])
    };
    let table = join(&[
        &entry(2, kernel.len() + 512, &kernel, "kernel.bin", "kernel"),
        &entry(3, core.len(), &core, "rootfs.bin", "zldfs"),
    ]);
    let start = 104 + table.len();
    let total = start + 512 + kernel.len() + core.len();
    let header = join(&[
        &be32(0xdead_beaf),
        &[1, 0, 0, 2, 0, 5],
        &[0xea, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &be32(total),
        &(start as u16).to_be_bytes(),
        &[0, 108, 1, 16],
        &[0; 6],
        &field("V5.10(ABCD.0)", 32),
        &field("NWA512X-FAT", 32),
    ]);
    let sum = md5_sum(&join(&[&header, &table, &[0; 512], &kernel, &core])).to_be_bytes();
    let mut texts = join(&[
        &field("", 64),
        &field("1.00 | 2023-11-14 22:13:20", 64),
        &field("1.00 | 2023-11-14 22:13:20", 64),
        &field("V5.10(ABCD.0)", 32),
        &field("NWA512X-FAT", 32),
        &be32(0x1234_5678),
        &md5_sum(&kernel).to_be_bytes(),
        &sum,
        &md5_sum(&core).to_be_bytes(),
        &[0, 5, 0xea, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]);
    texts.resize(508, 0);
    texts.extend(be32(115_200));
    let image = join(&[&sum, &header, &table, &texts, &kernel, &core]);
    assert_eq!(image.len(), total);
    Case::new("zyxel-zld", start, image)
        .tells(Told(Some("Zyxel"), Some("NWA512X-FAT"), Some("V5.10(ABCD.0)"), &["ea10"]))
        .covers(50, "checksum of the archive")
        .covers(start + 600, "checksum of kernel.bin")
        .covers(start + 261, "checksum of the kernel in the kernel's header")
        .covers(start + 265, "checksum of the archive in the kernel's header")
        .covers(total - 7, "checksum of rootfs.bin")
}

pub(crate) fn zyxel() -> Vec<Case> {
    vec![zytrx(), zynos_of_openwrt(), zynos_of_zyxel(), zld()]
}
