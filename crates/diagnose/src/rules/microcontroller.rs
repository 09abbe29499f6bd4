//! What microcontrollers say, and the tools that program them.

mod dfu_status;
mod esp;
mod esptool;
mod mcuboot;
mod probes;
mod programmers;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] =
    &[dfu_status::RULES, esp::RULES, esptool::RULES, mcuboot::RULES, probes::RULES, programmers::RULES];
