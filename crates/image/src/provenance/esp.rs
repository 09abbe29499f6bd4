//! Secure boot v2 of Espressif's chips: a sector of signature blocks behind the image.
//!
//! Source: ESP-IDF docs security/secure-boot-v2.rst, esptool espsecure. The image is padded to 4096 bytes; the sector
//! that follows holds up to three blocks of 1216 bytes, each with its public key and a CRC-32 of what stands before it.
//! RSA-3072 with PSS over SHA-256; numbers are little-endian.

use super::judge::Judge;
use super::key::{PublicKey, Scheme};
use crate::digest::{Algorithm, Piece, crc32, hex};
use crate::error::ImageError;
use crate::window::Window;

const SECTOR: u64 = 4096;
const BLOCK: u64 = 1216;
const MAGIC: u8 = 0xe7;

/// Version byte of a block with RSA-3072.
const RSA: u8 = 0x02;

/// Judges the signature blocks.
pub(super) fn verify(window: Window<'_>, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    let container = judge.facts.containers.iter().find(|container| container.format == "esp-image");
    let size = container.map_or(0, |container| container.size);
    // The sector is the first behind the image, which may count its padding or not; else it is the last.
    let last = window.len().checked_sub(SECTOR);
    let places = [Some(size.next_multiple_of(SECTOR)), size.checked_sub(SECTOR), last];
    for place in places.into_iter().flatten() {
        let is_block = |at: u64| -> Result<bool, ImageError> {
            let Some(block) = window.part(at, BLOCK) else { return Ok(false) };
            Ok(block.u8(0)? == Some(MAGIC) && block.le32(1196)? == Some(crc32(block.clamped(0, 1196))?))
        };
        if place % SECTOR == 0 && is_block(place)? {
            for number in 0..3 {
                let at = place + number * BLOCK;
                if is_block(at)? {
                    verify_block(window, place, at, judge)?;
                }
            }
            break;
        }
    }
    Ok(())
}

fn verify_block(window: Window<'_>, end: u64, at: u64, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    if window.u8(at + 1)? != Some(RSA) {
        judge.unknown("The image is signed for secure boot with ECDSA, which is not supported yet.".into());
        return Ok(());
    }
    let message = [Piece::Window(window.clamped(0, end))];
    let big_endian = |offset: u64, len: u64| -> Result<Vec<u8>, ImageError> {
        let mut number = window.head(at + offset, len)?;
        number.reverse();
        Ok(number)
    };
    let (modulus, signature) = (big_endian(36, 384)?, big_endian(812, 384)?);
    let scheme = Scheme::Pss(Algorithm::Sha256);
    let offset = Some(window.start() + at + 812);
    let named = judge.keys().find(|(_, key)| key.has_modulus(&modulus));
    let (name, key) = match named {
        Some((trusted, key)) => (Some(trusted.name.clone()), Some(key.clone())),
        None => (None, PublicKey::rsa(&modulus)),
    };
    let right = match &key {
        Some(key) => key.verify(scheme, &message, &signature)? == Some(true),
        None => false,
    };
    let number = hex(&modulus[..modulus.len().min(8)]);
    match (name, right) {
        (Some(name), true) => judge.valid("the image", offset, &name),
        (Some(name), false) => judge.invalid("the image", offset, &name, "of other contents, or damaged"),
        (None, true) => judge.stranger("The image", &format!("the RSA key with the modulus {number}...")),
        (None, false) => {
            judge.invalid("the image", offset, "the key in it", "of other contents, or damaged");
        }
    }
    Ok(())
}
