//! The catalog as a whole: the program's own records, and a user's on top of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::device::{Device, Kind};
use crate::embedded;
use crate::error::CatalogError;
use crate::file::{Content, RecordFile};
use crate::inherit::{InheritanceFault, over, resolve};
use crate::lint::{Fault, checked, read, record_files};
use crate::search::{Hit, Names, Searcher};

/// The catalog: the program's own records, and a user's on top of them.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The user's records, as they are written.
    devices: BTreeMap<String, Device>,
    /// The user's families, as they are written.
    families: BTreeMap<String, Device>,
}

/// One line of the index.
struct IndexLine<'a> {
    id: &'a str,
    /// Where the record lies: `chunk:line`, those written by hand first.
    places: &'a str,
    names: Names<'a>,
}

impl Catalog {
    /// The program's own catalog.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The program's own catalog with the records of a user's folder on top. A folder that is not there is empty.
    ///
    /// # Errors
    /// The first file that cannot be read or is no valid file of records.
    pub fn with_folder(folder: &Path) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        if !folder.exists() {
            return Ok(catalog);
        }
        let mut files = Vec::new();
        for path in record_files(folder)? {
            let file = RecordFile::parse(&path.display().to_string(), &read(&path)?, true);
            for record in &file.records {
                if file.content.is_some_and(Content::is_of_families) {
                    catalog.families.insert(record.device.id.clone(), record.device.clone());
                }
            }
            files.push(file);
        }
        for file in &files {
            let devices = catalog.check(file)?;
            if !file.content.is_some_and(Content::is_of_families) {
                catalog.devices.extend(devices.into_iter().map(|device| (device.id.clone(), device)));
            }
        }
        Ok(catalog)
    }

    /// Reads one device record of a user, and puts it on top of the catalog's record with the same id, if there is one,
    /// and on its families. `name` is the file's name, for messages.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn parse(&self, name: &str, text: &str) -> Result<Device, CatalogError> {
        if text.len() > crate::LONGEST_RECORD {
            return Err(CatalogError::TooLarge { file: name.into(), size: text.len() });
        }
        let file = RecordFile::parse(name, text, true);
        if let Some(fault) = file.faults.first() {
            let is_other = file.content.is_none() && !file.schema.is_empty();
            return Err(match is_other {
                true => CatalogError::OtherSchema { file: name.into(), schema: file.schema },
                false => CatalogError::Malformed { fault: Box::new(fault.clone()) },
            });
        }
        if file.content != Some(Content::Device) {
            return Err(CatalogError::OtherSchema { file: name.into(), schema: file.schema });
        }
        let devices = self.check(&file)?;
        devices.into_iter().next().ok_or_else(|| CatalogError::UnknownDevice { id: name.into() })
    }

    /// The devices of a file on top of what the catalog knows, checked.
    fn check(&self, file: &RecordFile) -> Result<Vec<Device>, CatalogError> {
        if file.content.is_none() && !file.schema.is_empty() {
            return Err(CatalogError::OtherSchema { file: file.name.clone(), schema: file.schema.clone() });
        }
        let below = |id: &str| self.embedded_layers(id).ok().flatten();
        let family = |id: &str| self.family(id);
        checked(file, &below, &family)
            .map_err(|faults| CatalogError::Invalid { file: file.name.clone(), faults })
    }

    /// The record with this id, on top of its families.
    ///
    /// # Errors
    /// [`CatalogError::UnknownDevice`] where there is none.
    pub fn find(&self, id: &str) -> Result<Device, CatalogError> {
        let unknown = || CatalogError::UnknownDevice { id: id.into() };
        if let Some(own) = self.devices.get(id) {
            return Ok(own.clone());
        }
        self.whole(self.embedded_layers(id)?.ok_or_else(unknown)?)
    }

    /// Every record, on top of its families, in the order of their ids.
    ///
    /// # Errors
    /// The first record that cannot be put together.
    pub fn all(&self) -> Result<Vec<Device>, CatalogError> {
        let index = embedded::index()?;
        let mut chunks: BTreeMap<usize, String> = BTreeMap::new();
        let families = families()?;
        let family = |id: &str| self.families.get(id).or_else(|| families.get(id)).cloned();
        let mut devices = self.devices.clone();
        for line in lines(&index) {
            if self.devices.contains_key(line.id) {
                continue;
            }
            let mut whole: Option<Device> = None;
            for (chunk, number) in places(line.places) {
                if let std::collections::btree_map::Entry::Vacant(vacant) = chunks.entry(chunk) {
                    vacant.insert(embedded::chunk(chunk)?);
                }
                let layer = device_at(chunks.get(&chunk).map_or("", String::as_str), number, line.id)?;
                whole = Some(match whole {
                    Some(above) => over(above, layer),
                    None => layer,
                });
            }
            let Some(whole) = whole else { continue };
            devices.insert(
                line.id.to_owned(),
                resolve(whole, &family).map_err(|fault| broken(line.id, &fault))?,
            );
        }
        Ok(devices.into_values().collect())
    }

    /// The family with this id, as it is written.
    pub fn family(&self, id: &str) -> Option<Device> {
        if let Some(own) = self.families.get(id) {
            return Some(own.clone());
        }
        let families = embedded::families().ok()?;
        let line = families.lines().find(|line| line.split('\t').next() == Some(id))?;
        serde_json::from_str(line.split_once('\t')?.1).ok()
    }

    /// How many devices there are.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] where the program's own catalog is.
    pub fn count(&self) -> Result<usize, CatalogError> {
        let index = embedded::index()?;
        let more = self.devices.keys().filter(|id| !lines(&index).any(|line| line.id == **id)).count();
        Ok(index.lines().count() + more)
    }

    /// The devices that a text may mean, best first, at most `limit`.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] where the program's own catalog is.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, CatalogError> {
        let index = embedded::index()?;
        let mut searcher = Searcher::new(text);
        let own: Vec<(String, String)> = self
            .devices
            .values()
            .map(|device| {
                let others = [device.aliases.as_slice(), device.model_numbers.as_slice()].concat();
                (device.id.clone(), others.join("|"))
            })
            .collect();
        for (device, (id, others)) in self.devices.values().zip(&own) {
            let variant = device.variant.as_deref().unwrap_or_default();
            let names =
                Names { kind: device.kind(), vendor: &device.vendor, model: &device.model, variant, others };
            searcher.add(id, names);
        }
        for line in lines(&index).filter(|line| !self.devices.contains_key(line.id)) {
            searcher.add(line.id, line.names);
        }
        Ok(searcher.best(limit))
    }

    /// The record of the program's own catalog: what was written by hand over what was imported, without families.
    fn embedded_layers(&self, id: &str) -> Result<Option<Device>, CatalogError> {
        let index = embedded::index()?;
        let Some(line) = lines(&index).find(|line| line.id == id) else { return Ok(None) };
        let mut whole: Option<Device> = None;
        for (chunk, number) in places(line.places) {
            let layer = device_at(&embedded::chunk(chunk)?, number, id)?;
            whole = Some(match whole {
                Some(above) => over(above, layer),
                None => layer,
            });
        }
        Ok(whole)
    }

    fn whole(&self, device: Device) -> Result<Device, CatalogError> {
        let id = device.id.clone();
        let families = families()?;
        let family = |id: &str| self.families.get(id).or_else(|| families.get(id)).cloned();
        resolve(device, &family).map_err(|fault| broken(&id, &fault))
    }
}

