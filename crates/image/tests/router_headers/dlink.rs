//! D-Link, and Cameo, U-Media and JBOOT, who made its devices.

use super::samples::{Case, be32, byte_sum, crc, field, join, le32, put, uimage};
use super::support::noise;

pub(crate) fn cameo() -> Vec<Case> {
    let body = uimage();
    let sum = byte_sum(&body).to_be_bytes();
    let size = be32(body.len());
    let dap = join(&[
        &sum,
        &field("RT3052", 20),
        &field("RT3052-AP-DAP1350-3", 30),
        &[0, 64, 0, 0, 0, 0],
        &size,
        &body,
    ]);
    let dap2 = join(&[
        &[0x48, 0, 0, 0],
        &sum,
        &size,
        &be32(0xe0000),
        &field("HONEYBEE-FIRMWARE-DAP-1330", 32),
        &field("OpenWrt-r23809", 16),
        &field("Default", 8),
        &body,
    ]);
    let cameo = join(&[
        &sum,
        &size,
        &be32(1000),
        &field("DIR-615", 20),
        &field("RT3052-AP-DIR615-03", 30),
        &field("DEF", 4),
        &field("1.0", 12),
        &[84, 0, 0, 0, 0, 0],
        &body,
    ]);
    let part = |kind: &str, number: u8, load: &str| {
        join(&[
            &sum,
            &field("DGS-1210-16", 20),
            &field(kind, 16),
            &[number, 0x40, 0, 2],
            &be32(32),
            &size,
            &field(load, 12),
            &body,
        ])
    };
    let switch = join(&[&part("os", 2, "0x80000000"), &part("squashfs", 3, "")]);
    vec![
        Case::new("dlink-dap", 64, dap),
        Case::new("dlink-dap2", 72, dap2),
        Case::new("cameo", 84, cameo),
        Case::new("cameo-imghdr", 64, switch),
    ]
}

fn jboot_sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]]))).sum();
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

pub(crate) fn jboot() -> Case {
    let (kernel, root) = (noise(1000, 3), noise(800, 4));
    let mut sch2 = join(&[
        &[0x24, 0x21, 3, 2],
        &le32(0x8000_0000),
        &le32(kernel.len()),
        &crc(&kernel).to_le_bytes(),
        &le32(0x8000_0000),
        &le32(0x1_0000 + 56 + kernel.len()),
        &le32(root.len()),
        &crc(&root).to_le_bytes(),
        &[0; 4],
        &[0x28, 0, 0, 0],
    ]);
    let sum = crc(&sch2);
    put(&mut sch2, 32, &sum.to_le_bytes());
    let tagged = join(&[&sch2, &kernel]);
    let mut tag = join(&[
        &[4, 4, 0x24, 0x2b],
        &le32(0x0c14_a080),
        &le32(tagged.len()),
        &jboot_sum(&tagged).to_le_bytes(),
    ]);
    tag.extend((!jboot_sum(&tag)).to_le_bytes());
    let data = join(&[&tag, &tagged, &root]);
    let mut header = join(&[
        b"DLK6E3803001\0\0",
        &jboot_sum(&data).to_le_bytes(),
        &[0; 10],
        &[1, 0],
        &le32(0x0c14_a080),
        &le32(0x1_0000),
        &le32(0x7f_0000),
        &le32(0x1_0000),
        &le32(data.len()),
        &[0; 16],
        b"BH\x02\0\0\0\x04\x04\0\0\0\0\x38\x6e",
    ]);
    header.extend((!jboot_sum(&header)).to_le_bytes());
    Case::new("dlink-jboot", 136, join(&[&header, &data]))
}

pub(crate) fn dlink() -> Vec<Case> {
    let body = uimage();
    let mut dns = join(&[
        &[0x27, 0x05, 0x19, 0x56, 0, 0, 0, 0],
        &be32(0x4c06_738c),
        &be32(body.len()),
        &be32(0x8000),
        &be32(0x8000),
        &crc(&body).to_be_bytes(),
        &[5, 2, 2, 1],
        &field("kernel.img", 32),
        &field("dns-313v3", 16),
        &field("2.01b04", 16),
        &[0, 0x80, 0xc8, 0x16, 0x81, 0x68, 0, 0],
    ]);
    let sum = crc(&dns);
    put(&mut dns, 4, &sum.to_be_bytes());
    let mut umedia = body.clone();
    put(&mut umedia, 51, b"\0UR_F\0\x02\x69\x20\x46\x01\0\0");
    put(&mut umedia, 4, &[0; 4]);
    let sum = crc(&umedia[..64]);
    put(&mut umedia, 4, &sum.to_be_bytes());
    vec![Case::new("dlink-dns313", 104, join(&[&dns, &body])), Case::new("umedia-uimage", 64, umedia)]
}
