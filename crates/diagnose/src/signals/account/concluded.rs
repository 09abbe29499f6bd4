//! What is concluded from words that stand together in an account.

mod by_circumstance;
mod conclusions;
pub(super) mod contrasts;
mod dependence;
mod endings;
pub(super) mod fates;
mod network;
pub(super) mod partly;
mod plainly;
mod repeats;
pub(super) mod turns;

use debrick_model::{Action, Cause, State};

use super::words::Words;

/// Words that stand together, and what they say.
pub(crate) struct Conclusion {
    pub(crate) all: &'static [&'static Words],
    /// All of these in one sentence, or in two that follow each other.
    pub(crate) near: &'static [&'static Words],
    pub(crate) none: &'static [&'static Words],
    pub(crate) says: &'static str,
    pub(crate) causes: &'static [(Cause, f64)],
    pub(crate) state: Option<(State, f64)>,
    pub(crate) actions: &'static [Action],
}

/// All conclusions.
pub(super) fn all() -> impl Iterator<Item = &'static Conclusion> {
    [
        conclusions::CONCLUSIONS,
        endings::ENDINGS,
        by_circumstance::BY_CIRCUMSTANCE,
        fates::FATES,
        network::NETWORK,
        plainly::PLAINLY,
        turns::TURNS,
        partly::PARTLY,
        repeats::REPEATS,
        contrasts::CONTRASTS,
        dependence::DEPENDENCE,
    ]
    .into_iter()
    .flatten()
}
