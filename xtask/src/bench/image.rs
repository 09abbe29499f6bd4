//! `debrick image inspect` on files whose truth is known, and against the tools that people use for it today.

mod accuracy;
mod speed;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Row, text};

/// What a manifest knows of a file.
pub(super) struct Known {
    path: PathBuf,
    /// A name for people: file and descriptive id.
    name: String,
    truth: Value,
}

/// Reads `manifest.json` of a folder.
fn known(folder: &Path) -> Result<Vec<Known>, String> {
    let manifest = std::fs::read(folder.join("manifest.json")).map_err(text)?;
    let entries: Vec<Value> = serde_json::from_slice(&manifest).map_err(text)?;
    let known = |entry: &Value| {
        let file = entry["file"].as_str().unwrap_or_default();
        Known {
            path: folder.join(file),
            name: format!("{file} {}", entry["id"].as_str().unwrap_or_default()),
            truth: entry["truth"].clone(),
        }
    };
    Ok(entries.iter().map(known).collect())
}

pub(super) fn measure(program: &Path, images: Option<&Path>, mismatches: bool) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    if let Some(folder) = images {
        let known = known(folder)?;
        rows.extend(accuracy::measure(program, &known, mismatches)?);
        rows.extend(speed::against_others(program, &known)?);
    } else {
        println!("no --images DIR: accuracy, and speed against binwalk and unblob, are left out");
    }
    rows.extend(speed::large_and_small(program)?);
    Ok(rows)
}
