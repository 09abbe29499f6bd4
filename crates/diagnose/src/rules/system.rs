//! What the running system and its updaters say.

mod services;
mod sysupgrade;
mod updaters;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[services::RULES, sysupgrade::RULES, updaters::RULES];
