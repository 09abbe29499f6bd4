//! `debrick devices update`: catalogs signed by minisign itself, and everything that must not be taken for one.

use std::path::Path;
use std::process::Command;

use debrick_catalog::{Catalog, embedded};
use serde_json::Value;

use crate::program::Place;

/// Where the serial number and the schema stand in a packed catalog.
const SERIAL: std::ops::Range<usize> = 16..24;
const SCHEMA: std::ops::Range<usize> = 24..40;

/// Whether minisign is there. Without it a test ends early; with CI=true that is a failure.
fn has_minisign() -> bool {
    let found = Command::new("minisign").arg("-v").output().is_ok();
    if !found {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "minisign is not installed");
        eprintln!("skipped: minisign is not installed");
    }
    found
}

fn minisign(place: &Place, arguments: &[&str]) {
    let run = Command::new("minisign").args(arguments).current_dir(place.path("")).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// A key pair without a passphrase: `NAME.key` and `NAME.pub`.
fn key(place: &Place, name: &str) -> String {
    minisign(place, &["-G", "-W", "-f", "-p", &format!("{name}.pub"), "-s", &format!("{name}.key")]);
    place.path(&format!("{name}.pub")).display().to_string()
}

/// The program's own catalog with another number, signed.
fn signed(place: &Place, name: &str, serial: u64, key: &str) -> String {
    let mut pack = embedded().to_vec();
    pack[SERIAL].copy_from_slice(&serial.to_le_bytes());
    sign(place, name, &pack, key)
}

fn sign(place: &Place, name: &str, pack: &[u8], key: &str) -> String {
    let path = place.file(name, pack);
    minisign(place, &["-S", "-s", &format!("{key}.key"), "-m", name]);
    path
}

fn coverage(place: &Place) -> Value {
    let run = place.run(&["--json", "devices", "coverage"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str::<Value>(run.stdout.trim()).unwrap()["catalog"].clone()
}

fn trusting(place: &Place, name: &str) {
    let public = key(place, name);
    let run = place.run(&["trust", "add", &public, "--name", name, "--for", "debrick-catalog"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn a_signed_catalog_is_used_until_it_is_forgotten() {
    if !has_minisign() {
        return;
    }
    let place = Place::new();
    trusting(&place, "ours");
    let builtin = Catalog::builtin().serial();
    assert_eq!(
        (&coverage(&place)["origin"], &coverage(&place)["serial"]),
        (&"program".into(), &builtin.into())
    );

    let file = signed(&place, "newer.bin", builtin + 1, "ours");
    let run = place.run(&["--json", "devices", "update", &file]);
    let told: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!(told["schema"], "debrick.devices-update/1");
    assert_eq!((&told["serial"], &told["signed_by"]), (&(builtin + 1).into(), &"ours".into()));
    assert_eq!(told["devices"], Catalog::builtin().count().unwrap());
    assert_eq!(told["before"]["origin"], "program");
    let now = coverage(&place);
    assert_eq!((&now["origin"], &now["signed_by"]), (&"installed".into(), &"ours".into()));
    assert_eq!((&now["serial"], &now["passed_over"]), (&(builtin + 1).into(), &Value::Null));
    let run = place.run(&["devices", "search", "Archer C7 V5.0 EU"]);
    assert!(run.stdout.starts_with("tplink-archer-c7-v5") && run.stderr.is_empty(), "{}", run.stderr);
    let doctor = place.run(&["doctor"]).stdout;
    assert!(
        doctor.contains(&format!("was installed: number {}, signed by \"ours\"", builtin + 1)),
        "{doctor}"
    );

    // An older one only where that is said, and then it stays in use.
    let older = signed(&place, "older.bin", builtin - 1, "ours");
    place.refuses(&["devices", "update", &older], 1, "catalog-older");
    assert_eq!(coverage(&place)["serial"], builtin + 1);
    assert_eq!(place.run(&["devices", "update", &older, "--allow-older"]).code, Some(0));
    assert_eq!(
        (&coverage(&place)["serial"], &coverage(&place)["origin"]),
        (&(builtin - 1).into(), &"installed".into())
    );

    assert_eq!(place.run(&["devices", "update", "--forget"]).code, Some(0));
    assert_eq!(coverage(&place)["origin"], "program");
    assert!(!place.path("state/catalog.installed").exists());
    assert_eq!(place.run(&["devices", "update", "--forget"]).code, Some(0));
}

#[test]
fn nothing_else_is_taken_for_a_catalog() {
    if !has_minisign() {
        return;
    }
    let place = Place::new();
    trusting(&place, "ours");
    let serial = Catalog::builtin().serial() + 1;
    let update = |file: &str, code: &str| drop(place.refuses(&["devices", "update", file], 1, code));

    let file = signed(&place, "good.bin", serial, "ours");
    let signature = std::fs::read(place.path("good.bin.minisig")).unwrap();
    let pack = std::fs::read(&file).unwrap();
    // A stranger's key; one that is trusted for firmware; one that is revoked.
    key(&place, "stranger");
    update(&signed(&place, "stranger.bin", serial, "stranger"), "signature-stranger");
    for (name, makers) in [("maker", &["--for", "Acme"][..]), ("all", &[])] {
        let public = key(&place, name);
        place.run(&[&["trust", "add", &public, "--name", name], makers].concat());
        update(&signed(&place, &format!("{name}.bin"), serial, name), "signature-key-not-for");
    }
    trusting(&place, "lost");
    let by_lost = signed(&place, "lost.bin", serial, "lost");
    place.run(&["trust", "revoke", "lost", "--because", "it leaked"]);
    update(&by_lost, "signature-key-revoked");
    // One byte of the file, of the signature, or of its comment.
    let changed = |name: &str, pack: &[u8], signature: &[u8]| {
        place.file(&format!("{name}.minisig"), signature);
        place.file(name, pack)
    };
    for at in [0, SERIAL.start, pack.len() / 2, pack.len() - 1] {
        let mut pack = pack.clone();
        pack[at] ^= 1;
        update(&changed("byte.bin", &pack, &signature), "signature-wrong");
    }
    let text = String::from_utf8(signature.clone()).unwrap();
    let comment = text.replace("trusted comment: t", "trusted comment: T");
    assert_ne!(text, comment);
    update(&changed("comment.bin", &pack, comment.as_bytes()), "signature-wrong");
    update(&changed("noise.bin", &pack, b"noise"), "signature-unknown");
    minisign(&place, &["-S", "-l", "-s", "ours.key", "-m", "good.bin", "-x", "old.minisig"]);
    place.refuses(&["devices", "update", &file, "--signature", "old.minisig"], 1, "signature-old");
    // No signature; no file; something else that is signed; other versions; what is cut off.
    update(&place.file("bare.bin", &pack), "catalog-unsigned");
    update("missing.bin", "file-unusable");
    update(&place.path("state").display().to_string(), "file-unusable");
    update(&sign(&place, "text.bin", b"not a catalog", "ours"), "catalog-pack-unknown");
    let mut other = pack.clone();
    other[SCHEMA].copy_from_slice(b"debrick.device/2");
    update(&sign(&place, "other.bin", &other, "ours"), "catalog-pack-schema");
    update(&sign(&place, "cut.bin", &pack[..pack.len() - 1], "ours"), "catalog-pack-damaged");
    update(&place.file("huge.bin", vec![0; 17 << 20]), "file-too-large");
    assert_eq!(coverage(&place)["origin"], "program");
    assert!(!place.path("state/catalog.installed").exists(), "something was stored");
    // The same file, with its own signature.
    assert_eq!(place.run(&["devices", "update", &file]).code, Some(0));
}

/// What was installed is verified by every command, so that what happens to it later is found.
#[test]
fn an_installed_catalog_that_is_not_right_any_more_is_passed_over() {
    if !has_minisign() {
        return;
    }
    let place = Place::new();
    trusting(&place, "ours");
    let file = signed(&place, "newer.bin", Catalog::builtin().serial() + 1, "ours");
    assert_eq!(place.run(&["devices", "update", &file]).code, Some(0));
    let installed = place.path("state/catalog.installed");
    let right = std::fs::read(&installed).unwrap();
    let passed_over = |code: &str| {
        let catalog = coverage(&place);
        assert_eq!((&catalog["origin"], &catalog["passed_over"]["code"]), (&"program".into(), &code.into()));
        let run = place.run(&["devices", "search", "netgear r7000", "--limit", "1"]);
        assert_eq!(run.code, Some(0));
        assert!(run.stdout.starts_with("netgear-r7000"), "{}", run.stdout);
        assert!(
            run.stderr.contains("warning: ") && run.stderr.contains("own catalog is used"),
            "{}",
            run.stderr
        );
        assert!(place.run(&["doctor"]).stdout.contains("own: number"), "{code}");
    };
    let put = |bytes: &[u8]| std::fs::write(&installed, bytes).unwrap();
    put(&[&right[..right.len() - 1], &[right[right.len() - 1] ^ 1]].concat());
    passed_over("signature-wrong");
    for cut in [0, 7, 19, 30] {
        put(&right[..cut]);
        passed_over("catalog-installed-damaged");
    }
    put(&right);
    assert_eq!(coverage(&place)["origin"], "installed");
    place.run(&["trust", "revoke", "ours", "--because", "it leaked"]);
    passed_over("signature-key-revoked");
    std::fs::remove_file(place.path("state/trust.json")).unwrap();
    passed_over("signature-stranger");
    assert!(Path::new(&installed).exists(), "only the operator takes it away");
}
