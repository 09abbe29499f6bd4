//! Keys and signatures made by openssl, and what comes of them.

use std::path::Path;

use debrick_image::{Evidence, TrustStore, TrustedKey, inspect, verify};
use debrick_model::{Verdict, VerdictReport};

use super::make;

/// A moment of 2026, in milliseconds since 1970.
pub(crate) const NOW_MS: u64 = 1_795_262_400_000;

/// A store with the key of a file.
pub(crate) fn store(name: &str, file: &Path) -> TrustStore {
    let key = TrustedKey::parse(name, &std::fs::read(file).unwrap()).unwrap();
    TrustStore { keys: vec![key], revoked: vec![] }
}

pub(crate) fn judged(image: &[u8], evidence: &[(&str, &[u8])], trusted: &TrustStore) -> VerdictReport {
    let image = image.to_vec();
    let facts = inspect(&image).unwrap();
    let evidence: Vec<Evidence> = evidence
        .iter()
        .map(|(name, bytes)| Evidence { name: (*name).into(), bytes: bytes.to_vec() })
        .collect();
    verify(&image, &facts, &evidence, trusted, NOW_MS).unwrap()
}

#[track_caller]
pub(crate) fn check(
    image: &[u8],
    evidence: &[(&str, &[u8])],
    trusted: &TrustStore,
    expected: Verdict,
) -> VerdictReport {
    let report = judged(image, evidence, trusted);
    assert_eq!(report.verdict, expected, "{report:#?}");
    assert!(expected != Verdict::Unknown || !report.reasons.is_empty());
    report
}

/// An openssl key pair: `name.key`, `name.pem` and `name.crt`.
pub(crate) fn key_pair(path: &Path, name: &str, algorithm: &[&str]) {
    let key = format!("{name}.key");
    let mut arguments = vec!["genpkey", "-out", &key];
    arguments.extend(algorithm);
    make(path, "openssl", &arguments);
    make(path, "openssl", &["pkey", "-in", &key, "-pubout", "-out", &format!("{name}.pem")]);
    let request = ["req", "-batch", "-new", "-x509", "-key", &key, "-subj", "/CN=x", "-out"];
    let certificate = format!("{name}.crt");
    make(path, "openssl", &[&request[..], &[&certificate]].concat());
}

pub(crate) const RSA_2048: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
pub(crate) const RSA_3072: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
pub(crate) const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];

/// RSA-PSS by openssl with a salt of 32 bytes, over a file.
pub(crate) fn pss(path: &Path, key: &str, message: &[u8]) -> Vec<u8> {
    std::fs::write(path.join("message"), message).unwrap();
    let sign = ["dgst", "-sha256", "-sign", key, "-sigopt", "rsa_padding_mode:pss", "-sigopt"];
    make(path, "openssl", &[&sign[..], &["rsa_pss_saltlen:32", "-out", "signature", "message"]].concat());
    std::fs::read(path.join("signature")).unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    debrick_image::sha256(&bytes.to_vec()).unwrap().as_bytes().to_vec()
}

/// The public key as PKCS #1 in DER.
pub(crate) fn pkcs1(path: &Path, name: &str) -> Vec<u8> {
    let key = format!("{name}.key");
    make(path, "openssl", &["rsa", "-in", &key, "-RSAPublicKey_out", "-outform", "DER", "-out", "key.der"]);
    std::fs::read(path.join("key.der")).unwrap()
}

/// The modulus of an RSA key, most significant byte first.
pub(crate) fn modulus(path: &Path, name: &str, len: usize) -> Vec<u8> {
    let der = pkcs1(path, name);
    // The exponent 65537 and its header take the last five bytes.
    der[der.len() - 5 - len..der.len() - 5].to_vec()
}
