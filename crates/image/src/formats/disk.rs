//! Whole disks, flash dumps and maps of them.

pub(crate) mod fmap;
pub(crate) mod gpt;
pub(crate) mod mbr;
pub(crate) mod nand;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &fmap::FORMAT,
    &gpt::FORMAT,
    &mbr::FORMAT,
    &nand::FORMAT,
];
