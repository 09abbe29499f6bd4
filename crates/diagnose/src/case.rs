//! What goes in, and the way through.

use debrick_model::{Action, Cause, Diagnosis, EvidenceKind, Finding};
use serde::{Deserialize, Serialize};

use crate::learned::{self, Learned};
use crate::trial::{Spoke, Trial};
use crate::weigh::Weights;
use crate::{advice, inquiry, rules, signals, state, survey, text, timeline};

/// A piece of evidence in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// What to call it in findings, for example a file name.
    pub name: String,
    /// The words. Bytes that are no UTF-8 stand as replacement characters.
    pub text: String,
}

/// What a comparison of the storage with an image showed. Counts are of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageSurvey {
    /// What to call it in findings.
    pub name: String,
    /// Bytes of a block.
    pub block_size: u64,
    /// Bytes of the whole image, as the header that stands in the storage declares them.
    pub declared_size: Option<u64>,
    /// Blocks that the image covers and that were looked at.
    pub blocks: u64,
    /// Whether the image that should be there is at hand; without it nothing is known to be equal.
    pub image_known: bool,
    /// Blocks that hold what the image holds.
    pub equal: u64,
    /// Blocks from the first on that are equal without a gap.
    pub equal_prefix: u64,
    /// Blocks that hold something else, and are not blank.
    pub different: u64,
    /// Blocks that are blank where the image is not (without an image: that are blank).
    pub blank: u64,
    /// The first block of the blank stretch that reaches to the end, where there is one.
    pub blank_tail_from: Option<u64>,
    /// Of the different blocks, those that hold what the image before the update held, where that is known.
    pub equal_to_previous: Option<u64>,
}

/// A bootloader variable that is not what the device needs to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongVariable {
    /// Its name.
    pub name: String,
    /// What it holds; `None` where it is not set.
    pub found: Option<String>,
    /// What it must hold.
    pub needed: String,
}

/// What the installed firmware calls the unit, where the unit is known to be another device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherName {
    /// What it says, verbatim.
    pub value: String,
    /// Where it says so, in words.
    pub source: String,
    /// What the unit is: vendor and model.
    pub unit: String,
}

/// Everything that is known about a unit that does not work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Case<'a> {
    /// Logs, tool output, answers and sightings.
    pub evidence: &'a [Evidence],
    /// Comparisons of its storage.
    pub surveys: &'a [StorageSurvey],
    /// Bootloader variables that are not what they must be.
    pub variables: &'a [WrongVariable],
    /// Names of other devices that only the installed firmware has for the unit, where the unit itself is known.
    pub other_names: &'a [OtherName],
    /// The architecture of its processor, where it is known: `arm64`, `mips`.
    pub architecture: Option<&'a str>,
    /// Causes that a device of this kind hardly can have: they weigh less, whatever speaks for them.
    pub implausible: &'a [Cause],
    /// The logs were recorded as the unit started: they are whole, and what words in excerpts usually mean says nothing of
    /// them.
    pub is_watched: bool,
}

/// What the evidence says.
pub fn diagnose(evidence: &[Evidence]) -> Diagnosis {
    diagnose_case(&Case { evidence, ..Case::default() })
}

/// What everything that is known says. Always gives an answer; `unknown` is one.
pub fn diagnose_case(case: &Case<'_>) -> Diagnosis {
    diagnose_by(case, None).0
}

/// What is heard of a case, as names and numbers: what the judge that was learned weighs. `None` where it has no say.
pub fn signs(case: &Case<'_>) -> Option<Vec<(String, f64)>> {
    let reading = text::Reading::new(case.evidence);
    let boots = timeline::Boots::new(&reading);
    let heard = Heard::of(case, &reading, &boots, None);
    let signs = learned::signs_of(case, &heard.by_rules(&reading, &boots))?;
    Some(signs.iter().map(|(name, number)| (name.to_owned(), number)).collect())
}

/// What the rules say.
struct Heard {
    weights: Weights,
    has_account: bool,
    tells_of_failure: bool,
    findings: Vec<Finding>,
    spoke: Vec<Spoke>,
}

impl Heard {
    fn of(
        case: &Case<'_>,
        reading: &text::Reading<'_>,
        boots: &timeline::Boots,
        trial: Option<&Trial>,
    ) -> Self {
        let mut weights = Weights::default();
        let account = signals::Account::read(reading);
        let tells_of_failure = account.as_ref().is_some_and(signals::Account::tells_of_failure);
        let spoke = rules::apply(reading, boots, tells_of_failure, trial, &mut weights);
        signals::apply(case, reading, boots, account.as_ref(), &mut weights);
        case.surveys.iter().for_each(|survey| survey::apply(survey, &mut weights));
        let findings = findings(&weights, case.implausible);
        Self { weights, has_account: account.is_some(), tells_of_failure, findings, spoke }
    }

