//! Makers with one or two formats each.

use super::samples::{
    Case, Told, be32, byte_sum, crc, field, folded_sum, join, le32, put, raw_crc, trx, uimage, xored,
};
use super::support::noise;

pub(crate) fn nec_and_iptime() -> Vec<Case> {
    let body = uimage();
    let block = |flags: u32, load: usize, data: &[u8]| {
        let mut header = join(&[
            &(flags << 16 | !flags & 0xffff).to_be_bytes(),
            &be32(24 + data.len()),
            &be32(24),
            &[0; 4],
            &be32(load),
            &be32(load),
        ]);
        let half = |pair: &[u8]| u32::from(u16::from_le_bytes([pair[0], pair[1]]));
        let sum: u32 = header[4..].chunks(2).chain(data.chunks(2)).map(half).sum();
        put(&mut header, 12, &(0xffff ^ (sum % 0xffff)).to_le_bytes());
        let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
        join(&[&header, data, &padding])
    };
    let usb = join(&[
        b"USB ATERMWL3050\0",
        &[0xff; 16],
        &block(0, 0, b"VERSION: 9.99.99\nOEM1 VERSION: 9.9.99\n"),
        &block(2, 0x8004_0000, &body),
        &block(1, 0, b""),
        b"\xffBinary TypeWG2600HP File END \r\n",
    ]);
    let counter: Vec<u8> = (0..body.len()).map(|at| (1 + at % 251) as u8).collect();
    let nec = xored(&xored(&body, &counter), b"ryztfyutcrqqo69d");
    let mut router =
        join(&[&field("ax2004m", 8), &field("00_000", 8), &[0; 32], &le32(body.len()), &[0; 4], &body]);
    let sum = !crc(&router);
    put(&mut router, 52, &sum.to_le_bytes());
    let sum = byte_sum(&body);
    let sum = (4_u32.wrapping_mul(0x1928_3745).wrapping_add(!sum) ^ sum).to_le_bytes();
    let mut drive = join(&[
        &field("nas1", 32),
        &field("0.0.00", 32),
        &field("Tue Nov 14 22:13:20 2023\n", 32),
        &le32(body.len()),
        &sum,
        &le32(0x4_0000),
        &le32(0x5_0000),
        &le32(0x5_0000),
        &sum,
        &field("EFM_NAS_PKG", 16),
    ]);
    drive.resize(0x400, 0);
    vec![
        Case::new("nec-usb-aterm", 56, usb),
        Case::new("nec-enc", 64, nec),
        Case::new("iptime-crc32", 56, router),
        Case::new("iptime-naspkg", 136, join(&[&drive, &body])),
    ]
}

