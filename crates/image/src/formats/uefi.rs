//! PC firmware: UEFI, option ROMs and flash descriptors.

pub(crate) mod capsule;
pub(crate) mod cfu_offer;
pub(crate) mod files;
pub(crate) mod flash_descriptor;
mod guid;
pub(crate) mod ifwi;
pub(crate) mod option_rom;
pub(crate) mod pc_bios;
pub(crate) mod pe;
pub(crate) mod signature_list;
pub(crate) mod uswid;
pub(crate) mod variables;
pub(crate) mod volume;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &capsule::FORMAT,
    &cfu_offer::FORMAT,
    &files::FORMAT,
    &flash_descriptor::FORMAT,
    &ifwi::CPD,
    &ifwi::FPT,
    &option_rom::FORMAT,
    &pc_bios::FORMAT,
    &pe::FORMAT,
    &signature_list::FORMAT,
    &uswid::FORMAT,
    &variables::FORMAT,
    &volume::FORMAT,
];
