//! What an image says about itself, as values.

use std::collections::BTreeMap;

use debrick_model::{Digest, VerdictReport};
use serde::{Deserialize, Serialize};

/// Everything that an image tells without help from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Id of the outermost format, for example `fit`; `None` where no format is recognised.
    pub format: Option<String>,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the whole file.
    pub sha256: Digest,
    /// What is inside what, outermost first, each followed by what it holds.
    pub containers: Vec<Container>,
    /// Maker, as the image writes it.
    pub vendor: Option<String>,
    /// Model, as the image writes it.
    pub model: Option<String>,
    /// Hardware revision, as the image writes it.
    pub hardware_revision: Option<String>,
    /// Sales region, as the image writes it.
    pub region: Option<String>,
    /// Version of the firmware, as the image writes it.
    pub version: Option<String>,
    /// Boards that the image says it is for, for example `acme,r1`.
    pub board_ids: Vec<String>,
    /// Processor architecture, in the words of [`architecture`](crate::architecture).
    pub architecture: Option<String>,
    /// Is it undamaged? Pass only where a checksum or digest covers all of the payload.
    pub integrity: VerdictReport,
    /// Is it from the vendor? A checksum never answers that.
    pub provenance: VerdictReport,
    /// Oddities that are no faults, as full sentences.
    pub warnings: Vec<String>,
}

/// A format found at a place of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Id of the format.
    pub format: String,
    /// First byte in the file.
    pub offset: u64,
    /// Bytes that it covers, as far as the file has them.
    pub size: u64,
    /// How deep it is nested; 0 is the outermost.
    pub depth: u32,
    /// What its header says, by field name.
    pub fields: BTreeMap<String, String>,
}

impl ImageFacts {
    /// The first container of a format.
    pub fn container(&self, format: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.format == format)
    }
}
