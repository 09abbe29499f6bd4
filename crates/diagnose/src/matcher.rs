//! All patterns at once.
//!
//! A pattern is text with `*` for anything in between, compared without regard to case; `^` at its front ties it to
//! the start of the line. The longest piece of each pattern goes into one automaton; only where that is found is the
//! rest compared.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::{rules, signals, timeline};

/// A pattern by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pattern(u32);

impl Pattern {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every pattern of rules, noise, timeline and signals.
pub(crate) static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let of_rules = rules::all().flat_map(|rule| rule.patterns());
    let of_timeline = timeline::patterns();
    let of_signals = signals::patterns();
    let of_noise = rules::noise::patterns();
    Matcher::new(of_rules.chain(of_timeline).chain(of_signals).chain(of_noise))
});

/// The longest text that goes into the automaton, in bytes. Longer ones hardly find less, and building takes longer.
const MAX_ANCHOR: usize = 12;

pub(crate) struct Matcher {
    automaton: Option<AhoCorasick>,
    globs: Vec<Glob>,
}

struct Glob {
    text: &'static str,
    /// Lower-case pieces in order.
    pieces: Vec<String>,
    tied_to_start: bool,
}

impl Matcher {
    pub(crate) fn new(patterns: impl Iterator<Item = &'static str>) -> Self {
        let mut texts: Vec<&'static str> = patterns.collect();
        texts.sort_unstable();
        texts.dedup();
        let globs: Vec<Glob> = texts.into_iter().map(Glob::new).collect();
        let anchors = globs.iter().map(Glob::anchor);
        // Building fails only beyond two billion states; without an automaton nothing would match, and the tests
        // of every rule would fail.
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(anchors).ok();
        Self { automaton, globs }
    }

    /// How many patterns there are.
    pub(crate) fn count(&self) -> usize {
        self.globs.len()
    }

    /// The number of a pattern that was given to [`Matcher::new`].
    pub(crate) fn number(&self, text: &'static str) -> Option<Pattern> {
        self.globs.binary_search_by(|glob| glob.text.cmp(text)).ok().map(|index| Pattern(index as u32))
    }

    /// Fills `found` with the patterns that match the line, each once.
    pub(crate) fn matches(&self, line: &str, found: &mut Vec<Pattern>) {
        found.clear();
        let Some(automaton) = &self.automaton else { return };
        let mut lower = None;
        for candidate in automaton.find_overlapping_iter(line) {
            let index = candidate.pattern().as_usize();
            let pattern = Pattern(index as u32);
            if found.contains(&pattern) {
                continue;
            }
            let lower = lower.get_or_insert_with(|| line.to_ascii_lowercase());
            if self.globs[index].matches(lower) {
                found.push(pattern);
            }
        }
    }
}

impl Glob {
    fn new(text: &'static str) -> Self {
        let tied_to_start = text.starts_with('^');
        let body = text.strip_prefix('^').unwrap_or(text);
        Self { text, pieces: body.split('*').map(str::to_ascii_lowercase).collect(), tied_to_start }
    }

    /// The beginning of the longest piece, which is the rarest.
    fn anchor(&self) -> &str {
        let longest = self.pieces.iter().max_by_key(|piece| piece.len()).map_or("", String::as_str);
        let mut end = longest.len().min(MAX_ANCHOR);
        while !longest.is_char_boundary(end) {
            end -= 1;
        }
        &longest[..end]
    }

    fn matches(&self, line: &str) -> bool {
        let mut rest = line;
        for (index, piece) in self.pieces.iter().enumerate() {
            let found = if index == 0 && self.tied_to_start {
                rest.starts_with(piece.as_str()).then_some(0)
            } else {
                rest.find(piece.as_str())
            };
            let Some(at) = found else { return false };
            rest = &rest[at + piece.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &'static str, line: &str, expected: bool) {
        let matcher = Matcher::new([pattern].into_iter());
        let mut found = Vec::new();
        matcher.matches(line, &mut found);
        assert_eq!(!found.is_empty(), expected, "{pattern} {line}");
    }

    #[test]
    fn patterns() {
        check("Bad hash * in '*'", "bad HASH value in 'x'", true);
        check("Bad hash * in '*'", "in Bad hash value '", false);
        check("^=> x", "=> x1", true);
        check("^=> x", "a => x1", false);
        check("abc", "ab", false);
        check("aa*aa", "aaa", false);
        check("ü*x", "é ü x", true);
    }

    #[test]
    fn every_pattern_can_be_searched_for() {
        for glob in &MATCHER.globs {
            assert!(glob.anchor().len() >= 3, "{}", glob.text);
        }
    }
}
