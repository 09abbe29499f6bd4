//! Firmware of devices behind a host: radios, pads, controllers.

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
];
