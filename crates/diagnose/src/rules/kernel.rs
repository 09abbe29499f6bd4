//! What the kernel says.

mod crash;
mod drivers;
mod root;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[crash::RULES, drivers::RULES, root::RULES];
