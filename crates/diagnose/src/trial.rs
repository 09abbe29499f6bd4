//! Other weights for the rules, to find out what theirs are worth.
//!
//! Weights are set by hand. A measurement may leave them out, or put ones in their place that it fitted to some of its
//! cases, and look at the others.

use std::collections::BTreeMap;

use debrick_model::{Cause, Diagnosis};

use crate::case::{Case, diagnose_by};
use crate::rule::Rule;

/// The weight of the cause that a rule names first, where its own weights are left out.
const FLAT_FIRST: f64 = 0.5;

/// The weight of its other causes.
const FLAT_OTHERS: f64 = 0.25;

/// No rule is more certain than this, whatever its factor.
const CERTAIN: f64 = 0.95;

/// How rules are weighed in a trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    /// Whether every rule gives the same to the cause that it names first, and half of that to its others, instead of
    /// the weights that it has.
    pub flat: bool,
    /// By what the weights of a rule are multiplied, by its id; 1 where it is not named.
    pub factors: BTreeMap<&'static str, f64>,
}

/// A rule that spoke about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoke {
    /// Its id.
    pub id: &'static str,
    /// The cause that it speaks for most; `None` for rules that only tell a state.
    pub cause: Option<Cause>,
}

/// What everything that is known says, with other weights; without the words that were learned.
pub fn diagnose_in_trial(case: &Case<'_>, trial: &Trial) -> Diagnosis {
    diagnose_by(case, Some(trial)).0
}

/// What the rules say, without the words that were learned.
#[cfg(test)]
pub(crate) fn by_rules_alone(evidence: &[crate::case::Evidence]) -> Diagnosis {
    diagnose_in_trial(&Case { evidence, ..Case::default() }, &Trial::default())
}

/// The rules that speak about a case.
pub fn rules_that_speak(case: &Case<'_>) -> Vec<Spoke> {
    diagnose_by(case, None).1
}

impl Trial {
    /// The weight of a rule's cause, by its position among the rule's causes.
    pub(crate) fn weight(&self, rule: &Rule, position: usize, weight: f64) -> f64 {
        let own = match (self.flat, position) {
            (false, _) => weight,
            (true, 0) => FLAT_FIRST,
            (true, _) => FLAT_OTHERS,
        };
        (own * self.factors.get(rule.id).copied().unwrap_or(1.0)).clamp(0.0, CERTAIN)
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use super::*;
    use crate::case::Evidence;

    #[test]
    fn weights_can_be_left_out_and_scaled() {
        let text = "Secure Download Mode is on".to_owned();
        let evidence = [Evidence { kind: EvidenceKind::ToolOutput, name: "tool".into(), text }];
        let case = Case { evidence: &evidence, ..Case::default() };
        let spoke = rules_that_speak(&case);
        assert_eq!(spoke, [Spoke { id: "esp-security-active", cause: Some(Cause::BootloaderLocked) }]);
        let likelihood = |trial: &Trial| diagnose_in_trial(&case, trial).findings[0].likelihood;
        let flat = likelihood(&Trial { flat: true, ..Trial::default() });
        assert!((FLAT_FIRST - flat).abs() < 0.01, "{flat}");
        let half = Trial { flat: true, factors: BTreeMap::from([("esp-security-active", 0.8)]) };
        assert!((likelihood(&half) - 0.8 * FLAT_FIRST).abs() < 0.01);
    }
}
