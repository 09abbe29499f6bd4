//! The index of a packed catalog: what its records are called, and where they lie. It is read where it stands; whatever
//! in it makes no sense is left out, and [`Pack::check`](super::Pack::check) finds it.

use super::head::word;
use super::letters;
use crate::device::Kind;

/// What a record is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) kind: Kind,
    pub(crate) vendor: &'a str,
    pub(crate) model: &'a str,
    pub(crate) variant: &'a str,
    /// Other names, with `|` between.
    pub(crate) others: &'a str,
    /// What firmware calls the board, with `|` between.
    pub(crate) codes: &'a str,
}

/// One line of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) id: &'a str,
    /// Where the record lies: `chunk:line`, those written by hand first.
    places: &'a str,
    pub(crate) names: Names<'a>,
}

/// The index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index<'a> {
    pub(crate) text: &'a str,
    /// The other sections, as `head` describes them.
    pub(crate) starts: &'a [u8],
    pub(crate) by_id: &'a [u8],
    pub(crate) counts: &'a [u8],
    pub(crate) pairs: &'a [u8],
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let (id, places) = (next(), next());
        let kind = Kind::from_id(next()).unwrap_or(Kind::Router);
        Self {
            id,
            places,
            names: Names {
                kind,
                vendor: next(),
                model: next(),
                variant: next(),
                others: next(),
                codes: next(),
            },
        }
    }

    /// Chunk and line of each layer of the record, those written by hand first.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        self.places.split(',').filter_map(|place| {
            let (chunk, line) = place.split_once(':')?;
            Some((chunk.parse().ok()?, line.parse().ok()?))
        })
    }
}

impl<'a> Index<'a> {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        (self.starts.len() / 4).saturating_sub(1)
    }

    /// The line of a record.
    pub(crate) fn line(&self, record: usize) -> Option<Line<'a>> {
        let start = word(self.starts, record.checked_mul(4)?)? as usize;
        let end = word(self.starts, record.checked_mul(4)? + 4)? as usize;
        self.text.get(start..end).map(|line| Line::of(line.trim_end_matches('\n')))
    }

    /// All lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let index = *self;
        (0..index.len()).filter_map(move |record| index.line(record))
    }

    /// The line with this id.
    pub(crate) fn find(&self, id: &str) -> Option<Line<'a>> {
        let (mut low, mut high) = (0, self.by_id.len() / 4);
        while low < high {
            let middle = low + (high - low) / 2;
            let line = self.line(word(self.by_id, 4 * middle)? as usize)?;
            match line.id.cmp(id) {
                std::cmp::Ordering::Equal => return Some(line),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// How many records have a word with this counter.
    pub(crate) fn count(&self, counter: usize) -> u16 {
        let (mut low, mut high) = (0, self.counts.len() / 4);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(entry) = word(self.counts, 4 * middle) else { return 0 };
            match (entry as usize & 0xffff).cmp(&counter) {
                std::cmp::Ordering::Equal => return (entry >> 16) as u16,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        0
    }

    /// The records that have a pair of letters, in order; nothing where the list leads out of the index.
    pub(crate) fn records_with(&self, pair: usize) -> Vec<usize> {
        let lists = self.pairs.get(4 * (letters::PAIRS + 1)..).unwrap_or_default();
        let bound = |pair: usize| word(self.pairs, 4 * pair).map(|bound| bound as usize);
        let list = bound(pair).zip(bound(pair + 1)).and_then(|(start, end)| lists.get(start..end));
        let mut records = Vec::new();
        let (mut next, mut distance, mut shift) = (0_usize, 0_usize, 0);
        for byte in list.unwrap_or_default() {
            distance |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 != 0 {
                shift += 7;
                // No record has a number of more than 28 bits.
                if shift > 21 {
                    return records;
                }
                continue;
            }
            let record = next + distance;
            if record >= self.len() {
                return records;
            }
            records.push(record);
            (next, distance, shift) = (record + 1, 0, 0);
        }
        records
    }
}
