//! `cargo xtask fit-diagnosis words`: the weights of words, from folders of labelled cases.
//!
//! The same cases give the same table. Only words that several sources have get a row, so that no source is told by its
//! own. Before it writes, it fits to four fifths of the sources and looks at the last, five times over: that is what the
//! words alone are worth on cases that they do not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use debrick_diagnose::{WordTable, words};
use debrick_model::Cause;

use super::fit::{self, Sample};
use super::{known_table, write_table};
use crate::cases::{self, Example};

/// The table that is compiled in.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/diagnose/src/learned/words.txt");

const COMMENT: &str =
    "# How much words speak for causes: single words, cut to ten letters, of several sources each.
# Made by `cargo xtask fit-diagnosis words`; read by `learned/table.rs`, which explains the letters.
";

/// A word of fewer sources has no row.
const FEWEST_SOURCES: usize = 3;

/// What a letter of the table stands for.
const STEP: f64 = 0.25;

/// What a case says for the best of its true causes, for its other true causes, and for those that are acceptable.
const BEST: f64 = 1.0;
const TRUE: f64 = 0.6;
const ACCEPTABLE: f64 = 0.25;

/// How much a case counts against small weights.
const COUNTS: f64 = 8.0;

const FOLDS: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folders of cases, in the form that `bench diagnose` reads.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Where the table is written; without it, where it is compiled in from.
    #[arg(long, value_name = "FILE", default_value = TABLE)]
    out: PathBuf,
    /// A table that cases which are not among these gave: what it says is kept where these say nothing else.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let mut examples = Vec::new();
    for folder in &arguments.folders {
        examples.extend(cases::read(folder)?);
    }
    let known = match &arguments.from {
        Some(file) => known_table(file)?,
        None => WordTable::default(),
    };
    let all: Vec<&Example> = examples.iter().collect();
    print_folds(&all, &known);
    let table = fit_table(&all, &known);
    write_table(&arguments.out, COMMENT, &table, &format!("{} words of {} cases", table.len(), all.len()))
}

/// How often words are right about sources that they were not fitted to.
fn print_folds(examples: &[&Example], known: &WordTable) {
    let threads: BTreeSet<&str> = examples.iter().map(|example| example.thread.as_str()).collect();
    let folds: BTreeMap<&str, usize> = threads.into_iter().zip((0..FOLDS).cycle()).collect();
    let (mut first, mut three, mut all) = (0, 0, 0);
    for left_out in 0..FOLDS {
        let (tested, fitted): (Vec<&Example>, Vec<&Example>) =
            examples.iter().partition(|example| folds.get(example.thread.as_str()) == Some(&left_out));
        let table = fit_table(&fitted, known);
        for example in tested.into_iter().filter(|example| example.truth.determinable) {
            let likeliest = likeliest(&table, example);
            let accepted = |cause: &Cause| example.truth.accepted_causes.iter().any(|id| id == cause.id());
            first += u32::from(likeliest.first().is_some_and(accepted));
            three += u32::from(likeliest.iter().take(3).any(accepted));
            all += 1;
        }
    }
    println!("words alone, on sources that they do not know: first {first} of {all}, first three {three}");
}

/// The causes that words speak for, likeliest first.
fn likeliest(table: &WordTable, example: &Example) -> Vec<Cause> {
    let shares = table.shares(&words(&example.evidence));
    let mut causes: Vec<(f64, Cause)> = shares.into_iter().zip(table.classes().iter().copied()).collect();
    causes.retain(|(_, cause)| *cause != Cause::Unknown);
    causes.sort_by(|left, right| right.0.total_cmp(&left.0));
    causes.into_iter().map(|(_, cause)| cause).collect()
}

