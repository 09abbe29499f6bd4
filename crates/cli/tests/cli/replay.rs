//! `debrick bundle` and `debrick replay`: a session that failed is packed without its secrets, and comes out the same
//! when it is played again.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::program::Place;
use crate::state::with_session;

/// What is the virtual router's and its owner's own: serial number, halves of the address, settings.
const SECRETS: [&str; 4] = ["R1-000042", "00:00:2a", "attic-router", "Attic"];

/// Breaks a virtual router, has it repaired as far as that goes, and packs the session. Returns the archive's path and
/// the path of the firmware file in the vault.
fn packed(place: &Place, brick: &str, exit_code: i32) -> (String, String) {
    let run = place.run(&["--json", "demo", "--brick", brick]);
    assert_eq!(run.code, Some(exit_code), "{}", run.stderr);
    let opened = run.lines().into_iter().find(|line| line["event"] == "session-opened").unwrap();
    let image = find(&place.path("state"), opened["image"].as_str().unwrap()).unwrap();
    let archive = place.path("case.tar.gz").display().to_string();
    let run = place.run(&["bundle", "--output", &archive]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    (archive, image)
}

/// The file of a vault with this digest.
fn find(folder: &Path, digest: &str) -> Option<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return find(&path, digest);
        }
        let name = path.display().to_string();
        name.replace('/', "").ends_with(digest).then_some(name)
    })
}

fn members(archive: &str) -> BTreeMap<String, Vec<u8>> {
    let file = std::fs::File::open(archive).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name.split_once('/').unwrap().1.to_owned(), content)
    });
    entries.collect()
}

/// Everything that a recording holds, in one piece, and what the bytes are that its dumps of memory show.
fn heard(recording: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(recording).unwrap();
    let entries = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let bytes = |digits: &str| -> Vec<u8> {
        let pairs = (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16));
        pairs.map(Result::unwrap).collect()
    };
    let said = |kind: &str| -> Vec<u8> {
        let entries = entries.clone().filter(|entry| entry["event"].as_str().unwrap().contains(kind));
        entries.flat_map(|entry| bytes(entry["data"].as_str().unwrap_or_default())).collect()
    };
    let mut all = said("received");
    let mut shown = Vec::new();
    for line in String::from_utf8_lossy(&all).lines() {
        let Some((_, numbers)) = line.split_once(": ") else { continue };
        let numbers = numbers.split(' ').map_while(|word| u8::from_str_radix(word, 16).ok());
        shown.extend(numbers);
    }
    all.extend(shown);
    all.extend(said("sent"));
    all
}

fn replay(place: &Place, arguments: &[&str]) -> Value {
    let run = place.run(&[&["--json", "replay"], arguments].concat());
    let said = run.lines().pop().unwrap();
    assert_eq!(said["schema"], "debrick.replay/1", "{}\n{}", run.stdout, run.stderr);
    assert_eq!(said["exit_code"].as_i64(), run.code.map(i64::from));
    said
}

#[test]
fn a_failed_session_comes_out_the_same() {
    let place = Place::new();
    let (archive, image) = packed(&place, "flash-that-lies", 10);
    let own = replay(&place, &[&archive]);
    assert_eq!(own["same"], true, "the firmware file is in the vault: {own}");
    assert!(own["events"].as_u64().unwrap() > 40, "{own}");

    let elsewhere = Place::new();
    let said = replay(&elsewhere, &[&archive, "--image", &image]);
    assert_eq!((&said["same"], &said["diverges"]), (&true.into(), &Value::Null), "{said}");
    assert_eq!(said["ending"], "stopped-safely");
    assert_eq!(said["diagnosis"]["cause"], "image-corrupt");
    let run = elsewhere.run(&["replay", &archive, "--image", &image]);
    assert!(run.stdout.contains("the same: all") && run.code == Some(0), "{}", run.stdout);

    // Without the file it goes as far as it can, and says what is missing.
    let said = replay(&elsewhere, &[&archive]);
    assert_eq!(said["same"], false);
    assert!(said["diverges"]["event"].as_u64().unwrap() > 10, "{said}");
    assert!(said["needs_image"]["sha256"].is_string(), "{said}");
}

