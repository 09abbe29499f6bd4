//! Texts as people type them from labels, made by rule from the catalog, for measuring the search.
//!
//! A device is drawn by lot, and its vendor, model and variant are written as a person might: in other case, with a
//! typing error, without a word, with a region behind it, joined or cut at another place. Only what leaves the device
//! recognisable is done: digits stay, and a word goes only where the rest still means no other device.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use debrick_catalog::{Catalog, Device};

/// Noisy labels, made by rule.
pub(super) const LABELS: &str = "crates/catalog/tests/data/labels.tsv";

/// What people typed.
pub(super) const TYPED: &str = "crates/catalog/tests/data/typed.tsv";

const TEXTS: usize = 300;
const SEED: u64 = 0x00de_b41c;

/// What stands on labels after the model.
const REGIONS: &[&str] = &["EU", "(EU)", "US", "(US)", "UN", "UK", "DE", "FCC", "GLOBAL", "RU", "JP"];

/// What people write before and after a model.
const AROUND: &[&str] = &["router", "wifi router", "Wireless", "model", "bricked", "Model No."];

/// Writes the list anew.
pub(super) fn write() -> Result<(), String> {
    let devices = Catalog::builtin().all().map_err(super::text)?;
    let text = list(&devices);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(LABELS);
    std::fs::write(&path, &text).map_err(super::text)?;
    println!("{LABELS}: {} texts", text.lines().count());
    Ok(())
}

/// Ids and texts of a list, as they are kept.
pub(super) fn kept(list: &str) -> Result<Vec<(String, String)>, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(list);
    let text = std::fs::read_to_string(path).map_err(super::text)?;
    let pair = |line: &str| line.split_once('\t').map(|(id, text)| (id.to_owned(), text.to_owned()));
    Ok(text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect())
}

fn list(devices: &[Device]) -> String {
    let words: Vec<BTreeSet<String>> = devices.iter().map(|device| words(&device.title())).collect();
    let mut postings: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, set) in words.iter().enumerate() {
        for word in set {
            postings.entry(word).or_default().push(index);
        }
    }
    let mut lot = Lot(SEED);
    let mut lines = Vec::new();
    let mut drawn = BTreeSet::new();
    while lines.len() < TEXTS && drawn.len() < devices.len() {
        let index = lot.below(devices.len());
        if !drawn.insert(index) {
            continue;
        }
        let same = words.iter().filter(|set| **set == words[index]).count();
        if same > 1 {
            continue;
        }
        let text = noisy(&devices[index], index, &words, &postings, &mut lot);
        lines.push(format!("{}\t{text}\n", devices[index].id));
    }
    lines.concat()
}

/// The words of a title, as far as their case and signs do not matter.
fn words(title: &str) -> BTreeSet<String> {
    let lower = title.to_lowercase();
    lower
        .split(|symbol: char| !symbol.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn noisy(
    device: &Device,
    index: usize,
    words: &[BTreeSet<String>],
    postings: &BTreeMap<&str, Vec<usize>>,
    lot: &mut Lot,
) -> String {
    let mut parts: Vec<String> = device.title().split_whitespace().map(str::to_owned).collect();
    if parts.len() > 2 && lot.below(3) == 0 {
        let gone = lot.below(parts.len());
        let rest: Vec<String> =
            parts.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, part)| part.clone()).collect();
        if still_means(index, &self::words(&rest.join(" ")), words, postings) {
            parts = rest;
        }
    }
    if lot.below(2) == 0 {
        let long: Vec<usize> = (0..parts.len())
            .filter(|at| {
                parts[*at].len() >= 5 && parts[*at].chars().all(|symbol| symbol.is_ascii_alphabetic())
            })
            .collect();
        if !long.is_empty() {
            let at = long[lot.below(long.len())];
            parts[at] = mistyped(&parts[at], lot);
        }
    }
    match lot.below(6) {
        // `v5` as labels write it.
        0 | 1 => {
            if let Some(last) = parts.last_mut()
                && let Some(number) =
                    last.strip_prefix(['v', 'V']).filter(|rest| rest.chars().all(|c| c.is_ascii_digit()))
                && !number.is_empty()
            {
                *last = [format!("V{number}.0"), format!("Ver: {number}.0"), format!("ver.{number}")]
                    [lot.below(3)]
                .clone();
            }
        }
        2 => {
            for part in &mut parts {
                *part = part.replace(['-', '_'], if lot.below(2) == 0 { " " } else { "" });
            }
        }
        _ => {}
    }
    if lot.below(3) == 0 {
        parts.push(REGIONS[lot.below(REGIONS.len())].to_owned());
    }
    if lot.below(6) == 0 {
        let at = if lot.below(2) == 0 { 0 } else { parts.len() };
        parts.insert(at, AROUND[lot.below(AROUND.len())].to_owned());
    }
    let text = parts.join(" ");
    match lot.below(3) {
        0 => text.to_lowercase(),
        1 => text.to_uppercase(),
        _ => text,
    }
}

/// Whether no other device has all of these words.
fn still_means(
    index: usize,
    rest: &BTreeSet<String>,
    words: &[BTreeSet<String>],
    postings: &BTreeMap<&str, Vec<usize>>,
) -> bool {
    let rarest = rest.iter().filter_map(|word| postings.get(word.as_str())).min_by_key(|list| list.len());
    rarest.is_some_and(|list| list.iter().all(|other| *other == index || !rest.is_subset(&words[*other])))
}

/// The word with one typing error: a letter that is swapped, missing, doubled or wrong.
fn mistyped(word: &str, lot: &mut Lot) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = 1 + lot.below(letters.len() - 2);
    match lot.below(4) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = char::from(b'a' + (lot.below(26) as u8)),
    }
    letters.into_iter().collect()
}

/// Numbers by lot that are the same in every run: SplitMix64.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, title: (&str, &str)) -> Device {
        Device { id: id.into(), vendor: title.0.into(), model: title.1.into(), ..Device::default() }
    }

    #[test]
    fn the_same_seed_makes_the_same_list() {
        let devices: Vec<Device> = (0..50)
            .map(|number| device(&format!("d{number}"), ("Vendor", &format!("Model {number}"))))
            .collect();
        let once = list(&devices);
        assert_eq!(once, list(&devices));
        assert_eq!(once.lines().count(), 50);
    }

    #[test]
    fn a_word_goes_only_where_the_rest_is_enough() {
        let sets = [words("Maker Archer C7 v1"), words("Maker Archer C7 v2")];
        let mut postings: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, set) in sets.iter().enumerate() {
            set.iter().for_each(|word| postings.entry(word).or_default().push(index));
        }
        assert!(still_means(0, &words("C7 v1"), &sets, &postings));
        assert!(!still_means(0, &words("Maker Archer C7"), &sets, &postings));
    }
}