fn fit_table(examples: &[&Example], known: &WordTable) -> WordTable {
    let words: Vec<BTreeSet<String>> = examples.iter().map(|example| words(&example.evidence)).collect();
    let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (example, words) in examples.iter().zip(&words) {
        for word in words {
            sources.entry(word).or_default().insert(&example.thread);
        }
    }
    sources.retain(|_, sources| sources.len() >= FEWEST_SOURCES);
    let kept: BTreeSet<&str> = sources.keys().copied().chain(known.words()).collect();
    let index: BTreeMap<&str, usize> =
        kept.into_iter().enumerate().map(|(index, word)| (word, index)).collect();
    let labels: Vec<BTreeMap<Cause, f64>> = examples.iter().map(|example| label(example)).collect();
    let causes: BTreeSet<Cause> =
        labels.iter().flat_map(|label| label.keys()).chain(known.classes()).copied().collect();
    let causes: Vec<Cause> = causes.into_iter().collect();
    let words_in_order = index.keys().map(|word| Some(*word)).chain([None]);
    let start: Vec<f64> =
        words_in_order.flat_map(|word| causes.iter().map(move |cause| known.weight(word, *cause))).collect();
    let samples: Vec<Sample> = words
        .iter()
        .zip(&labels)
        .filter(|(_, label)| !label.is_empty())
        .map(|(words, label)| {
            let words: Vec<usize> =
                words.iter().filter_map(|word| index.get(word.as_str()).copied()).collect();
            // Many words count less each.
            let each = 1.0 / (words.len().max(1) as f64).sqrt();
            Sample {
                words: words.into_iter().map(|word| (word, each)).collect(),
                shares: causes.iter().map(|cause| label.get(cause).copied().unwrap_or_default()).collect(),
                counts: COUNTS,
            }
        })
        .collect();
    let fitted = fit::fit(&samples, &start, causes.len());
    let rows = index.iter().map(|(word, index)| ((*word).to_owned(), fitted.word(*index).to_vec())).collect();
    WordTable::new(causes.clone(), STEP, fitted.always(), &rows)
}

/// How likely each cause is by the truth of a case; together one.
pub(super) fn label(example: &Example) -> BTreeMap<Cause, f64> {
    let truth = &example.truth;
    if !truth.determinable {
        return BTreeMap::from([(Cause::Unknown, 1.0)]);
    }
    let mut label = BTreeMap::new();
    for (rank, id) in truth.accepted_causes.iter().enumerate() {
        let Some(cause) = Cause::ALL.iter().find(|cause| cause.id() == id) else { continue };
        let share = match rank {
            0 => BEST,
            rank if rank < truth.causes.len() => TRUE,
            _ => ACCEPTABLE,
        };
        label.entry(*cause).or_insert(share);
    }
    let all: f64 = label.values().sum();
    label.values_mut().for_each(|share| *share /= all);
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three sources tell of each of two causes in words that they share, and one says a word of its own.
    fn made_up(folder: &std::path::Path) {
        for number in 0..6 {
            let (cause, text) = match number % 2 {
                0 => ("power-fault", "the lamp flickers under load"),
                _ => ("no-fault", "the upgrade went well"),
            };
            let own = if number == 0 { " zanzibar" } else { "" };
            let case = serde_json::json!({
                "id": format!("{number}"),
                "thread": format!("source {number}"),
                "evidence": [{ "kind": "symptom", "text": format!("{text}{own}") }],
                "truth": { "causes": [cause], "acceptable_causes": ["firmware-bug"], "state": "unknown",
                    "actions": [], "determinable": true },
            });
            std::fs::write(folder.join(format!("{number}.json")), case.to_string()).unwrap();
        }
    }

    #[test]
    fn the_same_cases_give_the_same_table_and_it_tells_them_apart() {
        let folder = tempfile::tempdir().unwrap();
        made_up(folder.path());
        let out = folder.path().join("words.txt");
        let arguments = Arguments { folders: vec![folder.path().to_owned()], out: out.clone(), from: None };
        run(&arguments).unwrap();
        let written = std::fs::read_to_string(&out).unwrap();
        run(&arguments).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), written);
        assert!(written.contains("\nflickers ") && !written.contains("zanzibar"), "{written}");
        let table = WordTable::parse(&written).unwrap();
        let examples = cases::read(folder.path()).unwrap();
        for example in &examples {
            assert_eq!(likeliest(&table, example)[0].id(), example.truth.causes[0]);
        }
    }
}
