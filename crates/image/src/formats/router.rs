//! Headers, trailers and ciphers of router and access point vendors.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
