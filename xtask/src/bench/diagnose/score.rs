//! What counts as right.
//!
//! - The first finding, and one of the first three, are right where they are among the accepted causes.
//! - A state is right where it is accepted; `unknown` counts half where it is not the truth.
//! - The first action is right where it is accepted, or where nothing can be decided and evidence is asked for instead.
//! - Where nothing can be decided, an unsure answer counts half, and fully with a question that fits.

use std::collections::{BTreeMap, BTreeSet};

use debrick_model::{Cause, Diagnosis};

use super::rate;
use crate::bench::Row;
use crate::cases::{Example, Truth};

/// A finding below this likelihood is taken as unsure.
const SURE_FROM: f64 = 0.5;

/// The upper bounds of the classes of likelihood in the table on calibration.
const CLASSES: [f64; 5] = [0.4, 0.55, 0.7, 0.85, 1.01];

/// How one case came out.
struct Outcome {
    top1: bool,
    strict: bool,
    top3: bool,
    state: f64,
    action: bool,
    harmful: bool,
    first: Cause,
    likelihood: f64,
    /// `None` where the cause can be determined.
    abstention: Option<f64>,
}

/// How all cases came out, in their order.
pub(super) struct Score {
    outcomes: Vec<(bool, String, Outcome)>,
    missed_faults: Vec<String>,
    false_alarms: (Vec<String>, usize),
    over_abstentions: Vec<String>,
}

impl Score {
    pub(super) fn of(
        examples: &[Example],
        mismatches: bool,
        diagnose: impl Fn(&Example) -> Diagnosis,
    ) -> Self {
        let mut score = Self {
            outcomes: Vec::new(),
            missed_faults: Vec::new(),
            false_alarms: (Vec::new(), 0),
            over_abstentions: Vec::new(),
        };
        for example in examples {
            let diagnosis = diagnose(example);
            let outcome = Outcome::of(&example.truth, &diagnosis);
            if mismatches && !outcome.is_right() {
                print_mismatch(example, &diagnosis);
            }
            score.count_faults(example, &outcome);
            score.outcomes.push((example.truth.determinable, example.id.clone(), outcome));
        }
        score
    }

    fn count_faults(&mut self, example: &Example, outcome: &Outcome) {
        let truth = &example.truth;
        if !truth.determinable {
            return;
        }
        let no_fault = Cause::NoFault.id();
        let is_accepted = truth.accepted_causes.iter().any(|cause| cause == no_fault);
        if outcome.first == Cause::NoFault && !is_accepted {
            self.missed_faults.push(example.id.clone());
        }
        if truth.causes.first().is_some_and(|cause| cause == no_fault) {
            self.false_alarms.1 += 1;
            if outcome.first != Cause::NoFault {
                self.false_alarms.0.push(example.id.clone());
            }
        }
        if outcome.first == Cause::Unknown {
            self.over_abstentions.push(example.id.clone());
        }
    }

