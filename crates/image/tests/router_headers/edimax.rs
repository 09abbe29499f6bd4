//! Edimax, Belkin and Elecom.

use md5::Digest as _;

use super::samples::{Case, be32, byte_sum, crc, field, join, le32, put, raw_crc, trx, uimage, xored};

fn negated_sum(bytes: &[u8]) -> u16 {
    bytes.chunks(2).fold(0_u16, |sum, pair| sum.wrapping_sub(u16::from_le_bytes([pair[0], pair[1]])))
}

pub(crate) fn edimax() -> Vec<Case> {
    let body = uimage();
    let csys = join(&[
        b"CSYS",
        &le32(0x0110_0000),
        &le32(0x7_0000),
        b"RN68",
        &le32(body.len() + 2),
        &body,
        &negated_sum(&body).to_le_bytes(),
    ]);
    let mut code = body.clone();
    code.resize(0x1000 - 14, 0xff);
    let adm =
        join(&[b"CSYS", &le32(0x8050_0000), &le32(code.len()), &code, &negated_sum(&code).to_le_bytes()]);
    let edips = join(&[b"PS16", &le32(trx().len()), &le32(0x8050_0000), &trx()]);
    let mut header = join(&[
        &field("eDiMaX", 16),
        &field("F9K1115V2", 32),
        &[0, 0, byte_sum(&body) as u8 ^ 0xb9],
        &be32(body.len()),
        &[0; 8],
        &field("OpenWrtr23809", 14),
        &[0],
        &field("uImage", 16),
    ]);
    header[49] = byte_sum(&header) as u8 ^ 0xb9;
    vec![
        Case::new("edimax-csys", 20, csys),
        Case::new("adm5120-csys", 12, adm),
        Case::new("edimax-edips", 12, edips),
        Case::new("edimax-header", 94, join(&[&header, &body])),
    ]
}

pub(crate) fn belkin_and_elecom() -> Vec<Case> {
    let body = uimage();
    let mut switch = join(&[
        &be32(0x0780_0001),
        &[0; 4],
        &be32(0x6553_f100),
        &be32(body.len()),
        b"belkin\0\0",
        &raw_crc(&body, 0).to_be_bytes(),
        &[1, 1, 2, 2],
        &field("IMG-1.01.02.02", 15),
        &[0x0c, 0x55, 0xd0, 0x1d, 0x79, 0x62, 0x44, 0xeb, 0xb0, 0x00],
    ]);
    switch.resize(64, 0);
    let sum = raw_crc(&switch, 0);
    put(&mut switch, 4, &sum.to_be_bytes());
    let twice = join(&[&crc(&body).to_be_bytes(), &be32(body.len())]);
    let router = join(&[b"RT18", &[1, 25, 3, 14, 1, 9, 9, 9], &twice, &twice, &[0x5c, 0x78, 0, 0], &body]);
    let mstc = join(&[
        b"CMOC",
        &le32(body.len()),
        &crc(&body).to_le_bytes(),
        &field("ARM64 OpenWrt Linux-5.15.150", 64),
        &field("4.04(XZF.0)b90", 64 + 0x400 - 0x8c),
        &body,
    ]);
    let elecom = join(&[b"ELECOM\0\0", &field("WRC-X3000GS2", 32), &field("0.00", 16), &mstc]);
    let elx = join(&[
        &[0, 0, 0, 0, 0, 0, 0, 3],
        &[0; 34],
        &[1, 4, 0, 0x16],
        &[0; 16],
        &be32(body.len()),
        &[0; 4],
        &md5::Md5::digest(&body),
        &[0; 42],
        &xored(&body, &[0x88, 0x44, 0xa2, 0xd1, 0x68, 0xb4, 0x5a, 0x2d]),
    ]);
    vec![
        Case::new("belkin-header", 64, join(&[&switch, &body])),
        Case::new("belkin-header", 32, router),
        Case::new("elecom-product", 56, elecom),
        Case::new("elx-header", 128, elx),
    ]
}
