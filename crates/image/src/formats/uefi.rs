//! PC firmware: UEFI, option ROMs and flash descriptors.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
