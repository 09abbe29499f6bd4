//! What this computer and general tools say.

mod ports;
mod programmers;
mod success;
mod transfers;
mod usb_loaders;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] =
    &[ports::RULES, programmers::RULES, success::RULES, transfers::RULES, usb_loaders::RULES];
