//! What the running system and its updaters say.

mod fwupd;
mod services;
mod slots;
mod sysupgrade;
mod updaters;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] =
    &[fwupd::RULES, services::RULES, slots::RULES, sysupgrade::RULES, updaters::RULES];
