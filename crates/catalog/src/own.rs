//! A user's own records: the folder that lies over the catalog. What is wrong in it is left out and told, and the rest is
//! there all the same.

use std::collections::BTreeMap;
use std::path::Path;

use crate::device::Device;
use crate::error::CatalogError;
use crate::file::{Content, RecordFile};
use crate::lint::{Fault, checked, read, record_files};
use crate::pack::Pack;

/// A user's own records.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Devices, on top of what the catalog knows of them.
    pub(crate) devices: BTreeMap<String, Device>,
    /// Families, as they are written.
    families: BTreeMap<String, Device>,
    /// What was left out, by the ids that it is about, as far as they can be told.
    pub(crate) broken: BTreeMap<String, Vec<Fault>>,
    pub(crate) broken_families: BTreeMap<String, Vec<Fault>>,
    /// All that is wrong, file by file.
    pub(crate) faults: Vec<Fault>,
}

impl Own {
    /// Reads a folder.
    pub(crate) fn read(folder: &Path, pack: &Pack) -> Result<Self, CatalogError> {
        let mut own = Self::default();
        let mut files = Vec::new();
        for path in record_files(folder)? {
            files.extend(own.parse(&path));
        }
        let is_of_families = |file: &&RecordFile| file.content.is_some_and(Content::is_of_families);
        for file in files.iter().filter(is_of_families) {
            for record in &file.records {
                own.families.insert(record.device.id.clone(), record.device.clone());
            }
        }
        for file in files.iter().filter(is_of_families) {
            for record in &file.records {
                let family = |id: &str| own.family(id, |id| pack.family(id));
                if let Err(faults) = checked(file, record, &|_| None, &family) {
                    let id = record.device.id.clone();
                    own.broken_families.entry(id).or_default().extend(faults.iter().cloned());
                    own.faults.extend(faults);
                }
            }
        }
        let below = |id: &str| {
            let line = pack.index().ok()?.find(id)?;
            pack.record(&line).ok()
        };
        for file in files.iter().filter(|file| !is_of_families(file)) {
            for record in &file.records {
                let family = |id: &str| own.family(id, |id| pack.family(id));
                let id = record.device.id.clone();
                match checked(file, record, &below, &family) {
                    Ok(device) => drop(own.devices.insert(id, device)),
                    Err(faults) => {
                        own.broken.entry(id).or_default().extend(faults.iter().cloned());
                        own.faults.extend(faults);
                    }
                }
            }
        }
        // Of two records with one id, of which one is wrong, nobody knows which counts.
        for id in own.broken.keys() {
            own.devices.remove(id);
        }
        own.faults.sort();
        own.faults.dedup();
        Ok(own)
    }

    /// Whether a record of the catalog is not to be seen: the user's own lies over it, or should.
    pub(crate) fn hides(&self, id: &str) -> bool {
        self.devices.contains_key(id) || self.broken.contains_key(id)
    }

    /// The family with this id, or `below`'s. One that was left out is not replaced by another.
    pub(crate) fn family(&self, id: &str, below: impl FnOnce(&str) -> Option<Device>) -> Option<Device> {
        if self.broken_families.contains_key(id) {
            return None;
        }
        self.families.get(id).cloned().or_else(|| below(id))
    }

    /// Reads a file. What cannot be read of it is kept as broken; `None` where that is all of it.
    fn parse(&mut self, path: &Path) -> Option<RecordFile> {
        let name = path.display().to_string();
        let text = match read(path) {
            Ok(text) => text,
            Err(error) => {
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                let why = reason.unwrap_or_else(|| "no file of records is that large".into());
                let fault =
                    Fault { file: name, line: 1, record: String::new(), what: error.to_string(), why };
                self.leave_out(path, "", &[fault]);
                return None;
            }
        };
        let file = RecordFile::parse(&name, &text, true);
        let (of_records, of_file): (Vec<_>, Vec<_>) =
            file.faults.iter().cloned().partition(|fault| !fault.record.is_empty());
        if !of_file.is_empty() {
            self.leave_out(path, &text, &file.faults);
            return None;
        }
        let broken = match file.content.is_some_and(Content::is_of_families) {
            true => &mut self.broken_families,
            false => &mut self.broken,
        };
        for fault in &of_records {
            broken.entry(fault.record.clone()).or_default().push(fault.clone());
        }
        self.faults.extend(of_records);
        Some(file)
    }

    /// Leaves a file out. Which records it would hold can only be guessed: by its name, and by what looks like an id.
    fn leave_out(&mut self, path: &Path, text: &str, faults: &[Fault]) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let ids = text.lines().filter_map(|line| {
            let value = line.trim().strip_prefix("id")?.trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            value[1..].split(quote).next().map(str::to_owned)
        });
        for id in ids.chain(stem) {
            self.broken.entry(id.clone()).or_default().extend(faults.iter().cloned());
            self.broken_families.entry(id).or_default().extend(faults.iter().cloned());
        }
        self.faults.extend(faults.iter().cloned());
    }
}

/// What firmware calls a device's board.
pub(crate) fn codes_of(device: &Device) -> Vec<&str> {
    device.board_ids.iter().chain(device.header_ids.values().flatten()).map(String::as_str).collect()
}
