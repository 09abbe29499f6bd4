//! Archives and compressors, and what they are called when firmware comes in them.

pub(crate) mod compressed;
pub(crate) mod cpio;
pub(crate) mod gzip;
mod seven_zip;
pub(crate) mod tar;
pub(crate) mod zip;

use crate::error::ImageError;
use crate::format::Format;
use crate::unpack::{Codec, Unpacked, unpack};
use crate::window::Window;

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
    &seven_zip::FORMAT,
    &tar::FORMAT,
    &zip::FORMAT,
];

/// What a compressed window holds, for those who have to look into it themselves.
pub(crate) fn decompress(window: Window<'_>) -> Result<Option<Unpacked<'_>>, ImageError> {
    let head = window.head(0, 6)?;
    let codec = match head.as_slice() {
        [0x1f, 0x8b, 8, ..] => return gzip::contents(window),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Codec::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
        [b'B', b'Z', b'h', ..] => Codec::Bzip2,
        [0x04, 0x22, 0x4d, 0x18, ..] => Codec::Lz4,
        _ => return Ok(None),
    };
    unpack(window, codec).map(Some)
}
