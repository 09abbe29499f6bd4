use std::sync::LazyLock;

use debrick_model::Observation;

use super::*;

static RECOGNISER: LazyLock<Recogniser> =
    LazyLock::new(|| Recogniser::new(&Catalog::builtin()).expect("the program's own catalog"));

fn seen(property: Property, value: &str, witness: &str) -> Sighting {
    let observation =
        Observation { property, value: value.into(), source: "a test".into(), witness: witness.into() };
    Sighting { observation, input: "test".into(), line: Some(1) }
}

fn check(claims: &[(Property, &str, &str)], certainty: Certainty, device: Option<&str>) -> Recognition {
    let sightings = claims.iter().map(|(property, value, witness)| seen(*property, value, witness)).collect();
    let recognition = RECOGNISER.recognise(sightings);
    assert_eq!(
        (recognition.certainty, recognition.device.as_deref()),
        (certainty, device),
        "{recognition:?}"
    );
    recognition
}

#[test]
fn one_witness_makes_likely_however_often_it_speaks() {
    let model = (Property::Model, "D-Link DIR-645", "firmware");
    let board = (Property::BoardId, "dlink,dir-645", "firmware");
    check(&[model], Certainty::Likely, Some("dlink-dir-645"));
    check(&[model, board], Certainty::Likely, Some("dlink-dir-645"));
}

#[test]
fn two_witnesses_make_known() {
    let claims = [(Property::BoardId, "dlink,dir-645", "firmware"), (Property::Model, "DIR-645", "operator")];
    let recognition = check(&claims, Certainty::Known, Some("dlink-dir-645"));
    assert_eq!(recognition.candidates[0].agreeing, [0, 1]);
    assert!(recognition.next.is_empty());
}

#[test]
fn a_revision_that_only_one_names_is_not_known() {
    let board = (Property::BoardId, "tplink,archer-c7-v5", "firmware");
    check(
        &[board, (Property::Model, "TP-Link Archer C7", "operator")],
        Certainty::Likely,
        Some("tplink-archer-c7-v5"),
    );
    for label in ["TP-Link Archer C7 AC1750 Ver: 5.0", "TP-Link Archer C7 v5", "Archer C7 (EU) Ver:5"] {
        check(&[board, (Property::Model, label, "operator")], Certainty::Known, Some("tplink-archer-c7-v5"));
    }
}

#[test]
fn a_contradiction_is_shown_and_never_resolved() {
    let board = (Property::BoardId, "tplink,archer-c7-v5", "firmware");
    let loader = (Property::Model, "TP-Link Archer C7 v5", "bootloader");
    for label in ["TP-Link Archer C7 v4", "TP-Link Archer C7 v99", "D-Link DIR-645"] {
        let claims = [board, loader, (Property::Model, label, "operator")];
        let recognition = check(&claims, Certainty::Contradicted, None);
        let of_v5 = recognition.candidates.iter().find(|one| one.device == "tplink-archer-c7-v5");
        assert_eq!(of_v5.map(|one| one.contradicting.clone()), Some(vec![2]), "{label}");
    }
}

#[test]
fn names_that_the_catalog_lacks_leave_it_open() {
    check(&[(Property::Model, "Frobnicator 9000 Deluxe", "firmware")], Certainty::Unknown, None);
    let claims = [
        (Property::BoardId, "dlink,dir-645", "bootloader"),
        (Property::Model, "D-Link DIR-645", "operator"),
        (Property::Model, "Frobnicator 9000 Deluxe", "firmware"),
    ];
    let recognition = check(&claims, Certainty::Likely, Some("dlink-dir-645"));
    assert_eq!(recognition.unmatched, [2]);
    check(&[(Property::Model, "linux,dummy-virt", "firmware")], Certainty::Unknown, None);
}

#[test]
fn a_file_tells_nothing_of_the_unit() {
    let file = (Property::BoardId, "dlink,dir-645", "image");
    check(&[file], Certainty::Unknown, None);
    check(&[file, (Property::Model, "D-Link DIR-645", "operator")], Certainty::Likely, Some("dlink-dir-645"));
    check(&[file, (Property::Model, "TP-Link Archer C7 v5", "operator")], Certainty::Contradicted, None);
}

#[test]
fn names_are_found_as_firmware_writes_them() {
    for (name, device) in [
        ("Pine64 RockPro64 v2.1", "pine64-rockpro64"),
        ("CZ.NIC Turris Mox Board", "cznic-turris-mox"),
        ("D-Link DIR-645", "dlink-dir-645"),
    ] {
        check(&[(Property::Model, name, "firmware")], Certainty::Likely, Some(device));
    }
}

#[test]
fn a_label_of_a_bigger_brother_is_not_its_own() {
    check(&[(Property::Model, "D-Link DIR-645 Pro", "operator")], Certainty::Unknown, None);
}

#[test]
fn chips_are_told_from_others_of_like_name() {
    for (name, device) in [
        ("ESP32", Some("espressif-esp32")),
        ("ESP32-D0WD-V3", Some("espressif-esp32")),
        ("esp32s3", Some("espressif-esp32-s3")),
        ("ESP32-X9", None),
    ] {
        let certainty = if device.is_some() { Certainty::Likely } else { Certainty::Unknown };
        check(&[(Property::Chip, name, "chip")], certainty, device);
    }
}

#[test]
fn the_lab_router_is_known_by_its_system_and_its_variables() {
    let claims =
        [(Property::ReadyText, "READY ACME R1 ", "firmware"), (Property::BoardId, "acme,r1", "environment")];
    check(&claims, Certainty::Known, Some("acme-r1"));
}
