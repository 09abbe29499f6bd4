//! What the evidence itself calls the unit. A log that names its board is not mute because the catalog lacks the board.

use debrick_model::{Property, Sighting, Stated};

use super::IMAGE;
use super::names::{Meaning, Vendors, plain};

/// The witness of labels.
const OPERATOR: &str = "operator";

/// The most names that are told.
const MOST: usize = 8;

/// The names in the observations, each once.
pub(super) fn stated(observations: &[Sighting], meanings: &[Meaning], vendors: &Vendors) -> Vec<Stated> {
    let mut order: Vec<(u8, usize)> = observations
        .iter()
        .zip(meanings)
        .enumerate()
        .filter(|(_, (seen, meaning))| seen.observation.witness != IMAGE && **meaning != Meaning::Silent)
        .filter_map(|(index, (seen, _))| rank(seen.observation.property).map(|rank| (rank, index)))
        .collect();
    order.sort_unstable();
    let mut all: Vec<Stated> = Vec::new();
    for (_, index) in order {
        let seen = &observations[index].observation;
        let (vendor, model) = vendors.split(&seen.value);
        let vendor = vendor.or_else(|| vendor_of(observations, seen.speaker()));
        let is_same = |one: &&mut Stated| is_same_name(one, vendor.as_deref(), &model);
        if let Some(known) = all.iter_mut().find(is_same) {
            known.observations.push(index);
            if known.vendor.is_none() {
                known.vendor = vendor;
            }
        } else if all.len() < MOST {
            all.push(Stated { vendor, model, observations: vec![index] });
        }
    }
    all
}

/// Whether the label and the unit itself name models that the catalog lacks and that have no number in common.
pub(super) fn contradict(observations: &[Sighting], unmatched: &[usize]) -> bool {
    let models = || {
        let all = unmatched.iter().filter_map(|index| observations.get(*index)).map(|seen| &seen.observation);
        all.filter(|seen| seen.property == Property::Model)
            .map(|seen| (seen.speaker() == OPERATOR, numbers(&seen.value)))
            .filter(|(_, numbers)| !numbers.is_empty())
    };
    let labels = models().filter(|(is_label, _)| *is_label);
    labels.into_iter().any(|(_, label)| {
        models().any(|(is_label, unit)| !is_label && unit.iter().all(|number| !label.contains(number)))
    })
}

/// The words of a name that have a digit.
fn numbers(name: &str) -> Vec<String> {
    let words = name.split(|symbol: char| symbol.is_whitespace() || matches!(symbol, ',' | '/' | '_'));
    let with_parts = words.flat_map(|word| std::iter::once(word).chain(word.split('-')));
    with_parts.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).map(plain).collect()
}

/// Names of models say more than those of boards.
fn rank(property: Property) -> Option<u8> {
    match property {
        Property::Model => Some(0),
        Property::BoardId => Some(1),
        Property::Codename => Some(2),
        _ => None,
    }
}

/// The maker that a speaker names in a line of its own.
fn vendor_of(observations: &[Sighting], speaker: &str) -> Option<String> {
    let all = observations.iter().map(|seen| &seen.observation);
    all.filter(|seen| seen.property == Property::Vendor)
        .find(|seen| seen.speaker() == speaker)
        .map(|seen| seen.value.clone())
}

/// Whether two names differ in signs and case only; a vendor that is missing in one of them is no difference.
fn is_same_name(one: &Stated, vendor: Option<&str>, model: &str) -> bool {
    let whole = |vendor: Option<&str>, model: &str| plain(&format!("{}{model}", vendor.unwrap_or_default()));
    plain(&one.model) == plain(model) && (one.vendor.is_none() || vendor.is_none())
        || whole(one.vendor.as_deref(), &one.model) == whole(vendor, model)
}
