//! Is an image for this unit?

use std::cmp::Ordering;

use debrick_model::{Check, Verdict, VerdictReport};
use serde::{Deserialize, Serialize};

use crate::facts::ImageFacts;
use crate::names;
use crate::version;

/// What is known about the unit. Whatever is not known is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitnessTarget {
    /// Board ids of the unit, any of which an image may name.
    pub board_ids: Vec<String>,
    /// Maker.
    pub vendor: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Processor architecture, in any spelling.
    pub architecture: Option<String>,
    /// Hardware revision.
    pub hardware_revision: Option<String>,
    /// Sales region.
    pub region: Option<String>,
    /// Bytes of the place that the image is written to.
    pub slot_size: Option<u64>,
    /// Ids of the formats that the unit takes; empty where that is not known.
    pub formats: Vec<String>,
    /// Version that the unit runs, or ran last.
    pub current_version: Option<String>,
}

/// Compares an image with a unit.
///
/// Fails if anything contradicts. Passes only if the image names a board of the unit and nothing contradicts;
/// otherwise the answer is Unknown, with the reason.
pub fn fitness(facts: &ImageFacts, target: &FitnessTarget) -> VerdictReport {
    let mut comparison = Comparison::default();
    let board_agrees = comparison.board(facts, target);
    // A board id says it better: makers write model names in many ways.
    if !board_agrees {
        comparison.word("vendor", facts.vendor.as_ref(), target.vendor.as_ref());
        comparison.word("model", facts.model.as_ref(), target.model.as_ref());
    }
    comparison.architecture(facts, target);
    comparison.word("hardware-revision", facts.hardware_revision.as_ref(), target.hardware_revision.as_ref());
    comparison.word("region", facts.region.as_ref(), target.region.as_ref());
    comparison.size(facts, target);
    comparison.format(facts, target);
    comparison.version(facts, target);
    let mut report = VerdictReport::from_checks(comparison.checks);
    if report.verdict == Verdict::Pass && !board_agrees {
        report.verdict = Verdict::Unknown;
    }
    report.reasons = comparison.reasons;
    report
}

#[derive(Default)]
struct Comparison {
    checks: Vec<Check>,
    reasons: Vec<String>,
}

impl Comparison {
    fn check(&mut self, name: &str, expected: impl Into<String>, actual: impl Into<String>, ok: bool) {
        let (expected, actual) = (expected.into(), actual.into());
        self.checks.push(Check { name: name.into(), offset: None, expected, actual, ok });
    }

