//! `debrick identify`: logs and labels in, one verdict out.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use debrick_virtual_bench::Brick;
use serde_json::Value;

use crate::program::Place;
use crate::repair::Served;

const LOG: &str = "\
[    0.000000] Linux version 5.15.0\r
[    0.000000] MIPS: machine is D-Link DIR-645\r
";

/// The verdict on a log and a label, its device, and the exit code.
fn check(label: Option<&str>, expected: (&str, Option<&str>, i32)) -> Value {
    let place = Place::new();
    let log = place.file("boot.log", LOG);
    let mut arguments = vec!["--json", "identify", "--log", &log];
    arguments.extend(label.iter().flat_map(|text| ["--label", text]));
    let run = place.run(&arguments);
    let found: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    let recognition = &found["recognition"];
    assert_eq!(found["schema"], "debrick.identify/1");
    assert_eq!((run.code, &found["exit_code"]), (Some(expected.2), &expected.2.into()), "{}", run.stderr);
    assert_eq!((&recognition["certainty"], recognition["device"].as_str()), (&expected.0.into(), expected.1));
    found
}

#[test]
fn a_log_alone_makes_likely_and_a_label_makes_known() {
    let found = check(None, ("likely", Some("dlink-dir-645"), 11));
    assert_eq!(found["recognition"]["observations"][0]["line"], 2);
    check(Some("D-Link DIR-645"), ("known", Some("dlink-dir-645"), 0));
}

#[test]
fn a_label_of_another_device_contradicts() {
    check(Some("TP-Link Archer C7 v5"), ("contradicted", None, 12));
    let place = Place::new();
    let log = place.file("boot.log", LOG);
    let run = place.run(&["identify", "--log", &log, "--label", "TP-Link Archer C7 v5"]);
    assert_eq!(run.code, Some(12));
    assert!(run.stdout.starts_with("contradicted"), "{}", run.stdout);
    assert!(run.stdout.contains("contradicts") && run.stdout.contains("boot.log:2"), "{}", run.stdout);
    assert!(run.stderr.contains("Write nothing"), "{}", run.stderr);
}

#[test]
fn nothing_to_look_at_is_a_question_and_no_answer() {
    let place = Place::new();
    assert_eq!(place.run(&["identify"]).code, Some(2));
    assert_eq!(place.run(&["identify", "--log", "missing.log"]).code, Some(1));
}

/// The verdict of a run with `--json`.
fn recognition(place: &Place, arguments: &[&str]) -> Value {
    let run = place.run(&[&["--json", "identify"], arguments].concat());
    assert_eq!(run.stderr, "");
    serde_json::from_str::<Value>(run.stdout.trim()).unwrap()["recognition"].take()
}

#[test]
fn a_console_is_listened_to_without_a_word() {
    let place = Place::new();
    let path = place.path("console");
    let listener = UnixListener::bind(&path).unwrap();
    let unit = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(LOG.as_bytes()).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut heard = Vec::new();
        // Ends by the time limit: the program neither speaks nor hangs up.
        let _ = client.read_to_end(&mut heard);
        heard
    });
    let console = format!("unix:{}", path.display());
    let found = recognition(&place, &["--console", &console, "--seconds", "2", "--label", "D-Link DIR-645"]);
    assert_eq!(
        (&found["certainty"], &found["device"]),
        (&"known".into(), &"dlink-dir-645".into()),
        "{found}"
    );
    assert_eq!(found["observations"][1]["input"], console);
    assert_eq!(unit.join().unwrap(), b"", "the unit was spoken to");
}

#[test]
fn a_bootloader_that_is_asked_tells_its_board() {
    let place = Place::new();
    let served = Served::start(Brick::BootCommandLost);
    let arguments = ["--console", &served.console, "--ask", "--label", "ACME R1"];
    let found = recognition(&place, &arguments);
    assert_eq!((&found["certainty"], &found["device"]), (&"known".into(), &"acme-r1".into()), "{found}");
    drop(served);
    assert_eq!(place.run(&["identify", "--ask", "--label", "ACME R1"]).code, Some(2));
}

#[test]
fn a_file_is_no_witness_for_the_unit() {
    let place = Place::new();
    let image = debrick_virtual_bench::firmware("1.0", &debrick_virtual_bench::FirmwareOptions::default());
    let image = place.file("firmware.itb", image);
    let found = recognition(&place, &["--image", &image, "--label", "ACME R1"]);
    assert_eq!((&found["certainty"], &found["device"]), (&"likely".into(), &"acme-r1".into()), "{found}");
    assert_eq!(found["candidates"][0]["independent_witnesses"], 1);
    assert!(found["candidates"][0]["agreeing"].as_array().unwrap().len() >= 2, "{found}");
}

#[test]
fn a_story_gives_a_hint() {
    let place = Place::new();
    let found = recognition(&place, &["--symptom", "I bricked my D-Link DIR-645 yesterday."]);
    assert_eq!(
        (&found["certainty"], &found["device"]),
        (&"likely".into(), &"dlink-dir-645".into()),
        "{found}"
    );
    assert_eq!(found["candidates"][0]["independent_witnesses"], 0);
}

#[test]
fn logs_of_any_bytes_are_read() {
    let place = Place::new();
    let mut log = vec![0xff; 1 << 20];
    log.extend_from_slice(b"\r\n\x1b[31m[    0.0] MIPS: machine is D-Link DIR-645\x1b[0m\r\n\0\xfe");
    log.extend(std::iter::repeat_n(b'a', 1 << 20));
    let log = place.file("any.log", log);
    assert_eq!(recognition(&place, &["--log", &log])["device"], "dlink-dir-645");
    let wide: Vec<u8> = format!("\u{feff}{LOG}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = place.file("powershell.log", wide);
    assert_eq!(recognition(&place, &["--log", &wide])["device"], "dlink-dir-645");
}

#[test]
fn a_device_that_the_catalog_lacks_is_named_by_its_log() {
    let place = Place::new();
    let log = place.file("boot.log", "[    0.000000] Machine model: WatchGuard Frobnicator 9000\n");
    let found = recognition(&place, &["--log", &log]);
    assert_eq!(found["certainty"], "unknown");
    assert_eq!(found["stated"][0]["vendor"], "WatchGuard");
    assert_eq!(found["stated"][0]["model"], "Frobnicator 9000");
    let run = place.run(&["identify", "--log", &log]);
    assert!(run.stdout.contains("the evidence calls it WatchGuard Frobnicator 9000"), "{}", run.stdout);
}
