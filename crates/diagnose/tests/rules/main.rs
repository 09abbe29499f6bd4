//! What the rules conclude, without anything that was learned: a room for each kind of evidence and ending.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use debrick_diagnose::{Case, Evidence, Trial, diagnose_in_trial};
use debrick_model::{Action, Cause, Diagnosis, EvidenceKind};

mod excerpts;
mod goes_on;
mod messages;
mod noise;
mod several_causes;
mod stops;
mod told;
mod tools;

/// The first lines of a U-Boot, its countdown, and the first line of the kernel that it starts.
const UBOOT: &str = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\nDRAM:  512 MiB\n";
const COUNTDOWN: &str = "Hit any key to stop autoboot:  0\n";
const LINUX: &str = "Starting kernel ...\n[    0.000000] Linux version 6.1.0 (gcc) #1\n";

/// What the rules say, without what was learned.
fn by_rules(evidence: &[Evidence]) -> Diagnosis {
    diagnose_in_trial(&Case { evidence, ..Case::default() }, &Trial::default())
}

/// The same of one text.
fn of_text(kind: EvidenceKind, text: &str) -> Diagnosis {
    by_rules(&[Evidence { kind, name: "evidence".into(), text: text.into() }])
}

/// Causes and how likely they are, to be shown where a test fails.
fn likely(diagnosis: &Diagnosis) -> Vec<(Cause, f64)> {
    diagnosis.findings.iter().map(|finding| (finding.cause, finding.likelihood)).collect()
}

/// Checks that a text of these parts shows no fault, and that nothing is to be done.
#[track_caller]
fn check_well(kind: EvidenceKind, parts: &[&str]) {
    let diagnosis = of_text(kind, &parts.concat());
    let likely = likely(&diagnosis);
    assert_eq!(diagnosis.cause(), Cause::NoFault, "{likely:?}");
    assert_eq!(diagnosis.actions.first().map(|proposed| proposed.action), Some(Action::NothingNeeded));
}
