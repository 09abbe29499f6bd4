//! Which device a text means: a label, a model number, what somebody remembers of it.
//!
//! Texts are cut into words. A rare word says more than a common one, so that each has the weight of its rarity; a
//! device's score is how much of its own name and of the text match each other. Words match when they are the same, when
//! joined neighbours are the same (`WRT 3200 ACM`), when one begins the other, or when a typing error lies between them.
//! Two passes keep it fast: pairs of letters choose some hundred candidates, and only those are looked at closely.

mod closeness;
mod words;

use crate::device::Kind;

use words::{Arena, Query};

/// How many records are looked at closely.
const CANDIDATES: usize = 250;

/// A score below this is no likeness.
const LEAST_SCORE: f64 = 0.2;

/// What a record is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) kind: Kind,
    pub(crate) vendor: &'a str,
    pub(crate) model: &'a str,
    pub(crate) variant: &'a str,
    /// Other names, with `|` between.
    pub(crate) others: &'a str,
}

/// A device that a text may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// What sort of thing it is.
    pub kind: Kind,
    /// Maker.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// What tells it from others of its model.
    pub variant: Option<String>,
    /// How well it fits, from 0 to 1.
    pub score: f64,
}

/// One search.
pub(crate) struct Searcher<'a> {
    query: Query,
    records: Vec<(&'a str, Names<'a>)>,
    arena: Arena,
}

impl<'a> Searcher<'a> {
    pub(crate) fn new(text: &str) -> Self {
        Self { query: Query::of(text), records: Vec::new(), arena: Arena::default() }
    }

    pub(crate) fn add(&mut self, id: &'a str, names: Names<'a>) {
        self.arena.add(&names, id);
        self.records.push((id, names));
    }

    /// The records that fit best.
    pub(crate) fn best(self, limit: usize) -> Vec<Hit> {
        let mut hits: Vec<(f64, usize)> = Vec::new();
        for record in self.arena.candidates(&self.query, CANDIDATES) {
            let score = closeness::score(&self.query, &self.arena, record);
            if score >= LEAST_SCORE {
                hits.push((score, record));
            }
        }
        let by_score = |a: &(f64, usize), b: &(f64, usize)| {
            let (id_of_a, id_of_b) = (self.records[a.1].0, self.records[b.1].0);
            b.0.total_cmp(&a.0).then_with(|| id_of_a.cmp(id_of_b))
        };
        hits.sort_by(by_score);
        hits.truncate(limit);
        let hit = |(score, record): (f64, usize)| {
            let (id, names) = self.records[record];
            Hit {
                id: id.to_owned(),
                kind: names.kind,
                vendor: names.vendor.to_owned(),
                model: names.model.to_owned(),
                variant: (!names.variant.is_empty()).then(|| names.variant.to_owned()),
                score: (score.min(1.0) * 1000.0).round() / 1000.0,
            }
        };
        hits.into_iter().map(hit).collect()
    }
}
