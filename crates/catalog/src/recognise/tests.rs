use std::sync::LazyLock;

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
fn what_only_the_firmware_says_tells_what_is_installed() {
    let firmware = (Property::BoardId, "dlink,dir-645", "firmware");
    let loader = (Property::Model, "TP-Link Archer C7 v5", "bootloader");
    let label = (Property::Model, "TP-Link Archer C7 v5", "operator");
    let recognition = check(&[firmware, loader, label], Certainty::Known, Some("tplink-archer-c7-v5"));
    let of_v5 = recognition.candidates.iter().find(|one| one.device == "tplink-archer-c7-v5").unwrap();
    assert_eq!((of_v5.contradicting.as_slice(), of_v5.discounted.as_slice()), (&[][..], &[0][..]));
    assert!(recognition.next.iter().any(|next| next.contains("firmware of another device is installed")));
    check(&[firmware, loader], Certainty::Contradicted, None);
    check(&[firmware, label], Certainty::Contradicted, None);
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
    let other = [file, (Property::Model, "TP-Link Archer C7 v5", "operator")];
    let recognition = check(&other, Certainty::Likely, Some("tplink-archer-c7-v5"));
    assert!(recognition.next.iter().any(|next| next.contains("do not write it")), "{recognition:?}");
    let header = (Property::BoardId, "0x08410010", "image");
    let known = [header, (Property::Model, "TP-Link TL-WR841N v10", "operator")];
    assert_eq!(check(&known, Certainty::Likely, Some("tplink-tl-wr841-v10")).candidates[0].agreeing, [0, 1]);
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
fn a_record_of_ones_own_takes_part() {
    let mut record = crate::find("acme-r1").unwrap().repairable().unwrap();
    record.id = "own-x9000".into();
    record.model = "X9000".into();
    record.board_ids = vec!["own,x9000".into()];
    let recogniser = Recogniser::with_record(&Catalog::builtin(), &record).unwrap();
    let says = |property, value: &str| {
        recogniser.agreement("own-x9000", &seen(property, value, "firmware").observation)
    };
    assert_eq!(says(Property::BoardId, "own,x9000"), Some(true));
    assert_eq!(says(Property::Model, "ACME X9000"), Some(true));
    assert_eq!(says(Property::Model, "D-Link DIR-645"), Some(false));
    assert_eq!(says(Property::Model, "linux,dummy-virt"), None);
}

#[test]
fn the_lab_router_is_known_by_its_system_and_its_variables() {
    let claims =
        [(Property::ReadyText, "READY ACME R1 ", "firmware"), (Property::BoardId, "acme,r1", "environment")];
    check(&claims, Certainty::Known, Some("acme-r1"));
}

#[test]
fn a_loader_and_its_variables_are_one_witness() {
    let claims = [
        (Property::Model, "D-Link DIR-645", "bootloader"),
        (Property::BoardId, "dlink,dir-645", "environment"),
    ];
    check(&claims, Certainty::Likely, Some("dlink-dir-645"));
}

#[test]
fn a_name_in_passing_points_and_never_decides() {
    let mention = (Property::Mention, "D-Link DIR-645", "text");
    let recognition = check(&[mention], Certainty::Likely, Some("dlink-dir-645"));
    assert_eq!(recognition.candidates[0].independent_witnesses, 0);
    check(&[mention, (Property::Model, "DIR-645", "operator")], Certainty::Likely, Some("dlink-dir-645"));
    let other = [mention, (Property::Model, "TP-Link Archer C7 v5", "operator")];
    check(&other, Certainty::Likely, Some("tplink-archer-c7-v5"));
}

#[test]
fn a_device_that_the_catalog_lacks_is_still_named() {
    let claims = [
        (Property::Model, "WatchGuard Frobnicator 9000", "firmware"),
        (Property::BoardId, "watchguard,frobnicator-9000", "firmware"),
        (Property::Codename, "frob", "bootloader"),
    ];
    let recognition = check(&claims, Certainty::Unknown, None);
    let first = &recognition.stated[0];
    assert_eq!((first.vendor.as_deref(), first.model.as_str()), (Some("WatchGuard"), "Frobnicator 9000"));
    assert_eq!(first.observations, [0, 1]);
    assert_eq!(recognition.stated.len(), 2);
}

#[test]
fn names_that_the_catalog_lacks_contradict_each_other() {
    let unit = (Property::Model, "WatchGuard Frobnicator M9300", "firmware");
    let label = |text| (Property::Model, text, "operator");
    check(&[unit, label("WatchGuard Frobnicator M9400")], Certainty::Contradicted, None);
    check(&[unit, label("Frobnicator-M9300")], Certainty::Unknown, None);
    check(&[unit, label("WatchGuard Frobnicator M9300 Rev 2")], Certainty::Unknown, None);
}

#[test]
fn revisions_are_told_from_parts_of_names() {
    check(&[(Property::Model, "netis N6 V2", "operator")], Certainty::Likely, Some("netis-n6-v2"));
    // One record for several revisions.
    let board = (Property::BoardId, "linksys,e1000-v1", "firmware");
    for label in ["Linksys E1000 v1", "Linksys E1000"] {
        check(&[board, (Property::Model, label, "operator")], Certainty::Known, Some("linksys-e1000"));
    }
}

#[test]
fn a_label_of_another_maker_contradicts() {
    let unit = (Property::Model, "D-Link DIR-645", "firmware");
    let label = |text| (Property::Model, text, "operator");
    check(&[unit, label("WatchGuard Frobnicator M9400")], Certainty::Contradicted, None);
    check(&[unit, label("D-Link Frobnicator")], Certainty::Likely, Some("dlink-dir-645"));
    check(&[unit, label("Wireless N 300 router")], Certainty::Likely, Some("dlink-dir-645"));
}

#[test]
fn running_text_mentions_devices() {
    let text =
        b"Yesterday\nI bricked my [TL-WR841N v9](http://example.org/x), a router\nwith 12345678 at 9e040000";
    let found = RECOGNISER.mentions("story", text, &[]);
    let seen: Vec<_> = found.iter().map(|one| (one.observation.value.as_str(), one.line)).collect();
    assert_eq!(seen, [("TL-WR841N v9", Some(2))]);
    let said = |text: &str| -> Vec<String> {
        RECOGNISER
            .mentions("story", text.as_bytes(), &[])
            .into_iter()
            .map(|one| one.observation.value)
            .collect()
    };
    assert_eq!(said("After the power went out my RT-N56U did not start again."), ["RT-N56U"]);
    assert_eq!(said("rt-n56u: 0x00 0x40"), [""; 0]);
    assert_eq!(said("A Google Pixel does not start."), ["Google Pixel"]);
    assert_eq!(said("The pixel in the middle of the screen is a generic one."), [""; 0]);
    assert!(RECOGNISER.mentions("log", &b"TL-WR841N v9 ".repeat(1 << 13), &[]).is_empty());
}

#[test]
fn a_chip_that_firmware_names_is_not_the_device() {
    check(&[(Property::Chip, "ESP32", "firmware")], Certainty::Unknown, None);
}

#[test]
fn models_with_a_stroke_are_found_by_each_half() {
    assert_eq!(RECOGNISER.naming.name("TP-Link TL-WR841ND v10"), RECOGNISER.naming.name("TL-WR841N v10"));
    assert!(RECOGNISER.naming.name("TL-WR841ND v10").names_a_device());
}

#[test]
fn a_board_may_be_named_after_another_device() {
    let v9 = (Property::Model, "TP-Link TL-WR841N v9", "operator");
    check(&[v9], Certainty::Likely, Some("tplink-tl-wr841-v9"));
    // The v10 runs firmware of the v9, and calls itself so.
    let recognition = check(&[(Property::BoardId, "tl-wr841n-v9", "firmware")], Certainty::Likely, None);
    assert_eq!(recognition.candidates.len(), 2);
    check(
        &[v9, (Property::BoardId, "tl-wr841n-v9", "firmware")],
        Certainty::Likely,
        Some("tplink-tl-wr841-v9"),
    );
}
