//! What phones and tablets and their tools say.

mod android;
mod emergency;
mod fastboot;
mod mediatek;
mod rockchip;
mod samsung;
mod update_engine;
mod vendor_tools;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[
    android::RULES,
    emergency::RULES,
    fastboot::RULES,
    mediatek::RULES,
    rockchip::RULES,
    samsung::RULES,
    update_engine::RULES,
    vendor_tools::RULES,
];
