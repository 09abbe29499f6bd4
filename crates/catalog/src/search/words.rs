//! Texts as words, and the words of all records in one place.

use super::Names;

/// The longest text that is searched for, in characters; more of it says nothing new.
const LONGEST_QUERY: usize = 400;

/// The most words of a text that count.
const MOST_WORDS: usize = 24;

/// Counters of words, by hash. Two words that share one only seem less rare than they are.
const COUNTERS: usize = 1 << 14;

/// Letters and digits, and what is neither.
const LETTERS: usize = 37;

/// Words before a revision: `Ver. 5`, `H/W rev B1`.
const BEFORE_REVISION: &[&str] = &["ver", "version", "rev", "revision", "hw", "hardware", "release"];

/// Words on every label, and regions of sale, which rarely tell devices apart.
const COMMON: &[&str] = &[
    "router",
    "wireless",
    "wifi",
    "wi",
    "fi",
    "lan",
    "wlan",
    "dual",
    "band",
    "tri",
    "gigabit",
    "gbit",
    "mbps",
    "model",
    "modell",
    "no",
    "nr",
    "number",
    "type",
    "smart",
    "home",
    "mesh",
    "system",
    "access",
    "point",
    "ap",
    "range",
    "extender",
    "repeater",
    "modem",
    "phone",
    "smartphone",
    "mobile",
    "tablet",
    "nas",
    "switch",
    "broadband",
    "ethernet",
    "adsl",
    "vdsl",
    "internet",
    "device",
    "the",
    "by",
    "with",
    "and",
    "for",
    "my",
    "bricked",
    "brick",
    "dead",
    "eu",
    "us",
    "usa",
    "uk",
    "un",
    "de",
    "fr",
    "es",
    "it",
    "ru",
    "jp",
    "jpn",
    "kr",
    "cn",
    "tw",
    "au",
    "br",
    "ca",
    "in",
    "na",
    "ww",
    "row",
    "eur",
    "int",
    "intl",
    "global",
    "fcc",
    "ce",
    "sn",
    "mac",
    "pn",
    "sku",
    "gb",
    "black",
    "white",
    "unlocked",
    "international",
    "edition",
];

/// A text that is searched for.
pub(super) struct Query {
    pub(super) words: Vec<String>,
    /// Whether each word is one that rarely tells anything.
    pub(super) is_common: Vec<bool>,
}

/// The words of all records: one normalised text, and where in it each record's names stand.
#[derive(Default)]
pub(super) struct Arena {
    text: String,
    /// Per record, the first of its names, and how many words of it are the vendor's.
    records: Vec<usize>,
    vendor_words: Vec<usize>,
    /// Where each name begins in the text; it ends where the next begins.
    names: Vec<usize>,
    counts: Vec<u16>,
}

impl Query {
    pub(super) fn of(text: &str) -> Self {
        let short: String = text.chars().take(LONGEST_QUERY).collect();
        let mut normal = String::new();
        normalise(&short, &mut normal);
        let mut words: Vec<String> = Vec::new();
        let mut after_mark = false;
        for word in normal.split(' ').filter(|word| !word.is_empty()) {
            let is_mark = BEFORE_REVISION.contains(&word) || matches!(word, "v" | "model");
            let is_number = word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
            // `v5.0` is revision 5.
            if word == "0" && words.last().is_some_and(|last| is_revision(last)) {
                continue;
            }
            if let Some(number) = ["ver", "rev"].iter().find_map(|mark| word.strip_prefix(mark))
                && !number.is_empty()
                && number.len() <= 3
                && number.bytes().any(|byte| byte.is_ascii_digit())
            {
                let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
                words.push(if is_plain { format!("v{number}") } else { number.to_owned() });
            } else if after_mark && is_number {
                words.push(format!("v{}", word.trim_start_matches('0')));
            } else if !is_mark {
                words.push(word.to_owned());
            }
            after_mark = is_mark;
        }
        words.truncate(MOST_WORDS);
        let is_common = words.iter().map(|word| COMMON.contains(&word.as_str())).collect();
        Self { words, is_common }
    }
}

/// Whether a word looks like a revision: `v5`, `b1`.
fn is_revision(word: &str) -> bool {
    let bytes = word.as_bytes();
    (2..=3).contains(&bytes.len())
        && bytes[0].is_ascii_alphabetic()
        && bytes[1..].iter().all(u8::is_ascii_digit)
}

/// Adds the text in lower-case letters and digits, with one space where anything else stood.
fn normalise(text: &str, into: &mut String) {
    for symbol in text.chars() {
        match symbol {
            'a'..='z' | '0'..='9' => into.push(symbol),
            'A'..='Z' => into.push(symbol.to_ascii_lowercase()),
            '+' => into.push_str(" plus "),
            // Nothing stands between the letters that these separate: O'Neill, F(x)tec.
            '\'' | '(' | ')' => gap(into, symbol != '\''),
            _ if symbol.is_alphanumeric() => into.extend(symbol.to_lowercase()),
            _ => gap(into, true),
        }
    }
}

fn gap(into: &mut String, is_gap: bool) {
    if is_gap && !into.ends_with([' ', '\n']) {
        into.push(' ');
    }
}

