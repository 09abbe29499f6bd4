//! The check of files and folders of records, as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Fault, faults};
use crate::device::Device;
use crate::error::CatalogError;
use crate::file::{LONGEST_FILE, Located, RecordFile};
use crate::inherit::{InheritanceFault, over, resolve};
use crate::method::Method;

/// What a check found.
#[derive(Debug, Default)]
pub struct LintReport {
    /// Files that were read.
    pub files: usize,
    /// Records that were read, families included.
    pub records: usize,
    /// What is wrong, by file and line.
    pub faults: Vec<Fault>,
}

/// Checks a file of records, or every `.toml` file under a folder. `families` finds families that the files themselves
/// do not bring along.
///
/// # Errors
/// [`CatalogError::Unreadable`] where a file or folder cannot be read.
pub fn lint_folder(
    path: &Path,
    families: &dyn Fn(&str) -> Option<Device>,
) -> Result<LintReport, CatalogError> {
    let mut files = Vec::new();
    for file in record_files(path)? {
        let text = read(&file)?;
        files.push((file.clone(), RecordFile::parse(&file.display().to_string(), &text, true)));
    }
    Ok(lint_files(&files, families))
}

/// The files of records under a path, in order.
pub(crate) fn record_files(path: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let unreadable = |source| CatalogError::Unreadable { file: path.display().to_string(), source };
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files.extend(record_files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "toml") {
            files.push(entry);
        }
    }
    Ok(files)
}

/// The text of a file of records.
pub(crate) fn read(path: &Path) -> Result<String, CatalogError> {
    let file = path.display().to_string();
    let size = std::fs::metadata(path).map(|metadata| metadata.len() as usize).unwrap_or_default();
    if size > LONGEST_FILE {
        return Err(CatalogError::TooLarge { file, size });
    }
    std::fs::read_to_string(path).map_err(|source| CatalogError::Unreadable { file, source })
}

/// Whether a file was made by an importer: its records lie below those written by hand.
pub(crate) fn is_imported(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "imported")
}

/// A record, and the file that it stands in.
type Placed<'a> = (&'a RecordFile, &'a Located);

fn lint_files(files: &[(PathBuf, RecordFile)], families: &dyn Fn(&str) -> Option<Device>) -> LintReport {
    let mut report = LintReport { files: files.len(), ..LintReport::default() };
    let mut own_families: BTreeMap<&str, Placed<'_>> = BTreeMap::new();
    let mut by_hand: BTreeMap<&str, Placed<'_>> = BTreeMap::new();
    let mut imported: BTreeMap<&str, Placed<'_>> = BTreeMap::new();
    for (path, file) in files {
        report.records += file.records.len();
        report.faults.extend(file.faults.iter().cloned());
        let is_of_families = file.content.is_some_and(crate::file::Content::is_of_families);
        for record in &file.records {
            let layer = match (is_of_families, is_imported(path)) {
                (true, _) => &mut own_families,
                (false, true) => &mut imported,
                (false, false) => &mut by_hand,
            };
            let id = record.device.id.as_str();
            if let Some((other, first)) = layer.insert(id, (file, record)) {
                let what = format!("there is another record with this id at {}:{}", other.name, first.line);
                report.faults.push(fault(file, record, "id", what, "an id means one record"));
            }
            if is_imported(path) && record.device.checked.is_some() {
                let what = "an imported record says that it was checked by hand".to_owned();
                report.faults.push(fault(
                    file,
                    record,
                    "checked",
                    what,
                    "the next import would say so again",
                ));
            }
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let is_alone = file.content.is_some_and(crate::file::Content::is_of_one);
            if is_alone
                && path.components().any(|part| part.as_os_str() == "catalog")
                && stem.as_deref() != Some(id)
            {
                let what = "the file is not named after its record".to_owned();
                report.faults.push(fault(file, record, "id", what, "a record is looked for under its id"));
            }
        }
    }
    let family = |name: &str| {
        own_families.get(name).map(|(_, record)| record.device.clone()).or_else(|| families(name))
    };
    for (file, record) in own_families.values() {
        check(file, record, None, true, &family, &mut report.faults);
    }
    for (file, record) in by_hand.values().chain(imported.values()) {
        let below =
            imported.get(record.device.id.as_str()).filter(|(_, below)| !std::ptr::eq(*below, *record));
        let below = below.map(|(_, below)| below.device.clone());
        check(file, record, below, false, &family, &mut report.faults);
    }
    report.faults.sort();
    report.faults.dedup();
    report
}

