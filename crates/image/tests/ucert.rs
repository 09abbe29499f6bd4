//! Chains of ucert, made here from what its source says of them: in files of their own, and in an image's trailer.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use debrick_image::{Evidence, KeyKind, RevokerError, TrustStore, TrustedKey, inspect, verify};
use debrick_model::{Verdict, VerdictReport};
use ring::signature::{Ed25519KeyPair, KeyPair};
use support::{flipped, noise};

/// Noon of some day, and the same a year later, in seconds since 1970.
const NOW: u64 = 1_795_262_400;
const YEAR: u64 = 365 * 86_400;

/// A key of usign.
struct Key {
    number: [u8; 8],
    pair: Ed25519KeyPair,
}

impl Key {
    fn new(seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { number: [seed, 0xd2, 0x0c, 0xa2, 0x3c, 0x79, 0x63, 0x98], pair }
    }

    fn digits(&self) -> String {
        self.number.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The file with the public key.
    fn public(&self) -> String {
        let bytes = [b"Ed", &self.number[..], self.pair.public_key().as_ref()].concat();
        format!("untrusted comment: public key {}\n{}\n", self.digits(), BASE64.encode(bytes))
    }

    /// The file with the signature of a message.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let bytes = [b"Ed", &self.number[..], self.pair.sign(message).as_ref()].concat();
        format!("untrusted comment: signed by key {}\n{}\n", self.digits(), BASE64.encode(bytes)).into_bytes()
    }

    fn trusted(&self, name: &str) -> TrustedKey {
        TrustedKey::parse(name, self.public().as_bytes()).unwrap()
    }
}

