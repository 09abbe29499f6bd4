//! What many labelled cases say together, where the rules alone do not decide.
//!
//! `opinion` reads the words of a case; `judge` knows how far rules and words are to be trusted, from what they said
//! (`signs`) of cases that neither knew. Both speak about excerpts: of a log that the program recorded itself the rules
//! alone judge.

mod judge;
mod opinion;
mod signs;
mod table;
mod words;

use debrick_model::{Cause, EvidenceKind, Finding, ProposedAction, State};

use crate::case::Case;
use judge::Judge;
use opinion::Opinion;

pub(crate) use signs::{ByRules, Signs};
pub use table::{Class, Table, WordTable};
pub use words::words;

/// Less likely causes are not named.
const NAMED_FROM: f64 = 0.02;

/// The most causes that are named.
const MOST_FINDINGS: usize = 8;

/// What is left of the likelihood of a cause that the device hardly can have.
const IMPLAUSIBLE: f64 = 0.3;

/// What was learned, about one case.
pub(crate) struct Learned {
    opinion: Opinion<'static>,
    /// Not where something besides words is known, for no case it was taught with had that.
    judge: Option<Judge>,
}

impl Learned {
    /// `None` where the words of a case say nothing.
    pub(crate) fn of(case: &Case<'_>, by_rules: &ByRules<'_>) -> Option<Self> {
        let opinion = Opinion::of_case(case.evidence)?;
        let judge = is_judged(case).then(|| Judge::of(&Signs::of(by_rules, &opinion)));
        Some(Self { opinion, judge })
    }

    /// Puts the findings in the order that rules and words together give them, and says how likely each is.
    pub(crate) fn weigh(&self, by_rules: &ByRules<'_>, implausible: &[Cause], findings: &mut Vec<Finding>) {
        let (reading, weights) = (by_rules.reading, by_rules.weights);
        let (ends_with_fault, is_denied) = (weights.ends_with_fault(reading), weights.success_is_denied());
        opinion::pool(reading, &self.opinion, ends_with_fault, is_denied, implausible, findings);
        let Some(judge) = &self.judge else { return };
        let reason = |cause| self.opinion.reason(reading, cause).into_iter().collect();
        judge.weigh(findings, implausible, reason);
    }

    /// The state, given the one that was concluded.
    pub(crate) fn state(&self, concluded: State) -> State {
        self.judge.as_ref().map_or(concluded, |judge| judge.state(concluded))
    }

    /// Puts the likeliest of the proposed actions first.
    pub(crate) fn prefer(&self, actions: &mut [ProposedAction]) {
        if let Some(judge) = &self.judge {
            judge.prefer(actions);
        }
    }
}

/// What is heard of a case, for those who fit the judge: names and numbers. `None` where the judge says nothing.
pub(crate) fn signs_of(case: &Case<'_>, by_rules: &ByRules<'_>) -> Option<Signs> {
    let opinion = Opinion::of_case(case.evidence).filter(|_| is_judged(case))?;
    Some(Signs::of(by_rules, &opinion))
}

/// Whether nothing but logs, tool output and accounts is known.
fn is_judged(case: &Case<'_>) -> bool {
    let is_said =
        |kind| matches!(kind, EvidenceKind::SerialLog | EvidenceKind::ToolOutput | EvidenceKind::Symptom);
    case.surveys.is_empty()
        && case.variables.is_empty()
        && case.other_names.is_empty()
        && case.evidence.iter().all(|item| is_said(item.kind))
}
