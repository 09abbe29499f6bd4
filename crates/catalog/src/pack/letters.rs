//! Texts as they are compared: words in lower-case letters and digits, counters of words, and pairs of letters.
//! `build.rs` counts with it ahead, the search asks with it, and both have this file.

/// Counters of words, by hash. Two words that share one only seem less rare than they are.
pub(crate) const COUNTERS: usize = 1 << 14;

/// Letters and digits, and what is neither.
const LETTERS: usize = 37;

/// Pairs of neighbouring letters.
pub(crate) const PAIRS: usize = LETTERS * LETTERS;

/// Adds the text in lower-case letters and digits, with one space where anything else stood.
pub(crate) fn normalise(text: &str, into: &mut String) {
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

/// Everything that a record is called, as it is compared, a name a line: first vendor, model and variant together, then
/// its other names (with `|` between them), what stands in brackets in the model, and its id.
pub(crate) fn names(vendor: &str, model: &str, variant: &str, others: &str, id: &str) -> String {
    let mut text = String::with_capacity(160);
    for part in [vendor, " ", model, " ", variant] {
        normalise(part, &mut text);
    }
    // What stands in brackets is often what people call it: `RouterBOARD 952Ui-5ac2nD (hAP ac lite)`.
    let bracket = model.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
    let bracket = bracket.filter(|inner| inner.len() > 4);
    let others = others.split('|').filter(|other| !other.is_empty());
    for other in others.chain(bracket).chain(Some(id)) {
        text.push('\n');
        normalise(other, &mut text);
    }
    text
}

/// The names, and behind them what firmware calls the board, with `|` between: everything that a text may share letters
/// with.
pub(crate) fn with_codes(mut names: String, codes: &str) -> String {
    for code in codes.split('|').filter(|code| !code.is_empty()) {
        names.push('\n');
        normalise(code, &mut names);
    }
    names
}

/// The words of such a text.
pub(crate) fn words(names: &str) -> impl Iterator<Item = &str> {
    names.split([' ', '\n']).filter(|word| !word.is_empty())
}

/// The counter of a word: FNV-1a, folded.
pub(crate) fn counter(word: &str) -> usize {
    let hash =
        word.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    ((hash >> 16) ^ hash) as usize & (COUNTERS - 1)
}

/// Pairs of neighbouring letters; spaces are skipped, so that they reach over the ends of words.
pub(crate) fn pairs(text: &str, mut act: impl FnMut(usize)) {
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
