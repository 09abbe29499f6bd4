//! Secure boot v2 of Espressif's chips: a sector of signature blocks behind the image.
//!
//! Source: ESP-IDF docs security/secure-boot-v2.rst, esptool espsecure. The image is padded to 4096 bytes; the sector
//! that follows holds up to three blocks of 1216 bytes, each with its public key and a CRC-32 of what stands before it.
//! RSA-3072 with PSS over SHA-256, or ECDSA with P-256 over SHA-256, or with P-384 over SHA-384; numbers are little-endian.

use super::judge::Judge;
use super::key::{PublicKey, Scheme};
use crate::digest::{Algorithm, Piece, crc32, hex};
use crate::error::ImageError;
use crate::window::Window;

const SECTOR: u64 = 4096;
const BLOCK: u64 = 1216;
const MAGIC: u8 = 0xe7;

/// Version bytes of blocks with RSA-3072 and with ECDSA.
const RSA: u8 = 0x02;
const ECDSA: u8 = 0x03;

/// Numbers of curves.
const P256: u8 = 2;
const P384: u8 = 3;

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

/// What a block holds: numbers have their most significant byte first.
struct Block {
    /// `None` where it is no key.
    key: Option<PublicKey>,
    /// Modulus or point.
    key_bytes: Vec<u8>,
    signature: Vec<u8>,
    scheme: Scheme,
    /// Where the signature stands in the block.
    at: u64,
}

impl Block {
    /// Reads a block; `None` where it is of a kind that is not supported.
    fn read(block: Window<'_>) -> Result<Option<Self>, ImageError> {
        let number = |offset: u64, len: u64| -> Result<Vec<u8>, ImageError> {
            let mut number = block.head(offset, len)?;
            number.reverse();
            Ok(number)
        };
        let of_curve =
            |at: u64, len: u64, algorithm| -> Result<(Vec<u8>, Vec<u8>, Scheme, u64), ImageError> {
                let pair = |at: u64| Ok([number(at, len)?, number(at + len, len)?].concat());
                // SEC 1 section 2.3.3: a point that is written in full.
                let point = [vec![0x04], pair(at)?].concat();
                Ok((point, pair(at + 2 * len)?, Scheme::Ecdsa(algorithm), at + 2 * len))
            };
        let (kind, digest) = (block.u8(1)?, block.u8(2)?);
        let (key_bytes, signature, scheme, at) = match (kind, digest) {
            (Some(RSA), _) => (number(36, 384)?, number(812, 384)?, Scheme::Pss(Algorithm::Sha256), 812),
            (Some(ECDSA), Some(0)) if block.u8(36)? == Some(P256) => of_curve(37, 32, Algorithm::Sha256)?,
            (Some(ECDSA), Some(1)) if block.u8(52)? == Some(P384) => of_curve(53, 48, Algorithm::Sha384)?,
            _ => return Ok(None),
        };
        let key = match scheme {
            Scheme::Ecdsa(Algorithm::Sha256) => PublicKey::p256(&key_bytes),
            Scheme::Ecdsa(_) => PublicKey::p384(&key_bytes),
            _ => PublicKey::rsa(&key_bytes),
        };
        Ok(Some(Self { key, key_bytes, signature, scheme, at }))
    }
}

fn verify_block(window: Window<'_>, end: u64, at: u64, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    let Some(block) = Block::read(window.clamped(at, BLOCK))? else {
        judge.unknown("The image is signed for secure boot with a kind of key that is not supported.".into());
        return Ok(());
    };
    let message = [Piece::Window(window.clamped(0, end))];
    let offset = Some(window.start() + at + block.at);
    let named = judge.keys().find(|(_, key)| block.key.as_ref().is_some_and(|there| there.is_same(key)));
    let name = named.map(|(trusted, _)| trusted.name.clone());
    let right = match &block.key {
        Some(key) => key.verify(block.scheme, &message, &block.signature)? == Some(true),
        None => false,
    };
    let number = hex(&block.key_bytes[..block.key_bytes.len().min(9)]);
    match (name, right) {
        (Some(name), true) => judge.valid("the image", offset, &name),
        (Some(name), false) => judge.invalid("the image", offset, &name, "of other contents, or damaged"),
        (None, true) => judge.stranger("The image", &format!("the key that starts with {number}")),
        (None, false) => {
            judge.invalid("the image", offset, "the key in it", "of other contents, or damaged");
        }
    }
    Ok(())
}
