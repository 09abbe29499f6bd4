//! Names of devices in running text: what a person writes of a unit, what a tool's output says by the way.

use debrick_model::{Observation, Property, Sighting};

use super::names::{Meaning, Naming, plain};

/// Texts are read up to here, in bytes; larger ones are logs, in which names in passing are of everything.
const LONGEST_TEXT: usize = 64 << 10;

/// The most words of a name with its revision.
const LONGEST_NAME: usize = 6;

/// A name shorter than this may be anything, wherever it stands.
const SHORTEST: usize = 7;

/// The same, in a sentence.
const SHORTEST_IN_PROSE: usize = 5;

/// A sentence has at least so many words of letters.
const LEAST_WORDS: usize = 5;

/// The most names of one text.
const MOST: usize = 20;

/// The devices that a text mentions, each with its line.
pub(super) fn mentions(naming: &Naming, input: &str, text: &[u8]) -> Vec<Sighting> {
    if text.len() > LONGEST_TEXT {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(text);
    let mut found: Vec<Sighting> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split(parts_words).map(trimmed).filter(|word| !word.is_empty()).collect();
        let is_prose = is_prose(&words);
        let mut start = 0;
        while start < words.len() {
            let most = LONGEST_NAME.min(words.len() - start);
            let name = (1..=most).rev().map(|count| (count, words[start..start + count].join(" ")));
            let Some((count, name)) = name.into_iter().find(|(_, name)| is_device(naming, name, is_prose))
            else {
                start += 1;
                continue;
            };
            start += count;
            if found.iter().all(|one| one.observation.value != name) && found.len() < MOST {
                let observation = Observation {
                    property: Property::Mention,
                    value: name,
                    source: "a name in the text".into(),
                    witness: "text".into(),
                };
                found.push(Sighting { observation, input: input.to_owned(), line: Some(number as u64 + 1) });
            }
        }
    }
    found
}

/// Whether a device of the catalog has this name, and no other word is like it.
fn is_device(naming: &Naming, name: &str, is_prose: bool) -> bool {
    let flat = plain(name);
    let least = if is_prose { SHORTEST_IN_PROSE } else { SHORTEST };
    if flat.len() < least {
        return false;
    }
    let Meaning::Devices(found) = naming.name(name) else { return false };
    if found.iter().any(|one| naming.is_chip(*one)) {
        return false;
    }
    let has_digit = flat.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = flat.chars().any(|symbol| symbol.is_alphabetic() && !symbol.is_ascii_hexdigit());
    has_digit && has_letter || naming.begins_with_vendor(&found, &flat) || is_coined(name)
}

/// `SheevaPlug`: no word of a language has capital letters inside.
fn is_coined(name: &str) -> bool {
    let mut pairs = name.chars().zip(name.chars().skip(1));
    name.len() > SHORTEST && pairs.any(|(one, next)| one.is_lowercase() && next.is_uppercase())
}

/// Whether most words of a line are words.
fn is_prose(words: &[&str]) -> bool {
    let letters = words.iter().filter(|word| word.chars().all(char::is_alphabetic)).count();
    letters >= LEAST_WORDS && letters * 3 >= words.len() * 2
}

fn parts_words(symbol: char) -> bool {
    symbol.is_whitespace() || "[](){}<>\"'`,;|=".contains(symbol)
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|symbol: char| !symbol.is_alphanumeric())
}
