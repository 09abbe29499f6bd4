//! Signatures of OpenPGP, made by GnuPG: of files, of lists of sums, and of texts that stay readable.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use std::path::Path;
use std::process::Command;

use debrick_image::{Evidence, KeyError, KeyKind, TrustStore, TrustedKey, inspect, verify};
use debrick_model::{Verdict, VerdictReport};
use support::{flipped, has, noise};

/// When keys are made, when they sign, and when it is looked at.
const MADE: &str = "20240101T000000!";
const SIGNED: &str = "20240601T000000!";
const SOON: u64 = 1_720_000_000; // 2024-07-03
const NOW: u64 = 1_795_262_400; // 2026-11-21

/// A key ring of GnuPG with one key pair.
struct Ring {
    folder: tempfile::TempDir,
}

impl Ring {
    /// A key pair of an algorithm, which counts for a time.
    fn new(algorithm: &str, expires: &str) -> Self {
        let ring = Self { folder: tempfile::tempdir().unwrap() };
        ring.gpg(MADE, &["--quick-gen-key", "Acme <firmware@acme.example>", algorithm, "sign", expires]);
        ring
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it at some time, and returns what it printed.
    #[track_caller]
    fn gpg(&self, when: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("gpg")
            .args(["--homedir", ".", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"])
            .args(["--passphrase", "", "--faked-system-time", when])
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {said}");
        output.stdout
    }

    /// What is made of a message by signing it.
    fn sign(&self, options: &[&str], message: &[u8]) -> Vec<u8> {
        std::fs::write(self.path().join("message"), message).unwrap();
        self.gpg(SIGNED, &[options, &["--output", "-", "message"]].concat())
    }

    fn export(&self) -> Vec<u8> {
        self.gpg(SIGNED, &["--export"])
    }

    fn trusted(&self) -> TrustStore {
        let key = TrustedKey::parse("acme", &self.export()).unwrap();
        assert_eq!((key.kind, key.id.len()), (KeyKind::Openpgp, 40));
        TrustStore { keys: vec![key], revoked: vec![] }
    }

    fn fingerprint(&self) -> String {
        self.trusted().keys[0].id.clone()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--homedir", ".", "--kill", "all"])
            .current_dir(self.path())
            .status();
    }
}

fn judged(image: &[u8], evidence: &[(&str, &[u8])], trusted: &TrustStore, now_s: u64) -> VerdictReport {
    let image = image.to_vec();
    let facts = inspect(&image).unwrap();
    let files: Vec<Evidence> = evidence
        .iter()
        .map(|(name, bytes)| Evidence { name: (*name).into(), bytes: bytes.to_vec() })
        .collect();
    verify(&image, &facts, &files, trusted, now_s * 1000).unwrap()
}

/// The verdict today, and that some check or reason says these words.
#[track_caller]
fn check(image: &[u8], evidence: &[(&str, &[u8])], trusted: &TrustStore, expected: (Verdict, &str)) {
    check_at(image, evidence, trusted, NOW, expected);
}

#[track_caller]
fn check_at(
    image: &[u8],
    evidence: &[(&str, &[u8])],
    trusted: &TrustStore,
    now_s: u64,
    (verdict, words): (Verdict, &str),
) {
    let report = judged(image, evidence, trusted, now_s);
    assert_eq!(report.verdict, verdict, "{report:#?}");
    let said = format!("{:?} {:?}", report.checks, report.reasons);
    assert!(said.contains(words), "{words:?} in {said}");
}

#[test]
fn detached_signatures() {
    if !has("gpg") {
        return;
    }
    let image = noise(200_000, 1);
    let other = Ring::new("ed25519", "never").trusted();
    for algorithm in ["rsa2048", "rsa4096", "ed25519", "nistp256", "nistp384"] {
        let ring = Ring::new(algorithm, "never");
        let ours = ring.trusted();
        let armoured = TrustedKey::parse("acme", &ring.gpg(SIGNED, &["--armor", "--export"])).unwrap();
        assert_eq!(armoured, ours.keys[0]);
        for options in [&["--armor", "--detach-sign"][..], &["--detach-sign"]] {
            let signature = ring.sign(options, &image);
            let evidence: &[(&str, &[u8])] = &[("image.asc", &signature)];
            check(&image, evidence, &ours, (Verdict::Pass, "made by acme"));
            check(&image, evidence, &other, (Verdict::Unknown, &ring.fingerprint()[24..]));
            check(&image, evidence, &TrustStore::default(), (Verdict::Unknown, "not among the trusted keys"));
            check(&flipped(&image, 1000), evidence, &ours, (Verdict::Fail, "of other contents"));
            check(&noise(200_000, 2), evidence, &ours, (Verdict::Fail, "of other contents"));
            let mut revoked = ours.clone();
            revoked.revoke(ring.fingerprint(), "it leaked".into());
            check(&image, evidence, &revoked, (Verdict::Fail, "revoked: it leaked"));
            // Forgotten, it is still not to be believed.
            revoked.keys.clear();
            check(&image, evidence, &revoked, (Verdict::Fail, "revoked: it leaked"));
            let mut limited = ours.clone();
            limited.keys[0].vendors = vec!["Acme".into()];
            check(&image, evidence, &limited, (Verdict::Unknown, "firmware of Acme only"));
        }
    }
}

#[test]
fn lists_of_sums() {
    if !has("gpg") {
        return;
    }
    let ring = Ring::new("ed25519", "never");
    let ours = ring.trusted();
    let image = noise(100_000, 3);
    let sums = format!("{}  other.bin\n{} *image.bin\n", "0".repeat(64), inspect(&image).unwrap().sha256);
    let sums = sums.as_bytes();

    let signature = ring.sign(&["--armor", "--detach-sign"], sums);
    let evidence: &[(&str, &[u8])] = &[("sha256sums", sums), ("sha256sums.asc", &signature)];
    check(&image, evidence, &ours, (Verdict::Pass, "sha256sums in sha256sums.asc"));
    check(&flipped(&image, 7), evidence, &ours, (Verdict::Fail, "does not hold the sum of the image"));
    let forged = flipped(sums, sums.len() - 3);
    check(&image, &[("sha256sums", &forged), evidence[1]], &ours, (Verdict::Fail, "of other contents"));

    // A signature of a text does not care how its lines end.
    let text = [sums, b"with blanks  \r\nno end"].concat();
    let of_text = ring.sign(&["--textmode", "--detach-sign"], &text);
    let other_ends = String::from_utf8(text.clone()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
    for text in [&text[..], other_ends.as_bytes()] {
        check(&image, &[("sums", text), ("x", &of_text)], &ours, (Verdict::Pass, "made by acme"));
    }
    check(&image, &[("sums", sums), ("x", &of_text)], &ours, (Verdict::Fail, "of other contents"));
    // Firmware is no text: other ends of lines are other firmware.
    check(&text, &[("x", &of_text)], &ours, (Verdict::Unknown, "leaves open how lines end"));

    let text = ring.sign(&["--clear-sign"], &[b"- what is released:\n", sums].concat());
    check(&image, &[("sha256sums.asc", &text)], &ours, (Verdict::Pass, "the text in sha256sums.asc"));
    check(&image, &[("x", &text)], &TrustStore::default(), (Verdict::Unknown, "not among the trusted keys"));
    check(&flipped(&image, 7), &[("x", &text)], &ours, (Verdict::Fail, "does not hold the sum of the image"));
    let at = text.windows(9).position(|there| there == b"other.bin").unwrap();
    check(&image, &[("x", &flipped(&text, at))], &ours, (Verdict::Fail, "of other contents"));
    // A list as long as that of a distribution.
    let many = format!("{}  other.bin\n", "0".repeat(64)).repeat(3000);
    let long = ring.sign(&["--clear-sign"], &[many.as_bytes(), sums].concat());
    check(&image, &[("x", &long)], &ours, (Verdict::Pass, "made by acme"));
    check(&image, &[("x", &flipped(&long, long.len() / 2))], &ours, (Verdict::Fail, "of other contents"));
    // What stands around the signed text does not count.
    let stranger = noise(100_000, 4);
    let added = format!("{}  stranger.bin\n", inspect(&stranger).unwrap().sha256);
    for around in [[added.as_bytes(), &text].concat(), [&text, added.as_bytes()].concat()] {
        check(&stranger, &[("x", &around)], &ours, (Verdict::Fail, "does not hold the sum of the image"));
        check(&image, &[("x", &around)], &ours, (Verdict::Pass, "made by acme"));
    }
}

#[test]
fn subkeys_sign_for_their_key() {
    if !has("gpg") {
        return;
    }
    let ring = Ring::new("rsa2048", "never");
    let primary_only = ring.trusted();
    ring.gpg(MADE, &["--quick-add-key", &ring.fingerprint(), "ed25519", "sign", "never"]);
    let ours = ring.trusted();
    assert_eq!(ours.keys[0].id, primary_only.keys[0].id);
    let image = noise(50_000, 5);
    let signature = ring.sign(&["--detach-sign"], &image);
    check(&image, &[("x", &signature)], &ours, (Verdict::Pass, "made by acme"));
    check(&flipped(&image, 9), &[("x", &signature)], &ours, (Verdict::Fail, "of other contents"));
    check(&image, &[("x", &signature)], &primary_only, (Verdict::Unknown, "not among the trusted keys"));

    // A subkey that somebody else's key has bound is not theirs: without the agreement inside it would be.
    ring.gpg(MADE, &["--quick-add-key", &ring.fingerprint(), "rsa2048", "encrypt", "never"]);
    check(&image, &[("x", &signature)], &ring.trusted(), (Verdict::Pass, "made by acme"));
}

#[test]
fn keys_lapse() {
    if !has("gpg") {
        return;
    }
    let ring = Ring::new("ed25519", "1y");
    let image = noise(50_000, 6);
    let signature = ring.sign(&["--detach-sign"], &image);
    let evidence: &[(&str, &[u8])] = &[("x", &signature)];
    let ours = ring.trusted();
    check_at(&image, evidence, &ours, SOON, (Verdict::Pass, "made by acme"));
    check(&image, evidence, &ours, (Verdict::Unknown, "lapsed on 2024-12-31"));
    check_at(&image, evidence, &ours, 1_600_000_000, (Verdict::Unknown, "is this computer's clock right?"));
    check(&flipped(&image, 5), evidence, &ours, (Verdict::Fail, "of other contents"));
    // Its owner gave it more time; the newer copy of the key says so.
    ring.gpg(SIGNED, &["--quick-set-expire", &ring.fingerprint(), "5y"]);
    check(&image, evidence, &ring.trusted(), (Verdict::Pass, "made by acme"));

    let short = ring.sign(&["--default-sig-expire", "30d", "--detach-sign"], &image);
    check(&image, &[("x", &short)], &ring.trusted(), (Verdict::Unknown, "for a time that is over"));
}

#[test]
fn keys_are_revoked() {
    if !has("gpg") {
        return;
    }
    let image = noise(50_000, 7);
    for (reason, verdict, words) in [
        (0, Verdict::Fail, "without a reason"),
        (1, Verdict::Fail, "in the hands of others"),
        (3, Verdict::Unknown, "no longer used"),
    ] {
        let ring = Ring::new("ed25519", "never");
        let signature = ring.sign(&["--detach-sign"], &image);
        let answers = format!("y\n{reason}\n\ny\n");
        std::fs::write(ring.path().join("answers"), answers).unwrap();
        let script = format!(
            "gpg --homedir . --no-tty --yes --pinentry-mode loopback --passphrase '' --faked-system-time 20250101T000000! \
             --command-fd 0 --output revoke.asc --gen-revoke {} <answers",
            ring.fingerprint()
        );
        support::make(ring.path(), "sh", &["-c", &script]);
        check(&image, &[("x", &signature)], &ring.trusted(), (Verdict::Pass, "made by acme"));
        let before = ring.trusted().keys.remove(0);
        ring.gpg("20250102T000000!", &["--import", "revoke.asc"]);
        let after = ring.trusted().keys.remove(0);
        assert!(
            after.renews(&before) && !before.renews(&after),
            "a revocation is not undone by an older copy"
        );
        check(&image, &[("x", &signature)], &ring.trusted(), (verdict, words));
    }
}

#[test]
fn what_is_no_signature_that_proves_something() {
    if !has("gpg") {
        return;
    }
    let ring = Ring::new("rsa2048", "never");
    let ours = ring.trusted();
    let image = noise(50_000, 8);
    let weak = ring.sign(&["--digest-algo", "SHA1", "--detach-sign"], &image);
    check(&image, &[("x", &weak)], &ours, (Verdict::Unknown, "too weak or not supported"));
    let notation = ring.sign(&["--sig-notation", "!a@acme.example=b", "--detach-sign"], &image);
    check(&image, &[("x", &notation)], &ours, (Verdict::Unknown, "too weak or not supported"));

    let secret = ring.gpg(SIGNED, &["--export-secret-keys"]);
    assert_eq!(TrustedKey::parse("x", &secret), Err(KeyError::Secret));
    let secret = ring.gpg(SIGNED, &["--armor", "--export-secret-keys"]);
    assert_eq!(TrustedKey::parse("x", &secret), Err(KeyError::Secret));
    let two = [ring.export(), Ring::new("ed25519", "never").export()].concat();
    assert_eq!(TrustedKey::parse("x", &two), Err(KeyError::Several));
    // A key alone, without what its owner says of it: the first packet of the export.
    let bare = &ring.export()[..3 + 269];
    assert_eq!(TrustedKey::parse("x", bare), Err(KeyError::Unbound));
    assert_eq!(TrustedKey::parse("x", &ring.export()[..200]), Err(KeyError::Unknown));
}

/// Whatever single bit is wrong in a key or a signature: nothing panics, and nothing passes but where the bit does not count.
#[test]
fn damaged_keys_and_signatures() {
    if !has("gpg") {
        return;
    }
    let ring = Ring::new("ed25519", "never");
    let (ours, image) = (ring.trusted(), noise(2000, 9));
    let signature = ring.sign(&["--detach-sign"], &image);
    let bits = |bytes: &[u8]| {
        let len = bytes.len();
        (0..len * 8).map(move |bit| (bit / 8, 1_u8 << (bit % 8)))
    };
    let mut passed = Vec::new();
    for (at, bit) in bits(&signature) {
        let mut damaged = signature.clone();
        damaged[at] ^= bit;
        if judged(&image, &[("x", &damaged)], &ours, NOW).verdict == Verdict::Pass {
            passed.push(at);
        }
    }
    // The issuer is said twice, once outside of the signature; and two bytes of the digest are a hint.
    passed.dedup();
    assert!(passed.len() <= 24, "{passed:?} of {}", signature.len());
    let key = ring.export();
    for (at, bit) in bits(&key) {
        let mut damaged = key.clone();
        damaged[at] ^= bit;
        if let Ok(key) = TrustedKey::parse("acme", &damaged) {
            let trusted = TrustStore { keys: vec![key], revoked: vec![] };
            let changes_nothing = trusted == ours;
            let passes = judged(&image, &[("x", &signature)], &trusted, NOW).verdict == Verdict::Pass;
            // What is left of the key is the same key; a hint in its own signature may be another.
            assert!(!passes || changes_nothing || trusted.keys[0].id == ours.keys[0].id, "{at}");
        }
    }
    for len in 0..key.len() {
        let _ = TrustedKey::parse("acme", &key[..len]);
    }
}
