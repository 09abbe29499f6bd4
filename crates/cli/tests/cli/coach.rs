//! `debrick coach`: into a recovery mode, with a person who types and a console that talks.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::program::Place;

/// A board that is brought into its mode by a button of one second; the console says so.
const BOARD: &str = r#"
schema = "debrick.device/1"
id = "acme-b1"
kind = "board"
vendor = "ACME"
model = "B1"
source = "own construction"

[[entry]]
name = "button"
reaches = "its light blinks"
steps = [
    { do = "power-off" },
    { do = "hold" },
    { do = "power-on" },
    { do = "release" },
    { do = "wait", sign = { see = "console", text = "recovery mode" } },
]

[[method]]
name = "dfu"
protocol = "dfu"
entry = "button"
buttons = ["boot"]
hold_seconds = 1
source = "own construction"
"#;

fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path("state/devices")).unwrap();
    std::fs::write(place.path("state/devices/acme-b1.toml"), BOARD).unwrap();
    place
}

/// Coaches, while lines are typed with pauses; cues and exit code.
fn coach(place: &Place, arguments: &[&str], typed: &[(u64, &str)]) -> (Vec<Value>, Option<i32>) {
    let mut child = place
        .command(&[&["--json", "coach", "acme-b1"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for (pause_ms, text) in typed {
        std::thread::sleep(Duration::from_millis(*pause_ms));
        // Who is done with it no longer listens.
        let _ = stdin.write_all(format!("{text}\n").as_bytes());
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code())
}

fn kinds(cues: &[Value]) -> Vec<&str> {
    cues.iter().map(|cue| cue["cue"].as_str().unwrap()).collect()
}

#[test]
fn where_nothing_can_be_sensed_the_person_is_asked() {
    let place = place();
    let (cues, code) = coach(&place, &[], &[(300, ""), (300, ""), (4000, "yes")]);
    assert_eq!(code, Some(0), "{cues:?}");
    assert_eq!((&cues[0]["schema"], &cues[0]["cue"]), (&"debrick.coach/1".into(), &"begin".into()));
    let kinds = kinds(&cues);
    let at =
        |wanted: &str| kinds.iter().position(|kind| *kind == wanted).unwrap_or_else(|| panic!("{kinds:?}"));
    assert!(at("count") < at("now") && at("now") < at("ask") && at("ask") < at("reached"));
    assert!(cues[at("ask")]["text"].as_str().unwrap().contains("its light blinks"));
}

#[test]
fn the_console_proves_the_mode_and_hears_nothing() {
    let place = place();
    let listener = UnixListener::bind(place.path("console")).unwrap();
    let unit = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        std::thread::sleep(Duration::from_secs(4));
        client.write_all(b"\r\nentering recovery mode\r\n").unwrap();
        let mut heard = Vec::new();
        std::io::Read::read_to_end(&mut client, &mut heard).unwrap();
        heard
    });
    let console = format!("unix:{}", place.path("console").display());
    let (cues, code) = coach(&place, &["--console", &console], &[(300, ""), (300, "")]);
    assert_eq!(code, Some(0), "{cues:?}");
    let last = cues.last().unwrap();
    assert_eq!(last["cue"], "reached");
    assert!(last["by"].as_str().unwrap().contains("entering recovery mode"), "{last}");
    assert_eq!(unit.join().unwrap(), b"");
}

#[test]
fn a_no_leads_to_another_try_with_a_change() {
    let place = place();
    let typed = [(300, ""), (300, ""), (4000, "no"), (300, ""), (300, ""), (6500, "yes")];
    let (cues, code) = coach(&place, &[], &typed);
    assert_eq!(code, Some(0), "{cues:?}");
    let again = cues.iter().find(|cue| cue["cue"] == "again").unwrap();
    assert_eq!(again["attempt"], 2);
    assert!(again["change"].as_str().unwrap().contains("longer"), "{again}");
}

#[test]
fn what_cannot_be_coached_is_refused() {
    let place = place();
    place.refuses(&["coach", "acme-b9"], 1, "device-unknown");
    place.refuses(&["coach", "acme-b1", "--method", "odin"], 2, "usage");
    place.refuses(&["coach", "acme-r1"], 1, "no-known-steps");
    place.refuses(&["coach", "acme-b1", "--lan", "no-such-port"], 2, "usage");
}
