//! Whole disks, flash dumps and maps of them.

pub(crate) mod fmap;
pub(crate) mod gpt;
pub(crate) mod mbr;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &fmap::FORMAT,
    &gpt::FORMAT,
    &mbr::FORMAT,
];
