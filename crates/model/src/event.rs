//! What a session's journal says, one event after the other.
//!
//! An event that announces an effect on a unit is durable before the effect begins. The JSON of these values is hashed
//! into the journal's chain: a change of shape is a new schema version.

use serde::{Deserialize, Serialize};

use crate::diagnosis::{Diagnosis, EvidenceKind};
use crate::digest::Digest;
use crate::gate::{GateResult, Waiver};
use crate::identity::{Identity, Observation};
use crate::operator::{Answer, Request};
use crate::problem::Problem;
use crate::step::{Outcome, Step};
use crate::verdict::VerdictReport;

/// The version of the shapes in this module, as journals and `--json` name it.
pub const SCHEMA: &str = "debrick.event/1";

/// One entry of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counted from 1 without gaps.
    pub seq: u64,
    /// When, in milliseconds since 1970-01-01 UTC, by the host's clock (or the virtual one).
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}

/// A change of the unit that is announced before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// Write these bytes of this image to a region, where they differ.
    WriteRegion {
        /// The region's name.
        region: String,
        /// First byte inside the storage.
        offset: u64,
        /// Bytes.
        size: u64,
        /// Digest of what the region is to hold over `size` bytes.
        content: Digest,
    },
    /// Erase a region (to its blank value).
    EraseRegion {
        /// The region's name.
        region: String,
        /// First byte.
        offset: u64,
        /// Bytes.
        size: u64,
    },
    /// Store bootloader variables.
    SetEnvironment {
        /// Names and values.
        variables: Vec<(String, String)>,
    },
    /// Offer an image to the unit, which writes it where it sees fit.
    OfferImage {
        /// The method's name.
        method: String,
        /// The name that the file is offered under.
        name: String,
        /// Bytes.
        size: u64,
        /// Digest of the image.
        content: Digest,
    },
    /// Start a system in the unit's memory; its storage stays as it is.
    RunImage {
        /// The method's name.
        method: String,
        /// The name that the file is offered under.
        name: String,
        /// Bytes.
        size: u64,
        /// Digest of the image.
        content: Digest,
    },
    /// Restart the unit.
    Restart,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Repaired, and the repair is proven.
    Repaired,
    /// Nothing was wrong; nothing was changed.
    NothingNeeded,
    /// What was asked for, a backup or a restore, is done and proven.
    Done,
    /// Stopped where it is safe; the unit is no worse than it was, or the report says in what.
    StoppedSafely,
    /// Cannot go on without the operator.
    NeedsOperator,
    /// A gate is shut; nothing was written.
    RefusedByGate,
    /// The repair failed after something was written; a backup is there to be restored.
    FailedRestoreOffered,
    /// The operator stopped it at a safe point; it can be resumed.
    Cancelled,
}

