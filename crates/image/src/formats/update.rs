//! Update bundles: archives with a meaning.

pub(crate) mod bundle;
pub(crate) mod fwtool;
mod lvfs_cab;
mod mender;
pub(crate) mod package;
pub(crate) mod rauc;
pub(crate) mod swu;
mod synology;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &fwtool::FORMAT,
    &lvfs_cab::FORMAT,
    &rauc::FORMAT,
];
