//! Checksums and digests over a stretch of a source, in one pass and constant memory.

use sha2::Digest as _;

use crate::error::ImageError;
use crate::window::Window;

/// An algorithm that image formats use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// CRC-32 as in zlib, big-endian when written as bytes.
    Crc32,
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The algorithm that a FIT `algo` property names.
    pub(crate) fn from_fit(name: &str) -> Option<Self> {
        Some(match name {
            "crc32" => Self::Crc32,
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }

    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The digest of all bytes of the window.
    pub(crate) fn of(self, window: Window<'_>) -> Result<Vec<u8>, ImageError> {
        match self {
            Self::Crc32 => Ok(crc32(window)?.to_be_bytes().to_vec()),
            Self::Md5 => stream::<md5::Md5>(window),
            Self::Sha1 => stream::<sha1::Sha1>(window),
            Self::Sha256 => stream::<sha2::Sha256>(window),
            Self::Sha384 => stream::<sha2::Sha384>(window),
            Self::Sha512 => stream::<sha2::Sha512>(window),
        }
    }
}

fn stream<D: sha2::Digest>(window: Window<'_>) -> Result<Vec<u8>, ImageError> {
    let mut hasher = D::new();
    window.stream(|piece| hasher.update(piece))?;
    Ok(hasher.finalize().to_vec())
}

/// CRC-32 as in zlib.
pub(crate) fn crc32(window: Window<'_>) -> Result<u32, ImageError> {
    let mut hasher = crc32fast::Hasher::new();
    window.stream(|piece| hasher.update(piece))?;
    Ok(hasher.finalize())
}

/// SHA-256 as the model's value.
pub(crate) fn sha256(window: Window<'_>) -> Result<debrick_model::Digest, ImageError> {
    let mut hasher = sha2::Sha256::new();
    window.stream(|piece| hasher.update(piece))?;
    Ok(debrick_model::Digest::new(hasher.finalize().into()))
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of RFC 1321, RFC 3174 and FIPS 180-4 for `abc`, and of zlib for `123456789`.
    #[test]
    fn known_answers() {
        let check = |algorithm: Algorithm, text: &str, expected: &str| {
            let bytes = text.as_bytes().to_vec();
            assert_eq!(hex(&algorithm.of(Window::whole(&bytes)).unwrap()), expected, "{algorithm:?}");
            assert_eq!(Algorithm::from_fit(algorithm.id()), Some(algorithm));
        };
        check(Algorithm::Crc32, "123456789", "cbf43926");
        check(Algorithm::Md5, "abc", "900150983cd24fb0d6963f7d28e17f72");
        check(Algorithm::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
        check(Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
