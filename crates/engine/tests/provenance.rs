//! Who made the firmware, as a repair tells it: signatures that count, that are wrong, and that nobody knows.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use common::*;
use debrick_engine::{Closed, ImageEvidence, Wishes};
use debrick_image::{TrustStore, TrustedKey};
use debrick_model::{Answer, Ending, EventBody, EvidenceKind, Gate, Waiver};
use debrick_virtual_bench::{Bench, Brick, Faults, VirtualRouter};
use ring::signature::{Ed25519KeyPair, KeyPair};

const SIZE: usize = 256 << 10;

/// Repairs a unit with a signature beside the firmware, and trusted keys. Tells whether the firmware stayed as it was.
fn judge(
    image: &[u8],
    waivers: Vec<Waiver>,
    signature: Option<&str>,
    trusted: TrustStore,
) -> (Closed, Attendant, bool) {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(Brick::KernelBytesDamaged, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let mut job = job(Some(vault.put_bytes(image).unwrap()));
    job.wishes = Wishes { waivers, trusted, ..wishes() };
    job.evidence.extend(signature.map(|text| {
        let artifact = vault.put_bytes(text.as_bytes()).unwrap();
        ImageEvidence { kind: EvidenceKind::ImageSignature, name: "image.sig".into(), artifact }
    }));
    let closed = debrick_engine::rescue(&vault, job, ports(&bench), &mut attendant).unwrap();
    let untouched = held(&before, "firmware") == held(&bench.state(), "firmware");
    (closed, attendant, untouched)
}

/// What was found of one gate, in order.
fn reasons(attendant: &Attendant, gate: Gate) -> Vec<String> {
    let checked = attendant.events.iter().filter_map(|event| match &event.body {
        EventBody::GateChecked { result } if result.gate == gate => Some(result.reasons.join(" ")),
        _ => None,
    });
    checked.collect()
}

/// A key of usign, and its signature of a file.
fn signed(image: &[u8], name: &str, seed: u8) -> (TrustStore, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let text = |comment: &str, bytes: &[u8]| {
        let coded = BASE64.encode([b"Ed", &[seed; 8][..], bytes].concat());
        format!("untrusted comment: {comment}\n{coded}\n")
    };
    let key = TrustedKey::parse(name, text("public key", pair.public_key().as_ref()).as_bytes()).unwrap();
    (TrustStore { keys: vec![key], revoked: vec![] }, text("signed", pair.sign(image).as_ref()))
}

#[test]
fn a_signature_names_who_made_the_firmware() {
    let newer = image(NEWER, SIZE);
    let (trusted, signature) = signed(&newer, "acme", 1);
    let (closed, attendant, _) = judge(&newer, vec![], Some(&signature), trusted);
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    let said = reasons(&attendant, Gate::Provenance).join(" ");
    assert!(said.contains("signed by a key that you trust") && said.contains("made by acme"), "{said}");
    let asked = attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Asked { request } if request.id == "write-firmware" => Some(format!("{:?}", request.kind)),
        _ => None,
    });
    assert!(asked.unwrap().contains("made by acme"));
}

#[test]
fn firmware_of_nobody_known_is_said_to_be_so_and_written() {
    let newer = image(NEWER, SIZE);
    let (_, signature) = signed(&newer, "acme", 1);
    for signature in [None, Some(&signature[..])] {
        let (closed, attendant, _) = judge(&newer, vec![], signature, TrustStore::default());
        assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
        let said = reasons(&attendant, Gate::Provenance).join(" ");
        assert!(said.contains("Who made it cannot be told."), "{said}");
        assert_eq!(said.contains("not among the trusted keys"), signature.is_some(), "{said}");
    }
}

#[test]
fn a_wrong_signature_needs_a_waiver() {
    let newer = image(NEWER, SIZE);
    let (trusted, of_another) = signed(b"something else", "acme", 1);
    let (mut revoked, right) = signed(&newer, "acme", 1);
    revoked.revoke(revoked.keys[0].id.clone(), "it leaked".into());
    for (signature, trusted, words) in
        [(&of_another, &trusted, "of other contents, or damaged"), (&right, &revoked, "revoked: it leaked")]
    {
        let (closed, attendant, untouched) = judge(&newer, vec![], Some(signature), trusted.clone());
        assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
        assert!(untouched && !attendant.names().contains(&"intent"));
        let said = reasons(&attendant, Gate::Provenance).join(" ");
        assert!(said.contains(words), "{said}");

        let waiver = Waiver { gate: Gate::Provenance, because: "I built it myself".into() };
        let (closed, attendant, _) = judge(&newer, vec![waiver], Some(signature), trusted.clone());
        assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
        assert!(attendant.names().contains(&"gate-waived"));
    }
}

#[test]
fn a_resumed_repair_knows_the_signature() {
    let newer = image(NEWER, SIZE);
    let (trusted, signature) = signed(b"something else", "acme", 1);
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let bench = Bench::new(VirtualRouter::new(broken(Brick::KernelBytesDamaged, SIZE)), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    attendant.answers = Box::new(|request| (request.id == "write-firmware").then_some(Answer::No));
    let mut job = job(Some(vault.put_bytes(&newer).unwrap()));
    let artifact = vault.put_bytes(signature.as_bytes()).unwrap();
    job.evidence =
        vec![ImageEvidence { kind: EvidenceKind::ImageSignature, name: "image.sig".into(), artifact }];
    let closed = debrick_engine::rescue(&vault, job, ports(&bench), &mut attendant).unwrap();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    attendant.answers = Box::new(|_| None);
    // A key that is trusted since then shows that the signature is wrong.
    let wishes = Wishes { trusted, ..wishes() };
    let closed =
        debrick_engine::resume(&vault, &closed.session, wishes, ports(&bench), &mut attendant).unwrap();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
}

#[test]
fn a_list_of_sums_tells_damage_and_no_maker() {
    let newer = image(NEWER, SIZE);
    for (sum, ending) in [
        (debrick_image::sha256(&newer).unwrap().to_string(), Ending::Repaired),
        ("0".repeat(64), Ending::RefusedByGate),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let unit = broken(Brick::KernelBytesDamaged, SIZE);
        let bench = Bench::new(VirtualRouter::new(unit), Faults::default(), 1);
        let mut attendant = Attendant::new(&bench);
        let mut job = job(Some(vault.put_bytes(&newer).unwrap()));
        let list = format!("{sum}  {}\n", job.image.as_ref().unwrap().0);
        let artifact = vault.put_bytes(list.as_bytes()).unwrap();
        job.evidence =
            vec![ImageEvidence { kind: EvidenceKind::ImageSums, name: "sha256sums".into(), artifact }];
        let closed = debrick_engine::rescue(&vault, job, ports(&bench), &mut attendant).unwrap();
        assert_eq!(closed.ending, ending, "{closed:?}");
        let said = reasons(&attendant, Gate::Provenance).join(" ");
        assert!(said.contains("it tells that the file is whole, not who made it"), "{said}");
    }
}
