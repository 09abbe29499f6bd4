//! All records, as the search asks for them: how rare a word is, and which share most with a text.

use std::collections::BTreeMap;

use super::OwnNames;
use super::closeness::Weighed;
use super::words::Query;
use crate::pack::index::Index;
use crate::pack::letters;

/// The records of the catalog, and behind them the user's own.
pub(super) struct Corpus<'a> {
    index: Index<'a>,
    own: &'a [OwnNames<'a>],
    /// How many of the user's own have a word, by its counter.
    own_counts: BTreeMap<usize, u16>,
    /// The user's own by pairs of letters.
    own_pairs: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Corpus<'a> {
    pub(super) fn new(index: Index<'a>, own: &'a [OwnNames<'a>]) -> Self {
        let mut own_counts = BTreeMap::new();
        let mut own_pairs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, OwnNames { id, names }) in own.iter().enumerate() {
            let record = index.len() + number;
            let text = letters::names(names.vendor, names.model, names.variant, names.others, id);
            let mut counters: Vec<usize> = letters::words(&text).map(letters::counter).collect();
            counters.sort_unstable();
            counters.dedup();
            for counter in counters {
                let count = own_counts.entry(counter).or_insert(0_u16);
                *count = count.saturating_add(1);
            }
            letters::pairs(&letters::with_codes(text, names.codes), |pair| {
                let list = own_pairs.entry(pair).or_default();
                if list.last() != Some(&record) {
                    list.push(record);
                }
            });
        }
        Self { index, own, own_counts, own_pairs }
    }

    fn len(&self) -> usize {
        self.index.len() + self.own.len()
    }

    /// What a record is called.
    pub(super) fn named(&self, record: usize) -> Option<OwnNames<'a>> {
        match record.checked_sub(self.index.len()) {
            Some(own) => self.own.get(own).copied(),
            None => self.index.line(record).map(|line| OwnNames { id: line.id, names: line.names }),
        }
    }

    /// How many records have a word.
    fn count(&self, word: &str) -> u16 {
        let counter = letters::counter(word);
        let own = self.own_counts.get(&counter).copied().unwrap_or_default();
        self.index.count(counter).saturating_add(own)
    }

    /// How much a word says, by how few records have it; as the information of finding it, in nats.
    pub(super) fn weight(&self, word: &str) -> f64 {
        let all = self.len().max(1) as f64;
        (1.0 + all / (1.0 + f64::from(self.count(word)))).ln()
    }

    /// Whether any record has the word.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.count(word) > 0
    }

    /// A text with how much each of its words says.
    pub(super) fn weighed<'q>(&self, query: &'q Query) -> Weighed<'q> {
        let weigh = |word: &String| (self.weight(word), self.knows(word));
        Weighed { query, weights: query.words.iter().map(weigh).collect() }
    }

    /// The records that share most with the text, by pairs of letters.
    pub(super) fn candidates(&self, query: &Query, most: usize) -> Vec<usize> {
        let mut wanted = Vec::new();
        let joined = query.words.concat();
        for word in query.words.iter().chain(Some(&joined)) {
            letters::pairs(word, |pair| wanted.push(pair));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let all = self.len().max(1) as f32;
        let mut scores = vec![0.0_f32; self.len()];
        for pair in wanted {
            let mut records = self.index.records_with(pair);
            records.extend(self.own_pairs.get(&pair).into_iter().flatten());
            // A pair that few records have says more.
            let weight = (1.0 + all / (1.0 + records.len() as f32)).ln();
            for record in records {
                scores[record] += weight;
            }
        }
        let mut best: Vec<(f32, usize)> =
            scores.into_iter().enumerate().map(|(record, score)| (score, record)).collect();
        best.retain(|(score, _)| *score > 0.0);
        if best.len() > most {
            best.select_nth_unstable_by(most, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(most);
        }
        best.into_iter().map(|(_, record)| record).collect()
    }
}
