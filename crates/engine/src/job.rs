//! What is to be repaired, and how the operator wants it done.

use debrick_catalog::Repairable;
use debrick_image::TrustStore;
use debrick_model::{Digest, Ending, EvidenceKind, Waiver};

/// A repair to be begun.
#[derive(Debug, Clone)]
pub struct Job {
    /// The device that the operator says the unit is.
    pub device: Repairable,
    /// The firmware file, already in the vault: its name and digest.
    pub image: Option<(String, Digest)>,
    /// What came with the firmware file, already in the vault: lists of sums and signatures.
    pub evidence: Vec<ImageEvidence>,
    /// How the ports were named.
    pub ports: Vec<String>,
    /// How it is done.
    pub wishes: Wishes,
    /// Makes session ids different; any number.
    pub seed: u64,
}

/// A file that came with a firmware file, in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEvidence {
    /// What it is: [`ImageSums`](EvidenceKind::ImageSums) or [`ImageSignature`](EvidenceKind::ImageSignature).
    pub kind: EvidenceKind,
    /// Its name, for people.
    pub name: String,
    /// Its content.
    pub artifact: Digest,
}

/// How the operator wants a repair done.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Gates that the operator waives.
    pub waivers: Vec<Waiver>,
    /// The only method to use, by name; otherwise all are tried in order.
    pub method: Option<String>,
    /// The keys that the operator trusts.
    pub trusted: TrustStore,
    /// How often the unit is restarted and watched after the repair.
    pub soak_restarts: u32,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The session.
    pub session: String,
    /// How it ended.
    pub ending: Ending,
    /// In full sentences, for a person.
    pub summary: Vec<String>,
    /// The next safe action, where there is one.
    pub next_step: Option<String>,
}
