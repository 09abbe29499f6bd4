//! What an image says about itself, as values.

use std::collections::BTreeMap;

use debrick_model::{Digest, Verdict, VerdictReport};
use serde::{Deserialize, Serialize};

/// Everything that an image tells without help from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Id of the outermost format, for example `fit`; `None`, in JSON `none`, where no format is recognised.
    #[serde(with = "format_or_none")]
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
    #[serde(rename = "hw_rev")]
    pub hardware_revision: Option<String>,
    /// Sales region, as the image writes it.
    pub region: Option<String>,
    /// Version of the firmware, as the image writes it.
    pub version: Option<String>,
    /// Boards that the image says it is for, for example `acme,r1`.
    pub board_ids: Vec<String>,
    /// Processor architecture, in the words of [`architecture`](crate::architecture).
    #[serde(rename = "arch")]
    pub architecture: Option<String>,
    /// Is it undamaged, as far as its own checks reach? Pass where at least one checksum or digest was compared and all
    /// agree; how far they reach tells `coverage`.
    pub integrity: VerdictReport,
    /// What the checks of `integrity` reach.
    pub coverage: Coverage,
    /// Is it from the vendor? A checksum never answers that.
    pub provenance: VerdictReport,
    /// Oddities that are no faults, as full sentences.
    pub warnings: Vec<String>,
}

/// How much of an image its own checksums and digests reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All contents.
    Contents,
    /// Headers, or some of the contents.
    Part,
    /// Nothing: the format has no checksum.
    Nothing,
}

/// A format found at a place of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Id of the format.
    pub format: String,
    /// First byte in the file; where `unpacked`, in the decompressed contents of the container that holds it.
    pub offset: u64,
    /// Bytes that it covers, as far as the file has them.
    pub size: u64,
    /// How deep it is nested; 0 is the outermost.
    pub depth: u32,
    /// Whether it stands in decompressed or deciphered contents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpacked: bool,
    /// What its header says, by field name.
    pub fields: BTreeMap<String, String>,
}

impl ImageFacts {
    /// Is all of it undamaged? As `integrity`, but Unknown where its checks do not reach all contents: what a gate asks.
    pub fn undamaged(&self) -> VerdictReport {
        let mut report = self.integrity.clone();
        if report.verdict == Verdict::Pass && self.coverage != Coverage::Contents {
            report.verdict = Verdict::Unknown;
        }
        report
    }

    /// The first container of a format.
    pub fn container(&self, format: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.format == format)
    }
}

/// A file that is no firmware has the format `none`.
mod format_or_none {
    use serde::{Deserialize, Deserializer, Serializer};

    const NONE: &str = "none";

    pub(super) fn serialize<S: Serializer>(format: &Option<String>, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(format.as_deref().unwrap_or(NONE))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
        let format = String::deserialize(input)?;
        Ok((format != NONE).then_some(format))
    }
}
