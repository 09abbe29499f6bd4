//! Microcontrollers: their loaders' images and the text formats of programmers.

pub(crate) mod esp_flash_image;
pub(crate) mod esp_image;
pub(crate) mod esp_partition_table;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &esp_flash_image::FORMAT,
    &esp_image::FORMAT,
    &esp_partition_table::FORMAT,
];