    fn by_rules<'a>(
        &'a self,
        reading: &'a text::Reading<'a>,
        boots: &'a timeline::Boots,
    ) -> learned::ByRules<'a> {
        learned::ByRules {
            reading,
            boots,
            weights: &self.weights,
            has_account: self.has_account,
            tells_of_failure: self.tells_of_failure,
            findings: &self.findings,
            state: state::conclude(reading, boots, &self.weights, &self.findings),
        }
    }
}

/// The diagnosis, and the rules that spoke; with the weights of a trial, where there is one.
pub(crate) fn diagnose_by(case: &Case<'_>, trial: Option<&Trial>) -> (Diagnosis, Vec<Spoke>) {
    let reading = text::Reading::new(case.evidence);
    let boots = timeline::Boots::new(&reading);
    let heard = Heard::of(case, &reading, &boots, trial);
    let weights = &heard.weights;
    let by_rules = heard.by_rules(&reading, &boots);
    // A trial is of the rules.
    let is_of_rules = trial.is_some() || case.is_watched;
    let learned = if is_of_rules { None } else { Learned::of(case, &by_rules) };
    let mut findings = heard.findings.clone();
    let mut state = by_rules.state;
    if let Some(learned) = &learned {
        learned.weigh(&by_rules, case.implausible, &mut findings);
        state = learned.state(state::conclude(&reading, &boots, weights, &findings));
    }
    let mut actions = advice::actions(&findings, state, weights);
    if let Some(learned) = &learned {
        learned.prefer(&mut actions);
    }
    let is_hearsay = case.evidence.iter().all(|item| item.kind == EvidenceKind::Symptom);
    if is_hearsay && case.surveys.is_empty() {
        // The last chance is not put at risk because somebody says so.
        actions.sort_by_key(|proposed| proposed.action == Action::RestoreBootloader);
    }
    let diagnosis = Diagnosis {
        state,
        actions,
        next_evidence: inquiry::next_evidence(case.evidence, &boots, &findings),
        timeline: boots.stages(weights),
        findings,
    };
    (diagnosis, heard.spoke)
}

/// Below this likelihood a cause does not stand first.
const DECIDES_FROM: f64 = 0.3;

/// How steeply a rival counts: one that is nearly as likely takes up to half of the first cause's likelihood, one that is
/// half as likely next to nothing.
const RIVALRY: i32 = 6;

/// What is left of the likelihood of a cause that the device hardly can have.
const IMPLAUSIBLE: f64 = 0.3;

/// How many causes behind the first make its crowd.
const CROWD: usize = 3;

/// Several rivals that are each half as likely leave as much doubt as one that is as likely: where together they are more
/// than this many times as likely as the first cause, it loses in proportion.
const CROWDED: f64 = 1.35;

/// Causes, likeliest first, at most eight; `unknown` before all of them where none is likely enough.
fn findings(weights: &Weights, implausible: &[Cause]) -> Vec<Finding> {
    let mut findings = weights.findings();
    for finding in findings.iter_mut().filter(|finding| implausible.contains(&finding.cause)) {
        finding.likelihood *= IMPLAUSIBLE;
    }
    if !implausible.is_empty() {
        findings.sort_by(|one, other| other.likelihood.total_cmp(&one.likelihood));
    }
    findings.truncate(8);
    put_unknown_first(&mut findings);
    let of = |rank: usize| findings.get(rank).map_or(0.0, |finding| finding.likelihood);
    let (top, second) = (of(0), of(1));
    let crowd: f64 = (1..=CROWD).map(of).sum();
    if findings.first().is_none_or(|finding| finding.cause == Cause::Unknown) || top <= 0.0 {
        return findings;
    }
    let left = 1.0 - 0.5 * (second / top).powi(RIVALRY);
    let left = left.min(CROWDED * top / crowd.max(CROWDED * top)).max(0.5);
    for finding in &mut findings {
        finding.likelihood = (finding.likelihood * left * 1000.0).round() / 1000.0;
    }
    findings
}

/// Puts `unknown` before causes of which none is likely enough.
pub(crate) fn put_unknown_first(findings: &mut Vec<Finding>) {
    let top = findings.first().map_or(0.0, |finding| finding.likelihood);
    if top < DECIDES_FROM {
        let unknown = Finding { cause: Cause::Unknown, likelihood: 1.0 - top, evidence: Vec::new() };
        findings.insert(0, unknown);
    }
}
