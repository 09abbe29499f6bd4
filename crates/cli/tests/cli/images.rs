//! `debrick image`: files without a device.

use debrick_virtual_bench::{FirmwareOptions, firmware};

use crate::program::Place;

fn image(version: &str, model: &str) -> Vec<u8> {
    let board_id = format!("acme,{}", model.to_lowercase());
    firmware(version, &FirmwareOptions { model: model.into(), board_id, ..FirmwareOptions::default() })
}

fn damaged(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

#[test]
fn inspect_tells_people() {
    let place = Place::new();
    let (good, bad) =
        (place.file("good.itb", image("2.0.1", "R1")), place.file("bad.itb", damaged(image("2.0.1", "R1"))));
    let run = place.run(&["image", "inspect", &good]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let first = run.stdout.lines().next().unwrap();
    assert_eq!(first, format!("{good}: fit, for ACME R1, version 2.0.1: undamaged"));
    assert!(run.stdout.contains("tell accidents apart, not authors"), "{}", run.stdout);

    let run = place.run(&["image", "inspect", &bad]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.lines().next().unwrap().contains("DAMAGED"), "{}", run.stdout);
    assert!(run.stdout.contains("FAILS"), "{}", run.stdout);

    let text = place.file("notes.txt", "nothing to see here\n".repeat(100));
    let run = place.run(&["image", "inspect", &text]);
    assert!(run.stdout.contains("not a firmware file that is known"), "{}", run.stdout);
}

#[test]
fn inspect_tells_programs_one_line_a_file() {
    let place = Place::new();
    let good = place.file("good.itb", image("2.0.1", "R1"));
    let folder = place.path("").display().to_string();
    let run = place.run(&["--json", "image", "inspect", &good, "missing.bin", &folder, &good]);
    assert_eq!(run.code, Some(1));
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        assert_eq!(line["schema"], "debrick.image/1");
    }
    for (key, value) in
        [("format", "fit"), ("vendor", "ACME"), ("model", "R1"), ("version", "2.0.1"), ("arch", "arm64")]
    {
        assert_eq!(lines[0][key], value, "{key}");
    }
    assert_eq!(lines[0]["integrity"]["verdict"], "pass");
    assert_eq!(lines[0]["provenance"]["verdict"], "unknown");
    assert_eq!(lines[0]["file"], good.as_str());
    for line in &lines[1..3] {
        assert_eq!(line["error"]["code"], "file-unusable");
        assert!(line["format"].is_null());
    }
}

#[test]
fn check_has_three_answers() {
    let place = Place::new();
    let good = place.file("good.itb", image("2.0.1", "R1"));
    let other = place.file("other.itb", image("2.0.1", "R2"));
    let bad = place.file("bad.itb", damaged(image("2.0.1", "R1")));
    let code = |arguments: &[&str]| place.run(&[&["image", "check"], arguments].concat()).code;
    assert_eq!(code(&[&good, "--for", "acme-r1"]), Some(0));
    assert_eq!(code(&[&other, "--for", "acme-r1"]), Some(12));
    assert_eq!(code(&[&bad, "--for", "acme-r1"]), Some(12));
    assert_eq!(code(&[&good]), Some(11), "for no device");
    assert_eq!(code(&[&good, "--identity", r#"{"board_id":"acme,r1"}"#]), Some(0));
    assert_eq!(code(&[&good, "--identity", r#"{"board_id":"acme,r1","version":"3.0"}"#]), Some(12));
    let identity = place.file("identity.json", r#"{"board_ids":["acme,r1"],"arch":"mips"}"#);
    assert_eq!(code(&[&good, "--identity", &identity]), Some(12));
    assert_eq!(code(&[&good, "--identity", r#"{"bord":"acme,r1"}"#]), Some(2));
    assert_eq!(code(&[&good, "--for", "no-such-device"]), Some(1));
}

#[test]
fn check_compares_with_published_sums() {
    let place = Place::new();
    let content = image("2.0.1", "R1");
    let good = place.file("good.itb", &content);
    let sum = debrick_image::sha256(&content).unwrap();
    let right = place.file("right", format!("{sum}  good.itb\n"));
    let wrong = place.file("wrong", format!("{} *good.itb\n", "0".repeat(64)));
    let other = place.file("other", format!("{}  x.itb\n", "0".repeat(64)));
    let check = |sums: &str| place.run(&["image", "check", &good, "--for", "acme-r1", "--sums", sums]);
    assert_eq!(check(&right).code, Some(0));
    assert_eq!(check(&wrong).code, Some(12));
    place.refuses(&["image", "check", &good, "--sums", &other], 1, "sums-without-file");
}

#[test]
fn unwrap_overwrites_nothing() {
    let place = Place::new();
    let good = place.file("good.itb", image("2.0.1", "R1"));
    let to = place.path("parts").display().to_string();
    let run = place.run(&["--json", "image", "unwrap", &good, "--to", &to]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let value: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    let parts = value["parts"].as_array().unwrap();
    assert!(parts.len() >= 2, "{value}");
    for part in parts {
        let written = std::fs::metadata(part["path"].as_str().unwrap()).unwrap();
        assert_eq!(part["size"], written.len());
    }
    place.refuses(&["image", "unwrap", &good, "--to", &to], 1, "unwrap-would-overwrite");
}

#[test]
fn diff_names_what_changed() {
    let place = Place::new();
    let (old, new) =
        (place.file("old.itb", image("1.0.4", "R1")), place.file("new.itb", image("2.0.1", "R1")));
    let run = place.run(&["image", "diff", &old, &new]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains("version    1.0.4 -> 2.0.1"), "{}", run.stdout);
    assert!(run.stdout.contains("changed"), "{}", run.stdout);
    let run = place.run(&["image", "diff", &old, &old]);
    assert!(run.stdout.contains("the same, byte for byte"), "{}", run.stdout);
}

#[test]
fn large_files_do_not_fill_the_memory() {
    let place = Place::new();
    let path = place.file("large.bin", "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 29).unwrap();
    let run = place.run(&["image", "inspect", &path]);
    assert_eq!(run.code, Some(0));
    assert!(run.peak_kib < 64 << 10, "{} KiB", run.peak_kib);
}
