//! Signatures by the real tools: right, wrong, by a stranger, for another maker.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::path::Path;

use debrick_image::{KeyKind, TrustStore, TrustedKey, inspect};
use debrick_model::Verdict;

use support::signed::{P256, P384, RSA_2048, check, judged, key_pair, store};
use support::{flipped, has, make, noise, run};

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
        let mut revoked = ours.clone();
        revoked.revoke(ours.keys[0].id.clone(), "it leaked".into());
        check(&image, &[("x", &signature)], &revoked, Verdict::Fail);
        revoked.keys.clear();
        check(&image, &[("x", &signature)], &revoked, Verdict::Fail);
        let text = String::from_utf8(signature).unwrap();
        let comment = text.replace("trusted comment: t", "trusted comment: T");
        assert_ne!(text, comment);
        check(&image, &[("x", comment.as_bytes())], &ours, Verdict::Fail);
    }
}

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
        assert_eq!(ours, store("a", &path.join("a.pem")));
        detached(&image, &signature, &ours, &other);
    }
    key_pair(path, "e", P256);
    make(path, "openssl", &["dgst", "-sha256", "-sign", "e.key", "-out", "sig", "image"]);
    let signature = std::fs::read(path.join("sig")).unwrap();
    let ours = store("e", &path.join("e.pem"));
    check(&image, &[("sig", &signature)], &ours, Verdict::Pass);
    // Nothing in such a signature tells a stranger's from a wrong one.
    check(&flipped(&image, 5), &[("sig", &signature)], &ours, Verdict::Unknown);

    key_pair(path, "f", P384);
    let longer = store("f", &path.join("f.crt"));
    assert_eq!(longer.keys[0].kind, KeyKind::EcdsaP384);
    for digest in ["-sha384", "-sha256"] {
        make(path, "openssl", &["dgst", digest, "-sign", "f.key", "-out", "sig", "image"]);
        let signature = std::fs::read(path.join("sig")).unwrap();
        check(&image, &[("sig", &signature)], &longer, Verdict::Pass);
        check(&image, &[("sig", &signature)], &ours, Verdict::Unknown);
        check(&flipped(&image, 5), &[("sig", &signature)], &longer, Verdict::Unknown);
    }
}

/// A FIT with a kernel and a device tree, signed in its configuration as `algo` and `padding` say; `None` where mkimage
/// does not know how.
fn try_signed_fit(path: &Path, algo: &str, padding: &str, hash: &str) -> Option<Vec<u8>> {
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
    let is_made = run(path, "mkimage", &["-f", "fit.its", "-k", ".", "-r", "fit.itb"]);
    is_made.then(|| std::fs::read(path.join("fit.itb")).unwrap())
}

fn signed_fit(path: &Path, algo: &str, padding: &str, hash: &str) -> Vec<u8> {
    try_signed_fit(path, algo, padding, hash).unwrap()
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
    for (curve, algorithm) in [(P256, "sha256,ecdsa256"), (P384, "sha384,secp384r1")] {
        // mkimage takes the private key of ECDSA from a file in PEM.
        key_pair(path, "a", curve);
        std::fs::copy(path.join("a.key"), path.join("a.pem")).unwrap();
        let mut ours = store("maker", &path.join("a.crt"));
        // Before 2024 mkimage knew one curve only.
        let Some(image) = try_signed_fit(path, algorithm, "", "sha256") else {
            assert_eq!(curve, P384);
            continue;
        };
        check(&image, &[], &ours, Verdict::Pass);
        check(&image, &[], &other, Verdict::Unknown);
        ours.keys[0].vendors = vec!["Acme".into()];
        let kernel = image.windows(64).position(|there| there == &noise(20_000, 4)[..64]).unwrap();
        check(&flipped(&image, kernel), &[], &ours, Verdict::Fail);
        ours.revoke(ours.keys[0].id.clone(), "it leaked".into());
        check(&image, &[], &ours, Verdict::Fail);
    }
    key_pair(path, "a", RSA_2048);
    ours = store("maker", &path.join("a.crt"));
    for algorithm in ["sha384,rsa2048", "sha512,rsa2048"] {
        let image = signed_fit(path, algorithm, "", "sha512");
        check(&image, &[], &ours, Verdict::Pass);
        check(&image, &[], &other, Verdict::Unknown);
        let kernel = image.windows(64).position(|there| there == &noise(20_000, 4)[..64]).unwrap();
        check(&flipped(&image, kernel), &[], &ours, Verdict::Fail);
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
