//! Signatures by the real tools: right, wrong, by a stranger, for another maker.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::path::Path;

use debrick_image::{Evidence, KeyKind, TrustStore, TrustedKey, inspect, verify};
use debrick_model::{Verdict, VerdictReport};

use support::{flipped, has, make, noise};

/// A store with the key of a file.
fn store(name: &str, file: &Path) -> TrustStore {
    TrustStore { keys: vec![TrustedKey::parse(name, &std::fs::read(file).unwrap()).unwrap()] }
}

fn judged(image: &[u8], evidence: &[(&str, &[u8])], trusted: &TrustStore) -> VerdictReport {
    let image = image.to_vec();
    let facts = inspect(&image).unwrap();
    let evidence: Vec<Evidence> = evidence
        .iter()
        .map(|(name, bytes)| Evidence { name: (*name).into(), bytes: bytes.to_vec() })
        .collect();
    verify(&image, &facts, &evidence, trusted).unwrap()
}

#[track_caller]
fn check(image: &[u8], evidence: &[(&str, &[u8])], trusted: &TrustStore, expected: Verdict) -> VerdictReport {
    let report = judged(image, evidence, trusted);
    assert_eq!(report.verdict, expected, "{report:#?}");
    assert!(expected != Verdict::Unknown || !report.reasons.is_empty());
    report
}

/// What holds of every detached signature of `image`, made with the key in `key`; `other` is a stranger's.
fn detached(image: &[u8], signature: &[u8], key: &TrustStore, other: &TrustStore) {
    let name = "firmware.sig";
    check(image, &[(name, signature)], key, Verdict::Pass);
    check(image, &[(name, signature)], other, Verdict::Unknown);
    check(image, &[(name, signature)], &TrustStore::default(), Verdict::Unknown);
    check(image, &[], key, Verdict::Unknown);
    check(&flipped(image, image.len() / 2), &[(name, signature)], key, Verdict::Fail);
    check(&image[..image.len() - 1], &[(name, signature)], key, Verdict::Fail);
    let mut both = key.clone();
    both.keys.extend(other.keys.clone());
    check(image, &[(name, signature)], &both, Verdict::Pass);
    let mut limited = key.clone();
    limited.keys[0].vendors = vec!["Acme".into()];
    check(image, &[(name, signature)], &limited, Verdict::Unknown);
}

#[test]
fn signify() {
    if !has("signify-openbsd") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let image = noise(300_000, 1);
    std::fs::write(path.join("image"), &image).unwrap();
    for name in ["a", "b"] {
        make(
            path,
            "signify-openbsd",
            &["-G", "-n", "-p", &format!("{name}.pub"), "-s", &format!("{name}.sec")],
        );
    }
    make(path, "signify-openbsd", &["-S", "-s", "a.sec", "-m", "image", "-x", "image.sig"]);
    let signature = std::fs::read(path.join("image.sig")).unwrap();
    let (ours, other) = (store("a", &path.join("a.pub")), store("b", &path.join("b.pub")));
    assert_eq!(ours.keys[0].kind, KeyKind::Signify);
    detached(&image, &signature, &ours, &other);
    assert!(TrustedKey::parse("x", &std::fs::read(path.join("a.sec")).unwrap()).is_err());

    // A signed list of sums vouches for what it lists, and for nothing else.
    let sum = inspect(&image).unwrap().sha256.to_string();
    std::fs::write(path.join("sums"), format!("{sum}  image\n")).unwrap();
    make(path, "signify-openbsd", &["-S", "-s", "a.sec", "-m", "sums", "-x", "sums.sig"]);
    let sums = std::fs::read(path.join("sums")).unwrap();
    let signature = std::fs::read(path.join("sums.sig")).unwrap();
    let evidence: &[(&str, &[u8])] = &[("sums", &sums), ("sums.sig", &signature)];
    check(&image, evidence, &ours, Verdict::Pass);
    check(&image, evidence, &other, Verdict::Unknown);
    check(&image, &evidence[..1], &ours, Verdict::Unknown);
    check(&flipped(&image, 7), evidence, &ours, Verdict::Fail);
    let forged = [("sums", &flipped(&sums, 66)[..]), evidence[1]];
    check(&image, &forged, &ours, Verdict::Fail);
}

