//! What boot loaders start: U-Boot's images and environment, device trees, executables.

pub(crate) mod dtb;
pub(crate) mod elf;
pub(crate) mod fit;
mod raw;
pub(crate) mod uboot_env;
pub(crate) mod uimage;
mod uimage_names;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &dtb::FORMAT,
    &elf::FORMAT,
    &fit::FORMAT,
    // What is known by its name comes before what is known by its vectors alone.
    &raw::UBOOT,
    &raw::ARM,
    &raw::RISCV,
    &uboot_env::FORMAT,
    &uimage::FORMAT,
    &uimage::VENDOR_MAGIC,
];
