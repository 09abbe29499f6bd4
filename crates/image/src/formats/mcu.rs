//! Microcontrollers: their loaders' images and the text formats of programmers.

pub(crate) mod esp_flash_image;
pub(crate) mod esp_image;
pub(crate) mod esp_partition_table;
pub(crate) mod intel_hex;
pub(crate) mod motorola_srec;
mod records;
pub(crate) mod tektronix_hex;
pub(crate) mod ti_txt;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &esp_flash_image::FORMAT,
    &esp_image::FORMAT,
    &esp_partition_table::FORMAT,
    &intel_hex::FORMAT,
    &motorola_srec::FORMAT,
    &tektronix_hex::FORMAT,
    &ti_txt::FORMAT,
];
