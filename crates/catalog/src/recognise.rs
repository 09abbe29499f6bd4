//! Which device observations speak of: each is looked up exactly, and what fits is compared.
//!
//! Unlike the search, nothing here is guessed: a name that is nearly right is another name. An observation counts as a
//! witness for a device only where it fits that device alone. Two that fit different devices are a contradiction, which
//! nothing resolves.

mod mentions;
mod names;
mod stated;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use debrick_model::{Candidate, Certainty, Observation, Property, Recognition, Sighting, WITNESSES_NEEDED};

use crate::catalog::Catalog;
use crate::device::{ConsoleFacts, Device};
use crate::error::CatalogError;
use crate::repairable::Repairable;
use names::{Meaning, Naming};

/// The most candidates that are told.
const MOST_CANDIDATES: usize = 20;

/// The witness of firmware files: it tells what a file is for, and nothing of the unit.
const IMAGE: &str = "image";

/// The catalog, in a form in which observations are looked up.
#[derive(Debug)]
pub struct Recogniser {
    naming: Naming,
}

impl Recogniser {
    /// Reads every record of a catalog.
    ///
    /// # Errors
    /// The first record that cannot be put together.
    pub fn new(catalog: &Catalog) -> Result<Self, CatalogError> {
        Ok(Self { naming: Naming::new(catalog.all()?) })
    }

    /// As [`new`](Self::new), with one more record, which takes the place of one with the same id.
    ///
    /// # Errors
    /// The first record that cannot be put together.
    pub fn with_record(catalog: &Catalog, record: &Repairable) -> Result<Self, CatalogError> {
        let mut devices = catalog.all()?;
        devices.retain(|device| device.id != record.id);
        let console = ConsoleFacts { ready: Some(record.console.ready.clone()), ..ConsoleFacts::default() };
        devices.push(Device {
            id: record.id.clone(),
            vendor: record.vendor.clone(),
            model: record.model.clone(),
            hardware_revisions: record.hardware_revisions.clone(),
            board_ids: record.board_ids.clone(),
            console: Some(console),
            ..Device::default()
        });
        Ok(Self { naming: Naming::new(devices) })
    }

    /// Whether an observation fits a device, names another one, or (`None`) says neither.
    pub fn agreement(&self, device: &str, seen: &Observation) -> Option<bool> {
        let device = self.naming.index_of(device)?;
        self.naming.speaks_for(&self.naming.meaning(seen), device)
    }

    /// Whether an observation is testimony for a device, and fits no other.
    pub fn names_alone(&self, device: &str, seen: &Observation) -> bool {
        let meaning = self.naming.meaning(seen);
        let index = self.naming.index_of(device);
        index.is_some_and(|index| meaning.is_testimony() && meaning.fits().eq([index]))
    }

    /// The texts that systems of the catalog's devices print once they run.
    pub fn ready_texts(&self) -> Vec<String> {
        self.naming.ready_texts()
    }

    /// Which modes a USB id (`05c6:9008`, in lower case) belongs to, and of how many devices; `None` where the catalog does
    /// not have it.
    pub fn usb_modes(&self, id: &str) -> Option<(String, usize)> {
        self.naming.usb_modes(id)
    }

    /// The devices whose names stand in a text, in whatever words; nothing in a large one, which is a log. They point to
    /// devices where nothing that the unit says of itself does. `seen` is what was observed in the same text: its lines are
    /// left out.
    pub fn mentions(&self, input: &str, text: &[u8], seen: &[Sighting]) -> Vec<Sighting> {
        let mut found = mentions::mentions(&self.naming, input, text);
        found.retain(|one| seen.iter().all(|other| other.line != one.line));
        found
    }

