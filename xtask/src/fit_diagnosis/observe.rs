//! `cargo xtask fit-diagnosis observe`: what the program says of cases before anybody mends a rule for them.
//!
//! A line of JSON for each case: what is true of it, and what was heard of it, as names and numbers. Of its text nothing
//! is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use debrick_diagnose::{Case, signs};
use serde::{Deserialize, Serialize};

use super::words;
use crate::cases::{self, Example};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folders of cases, in the form that `bench diagnose` reads.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Where it is written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What was heard of a case, and what is true of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Observation {
    /// Cases of one source are not told apart by each other.
    pub(super) thread: String,
    /// Ids, with how likely each is by the truth; together one.
    pub(super) causes: BTreeMap<String, f64>,
    pub(super) states: BTreeMap<String, f64>,
    pub(super) actions: BTreeMap<String, f64>,
    pub(super) signs: BTreeMap<String, f64>,
}

/// What the truth says for the first of its states and actions, for the next of them, and for the rest.
const FIRST: f64 = 1.0;
const NEXT: f64 = 0.5;
const OTHER: f64 = 0.25;

/// How many actions behind the first are nearly as good.
const NEXT_ACTIONS: usize = 3;

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let name = arguments.out.display();
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut out = BufWriter::new(File::create(&arguments.out).map_err(failed)?);
    let (mut all, mut observed) = (0, 0);
    for folder in &arguments.folders {
        for example in cases::read(folder)? {
            all += 1;
            let Some(observation) = observe(&example) else { continue };
            let line = serde_json::to_string(&observation).map_err(|error| error.to_string())?;
            writeln!(out, "{line}").map_err(failed)?;
            observed += 1;
        }
    }
    out.flush().map_err(failed)?;
    println!("{name}: {observed} of {all} cases; the judge has no say in the others");
    Ok(())
}

fn observe(example: &Example) -> Option<Observation> {
    let heard = signs(&Case { evidence: &example.evidence, ..Case::default() })?;
    let truth = &example.truth;
    let causes = words::label(example).into_iter().map(|(cause, share)| (cause.id().to_owned(), share));
    let state = |rank| if rank == 0 { FIRST } else { NEXT };
    let action = |rank| match rank {
        0 => FIRST,
        rank if rank <= NEXT_ACTIONS => NEXT,
        _ => OTHER,
    };
    Some(Observation {
        thread: example.thread.clone(),
        causes: causes.collect(),
        states: shares(&truth.accepted_states, state),
        actions: shares(&truth.accepted_actions, action),
        signs: heard.into_iter().collect(),
    })
}

/// How likely each id is by its rank; together one.
fn shares(ids: &[String], says: impl Fn(usize) -> f64) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for (rank, id) in ids.iter().enumerate() {
        shares.entry(id.clone()).or_insert_with(|| says(rank));
    }
    let all: f64 = shares.values().sum();
    shares.values_mut().for_each(|share| *share /= all);
    shares
}

/// Reads what was written down.
pub(super) fn read(file: &Path) -> Result<Vec<Observation>, String> {
    let name = file.display();
    let open = File::open(file).map_err(|error| format!("{name}: {error}"))?;
    (1..)
        .zip(BufReader::new(open).lines())
        .map(|(number, line)| {
            let line = line.map_err(|error| format!("{name}: {error}"))?;
            serde_json::from_str(&line).map_err(|error| format!("{name}, line {number}: {error}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_observed_can_be_read_and_holds_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let cases = folder.path().join("cases");
        std::fs::create_dir(&cases).unwrap();
        let case = serde_json::json!({
            "id": "1",
            "thread": "a source",
            "evidence": [{ "kind": "serial-log",
                "text": "U-Boot 2023.01\nDRAM: 512 MiB\nzanzibar\nWrong Image Format for bootm command\n=> " }],
            "truth": { "causes": ["image-corrupt"], "acceptable_causes": ["image-wrong-device"],
                "state": "bootloader-only", "actions": ["reflash-correct-image"], "determinable": true },
        });
        std::fs::write(cases.join("1.json"), case.to_string()).unwrap();
        let out = folder.path().join("observed");
        run(&Arguments { folders: vec![cases], out: out.clone() }).unwrap();
        let observed = read(&out).unwrap();
        let [seen] = observed.as_slice() else { panic!("{observed:?}") };
        assert_eq!(seen.states, BTreeMap::from([("bootloader-only".to_owned(), 1.0)]));
        assert!(seen.causes["image-corrupt"] > seen.causes["image-wrong-device"]);
        assert!(seen.signs.contains_key("furthest:loader"), "{:?}", seen.signs);
        assert!(!std::fs::read_to_string(&out).unwrap().contains("zanzibar"));
    }
}
