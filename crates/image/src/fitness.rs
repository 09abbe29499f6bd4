//! Is an image for this unit?

use std::cmp::Ordering;

use debrick_model::{Check, Verdict, VerdictReport};
use serde::{Deserialize, Serialize};

use crate::boards::{self, Kind};
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
    /// OpenWrt's `compat_version` of the system that it runs; another major one does not take the image.
    #[serde(default)]
    pub compat_version: Option<String>,
    /// Its chip, where images are made for one: `ESP32-S3`.
    #[serde(default)]
    pub chip: Option<String>,
    /// The lowest rollback index that it still starts.
    #[serde(default)]
    pub rollback_index: Option<u64>,
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
    comparison.compatibility(facts, target);
    comparison.chip(facts, target);
    comparison.rollback(facts, target);
    let mut report = VerdictReport::from_checks(comparison.checks);
    if report.verdict == Verdict::Pass && !board_agrees {
        report.verdict = Verdict::Unknown;
    }
    report.reasons = comparison.reasons;
    report
}

/// What the outermost container that has it says in a field.
fn field<'a>(facts: &'a ImageFacts, name: &str) -> Option<&'a str> {
    facts.containers.iter().find_map(|container| container.fields.get(name)).map(String::as_str)
}

/// Whether an id in a maker's header means the device that a board id of the unit means. An image that names boards as
/// device trees do has to name the unit's: there, one device has several layouts of flash.
fn is_same_device(of_image: &str, of_unit: &str) -> bool {
    if of_image.contains(',') {
        return false;
    }
    let hardware = boards::lookup(Kind::TplinkHwid, of_image).or_else(|| boards::lookup(Kind::Any, of_image));
    let unit = boards::lookup(Kind::Compatible, of_unit);
    hardware.is_some_and(|board| !board.model.is_empty()) && hardware == unit
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
        let is_ours = |board: &&String| {
            target
                .board_ids
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(board) || is_same_device(board, ours))
        };
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

    /// Another major `compat_version` means another layout of flash or network; another minor one, other settings.
    fn compatibility(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        let (Some(offered), Some(current)) = (field(facts, "compat_version"), &target.compat_version) else {
            return;
        };
        let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
        let expected = format!("{}.x", major(current));
        self.check("compat-version", expected, offered, major(offered) == major(current));
        if offered != current && major(offered) == major(current) {
            self.unknown(format!(
                "The image has the compat_version {offered} and the unit {current}: its settings cannot be kept."
            ));
        }
    }

    fn chip(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        let (Some(offered), Some(chip)) = (field(facts, "chip"), &target.chip) else { return };
        let plain = |name: &str| name.replace(['-', '_', ' '], "").to_ascii_lowercase();
        self.check("chip", chip, offered, plain(offered) == plain(chip));
    }

    /// A unit that counts up refuses what counts lower.
    fn rollback(&mut self, facts: &ImageFacts, target: &FitnessTarget) {
        let offered = field(facts, "rollback-index").and_then(|index| index.parse::<u64>().ok());
        let (Some(offered), Some(lowest)) = (offered, target.rollback_index) else { return };
        self.check("rollback-index", format!("{lowest} or higher"), offered.to_string(), offered >= lowest);
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
        let named_by_header = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            image.board_ids = vec!["0xc7000002".into()];
            unit.board_ids = vec!["tplink,archer-c7-v2".into()];
        };
        check(named_by_header, Verdict::Pass, &[]);
        let other_layout = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            image.board_ids = vec!["linksys,e8450-ubi".into()];
            unit.board_ids = vec!["linksys,e8450".into()];
        };
        check(other_layout, Verdict::Fail, &["board-id"]);
        let with = |image: &mut ImageFacts, name: &str, value: &str| {
            image.containers.push(crate::facts::Container {
                format: "x".into(),
                offset: 0,
                size: 0,
                depth: 0,
                unpacked: false,
                fields: [(name.to_owned(), value.to_owned())].into(),
            });
        };
        for (value, verdict) in [("1.0", Verdict::Pass), ("1.1", Verdict::Pass), ("2.0", Verdict::Fail)] {
            let compat = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
                with(image, "compat_version", value);
                unit.compat_version = Some("1.0".into());
            };
            let failed: &[&str] = if verdict == Verdict::Fail { &["compat-version"] } else { &[] };
            check(compat, verdict, failed);
        }
        for (chip, failed) in [("esp32s3", &[][..]), ("ESP32", &["chip"])] {
            let chips = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
                with(image, "chip", chip);
                unit.chip = Some("ESP32-S3".into());
            };
            check(chips, if failed.is_empty() { Verdict::Pass } else { Verdict::Fail }, failed);
        }
        let rolled_back = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            with(image, "rollback-index", "4");
            unit.rollback_index = Some(5);
        };
        check(rolled_back, Verdict::Fail, &["rollback-index"]);
        let revisions = |image: &mut ImageFacts, unit: &mut FitnessTarget| {
            image.hardware_revision = Some("A1".into());
            unit.hardware_revision = Some("B1".into());
            image.board_ids.clear();
        };
        check(revisions, Verdict::Fail, &["hardware-revision"]);
    }
}
