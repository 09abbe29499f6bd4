//! D-Link's enciphered and signed images.

use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use md5::Digest as _;

use super::samples::{Case, KnownBy, Told, be32, join, uimage};
use super::support::noise;

/// As `dlink-sge-image.c` makes it. What stands where the two signatures do is noise: their keys are D-Link's.
fn shrs(key: [u8; 16], model: Option<&'static str>, header: usize) -> Case {
    let plain = uimage();
    let iv: [u8; 16] = noise(16, 51).try_into().unwrap();
    let cipher = aes::Aes128::new(&Array::from(key));
    let mut padded = plain.clone();
    padded.resize((plain.len() / 16 + 1) * 16, 0);
    let mut enciphered: Vec<u8> = Vec::new();
    let mut before = iv;
    for block in padded.chunks_exact(16) {
        let mixed: [u8; 16] = std::array::from_fn(|at| block[at] ^ before[at]);
        let mut mixed = Array::from(mixed);
        cipher.encrypt_block(&mut mixed);
        before = mixed.into();
        enciphered.extend(before);
    }
    let image = join(&[
        b"SHRS",
        &be32(plain.len()),
        &be32(padded.len()),
        &iv,
        &sha2::Sha512::digest(join(&[&plain, &key])),
        &sha2::Sha512::digest(&plain),
        &sha2::Sha512::digest(&enciphered),
        &[0; 512],
        &noise(1024, 52),
        &enciphered,
        &[0, 0, 0, 0, 0x30],
    ]);
    let at = 1756 + enciphered.len() / 2;
    Case::new("dlink-shrs", header, image)
        .tells(Told(Some("D-Link"), model, None, &[]))
        .covers(30, "sha512 of contents and key")
        .covers(100, "sha512 of the contents")
        .covers(at, "sha512 of the enciphered contents")
        .covers(at, "sha512 of the contents")
        .covers(at, "sha512 of contents and key")
        .covers(1756 + enciphered.len() + 4, "footer")
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// As `sign_dlink_ru.c` signs it, with the secrets of OpenWrt's recipes.
fn signed_in_russia(secrets: &[&str], model: Option<&'static str>) -> Case {
    let mut image = join(&[&uimage(), b"c0ffeef0rge"]);
    for secret in secrets {
        let digest = md5::Md5::digest(join(&[&hex(secret), &image]));
        image.extend(join(&[&digest, &[0x00, 0xc0, 0xff, 0xee]]));
    }
    Case::new("dlink-ru-signed", 0, image)
        .tells(Told(Some("D-Link"), model, None, &[]))
        .known_by(KnownBy::End)
        .covers(1000, "crc32 of the data")
}

pub(crate) fn signed() -> Vec<Case> {
    let legacy = hex("c05fbf1936c99429ce2a0781f08d6ad8").try_into().unwrap();
    vec![
        shrs(legacy, None, 1756),
        shrs(*b"he9-4+M!)d6=m~#$", Some("COVR-X1860"), 28),
        shrs(*b"he9-4+M8-80!)d6=", Some("DIR-X1860"), 28),
        shrs(*b"rt9-4%^+M!)d6=m~", Some("DIR-X3260"), 28),
        signed_in_russia(&["e6587b35a6b34e07bedeca23e140322f"], Some("DIR-2150")),
        signed_in_russia(&["57c5375741c30ca9ebcb36713db4ba51", "ab0dff19af8842cdb70a86b4b68d23f7"], None),
    ]
}
