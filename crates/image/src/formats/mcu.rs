//! Microcontrollers: their loaders' images and the text formats of programmers.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
