//! Opens an archive that [`bundle`](super::bundle()) made, perhaps on another computer.

use std::collections::BTreeMap;
use std::io::{self, Read};

use debrick_model::{Coded, Digest, Event};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::SCHEMA;

/// The most that an archive unpacks to, in bytes, and the most members.
const LARGEST: u64 = 512 << 20;
const MOST_MEMBERS: usize = 8192;

/// The file is no archive that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read, or is no gzipped tar file.
    #[error("the archive cannot be read")]
    Read(#[from] io::Error),
    /// It is something else.
    #[error("the archive has the format {found:?}, not {SCHEMA:?}")]
    OtherSchema {
        /// What its manifest names; empty where there is none.
        found: String,
    },
    /// It is not what it was.
    #[error("{member} in the archive is not what was packed")]
    Damaged {
        /// The member.
        member: String,
    },
    /// It is larger than any session.
    #[error("the archive is too large")]
    TooLarge,
}

impl Coded for ArchiveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "archive-unreadable",
            Self::OtherSchema { .. } => "archive-other-schema",
            Self::Damaged { .. } => "archive-damaged",
            Self::TooLarge => "archive-too-large",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Read(_) => "Name a file that `debrick bundle` made, and check that it came over whole.",
            Self::OtherSchema { .. } => "Name a file that `debrick bundle` of this version made.",
            Self::Damaged { .. } => {
                "Have it sent again; what was changed on the way or by hand cannot be trusted."
            }
            Self::TooLarge => "Name a file that `debrick bundle` made.",
        }
        .to_owned()
    }
}

/// An opened archive. Every member was compared with the manifest.
#[derive(Debug, Clone)]
pub struct Archive {
    session: String,
    members: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Reads all of it.
    ///
    /// # Errors
    /// [`ArchiveError`], for whatever is not as it was packed.
    pub fn read(from: impl Read) -> Result<Self, ArchiveError> {
        let mut archive = tar::Archive::new(GzDecoder::new(from).take(LARGEST + 1));
        let mut members = BTreeMap::new();
        let mut size = 0;
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = entry.path()?.to_string_lossy().into_owned();
            let name = path.split_once('/').map_or(path.as_str(), |(_, name)| name).to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            size += content.len() as u64;
            if size > LARGEST || members.len() >= MOST_MEMBERS {
                return Err(ArchiveError::TooLarge);
            }
            members.insert(name, content);
        }
        let manifest = members.get("manifest.json").map_or(&[][..], Vec::as_slice);
        let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap_or_default();
        if manifest["schema"] != SCHEMA {
            let found = manifest["schema"].as_str().unwrap_or_default().chars().take(80).collect();
            return Err(ArchiveError::OtherSchema { found });
        }
        for member in manifest["members"].as_array().into_iter().flatten() {
            let name = member["name"].as_str().unwrap_or_default();
            let found = members.get(name).map(|content| Digest::new(Sha256::digest(content).into()).to_hex());
            if found.is_none() || found.as_deref() != member["sha256"].as_str() {
                return Err(ArchiveError::Damaged { member: name.chars().take(80).collect() });
            }
        }
        let session = manifest["session"].as_str().unwrap_or_default().to_owned();
        Ok(Self { session, members })
    }

    /// The session that is in it.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// A member by its name.
    pub fn member(&self, name: &str) -> Option<&[u8]> {
        self.members.get(name).map(Vec::as_slice)
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The events of the session, without what was redacted.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] where one cannot be read.
    pub fn events(&self) -> Result<Vec<Event>, ArchiveError> {
        let damaged = || ArchiveError::Damaged { member: super::JOURNAL.into() };
        let text = std::str::from_utf8(self.member(super::JOURNAL).ok_or_else(damaged)?);
        let event = |line: &str| {
            let mut value: serde_json::Value = serde_json::from_str(line).ok()?;
            serde_json::from_value(value.get_mut("event")?.take()).ok()
        };
        text.map_err(|_| damaged())?.lines().map(|line| event(line).ok_or_else(damaged)).collect()
    }
}
