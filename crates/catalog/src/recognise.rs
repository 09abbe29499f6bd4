//! Which device observations speak of: each is looked up exactly, and what fits is compared.
//!
//! Unlike the search, nothing here is guessed: a name that is nearly right is another name. An observation counts as a
//! witness for a device only where it fits that device alone. Two that fit different devices are a contradiction, which
//! nothing resolves.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use debrick_model::{Candidate, Certainty, Property, Recognition, Sighting};

use crate::catalog::Catalog;
use crate::error::CatalogError;
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

    /// The texts that systems of the catalog's devices print once they run.
    pub fn ready_texts(&self) -> Vec<String> {
        self.naming.ready_texts()
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
        let mut candidates: Vec<(usize, Candidate)> = question
            .iter()
            .map(|device| (*device, self.candidate(*device, &observations, &meanings)))
            .collect();
        let rank = |(_, one): &(usize, Candidate)| {
            (one.contradicting.len(), usize::MAX - one.independent_witnesses, usize::MAX - one.agreeing.len())
        };
        candidates.sort_by_key(|one| (rank(one), one.1.device.clone()));
        let unmatched = self.unmatched(&observations, &meanings);
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
        let next = self.next(certainty, &candidates, &left, &observations, &unmatched);
        candidates.truncate(MOST_CANDIDATES);
        let candidates = candidates.into_iter().map(|(_, one)| one).collect();
        Recognition { certainty, device, candidates, observations, unmatched, next }
    }

    fn candidate(&self, device: usize, observations: &[Sighting], meanings: &[Meaning]) -> Candidate {
        let (mut agreeing, mut contradicting) = (Vec::new(), Vec::new());
        let mut witnesses: BTreeSet<&str> = BTreeSet::new();
        for (index, (sighting, meaning)) in observations.iter().zip(meanings).enumerate() {
            match self.naming.speaks_for(meaning, device) {
                Some(true) => {
                    agreeing.push(index);
                    let witness = sighting.observation.witness.as_str();
                    if meaning.fits().eq([device]) && witness != IMAGE {
                        witnesses.insert(witness);
                    }
                }
                Some(false) => contradicting.push(index),
                None => {}
            }
        }
        Candidate {
            device: self.naming.id(device).to_owned(),
            title: self.naming.title(device).to_owned(),
            agreeing,
            contradicting,
            independent_witnesses: witnesses.len(),
        }
    }

    /// Observations that name a device, and none of the catalog.
    fn unmatched(&self, observations: &[Sighting], meanings: &[Meaning]) -> Vec<usize> {
        let names = |(index, (sighting, meaning)): (usize, (&Sighting, &Meaning))| {
            let is_name = matches!(
                sighting.observation.property,
                Property::Model | Property::BoardId | Property::Codename
            );
            (is_name && matches!(meaning, Meaning::Nothing)).then_some(index)
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
            return match candidates.is_empty() || !fits || is_other_revision_only {
                true => Certainty::Unknown,
                false => Certainty::Contradicted,
            };
        }
        let mut models: Vec<&str> = left.iter().map(|device| self.naming.model(*device)).collect();
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

#[cfg(test)]
mod tests;
