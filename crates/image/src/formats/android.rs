//! Android and its relatives: boot images, verified boot, updates.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
