//! Signatures inside images: Android Verified Boot, MCUboot, secure boot of Espressif's chips; made by openssl and, where
//! it is installed, imgtool.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use std::path::Path;

use debrick_image::{TrustStore, TrustedKey};
use debrick_model::Verdict;
use support::signed::{P256, P384, RSA_2048, RSA_3072, check, key_pair, modulus, pkcs1, pss, sha256, store};
use support::{flipped, has, make, noise};

/// What holds of every image with a signature inside: `at` are bytes under the signature.
fn embedded(image: &[u8], ours: &TrustStore, other: &TrustStore, at: &[usize]) {
    check(image, &[], ours, Verdict::Pass);
    check(image, &[], other, Verdict::Unknown);
    check(image, &[], &TrustStore::default(), Verdict::Unknown);
    for at in at {
        check(&flipped(image, *at), &[], ours, Verdict::Fail);
    }
    let mut revoked = ours.clone();
    revoked.revoke(ours.keys[0].id.clone(), "it leaked".into());
    let report = check(image, &[], &revoked, Verdict::Fail);
    assert!(report.checks[0].actual.contains("it leaked"), "{report:?}");
}

#[test]
fn mcuboot() {
    if !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    key_pair(path, "a", RSA_2048);
    key_pair(path, "b", RSA_2048);
    let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
    let mut image = vec![0x3d, 0xb8, 0xf3, 0x96, 0, 0, 0, 0, 32, 0, 0, 0];
    image.extend(5000_u32.to_le_bytes());
    image.extend([0; 16]);
    image.extend(noise(5000, 5));
    let record = |kind: u16, value: &[u8]| {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(value);
        bytes
    };
    let signature = pss(path, "a.key", &image);
    let records =
        [record(0x10, &sha256(&image)), record(0x01, &sha256(&pkcs1(path, "a"))), record(0x20, &signature)]
            .concat();
    image.extend(0x6907_u16.to_le_bytes());
    image.extend((records.len() as u16 + 4).to_le_bytes());
    image.extend(records);
    embedded(&image, &ours, &other, &[1000, image.len() - 9]);
}

/// An application of an ESP32, padded to a sector.
fn esp_image() -> Vec<u8> {
    // One segment, its checksum, the digest behind it, and the padding to a sector.
    let mut image = vec![0xe9, 1, 2, 0x20];
    image.extend(0x4008_0000_u32.to_le_bytes());
    image.extend([0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    image.extend(0x3f40_0020_u32.to_le_bytes());
    image.extend(4000_u32.to_le_bytes());
    let data = noise(4000, 6);
    image.extend(&data);
    image.resize((image.len() + 1).next_multiple_of(16) - 1, 0);
    image.push(data.iter().fold(0xef, |sum, byte| sum ^ byte));
    image.extend(sha256(&image));
    image.resize(image.len().next_multiple_of(4096), 0xff);
    image
}

#[test]
fn esp_secure_boot_by_espsecure() {
    if !has("espsecure") || !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("image"), esp_image()).unwrap();
    for algorithm in [RSA_3072, P256, P384] {
        for name in ["a", "b"] {
            key_pair(path, name, algorithm);
        }
        make(
            path,
            "espsecure",
            &["sign-data", "--version", "2", "--keyfile", "a.key", "--output", "signed", "image"],
        );
        let image = std::fs::read(path.join("signed")).unwrap();
        let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
        embedded(&image, &ours, &other, &[1000]);
        // Of a signature that is nobody's, the key in the block itself tells that it is wrong.
        check(&flipped(&image, 1000), &[], &other, Verdict::Fail);
    }
}

#[test]
fn esp_secure_boot() {
    if !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    key_pair(path, "a", RSA_3072);
    key_pair(path, "b", RSA_3072);
    let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
    let mut image = esp_image();
    let little = |mut number: Vec<u8>| {
        number.reverse();
        number
    };
    let mut block = vec![0xe7, 2, 0, 0];
    block.extend(sha256(&image));
    block.extend(little(modulus(path, "a", 384)));
    block.extend(65_537_u32.to_le_bytes());
    block.resize(812, 0);
    block.extend(little(pss(path, "a.key", &image)));
    block.extend(crc32fast::hash(&block).to_le_bytes());
    block.resize(1216, 0);
    image.extend(block);
    image.resize(image.len().next_multiple_of(4096), 0xff);
    embedded(&image, &ours, &other, &[1000]);
    check(&flipped(&image, 1000), &[], &other, Verdict::Fail);
}

#[test]
fn mcuboot_by_imgtool() {
    if !has("imgtool") || !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("program"), noise(20_000, 7)).unwrap();
    let options = "--align 4 --version 1.2.3 --header-size 0x200 --pad-header --slot-size 0x10000";
    let keys = ["rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384", "ed25519"];
    for (kind, more) in keys.iter().flat_map(|kind| {
        let pure = (*kind == "ed25519").then_some("--pure");
        [Some(""), Some("--public-key-format full"), pure].into_iter().flatten().map(|more| (*kind, more))
    }) {
        for name in ["a", "b"] {
            let key = format!("{name}.key");
            make(path, "imgtool", &["keygen", "-k", &key, "-t", kind]);
            make(path, "openssl", &["pkey", "-in", &key, "-pubout", "-out", &format!("{name}.pem")]);
        }
        let line = format!("sign {options} {more} -k a.key program image");
        make(path, "imgtool", &line.split_whitespace().collect::<Vec<_>>());
        let image = std::fs::read(path.join("image")).unwrap();
        let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
        // The version in the header, and the program.
        embedded(&image, &ours, &other, &[21, 0x200, 0x200 + 19_999]);
    }
}

