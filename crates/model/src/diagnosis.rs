//! Evidence and what is concluded from it.

use serde::{Deserialize, Serialize};

use crate::ids::{Action, Cause, State};

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// What the unit said on its serial console.
    SerialLog,
    /// What a tool printed.
    ToolOutput,
    /// What a person answered.
    Symptom,
    /// What a survey of the storage by digest showed.
    StorageSurvey,
    /// Something seen on the network or USB.
    Sighting,
    /// A list of checksums that came with a firmware file.
    ImageSums,
    /// A signature that came with a firmware file.
    ImageSignature,
    /// An image that is started in a unit's memory before its firmware is written.
    FirstImage,
    /// The settings of a unit's system, as an archive.
    SettingsArchive,
}

/// A line of evidence that supports or contradicts a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// Name of the evidence.
    pub file: String,
    /// Line, counted from 1; 0 where the evidence has no lines.
    pub line: u64,
    /// The line, verbatim (at most 400 characters).
    pub text: String,
    /// What it says, in a sentence.
    pub says: String,
}

/// A cause, how likely it is, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// From 0 to 1.
    pub likelihood: f64,
    /// The lines it rests on.
    pub evidence: Vec<EvidenceLine>,
}

/// Something to do, and what it may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedAction {
    /// What to do.
    pub action: Action,
    /// Why, in a sentence.
    pub why: String,
    /// What may go wrong, in a sentence; empty when nothing can.
    pub risk: String,
}

/// How a stage of a boot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageEnd {
    /// It handed over to the next.
    HandedOver,
    /// It failed with a message.
    Failed,
    /// It started over.
    Restarted,
    /// It waits for somebody.
    Waiting,
    /// The evidence ends in it.
    Open,
}

/// A stage of a boot as a log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Name, for example `u-boot`, `linux`, `userspace`.
    pub name: String,
    /// First line, counted from 1.
    pub first_line: u64,
    /// Last line.
    pub last_line: u64,
    /// How it ended.
    pub end: StageEnd,
}

/// Everything that was concluded from some evidence. Findings and actions stand best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// How far the unit gets.
    pub state: State,
    /// Causes; the first is `unknown` when the evidence does not decide.
    pub findings: Vec<Finding>,
    /// What to do.
    pub actions: Vec<ProposedAction>,
    /// What to look at to be surer.
    pub next_evidence: Vec<String>,
    /// The boot as the evidence tells it.
    pub timeline: Vec<Stage>,
}

impl Diagnosis {
    /// The likeliest cause, or `unknown`.
    pub fn cause(&self) -> Cause {
        self.findings.first().map_or(Cause::Unknown, |finding| finding.cause)
    }
}
