//! Scores `diagnose` on a folder of cases: `cargo run -p debrick-diagnose --example score -- FOLDER [--verbose]`.
//!
//! A case is a JSON file with `evidence[]` (`kind`, `text`) and `truth` (causes, state, actions, each with acceptable
//! ones; `determinable`).
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use debrick_diagnose::{Evidence, diagnose};
use debrick_model::{Cause, Diagnosis, EvidenceKind};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("give a folder of cases")?;
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let mut score = Score::default();
    for path in paths {
        let case: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        score.add(&case, verbose);
    }
    score.print();
    Ok(())
}

/// Hits and the number of cases that they are out of.
#[derive(Default)]
struct Rate {
    hits: f64,
    of: u32,
}

#[derive(Default)]
struct Score {
    rates: BTreeMap<&'static str, Rate>,
    top1_by_thread: BTreeMap<String, Rate>,
    harmful: Vec<String>,
    missed_faults: Vec<String>,
    false_alarms: Vec<String>,
    over_abstentions: Vec<String>,
}

impl Rate {
    fn add(&mut self, hit: f64) {
        self.hits += hit;
        self.of += 1;
    }
}

impl Score {
    fn add(&mut self, case: &Value, verbose: bool) {
        let truth = &case["truth"];
        let diagnosis = diagnose(&evidence(case));
        let id = case["id"].as_str().unwrap_or("?").to_owned();
        let determinable = truth["determinable"].as_bool().unwrap_or(true);
        let causes = ids(truth, "causes");
        let accepted = [causes.clone(), ids(truth, "acceptable_causes")].concat();
        let first = diagnosis.cause().id().to_owned();
        let unsure = diagnosis.cause() == Cause::Unknown
            || diagnosis.findings.first().is_none_or(|finding| finding.likelihood < 0.5);
        let asks = !diagnosis.next_evidence.is_empty();
        let top1 = accepted.contains(&first);
        if determinable {
            self.rate("1 top-1", top1);
            self.rate("2 top-1 strict", causes.contains(&first));
            let three = diagnosis.findings.iter().filter(|finding| finding.cause != Cause::Unknown).take(3);
            self.rate(
                "3 top-3",
                three.map(|finding| finding.cause.id().to_owned()).any(|id| accepted.contains(&id)),
            );
            let thread = case["thread"].as_str().unwrap_or(&id).to_owned();
            self.top1_by_thread.entry(thread).or_default().add(f64::from(u8::from(top1)));
            self.faults(&id, &first, &causes, &accepted);
        } else {
            let credit = match (unsure, asks) {
                (true, true) => 1.0,
                (true, false) => 0.5,
                (false, _) => 0.0,
            };
            self.rates.entry("7 abstention credit").or_default().add(credit);
        }
        let state = self.state(&diagnosis, truth);
        let action = self.action(&diagnosis, truth, determinable, &id);
        if verbose && !(top1 && state == 1.0 && action) {
            let likely: Vec<String> = diagnosis
                .findings
                .iter()
                .take(4)
                .map(|finding| format!("{} {:.2}", finding.cause, finding.likelihood))
                .collect();
            let does: Vec<&str> = diagnosis.actions.iter().take(3).map(|action| action.action.id()).collect();
            println!("{id}: {likely:?} {} {does:?}", diagnosis.state);
            println!("    truth {accepted:?} {} {:?}", truth["state"], ids(truth, "actions"));
        }
    }

    fn rate(&mut self, name: &'static str, hit: bool) {
        self.rates.entry(name).or_default().add(f64::from(u8::from(hit)));
    }

    fn faults(&mut self, id: &str, first: &str, causes: &[String], accepted: &[String]) {
        let no_fault = Cause::NoFault.id();
        if first == no_fault && !accepted.iter().any(|cause| cause == no_fault) {
            self.missed_faults.push(id.to_owned());
        }
        if first != no_fault && causes.first().is_some_and(|cause| cause == no_fault) {
            self.false_alarms.push(id.to_owned());
        }
        if first == Cause::Unknown.id() {
            self.over_abstentions.push(id.to_owned());
        }
    }

    fn state(&mut self, diagnosis: &Diagnosis, truth: &Value) -> f64 {
        let mut accepted = ids(truth, "acceptable_states");
        accepted.extend(truth["state"].as_str().map(str::to_owned));
        let state = diagnosis.state.id();
        let is_truth = truth["state"].as_str() == Some(state);
        let credit = match state {
            "unknown" if !is_truth => 0.5,
            state if accepted.iter().any(|accepted| accepted == state) => 1.0,
            _ => 0.0,
        };
        self.rates.entry("4 state").or_default().add(credit);
        credit
    }

    fn action(&mut self, diagnosis: &Diagnosis, truth: &Value, determinable: bool, id: &str) -> bool {
        let accepted = [ids(truth, "actions"), ids(truth, "acceptable_actions")].concat();
        let first = diagnosis.actions.first().map(|action| action.action.id().to_owned());
        let asks_first =
            !determinable && diagnosis.cause() == Cause::Unknown && !diagnosis.next_evidence.is_empty();
        let hit = asks_first || first.as_ref().is_some_and(|first| accepted.contains(first));
        self.rate("5 action", hit);
        if first.is_some_and(|first| ids(truth, "harmful_actions").contains(&first)) {
            self.harmful.push(id.to_owned());
        }
        hit
    }

    fn print(&self) {
        for (name, rate) in &self.rates {
            println!(
                "{:<22} {:>5} / {} = {:.0} %",
                &name[2..],
                rate.hits,
                rate.of,
                100.0 * rate.hits / f64::from(rate.of)
            );
        }
        let threads = self.top1_by_thread.values();
        let mean: f64 = threads.map(|rate| rate.hits / f64::from(rate.of)).sum::<f64>();
        let count = self.top1_by_thread.len();
        println!(
            "{:<22} {mean:>5.1} / {count} = {:.0} %",
            "top-1 by thread",
            100.0 * mean / count.max(1) as f64
        );
        for (name, list) in [
            ("harmful", &self.harmful),
            ("missed faults", &self.missed_faults),
            ("false alarms", &self.false_alarms),
            ("over-abstentions", &self.over_abstentions),
        ] {
            println!("{name:<22} {:>5} {list:?}", list.len());
        }
    }
}

fn evidence(case: &Value) -> Vec<Evidence> {
    let items = case["evidence"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kind = |item: &Value| match item["kind"].as_str() {
        Some("serial-log") => EvidenceKind::SerialLog,
        Some("tool-output") => EvidenceKind::ToolOutput,
        Some("symptom") => EvidenceKind::Symptom,
        _ => EvidenceKind::Sighting,
    };
    let text = |item: &Value| item["text"].as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .enumerate()
        .map(|(index, item)| Evidence {
            kind: kind(item),
            name: format!("evidence {}", index + 1),
            text: text(item),
        })
        .collect()
}

fn ids(truth: &Value, name: &str) -> Vec<String> {
    let list = truth[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
