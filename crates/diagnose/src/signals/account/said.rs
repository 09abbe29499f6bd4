//! What people say: words of one meaning, a room for each matter that they speak of.

pub(super) mod accident;
pub(super) mod circumstances;
pub(super) mod computer;
pub(super) mod done;
pub(super) mod life;
pub(super) mod lights;
pub(super) mod means;
pub(super) mod mishaps;
pub(super) mod mismatched;
pub(super) mod outcome;
pub(super) mod parts;
pub(super) mod praise;
pub(super) mod seen;
pub(super) mod settings;
pub(super) mod tools;
pub(super) mod versions;