#[test]
fn a_repair_comes_out_the_same() {
    for brick in ["settings-garbage", "boot-command-lost"] {
        let place = Place::new();
        let (archive, _) = packed(&place, brick, 0);
        let said = replay(&place, &[&archive]);
        assert_eq!((&said["same"], &said["ending"]), (&true.into(), &"repaired".into()), "{brick}: {said}");
    }
}

#[test]
fn no_secret_is_in_any_file() {
    let place = Place::new();
    // Its settings are read, cleared and given back: they pass in every form.
    let (archive, _) = packed(&place, "flash-that-lies", 10);
    let members = members(&archive);
    let mut recordings = 0;
    let trace = place.path("state").join("sessions");
    let session = std::fs::read_dir(trace).unwrap().next().unwrap().unwrap().path();
    for (name, content) in &members {
        let mut all = content.clone();
        if name.ends_with(".jsonl") && name.starts_with("trace-1/") && !name.ends_with("network.jsonl") {
            all.extend(heard(content));
            recordings += 1;
        }
        let text = String::from_utf8_lossy(&all);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret:?} is in {name}");
        }
    }
    assert!(recordings >= 2, "{:?}", members.keys());
    let own = heard(&std::fs::read(session.join("trace-1/console.jsonl")).unwrap());
    let own = String::from_utf8_lossy(&own);
    for secret in SECRETS {
        assert!(own.contains(secret), "{secret:?} did not pass at all: this test shows nothing");
    }
    let summary = String::from_utf8_lossy(&members["summary.txt"]);
    for heading in
        ["SYMPTOMS", "FAULT", "TRIED", "CHANGED", "KEPT", "MUST NOT BE DONE", "NEXT", "WHO CAN HELP"]
    {
        assert!(summary.contains(heading), "{heading}: {summary}");
    }
}

#[test]
fn of_a_session_that_was_resumed_it_is_said_what_is_not_played() {
    let place = Place::new();
    let session = with_session(&place);
    let resumed = place.run(&["resume", &session, "--json"]);
    assert_eq!(resumed.code, Some(10), "{}{}", resumed.stdout, resumed.stderr);
    let archive = place.path("case.tar.gz").display().to_string();
    assert_eq!(place.run(&["bundle", &session, "--output", &archive]).code, Some(0));

    let said = replay(&place, &[&archive]);
    assert_eq!((&said["later_runs"], &said["recordings_of_later_runs"]), (&1.into(), &1.into()), "{said}");
    let first = said["events"].as_u64().unwrap();
    let later = said["events_of_later_runs"].as_u64().unwrap();
    let all = String::from_utf8_lossy(&members(&archive)["journal.jsonl"]).lines().count() as u64;
    assert!(first > 0 && later > 0 && first + later == all, "{said}, and {all} in all");
    let run = place.run(&["replay", &archive]);
    assert!(
        run.stdout.contains(&format!("all {first} events of the first run of session")),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains(&format!("not the {later} events of 1 later run")), "{}", run.stderr);
}

#[test]
fn what_cannot_be_played_is_refused() {
    let place = Place::new();
    let text = place.file("text.tar.gz", "no archive");
    place.refuses(&["replay", &text], 1, "archive-unreadable");
    place.refuses(&["replay", "no-such.tar.gz"], 1, "file-unusable");
    let (archive, _) = packed(&place, "bootloader-never-answers", 11);
    place.refuses(&["replay", &archive, "--image", &text], 1, "replay-other-image");

    let mut changed = Vec::new();
    {
        let gzip = flate2::write::GzEncoder::new(&mut changed, flate2::Compression::fast());
        let mut out = tar::Builder::new(gzip);
        for (name, mut content) in members(&archive) {
            if name == "trace-1/console.jsonl" {
                content.extend(b"\n");
            }
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            out.append_data(&mut header, format!("case/{name}"), content.as_slice()).unwrap();
        }
        out.into_inner().unwrap().finish().unwrap();
    }
    let changed = place.file("changed.tar.gz", changed);
    place.refuses(&["replay", &changed], 1, "archive-damaged");
}
