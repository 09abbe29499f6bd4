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
            Self::Sha256 => Ok(sha256(window)?.as_bytes().to_vec()),
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

/// CRC-32 without the final complement that zlib makes ("JAMCRC"), as TRX, UBI, DFU and others store it.
pub(crate) fn jamcrc(window: Window<'_>) -> Result<u32, ImageError> {
    Ok(!crc32(window)?)
}

/// Reflected CRC-32 with a register that starts with `start` and is not complemented at the end: `crc32_from(w, !0)`
/// is [`jamcrc`], and `crc32_from(w, 0)` is what JFFS2 and eCos compute.
pub(crate) fn crc32_from(window: Window<'_>, start: u32) -> Result<u32, ImageError> {
    let mut hasher = crc32fast::Hasher::new_with_initial(!start);
    window.stream(|piece| hasher.update(piece))?;
    Ok(!hasher.finalize())
}

/// A CRC of the `crc` crate's catalogue, of at most 16 bits.
pub(crate) fn crc16(window: Window<'_>, algorithm: &'static crc::Algorithm<u16>) -> Result<u16, ImageError> {
    let crc = crc::Crc::<u16>::new(algorithm);
    let mut digest = crc.digest();
    window.stream(|piece| digest.update(piece))?;
    Ok(digest.finalize())
}

/// A CRC of the `crc` crate's catalogue, of 32 bits; for the one of zlib, [`crc32`] is faster.
pub(crate) fn crc32_as(
    window: Window<'_>,
    algorithm: &'static crc::Algorithm<u32>,
) -> Result<u32, ImageError> {
    let crc = crc::Crc::<u32>::new(algorithm);
    let mut digest = crc.digest();
    window.stream(|piece| digest.update(piece))?;
    Ok(digest.finalize())
}

/// What POSIX `cksum` prints: a CRC over the bytes and then over their number, lowest byte first.
pub(crate) fn posix_cksum(window: Window<'_>) -> Result<u32, ImageError> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    window.stream(|piece| digest.update(piece))?;
    let len = window.len().to_le_bytes();
    let used = len.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    digest.update(&len[..used]);
    Ok(digest.finalize())
}

/// The sum of all bytes.
pub(crate) fn byte_sum(window: Window<'_>) -> Result<u64, ImageError> {
    let mut sum = 0_u64;
    window.stream(|piece| sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>())?;
    Ok(sum)
}

/// Hands over words of `N` bytes in order; a last incomplete one is filled up with zeros.
pub(crate) fn words<const N: usize>(
    window: Window<'_>,
    mut take: impl FnMut([u8; N]),
) -> Result<(), ImageError> {
    let mut word = [0; N];
    let mut filled = 0;
    window.stream(|piece| {
        for byte in piece {
            word[filled] = *byte;
            filled += 1;
            if filled == N {
                take(std::mem::replace(&mut word, [0; N]));
                filled = 0;
            }
        }
    })?;
    if filled > 0 {
        take(word);
    }
    Ok(())
}

/// MD5 of several pieces in a row: salts, and files with a field replaced.
pub(crate) fn md5_of<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<[u8; 16], ImageError> {
    let mut hasher = md5::Md5::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => hasher.update(bytes),
            Piece::Window(window) => window.stream(|piece| hasher.update(piece))?,
        }
    }
    Ok(hasher.finalize().into())
}

/// CRC-32 (as in zlib) of several pieces in a row.
pub(crate) fn crc32_of<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<u32, ImageError> {
    let mut hasher = crc32fast::Hasher::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => hasher.update(bytes),
            Piece::Window(window) => window.stream(|piece| hasher.update(piece))?,
        }
    }
    Ok(hasher.finalize())
}

/// The register of a CRC-32C that starts with `start`, after several pieces in a row; it is not complemented at the end:
/// so do ext4, EROFS and F2FS.
pub(crate) fn crc32c<'a>(start: u32, pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<u32, ImageError> {
    let mut digest = CRC_32C.digest_with_initial(start.reverse_bits());
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => digest.update(bytes),
            Piece::Window(window) => window.stream(|piece| digest.update(piece))?,
        }
    }
    Ok(!digest.finalize())
}

static CRC_32C: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

/// What a digest over several stretches is made of.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// Bytes that do not stand in the file like this.
    Bytes(&'a [u8]),
    /// Bytes of the file.
    Window(Window<'a>),
}

/// SHA-256 as the model's value. Whole files go through it, so it is the fastest implementation at hand.
pub(crate) fn sha256(window: Window<'_>) -> Result<debrick_model::Digest, ImageError> {
    let mut hasher = ring::digest::Context::new(&ring::digest::SHA256);
    window.stream(|piece| hasher.update(piece))?;
    let mut digest = [0; 32];
    digest.copy_from_slice(hasher.finish().as_ref());
    Ok(debrick_model::Digest::new(digest))
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
        let digits = [Piece::Bytes(b"123"), Piece::Bytes(b"456789")];
        assert_eq!(crc32c(!0, digits).unwrap(), !0xe306_9283, "RFC 3720");
        check(Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
