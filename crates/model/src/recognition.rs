//! Which device of the catalog observations speak of, and how sure that is.

use serde::{Deserialize, Serialize};

use crate::identity::Observation;

/// An observation, and where it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// What was observed.
    #[serde(flatten)]
    pub observation: Observation,
    /// The log, the label or the port it was read from, as the operator named it.
    pub input: String,
    /// The line, from 1, where the input is a text of lines.
    pub line: Option<u64>,
}

/// How sure it is which device a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Two independent witnesses name one device, and nothing speaks against it.
    Known,
    /// What was seen names one model, and too few independent witnesses say so.
    Likely,
    /// Witnesses name different devices. Nothing is chosen between them.
    Contradicted,
    /// Nothing that was seen names a device of the catalog, or it fits several models.
    Unknown,
}

/// A device that some observation names. Observations are given by their place in [`Recognition::observations`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The catalog id of the device.
    pub device: String,
    /// Vendor, model and variant.
    pub title: String,
    /// Observations that fit this device.
    pub agreeing: Vec<usize>,
    /// Observations that name another device or another hardware revision.
    pub contradicting: Vec<usize>,
    /// Observations that do so and do not count: what only the installed firmware says, where two independent witnesses that
    /// no firmware changes name this device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounted: Vec<usize>,
    /// How many independent witnesses name this device and no other.
    pub independent_witnesses: usize,
}

/// What the evidence itself calls the unit, whether the catalog has such a device or not. Observations are given by their
/// place in [`Recognition::observations`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// Maker, where it is said.
    pub vendor: Option<String>,
    /// Model, board or code name, without its vendor.
    pub model: String,
    /// Observations that say it.
    pub observations: Vec<usize>,
}

/// What a unit is, as far as observations tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognition {
    /// How sure it is.
    pub certainty: Certainty,
    /// The catalog id of the device, where one device is left. It may be built on only where the certainty is `known`.
    pub device: Option<String>,
    /// The devices that come into question, best first.
    pub candidates: Vec<Candidate>,
    /// The names that the evidence has for the unit, those of models before those of boards.
    pub stated: Vec<Stated>,
    /// Everything that was observed.
    pub observations: Vec<Sighting>,
    /// Observations that name a device that the catalog does not have.
    pub unmatched: Vec<usize>,
    /// What to look at next to be surer, as sentences.
    pub next: Vec<String>,
}
