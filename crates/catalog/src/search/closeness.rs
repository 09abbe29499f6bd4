//! How well a record fits a text.

use super::OwnNames;
use super::candidates::Corpus;
use super::words::{Query, joined};
use crate::pack::letters;

/// The most words of a name that are joined to compare them.
const MOST_JOINED: usize = 4;

/// What a common word counts, against its weight.
const COMMON_SHARE: f64 = 0.12;

/// What a common word counts that the record has, too: a `Mi Router` is not just any `Mi`.
const COMMON_BUT_OWN_SHARE: f64 = 0.6;

/// What a word of the text counts that no record has: it may be a serial number, or anything.
const UNKNOWN_SHARE: f64 = 0.35;

/// What a word of the vendor counts that the text leaves out, as people often do.
const UNSAID_VENDOR_SHARE: f64 = 0.3;

/// What a record reaches at least whose board has just this name.
const BY_CODE: f64 = 0.9;

/// What a record reaches at least whose board has a name that begins like this.
const BY_BEGINNING: f64 = 0.6;

/// The shortest beginning of a board's name that counts, in letters and digits.
const SHORTEST_BEGINNING: usize = 6;

/// A text, and of each of its words how much it says, and whether any record has it.
pub(super) struct Weighed<'a> {
    pub(super) query: &'a Query,
    pub(super) weights: Vec<(f64, bool)>,
}

/// What a record is called, as it is compared.
pub(super) struct Called<'a> {
    names: String,
    /// How many words of the first name are the vendor's.
    vendor_words: usize,
    /// What firmware calls the board, and the id, as they are written.
    codes: [&'a str; 2],
}

impl<'a> Called<'a> {
    pub(super) fn by(OwnNames { id, names }: &OwnNames<'a>) -> Self {
        let mut vendor = String::new();
        letters::normalise(names.vendor, &mut vendor);
        Self {
            names: letters::names(names.vendor, names.model, names.variant, names.others, id),
            vendor_words: letters::words(&vendor).count(),
            codes: [names.codes, id],
        }
    }

    /// Whether a text is what firmware calls the board: in full, or its beginning.
    fn has_code(&self, code: &str) -> Option<Coded> {
        let own = || self.codes.iter().flat_map(|codes| codes.split('|')).map(joined);
        let is_long = code.len() >= SHORTEST_BEGINNING && code.bytes().any(|byte| byte.is_ascii_digit());
        if own().any(|own| own == code) {
            Some(Coded::InFull)
        } else {
            (is_long && own().any(|own| own.starts_with(code))).then_some(Coded::ByItsBeginning)
        }
    }
}

/// How a text names a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coded {
    InFull,
    ByItsBeginning,
}

/// How well a record fits, from 0 to 1: by its names, or by what firmware calls its board. Of several records of one board
/// that comes first whose names fit better.
pub(super) fn score(weighed: &Weighed<'_>, called: &Called<'_>, corpus: &Corpus<'_>) -> f64 {
    let by_names = by_names(weighed, called, corpus);
    let code = weighed.query.code.as_deref();
    match code.and_then(|code| called.has_code(code)) {
        Some(Coded::InFull) => by_names.max(BY_CODE + (1.0 - BY_CODE) * by_names),
        Some(Coded::ByItsBeginning) => by_names.max(BY_BEGINNING),
        None => by_names,
    }
}

/// The share of the text that fits, and of the record's closest name, from 0 to 1.
fn by_names(weighed: &Weighed<'_>, called: &Called<'_>, corpus: &Corpus<'_>) -> f64 {
    let query = weighed.query;
    let mut said = vec![0.0_f64; query.words.len()];
    let mut closest = 0.0_f64;
    let mut shares: Vec<(f64, f64)> = Vec::new();
    // Vendor, model and variant; any other name stands for the model.
    for name in called.names.split('\n') {
        let name: Vec<&str> = letters::words(name).collect();
        let mut found = vec![0.0_f64; name.len()];
        compare(&query.words, &name, &mut said, &mut found);
        let vendor_words = if shares.is_empty() { called.vendor_words } else { 0 };
        let (mut matched, mut whole) = (0.0, 0.0);
        for (index, (word, found)) in name.iter().zip(&found).enumerate() {
            let weight = corpus.weight(word);
            // Another name is mostly a code, which is right or is not.
            matched += weight * if shares.is_empty() { *found } else { found * found };
            whole += weight * if index < vendor_words { found.max(UNSAID_VENDOR_SHARE) } else { 1.0 };
        }
        shares.push((matched, whole));
    }
    let (mut matched, mut whole) = (0.0, 0.0);
    for (index, (weight, is_known)) in weighed.weights.iter().enumerate() {
        let share = match (query.is_common[index], said[index] > 0.0 || *is_known) {
            (true, _) if said[index] >= 1.0 => COMMON_BUT_OWN_SHARE,
            (true, _) => COMMON_SHARE,
            (false, true) => 1.0,
            (false, false) => UNKNOWN_SHARE,
        };
        matched += weight * share * said[index];
        whole += weight * share;
    }
    for (name_matched, name_whole) in shares {
        closest = closest.max((matched + name_matched) / (whole + name_whole).max(f64::EPSILON));
    }
    closest
}