fn attribute(flags: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = (flags << 24 | (data.len() as u32 + 4)).to_be_bytes().to_vec();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A value with a name, in a table.
fn named(kind: u32, name: &str, value: &[u8]) -> Vec<u8> {
    let mut data = (name.len() as u16).to_be_bytes().to_vec();
    data.extend(name.as_bytes());
    data.push(0);
    data.resize(data.len().next_multiple_of(4), 0);
    data.extend(value);
    attribute(0x80 | kind, &data)
}

/// An element of a chain: with a table, or of the firmware.
fn element(signature: &[u8], table: Option<&[u8]>) -> Vec<u8> {
    let table = table.map_or(vec![], |table| attribute(1, table));
    let mut data = attribute(0, signature);
    data.extend(table);
    attribute(0, &data)
}

fn table(kind: u32, from: u64, rest: &[Vec<u8>]) -> Vec<u8> {
    let head =
        [named(5, "certtype", &kind.to_be_bytes()), named(4, "validfrom", &from.to_be_bytes())].concat();
    named(2, "ucert", &[head, rest.concat()].concat())
}

fn text(name: &str, value: &str) -> Vec<u8> {
    named(3, name, &[value.as_bytes(), &[0]].concat())
}

/// A certificate of one key by another.
fn certificate(by: &Key, of: &Key, from: u64, until: u64) -> Vec<u8> {
    let table = table(1, from, &[named(4, "expiresat", &until.to_be_bytes()), text("pubkey", &of.public())]);
    element(&by.sign(&table), Some(&table))
}

fn revoker(by: &Key, of: &Key, from: u64) -> Vec<u8> {
    let table = table(2, from, &[text("fingerprint", &of.digits())]);
    element(&by.sign(&table), Some(&table))
}

/// A certificate that counts today.
fn current(by: &Key, of: &Key) -> Vec<u8> {
    certificate(by, of, NOW - YEAR / 2, NOW + YEAR / 2)
}

/// The signature of the firmware, as the last element.
fn last(by: &Key, image: &[u8]) -> Vec<u8> {
    element(&by.sign(image), None)
}

fn trust(keys: &[(&str, &Key)]) -> TrustStore {
    TrustStore { keys: keys.iter().map(|(name, key)| key.trusted(name)).collect(), revoked: vec![] }
}

fn judged(image: &[u8], chain: &[u8], trusted: &TrustStore, now_s: u64) -> VerdictReport {
    let image = image.to_vec();
    let facts = inspect(&image).unwrap();
    let evidence = [Evidence { name: "image.ucert".into(), bytes: chain.to_vec() }];
    let evidence = if chain.is_empty() { &[][..] } else { &evidence };
    verify(&image, &facts, evidence, trusted, now_s * 1000).unwrap()
}

/// The verdict, and that some check or reason says these words.
#[track_caller]
fn check(
    image: &[u8],
    chain: &[u8],
    trusted: &TrustStore,
    now_s: u64,
    expected: (Verdict, &str),
) -> VerdictReport {
    let report = judged(image, chain, trusted, now_s);
    let (verdict, words) = expected;
    assert_eq!(report.verdict, verdict, "{report:#?}");
    let said = format!("{:?} {:?}", report.checks, report.reasons);
    assert!(said.contains(words), "{words:?} in {said}");
    report
}

/// The CRC-32 that fwtool writes: not complemented at the end.
fn with_trailer(image: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = [image, data].concat();
    let crc = !crc32fast::hash(&bytes);
    bytes.extend(b"FWx0");
    bytes.extend(crc.to_be_bytes());
    bytes.extend([kind, 0, 0, 0]);
    bytes.extend((data.len() as u32 + 16).to_be_bytes());
    bytes
}

#[test]
fn a_chain_from_a_trusted_key_to_the_image() {
    let (root, middle, build) = (Key::new(1), Key::new(2), Key::new(3));
    let image = noise(100_000, 1);
    let ours = trust(&[("openwrt", &root)]);
    assert_eq!(ours.keys[0].kind, KeyKind::Signify);
    for chain in [
        vec![last(&root, &image)],
        vec![current(&root, &build), last(&build, &image)],
        vec![current(&root, &middle), current(&middle, &build), last(&build, &image)],
    ] {
        let chain = chain.concat();
        check(&image, &chain, &ours, NOW, (Verdict::Pass, "made by openwrt"));
        check(&flipped(&image, 5), &chain, &ours, NOW, (Verdict::Fail, "of other contents"));
        check(&image, &chain, &TrustStore::default(), NOW, (Verdict::Unknown, &root.digits()));
        check(&image, &chain, &trust(&[("x", &Key::new(9))]), NOW, (Verdict::Unknown, &root.digits()));
    }
}

#[test]
fn links_that_do_not_hold() {
    let (root, build, stranger) = (Key::new(1), Key::new(2), Key::new(4));
    let image = noise(50_000, 2);
    let ours = trust(&[("openwrt", &root)]);
    let good = current(&root, &build);
    let check = |chain: &[Vec<u8>], verdict, words: &str| {
        check(&image, &chain.concat(), &ours, NOW, (verdict, words));
    };
    check(&[good.clone(), last(&stranger, &image)], Verdict::Unknown, &stranger.digits());
    check(&[current(&stranger, &build), last(&build, &image)], Verdict::Unknown, &stranger.digits());
    check(&[last(&build, &image), good.clone()], Verdict::Unknown, &build.digits());
    check(&[last(&root, &image), good.clone()], Verdict::Unknown, "goes on behind");
    check(std::slice::from_ref(&good), Verdict::Unknown, "no signature of the firmware");
    check(&[revoker(&root, &build, NOW), last(&build, &image)], Verdict::Unknown, "grants nothing");
    // A certificate counts only for what comes right behind it.
    let replaced = [good.clone(), current(&stranger, &root), last(&build, &image)];
    check(&replaced, Verdict::Unknown, &stranger.digits());
    // The signature of the first certificate, by another message.
    let table =
        table(1, 0, &[named(4, "expiresat", &u64::MAX.to_be_bytes()), text("pubkey", &build.public())]);
    let forged = element(&root.sign(b"something else"), Some(&table));
    check(&[forged, last(&build, &image)], Verdict::Fail, "certificate 1 of the chain is of other contents");
    // Where the key that signs is trusted itself, a stranger's certificate does no harm.
    let direct = [current(&stranger, &root), last(&root, &image)];
    check(&direct, Verdict::Pass, "made by openwrt");
}

#[test]
fn certificates_count_for_a_time() {
    let (root, build) = (Key::new(1), Key::new(2));
    let image = noise(50_000, 3);
    let ours = trust(&[("openwrt", &root)]);
    let chain = [certificate(&root, &build, NOW, NOW + YEAR), last(&build, &image)].concat();
    check(&image, &chain, &ours, NOW, (Verdict::Pass, "openwrt"));
    check(&image, &chain, &ours, NOW + YEAR - 1, (Verdict::Pass, "openwrt"));
    check(&image, &chain, &ours, NOW + YEAR, (Verdict::Unknown, "lapsed on 2027-11-21"));
    check(&image, &chain, &ours, NOW - 1, (Verdict::Unknown, "counts from 2026-11-21 on"));
}

#[test]
fn revoked_keys_sign_nothing() {
    let (root, other, build) = (Key::new(1), Key::new(5), Key::new(2));
    let image = noise(50_000, 4);
    let trusted = trust(&[("openwrt", &root), ("other", &other)]);
    let chain = [current(&root, &build), last(&build, &image)].concat();
    let revokers = [revoker(&other, &Key::new(7), NOW), revoker(&root, &build, NOW)].concat();

    let refused = |file: &[u8], now_s: u64| trusted.clone().revoke_by_file(file, now_s * 1000).unwrap_err();
    let early = refused(&revokers, NOW - 1);
    assert!(matches!(&early, RevokerError::NotYet(day) if day == "2026-11-21"), "{early}");
    assert_eq!(refused(&revoker(&build, &root, NOW), NOW), RevokerError::Stranger(build.digits()));
    assert_eq!(refused(&current(&root, &build), NOW), RevokerError::Malformed);
    assert_eq!(refused(b"", NOW), RevokerError::Malformed);
    let mut forged = revoker(&root, &build, NOW);
    let digit = forged.len() - 6;
    forged[digit] = if forged[digit] == b'1' { b'2' } else { b'1' };
    assert_eq!(refused(&forged, NOW), RevokerError::Wrong);

    let mut ours = trusted.clone();
    assert_eq!(ours.revoke_by_file(&revokers, NOW * 1000).unwrap(), [Key::new(7).digits(), build.digits()]);
    check(&image, &chain, &trusted, NOW, (Verdict::Pass, "openwrt"));
    check(
        &image,
        &chain,
        &ours,
        NOW,
        (Verdict::Fail, "which is revoked: a revoker by \\\"openwrt\\\" says so"),
    );

    // A trusted key that the operator takes back, and a plain signature with it.
    ours.revoke(root.digits(), "it leaked".into());
    let plain = root.sign(&image);
    check(&image, &plain, &trusted, NOW, (Verdict::Pass, "made by openwrt"));
    check(&image, &plain, &ours, NOW, (Verdict::Fail, "revoked: it leaked"));
    check(&image, &chain, &ours, NOW, (Verdict::Fail, "revoked: it leaked"));
    // It cannot revoke others any more.
    let again = ours.revoke_by_file(&revoker(&root, &other, NOW), NOW * 1000);
    assert_eq!(again, Err(RevokerError::Stranger(root.digits())));
    // A revoked key without its public half.
    let mut known = TrustStore::default();
    known.revoke(root.digits(), "it leaked".into());
    check(&image, &plain, &known, NOW, (Verdict::Fail, "revoked: it leaked"));
    check(&image, &chain, &known, NOW, (Verdict::Fail, "revoked: it leaked"));
}

#[test]
fn in_the_trailer_of_an_image() {
    let (root, build) = (Key::new(1), Key::new(2));
    let ours = trust(&[("openwrt", &root)]);
    let metadata = b"\0\0\0\0\0\0\0\0{\"metadata_version\":\"1.1\",\"supported_devices\":[\"acme,r1\"]}";
    let image = with_trailer(&noise(60_000, 5), 1, metadata);
    let chain = [current(&root, &build), last(&build, &image)].concat();
    for data in [chain, root.sign(&image)] {
        let signed = with_trailer(&image, 0, &data);
        assert_eq!(support::integrity(&signed), Verdict::Pass);
        assert_eq!(support::integrity(&flipped(&signed, 1000)), Verdict::Fail);
        check(&signed, &[], &ours, NOW, (Verdict::Pass, "signature of the image in the signature trailer"));
        check(&signed, &[], &TrustStore::default(), NOW, (Verdict::Unknown, &root.digits()));
        // Contents and metadata are under the signature; checksums that were made to fit help nobody.
        for at in [1000, image.len() - 40] {
            let forged = with_trailer(&flipped(&image, at), 0, &data);
            check(&forged, &[], &ours, NOW, (Verdict::Fail, "of other contents"));
        }
        let longer = [&signed[..], b"appended"].concat();
        check(&longer, &[], &ours, NOW, (Verdict::Unknown, "behind the signature"));
    }
    let other = with_trailer(&image, 0, b"no signature at all");
    check(&other, &[], &ours, NOW, (Verdict::Unknown, "of a kind that is not supported"));
}

/// Every flipped bit of a chain keeps it from passing, but for the comments in its signatures; no length of it does harm.
#[test]
fn damaged_chains() {
    let (root, build) = (Key::new(1), Key::new(2));
    let image = noise(3000, 6);
    let ours = trust(&[("openwrt", &root)]);
    let chain = [current(&root, &build), last(&build, &image)].concat();
    check(&image, &chain, &ours, NOW, (Verdict::Pass, "openwrt"));
    let passed = (0..chain.len())
        .flat_map(|at| [0x01, 0x40, 0x80].map(|bit| (at, bit)))
        .filter(|(at, bit)| {
            let mut damaged = chain.clone();
            damaged[*at] ^= bit;
            judged(&image, &damaged, &ours, NOW).verdict == Verdict::Pass
        })
        .count();
    // Two comments of 46 characters and what pads the attributes; a signature's last letter holds spare bits.
    assert!(passed < 3 * (2 * 46 + 12), "{passed}");
    for len in 1..chain.len() {
        assert_ne!(judged(&image, &chain[..len], &ours, NOW).verdict, Verdict::Pass, "{len}");
    }
}
