//! AVM: kernels for EVA, and firmware for the second processor.

use super::samples::{Case, KnownBy, Told, byte_sum, crc, join, le32, lzma, put, uimage};

/// As `lzma2eva.c` writes it, from a kernel as LZMA alone packs it.
fn eva() -> Case {
    let packed = lzma();
    let (properties, data) = (&packed[..5], &packed[13..]);
    let header = join(&[
        &le32(24 + data.len()),
        &le32(0x8000_2000),
        &le32(0x075a_0201),
        &le32(data.len()),
        &packed[5..9],
        &crc(data).to_le_bytes(),
        properties,
        &[0; 3],
    ]);
    let mut record = join(&[b"\x81\x12\xed\xfe", &header, data, &[0; 4]]);
    let end = record.len() - 4;
    let words = (24 + data.len() as u32).wrapping_add(0x8000_2000);
    let sum = words.wrapping_add(byte_sum(&record[12..end]));
    put(&mut record, end, &sum.wrapping_neg().to_le_bytes());
    let image = join(&[&record, &le32(0), &le32(0x8000_6000)]);
    Case::new("avm-eva", 36, image)
        .tells(Told(Some("AVM"), None, None, &[]))
        .covers(36 + data.len() / 2, "crc32 of the data")
        .covers(36 + data.len() / 2, "sum of the record")
        .covers(10, "sum of the record")
        .covers(end + 1, "sum of the record")
}

/// As `avm-wasp-checksum.c` writes it, for the 3390 and for the others.
fn wasp() -> Vec<Case> {
    let body = uimage();
    assert_eq!(body.len() % 4, 0);
    let words = body.chunks(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let parity = words.fold(0, |parity, word| parity ^ word);
    let told = Told(Some("AVM"), None, None, &[]);
    [parity.to_le_bytes(), crc(&body).to_be_bytes()]
        .iter()
        .map(|sum| Case::new("avm-wasp", 0, join(&[&body, sum])).tells(told).known_by(KnownBy::Soundness))
        .collect()
}

pub(crate) fn avm() -> Vec<Case> {
    let mut cases = wasp();
    cases.push(eva());
    cases
}
