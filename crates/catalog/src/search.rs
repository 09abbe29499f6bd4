//! Which device a text means: a label, a model number, what somebody remembers of it.
//!
//! Texts are cut into words. A rare word says more than a common one, so that each has the weight of its rarity; a
//! device's score is how much of its own name and of the text match each other. Words match when they are the same, when
//! joined neighbours are the same (`WRT 3200 ACM`), when one begins the other, or when a typing error lies between them.
//! Two passes keep it fast: pairs of letters, of which the packed catalog has lists, choose some hundred candidates, and
//! only those are looked at closely.

mod candidates;
mod closeness;
mod words;

use std::collections::BTreeSet;

use crate::device::Kind;
use crate::pack::index::{Index, Names};

use candidates::Corpus;
use closeness::Called;
use words::Query;

/// How many records are looked at closely.
const CANDIDATES: usize = 250;

/// A score below this is no likeness.
const LEAST_SCORE: f64 = 0.2;

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

/// What a record of the user's own is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnNames<'a> {
    pub(crate) id: &'a str,
    pub(crate) names: Names<'a>,
}

/// The records that a text may mean, best first: the user's own, and those of the catalog that none of them lies over.
pub(crate) fn search(text: &str, limit: usize, index: Index<'_>, own: &[OwnNames<'_>]) -> Vec<Hit> {
    let corpus = Corpus::new(index, own);
    let hidden: BTreeSet<&str> = own.iter().map(|own| own.id).collect();
    let mut hits: Vec<(f64, OwnNames<'_>)> = Vec::new();
    for query in Query::readings(text, |word| corpus.knows(word)) {
        let weighed = corpus.weighed(&query);
        for record in corpus.candidates(&query, CANDIDATES) {
            let Some(named) = corpus.named(record) else { continue };
            if record < index.len() && hidden.contains(named.id) {
                continue;
            }
            let score = closeness::score(&weighed, &Called::by(&named), &corpus);
            if score >= LEAST_SCORE {
                hits.push((score, named));
            }
        }
    }
    hits.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(b.1.id)));
    let mut seen = BTreeSet::new();
    hits.retain(|(_, named)| seen.insert(named.id));
    hits.truncate(limit);
    let hit = |(score, OwnNames { id, names }): (f64, OwnNames<'_>)| Hit {
        id: id.to_owned(),
        kind: names.kind,
        vendor: names.vendor.to_owned(),
        model: names.model.to_owned(),
        variant: (!names.variant.is_empty()).then(|| names.variant.to_owned()),
        score: (score.min(1.0) * 1000.0).round() / 1000.0,
    };
    hits.into_iter().map(hit).collect()
}