    fn unknown(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    fn board(&mut self, facts: &ImageFacts, target: &FitnessTarget) -> bool {
        if facts.board_ids.is_empty() {
            self.unknown("The image does not tell which board it is for.");
            return false;
        }
        if target.board_ids.is_empty() {
            self.unknown("The unit's board is not known.");
            return false;
        }
        let is_ours = |board: &&String| target.board_ids.iter().any(|ours| ours.eq_ignore_ascii_case(board));
        let ok = facts.board_ids.iter().any(|board| is_ours(&board));
        self.check("board-id", target.board_ids.join(" or "), facts.board_ids.join(", "), ok);
        ok
    }

    fn architecture(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        let Some(expected) = &target.architecture else { return };
        match &facts.architecture {
            Some(actual) => {
                let (expected, actual) = (names::architecture(expected), names::architecture(actual));
                let ok = expected == actual;
                self.check("architecture", expected, actual, ok);
            }
            None => self.unknown("The image does not tell which processor it is for."),
        }
    }

    fn word(&mut self, name: &str, actual: Option<&String>, expected: Option<&String>) {
        if let (Some(actual), Some(expected)) = (actual, expected) {
            self.check(name, expected, actual, actual.eq_ignore_ascii_case(expected));
        }
    }

    fn size(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        if let Some(slot) = target.slot_size {
            let expected = format!("at most {slot} bytes");
            self.check("fits-its-place", expected, format!("{} bytes", facts.size), facts.size <= slot);
        }
    }

    fn format(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        if target.formats.is_empty() {
            return;
        }
        let actual = facts.format.as_deref().unwrap_or("unknown");
        let ok = target.formats.iter().any(|format| format == actual);
        self.check("format-accepted", target.formats.join(" or "), actual, ok);
    }

    fn version(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        let Some(current) = &target.current_version else { return };
        let Some(offered) = &facts.version else {
            self.unknown("The image does not tell its version, so it may be older than what the unit runs.");
            return;
        };
        match version::compare(offered, current) {
            Some(order) => {
                self.check(
                    "not-a-downgrade",
                    format!("{current} or newer"),
                    offered,
                    order != Ordering::Less,
                );
            }
            None => self.unknown(format!("The versions {offered} and {current} cannot be compared.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::Digest;

    use super::*;

    fn image() -> ImageFacts {
        ImageFacts {
            format: Some("fit".into()),
            size: 1000,
            sha256: Digest::new([0; 32]),
            containers: vec![],
            vendor: None,
            model: None,
            hardware_revision: None,
            region: None,
            version: Some("2.0.1".into()),
            board_ids: vec!["acme,r1".into()],
            architecture: Some("arm64".into()),
            integrity: VerdictReport::unknown(""),
            coverage: crate::facts::Coverage::Contents,
            provenance: VerdictReport::unknown(""),
            warnings: vec![],
        }
    }

    fn unit() -> FitnessTarget {
        FitnessTarget {
            board_ids: vec!["acme,r1".into(), "acme-r1".into()],
            architecture: Some("aarch64".into()),
            slot_size: Some(1000),
            formats: vec!["fit".into()],
            current_version: Some("2.0".into()),
            ..FitnessTarget::default()
        }
    }

    /// The verdict, and the names of the checks that fail.
    #[track_caller]
    fn check(change: impl FnOnce(&mut ImageFacts, &mut FitnessTarget), verdict: Verdict, failed: &[&str]) {
        let (mut image, mut unit) = (image(), unit());
        change(&mut image, &mut unit);
        let report = fitness(&image, &unit);
        let failures: Vec<&str> =
            report.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
        assert_eq!((report.verdict, failures.as_slice()), (verdict, failed), "{report:?}");
        assert!(verdict != Verdict::Unknown || !report.reasons.is_empty());
    }

    #[test]
    fn verdicts() {
        check(|_, _| {}, Verdict::Pass, &[]);
        check(|image, _| image.board_ids = vec!["other,x".into()], Verdict::Fail, &["board-id"]);
        check(|image, _| image.board_ids.clear(), Verdict::Unknown, &[]);
        check(|_, unit| unit.board_ids.clear(), Verdict::Unknown, &[]);
        check(|image, _| image.architecture = Some("mips".into()), Verdict::Fail, &["architecture"]);
        check(|image, _| image.architecture = None, Verdict::Pass, &[]);
        let models = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            (image.model, unit.model) = (Some("R2".into()), Some("R1".into()));
        };
        check(models, Verdict::Pass, &[]);
        let models_only = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            models(image, unit);
            image.board_ids.clear();
        };
        check(models_only, Verdict::Fail, &["model"]);
        check(|image, _| image.size = 1001, Verdict::Fail, &["fits-its-place"]);
        check(|image, _| image.format = None, Verdict::Fail, &["format-accepted"]);
        check(|image, _| image.format = Some("uimage".into()), Verdict::Fail, &["format-accepted"]);
        check(|_, unit| unit.formats.clear(), Verdict::Pass, &[]);
        check(|_, unit| unit.current_version = Some("2.0.10".into()), Verdict::Fail, &["not-a-downgrade"]);
        check(|image, _| image.version = None, Verdict::Pass, &[]);
        check(|image, _| image.version = Some("blue".into()), Verdict::Pass, &[]);
        let revisions = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            image.hardware_revision = Some("A1".into());
            unit.hardware_revision = Some("B1".into());
            image.board_ids.clear();
        };
        check(revisions, Verdict::Fail, &["hardware-revision"]);
    }
}
