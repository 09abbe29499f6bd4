//! Update bundles: archives with a meaning.

pub(crate) mod bundle;
pub(crate) mod fwtool;
mod mender;
pub(crate) mod package;
mod synology;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &fwtool::FORMAT,
];
