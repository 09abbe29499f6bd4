//! What drivers of flash, disks and file systems say.

mod blocks;
mod filesystems;
mod raw_flash;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[blocks::RULES, filesystems::RULES, raw_flash::RULES];
