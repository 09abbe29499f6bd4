//! Texts that are searched for, as words.

use crate::pack::letters::normalise;

/// The longest text that is searched for, in characters; more of it says nothing new.
const LONGEST_QUERY: usize = 400;

/// The most words of a text that count.
const MOST_WORDS: usize = 24;

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

/// Bytes of the grantee's code that an FCC ID begins with: five where the first is a digit, else three (47 CFR 2.926).
const GRANTEE: [usize; 2] = [3, 5];

/// The shortest product code of an FCC ID that is looked for without the grantee's.
const SHORTEST_PRODUCT: usize = 4;

/// The shortest code that firmware calls a board, in letters and digits.
const SHORTEST_CODE: usize = 5;

/// A text that is searched for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) words: Vec<String>,
    /// Whether each word is one that rarely tells anything.
    pub(super) is_common: Vec<bool>,
    /// All of it in a row, where it was written without spaces and may be what firmware calls a board.
    pub(super) code: Option<String>,
}

impl Query {
    /// The ways in which a text can be read: as it is, and as an FCC ID, of which the product code is often the model.
    /// `is_known` tells whether any record has a word.
    pub(super) fn readings(text: &str, is_known: impl Fn(&str) -> bool) -> Vec<Self> {
        let plain = Self::of(text);
        let without_grantee = match plain.words.as_slice() {
            [fcc, rest @ ..] if fcc == "fcc" => {
                let rest = if rest.first().is_some_and(|word| word == "id") { &rest[1..] } else { rest };
                product_code(&rest.concat())
            }
            [word] if !is_known(word) => product_code(word),
            _ => None,
        };
        let as_product =
            without_grantee.map(|code| Self { is_common: vec![false], words: vec![code], code: None });
        std::iter::once(plain).chain(as_product).collect()
    }

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
        let may_be_code = !short.trim().contains(char::is_whitespace);
        let code = may_be_code.then(|| joined(&short)).filter(|code| code.len() >= SHORTEST_CODE);
        Self { words, is_common, code }
    }
}

/// A text in lower-case letters and digits, with nothing between.
pub(super) fn joined(text: &str) -> String {
    let mut normal = String::new();
    normalise(text, &mut normal);
    normal.retain(|symbol| symbol != ' ');
    normal
}

/// What follows the grantee's code in an FCC ID.
fn product_code(id: &str) -> Option<String> {
    let starts_with_digit = id.starts_with(|c: char| c.is_ascii_digit());
    let code = id.get(GRANTEE[usize::from(starts_with_digit)]..)?;
    let is_code = code.len() >= SHORTEST_PRODUCT && code.bytes().any(|byte| byte.is_ascii_digit());
    is_code.then(|| code.to_owned())
}

/// Whether a word looks like a revision: `v5`, `b1`.
fn is_revision(word: &str) -> bool {
    let bytes = word.as_bytes();
    (2..=3).contains(&bytes.len())
        && bytes[0].is_ascii_alphabetic()
        && bytes[1..].iter().all(u8::is_ascii_digit)
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
