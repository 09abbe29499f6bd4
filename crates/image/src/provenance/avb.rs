//! Android Verified Boot: the signature of vbmeta.
//!
//! Source: AOSP external/avb README.md and libavb/avb_vbmeta_image.h. Big-endian. A header of 256 bytes, then the block
//! with digest and signature, then the block with descriptors and the public key; header and second block are signed.
//! It vouches for other partitions by digests in its descriptors, and only for a file that is a vbmeta alone.

use super::judge::Judge;
use super::key::{PublicKey, Scheme};
use crate::digest::{Algorithm, Piece, hex};
use crate::error::ImageError;
use crate::window::Window;

const HEADER: u64 = 256;

/// The longest key and signature, in bytes.
const LONGEST: u64 = 4096;

/// Judges the signature of a vbmeta structure.
pub(super) fn verify(window: Window<'_>, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    if !window.has(0, b"AVB0")? {
        return Ok(());
    }
    let word = |offset: u64| -> Result<u64, ImageError> { Ok(window.be64(offset)?.unwrap_or_default()) };
    let (authentication, auxiliary) = (word(12)?, word(20)?);
    let scheme = match window.be32(28)?.unwrap_or_default() {
        0 => return Ok(()),
        1..=3 => Scheme::Pkcs1(Algorithm::Sha256),
        4..=6 => Scheme::Pkcs1(Algorithm::Sha512),
        _ => {
            judge.unknown("The vbmeta is signed with an algorithm that is not supported.".into());
            return Ok(());
        }
    };
    let blocks = (|| {
        let first = window.part(HEADER, authentication)?;
        let second = window.part(HEADER.checked_add(authentication)?, auxiliary)?;
        Some((first, second))
    })();
    let Some((first, second)) = blocks else { return Ok(()) };
    let signature = first.bytes(word(48)?, word(56)?.min(LONGEST))?.unwrap_or_default();
    let key_bytes = second.bytes(word(64)?, word(72)?.min(LONGEST))?.unwrap_or_default();
    let offset = Some(first.start().saturating_add(word(48)?));
    let bits =
        key_bytes.get(..4).map_or(0, |bits| bits.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)));
    let modulus = key_bytes.get(8..8_usize.saturating_add(bits / 8)).unwrap_or_default();
    let header = window.clamped(0, HEADER);
    let message = [Piece::Window(header), Piece::Window(second)];
    let named = judge.keys().find(|(_, key)| key.has_modulus(modulus));
    let (name, key) = match named {
        Some((trusted, key)) => (Some(trusted.name.clone()), Some(key.clone())),
        None => (None, PublicKey::rsa(modulus)),
    };
    let right = match &key {
        Some(key) => key.verify(scheme, &message, &signature)? == Some(true),
        None => false,
    };
    match (name, right) {
        (Some(name), true) => judge.valid("the vbmeta", offset, &name),
        (Some(name), false) => judge.invalid("the vbmeta", offset, &name, "of other contents, or damaged"),
        (None, true) => {
            let number = hex(modulus.get(..8).unwrap_or_default());
            judge.stranger("The vbmeta", &format!("the RSA key with the modulus {number}..."));
        }
        (None, false) => {
            judge.invalid("the vbmeta", offset, "the key in it", "of other contents, or damaged")
        }
    }
    Ok(())
}
