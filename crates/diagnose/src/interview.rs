//! Asking where there is no log: always the question that separates the likely causes best.

mod questions;

use debrick_model::{Action, Cause, Diagnosis, EvidenceLine, Finding, State};

use crate::timeline::Boots;
use crate::weigh::Weights;
use crate::{advice, case, inquiry};
use questions::{QUESTIONS, USUAL};

/// More than this a frightened person is not asked.
pub const MOST_QUESTIONS: usize = 8;

/// From this likelihood of a cause on, nothing more is asked.
const ENOUGH: f64 = 0.85;

/// A question that is expected to tell less than this, in bits, is not worth asking.
const WORTH_ASKING: f64 = 0.04;

/// What somebody saw and remembers is never more certain than this.
const CERTAIN: f64 = 0.75;

/// From this factor on an answer is told as a reason.
const SPEAKS_FROM: f64 = 1.5;

/// The most causes that are concluded.
const MOST_FINDINGS: usize = 8;

/// A question.
#[derive(Debug)]
pub struct Question {
    /// Stable id.
    pub id: &'static str,
    /// What a person is asked.
    pub text: &'static str,
    /// What may be answered; that one does not know is always possible, too.
    pub answers: &'static [Answer],
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Stable id, unique within its question.
    pub id: &'static str,
    /// What a person reads.
    pub text: &'static str,
    usual: f64,
    factors: &'static [(Cause, f64)],
    state: Option<State>,
}

impl Answer {
    fn factor(&self, cause: Cause) -> f64 {
        self.factors.iter().find(|(about, _)| *about == cause).map_or(1.0, |(_, factor)| *factor)
    }
}

impl Question {
    /// The likelihood of each answer where `cause` is the cause.
    fn likelihoods(&self, cause: Cause) -> Vec<f64> {
        let weights: Vec<f64> =
            self.answers.iter().map(|answer| answer.usual * answer.factor(cause)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    /// The answer with this id.
    pub fn answer(&self, id: &str) -> Option<&'static Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }
}

/// An interview under way.
#[derive(Debug)]
pub struct Interview {
    beliefs: Vec<(Cause, f64)>,
    given: Vec<(&'static Question, Option<&'static Answer>)>,
}

impl Default for Interview {
    fn default() -> Self {
        let mut interview = Self { beliefs: USUAL.to_vec(), given: Vec::new() };
        interview.normalise();
        interview
    }
}

impl Interview {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every question that there is, in no order.
    pub fn questions() -> &'static [Question] {
        QUESTIONS
    }

    /// How many were answered, also by "don't know".
    pub fn asked(&self) -> usize {
        self.given.len()
    }

    /// The question that is expected to tell most; `None` when enough is known or nothing is left worth asking.
    pub fn next(&self) -> Option<&'static Question> {
        if self.given.len() >= MOST_QUESTIONS
            || self.beliefs.iter().any(|(_, belief)| *belief >= ENOUGH && self.given.len() >= 2)
        {
            return None;
        }
        let left =
            QUESTIONS.iter().filter(|question| self.given.iter().all(|(asked, _)| asked.id != question.id));
        left.map(|question| (question, self.gain(question)))
            .filter(|(_, gain)| *gain >= WORTH_ASKING)
            .max_by(|left, right| left.1.total_cmp(&right.1))
            .map(|(question, _)| question)
    }

    /// Takes an answer; `None` is "don't know".
    pub fn give(&mut self, question: &'static Question, answer: Option<&'static Answer>) {
        if let Some(place) =
            answer.and_then(|answer| question.answers.iter().position(|known| std::ptr::eq(known, answer)))
        {
            for (cause, belief) in &mut self.beliefs {
                *belief *= question.likelihoods(*cause)[place];
            }
            self.normalise();
        }
        self.given.push((question, answer));
    }

    /// What the answers say. The first cause is `unknown` where they do not decide.
    pub fn conclude(&self) -> Diagnosis {
        let mut findings: Vec<Finding> = self
            .beliefs
            .iter()
            .map(|(cause, belief)| Finding {
                cause: *cause,
                likelihood: (belief.min(CERTAIN) * 1000.0).round() / 1000.0,
                evidence: self.reasons(*cause),
            })
            .filter(|finding| finding.likelihood >= 0.02)
            .collect();
        findings.sort_by(|left, right| right.likelihood.total_cmp(&left.likelihood));
        findings.truncate(MOST_FINDINGS);
        case::put_unknown_first(&mut findings);
        let state = self.state();
        let mut actions = advice::actions(&findings, state, &Weights::default());
        // What can destroy the last chance is never first on hearsay.
        actions.sort_by_key(|proposed| {
            matches!(proposed.action, Action::RestoreBootloader | Action::RestorePartitionTable)
        });
        let next_evidence = inquiry::next_evidence(&[], &Boots::default(), &findings);
        Diagnosis { state, actions, next_evidence, timeline: Vec::new(), findings }
    }

    /// The state that most answers hint at; of equals the one that was named first.
    fn state(&self) -> State {
        let hints: Vec<State> =
            self.given.iter().filter_map(|(_, answer)| answer.and_then(|answer| answer.state)).collect();
        let count = |state: State| hints.iter().filter(|hint| **hint == state).count();
        hints.iter().rev().copied().max_by_key(|state| count(*state)).unwrap_or(State::Unknown)
    }

