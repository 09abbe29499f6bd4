//! Archives and compressors, and what they are called when firmware comes in them.

pub(crate) mod cpio;
pub(crate) mod gzip;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &cpio::FORMAT,
    &gzip::FORMAT,
];