/// The program's own families.
fn families() -> Result<BTreeMap<String, Device>, CatalogError> {
    let mut families = BTreeMap::new();
    for line in embedded::families()?.lines() {
        let (id, json) = line.split_once('\t').unwrap_or_default();
        let family = serde_json::from_str(json)
            .map_err(|_| CatalogError::Damaged { place: format!("the family {id}") })?;
        families.insert(id.to_owned(), family);
    }
    Ok(families)
}

fn lines(index: &str) -> impl Iterator<Item = IndexLine<'_>> {
    index.lines().map(|line| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let (id, places) = (next(), next());
        let kind = Kind::from_id(next()).unwrap_or(Kind::Router);
        IndexLine {
            id,
            places,
            names: Names { kind, vendor: next(), model: next(), variant: next(), others: next() },
        }
    })
}

fn places(places: &str) -> impl Iterator<Item = (usize, usize)> {
    places.split(',').filter_map(|place| {
        let (chunk, line) = place.split_once(':')?;
        Some((chunk.parse().ok()?, line.parse().ok()?))
    })
}

fn device_at(chunk: &str, line: usize, id: &str) -> Result<Device, CatalogError> {
    let damaged = || CatalogError::Damaged { place: format!("the record {id}") };
    let json = chunk.lines().nth(line).ok_or_else(damaged)?;
    serde_json::from_str(json).map_err(|_| damaged())
}

fn broken(id: &str, fault: &InheritanceFault) -> CatalogError {
    let what = match fault {
        InheritanceFault::UnknownFamily(name) => format!("there is no family {name:?}"),
        InheritanceFault::Cycle(circle) => format!("its families build a circle: {}", circle.join(" > ")),
        InheritanceFault::TooDeep(name) => format!("the family {name:?} is too far down"),
    };
    let fault = Fault {
        file: "catalog".into(),
        line: 1,
        record: id.into(),
        what,
        why: "a record stands on its families".into(),
    };
    CatalogError::Invalid { file: id.into(), faults: vec![fault] }
}