#[test]
fn minisign() {
    if !has("minisign") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let image = noise(300_000, 2);
    std::fs::write(path.join("image"), &image).unwrap();
    for name in ["a", "b"] {
        make(path, "minisign", &["-G", "-W", "-p", &format!("{name}.pub"), "-s", &format!("{name}.key")]);
    }
    let (ours, other) = (store("a", &path.join("a.pub")), store("b", &path.join("b.pub")));
    assert_eq!(ours.keys[0].kind, KeyKind::Minisign);
    for prehashed in ["-H", "-l"] {
        make(path, "minisign", &["-S", prehashed, "-s", "a.key", "-m", "image", "-x", "image.minisig"]);
        let signature = std::fs::read(path.join("image.minisig")).unwrap();
        detached(&image, &signature, &ours, &other);
        let text = String::from_utf8(signature).unwrap();
        let comment = text.replace("trusted comment: t", "trusted comment: T");
        assert_ne!(text, comment);
        check(&image, &[("x", comment.as_bytes())], &ours, Verdict::Fail);
    }
}

/// An openssl key pair: `name.key`, `name.pem` and `name.crt`.
fn key_pair(path: &Path, name: &str, algorithm: &[&str]) {
    let key = format!("{name}.key");
    let mut arguments = vec!["genpkey", "-out", &key];
    arguments.extend(algorithm);
    make(path, "openssl", &arguments);
    make(path, "openssl", &["pkey", "-in", &key, "-pubout", "-out", &format!("{name}.pem")]);
    let request = ["req", "-batch", "-new", "-x509", "-key", &key, "-subj", "/CN=x", "-out"];
    let certificate = format!("{name}.crt");
    make(path, "openssl", &[&request[..], &[&certificate]].concat());
}

const RSA_2048: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn openssl() {
    if !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let image = noise(100_000, 3);
    std::fs::write(path.join("image"), &image).unwrap();
    key_pair(path, "a", RSA_2048);
    key_pair(path, "b", RSA_2048);
    let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    for options in [&[][..], &pss] {
        let sign = ["dgst", "-sha256", "-sign", "a.key", "-out", "sig"];
        make(path, "openssl", &[&sign[..], options, &["image"]].concat());
        let signature = std::fs::read(path.join("sig")).unwrap();
        let (ours, other) = (store("a", &path.join("a.crt")), store("b", &path.join("b.pem")));
        assert_eq!(ours, TrustStore { keys: store("a", &path.join("a.pem")).keys });
        detached(&image, &signature, &ours, &other);
    }
    key_pair(path, "e", P256);
    make(path, "openssl", &["dgst", "-sha256", "-sign", "e.key", "-out", "sig", "image"]);
    let signature = std::fs::read(path.join("sig")).unwrap();
    let ours = store("e", &path.join("e.pem"));
    check(&image, &[("sig", &signature)], &ours, Verdict::Pass);
    // Nothing in such a signature tells a stranger's from a wrong one.
    check(&flipped(&image, 5), &[("sig", &signature)], &ours, Verdict::Unknown);
}

