//! Images that carry a signature and the key for it: Android Verified Boot and ChromeOS' kernels.

use std::fs;
use std::path::Path;

use debrick_model::Verdict;
use rsa::BigUint;
use sha2::Digest as _;

use super::support::{check, covers, facts, failures, flipped, has, make, noise, told};

/// A key of OpenSSL's, in a folder of its own.
struct Key {
    folder: tempfile::TempDir,
}

impl Key {
    fn new(bits: &str) -> Option<Self> {
        if !has("openssl") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), "openssl", &["genrsa", "-out", "key", bits]);
        make(folder.path(), "openssl", &["rsa", "-in", "key", "-modulus", "-noout", "-out", "modulus"]);
        Some(Self { folder })
    }

    /// Bits, n0inv, the modulus, and the square of the radix modulo it (avb_crypto.h, `AvbRSAPublicKeyHeader`).
    fn public(&self) -> Vec<u8> {
        let text = fs::read_to_string(self.folder.path().join("modulus")).unwrap();
        let digits = text.trim().strip_prefix("Modulus=").unwrap();
        let modulus = BigUint::parse_bytes(digits.as_bytes(), 16).unwrap();
        let bits = digits.len() * 4;
        let last = u32::from_str_radix(&digits[digits.len() - 8..], 16).unwrap();
        // Newton's iteration for the inverse modulo 2^32.
        let inverse = (0..5)
            .fold(1_u32, |inverse, _| inverse.wrapping_mul(2_u32.wrapping_sub(last.wrapping_mul(inverse))));
        let square = (BigUint::from(1_u8) << (2 * bits)) % &modulus;
        let mut rest = square.to_bytes_be();
        while rest.len() < bits / 8 {
            rest.insert(0, 0);
        }
        let bits = (bits as u32).to_be_bytes().to_vec();
        [bits, inverse.wrapping_neg().to_be_bytes().to_vec(), modulus.to_bytes_be(), rest].concat()
    }

    fn sign(&self, digest: &str, bytes: &[u8]) -> Vec<u8> {
        let path = self.folder.path();
        fs::write(path.join("signed"), bytes).unwrap();
        make(path, "openssl", &["dgst", digest, "-sign", "key", "-out", "signature", "signed"]);
        fs::read(path.join("signature")).unwrap()
    }
}

fn be64(number: usize) -> [u8; 8] {
    (number as u64).to_be_bytes()
}

/// A descriptor: its tag, its size, and its bytes, padded (avb_descriptor.h).
fn descriptor(tag: usize, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    [be64(tag).to_vec(), be64(bytes.len()).to_vec(), bytes].concat()
}

/// A property (avb_property_descriptor.h).
fn property(name: &str, value: &str) -> Vec<u8> {
    let text = format!("{name}\0{value}\0");
    descriptor(0, [be64(name.len()).to_vec(), be64(value.len()).to_vec(), text.into_bytes()].concat())
}

/// The SHA-256 of a partition's image with a salt (avb_hash_descriptor.h).
fn hash(partition: &str, image: &[u8]) -> Vec<u8> {
    let salt = noise(32, 71);
    let digest = sha2::Sha256::digest([&salt, image].concat());
    let mut bytes = be64(image.len()).to_vec();
    bytes.extend(b"sha256");
    bytes.resize(40, 0);
    for len in [partition.len(), salt.len(), digest.len(), 0] {
        bytes.extend((len as u32).to_be_bytes());
    }
    bytes.resize(132 - 16, 0);
    descriptor(2, [&bytes, partition.as_bytes(), &salt, &digest].concat())
}

/// A `vbmeta` image: header, hash and signature, key and descriptors (avb_vbmeta_image.h).
fn vbmeta(key: Option<&Key>, algorithm: u32, descriptors: &[u8]) -> Vec<u8> {
    let public = key.map(Key::public).unwrap_or_default();
    let mut auxiliary = [descriptors, &public].concat();
    auxiliary.resize(auxiliary.len().next_multiple_of(64), 0);
    let is_512 = algorithm >= 4;
    let hash_size = if key.is_none() {
        0
    } else if is_512 {
        64
    } else {
        32
    };
    let signature_size = public.len().saturating_sub(8) / 2;
    let authentication_size = (hash_size + signature_size).next_multiple_of(64);
    let mut header = b"AVB0".to_vec();
    header.extend(1_u32.to_be_bytes());
    header.extend(0_u32.to_be_bytes());
    header.extend(be64(authentication_size));
    header.extend(be64(auxiliary.len()));
    header.extend(algorithm.to_be_bytes());
    for number in [0, hash_size, hash_size, signature_size, descriptors.len(), public.len()] {
        header.extend(be64(number));
    }
    for number in [descriptors.len() + public.len(), 0, 0, descriptors.len(), 7] {
        header.extend(be64(number));
    }
    header.extend([0; 8]);
    header.extend(b"avbtool 1.3.0");
    header.resize(256, 0);
    let signed = [header.clone(), auxiliary.clone()].concat();
    let mut authentication = match key {
        Some(key) if is_512 => {
            [sha2::Sha512::digest(&signed).to_vec(), key.sign("-sha512", &signed)].concat()
        }
        Some(key) => [sha2::Sha256::digest(&signed).to_vec(), key.sign("-sha256", &signed)].concat(),
        None => Vec::new(),
    };
    authentication.resize(authentication_size, 0);
    [header, authentication, auxiliary].concat()
}

