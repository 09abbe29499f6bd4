//! What the kernel says.

mod controllers;
mod crash;
mod drivers;
mod root;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[controllers::RULES, crash::RULES, drivers::RULES, root::RULES];
