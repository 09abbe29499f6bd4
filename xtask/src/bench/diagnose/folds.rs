//! What the weights of the rules are worth.
//!
//! The rules' patterns were written with cases in view, and only cases that nobody has seen can judge them. Their
//! weights can be judged here: they are left out, and put ones in their place that are fitted to the cases of other
//! threads. Where that scores about the same, nothing hangs on numbers that were set by hand.

use std::collections::{BTreeMap, BTreeSet};

use debrick_diagnose::{Case, Trial, diagnose_in_trial, rules_that_speak};

use super::rate;
use super::score::Score;
use crate::cases::Example;

const FOLDS: usize = 5;

/// How many cases of average quality each rule is taken to have spoken about before the first that was seen.
const PRIOR: f64 = 4.0;

pub(super) fn print(examples: &[Example]) {
    let flat = Trial { flat: true, ..Trial::default() };
    let (hits, of) = score(examples, |_| &flat).top1();
    println!("all rules weighed alike: first finding {}", rate(hits, of));
    let threads: BTreeSet<&str> = examples.iter().map(|example| example.thread.as_str()).collect();
    let fold_of: BTreeMap<&str, usize> =
        threads.into_iter().enumerate().map(|(index, thread)| (thread, index % FOLDS)).collect();
    let fold = |example: &Example| fold_of.get(example.thread.as_str()).copied().unwrap_or_default();
    let trials: Vec<Trial> =
        (0..FOLDS).map(|left_out| fit(examples.iter().filter(|example| fold(example) != left_out))).collect();
    let (hits, of) = score(examples, |example| &trials[fold(example)]).top1();
    println!("weights fitted to the other {} of {FOLDS} folds: first finding {}", FOLDS - 1, rate(hits, of));
}

fn score<'a>(examples: &[Example], trial: impl Fn(&Example) -> &'a Trial) -> Score {
    Score::of(examples, false, |example| diagnose_in_trial(&case(example), trial(example)))
}

/// Rules that were right more often than others get more weight, starting from the same for all.
fn fit<'a>(examples: impl Iterator<Item = &'a Example>) -> Trial {
    let mut counts = BTreeMap::<&'static str, (f64, f64)>::new();
    for example in examples.filter(|example| example.truth.determinable) {
        for spoke in rules_that_speak(&case(example)) {
            let Some(cause) = spoke.cause else { continue };
            let is_right = example.truth.accepted_causes.iter().any(|accepted| accepted == cause.id());
            let (right, of) = counts.entry(spoke.id).or_default();
            *right += f64::from(u8::from(is_right));
            *of += 1.0;
        }
    }
    let (right, of) =
        counts.values().fold((0.0, 0.0), |(right, of), (one_right, one_of)| (right + one_right, of + one_of));
    let average = if of == 0.0 { 0.5 } else { right / of };
    let factor = |(right, of): (f64, f64)| (right + PRIOR * average) / (of + PRIOR) / average.max(0.01);
    Trial { flat: true, factors: counts.into_iter().map(|(id, counts)| (id, factor(counts))).collect() }
}

fn case(example: &Example) -> Case<'_> {
    Case { evidence: &example.evidence, ..Case::default() }
}
