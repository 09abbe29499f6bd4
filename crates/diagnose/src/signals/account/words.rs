//! Words of one meaning.

/// Words and phrases of which each means the same. A space at an end is the end of a word.
///
/// A phrase with [`GAP`] in it is one with other words between its parts: ` power|mains ~ fail-|cut ` is said by "the
/// power has suddenly failed". What stands between bars means the same, and a hyphen stands for any ending.
pub(super) struct Words(&'static [&'static str]);

/// Between the parts of a phrase: up to [`MOST_BETWEEN`] other words.
const GAP: &str = " ~ ";

/// So many other words may stand between the parts of a phrase.
const MOST_BETWEEN: usize = 4;

/// How a denial ends that is part of its verb, once its apostrophe is gone.
const CLIPPED_NOT: &str = "n t";

/// Of each word no more places than this are looked at in a text.
const MOST_PLACES: usize = 4;

impl Words {
    /// Words and phrases of one meaning. As the program is built it is seen to that each can be found: what [`plain`] never
    /// makes, and what is so short that it is everywhere, stops the build.
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        let mut rest = words;
        while let [first, others @ ..] = rest {
            assert!(can_be_found(first.as_bytes()), "a word that can never be found");
            rest = others;
        }
        Self(words)
    }

    /// Whether any of them is in a text that [`plain`] made.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.are_literally_in(text)
            || self.0.iter().any(|word| is_phrase(word) && follows(text, word.trim(), usize::MAX, false))
    }

    /// Whether one without gaps or choices is in a text.
    pub(super) fn are_literally_in(&self, text: &str) -> bool {
        self.0.iter().any(|word| !is_phrase(word) && text.contains(word))
    }

    /// Where the first of them begins, in bytes; of words without gaps and choices.
    pub(super) fn first_in(&self, text: &str) -> Option<usize> {
        self.0.iter().filter_map(|word| text.find(word)).min()
    }

    /// Where each of them begins, in bytes; of each the first few. Of words without gaps and choices.
    pub(super) fn all_in<'a>(&self, text: &'a str) -> impl Iterator<Item = usize> + use<'a> {
        self.0.iter().flat_map(|word| text.match_indices(word).take(MOST_PLACES)).map(|(at, _)| at)
    }
}

/// A word has at least so many bytes, with the spaces at its ends, unless it is part of a phrase.
const FEWEST_BYTES: usize = 3;

/// Whether a text that [`plain`] made can have these words in it: small letters, numbers and single spaces, and the signs of
/// phrases. Of other writings the signs that are no letters, and capitals of Western and Cyrillic ones, are known here.
const fn can_be_found(words: &[u8]) -> bool {
    let (mut rest, mut is_phrase, mut before) = (words, false, 0);
    loop {
        let sign = match rest {
            [] => return words.len() >= FEWEST_BYTES || is_phrase,
            [b' ', ..] if before == b' ' => return false,
            // A hyphen ends a word of a phrase.
            [b'-', b' ' | b'|', ..] | [b'-'] | [b'~' | b'|', ..] => {
                is_phrase = true;
                rest[0]
            }
            [sign @ (b'a'..=b'z' | b'0'..=b'9' | b' '), ..] => *sign,
            // Two bytes: U+00A0 to U+00BF, and capitals.
            [0xc2, ..] | [0xc3, 0x80..=0x9e, ..] | [0xd0, 0x80..=0xaf, ..] => return false,
            // Three bytes: general punctuation, that of ideographs, and full-width signs.
            [0xe2, 0x80..=0x81, ..] | [0xe3, 0x80, ..] | [0xef, 0xbc..=0xbd, ..] => return false,
            [sign @ 0x80..=0xff, ..] => *sign,
            _ => return false,
        };
        before = sign;
        (_, rest) = rest.split_at(1);
    }
}

/// Whether it has gaps, choices or endings.
fn is_phrase(word: &str) -> bool {
    word.contains(['~', '|', '-'])
}

/// Whether the parts of a phrase follow each other in a text, the first of them before the byte at `until`; `joined` where
/// the text begins right behind a word of a language that does not part its words.
fn follows(text: &str, phrase: &str, until: usize, joined: bool) -> bool {
    let (part, rest) = match phrase.split_once(GAP) {
        Some((part, rest)) => (part, Some(rest)),
        None => (phrase, None),
    };
    part.split('|').any(|word| {
        let (word, has_endings) = match word.strip_suffix('-') {
            Some(stem) => (stem, true),
            None => (word, false),
        };
        // Where words are not parted by spaces, a word may begin anywhere.
        let parted = word.is_ascii() || word.chars().all(is_parted);
        text.match_indices(word).take_while(|(at, _)| *at < until).any(|(at, _)| {
            let after = &text[at + word.len()..];
            let begins = match text[..at].chars().next_back() {
                // What is left of "don't" and "isn't".
                _ if word == CLIPPED_NOT => true,
                Some(before) => before == ' ' || !is_parted(before),
                None => joined,
            };
            let ends = has_endings || after.chars().next().is_none_or(|next| next == ' ' || !is_parted(next));
            (!parted || (begins && ends))
                && rest.is_none_or(|rest| follows(after, rest, after_words(after), !parted))
        })
    })
}

/// Whether a sign belongs to a writing that parts its words by spaces.
const fn is_parted(sign: char) -> bool {
    sign < '\u{2e80}'
}

