//! A session as plain data, ready to be written down in any form.
//!
//! All text is as it was found; whoever renders it makes it safe. Times inside a session are milliseconds since its first
//! event; sizes and offsets are bytes.

use debrick_model::{
    Diagnosis, Digest, Effect, Ending, EvidenceKind, Gate, GateOutcome, Identity, Observation, Outcome,
    Problem, Step, VerdictReport,
};
use debrick_vault::ChainReport;
use serde::{Deserialize, Serialize};

/// A whole session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`crate::json::SCHEMA`].
    pub schema: String,
    /// The session's id.
    pub session: String,
    /// The version of the program that began it.
    pub program: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub opened_at_ms: Option<u64>,
    /// From its first event to its last, in milliseconds.
    pub took_ms: u64,
    /// Catalog id of the device that the operator named.
    pub device: Option<String>,
    /// The device's record as it was used.
    pub record: Option<Digest>,
    /// The ports used, as the operator wrote them.
    pub ports: Vec<String>,
    /// How often it went on after an interruption.
    pub resumed: u64,
    /// What a person reads first.
    pub headline: Headline,
    /// How it ended; `None` when it was interrupted.
    pub ending: Option<Ending>,
    /// The sentences it was closed with.
    pub summary: Vec<String>,
    /// The next safe action, as the session named it.
    pub next_step: Option<String>,
    /// The line for a repair shop's archive.
    pub archive: Archive,
    /// What the unit is.
    pub identity: Option<Identity>,
    /// Every claim that was made about the unit.
    pub observations: Vec<Observation>,
    /// What was found to be wrong, in order.
    pub judgements: Vec<Judgement>,
    /// The plan that was followed last.
    pub plan: Option<Plan>,
    /// The gates as they were looked at last.
    pub gates: Vec<GateState>,
    /// Firmware files and the verdicts on them.
    pub images: Vec<Image>,
    /// What was copied before anything was written.
    pub backups: Vec<Backup>,
    /// What was deliberately not copied.
    pub omissions: Vec<Omission>,
    /// Everything that was announced to be changed.
    pub writes: Vec<Write>,
    /// Comparisons of what is there with what should be.
    pub verifications: Vec<Verification>,
    /// Starts of the system.
    pub boots: Vec<Boot>,
    /// Tests of the running system.
    pub tests: Vec<SmokeTest>,
    /// Failures.
    pub troubles: Vec<Trouble>,
    /// What was tried again.
    pub retries: Vec<Retry>,
    /// What was asked of the operator, and answered.
    pub conversation: Vec<Conversation>,
    /// Evidence in the vault.
    pub evidence: Vec<StoredEvidence>,
    /// The steps as they were taken.
    pub attempts: Vec<Attempt>,
    /// Every event, in order.
    pub timeline: Vec<Moment>,
    /// A piece of the console log of the first boot.
    pub excerpt: Option<Excerpt>,
    /// Whether the journal and the artifacts are as they were written.
    pub chain: ChainReport,
}

/// How the news is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is left to be done.
    Attention,
    /// It failed.
    Bad,
}

/// What a person reads first, in full sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// How the news is.
    pub tone: Tone,
    /// The result in a few words.
    pub title: String,
    /// What was wrong.
    pub wrong: Vec<String>,
    /// What was done.
    pub done: Vec<String>,
    /// How it is now.
    pub now: Vec<String>,
    /// What to do next.
    pub next: Vec<String>,
}

/// The line for a repair shop's archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Name of the firmware file that was cleared to be written.
    pub firmware_file: Option<String>,
    /// Its digest.
    pub firmware: Option<Digest>,
    /// The unit's model, or else the catalog id of the device.
    pub model: Option<String>,
    /// Hardware revision.
    pub hardware_revision: Option<String>,
    /// The unit's serial number.
    pub serial: Option<String>,
    /// The version that runs at the end.
    pub final_version: Option<String>,
}

/// A diagnosis at its place in the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The event.
    pub seq: u64,
    /// The step in which it was made.
    pub step: Option<Step>,
    /// The diagnosis.
    pub diagnosis: Diagnosis,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The method's name.
    pub method: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// In words.
    pub summary: Vec<String>,
}

/// A gate as it was looked at last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateState {
    /// Which gate.
    pub gate: Gate,
    /// What came of it; `None` when it was waived without having been looked at.
    pub outcome: Option<GateOutcome>,
    /// Why.
    pub reasons: Vec<String>,
    /// The reason of the person who waived it.
    pub waived_because: Option<String>,
}

