//! `debrick coach`: into a recovery mode, with a person who types and a console that talks.

use std::io::{BufRead, BufReader, Write};
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

/// Coaches a person who does what is asked at once, and answers questions as `says` has it; cues and exit code.
fn coach(place: &Place, arguments: &[&str], says: &[&str]) -> (Vec<Value>, Option<i32>) {
    let mut child = place
        .command(&[&["--json", "coach", "acme-b1"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut says = says.iter();
    let mut cues: Vec<Value> = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let cue: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let typed = match cue["cue"].as_str().unwrap() {
            "do" if cue["say_done"] == true => Some(""),
            "ask" => Some(*says.next().unwrap()),
            _ => None,
        };
        if let Some(typed) = typed {
            stdin.write_all(format!("{typed}\n").as_bytes()).unwrap();
        }
        cues.push(cue);
    }
    (cues, child.wait().unwrap().code())
}

fn kinds(cues: &[Value]) -> Vec<&str> {
    cues.iter().map(|cue| cue["cue"].as_str().unwrap()).collect()
}

#[test]
fn where_nothing_can_be_sensed_the_person_is_asked() {
    let place = place();
    let (cues, code) = coach(&place, &[], &["yes"]);
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
    let (cues, code) = coach(&place, &["--console", &console], &[]);
    assert_eq!(code, Some(0), "{cues:?}");
    let last = cues.last().unwrap();
    assert_eq!(last["cue"], "reached");
    assert!(last["by"].as_str().unwrap().contains("entering recovery mode"), "{last}");
    assert_eq!(unit.join().unwrap(), b"");
}

#[test]
fn a_no_leads_to_another_try_with_a_change() {
    let place = place();
    let (cues, code) = coach(&place, &[], &["no", "yes"]);
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
    place.refuses(&["coach", "microchip-atmega328p"], 1, "no-known-steps");
    place.refuses(&["coach", "acme-b1", "--lan", "no-such-port"], 2, "usage");
}
