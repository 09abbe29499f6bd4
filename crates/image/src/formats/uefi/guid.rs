//! GUIDs as UEFI writes them: the first three fields little-endian.
//!
//! Source: UEFI Specification 2.10, appendix A.

use crate::error::ImageError;
use crate::window::Window;

/// A GUID as text, in lower case.
pub(super) fn guid(bytes: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let first = u32::from_le_bytes([a, b, c, d]);
    let (second, third) = (u16::from_le_bytes([e, f]), u16::from_le_bytes([g, h]));
    let rest = crate::digest::hex(&rest);
    format!("{first:08x}-{second:04x}-{third:04x}-{}-{}", &rest[..4], &rest[4..])
}

/// The GUID at an offset; empty where the window ends before.
pub(super) fn guid_at(window: Window<'_>, at: u64) -> Result<String, ImageError> {
    Ok(window.array(at)?.map(guid).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_little_endian() {
        let bytes = *b"\x78\xe5\x8c\x8c\x3d\x8a\x1c\x4f\x99\x35\x89\x61\x85\xc3\x2d\xd3";
        assert_eq!(guid(bytes), "8c8ce578-8a3d-4f1c-9935-896185c32dd3");
    }
}
