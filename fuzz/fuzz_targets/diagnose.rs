//! Logs, tool output and words of people: whatever the text, there is an answer, and it is bounded.
#![no_main]

use debrick_diagnose::{Evidence, diagnose, observe};
use debrick_model::EvidenceKind;

/// Stands between the pieces of evidence in what a target is given.
const FENCE: &str = "\n====\n";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let kinds = [EvidenceKind::SerialLog, EvidenceKind::ToolOutput, EvidenceKind::Symptom];
    let evidence: Vec<Evidence> = text
        .split(FENCE)
        .zip(kinds.iter().cycle())
        .map(|(text, kind)| Evidence { kind: *kind, name: "fuzzed".into(), text: text.into() })
        .collect();
    let diagnosis = diagnose(&evidence);
    assert!((1..=9).contains(&diagnosis.findings.len()));
    assert!(diagnosis.actions.len() <= 5 && diagnosis.timeline.len() <= 200);
    for finding in &diagnosis.findings {
        assert!((0.0..=1.0).contains(&finding.likelihood), "{}", finding.likelihood);
        assert!(finding.evidence.iter().all(|line| line.text.chars().count() <= 400));
    }
    assert!(diagnosis.timeline.iter().all(|stage| (1..=stage.last_line).contains(&stage.first_line)));
    let _ = observe("fuzzed", bytes, &[]);
});
