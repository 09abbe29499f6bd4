//! The keys that the operator trusts, in a file of the state folder: `trust.json`, schema `debrick.trust/1`.

use std::io;
use std::path::Path;

use debrick_image::{Revocation, TrustStore, TrustedKey};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::{input, state_file};

const NAME: &str = "trust.json";
const SCHEMA: &str = "debrick.trust/1";

/// The longest file of keys that is read, in bytes.
const LONGEST: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    schema: String,
    keys: Vec<TrustedKey>,
    #[serde(default)]
    revoked: Vec<Revocation>,
}

/// Only the schema, so that a newer file is told from a damaged one.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// Reads the trusted keys; none where none were ever added.
pub(crate) fn read(state_dir: &Path) -> Result<TrustStore, Failure> {
    let path = state_dir.join(NAME);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Ok(TrustStore::default()),
        Err(error) => return Err(Failure::file("reading", &path, &error)),
    }
    let text = input::text(&path, LONGEST)?;
    let unusable = |error: serde_json::Error| {
        Failure::new(
            "trust-store-damaged",
            format!("the trusted keys in {} cannot be read", path.display()),
            "Nothing is trusted until this is settled. Move the file away, and add the keys again with `debrick trust add`.",
        )
        .because(error.to_string())
    };
    let head: Head = serde_json::from_str(&text).map_err(unusable)?;
    if head.schema != SCHEMA {
        return Err(Failure::new(
            "trust-store-foreign",
            format!("{} has the schema {}, and this program knows {SCHEMA}", path.display(), head.schema),
            "Use the version of debrick that wrote it, or name another folder with --state-dir.",
        ));
    }
    let stored: Stored = serde_json::from_str(&text).map_err(unusable)?;
    Ok(TrustStore { keys: stored.keys, revoked: stored.revoked })
}

/// Puts the trusted keys in place as a whole: whatever happens, either the old file or the new one is there.
pub(crate) fn write(state_dir: &Path, store: &TrustStore) -> Result<(), Failure> {
    let path = state_dir.join(NAME);
    let stored = Stored { schema: SCHEMA.into(), keys: store.keys.clone(), revoked: store.revoked.clone() };
    let written = serde_json::to_vec_pretty(&stored)
        .map_err(io::Error::other)
        .and_then(|text| state_file::replace(state_dir, NAME, &text));
    written.map_err(|error| Failure::file("writing", &path, &error))
}
