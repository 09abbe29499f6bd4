//! All patterns at once.
//!
//! A pattern is text with `*` for anything in between, compared without regard to case; `^` at its front ties it to
//! the start of the line. A few neighbouring bytes of each pattern are its key. Every place of a line is looked up in the
//! table of all keys, and only where a key stands is its pattern compared. The table is made in a moment, and most lookups
//! end at one bit of it.

use std::sync::LazyLock;

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

/// Bytes of a key; patterns whose longest piece is shorter have keys of [`SHORT`] bytes.
const LONG: usize = 4;

/// Bytes of a short key.
const SHORT: usize = 3;

/// Bits of the number of a slot of a table of keys: a dozen slots for each pattern.
const SLOT_BITS: u32 = 16;

pub(crate) struct Matcher {
    globs: Vec<Glob>,
    long: Keys,
    short: Keys,
}

struct Glob {
    text: &'static str,
    /// Lower-case pieces in order.
    pieces: Vec<String>,
    /// The longest of them, which is the rarest.
    longest: usize,
    tied_to_start: bool,
}

/// A key, and the pattern that it stands for.
struct Entry {
    key: u32,
    pattern: Pattern,
    /// Where the key stands in the pattern's longest piece, in bytes.
    offset: usize,
}

/// Keys, and the patterns that each of them stands for.
struct Keys {
    /// A bit for each slot that holds any key.
    taken: Vec<u64>,
    /// For each slot, the first of its entries.
    first: Vec<u16>,
    /// Ordered by slot.
    entries: Vec<Entry>,
}

/// What a search needs, kept so that no line needs memory of its own.
#[derive(Default)]
pub(crate) struct Scratch {
    lower: String,
    /// Patterns of several pieces that were compared with the whole line in vain.
    failed: Vec<Pattern>,
}

impl Matcher {
    pub(crate) fn new(patterns: impl Iterator<Item = &'static str>) -> Self {
        let mut texts: Vec<&'static str> = patterns.collect();
        texts.sort_unstable();
        texts.dedup();
        let globs: Vec<Glob> = texts.into_iter().map(Glob::new).collect();
        let mut uses = vec![0_u32; 1 << SLOT_BITS];
        for (_, key) in globs.iter().flat_map(|glob| keys(glob.longest(), LONG)) {
            uses[slot(key)] += 1;
        }
        let (mut long, mut short) = (Vec::new(), Vec::new());
        for (index, glob) in globs.iter().enumerate() {
            let entry = |(offset, key)| Entry { key, pattern: Pattern(index as u32), offset };
            // The key that fewest patterns hold says most.
            match keys(glob.longest(), LONG).min_by_key(|(_, key)| uses[slot(*key)]) {
                Some(key) => long.push(entry(key)),
                None => short.extend(keys(glob.longest(), SHORT).next().map(entry)),
            }
        }
        Self { globs, long: Keys::new(long), short: Keys::new(short) }
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
    pub(crate) fn matches(&self, line: &str, scratch: &mut Scratch, found: &mut Vec<Pattern>) {
        found.clear();
        let Scratch { lower, failed } = scratch;
        failed.clear();
        lower.clear();
        lower.push_str(line);
        lower.make_ascii_lowercase();
        for (keys_of, length) in [(&self.long, LONG), (&self.short, SHORT)] {
            for (at, key) in keys(lower, length) {
                keys_of.of(key, |entry| {
                    let glob = &self.globs[entry.pattern.index()];
                    if found.contains(&entry.pattern) || !glob.stands_at(lower, at, entry.offset) {
                        return;
                    }
                    if glob.pieces.len() == 1 {
                        found.push(entry.pattern);
                    } else if !failed.contains(&entry.pattern) {
                        let list = if glob.matches(lower) { &mut *found } else { &mut *failed };
                        list.push(entry.pattern);
                    }
                });
            }
        }
    }
}

/// All keys of a text with their places, in order.
fn keys(text: &str, length: usize) -> impl Iterator<Item = (usize, u32)> {
    let key = |window: &[u8]| window.iter().fold(0, |key, byte| key << 8 | u32::from(*byte));
    text.as_bytes().windows(length).map(key).enumerate()
}

impl Keys {
    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| (slot(entry.key), entry.pattern.0));
        let mut taken = vec![0; 1 << (SLOT_BITS - 6)];
        let mut first = vec![0; 1 << SLOT_BITS];
        for (index, entry) in entries.iter().enumerate().rev() {
            let slot = slot(entry.key);
            taken[slot >> 6] |= 1 << (slot & 63);
            first[slot] = index as u16;
        }
        Self { taken, first, entries }
    }

    /// Calls `take` with the entries of the key.
    fn of(&self, key: u32, mut take: impl FnMut(&Entry)) {
        let slot = slot(key);
        if self.taken[slot >> 6] >> (slot & 63) & 1 == 0 {
            return;
        }
        let entries = self.entries.get(usize::from(self.first[slot])..).unwrap_or_default();
        for entry in entries {
            if entry.key == key {
                take(entry);
            } else if self::slot(entry.key) != slot {
                return;
            }
        }
    }
}

/// The slot of a key (multiplicative hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4).
fn slot(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as usize
}

impl Glob {
    fn new(text: &'static str) -> Self {
        let tied_to_start = text.starts_with('^');
        let body = text.strip_prefix('^').unwrap_or(text);
        let pieces: Vec<String> = body.split('*').map(str::to_ascii_lowercase).collect();
        let longest = (0..pieces.len()).max_by_key(|index| pieces[*index].len()).unwrap_or_default();
        Self { text, pieces, longest, tied_to_start }
    }

    fn longest(&self) -> &str {
        &self.pieces[self.longest]
    }

    /// Whether its longest piece stands in a line that has its key at a place; `offset` is where the key stands in the
    /// piece. A pattern of one piece matches then.
    fn stands_at(&self, line: &str, at: usize, offset: usize) -> bool {
        let Some(start) = at.checked_sub(offset) else { return false };
        let is_tied = self.tied_to_start && self.longest == 0;
        let rest = line.as_bytes().get(start..).unwrap_or_default();
        (!is_tied || start == 0) && rest.starts_with(self.longest().as_bytes())
    }

    /// Whether all pieces stand in the line, in order.
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
        matcher.matches(line, &mut Scratch::default(), &mut found);
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
        check("über*x", "é über x", true);
        check("oom", "an OOM", true);
        check("oom", "oo m", false);
        check("^one*two three", "one and two three", true);
        check("^one*two three", "no one and two three", false);
        check("two three*one", "one two three", false);
    }

    #[test]
    fn every_pattern_can_be_searched_for() {
        for glob in &MATCHER.globs {
            assert!(glob.longest().len() >= SHORT, "{}", glob.text);
        }
        assert_eq!(MATCHER.long.entries.len() + MATCHER.short.entries.len(), MATCHER.count());
        assert!(MATCHER.count() <= usize::from(u16::MAX));
    }
}