    fn determinable(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|(determinable, _, _)| *determinable).map(|(_, _, outcome)| outcome)
    }

    /// Hits of the first finding, and the cases that they are out of.
    pub(super) fn top1(&self) -> (f64, usize) {
        (count(self.determinable(), |outcome| outcome.top1), self.determinable().count())
    }

    /// The measures that requirements are set for.
    pub(super) fn rows(&self) -> Vec<Row> {
        let all = self.outcomes.len();
        let (top1, of) = self.top1();
        let top3 = count(self.determinable(), |outcome| outcome.top3);
        let state: f64 = self.outcomes.iter().map(|(_, _, outcome)| outcome.state).sum();
        let action = count(self.outcomes.iter().map(|(_, _, outcome)| outcome), |outcome| outcome.action);
        let undecidable: Vec<f64> =
            self.outcomes.iter().filter_map(|(_, _, outcome)| outcome.abstention).collect();
        let harmful: Vec<&str> = self
            .outcomes
            .iter()
            .filter(|(_, _, outcome)| outcome.harmful)
            .map(|(_, id, _)| id.as_str())
            .collect();
        let (alarms, healthy) = (&self.false_alarms.0, self.false_alarms.1);
        let enough = |hits: f64, of: usize, least: f64| (of > 0).then_some(hits >= least * of as f64);
        let row = |what: &str, measured: String, required, ok| Row {
            what: format!("diagnose: {what}"),
            measured,
            required,
            ok,
        };
        vec![
            row("first finding right", rate(top1, of), ">= 85 %", enough(top1, of, 0.85)),
            row("among the first three", rate(top3, of), ">= 95 %", enough(top3, of, 0.95)),
            row("state", rate(state, all), ">= 90 %", enough(state, all, 0.9)),
            row("first action", rate(action, all), ">= 88 %", enough(action, all, 0.88)),
            row(
                "harmful first action",
                format!("{} {harmful:?}", harmful.len()),
                "0",
                Some(harmful.is_empty()),
            ),
            row(
                "false alarms",
                format!("{} {alarms:?}", rate(alarms.len() as f64, healthy)),
                "<= 3 %",
                (healthy > 0).then_some(alarms.len() as f64 <= 0.03 * healthy as f64),
            ),
            row(
                "abstention where nothing is decided",
                rate(undecidable.iter().sum(), undecidable.len()),
                ">= 80 %",
                enough(undecidable.iter().sum(), undecidable.len(), 0.8),
            ),
        ]
    }

    /// Everything that has no requirement: by family, cause and kind of evidence; threads; floors; calibration.
    pub(super) fn print_tables(&self, examples: &[Example]) {
        let (_, of) = self.top1();
        println!("{} cases, {of} of them determinable", examples.len());
        self.print_by("family", examples, |example| example.family.clone());
        self.print_by("best cause", examples, |example| {
            example.truth.causes.first().cloned().unwrap_or_else(|| "none".into())
        });
        self.print_by("evidence", examples, |example| example.kinds.clone());
        println!("strict: {}", rate(count(self.determinable(), |outcome| outcome.strict), of));
        self.print_threads(examples);
        let decided: Vec<&Example> = examples.iter().filter(|example| example.truth.determinable).collect();
        print_floors(&decided);
        println!("missed faults: {} {:?}", self.missed_faults.len(), self.missed_faults);
        println!("over-abstentions: {} {:?}", self.over_abstentions.len(), self.over_abstentions);
        self.print_calibration();
    }

    fn print_by(&self, what: &str, examples: &[Example], name: impl Fn(&Example) -> String) {
        let mut rates = BTreeMap::<String, [(f64, usize); 3]>::new();
        for (example, (determinable, _, outcome)) in examples.iter().zip(&self.outcomes) {
            let entry = rates.entry(name(example)).or_default();
            if *determinable {
                add(&mut entry[0], f64::from(u8::from(outcome.top1)));
            }
            add(&mut entry[1], outcome.state);
            add(&mut entry[2], f64::from(u8::from(outcome.action)));
        }
        println!("{what:<34} first finding       state               first action");
        for (name, [top1, state, action]) in rates {
            let cell = |(hits, of): (f64, usize)| format!("{hits:.1} / {of}");
            println!("  {name:<32} {:<19} {:<19} {}", cell(top1), cell(state), cell(action));
        }
    }

    fn print_threads(&self, examples: &[Example]) {
        let mut threads = BTreeMap::<&str, (f64, usize)>::new();
        for (example, (determinable, _, outcome)) in examples.iter().zip(&self.outcomes) {
            if *determinable {
                add(threads.entry(&example.thread).or_default(), f64::from(u8::from(outcome.top1)));
            }
        }
        let mean: f64 = threads.values().map(|(hits, of)| hits / *of as f64).sum();
        println!("first finding, mean over threads: {}", rate(mean, threads.len()));
    }

    /// Of the findings that stand first with some likelihood, how many are right.
    fn print_calibration(&self) {
        let mut least = 0.0;
        for most in CLASSES {
            let class: Vec<&Outcome> = self
                .determinable()
                .filter(|outcome| outcome.first != Cause::Unknown)
                .filter(|outcome| (least..most).contains(&outcome.likelihood))
                .collect();
            let mean =
                class.iter().map(|outcome| outcome.likelihood).sum::<f64>() / class.len().max(1) as f64;
            let right = count(class.iter().copied(), |outcome| outcome.top1);
            println!(
                "likelihood {least:.2} to {:.2}: said {mean:.2} on average, right {}",
                most.min(1.0),
                rate(right, class.len())
            );
            least = most;
        }
    }
}

