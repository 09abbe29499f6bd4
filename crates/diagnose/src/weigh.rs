//! How what was found adds up.
//!
//! Each rule that speaks gives a cause a likelihood on its own. Rules are taken as independent witnesses, so the
//! likelihood that none of them is right is the product of their doubts ("noisy or"): 1 - (1-a)(1-b)... A rule counts
//! once however often its line repeats, and of several rules that speak about one line the strongest counts, because
//! they are the same witness. A fault that a later stage survived counts for a seventh.

use std::collections::BTreeMap;

use debrick_model::{Action, Cause, EvidenceLine, Finding, State};

use crate::rule::{Level, Rule};
use crate::text::{Place, Reading};
use crate::trial::Trial;

/// What is left of a fault that a later stage survived.
pub(crate) const SURVIVED: f64 = 0.15;

/// Faults that count for no more than this were overcome.
const OVERCOME: f64 = 0.4;

/// No evidence makes a cause more certain than this.
const CERTAIN: f64 = 0.99;

/// The most lines that a finding cites.
const MAX_LINES: usize = 6;

/// The longest line that is cited, in characters.
const MAX_CITED: usize = 400;

/// Everything that spoke.
#[derive(Default)]
pub(crate) struct Weights {
    causes: BTreeMap<Cause, Vec<Voice>>,
    states: Vec<(State, f64)>,
    faults: Vec<Place>,
    success_is_denied: bool,
    is_said_to_fail: bool,
}

/// One thing that speaks for a cause.
struct Voice {
    weight: f64,
    /// The line of a program that it speaks about. A person says several things in one line, so that a person's line
    /// is none.
    line: Option<Place>,
    actions: &'static [Action],
    evidence: Option<EvidenceLine>,
}

impl Weights {
    /// Adds a rule that speaks, with the line it speaks about; `share` is how much of its weight counts.
    pub(crate) fn speak(
        &mut self,
        rule: &Rule,
        share: f64,
        trial: Option<&Trial>,
        place: Place,
        evidence: &EvidenceLine,
    ) {
        for (position, (cause, weight)) in rule.causes.iter().enumerate() {
            let weight = trial.map_or(*weight, |trial| trial.weight(rule, position, *weight));
            let line = (rule.level != Level::Said).then_some(place);
            let evidence = Some(evidence.clone());
            let voice = Voice { weight: weight * share, line, actions: rule.actions, evidence };
            self.causes.entry(*cause).or_default().push(voice);
        }
        for (state, weight) in rule.states {
            self.states.push((*state, weight * share));
        }
        if rule.states.is_empty() && rule.is_fault() {
            self.states.extend(rule.level.stops_at().map(|state| (state, 0.27 * share)));
        }
        if rule.is_fault() && !rule.is_last_resort && share > OVERCOME {
            self.faults.push(place);
        }
    }

    /// Adds something that was computed.
    pub(crate) fn add(
        &mut self,
        cause: Cause,
        weight: f64,
        actions: &'static [Action],
        evidence: Option<EvidenceLine>,
    ) {
        self.causes.entry(cause).or_default().push(Voice { weight, line: None, actions, evidence });
    }

    /// Leaves a share of all that has spoken for some causes.
    pub(crate) fn fade(&mut self, share: f64, is_meant: impl Fn(Cause) -> bool) {
        let meant = self.causes.iter_mut().filter(|(cause, _)| is_meant(**cause));
        meant.flat_map(|(_, voices)| voices).for_each(|voice| voice.weight *= share);
    }

    /// Leaves a share of all that has spoken for a state.
    pub(crate) fn fade_state(&mut self, share: f64, faded: State) {
        let meant = self.states.iter_mut().filter(|(state, _)| *state == faded);
        meant.for_each(|(_, weight)| *weight *= share);
    }

    /// Notes that a person says of the unit that it does not work.
    pub(crate) fn deny_success(&mut self) {
        self.success_is_denied = true;
    }

    /// Notes that a person's account tells of a unit that does not come up.
    pub(crate) fn note_failure(&mut self) {
        self.is_said_to_fail = true;
    }

    /// Whether a person's account tells of a unit that does not come up.
    pub(crate) fn is_said_to_fail(&self) -> bool {
        self.is_said_to_fail
    }

    /// Whether a person says of the unit that it does not work.
    pub(crate) fn success_is_denied(&self) -> bool {
        self.success_is_denied
    }

    /// Adds a hint at a state.
    pub(crate) fn hint(&mut self, state: State, weight: f64) {
        self.states.push((state, weight));
    }