/// A FIT with a kernel and a device tree, signed in its configuration as `algo` and `padding` say.
fn signed_fit(path: &Path, algo: &str, padding: &str, hash: &str) -> Vec<u8> {
    let source = format!(
        "/dts-v1/; / {{ description = \"Acme R1\"; #address-cells = <1>; images {{
            kernel-1 {{ description = \"k\"; data = /incbin/(\"kernel\"); type = \"kernel\"; arch = \"arm64\";
                os = \"linux\"; compression = \"none\"; load = <0x40000000>; entry = <0x40000000>;
                hash-1 {{ algo = \"{hash}\"; }}; }};
            fdt-1 {{ description = \"f\"; data = /incbin/(\"kernel\"); type = \"flat_dt\"; arch = \"arm64\";
                compression = \"none\"; hash-1 {{ algo = \"{hash}\"; }}; }}; }};
          configurations {{ default = \"conf-1\"; conf-1 {{ compatible = \"acme,r1\"; kernel = \"kernel-1\"; fdt = \"fdt-1\";
            signature-1 {{ algo = \"{algo}\"; key-name-hint = \"a\"; {padding} sign-images = \"kernel\", \"fdt\"; }}; }}; }};
        }};"
    );
    std::fs::write(path.join("fit.its"), source).unwrap();
    std::fs::write(path.join("kernel"), noise(20_000, 4)).unwrap();
    make(path, "mkimage", &["-f", "fit.its", "-k", ".", "-r", "fit.itb"]);
    std::fs::read(path.join("fit.itb")).unwrap()
}

#[test]
fn fit() {
    if !has("mkimage") || !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    key_pair(path, "a", RSA_2048);
    key_pair(path, "b", RSA_2048);
    let (mut ours, other) = (store("maker", &path.join("a.crt")), store("b", &path.join("b.pem")));
    for padding in ["", "padding = \"pss\";"] {
        let image = signed_fit(path, "sha256,rsa2048", padding, "sha256");
        check(&image, &[], &ours, Verdict::Pass);
        let report = check(&image, &[], &other, Verdict::Unknown);
        assert!(report.reasons[0].contains("\"a\""), "{report:?}");
        check(&image, &[], &TrustStore::default(), Verdict::Unknown);
        let place = |what: &[u8]| image.windows(what.len()).position(|there| there == what).unwrap();
        // The kernel, where it loads to, and which board it is for.
        for at in [place(&noise(20_000, 4)[..64]) + 100, place(&[0x40, 0, 0, 0]), place(b"acme,r1") + 5] {
            // PSS with the longest salt is not told from a stranger's unless the key is expected.
            ours.keys[0].vendors = vec!["Acme".into()];
            check(&flipped(&image, at), &[], &ours, Verdict::Fail);
            ours.keys[0].vendors.clear();
        }
    }
    let weak = signed_fit(path, "sha256,rsa2048", "", "crc32");
    let report = check(&weak, &[], &ours, Verdict::Unknown);
    assert!(report.reasons[0].contains("strong digest"), "{report:?}");
    let old = signed_fit(path, "sha1,rsa2048", "", "sha256");
    check(&old, &[], &ours, Verdict::Unknown);
}

/// Nothing that a signature block, a header or a tree says makes the checks panic.
#[test]
fn damaged_signatures() {
    if !has("mkimage") || !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    key_pair(folder.path(), "a", RSA_2048);
    let ours = store("a", &folder.path().join("a.crt"));
    let image = signed_fit(folder.path(), "sha256,rsa2048", "", "sha256");
    let head = image.len() - 1200;
    for at in (0..40).chain((head..image.len()).step_by(3)) {
        for bit in [0x01, 0x80] {
            let mut damaged = image.clone();
            damaged[at] ^= bit;
            let verdict = judged(&damaged, &[], &ours).verdict;
            // Of the header, only where the tree and its strings stand decides what is signed.
            assert!(verdict != Verdict::Pass || !((0..4).contains(&at) || (8..16).contains(&at)), "{at}");
        }
    }
    for len in (0..300).chain([head, image.len() - 1]) {
        assert_ne!(judged(&image[..len], &[], &ours).verdict, Verdict::Pass);
    }
}

/// RSA-PSS by openssl with a salt of 32 bytes, over a file.
fn pss(path: &Path, key: &str, message: &[u8]) -> Vec<u8> {
    std::fs::write(path.join("message"), message).unwrap();
    let sign = ["dgst", "-sha256", "-sign", key, "-sigopt", "rsa_padding_mode:pss", "-sigopt"];
    make(path, "openssl", &[&sign[..], &["rsa_pss_saltlen:32", "-out", "signature", "message"]].concat());
    std::fs::read(path.join("signature")).unwrap()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    debrick_image::sha256(&bytes.to_vec()).unwrap().as_bytes().to_vec()
}

/// The public key as PKCS #1 in DER.
fn pkcs1(path: &Path, name: &str) -> Vec<u8> {
    let key = format!("{name}.key");
    make(path, "openssl", &["rsa", "-in", &key, "-RSAPublicKey_out", "-outform", "DER", "-out", "key.der"]);
    std::fs::read(path.join("key.der")).unwrap()
}

/// The modulus of an RSA key, most significant byte first.
fn modulus(path: &Path, name: &str, len: usize) -> Vec<u8> {
    let der = pkcs1(path, name);
    // The exponent 65537 and its header take the last five bytes.
    der[der.len() - 5 - len..der.len() - 5].to_vec()
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
    check(&image, &[], &ours, Verdict::Pass);
    check(&image, &[], &other, Verdict::Unknown);
    check(&flipped(&image, 1000), &[], &ours, Verdict::Fail);
    check(&flipped(&image, image.len() - 9), &[], &ours, Verdict::Fail);
}

#[test]
fn esp_secure_boot() {
    if !has("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rsa_3072 = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
    key_pair(path, "a", &rsa_3072);
    key_pair(path, "b", &rsa_3072);
    let (ours, other) = (store("a", &path.join("a.pem")), store("b", &path.join("b.pem")));
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
    check(&image, &[], &ours, Verdict::Pass);
    check(&image, &[], &other, Verdict::Unknown);
    check(&flipped(&image, 1000), &[], &ours, Verdict::Fail);
    check(&flipped(&image, 1000), &[], &other, Verdict::Fail);
}