    fn reasons(&self, cause: Cause) -> Vec<EvidenceLine> {
        let answered = self.given.iter().filter_map(|(question, answer)| Some((question, (*answer)?)));
        let speaking = answered.filter(|(_, answer)| answer.factor(cause) >= SPEAKS_FROM);
        let line = |(question, answer): (&&'static Question, &'static Answer)| EvidenceLine {
            file: "interview".into(),
            line: 0,
            text: format!("{} {}.", question.text, answer.text),
            says: format!("That is more usual where this is so: {}", cause.meaning()),
        };
        speaking.map(line).collect()
    }

    /// Bits that the answer to a question is expected to tell.
    fn gain(&self, question: &Question) -> f64 {
        let by_cause: Vec<(f64, Vec<f64>)> =
            self.beliefs.iter().map(|(cause, belief)| (*belief, question.likelihoods(*cause))).collect();
        let mut expected = 0.0;
        for place in 0..question.answers.len() {
            let joint: Vec<f64> = by_cause.iter().map(|(belief, likely)| belief * likely[place]).collect();
            let answered: f64 = joint.iter().sum();
            if answered > 0.0 {
                expected += answered * entropy(joint.iter().map(|joint| joint / answered));
            }
        }
        entropy(self.beliefs.iter().map(|(_, belief)| *belief)) - expected
    }

    fn normalise(&mut self) {
        let sum: f64 = self.beliefs.iter().map(|(_, belief)| belief).sum();
        self.beliefs.iter_mut().for_each(|(_, belief)| *belief /= sum);
    }
}

fn entropy(shares: impl Iterator<Item = f64>) -> f64 {
    shares.filter(|share| *share > 0.0).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leads an interview in which `says` gives the answers; `None` is "don't know".
    fn lead(says: impl Fn(&str) -> Option<&'static str>) -> Interview {
        let mut interview = Interview::new();
        while let Some(question) = interview.next() {
            let answer = says(question.id).map(|id| question.answer(id).unwrap());
            interview.give(question, answer);
        }
        interview
    }

    #[test]
    fn questions_are_well_formed() {
        for (index, question) in QUESTIONS.iter().enumerate() {
            assert!(question.text.ends_with('?'), "{}", question.id);
            assert!(QUESTIONS[..index].iter().all(|other| other.id != question.id), "{}", question.id);
            for (place, answer) in question.answers.iter().enumerate() {
                let name = format!("{}/{}", question.id, answer.id);
                assert!(question.answers[..place].iter().all(|other| other.id != answer.id), "{name}");
                assert!(!answer.text.ends_with('.') && answer.usual > 0.0, "{name}");
                for (cause, factor) in answer.factors {
                    assert!(*factor > 0.0 && USUAL.iter().any(|(known, _)| known == cause), "{name} {cause}");
                }
            }
        }
    }

    #[test]
    fn knowing_nothing_ends_in_a_calm_unknown() {
        let interview = lead(|_| None);
        assert!(interview.asked() <= MOST_QUESTIONS);
        let diagnosis = interview.conclude();
        assert_eq!((diagnosis.cause(), diagnosis.state), (Cause::Unknown, State::Unknown));
        assert!(!diagnosis.next_evidence.is_empty());
        assert!(diagnosis.actions.iter().all(|proposed| proposed.action != Action::RestoreBootloader));
    }

    #[test]
    fn clear_stories_are_understood() {
        let check = |story: &[(&str, &'static str)], cause: Cause| {
            let says =
                |id: &str| story.iter().find(|(question, _)| *question == id).map(|(_, answer)| *answer);
            let interview = lead(says);
            let diagnosis = interview.conclude();
            assert_eq!(diagnosis.cause(), cause, "{:#?}", diagnosis.findings);
            assert!(!diagnosis.findings[0].evidence.is_empty());
        };
        check(
            &[("before", "nothing"), ("lights", "none"), ("power", "better"), ("file", "none")],
            Cause::PowerFault,
        );
        check(
            &[
                ("before", "other-firmware"),
                ("lights", "message"),
                ("tool", "refused-signature"),
                ("file", "older"),
            ],
            Cause::RollbackRejected,
        );
        check(
            &[("before", "other-firmware"), ("lights", "one-steady"), ("file", "other"), ("tool", "success")],
            Cause::ImageWrongDevice,
        );
        check(
            &[("before", "bootloader"), ("lights", "none"), ("host", "unknown-usb")],
            Cause::BootloaderCorrupt,
        );
        check(
            &[("before", "settings"), ("lights", "again-and-again"), ("reset", "helped")],
            Cause::SettingsCorrupt,
        );
    }

    /// People who answer as the table says, one in four times "don't know": the cause is nearly always among the first
    /// three, and they are asked little.
    #[test]
    fn causes_are_found_in_few_questions() {
        let mut state = 1_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let (mut among_three, mut asked, mut of) = (0, 0, 0);
        for _ in 0..40 {
            for (cause, _) in USUAL {
                let mut interview = Interview::new();
                while let Some(question) = interview.next() {
                    let mut left = draw();
                    let place = question.likelihoods(*cause).iter().position(|share| {
                        left -= share;
                        left < 0.0
                    });
                    let answer = place.map(|place| &question.answers[place]).filter(|_| draw() > 0.25);
                    interview.give(question, answer);
                }
                let findings = interview.conclude().findings;
                let causes =
                    findings.iter().map(|finding| finding.cause).filter(|cause| *cause != Cause::Unknown);
                among_three += usize::from(causes.take(3).any(|found| found == *cause));
                asked += interview.asked();
                of += 1;
            }
        }
        // Without any question the three most usual causes are right in a tenth of these.
        assert!(among_three * 10 >= of * 4, "{among_three} of {of}");
        assert!(asked <= of * MOST_QUESTIONS);
    }
}
