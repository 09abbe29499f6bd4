//! Whole disks, flash dumps and maps of them.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
