//! Microcontrollers: their loaders' images and the text formats of programmers.

pub(crate) mod dfu;
pub(crate) mod dfuse;
pub(crate) mod esp_flash_image;
pub(crate) mod esp_image;
pub(crate) mod esp_partition_table;
pub(crate) mod intel_hex;
pub(crate) mod mcuboot;
pub(crate) mod motorola_srec;
pub(crate) mod px4_json;
mod records;
pub(crate) mod silabs_gbl;
pub(crate) mod tektronix_hex;
pub(crate) mod ti_txt;
pub(crate) mod uf2;
mod uf2_families;
pub(crate) mod zigbee_ota;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &dfu::FORMAT,
    &dfuse::FORMAT,
    &esp_flash_image::FORMAT,
    &esp_image::FORMAT,
    &esp_partition_table::FORMAT,
    &intel_hex::FORMAT,
    &mcuboot::FORMAT,
    &motorola_srec::FORMAT,
    &px4_json::FORMAT,
    &silabs_gbl::FORMAT,
    &tektronix_hex::FORMAT,
    &ti_txt::FORMAT,
    &uf2::FORMAT,
    &zigbee_ota::FORMAT,
];
