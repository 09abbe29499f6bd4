//! Buffalo.

use super::samples::{Case, be32, byte_sum, cksum, field, join, put, trx, uimage};

pub(crate) fn buffalo() -> Vec<Case> {
    let body = uimage();
    let mut tag = join(&[
        &field("WZR-HP-AG300H", 32),
        &field("WZR-HP-AG300H", 32),
        &field("1.99", 8),
        &field("1.01", 8),
        b"M_\xff\xff\xff\xff\0\0",
        b"mlang8\0\0",
        &field("ath", 8),
        b"hwv\x003\0\0\0",
        &[0; 24],
        &be32(160 + body.len()),
        &[0; 4],
        &be32(0x8004_1000),
        &be32(0x801e_8000),
        &be32(body.len()),
        &[1, 0, 0, 0],
        &body,
    ]);
    let sum = cksum(&tag);
    put(&mut tag, 140, &sum.to_be_bytes());
    let mut dhp = join(&[b"bgn\0\0\0\0\0\0\0\0\xb1", &be32(20 + body.len()), &[0; 4], &body]);
    let sum = cksum(&dhp);
    put(&mut dhp, 16, &sum.to_be_bytes());
    let line = format!("WZR-900DHP_9.99_9.99_EU_bcm\nfilelen={}\n", trx().len());
    let wzr = join(&[line.as_bytes(), &trx()]);
    let text =
        "device:WXR-1750DHP\nversion:9.99_9.99\nregion:JP\nRootfsSize:1\nKernelSize:2\nInfoHeadSize:128\n";
    let mut img = join(&[&field(text, 126), &[0x12, 0x32], &body]);
    img.push(!(byte_sum(&img) as u8));
    let tftp = join(&[&field("# Airstation Public Fmt1", 32), &body]);
    let table = "XYZ0123hijklmnopqABCDEFGHrstuvabcdefgwxyzIJKLMSTUVW456789NOPQR";
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut hidden = body.clone();
    for byte in &mut hidden[..512] {
        *byte = plain.bytes().position(|there| there == *byte).map_or(*byte, |at| table.as_bytes()[at]);
    }
    vec![
        Case::new("buffalo-tag", 160, tag),
        Case::new("buffalo-dhp", 20, dhp),
        Case::new("buffalo-wzr-header", 40, wzr),
        Case::new("buffalo-img", 128, img),
        Case::new("buffalo-enc", 30, buffalo_enc(&body)),
        Case::new("buffalo-tftp", 32, tftp),
        Case::new("buffalo-tftp", 64, hidden),
    ]
}

/// The cipher of Buffalo: RC4 with a byte and a word as its key.
fn rc4(first: u8, bytes: &[u8]) -> Vec<u8> {
    let key = join(&[&[first], b"Buffalo"]);
    let mut state: Vec<u8> = (0..=255).collect();
    let mut k = 0_u8;
    for i in 0..256 {
        k = k.wrapping_add(key[i % key.len()]).wrapping_add(state[i]);
        state.swap(i, k.into());
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    let mut next = |byte: &u8| {
        i = i.wrapping_add(1);
        j = j.wrapping_add(state[usize::from(i)]);
        state.swap(i.into(), j.into());
        byte ^ state[usize::from(state[usize::from(i)].wrapping_add(state[usize::from(j)]))]
    };
    bytes.iter().map(&mut next).collect()
}

fn buffalo_enc(body: &[u8]) -> Vec<u8> {
    let product = rc4(b'O', b"WZR-HP-AG300H\0");
    let version = rc4(product[0], b"1.99\0");
    let mut sum = body.len() as u32;
    for byte in body {
        sum ^= i32::from(*byte as i8) as u32;
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    let mut image = join(&[
        b"start\0O",
        &be32(product.len()),
        &product,
        &be32(version.len()),
        &version,
        &be32(body.len()),
        &rc4(version[0], body),
        &sum.to_be_bytes(),
    ]);
    image.resize(image.len() + 4 - image.len() % 4, 0);
    image
}
