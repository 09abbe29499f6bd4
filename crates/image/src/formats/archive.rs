//! Archives and compressors, and what they are called when firmware comes in them.

pub(crate) mod compressed;
pub(crate) mod cpio;
pub(crate) mod gzip;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &compressed::BZIP2,
    &compressed::LZ4,
    &compressed::LZ4_LEGACY,
    &compressed::LZMA,
    &compressed::XZ,
    &compressed::ZLIB,
    &compressed::ZSTD,
    &cpio::FORMAT,
    &gzip::FORMAT,
];
