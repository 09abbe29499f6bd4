//! What rules, words and boots say of a case, as numbers with names.

use debrick_model::{Cause, EvidenceKind, Finding, State};

use super::opinion::Opinion;
use crate::text::Reading;
use crate::timeline::{Boots, StageKind};
use crate::weigh::Weights;

/// Less likely causes and states are not heard.
const HEARD_FROM: f64 = 0.02;

/// What a likelihood is taken to be at least, before its logarithm is taken: of rules, and of words.
const RULES_LEAST: f64 = 0.1;
const WORDS_LEAST: f64 = 0.01;

/// More lines behind a fault are as good as any number.
const FAR_BEHIND: usize = 5;

/// More faults are as good as any number.
const MANY_FAULTS: usize = 3;

/// In how many classes the likelihood of the first cause falls.
const CLASSES: f64 = 5.0;

/// What was heard of a case. What is not named is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Signs(Vec<(String, f64)>);

/// What the rules made of a case, before anything that was learned was heard.
pub(crate) struct ByRules<'a> {
    pub(crate) reading: &'a Reading<'a>,
    pub(crate) boots: &'a Boots,
    pub(crate) weights: &'a Weights,
    /// Whether somebody gives an account of the unit.
    pub(crate) has_account: bool,
    /// Whether that is an account of failure.
    pub(crate) tells_of_failure: bool,
    pub(crate) findings: &'a [Finding],
    pub(crate) state: State,
}

impl Signs {
    /// Names and numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, number)| (name.as_str(), *number))
    }

    /// What is heard of a case, where it is an excerpt about which words say something.
    pub(super) fn of(by_rules: &ByRules<'_>, opinion: &Opinion<'_>) -> Self {
        let mut signs = Self::default();
        signs.hear_causes(by_rules, opinion);
        signs.hear_state(by_rules);
        signs.hear_boots(by_rules.boots);
        signs.hear_faults(by_rules);
        let weights = by_rules.weights;
        for (is_so, name) in [
            (weights.success_is_denied(), "success-denied"),
            (weights.is_said_to_fail(), "said-to-fail"),
            (by_rules.has_account, "account"),
            (by_rules.tells_of_failure, "account-of-failure"),
        ] {
            signs.note(is_so, name);
        }
        signs
    }

    fn note(&mut self, is_so: bool, name: &str) {
        if is_so {
            self.0.push((name.to_owned(), 1.0));
        }
    }

    fn hear_causes(&mut self, by_rules: &ByRules<'_>, opinion: &Opinion<'_>) {
        let mut highest = 0.0_f64;
        for cause in Cause::ALL {
            let likelihood = by_rules.weights.likelihood(*cause);
            if likelihood >= HEARD_FROM {
                self.0.push((format!("rules:{cause}"), above(likelihood)));
                highest = highest.max(likelihood);
            }
            let share = opinion.share(*cause);
            self.0.push((format!("words:{cause}"), 0.5 * (share + WORDS_LEAST).ln() + 1.5));
        }
        let first = by_rules.findings.first().map_or(Cause::Unknown, |finding| finding.cause);
        self.note(true, &format!("first:{first}"));
        self.note(true, &format!("sure:{}", (CLASSES * highest).floor()));
    }

    fn hear_state(&mut self, by_rules: &ByRules<'_>) {
        for (state, doubt) in by_rules.weights.doubts() {
            self.0.push((format!("hints:{state}"), above(1.0 - doubt)));
        }
        self.note(true, &format!("state:{}", by_rules.state));
    }

    fn hear_boots(&mut self, boots: &Boots) {
        let boot = boots.last();
        let furthest = match boot.and_then(|boot| boot.furthest()) {
            None => "none",
            Some(StageKind::Rom) => "rom",
            Some(StageKind::Spl) => "spl",
            Some(StageKind::Loader) => "loader",
            Some(StageKind::Linux) => "linux",
            Some(StageKind::Userspace) => "userspace",
            Some(StageKind::Shell) => "shell",
        };
        self.note(true, &format!("furthest:{furthest}"));
        self.note(boot.is_some_and(|boot| boot.counted_down()), "counted-down");
        self.note(boot.is_some_and(|boot| boot.stopped_before_countdown()), "stopped-before-countdown");
        self.note(boot.is_some_and(|boot| boot.is_settled()), "settled");
    }

    fn hear_faults(&mut self, by_rules: &ByRules<'_>) {
        let (faults, behind) = by_rules.weights.faults_and_lines_behind(by_rules.reading, FAR_BEHIND);
        self.note(true, &format!("faults:{}", faults.min(MANY_FAULTS)));
        let behind = match behind {
            None => "none",
            Some(0) => "0",
            Some(1) => "1",
            Some(lines) if lines < FAR_BEHIND => "few",
            Some(_) => "many",
        };
        self.note(true, &format!("behind:{behind}"));
        let has = |kind| by_rules.reading.evidence.iter().any(|item| item.kind == kind);
        let kinds = [
            (has(EvidenceKind::SerialLog), "log"),
            (has(EvidenceKind::ToolOutput), "tool"),
            (has(EvidenceKind::Symptom), "account"),
        ];
        let kinds: Vec<&str> = kinds.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
        self.note(true, &format!("kinds:{}", kinds.join("+")));
    }
}

/// A likelihood as a number that is nothing for none and grows by the same for each time that it doubles.
fn above(likelihood: f64) -> f64 {
    (likelihood + RULES_LEAST).ln() - RULES_LEAST.ln()
}
