//! Android and its relatives: boot images, verified boot, updates.

pub(crate) mod avb;
pub(crate) mod boot;
pub(crate) mod chromeos;
pub(crate) mod dtbo;
mod fingerprint;
pub(crate) mod payload;
pub(crate) mod pit;
mod protobuf;
pub(crate) mod sparse;
pub(crate) mod super_partition;
pub(crate) mod vendor_boot;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &avb::FOOTER,
    &avb::FORMAT,
    &boot::FORMAT,
    &chromeos::FORMAT,
    &dtbo::FORMAT,
    &payload::FORMAT,
    &pit::FORMAT,
    &sparse::FORMAT,
    &super_partition::FORMAT,
    &vendor_boot::FORMAT,
];