pub(crate) fn small_makers() -> Vec<Case> {
    let body = uimage();
    let half = |pair: &[u8]| i32::from(u16::from_le_bytes([pair[0], pair[1]]));
    let sum: i32 = body.chunks(2).map(half).sum();
    let sum = sum + (sum >> 16) + 0xffff;
    let sum = (!(sum + (sum >> 16)) as u16).to_le_bytes();
    let key = [0x39, 0x1c, 0x4a, 0x93, 0x96, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0x16, 0xc6];
    let poray = join(&[
        &le32(0x3032_3033),
        &le32(body.len()),
        &le32(0x020e_0000),
        &[0; 16],
        &xored(&join(&[&body, &sum]), &key),
    ]);
    let mut jcg = join(&[b"YSZJ", &[0; 32], &be32(1), &[0; 64], &be32(0x6553_f100), &[0, 89, 0, 1]]);
    jcg.resize(504, 0);
    jcg.extend(crc(&body).to_be_bytes());
    let sum = crc(&join(&[&jcg, &[0; 4]]));
    jcg.extend(sum.to_be_bytes());
    let moto = join(&[&be32(0x1057_7050), &trx()]);
    let moto = join(&[&raw_crc(&moto, u32::MAX).to_be_bytes(), &moto]);
    let usr = join(&[
        b"USR0",
        &le32(trx().len()),
        &raw_crc(&trx(), u32::MAX).to_le_bytes(),
        &le32(0x0623_5d03),
        &[1, 0, 1, 0],
        &[0; 8],
        &trx(),
    ]);
    let mut mylo = join(&[
        &[0, b'M', b'Y', b'L', 0, 0, 0, 0],
        &[0; 8],
        &[0xf6, 0x11, 0x90, 0x06, 0xf6, 0x11, 0x90, 0x06],
        &le32(3),
        &[0; 12],
        &le32(1),
        &le32(0x3_0000),
        &le32(body.len()),
        &le32(0x66_0000),
        &[0; 16],
        &body,
    ]);
    let sum = crc(&mylo);
    put(&mut mylo, 4, &sum.to_le_bytes());
    let words = |bytes: &[u8]| {
        bytes
            .chunks_exact(4)
            .fold(0, |sum, word| sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    };
    let camera = join(&[
        &le32(1),
        &le32(32),
        &le32(body.len()),
        &le32(0x0100_0000),
        &words(&body).to_le_bytes(),
        &le32(0x5241_aa55),
        &le32(0x524f_4741),
        &le32(0xd3f2_2d4e),
        &body,
    ]);
    let mut geos = join(&[b"GEOS", &field("WILI-S.WBD222.v5.00.SL3512.OpenWrt.00000.000000.000000", 256)]);
    geos.extend(join(&[&crc(&geos).to_be_bytes(), &[0; 4]]));
    let part = join(&[
        b"PART",
        &field("Kernel", 28),
        &[0; 8],
        &be32(0x3002_0000),
        &[0; 4],
        &be32(body.len()),
        &be32(0x10_0000),
        &body,
    ]);
    geos.extend(join(&[&part, &crc(&part).to_be_bytes(), &[0; 4]]));
    geos.extend(join(&[b"END.", &crc(&geos).to_be_bytes(), &[0; 4]]));
    vec![
        Case::new("poray", 28, poray),
        Case::new("xor-image", 64, xored(&body, b"12345678")),
        Case::new("jcg", 112, jcg.into_iter().chain(body.clone()).collect()),
        Case::new("motorola-bin", 8, moto),
        Case::new("usrobotics", 28, usr),
        Case::new("compex-mylo", 56, mylo),
        Case::new("cellvision-cas", 32, camera),
        Case::new("wiligear-geos", 272, geos),
    ]
}

/// As `makeamitbin.c` writes it for LevelOne's WAP-0007: kernel, then RAM disk.
fn amit() -> Case {
    let block = |address: usize, room: usize, data: &[u8], last: u8| {
        let mut header = join(&[
            &field("DDC_RUS001", 14),
            &folded_sum(data, u16::from_le_bytes).to_le_bytes(),
            &field("Queen", 12),
            &le32(0xc76b_ee9d),
            &le32(address),
            &le32(room),
            &le32(address + 16),
            &le32(data.len()),
            &[0; 16],
            &[0x42, 0x48, 0x01, 0x01, 0x50, 0x00, last, 0x01],
            &le32(address),
            &[0x0b, 0x00],
        ]);
        header.extend((!folded_sum(&header, u16::from_le_bytes)).to_le_bytes());
        join(&[&header, data])
    };
    let kernel = block(0, 0x10_0000, &uimage(), 0);
    let disk = block(0x10_0000, 0x28_0000, &noise(1001, 61), 5);
    let second = kernel.len();
    Case::new("amit-bin", 80, join(&[&kernel, &disk]))
        .tells(Told(Some("LevelOne"), None, None, &["DDC_RUS001"]))
        .covers(30, "sum of header 0")
        .covers(900, "sum of block 0")
        .covers(second + 30, "sum of header 1")
        .covers(second + 300, "sum of block 1")
}

/// As `aruba-header.py` writes it for an AP-303.
fn aruba() -> Case {
    let mut body = uimage();
    body.resize(body.len().next_multiple_of(4), 0);
    let mut header = join(&[
        &be32(body.len()),
        &be32(2),
        &[0; 4],
        b"ARUBA\0\0\0",
        &field("openwrt@builder r29087", 256),
        &field("24.10.1", 24),
        &[1, 0, 0, 48],
        &be32(body.len()),
    ]);
    header.resize(384, 0);
    header.extend(field("OpenWrt", 32));
    header.resize(512, 0);
    let words = header.chunks(4).chain(body.chunks(4));
    let words = words.map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    let sum = words.fold(0, u32::wrapping_add).wrapping_neg();
    put(&mut header, 8, &sum.to_be_bytes());
    Case::new("aruba-apboot", 512, join(&[&header, &body]))
        .tells(Told(Some("Aruba"), None, Some("24.10.1"), &["GLENMORANGIE", "48"]))
        .covers(450, "sum of all words")
        .covers(1500, "sum of all words")
        .covers(306, "size of the image")
}

/// An image of AMIT without its last block.
pub(crate) fn amit_without_end() -> Vec<u8> {
    let mut image = amit().image;
    image.truncate(80 + uimage().len());
    image
}

pub(crate) fn amit_and_aruba() -> Vec<Case> {
    vec![amit(), aruba()]
}