/// A firmware file and the verdicts on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The event.
    pub seq: u64,
    /// File name.
    pub name: String,
    /// The file in the vault.
    pub artifact: Digest,
    /// Bytes.
    pub size: u64,
    /// Format of the outermost container.
    pub format: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Whether it was cleared to be written.
    pub cleared: bool,
    /// Undamaged?
    pub integrity: VerdictReport,
    /// From the vendor?
    pub provenance: VerdictReport,
    /// For this unit?
    pub fitness: VerdictReport,
}

/// A region that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The event.
    pub seq: u64,
    /// The region's name.
    pub region: String,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// The copy in the vault.
    pub artifact: Digest,
    /// Readings that it took.
    pub readings: u32,
    /// Whether the copy was proven to restore.
    pub proven: bool,
}

/// A region that was deliberately not copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omission {
    /// The region's name.
    pub region: String,
    /// Why.
    pub because: String,
}

/// A change that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The event that announced it.
    pub seq: u64,
    /// What.
    pub effect: Effect,
    /// What the unit said of it; `None` when the journal does not tell that it was finished.
    pub done: Option<Done>,
    /// Whether the journal tells that it failed.
    pub failed: bool,
    /// What the last comparison after it said; `None` when there was none.
    pub verified: Option<bool>,
}

/// How much a change took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Bytes that had to be sent.
    pub sent: u64,
    /// Bytes that were right already.
    pub unchanged: u64,
}

/// A comparison of what is there with what should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The event.
    pub seq: u64,
    /// The region's name.
    pub region: String,
    /// Whether it is right.
    pub ok: bool,
    /// How it was compared.
    pub how: String,
    /// What should be there.
    pub content: Digest,
    /// Bytes that are wrong.
    pub wrong: u64,
}

/// A start of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The event.
    pub seq: u64,
    /// The step.
    pub step: Option<Step>,
    /// What it says its version is.
    pub version: Option<String>,
    /// From being started to being ready, in milliseconds.
    pub took_ms: u64,
}

/// A test of the running system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmokeTest {
    /// The event.
    pub seq: u64,
    /// The step.
    pub step: Option<Step>,
    /// Name.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The event.
    pub seq: u64,
    /// The step.
    pub step: Step,
    /// What.
    pub problem: Problem,
}

/// Something that was tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The event.
    pub seq: u64,
    /// The step.
    pub step: Step,
    /// What was different.
    pub change: String,
}

/// Something asked of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The event that asked.
    pub seq: u64,
    /// The request's name.
    pub request: String,
    /// What was asked.
    pub text: String,
    /// The answer in words; `None` when there was none.
    pub answer: Option<String>,
    /// Whether the program saw it for itself.
    pub sensed: bool,
}

/// Evidence in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvidence {
    /// The event.
    pub seq: u64,
    /// The step in which it was stored.
    pub step: Option<Step>,
    /// What it is.
    pub kind: EvidenceKind,
    /// Name.
    pub name: String,
    /// Where in the vault.
    pub artifact: Digest,
}

/// A step as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which.
    pub step: Step,
    /// Counted from 1.
    pub attempt: u32,
    /// When, in milliseconds since the session began.
    pub started_ms: u64,
    /// How long it took, in milliseconds; `None` when it did not end.
    pub took_ms: Option<u64>,
    /// How it ended; `None` when it did not.
    pub outcome: Option<Outcome>,
    /// In a sentence.
    pub summary: String,
}

/// What an event means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Worth knowing.
    Note,
    /// Something went right.
    Good,
    /// Something went wrong.
    Bad,
    /// Somebody decided or has to do something.
    Attention,
    /// The unit is about to be changed.
    Change,
}

/// An event in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The event.
    pub seq: u64,
    /// When, in milliseconds since the session began.
    pub at_ms: u64,
    /// What it means.
    pub mark: Mark,
    /// The sentence.
    pub text: String,
}

/// A piece of a console log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Name of the log.
    pub name: String,
    /// The step it is from.
    pub step: Option<Step>,
    /// The whole log in the vault.
    pub artifact: Digest,
    /// The last lines, as found.
    pub lines: Vec<String>,
    /// Whether lines before them are left out.
    pub shortened: bool,
}