    /// Which device the observations speak of, and which of them agree and contradict.
    pub fn recognise(&self, observations: Vec<Sighting>) -> Recognition {
        let meanings: Vec<Meaning> =
            observations.iter().map(|sighting| self.naming.meaning(&sighting.observation)).collect();
        let mut question: BTreeSet<usize> = BTreeSet::new();
        for meaning in meanings.iter().filter(|meaning| meaning.names_a_device()) {
            question.extend(meaning.fits());
        }
        // Where nothing else names a device, the chip is what is known.
        if question.is_empty() {
            question.extend(meanings.iter().filter_map(|meaning| match meaning {
                Meaning::Chip { family, .. } => *family,
                _ => None,
            }));
        }
        if question.is_empty() {
            question.extend(meanings.iter().flat_map(|meaning| match meaning {
                Meaning::Mentioned(devices) => devices.as_slice(),
                _ => &[],
            }));
        }
        let mut candidates: Vec<(usize, Candidate)> = question
            .iter()
            .map(|device| (*device, self.candidate(*device, &observations, &meanings)))
            .collect();
        let rank = |(_, one): &(usize, Candidate)| {
            (one.contradicting.len(), usize::MAX - one.independent_witnesses, usize::MAX - one.agreeing.len())
        };
        candidates.sort_by_key(|one| (rank(one), one.1.device.clone()));
        let unmatched = self.unmatched(&observations, &meanings);
        let stated = stated::stated(&observations, &meanings, self.naming.vendors());
        let left: Vec<usize> = candidates
            .iter()
            .filter(|(_, one)| one.contradicting.is_empty())
            .map(|(device, _)| *device)
            .collect();
        let certainty = self.certainty(&candidates, &left, &observations, &unmatched, &meanings);
        let device = match (left.as_slice(), certainty) {
            ([device], Certainty::Known | Certainty::Likely) => Some(self.naming.id(*device).to_owned()),
            _ => None,
        };
        let mut next = self.next(certainty, &candidates, &left, &observations, &unmatched);
        next.extend(other_firmware(&candidates, &left, &observations));
        next.extend(self.of_other_files(&left, &observations, &meanings));
        candidates.truncate(MOST_CANDIDATES);
        let candidates = candidates.into_iter().map(|(_, one)| one).collect();
        Recognition { certainty, device, candidates, stated, observations, unmatched, next }
    }

    fn candidate(&self, device: usize, observations: &[Sighting], meanings: &[Meaning]) -> Candidate {
        let (mut agreeing, mut contradicting) = (Vec::new(), Vec::new());
        let mut witnesses: BTreeSet<&str> = BTreeSet::new();
        let mut surviving: BTreeSet<&str> = BTreeSet::new();
        for (index, (sighting, meaning)) in observations.iter().zip(meanings).enumerate() {
            match self.naming.speaks_for(meaning, device) {
                Some(true) => {
                    agreeing.push(index);
                    let speaker = sighting.observation.speaker();
                    if meaning.fits().eq([device]) && meaning.is_testimony() && speaker != IMAGE {
                        witnesses.insert(speaker);
                        if sighting.observation.survives_firmware() {
                            surviving.insert(speaker);
                        }
                    }
                }
                Some(false) => contradicting.push(index),
                None => {}
            }
        }
        let only_firmware =
            contradicting.iter().all(|index| !observations[*index].observation.survives_firmware());
        let discounted = match surviving.len() >= WITNESSES_NEEDED && only_firmware {
            true => std::mem::take(&mut contradicting),
            false => Vec::new(),
        };
        Candidate {
            device: self.naming.id(device).to_owned(),
            title: self.naming.title(device).to_owned(),
            agreeing,
            contradicting,
            discounted,
            independent_witnesses: witnesses.len(),
        }
    }

    /// Observations that name a device, and none of the catalog.
    fn unmatched(&self, observations: &[Sighting], meanings: &[Meaning]) -> Vec<usize> {
        let names = |(index, (sighting, meaning)): (usize, (&Sighting, &Meaning))| {
            let is_name = match sighting.observation.property {
                Property::Model | Property::Codename => true,
                // Without a maker it may be the design that the board was derived from.
                Property::BoardId => sighting.observation.value.contains(','),
                _ => false,
            };
            (is_name && matches!(meaning, Meaning::Nothing | Meaning::OtherOf(_))).then_some(index)
        };
        observations.iter().zip(meanings).enumerate().filter_map(names).collect()
    }

