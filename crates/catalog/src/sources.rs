//! Where facts come from.

use serde::{Deserialize, Serialize};

/// Where facts come from: one source or several. A file may write one as a plain text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "OneOrMore", into = "OneOrMore")]
pub struct Sources(pub Vec<String>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Sources {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|source| source.trim().is_empty())
    }

    /// Adds those of `others` that are not there yet.
    pub fn add(&mut self, others: Self) {
        for other in others.0 {
            if !self.0.contains(&other) {
                self.0.push(other);
            }
        }
    }

    /// All of them on one line.
    pub fn in_words(&self) -> String {
        self.0.join("; ")
    }
}

impl From<OneOrMore> for Sources {
    fn from(from: OneOrMore) -> Self {
        match from {
            OneOrMore::One(source) => Self(vec![source]),
            OneOrMore::More(sources) => Self(sources),
        }
    }
}

impl From<Sources> for OneOrMore {
    fn from(mut sources: Sources) -> Self {
        match sources.0.len() {
            1 => Self::One(sources.0.remove(0)),
            _ => Self::More(sources.0),
        }
    }
}