fn check(
    file: &RecordFile,
    record: &Located,
    below: Option<Device>,
    is_family: bool,
    family: &dyn Fn(&str) -> Option<Device>,
    found: &mut Vec<Fault>,
) {
    check_without(file, record, below.as_ref(), family, found);
    let own = record.device.clone();
    let whole = match below {
        Some(below) => over(own, below),
        None => own,
    };
    let whole = match resolve(whole, family) {
        Ok(whole) => whole,
        Err(InheritanceFault::UnknownFamily(name)) => {
            let what = format!("there is no family {name:?}");
            found.push(fault(
                file,
                record,
                "families",
                what,
                "it is in no file that can be used, nor in the program",
            ));
            return;
        }
        Err(InheritanceFault::Cycle(circle)) => {
            let what = format!("the families {} build on each other in a circle", circle.join(" > "));
            found.push(fault(file, record, "families", what, "none of them could be the base"));
            return;
        }
        Err(InheritanceFault::TooDeep(name)) => {
            let what = format!("the family {name:?} is too far down");
            found.push(fault(
                file,
                record,
                "families",
                what,
                "at most eight families lie on top of each other",
            ));
            return;
        }
    };
    for fault in faults(&whole, is_family) {
        // What a family gets wrong is told once, there.
        let is_of_family = |known: &Fault| whole.families.contains(&known.record) && known.what == fault.what;
        if !found.iter().any(is_of_family) {
            found.push(Fault {
                file: file.name.clone(),
                line: record.line_of(&fault.path),
                record: record.device.id.clone(),
                what: fault.what,
                why: fault.why.to_owned(),
            });
        }
    }
}

/// A method that a record is without has to come from a record below it; else the name is a misspelled one.
fn check_without(
    file: &RecordFile,
    record: &Located,
    below: Option<&Device>,
    family: &dyn Fn(&str) -> Option<Device>,
    found: &mut Vec<Fault>,
) {
    if record.device.without.is_empty() {
        return;
    }
    let below_families = below.map(|below| below.families.clone()).unwrap_or_default();
    let families = record.device.families.iter().cloned().chain(below_families).collect();
    let of_families = resolve(Device { families, ..Device::default() }, family).unwrap_or_default();
    let lent = || below.iter().flat_map(|below| &below.method).chain(&of_families.method);
    for (index, name) in record.device.without.iter().enumerate() {
        let path = format!("without[{index}]");
        let is_named = |method: &Method| method.name == *name;
        if record.device.method.iter().any(is_named) {
            let what = format!("the record has a method {name:?}, and is without it");
            found.push(fault(file, record, &path, what, "it can only be one of both"));
        }
        if !lent().any(is_named) {
            let what = format!("nothing below gives a method {name:?}");
            found.push(fault(file, record, &path, what, "what is not there need not be taken away"));
        }
    }
}

fn fault(file: &RecordFile, record: &Located, path: &str, what: String, why: &str) -> Fault {
    Fault {
        file: file.name.clone(),
        line: record.line_of(path),
        record: record.device.id.clone(),
        what,
        why: why.to_owned(),
    }
}

/// Checks one record of a file, on top of what `below` knows under its id, and returns it on top of its families.
pub(crate) fn checked(
    file: &RecordFile,
    record: &Located,
    below: &dyn Fn(&str) -> Option<Device>,
    families: &dyn Fn(&str) -> Option<Device>,
) -> Result<Device, Vec<Fault>> {
    let is_family = file.content.is_some_and(crate::file::Content::is_of_families);
    let own = record.device.clone();
    let below = below(&own.id).filter(|_| !is_family);
    let mut found = Vec::new();
    check(file, record, below.clone(), is_family, families, &mut found);
    let whole = match below {
        Some(below) => over(own, below),
        None => own,
    };
    match resolve(whole, families) {
        Ok(whole) if found.is_empty() => Ok(whole),
        _ => Err(found),
    }
}
