//! What microcontrollers say, and the tools that program them.

mod dfu_status;
mod esp;
mod esptool;
mod flight;
mod mcuboot;
mod over_the_air;
mod probes;
mod programmers;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[
    dfu_status::RULES,
    esp::RULES,
    esptool::RULES,
    flight::RULES,
    mcuboot::RULES,
    over_the_air::RULES,
    probes::RULES,
    programmers::RULES,
];
