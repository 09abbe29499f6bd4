//! Gates before anything destructive, and the waivers that a person may give.

use serde::{Deserialize, Serialize};

/// A condition for a destructive step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Two independent observations agree on what the unit is, and none contradicts. Cannot be waived.
    Identity,
    /// The image is undamaged. Cannot be waived.
    Integrity,
    /// No signature of the image is wrong, or by a key that is not to be believed. An image that nobody signed, or somebody
    /// unknown, passes: the reasons say so.
    Provenance,
    /// The image was made for this model, revision and region, and is not a downgrade.
    Fitness,
    /// Power and link are good enough to finish what is begun.
    Preflight,
    /// Everything unique to the unit is backed up, and the backup was proven to restore.
    Backup,
}

/// What came of looking at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateOutcome {
    /// Open.
    Pass,
    /// Shut.
    Fail,
    /// Not known, which keeps the gate shut.
    Unknown,
}

/// A gate, what came of it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    /// Which gate.
    pub gate: Gate,
    /// What came of it.
    pub outcome: GateOutcome,
    /// Full sentences, for a person.
    pub reasons: Vec<String>,
}

/// A person's recorded decision to pass one shut gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Which gate.
    pub gate: Gate,
    /// The person's reason, verbatim.
    pub because: String,
}

impl Gate {
    /// All of them, in the order they are looked at.
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::Integrity, Self::Provenance, Self::Fitness, Self::Preflight, Self::Backup];

    /// The word on the command line and in journals.
    pub fn id(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Integrity => "integrity",
            Self::Provenance => "provenance",
            Self::Fitness => "fitness",
            Self::Preflight => "preflight",
            Self::Backup => "backup",
        }
    }

    /// The gate of this name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.id() == id)
    }

    /// Whether a person may waive it. Writing to a unit nobody knows, or writing a damaged image, is never offered.
    pub fn can_be_waived(self) -> bool {
        matches!(self, Self::Provenance | Self::Fitness | Self::Preflight | Self::Backup)
    }
}

impl std::fmt::Display for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.id())
    }
}
