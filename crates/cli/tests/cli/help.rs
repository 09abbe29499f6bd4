//! Help, version, and command lines that make no sense.

use std::time::{Duration, Instant};

use crate::program::Place;

const COMMANDS: [&str; 10] = [
    "rescue",
    "resume",
    "sessions",
    "report",
    "backup",
    "restore",
    "verify-backup",
    "doctor",
    "demo",
    "bundle",
];

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for text in [
        "Exit codes:",
        "NO_COLOR",
        "10  stopped",
        "11  the operator",
        "12  refused",
        "13  failed",
        "14  stopped",
    ] {
        assert!(help.stdout.contains(text), "{text}");
    }
    for command in COMMANDS {
        assert!(help.stdout.contains(&format!("  {command} ")), "{command}");
        let own = place.run(&[command, "--help"]);
        assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""), "{command}");
        assert!(own.stdout.contains(&format!("Usage: debrick {command}")), "{}", own.stdout);
        if ["rescue", "resume", "backup", "restore", "report"].contains(&command) {
            assert!(own.stdout.contains("Example"), "{}", own.stdout);
        }
    }
    assert!(!place.path("state").exists(), "help leaves nothing behind");
}

#[test]
fn the_version_is_told() {
    let run = Place::new().run(&["--version"]);
    assert_eq!((run.code, run.stdout.trim()), (Some(0), concat!("debrick ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn help_comes_at_once() {
    let place = Place::new();
    let fastest = (0..10).map(|_| {
        let began = Instant::now();
        place.command(&["--help"]).output().unwrap();
        began.elapsed()
    });
    let fastest = fastest.min().unwrap();
    eprintln!("debrick --help takes {fastest:?}");
    assert!(fastest < Duration::from_millis(20), "{fastest:?}");
}

#[test]
fn command_lines_that_make_no_sense() {
    let place = Place::new();
    let device = ["--device", "acme-r1", "--console", "unix:/nowhere"];
    let with = |more: &[&'static str]| [&["rescue"][..], &device, more].concat();
    place.refuses(&["nonsense"], 2, "usage");
    place.refuses(&["sessions", "--nonsense"], 2, "usage");
    place.refuses(&["restore"], 2, "usage");
    place.refuses(&["rescue", "--device", "a", "--device-file", "b"], 2, "usage");
    place.refuses(&with(&["--soak", "many"]), 2, "usage");
    place.refuses(&with(&["--soak", "4000000000"]), 2, "usage");
    place.refuses(&with(&["--waive", "fitness"]), 2, "usage");
    place.refuses(&with(&["--waive", "fitness", "--because", " "]), 2, "usage");
    place.refuses(&with(&["--waive", "hope", "--because", "I hope"]), 2, "usage");
    place.refuses(&with(&["--waive", "identity", "--because", "I know it"]), 2, "usage");
    place.refuses(&with(&["--waive", "integrity", "--because", "it is fine"]), 2, "usage");
    let error = place.refuses(&with(&["--method", "hammer"]), 2, "usage");
    assert!(error["next_step"].as_str().unwrap().contains("console-ymodem"));
    assert!(!place.path("state").exists(), "nothing was begun");
}

#[test]
fn no_command_is_answered_by_help() {
    let place = Place::new();
    let run = place.run(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("Usage: debrick"));
}

#[test]
fn what_is_left_out_is_asked_for_with_choices() {
    let place = Place::new();
    for command in ["rescue", "backup"] {
        let error = place.refuses(&[command], 2, "usage");
        let choices = error["choices"].to_string();
        assert!(choices.contains("acme-r1") && choices.contains("erial port"), "{choices}");
    }
    let error = place.refuses(&["rescue", "--device", "acme-r1"], 2, "usage");
    assert!(error["choices"].to_string().contains("TX to RX"));
    let error = place.refuses(&["rescue", "--device", "acme-r9"], 1, "device-unknown");
    assert!(error["choices"].to_string().contains("acme-r1"));
}
