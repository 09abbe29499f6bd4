//! The verdicts on an image: integrity, provenance and fitness, each with the checks that led to it.

use serde::{Deserialize, Serialize};

/// The answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check that can be made was made and passed, and at least one was.
    Pass,
    /// A check failed.
    Fail,
    /// No check could be made.
    Unknown,
}

/// One check that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked, for example `sha256 of kernel`.
    pub name: String,
    /// Where in the file the checked value stands, in bytes.
    pub offset: Option<u64>,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub actual: String,
    /// Whether they agree.
    pub ok: bool,
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictReport {
    /// The answer.
    pub verdict: Verdict,
    /// The checks made.
    pub checks: Vec<Check>,
    /// Full sentences that explain the verdict where the checks do not.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// The word in journals and JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

impl VerdictReport {
    /// Fail if any check failed, Pass if there was one and none failed, else Unknown.
    pub fn from_checks(checks: Vec<Check>) -> Self {
        let verdict = if checks.iter().any(|check| !check.ok) {
            Verdict::Fail
        } else if checks.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Pass
        };
        Self { verdict, checks, reasons: Vec::new() }
    }

    /// An Unknown with one reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, checks: Vec::new(), reasons: vec![reason.into()] }
    }

    /// Adds a sentence.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }
}
