//! File systems, as they stand in flash.

pub(crate) mod cramfs;
pub(crate) mod erofs;
pub(crate) mod ext4;
mod ext4_directories;
mod ext4_groups;
pub(crate) mod fat;
pub(crate) mod jffs2;
pub(crate) mod littlefs;
pub(crate) mod romfs;
pub(crate) mod squashfs;
pub(crate) mod ubi;
pub(crate) mod ubifs;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &cramfs::FORMAT,
    &erofs::FORMAT,
    &ext4::FORMAT,
    &fat::FORMAT,
    &jffs2::FORMAT,
    &littlefs::FORMAT,
    &romfs::FORMAT,
    &squashfs::FORMAT,
    &ubi::FORMAT,
    &ubifs::FORMAT,
];
