//! `debrick identify`: logs and labels in, one verdict out.

use serde_json::Value;

use crate::program::Place;

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