/// A vbmeta without descriptors, signed with `name.key` of `bits`.
fn vbmeta(path: &Path, name: &str, bits: usize, digest: &str) -> Vec<u8> {
    let (signature_len, digest_len) = (bits / 8, if digest == "sha256" { 32 } else { 64 });
    let mut key = (bits as u32).to_be_bytes().to_vec();
    key.extend([0; 4]);
    key.extend(modulus(path, name, bits / 8));
    key.resize(8 + bits / 4, 0);
    std::fs::write(path.join("avb.key"), &key).unwrap();
    let authentication = (digest_len + signature_len).next_multiple_of(64);
    let mut auxiliary = key.clone();
    auxiliary.resize(key.len().next_multiple_of(64), 0);

    let mut header = b"AVB0".to_vec();
    for word in [1_u32, 0] {
        header.extend(word.to_be_bytes());
    }
    header.extend((authentication as u64).to_be_bytes());
    header.extend((auxiliary.len() as u64).to_be_bytes());
    let kind = if digest == "sha256" { 1 } else { 4 };
    header.extend((kind + (bits / 4096) as u32).to_be_bytes());
    // Digest, signature, key, its metadata, descriptors: where each starts and how long it is.
    for (start, len) in [(0, digest_len), (digest_len, signature_len), (0, key.len()), (0, 0), (0, 0)] {
        header.extend((start as u64).to_be_bytes());
        header.extend((len as u64).to_be_bytes());
    }
    header.extend(5_u64.to_be_bytes()); // rollback index
    header.resize(128, 0);
    header.extend(b"avbtool 1.3.0");
    header.resize(256, 0);

    let signed = [&header[..], &auxiliary].concat();
    std::fs::write(path.join("message"), &signed).unwrap();
    let option = format!("-{digest}");
    make(path, "openssl", &["dgst", &option, "-binary", "-out", "digest", "message"]);
    let sign = ["dgst", &option, "-sign", &format!("{name}.key"), "-out", "signature", "message"];
    make(path, "openssl", &sign);
    let mut middle = ["digest", "signature"].map(|file| std::fs::read(path.join(file)).unwrap()).concat();
    middle.resize(authentication, 0);
    [header, middle, auxiliary].concat()
}

#[test]
fn android_verified_boot() {
    if !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for bits in [2048, 4096] {
        let size = format!("rsa_keygen_bits:{bits}");
        for name in ["a", "b"] {
            key_pair(path, name, &["-algorithm", "RSA", "-pkeyopt", &size]);
        }
        let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
        for digest in ["sha256", "sha512"] {
            let image = vbmeta(path, "a", bits, digest);
            // The rollback index, and the signature itself; the key in it is no longer the trusted one where it changes.
            embedded(&image, &ours, &other, &[119, 256 + 80]);
            check(&flipped(&image, image.len() - 100), &[], &ours, Verdict::Fail);
            // The key as avbtool hands it out is the same key.
            let blob = TrustedKey::parse("a", &std::fs::read(path.join("avb.key")).unwrap()).unwrap();
            assert_eq!(blob, ours.keys[0]);
        }
    }
}
