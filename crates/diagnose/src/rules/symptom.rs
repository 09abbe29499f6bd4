//! What people say. Words are weaker than lines that programs print, so no weight here is high.

mod accounts;
mod actions;
mod boards;
mod builds;
mod computers;
mod power;
mod sightings;
mod suspects;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[
    accounts::RULES,
    actions::RULES,
    boards::RULES,
    builds::RULES,
    computers::RULES,
    power::RULES,
    sightings::RULES,
    suspects::RULES,
];
