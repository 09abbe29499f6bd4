//! `cargo xtask check-catalog`: every record in `catalog/` and in the lab keeps to the rules.

use std::collections::BTreeSet;
use std::path::PathBuf;

use debrick_catalog::{Catalog, LintReport};

/// Folders with records.
const FOLDERS: &[&str] = &["catalog", "lab/router"];

pub(crate) fn check() -> Result<(), String> {
    let checked = faults()?;
    if !checked.faults.is_empty() {
        return Err(format!("{}\n{} faults", checked.faults.join("\n"), checked.faults.len()));
    }
    println!("{} files, {} records, no faults", checked.files, checked.records);
    Ok(())
}

/// What a check of all records found.
pub(crate) struct Checked {
    pub(crate) files: usize,
    pub(crate) records: usize,
    /// Each with its file, its line and its reason.
    pub(crate) faults: Vec<String>,
}

/// Checks all records.
pub(crate) fn faults() -> Result<Checked, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let builtin = Catalog::builtin();
    let mut report = LintReport::default();
    for folder in FOLDERS {
        let found = debrick_catalog::lint_folder(&root.join(folder), &|id| builtin.family(id))
            .map_err(|error| error.to_string())?;
        report.files += found.files;
        report.records += found.records;
        report.faults.extend(found.faults);
    }
    let faults = report.faults.iter().map(ToString::to_string).chain(unknown_formats()?).collect();
    Ok(Checked { files: report.files, records: report.records, faults })
}

/// Formats that records name and that no reader of images knows.
fn unknown_formats() -> Result<Vec<String>, String> {
    let known: BTreeSet<&str> = debrick_image::known_formats()
        .flat_map(|(id, about)| about.outermost.iter().copied().chain([id]))
        .collect();
    let mut faults = Vec::new();
    for device in Catalog::builtin().all().map_err(|error| error.to_string())? {
        let own = device.firmware.iter().flat_map(|firmware| &firmware.formats);
        for format in own.chain(device.method.iter().flat_map(|method| &method.formats)) {
            if !known.contains(format.as_str()) {
                faults.push(format!(
                    "{}: no format is called {format:?} (docs/formats.md lists them)",
                    device.id
                ));
            }
        }
    }
    Ok(faults)
}
