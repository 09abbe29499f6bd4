//! The catalog as a whole: a packed one, mostly the program's own, and a user's records on top of it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::device::Device;
use crate::error::CatalogError;
use crate::file::{Content, RecordFile};
use crate::inherit::{InheritanceFault, resolve};
use crate::lint::{Fault, checked};
use crate::own::{Own, codes_of};
use crate::pack::index::Names;
use crate::pack::{Chunks, Pack};
use crate::search::{Hit, OwnNames, search};

/// The catalog: a packed one, mostly the program's own, and a user's records on top of it.
#[derive(Debug)]
pub struct Catalog {
    pack: Pack,
    own: Own,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalog {
    /// The program's own catalog.
    pub fn builtin() -> Self {
        Self { pack: Pack::embedded(), own: Own::default() }
    }

    /// A packed catalog by the bytes of its file, in place of the program's own. Who made it is for the caller to find
    /// out, before. `name` is the file's name, for messages.
    ///
    /// Only its beginning is read; [`check`](Self::check) reads the rest.
    ///
    /// # Errors
    /// [`CatalogError::PackUnknown`], [`PackSchema`](CatalogError::PackSchema),
    /// [`PackDamaged`](CatalogError::PackDamaged) and [`PackTooLarge`](CatalogError::PackTooLarge).
    pub fn of_pack(name: &str, bytes: Vec<u8>) -> Result<Self, CatalogError> {
        Ok(Self { pack: Pack::read(name, bytes)?, own: Own::default() })
    }

    /// Reads all of the packed catalog, and checks every record by the rules that a user's own keep to. Returns how many
    /// there are. Takes a tenth of a second.
    ///
    /// # Errors
    /// [`CatalogError::PackDamaged`] at the first thing that is wrong.
    pub fn check(&self, name: &str) -> Result<usize, CatalogError> {
        self.pack.check(name)
    }

    /// The serial number of the packed catalog: a newer one has a greater.
    pub fn serial(&self) -> u64 {
        self.pack.serial()
    }

    /// Bytes of the packed catalog.
    pub fn packed_size(&self) -> usize {
        self.pack.size()
    }

    /// The catalog with the records of a user's folder on top. A folder that is not there is empty. What is wrong in the
    /// folder is left out, and [`faults`](Self::faults) tells it; [`find`](Self::find) refuses what was left out.
    ///
    /// # Errors
    /// [`CatalogError::Unreadable`] where the folder cannot be listed.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, CatalogError> {
        if folder.exists() {
            self.own = Own::read(folder, &self.pack)?;
        }
        Ok(self)
    }

    /// What is wrong in the user's folder.
    pub fn faults(&self) -> &[Fault] {
        &self.own.faults
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
        let below = |id: &str| self.packed(id).ok().flatten();
        let family = |id: &str| self.family(id);
        let devices = file.records.iter().map(|record| checked(&file, record, &below, &family));
        let devices = devices
            .collect::<Result<Vec<_>, _>>()
            .map_err(|faults| CatalogError::Invalid { file: file.name.clone(), faults })?;
        devices.into_iter().next().ok_or_else(|| CatalogError::UnknownDevice { id: name.into() })
    }

    /// The record with this id, on top of its families.
    ///
    /// # Errors
    /// [`CatalogError::UnknownDevice`] where there is none, and [`CatalogError::OwnBroken`] where the user's own record of
    /// it, or a family that it stands on, was left out: it may say what the catalog does not know.
    pub fn find(&self, id: &str) -> Result<Device, CatalogError> {
        if let Some(faults) = self.own.broken.get(id) {
            return Err(CatalogError::OwnBroken { id: id.into(), faults: faults.clone() });
        }
        if let Some(own) = self.own.devices.get(id) {
            return Ok(own.clone());
        }
        let device = self.packed(id)?.ok_or_else(|| CatalogError::UnknownDevice { id: id.into() })?;
        self.whole(device, &self.pack.families()?)
    }

    /// Every record that can be used, on top of its families, in the order of their ids.
    ///
    /// # Errors
    /// The first record that cannot be put together.
    pub fn all(&self) -> Result<Vec<Device>, CatalogError> {
        let families = self.pack.families()?;
        let mut chunks = Chunks::default();
        let mut devices = self.own.devices.clone();
        for line in self.pack.index()?.lines().filter(|line| !self.own.hides(line.id)) {
            match self.whole(self.pack.record_by(&line, &mut chunks)?, &families) {
                Ok(whole) => drop(devices.insert(line.id.to_owned(), whole)),
                Err(CatalogError::OwnBroken { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(devices.into_values().collect())
    }

    /// The family with this id, as it is written.
    pub fn family(&self, id: &str) -> Option<Device> {
        self.own.family(id, |id| self.pack.family(id))
    }

    /// The family with this id, on top of those that it builds on.
    ///
    /// # Errors
    /// [`CatalogError::UnknownFamily`] where there is none, and what keeps it from being put together.
    pub fn find_family(&self, id: &str) -> Result<Device, CatalogError> {
        let family = self.family(id).ok_or_else(|| CatalogError::UnknownFamily { id: id.into() })?;
        self.whole(family, &self.pack.families()?)
    }

    /// The ids of all families, in order.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] where the catalog is.
    pub fn family_ids(&self) -> Result<Vec<String>, CatalogError> {
        Ok(self.pack.families()?.into_keys().collect())
    }

    /// How many devices there are.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] where the catalog is.
    pub fn count(&self) -> Result<usize, CatalogError> {
        let index = self.pack.index()?;
        Ok(index.len() + self.own.devices.keys().filter(|id| index.find(id).is_none()).count())
    }

    /// The devices that a text may mean, best first, at most `limit`.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] where the catalog is.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, CatalogError> {
        let texts = |device: &Device| {
            let others = [device.aliases.as_slice(), device.model_numbers.as_slice()].concat();
            (others.join("|"), codes_of(device).join("|"))
        };
        let texts: Vec<(String, String)> = self.own.devices.values().map(texts).collect();
        let own = self.own.devices.values().zip(&texts).map(|(device, (others, codes))| OwnNames {
            id: &device.id,
            names: Names {
                kind: device.kind(),
                vendor: &device.vendor,
                model: &device.model,
                variant: device.variant.as_deref().unwrap_or_default(),
                others,
                codes,
            },
        });
        Ok(search(text, limit, self.pack.index()?, &own.collect::<Vec<_>>()))
    }

    /// The record of the packed catalog: what was written by hand over what was imported, without families.
    fn packed(&self, id: &str) -> Result<Option<Device>, CatalogError> {
        self.pack.index()?.find(id).map(|line| self.pack.record(&line)).transpose()
    }

    fn whole(&self, device: Device, families: &BTreeMap<String, Device>) -> Result<Device, CatalogError> {
        let id = device.id.clone();
        let family = |id: &str| self.own.family(id, |id| families.get(id).cloned());
        resolve(device, &family).map_err(|fault| match fault {
            InheritanceFault::UnknownFamily(name) if self.own.broken_families.contains_key(&name) => {
                let faults = self.own.broken_families.get(&name).cloned().unwrap_or_default();
                CatalogError::OwnBroken { id, faults }
            }
            other => broken(&id, &other),
        })
    }
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