/// Finds which words of both sides mean each other; each keeps its best likeness, from 0 to 1.
fn compare(text: &[String], name: &[&str], said: &mut [f64], found: &mut [f64]) {
    for (i, word) in text.iter().enumerate() {
        for (k, own) in name.iter().enumerate() {
            let likeness = likeness(word, own);
            said[i] = said[i].max(likeness);
            found[k] = found[k].max(likeness);
        }
    }
    let mut joined_word = String::new();
    let mut joined_own = String::new();
    for i in 0..text.len() {
        joined_word.clear();
        for (words, word) in text[i..].iter().take(MOST_JOINED).enumerate() {
            joined_word.push_str(word);
            for k in 0..name.len() {
                joined_own.clear();
                for (owns, own) in name[k..].iter().take(MOST_JOINED).enumerate() {
                    joined_own.push_str(own);
                    // One word each was compared above; two joined sides say nothing that their parts do not.
                    if (words == 0) == (owns == 0) {
                        continue;
                    }
                    let likeness = likeness(&joined_word, &joined_own);
                    if likeness < 0.75 {
                        continue;
                    }
                    said[i..=i + words].iter_mut().for_each(|best| *best = best.max(likeness));
                    found[k..=k + owns].iter_mut().for_each(|best| *best = best.max(likeness));
                }
            }
        }
    }
}

/// How much a word of the text and one of a record's own are alike, from 0 to 1.
fn likeness(text: &str, own: &str) -> f64 {
    let (a, b) = (text, own);
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < 3 || long.len() > 40 {
        return 0.0;
    }
    let is_code = a.bytes().chain(b.bytes()).any(|byte| byte.is_ascii_digit());
    let is_same_number = digits(a).eq(digits(b));
    let allowed = match long.len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    if long.len() - short.len() <= allowed && !(is_code && long.starts_with(short)) {
        let distance = distance(short.as_bytes(), long.as_bytes(), allowed);
        if distance <= allowed {
            // Another letter in a code is another model more often than a typing error, and another digit nearly always.
            let cost = match (is_code, is_same_number) {
                (false, _) => 0.14,
                (true, true) if long.len() > 7 => 0.2,
                (true, true) => 0.4,
                (true, false) => 0.7,
            };
            let by_edits = (1.0 - cost * distance as f64).max(0.0);
            return by_edits.max(by_part(text, own, is_same_number));
        }
    }
    by_part(text, own, is_same_number)
}

/// How much two words are alike of which one is a part of the other.
fn by_part(text: &str, own: &str, is_same_number: bool) -> f64 {
    let (short, long) = if text.len() <= own.len() { (text, own) } else { (own, text) };
    let share = short.len() as f64 / long.len() as f64;
    let is_code = short.bytes().any(|byte| byte.is_ascii_digit());
    if long.starts_with(short) {
        return match (is_same_number, text.len() <= own.len()) {
            // People leave letters at the end out; one too many is another model.
            (true, true) => 0.5 + 0.4 * share,
            (true, false) if is_code => 0.55 * share,
            (true, false) => 0.5 + 0.4 * share,
            (false, _) => 0.5 * share,
        };
    }
    // `RB951Ui` is `951Ui`.
    if is_code && is_same_number && short.len() >= 4 && long.ends_with(short) {
        return 0.4 + 0.4 * share;
    }
    // `STM32F10xxx` is any of them.
    let stem = own.trim_end_matches('x');
    if stem.len() < own.len() && stem.len() >= 5 && text.len() <= own.len() && text.starts_with(stem) {
        return 0.75;
    }
    0.0
}

fn digits(word: &str) -> impl Iterator<Item = u8> {
    word.bytes().filter(u8::is_ascii_digit)
}

/// Edits between two words: letters that are wrong, missing, too many or swapped. More than `most` are not counted out.
fn distance(a: &[u8], b: &[u8], most: usize) -> usize {
    const LONGEST: usize = 42;
    if a.len() >= LONGEST || b.len() >= LONGEST {
        return most + 1;
    }
    let mut rows = [[0_usize; LONGEST]; 3];
    for (column, cell) in rows[0].iter_mut().enumerate() {
        *cell = column;
    }
    for i in 1..=a.len() {
        let (now, before, earlier) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[now][0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let wrong = usize::from(a[i - 1] != b[j - 1]);
            let mut cell = (rows[before][j] + 1).min(rows[now][j - 1] + 1).min(rows[before][j - 1] + wrong);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(rows[earlier][j - 2] + 1);
            }
            rows[now][j] = cell;
            least = least.min(cell);
        }
        if least > most {
            return most + 1;
        }
    }
    rows[a.len() % 3][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [
            ("archer", "archer", 0),
            ("acrher", "archer", 1),
            ("arher", "archer", 1),
            ("arxxer", "archer", 2),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes(), 2), expected, "{a} {b}");
        }
        assert_eq!(distance(b"netgear", b"linksys", 2), 3);
    }

    #[test]
    fn a_wrong_digit_is_worse_than_a_wrong_letter() {
        assert!(likeness("netgaer", "netgear") > likeness("dir835", "dir825"));
        assert!(likeness("wrt3200", "wrt3200acm") > 0.7);
        assert!(likeness("ax6s", "ax6") < 0.5 && likeness("d7000", "r7000") < 0.7);
        assert!(likeness("rb951ui", "951ui") > 0.6);
        assert!(likeness("stm32f103", "stm32f10xxx") > 0.7);
        assert!((likeness("c7", "c6")).abs() < f64::EPSILON);
    }
}
