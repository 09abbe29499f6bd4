//! Compares what `debrick-image` says of files with what is known of them.
//!
//! `cargo run -p debrick-image --example score -- FOLDER [--only TEXT] [--facts]`: the folder holds `manifest.json` and
//! the files. `--only` takes files whose name, id or format contains a text; `--facts` prints what was found as JSON.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use debrick_image::{ImageFacts, inspect};
use debrick_model::Verdict;
use serde_json::Value;

#[derive(Default)]
struct Tally {
    right: usize,
    of: usize,
}

impl Tally {
    fn add(&mut self, right: bool) {
        self.of += 1;
        self.right += usize::from(right);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder with manifest.json")?);
    let (mut only, mut print_facts) = (None, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next(),
            "--facts" => print_facts = true,
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let manifest: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for entry in &manifest {
        let truth = &entry["truth"];
        let name = format!("{} {} {}", word(entry, "file"), word(entry, "id"), word(truth, "format"));
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let facts = inspect(&std::fs::read(folder.join(word(entry, "file")))?)?;
        if print_facts {
            println!("{}", serde_json::to_string_pretty(&facts)?);
        }
        for (what, expected, actual, right) in judge(truth, &facts) {
            tallies.entry(what).or_default().add(right);
            if !right {
                println!("{name}: {what}: expected {expected}, found {actual}");
                if what == "intact" {
                    facts
                        .integrity
                        .checks
                        .iter()
                        .filter(|check| !check.ok)
                        .for_each(|check| println!("    {check:?}"));
                }
            }
        }
    }
    for (what, Tally { right, of }) in tallies {
        println!("{what:10} {right:4} of {of:4}  {:5.1} %", 100.0 * right as f64 / of as f64);
    }
    Ok(())
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// What was asked, the answer expected, the answer given, and whether it is right.
fn judge(truth: &Value, facts: &ImageFacts) -> Vec<(&'static str, String, String, bool)> {
    let mut results = Vec::new();
    let format = facts.format.as_deref().unwrap_or("none");
    results.push((
        "format",
        word(truth, "format").to_owned(),
        format.to_owned(),
        word(truth, "format") == format,
    ));
    for (key, found) in [
        ("vendor", &facts.vendor),
        ("model", &facts.model),
        ("hw_rev", &facts.hardware_revision),
        ("region", &facts.region),
        ("version", &facts.version),
        ("arch", &facts.architecture),
    ] {
        if let Some(expected) = truth[key].as_str() {
            let found = found.clone().unwrap_or_default();
            let right = normal(&found) == normal(expected);
            results.push((key, expected.to_owned(), found, right));
        }
    }
    if let Some(expected) = truth["board_id"].as_str() {
        let right = facts.board_ids.iter().any(|id| normal(id) == normal(expected));
        results.push(("board", expected.to_owned(), facts.board_ids.join(" "), right));
    }
    let verdict = facts.integrity.verdict;
    let noticed = verdict == Verdict::Fail || !facts.warnings.is_empty();
    if truth["detectable"].as_bool() == Some(true) {
        let found = format!("{} {:?}", verdict.id(), facts.warnings);
        results.push(("damage", word(truth, "detected_by").to_owned(), found.clone(), noticed));
        if word(truth, "integrity") == "bad" {
            results.push(("bad", "fail".into(), found, verdict == Verdict::Fail));
        }
    }
    if truth["damaged"].is_null() && word(truth, "integrity") != "bad" {
        let found = format!("{} {:?}", verdict.id(), facts.warnings);
        results.push(("intact", "no damage".into(), found.clone(), !noticed));
        let expected = if word(truth, "integrity") == "ok" { Verdict::Pass } else { Verdict::Unknown };
        results.push(("verdict", expected.id().into(), found, verdict == expected));
    }
    results
}

fn normal(text: &str) -> String {
    text.trim().to_lowercase()
}