    fn certainty(
        &self,
        candidates: &[(usize, Candidate)],
        left: &[usize],
        observations: &[Sighting],
        unmatched: &[usize],
        meanings: &[Meaning],
    ) -> Certainty {
        if left.is_empty() {
            let fits =
                meanings.iter().any(|meaning| meaning.names_a_device() && meaning.fits().next().is_some());
            let is_other_revision_only = candidates.iter().all(|(_, one)| one.agreeing.is_empty());
            if candidates.is_empty() && stated::contradict(observations, unmatched) {
                return Certainty::Contradicted;
            }
            return match candidates.is_empty() || !fits || is_other_revision_only {
                true => Certainty::Unknown,
                false => Certainty::Contradicted,
            };
        }
        let mut models: Vec<&str> = left.iter().map(|device| self.naming.model(*device)).collect();
        models.sort_unstable();
        models.dedup();
        let best = candidates.iter().find(|(device, _)| left.contains(device)).map(|(_, one)| one);
        let only_file = best.is_some_and(|one| {
            one.agreeing.iter().all(|index| observations[*index].observation.witness == IMAGE)
        });
        if models.len() > 1 || only_file {
            return Certainty::Unknown;
        }
        // A name that the catalog lacks may be another device's: it does not contradict, but nothing is known for sure.
        let is_sure =
            left.len() == 1 && unmatched.is_empty() && best.is_some_and(|one| one.independent_witnesses >= 2);
        if is_sure { Certainty::Known } else { Certainty::Likely }
    }

    /// Files that are for none of the devices that are left.
    fn of_other_files(
        &self,
        left: &[usize],
        observations: &[Sighting],
        meanings: &[Meaning],
    ) -> Option<String> {
        let is_other = |(seen, meaning): (&Sighting, &Meaning)| {
            let is_file = seen.observation.witness == IMAGE && !left.is_empty();
            let fits_none = meaning.fits().next().is_some() && !meaning.fits().any(|one| left.contains(&one));
            (is_file && fits_none).then(|| {
                format!(
                    "{} says it is for {}, which this unit is not as far as is known: do not write it before that is \
                     settled.",
                    seen.input, seen.observation.value
                )
            })
        };
        observations.iter().zip(meanings).find_map(is_other)
    }

    fn next(
        &self,
        certainty: Certainty,
        candidates: &[(usize, Candidate)],
        left: &[usize],
        observations: &[Sighting],
        unmatched: &[usize],
    ) -> Vec<String> {
        let mut next = Vec::new();
        if certainty == Certainty::Known {
            return next;
        }
        let has = |witness: &str| observations.iter().any(|seen| seen.observation.witness == witness);
        if certainty == Certainty::Contradicted {
            next.push(
                "Observations name different devices. Check that all of them are of this one unit; firmware of \
                 another device may be on it. Write nothing until the reason is found."
                    .to_owned(),
            );
        }
        let revisions: BTreeMap<&str, ()> =
            candidates.iter().map(|(device, _)| (self.naming.model(*device), ())).collect();
        if left.len() > 1 && revisions.len() == 1 {
            next.push(format!(
                "Read the hardware revision on the label: the catalog has {} kinds of this model.",
                left.len()
            ));
        }
        if !has("operator") {
            next.push(
                "Give the text of the label with --label: vendor, model and hardware revision, letter by letter."
                    .to_owned(),
            );
        }
        if !has("bootloader") && !has("firmware") && !has("environment") {
            next.push(
                "Give a log of the serial console from power-on with --log: bootloader and kernel name the board."
                    .to_owned(),
            );
        } else if !has("bootloader") && !has("environment") {
            next.push(
                "Look at what the bootloader prints after power-on, or at its variables (printenv)."
                    .to_owned(),
            );
        }
        if !unmatched.is_empty() {
            next.push(
                "Some names are not in the catalog. `debrick devices search` finds similar ones; a device that is \
                 missing can be described in a file of its own (docs/add-a-device.md)."
                    .to_owned(),
            );
        }
        next
    }
}

/// That firmware of another device is installed, where a device is left of which only its firmware says otherwise.
fn other_firmware(
    candidates: &[(usize, Candidate)],
    left: &[usize],
    observations: &[Sighting],
) -> Option<String> {
    let ([only], found) = (left, candidates) else { return None };
    let (_, one) = found.iter().find(|(device, _)| device == only)?;
    let seen = &observations[*one.discounted.first()?];
    Some(format!(
        "The system that runs on it calls itself {:?} ({}), and the unit is the {}: firmware of another device is \
         installed. Write firmware of the unit's own model.",
        seen.observation.value, seen.input, one.title
    ))
}

#[cfg(test)]
mod tests;
