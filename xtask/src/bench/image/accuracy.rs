//! How often the program is right, by format and in all.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::{Row, text};
use super::Known;

/// Answers of one kind.
#[derive(Default, Clone, Copy)]
struct Tally {
    right: usize,
    of: usize,
}

impl Tally {
    fn add(&mut self, right: bool) {
        self.of += 1;
        self.right += usize::from(right);
    }

    fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { 100.0 * self.right as f64 / self.of as f64 }
    }

    fn cell(self) -> String {
        if self.of == 0 { "-".into() } else { format!("{}/{}", self.right, self.of) }
    }
}

/// The questions that are put to every file, as far as they make sense for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Format,
    Facts,
    Damage,
    Intact,
}

pub(super) fn measure(program: &Path, files: &[Known], mismatches: bool) -> Result<Vec<Row>, String> {
    let output = Command::new(program)
        .args(["--json", "image", "inspect"])
        .args(files.iter().map(|file| &file.path))
        .output()
        .map_err(text)?;
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).map_err(text))
        .collect::<Result<_, _>>()?;
    if lines.len() != files.len() {
        return Err(format!("{} files, but {} lines", files.len(), lines.len()));
    }
    let mut all: BTreeMap<Question, Tally> = BTreeMap::new();
    let mut by_format: BTreeMap<&str, BTreeMap<Question, Tally>> = BTreeMap::new();
    for (file, said) in files.iter().zip(&lines) {
        let format = file.truth["format"].as_str().unwrap_or("none");
        for (question, what, right) in judge(&file.truth, said) {
            all.entry(question).or_default().add(right);
            by_format.entry(format).or_default().entry(question).or_default().add(right);
            if !right && mismatches {
                println!("{format}, {}: {what}", file.name);
            }
        }
    }
    println!("{:<28} {:>8} {:>8} {:>8} {:>8}", "format", "format", "facts", "damage", "intact");
    for (format, tallies) in &by_format {
        let cell = |question| tallies.get(&question).copied().unwrap_or_default().cell();
        println!(
            "{format:<28} {:>8} {:>8} {:>8} {:>8}",
            cell(Question::Format),
            cell(Question::Facts),
            cell(Question::Damage),
            cell(Question::Intact)
        );
    }
    let row = |question, what: &str, required, least: f64| {
        let tally: Tally = all.get(&question).copied().unwrap_or_default();
        Row {
            what: what.into(),
            measured: format!("{:.1} %: {}", tally.percent(), tally.cell()),
            required,
            ok: Some(tally.percent() >= least),
        }
    };
    Ok(vec![
        row(Question::Format, "outermost format right", ">= 98 %", 98.0),
        row(Question::Facts, "vendor, model, revision, region, version", ">= 95 %", 95.0),
        row(Question::Damage, "damage revealed that can be", "100 %", 100.0),
        row(Question::Intact, "intact files not called damaged", "100 %", 100.0),
    ])
}

/// The questions of a file, each with what was expected and said, and whether it is right.
fn judge(truth: &Value, said: &Value) -> Vec<(Question, String, bool)> {
    let mut answers = Vec::new();
    let mut ask = |question, key: &str, expected: &str| {
        let found = said[key].as_str().unwrap_or_default();
        let right = expected.trim().eq_ignore_ascii_case(found.trim());
        answers.push((question, format!("{key}: expected {expected:?}, said {found:?}"), right));
    };
    ask(Question::Format, "format", truth["format"].as_str().unwrap_or("none"));
    for key in ["vendor", "model", "hw_rev", "region", "version"] {
        if let Some(expected) = truth[key].as_str() {
            ask(Question::Facts, key, expected);
        }
    }
    let verdict = said["integrity"]["verdict"].as_str().unwrap_or_default();
    let warned = said["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty());
    let noticed = verdict == "fail" || warned;
    if truth["detectable"] == true {
        let how = truth["detected_by"].as_str().unwrap_or_default();
        answers.push((Question::Damage, format!("damage ({how}) not noticed"), noticed));
    }
    if truth["damaged"].is_null() && truth["integrity"] != "bad" {
        answers.push((
            Question::Intact,
            format!("called {verdict}, warnings {}", said["warnings"]),
            !noticed,
        ));
    }
    answers
}
