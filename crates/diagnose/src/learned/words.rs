//! The words of a case, as the table of weights knows them.
//!
//! Lower case, without numbers, and cut to a stem-like length. Writings without spaces give pairs of signs. Made-up
//! words in angle brackets say which kinds of evidence there are and how long they are.

use std::collections::BTreeSet;

use debrick_model::EvidenceKind;

use crate::case::Evidence;

/// Longer words are cut to this many characters.
const LONGEST_WORD: usize = 10;

/// A text of more lines than two to this power counts as one of as many.
const LONGEST_CLASS: u32 = 5;

/// No line gives more words than this.
const MOST_OF_A_LINE: usize = 400;

/// Words that every text has and that tell nothing; what denies, and what says when, is not among them.
const EMPTY: [&str; 64] = [
    "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "das",
    "der", "die", "do", "does", "ein", "eine", "for", "from", "going", "had", "has", "have", "here", "ich",
    "if", "in", "into", "is", "ist", "it", "its", "me", "mit", "my", "of", "on", "or", "our", "so", "some",
    "such", "than", "that", "the", "them", "there", "these", "they", "this", "those", "to", "und", "was",
    "we", "were", "what", "which", "with", "you",
];

/// The words of logs, tool output and accounts, each once. What the program itself says (sightings) has none.
pub fn words(evidence: &[Evidence]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for item in evidence {
        let kind = match item.kind {
            EvidenceKind::SerialLog => "log",
            EvidenceKind::ToolOutput => "tool",
            EvidenceKind::Symptom => "account",
            _ => continue,
        };
        let mut lines = 0_u64;
        for line in item.text.lines().filter(|line| !line.trim().is_empty()) {
            lines += 1;
            words.extend(words_of_line(line));
        }
        words.insert(format!("<{kind}>"));
        words.insert(format!("<{kind}:{}>", (lines + 1).ilog2().min(LONGEST_CLASS)));
    }
    words
}

/// Whether a word is none of a text.
pub(super) fn is_made_up(word: &str) -> bool {
    word.starts_with('<')
}

/// The words of a line, each once.
pub(super) fn words_of_line(line: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let lower = line.to_lowercase();
    let is_sign = |sign: char| sign == '%';
    let pieces = lower.split(|sign: char| !sign.is_alphabetic() && !sign.is_ascii_digit() && !is_sign(sign));
    for piece in pieces.filter(|piece| !piece.is_empty()).take(MOST_OF_A_LINE) {
        if piece.starts_with("0x") {
            words.insert("0x".to_owned());
            continue;
        }
        if piece.contains('%') {
            words.insert("%".to_owned());
        }
        for run in piece.split(|sign: char| !sign.is_alphabetic()).filter(|run| !run.is_empty()) {
            let signs: Vec<char> = run.chars().collect();
            if signs.iter().any(|sign| is_ideograph(*sign)) {
                words.extend(signs.windows(2).map(|pair| pair.iter().collect::<String>()));
            } else if signs.len() > 1 && !EMPTY.contains(&run) {
                words.insert(signs.into_iter().take(LONGEST_WORD).collect());
            }
        }
    }
    words
}

/// Chinese and Japanese signs, which no spaces part into words.
fn is_ideograph(sign: char) -> bool {
    matches!(sign, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_numbers_case_and_length() {
        let words: Vec<String> = words_of_line("Uncompressing Kernel: 0x80001000 of mtd5, 12% a 刷机后 Grün")
            .into_iter()
            .collect();
        assert_eq!(words, ["%", "0x", "grün", "kernel", "mtd", "uncompress", "刷机", "机后"]);
    }

    #[test]
    fn kinds_and_lengths_are_words_and_sightings_have_none() {
        let of = |kind, text: &str| Evidence { kind, name: "case".into(), text: text.into() };
        let log = of(EvidenceKind::SerialLog, "ok\n\nok\nok");
        let seen = of(EvidenceKind::Sighting, "what the program saw");
        let words: Vec<String> = words(&[log, seen]).into_iter().collect();
        assert_eq!(words, ["<log:2>", "<log>", "ok"]);
    }
}