    /// The likelihood of a cause.
    pub(crate) fn likelihood(&self, cause: Cause) -> f64 {
        let mut of_lines: BTreeMap<Place, f64> = BTreeMap::new();
        let mut doubt = 1.0;
        for voice in self.causes.get(&cause).into_iter().flatten() {
            match voice.line {
                Some(place) => {
                    let strongest = of_lines.entry(place).or_default();
                    *strongest = strongest.max(voice.weight);
                }
                None => doubt *= 1.0 - voice.weight,
            }
        }
        doubt *= of_lines.values().map(|weight| 1.0 - weight).product::<f64>();
        (1.0 - doubt).clamp(0.0, CERTAIN)
    }

    /// Whether anything that was not survived went wrong.
    pub(crate) fn has_fault(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Whether a text ends with a fault: at most one line follows it.
    pub(crate) fn ends_with_fault(&self, reading: &Reading<'_>) -> bool {
        self.faults_and_lines_behind(reading, 2).1.is_some_and(|lines| lines < 2)
    }

    /// How many faults there are, and how many lines that say something follow the last of a text, where there is one;
    /// counted to `most`.
    pub(crate) fn faults_and_lines_behind(
        &self,
        reading: &Reading<'_>,
        most: usize,
    ) -> (usize, Option<usize>) {
        let behind =
            |place: &Place| reading.behind(*place).filter(|line| !line.trim().is_empty()).take(most).count();
        (self.faults.len(), self.faults.iter().map(behind).min())
    }

    /// Whether a fault lies between a place and a line of the same evidence.
    pub(crate) fn fault_between(&self, first: Place, last_line: u64) -> bool {
        self.faults
            .iter()
            .any(|place| place.evidence == first.evidence && *place >= first && place.line <= last_line)
    }

    /// Of each state that was hinted at, how likely it is that no hint is right.
    pub(crate) fn doubts(&self) -> BTreeMap<State, f64> {
        let mut doubts = BTreeMap::new();
        self.states.iter().for_each(|(state, weight)| *doubts.entry(*state).or_insert(1.0) *= 1.0 - weight);
        doubts
    }

    /// Whether more speaks for a unit that works than for any other state.
    pub(crate) fn seems_healthy(&self) -> bool {
        let least = self.doubts().into_iter().min_by(|left, right| left.1.total_cmp(&right.1));
        least.is_some_and(|(state, _)| state == State::Healthy)
    }

    /// The causes, likeliest first.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let finding = |cause: &Cause| Finding {
            cause: *cause,
            likelihood: (self.likelihood(*cause) * 1000.0).round() / 1000.0,
            evidence: self.evidence(*cause),
        };
        let mut findings: Vec<Finding> = self.causes.keys().map(finding).collect();
        findings.retain(|finding| finding.likelihood >= 0.02);
        findings.sort_by(|left, right| right.likelihood.total_cmp(&left.likelihood));
        findings
    }

    /// The actions that the rules behind a cause ask for, the strongest rule's first.
    pub(crate) fn actions(&self, cause: Cause) -> Vec<Action> {
        let mut actions = Vec::new();
        for voice in self.voices(cause) {
            for action in voice.actions {
                if !actions.contains(action) {
                    actions.push(*action);
                }
            }
        }
        actions
    }

    fn voices(&self, cause: Cause) -> Vec<&Voice> {
        let mut voices: Vec<&Voice> = self.causes.get(&cause).into_iter().flatten().collect();
        voices.sort_by(|left, right| right.weight.total_cmp(&left.weight));
        voices
    }

    fn evidence(&self, cause: Cause) -> Vec<EvidenceLine> {
        let mut lines: Vec<EvidenceLine> = Vec::new();
        for voice in self.voices(cause) {
            if let Some(line) = &voice.evidence
                && lines.len() < MAX_LINES
                && !lines.contains(line)
            {
                lines.push(line.clone());
            }
        }
        lines
    }
}

/// A line as a finding cites it.
pub(crate) fn cite(reading: &Reading<'_>, place: Place, text: &str, says: &str) -> EvidenceLine {
    let file = reading.evidence.get(place.evidence).map(|item| item.name.clone()).unwrap_or_default();
    EvidenceLine {
        file,
        line: place.line,
        text: text.chars().take(MAX_CITED).collect(),
        says: says.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_multiply() {
        let mut weights = Weights::default();
        assert_eq!(weights.likelihood(Cause::ImageCorrupt), 0.0);
        weights.add(Cause::ImageCorrupt, 0.5, &[], None);
        weights.add(Cause::ImageCorrupt, 0.5, &[], None);
        assert_eq!(weights.likelihood(Cause::ImageCorrupt), 0.75);
        weights.add(Cause::ImageCorrupt, 1.0, &[], None);
        assert_eq!(weights.likelihood(Cause::ImageCorrupt), CERTAIN);
    }
}