#[test]
fn vbmeta_with_sha256_and_sha512() {
    for (algorithm, bits, digest) in [(1, "2048", "sha256"), (5, "4096", "sha512")] {
        let Some(key) = Key::new(bits) else { return };
        let fingerprint = "google/lynx/lynx:13/TQ3A.230901.001/10750268:user/release-keys";
        let mut descriptors = property("com.android.build.boot.fingerprint", fingerprint);
        descriptors.extend(hash("boot", &noise(100, 1)));
        let image = vbmeta(Some(&key), algorithm, &descriptors);
        check(&image, "avb-vbmeta", Verdict::Pass, 0..32);
        let found = facts(&image);
        assert_eq!(told(&found, "avb-vbmeta", "made-by"), "avbtool 1.3.0");
        assert_eq!(told(&found, "avb-vbmeta", "rollback-index"), "7");
        assert!(told(&found, "avb-vbmeta", "hash-of-boot").starts_with("sha256 "));
        assert_eq!(found.vendor.as_deref(), Some("Google"));
        let behind = image.len() - 300;
        for check in [format!("{digest} of header and descriptors"), "signature with the embedded key".into()]
        {
            covers(&image, 130, &check);
            covers(&image, behind, &check);
        }
        covers(&image, 256 + 70, "signature with the embedded key");
    }
}

/// The descriptor's digest is compared with the image that stands before the footer (avb_footer.h).
#[test]
fn footer_of_a_partition() {
    let Some(key) = Key::new("2048") else { return };
    let contents = [b"hello, ".to_vec(), noise(9000, 72)].concat();
    let metadata = vbmeta(Some(&key), 1, &hash("dtbo", &contents));
    let mut image = contents.clone();
    image.resize(12288, 0);
    image.extend(&metadata);
    image.resize(65536 - 64, 0);
    let mut footer = b"AVBf".to_vec();
    footer.extend([0, 0, 0, 1, 0, 0, 0, 0]);
    for number in [contents.len(), 12288, metadata.len()] {
        footer.extend(be64(number));
    }
    footer.resize(64, 0);
    image.extend(footer);
    let found = facts(&image);
    assert_eq!(found.format.as_deref(), Some("avb-footer"));
    assert_eq!(found.integrity.verdict, Verdict::Pass, "{:?}", found.integrity);
    assert_eq!(told(&found, "avb-footer", "image-size"), contents.len().to_string());
    covers(&image, 100, "sha256 of the image");
    covers(&image, 8999, "sha256 of the image");
    covers(&image, 12288 + 130, "sha256 of header and descriptors");
    for at in image.len() - 64..image.len() - 28 {
        let damaged = flipped(&image, at);
        assert_eq!(facts(&damaged).format.as_deref(), Some("avb-footer"), "byte {at}");
    }
    for len in [1, 63, 64, 65, 9000, 12288, 12500, 40_000, image.len() - 1] {
        let cut = facts(&image[..len]).integrity.verdict;
        assert_ne!(cut, Verdict::Pass, "{len} bytes");
    }
}

#[test]
fn kernel_of_chromeos() {
    if !has("futility") {
        return;
    }
    let Some(key) = Key::new("2048") else { return };
    let folder = key.folder.path();
    fs::write(folder.join("kernel"), noise(30_000, 73)).unwrap();
    fs::write(folder.join("config"), "console=tty0\n").unwrap();
    fs::write(folder.join("loader"), noise(100, 74)).unwrap();
    let image = chromeos(folder);
    check(&image, "chromeos-kernel", Verdict::Pass, 0..64);
    let found = facts(&image);
    assert_eq!(found.vendor.as_deref(), Some("Google"));
    assert_eq!(told(&found, "chromeos-kernel", "kernel-version"), "3");
    // The key block is followed by the preamble; the body starts at 64 KiB.
    let block = usize::from(u16::from_le_bytes([image[16], image[17]]));
    covers(&image, 300, "sha512 of the key block");
    covers(&image, block + 40, "signature of the preamble");
    covers(&image, 65536 + 9000, "signature of the body");
    assert_eq!(failures(&image), [""; 0]);
}

fn chromeos(folder: &Path) -> Vec<u8> {
    let commands = [
        "--vb1 create key made",
        "vbutil_keyblock --pack block --datapubkey made.vbpubk --flags 15 --signprivate made.vbprivk",
        "vbutil_kernel --pack image --keyblock block --signprivate made.vbprivk --version 3 --vmlinuz kernel \
         --config config --bootloader loader --arch arm",
    ];
    for command in commands {
        make(folder, "futility", &command.split_whitespace().collect::<Vec<_>>());
    }
    fs::read(folder.join("image")).unwrap()
}