impl Arena {
    pub(super) fn add(&mut self, names: &Names<'_>, id: &str) {
        self.records.push(self.names.len());
        self.counts.resize(COUNTERS, 0);
        let start = self.text.len();
        self.names.push(start);
        normalise(names.vendor, &mut self.text);
        let vendor = self.text[start..].split(' ').filter(|word| !word.is_empty()).count();
        self.vendor_words.push(vendor);
        for part in [" ", names.model, " ", names.variant] {
            normalise(part, &mut self.text);
        }
        // What stands in brackets is often what people call it: `RouterBOARD 952Ui-5ac2nD (hAP ac lite)`.
        let bracket =
            names.model.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
        let bracket = bracket.filter(|inner| inner.len() > 4);
        let others = names.others.split('|').filter(|other| !other.is_empty());
        for other in others.chain(bracket).chain(Some(id)) {
            self.text.push('\n');
            self.names.push(self.text.len());
            normalise(other, &mut self.text);
        }
        self.text.push('\n');
        // A word counts once a record, however often its names have it.
        let mut seen: Vec<usize> = Vec::with_capacity(16);
        for word in self.text[start..].split([' ', '\n']).filter(|word| !word.is_empty()) {
            let counter = counter(word);
            if !seen.contains(&counter) {
                seen.push(counter);
                self.counts[counter] = self.counts[counter].saturating_add(1);
            }
        }
    }

    /// How many words of a record's first name are its vendor's.
    pub(super) fn vendor_words(&self, record: usize) -> usize {
        self.vendor_words[record]
    }

    /// The names of a record: first vendor, model and variant, then the others; each as text.
    pub(super) fn names(&self, record: usize) -> impl Iterator<Item = &str> {
        let end = self.records.get(record + 1).copied().unwrap_or(self.names.len());
        (self.records[record]..end).map(|name| {
            let end = self.names.get(name + 1).copied().unwrap_or(self.text.len());
            self.text[self.names[name]..end].trim_end_matches('\n')
        })
    }

    /// How much a word says, by how few records have it; as the information of finding it, in nats.
    pub(super) fn weight(&self, word: &str) -> f64 {
        let all = self.records.len().max(1) as f64;
        let count = f64::from(self.counts.get(counter(word)).copied().unwrap_or_default());
        (1.0 + all / (1.0 + count)).ln()
    }

    /// Whether any record has the word.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.counts.get(counter(word)).is_some_and(|count| *count > 0)
    }

    /// The records that share most with the query, by pairs of letters.
    pub(super) fn candidates(&self, query: &Query, most: usize) -> Vec<usize> {
        let mut wanted = vec![false; LETTERS * LETTERS];
        let joined = query.words.concat();
        for word in query.words.iter().chain(Some(&joined)) {
            pairs(word, |pair| wanted[pair] = true);
        }
        // How many records have each pair: a rare one says more.
        let mut counts = vec![0_u32; LETTERS * LETTERS];
        let mut last = vec![usize::MAX; LETTERS * LETTERS];
        for record in 0..self.records.len() {
            self.record_pairs(record, |pair| {
                if wanted[pair] && last[pair] != record {
                    last[pair] = record;
                    counts[pair] += 1;
                }
            });
        }
        let all = self.records.len().max(1) as f32;
        let weights: Vec<f32> = counts.iter().map(|count| (1.0 + all / (1.0 + *count as f32)).ln()).collect();
        last.fill(usize::MAX);
        let mut scores: Vec<(f32, usize)> = Vec::with_capacity(self.records.len());
        for record in 0..self.records.len() {
            let mut score = 0.0;
            self.record_pairs(record, |pair| {
                if wanted[pair] && last[pair] != record {
                    last[pair] = record;
                    score += weights[pair];
                }
            });
            if score > 0.0 {
                scores.push((score, record));
            }
        }
        let by_score = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if scores.len() > most {
            scores.select_nth_unstable_by(most, by_score);
            scores.truncate(most);
        }
        scores.into_iter().map(|(_, record)| record).collect()
    }

    fn record_pairs(&self, record: usize, act: impl FnMut(usize)) {
        let first = self.records[record];
        let end = self.records.get(record + 1).copied().unwrap_or(self.names.len());
        let stop = self.names.get(end).copied().unwrap_or(self.text.len());
        pairs(&self.text[self.names[first]..stop], act);
    }
}

/// Pairs of neighbouring letters; spaces are skipped, so that they reach over the ends of words.
fn pairs(text: &str, mut act: impl FnMut(usize)) {
    let mut before = None;
    for byte in text.bytes() {
        let letter = match byte {
            b'a'..=b'z' => usize::from(byte - b'a'),
            b'0'..=b'9' => usize::from(byte - b'0') + 26,
            b' ' => continue,
            b'\n' => {
                before = None;
                continue;
            }
            _ => 36,
        };
        if let Some(before) = before {
            act(before * LETTERS + letter);
        }
        before = Some(letter);
    }
}

/// FNV-1a, folded.
fn counter(word: &str) -> usize {
    let hash =
        word.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    ((hash >> 16) ^ hash) as usize & (COUNTERS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(Query::of(text).words, expected, "{text:?}");
    }

    #[test]
    fn texts_are_cut_into_words() {
        check("Archer C7 V5.0 EU", &["archer", "c7", "v5", "eu"]);
        check("TP-LINK Archer C7 (EU) Ver: 5.0", &["tp", "link", "archer", "c7", "eu", "v5"]);
        check("DIR-825 H/W Ver.: B1", &["dir", "825", "h", "w", "b1"]);
        check("Galaxy S10+", &["galaxy", "s10", "plus"]);
        check("WR841N rev 9", &["wr841n", "v9"]);
        check("EA8500 v1.1", &["ea8500", "v1", "1"]);
        check("", &[]);
    }
}