impl Outcome {
    fn of(truth: &Truth, diagnosis: &Diagnosis) -> Self {
        let first = diagnosis.cause();
        let is_accepted = |cause: Cause| truth.accepted_causes.iter().any(|accepted| accepted == cause.id());
        let findings = || diagnosis.findings.iter().filter(|finding| finding.cause != Cause::Unknown);
        let likelihood = findings().next().map_or(0.0, |finding| finding.likelihood);
        let is_unsure = first == Cause::Unknown || likelihood < SURE_FROM;
        let asks = diagnosis.next_evidence.iter().any(|question| fits(question, &truth.next_evidence));
        let action = diagnosis.actions.first().map(|proposed| proposed.action.id());
        let asks_first = !truth.determinable && is_unsure && !diagnosis.next_evidence.is_empty();
        let named = |list: &[String]| action.is_some_and(|action| list.iter().any(|id| id == action));
        let state = diagnosis.state.id();
        Self {
            top1: is_accepted(first),
            strict: truth.causes.iter().any(|cause| cause == first.id()),
            top3: findings().take(3).any(|finding| is_accepted(finding.cause)),
            state: match state {
                _ if truth.accepted_states.iter().any(|accepted| accepted == state) => 1.0,
                "unknown" => 0.5,
                _ => 0.0,
            },
            action: asks_first || named(&truth.accepted_actions),
            harmful: named(&truth.harmful_actions),
            first,
            likelihood,
            abstention: (!truth.determinable).then_some(match (is_unsure, asks) {
                (true, true) => 1.0,
                (true, false) => 0.5,
                (false, _) => 0.0,
            }),
        }
    }

    fn is_right(&self) -> bool {
        match self.abstention {
            Some(credit) => credit == 1.0 && self.action && self.state == 1.0,
            None => self.top1 && self.state == 1.0 && self.action,
        }
    }
}

/// Whether a question shares a word of the matter with what should be asked.
fn fits(question: &str, wanted: &str) -> bool {
    const EVERYBODYS: [&str; 12] = [
        "what", "which", "whether", "that", "with", "from", "this", "the", "unit", "does", "there", "before",
    ];
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|symbol: char| !symbol.is_alphanumeric()).map(str::to_lowercase);
        let words = words.filter(|word| word.len() >= 4 && !EVERYBODYS.contains(&word.as_str()));
        words.map(|word| word.chars().take(5).collect()).collect()
    };
    !words(question).is_disjoint(&words(wanted))
}

fn print_floors(decided: &[&Example]) {
    let floor = |name: &str, answers: fn(&Example) -> &Vec<String>| {
        let mut counts = BTreeMap::<&str, usize>::new();
        for example in decided {
            let unique: BTreeSet<&str> = answers(example).iter().map(String::as_str).collect();
            unique.into_iter().for_each(|answer| *counts.entry(answer).or_default() += 1);
        }
        if let Some((answer, hits)) = counts.into_iter().max_by_key(|(_, hits)| *hits) {
            println!("floor, always {answer} as {name}: {}", rate(hits as f64, decided.len()));
        }
    };
    floor("first finding", |example| &example.truth.accepted_causes);
    floor("first action", |example| &example.truth.accepted_actions);
}

fn print_mismatch(example: &Example, diagnosis: &Diagnosis) {
    let likely: Vec<String> = diagnosis
        .findings
        .iter()
        .take(4)
        .map(|finding| format!("{} {:.2}", finding.cause, finding.likelihood))
        .collect();
    let does: Vec<&str> = diagnosis.actions.iter().take(3).map(|action| action.action.id()).collect();
    println!("{}: {} {} {}", example.id, likely.join(", "), diagnosis.state, does.join(", "));
    let truth = &example.truth;
    let decided = if truth.determinable { "" } else { "(undecidable) " };
    println!("    {decided}{:?} {} {:?}", truth.accepted_causes, truth.state, truth.accepted_actions);
}

fn count<'a>(outcomes: impl Iterator<Item = &'a Outcome>, holds: impl Fn(&Outcome) -> bool) -> f64 {
    outcomes.filter(|outcome| holds(outcome)).count() as f64
}

fn add((hits, of): &mut (f64, usize), hit: f64) {
    *hits += hit;
    *of += 1;
}