impl Ending {
    /// The word in journals and JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::NothingNeeded => "nothing-needed",
            Self::Done => "done",
            Self::StoppedSafely => "stopped-safely",
            Self::NeedsOperator => "needs-operator",
            Self::RefusedByGate => "refused-by-gate",
            Self::FailedRestoreOffered => "failed-restore-offered",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum EventBody {
    /// A session began.
    SessionOpened {
        /// Its id.
        session: String,
        /// Version of this program.
        program: String,
        /// Catalog id of the device that the operator named.
        device: String,
        /// The ports used, as the operator wrote them.
        ports: Vec<String>,
        /// The device's record as it was used (JSON in the vault), so that the session needs no catalog again.
        record: Digest,
        /// Name of the firmware file that the operator gave.
        image_name: Option<String>,
        /// That file in the vault.
        image: Option<Digest>,
    },
    /// A session that had been interrupted went on.
    SessionResumed {
        /// Version of this program.
        program: String,
        /// The last event before.
        after_seq: u64,
    },
    /// The steps to come were chosen.
    PlanMade {
        /// The method's name.
        method: String,
        /// The steps, in order.
        steps: Vec<Step>,
        /// In words, for the operator.
        summary: Vec<String>,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: Step,
        /// Counted from 1.
        attempt: u32,
    },
    /// A step ended.
    StepEnded {
        /// Which.
        step: Step,
        /// The attempt that ended.
        attempt: u32,
        /// How.
        outcome: Outcome,
        /// In a sentence.
        summary: String,
    },
    /// A claim about the unit was made.
    Observed {
        /// The claim.
        observation: Observation,
    },
    /// Evidence was put into the vault.
    EvidenceStored {
        /// What it is.
        kind: EvidenceKind,
        /// Name.
        name: String,
        /// Where in the vault.
        artifact: Digest,
    },
    /// Evidence was judged.
    Diagnosed {
        /// The judgement.
        diagnosis: Diagnosis,
    },
    /// Observations were combined.
    Identified {
        /// The result.
        identity: Identity,
    },
    /// An image was judged.
    ImageJudged {
        /// File name.
        name: String,
        /// The file in the vault.
        artifact: Digest,
        /// Bytes.
        size: u64,
        /// Format of the outermost container.
        format: Option<String>,
        /// Firmware version, where the image tells.
        version: Option<String>,
        /// Undamaged?
        integrity: VerdictReport,
        /// From the vendor?
        provenance: VerdictReport,
        /// For this unit?
        fitness: VerdictReport,
    },
    /// A gate was looked at.
    GateChecked {
        /// What came of it.
        result: GateResult,
    },
    /// A person passed a shut gate.
    GateWaived {
        /// Their decision.
        waiver: Waiver,
    },
    /// All gates are open or waived; what was cleared to be written.
    Cleared {
        /// The names of the regions, or `environment`.
        regions: Vec<String>,
        /// Digest of the image.
        image: Option<Digest>,
    },
    /// The operator was asked or told to do something.
    Asked {
        /// What.
        request: Request,
    },
    /// The operator answered, or the expected sign was seen.
    Answered {
        /// Which request.
        request: String,
        /// What.
        answer: Answer,
        /// Whether the program saw it for itself.
        sensed: bool,
    },
    /// A person was led into a recovery mode, or to where leading on would be the same again.
    Coached {
        /// The method's name.
        method: String,
        /// Whether the unit is in the mode.
        reached: bool,
        /// What proves it, as half a sentence; empty where it was not reached.
        by: String,
        /// Attempts, the last one included.
        attempts: u32,
        /// When the button was let go in the attempt that worked, in milliseconds since the power came on, where one is held.
        let_go_ms: Option<u64>,
        /// What was seen in each attempt that missed.
        misses: Vec<String>,
    },
    /// A region was read until two readings agreed.
    BackedUp {
        /// The region's name.
        region: String,
        /// First byte inside the storage.
        offset: u64,
        /// Bytes.
        size: u64,
        /// The content in the vault.
        artifact: Digest,
        /// How many readings it took.
        readings: u32,
    },
    /// A backup was restored to a virtual unit of the same geometry and compared.
    BackupProven {
        /// The regions' names.
        regions: Vec<String>,
    },
    /// A region was deliberately not backed up.
    BackupOmitted {
        /// The region's name.
        region: String,
        /// Why, in a sentence.
        because: String,
    },
    /// Something is about to be changed. Durable before it is.
    Intent {
        /// What.
        effect: Effect,
    },
    /// What was announced last was done, as far as the unit says.
    EffectDone {
        /// Bytes that had to be sent.
        sent: u64,
        /// Bytes that were right already.
        unchanged: u64,
    },
    /// What is in a region was compared with what should be there.
    Verified {
        /// The region's name.
        region: String,
        /// Whether it is right.
        ok: bool,
        /// How it was compared, for example `crc32 by the unit`.
        how: String,
        /// Digest of what should be there.
        content: Digest,
        /// Bytes that are wrong, at block granularity.
        wrong: u64,
    },
    /// The system started and says what it is.
    Booted {
        /// Its version, where it tells.
        version: Option<String>,
        /// From being started to being ready, in milliseconds.
        took_ms: u64,
    },
    /// A test of the running system.
    SmokeTested {
        /// Name.
        name: String,
        /// Whether it passed.
        ok: bool,
        /// What was seen.
        detail: String,
    },
    /// Something worth knowing.
    Noted {
        /// A sentence.
        text: String,
    },
    /// Something failed.
    Failed {
        /// In which step.
        step: Step,
        /// What.
        problem: Problem,
    },
    /// What is tried next, and what is different about it.
    Retrying {
        /// The step that is tried again.
        step: Step,
        /// What changed, in a sentence.
        change: String,
    },
    /// The session ended.
    SessionClosed {
        /// How.
        ending: Ending,
        /// In full sentences, for a person.
        summary: Vec<String>,
        /// The version that runs now.
        version: Option<String>,
        /// The next safe action, where there is one.
        next_step: Option<String>,
    },
}

impl EventBody {
    /// The event's name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SessionOpened { .. } => "session-opened",
            Self::SessionResumed { .. } => "session-resumed",
            Self::PlanMade { .. } => "plan-made",
            Self::StepStarted { .. } => "step-started",
            Self::StepEnded { .. } => "step-ended",
            Self::Observed { .. } => "observed",
            Self::EvidenceStored { .. } => "evidence-stored",
            Self::Diagnosed { .. } => "diagnosed",
            Self::Identified { .. } => "identified",
            Self::ImageJudged { .. } => "image-judged",
            Self::GateChecked { .. } => "gate-checked",
            Self::GateWaived { .. } => "gate-waived",
            Self::Cleared { .. } => "cleared",
            Self::Asked { .. } => "asked",
            Self::Answered { .. } => "answered",
            Self::Coached { .. } => "coached",
            Self::BackedUp { .. } => "backed-up",
            Self::BackupProven { .. } => "backup-proven",
            Self::BackupOmitted { .. } => "backup-omitted",
            Self::Intent { .. } => "intent",
            Self::EffectDone { .. } => "effect-done",
            Self::Verified { .. } => "verified",
            Self::Booted { .. } => "booted",
            Self::SmokeTested { .. } => "smoke-tested",
            Self::Noted { .. } => "noted",
            Self::Failed { .. } => "failed",
            Self::Retrying { .. } => "retrying",
            Self::SessionClosed { .. } => "session-closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_the_json() {
        let body = EventBody::Intent { effect: Effect::Restart };
        let event = Event { seq: 1, at_ms: 2, body };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["event"], event.body.name());
        assert_eq!(json["effect"]["effect"], "restart");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
