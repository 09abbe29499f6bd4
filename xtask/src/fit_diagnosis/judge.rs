//! `cargo xtask fit-diagnosis judge`: how far rules and words are trusted, from what was observed.
//!
//! Before it writes, it fits to four fifths of the sources and looks at the last, five times over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use debrick_diagnose::{Class, Table};
use debrick_model::{Action, Cause, State};

use super::fit::{self, Sample};
use super::observe::{self, Observation};
use super::write_table;

/// The tables that are compiled in.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/diagnose/src/learned/judge");

/// A sign of fewer cases has no row.
const FEWEST_CASES: usize = 3;

/// What a letter of the tables stands for.
const STEP: f64 = 0.1;

/// How much a case counts against small weights, and one of the newest observations.
const COUNTS: f64 = 0.3;
const NEWEST_COUNT: f64 = 0.9;

const FOLDS: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What `fit-diagnosis observe` wrote.
    #[arg(required = true, value_name = "FILE")]
    observed: Vec<PathBuf>,
    /// What it wrote of the newest cases, with the rules that are nearest to today's: those count three times.
    #[arg(long, value_name = "FILE")]
    newest: Vec<PathBuf>,
    /// Where the tables are written; without it, where they are compiled in from.
    #[arg(long, value_name = "FOLDER", default_value = TABLES)]
    out: PathBuf,
}

/// An observation, and how much it counts.
type Counted = (Observation, f64);

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let mut observed = Vec::new();
    let (files, newest) = (arguments.observed.iter(), arguments.newest.iter());
    for (file, counts) in files.map(|file| (file, COUNTS)).chain(newest.map(|file| (file, NEWEST_COUNT))) {
        observed.extend(observe::read(file)?.into_iter().map(|observation| (observation, counts)));
    }
    fit_one::<Cause>(arguments, &observed, "causes", |seen| &seen.causes)?;
    fit_one::<State>(arguments, &observed, "states", |seen| &seen.states)?;
    fit_one::<Action>(arguments, &observed, "actions", |seen| &seen.actions)
}

/// The truth of an observation, for one of the tables.
type Truth = fn(&Observation) -> &BTreeMap<String, f64>;

fn fit_one<C: Class>(
    arguments: &Arguments,
    observed: &[Counted],
    what: &str,
    truth: Truth,
) -> Result<(), String> {
    let all: Vec<&Counted> = observed.iter().filter(|(seen, _)| !truth(seen).is_empty()).collect();
    print_folds::<C>(&all, what, truth);
    let table: Table<C> = fit_table(&all, truth);
    let comment = format!(
        "# How much what is heard of a case speaks for {what}, as cases taught that nobody knew.\n\
         # Made by `cargo xtask fit-diagnosis judge`; read by `learned/table.rs`, which explains the letters.\n"
    );
    let file = arguments.out.join(format!("{what}.txt"));
    write_table(&file, &comment, &table, &format!("{} signs of {} cases", table.len(), all.len()))
}

fn fit_table<C: Class>(observed: &[&Counted], truth: Truth) -> Table<C> {
    let mut cases: BTreeMap<&str, usize> = BTreeMap::new();
    for (seen, _) in observed {
        seen.signs.keys().for_each(|sign| *cases.entry(sign).or_default() += 1);
    }
    cases.retain(|_, cases| *cases >= FEWEST_CASES);
    let index: BTreeMap<&str, usize> =
        cases.into_keys().enumerate().map(|(index, sign)| (sign, index)).collect();
    let known: BTreeSet<C> = observed
        .iter()
        .flat_map(|(seen, _)| truth(seen).keys())
        .filter_map(|id| C::ALL.iter().find(|class| class.id() == id).copied())
        .collect();
    let classes: Vec<C> = known.into_iter().collect();
    let samples: Vec<Sample> = observed
        .iter()
        .map(|(seen, counts)| Sample {
            words: seen
                .signs
                .iter()
                .filter_map(|(sign, number)| Some((*index.get(sign.as_str())?, *number)))
                .collect(),
            shares: classes
                .iter()
                .map(|class| truth(seen).get(class.id()).copied().unwrap_or_default())
                .collect(),
            counts: *counts,
        })
        .collect();
    let nothing = vec![0.0; (index.len() + 1) * classes.len()];
    let fitted = fit::fit(&samples, &nothing, classes.len());
    let rows = index.iter().map(|(sign, index)| ((*sign).to_owned(), fitted.word(*index).to_vec())).collect();
    Table::new(classes.clone(), STEP, fitted.always(), &rows)
}

/// How often the judge alone is right about sources that it was not fitted to.
fn print_folds<C: Class>(observed: &[&Counted], what: &str, truth: Truth) {
    let threads: BTreeSet<&str> = observed.iter().map(|(seen, _)| seen.thread.as_str()).collect();
    let folds: BTreeMap<&str, usize> = threads.into_iter().zip((0..FOLDS).cycle()).collect();
    let (mut right, mut all) = (0, 0);
    for left_out in 0..FOLDS {
        let (tested, fitted): (Vec<&Counted>, Vec<&Counted>) =
            observed.iter().partition(|(seen, _)| folds.get(seen.thread.as_str()) == Some(&left_out));
        let table: Table<C> = fit_table(&fitted, truth);
        for (seen, _) in tested {
            let signs = seen.signs.iter().map(|(sign, number)| (sign.as_str(), *number));
            let shares = table.shares_of(signs).into_iter().zip(table.classes());
            let likeliest = shares.max_by(|left, right| left.0.total_cmp(&right.0));
            right += u32::from(likeliest.is_some_and(|(_, class)| truth(seen).contains_key(class.id())));
            all += 1;
        }
    }
    println!("{what}, judged alone on sources that are not known: {right} of {all}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where rules say that it is the power they are right; where they say that it is the cable it is the firmware.
    #[test]
    fn it_learns_where_the_rules_are_right() {
        let folder = tempfile::tempdir().unwrap();
        let seen = |number: usize, rule: &str, cause: &str| {
            let one = |id: &str| BTreeMap::from([(id.to_owned(), 1.0)]);
            let observation = Observation {
                thread: format!("source {number}"),
                causes: one(cause),
                states: one("unknown"),
                actions: one("fix-power"),
                signs: one(rule),
            };
            serde_json::to_string(&observation).unwrap()
        };
        let lines: Vec<String> = (0..40)
            .map(|number| match number % 2 {
                0 => seen(number, "rules:power-fault", "power-fault"),
                _ => seen(number, "rules:link-fault", "firmware-bug"),
            })
            .collect();
        let file = folder.path().join("observed");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let arguments = Arguments { observed: vec![file], newest: Vec::new(), out: folder.path().to_owned() };
        run(&arguments).unwrap();
        let text = std::fs::read_to_string(folder.path().join("causes.txt")).unwrap();
        let table = Table::<Cause>::parse(&text).unwrap();
        let likeliest = |sign| {
            let shares = table.shares_of([(sign, 1.0)]).into_iter().zip(table.classes());
            shares.max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, cause)| *cause)
        };
        assert_eq!(likeliest("rules:power-fault"), Some(Cause::PowerFault));
        assert_eq!(likeliest("rules:link-fault"), Some(Cause::FirmwareBug));
    }
}