/// Where the words end of which one may begin a further part. Numbers, as those of versions, do not count.
fn after_words(text: &str) -> usize {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let words = text.match_indices(' ').zip(text.split(' '));
    let counted = words.filter(|(_, word)| word.is_empty() || !is_number(word));
    counted.map(|((at, _), _)| at).nth(MOST_BETWEEN + 1).unwrap_or(usize::MAX)
}

/// A text in lower case, with one space for everything that is no letter and no digit, and one at either end.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    plain.push(' ');
    for symbol in text.chars().flat_map(char::to_lowercase) {
        if symbol.is_alphanumeric() {
            plain.push(symbol);
        } else if symbol == '%' {
            plain.push_str(if plain.ends_with(' ') { "percent" } else { " percent" });
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain.replace(" boot loader", " bootloader")
}

/// What people put before a verb to deny it; all of them become `not`.
const NEGATIONS: &[&str] = &[
    " can t ",
    " cannot ",
    " cant ",
    " can not ",
    " could not ",
    " couldn t ",
    " won t ",
    " wont ",
    " will not ",
    " would not ",
    " wouldn t ",
    " does not ",
    " doesn t ",
    " doesnt ",
    " do not ",
    " don t ",
    " dont ",
    " did not ",
    " didn t ",
    " didnt ",
    " is not ",
    " isn t ",
    " isnt ",
    " are not ",
    " aren t ",
    " was not ",
    " wasn t ",
    " were not ",
    " has not ",
    " hasn t ",
    " had not ",
    " hadn t ",
    " have not ",
    " haven t ",
    " unable to ",
    " not able to ",
    " no longer able to ",
    " fails to ",
    " fail to ",
    " failed to ",
    " failing to ",
    " refuses to ",
    " refused to ",
    " refuse to ",
    " never ",
    " no longer ",
    " no more ",
];

/// What may stand between a denial and its verb.
const FILLERS: &[&str] = &[
    "even",
    "able",
    "ever",
    "be",
    "been",
    "being",
    "properly",
    "correctly",
    "really",
    "actually",
    "want",
    "seem",
    "to",
    "just",
    "fully",
    "get",
    "getting",
    "anymore",
];

/// A text that [`plain`] made with all denials as `not` before the denied verb; `None` where it denies nothing.
pub(super) fn denials_as_one(plain: &str) -> Option<String> {
    let mut text = plain.to_owned();
    for negation in NEGATIONS {
        if text.contains(negation) {
            text = text.replace(negation, " not ");
        }
    }
    if !text.contains(" not ") {
        return None;
    }
    let mut one = String::with_capacity(text.len());
    one.push(' ');
    let mut denies = false;
    for word in text.split_whitespace() {
        if denies && (FILLERS.contains(&word) || word == "not") {
            continue;
        }
        denies = word == "not";
        one.push_str(word);
        one.push(' ');
    }
    (one != plain).then_some(one)
}

/// How many words behind a version may stand between it and its praise.
const NEAR: usize = 6;

/// Whether a version is named of which is said that it works: `2.5.5 works ok`, `v17 boots fine`.
pub(super) fn names_working_version(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let trimmed = |word: &str| word.trim_matches(|symbol: char| !symbol.is_alphanumeric()).to_owned();
    words.iter().enumerate().any(|(index, word)| {
        let ends_sentence = |word: &String| word.ends_with(['.', '!', '?', ';', ',']);
        if !is_version(&trimmed(word)) || ends_sentence(word) {
            return false;
        }
        let behind = words.iter().skip(index + 1).take(NEAR);
        for next in behind {
            let bare = trimmed(next);
            if DENIES.contains(&bare.as_str()) || bare.ends_with("n't") {
                return false;
            }
            if PRAISES.contains(&bare.as_str()) {
                return true;
            }
            if ends_sentence(next) {
                return false;
            }
        }
        false
    })
}

/// `2.5.5`, `v17`, `r2972`, `21.02-rc1`, `20230217`; not an address, not a plain number.
fn is_version(word: &str) -> bool {
    let is_digit = |symbol: char| symbol.is_ascii_digit();
    let bare = word.strip_prefix(['v', 'r']).unwrap_or(word);
    let dots = bare.matches('.').count();
    let is_address = dots == 3 && bare.chars().all(|symbol| is_digit(symbol) || symbol == '.');
    let starts = bare.starts_with(is_digit);
    let is_date = bare.len() == 8 && bare.starts_with("20") && bare.chars().all(is_digit);
    let has_mark = bare.len() < word.len() || (1..=4).contains(&dots) || is_date;
    starts && has_mark && !is_address && !bare.contains(['/', ':']) && !is_quantity(bare)
}

/// `3.3v`, `2.4ghz`, `1.5gb`: a number with a unit.
fn is_quantity(word: &str) -> bool {
    const UNITS: [&str; 12] = ["v", "a", "ghz", "mhz", "gb", "mb", "kb", "mm", "w", "s", "ms", "g"];
    let unit = word.trim_start_matches(|symbol: char| symbol.is_ascii_digit() || symbol == '.');
    UNITS.contains(&unit) && word.matches('.').count() <= 1
}

const PRAISES: &[&str] = &[
    "works",
    "worked",
    "boots",
    "booted",
    "fine",
    "ok",
    "okay",
    "good",
    "funktioniert",
    "läuft",
    "startet",
    "работает",
    "работала",
    "funciona",
    "fonctionne",
];

const DENIES: &[&str] = &[
    "not", "no", "never", "nothing", "until", "nor", "nicht", "kein", "не", "neither", "fails", "failed",
    "broken",
];

#[cfg(test)]
mod tests;
