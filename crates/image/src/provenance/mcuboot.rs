//! Signatures of MCUboot images: over header, program and protected records; a record before each names its key.
//!
//! Source: MCUboot docs/design.md, boot/bootutil/include/bootutil/image.h, scripts/imgtool/image.py. The key's digest is
//! of a PKCS #1 key for RSA and of a SubjectPublicKeyInfo for the others. Ed25519 signs the digest, the others the
//! bytes.

use rsa::pkcs1::EncodeRsaPublicKey;

use super::judge::Judge;
use super::key::{PublicKey, Scheme, digest_of};
use super::store::TrustedKey;
use crate::digest::{Algorithm, Piece};
use crate::error::ImageError;
use crate::window::Window;
use base64::Engine as _;

const KEY_DIGEST: u8 = 0x01;
const KEY: u8 = 0x02;
const RECORDS: u16 = 0x6907;

/// The most records that are read.
const MOST_RECORDS: u32 = 64;

/// Judges the signatures in the records behind the program.
pub(super) fn verify(window: Window<'_>, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    let header = u64::from(window.le16(8)?.unwrap_or_default());
    let protected = u64::from(window.le16(10)?.unwrap_or_default());
    let program = u64::from(window.le32(12)?.unwrap_or_default());
    let signed_len = header + program + protected;
    let Some(signed) = window.part(0, signed_len) else { return Ok(()) };
    if window.le16(signed_len)? != Some(RECORDS) {
        return Ok(());
    }
    let end = signed_len + u64::from(window.le16(signed_len + 2)?.unwrap_or_default());
    let message = [Piece::Window(signed)];
    let digest = digest_of(Algorithm::Sha256, &message)?;
    let mut at = signed_len + 4;
    let mut key_digest = Vec::new();
    for _ in 0..MOST_RECORDS {
        let (Some(kind), Some(len)) = (window.le16(at)?, window.le16(at + 2)?) else { break };
        if at >= end {
            break;
        }
        let value = window.head(at + 4, len.into())?;
        let offset = Some(window.start() + at + 4);
        at += 4 + u64::from(len);
        let scheme = match kind as u8 {
            KEY_DIGEST => {
                key_digest = value;
                continue;
            }
            KEY => {
                key_digest = digest_of(Algorithm::Sha256, &[Piece::Bytes(&value)])?;
                continue;
            }
            0x20 | 0x23 => Scheme::Pss(Algorithm::Sha256),
            0x22 => Scheme::Ecdsa(Algorithm::Sha256),
            0x24 => Scheme::Ed25519,
            _ => continue,
        };
        let named = judge.keys().find(|(trusted, key)| is_named(trusted, key, &key_digest));
        let Some((trusted, key)) = named else {
            let number = crate::digest::hex(key_digest.get(..8).unwrap_or_default());
            judge.stranger("The program", &format!("the key {number}"));
            continue;
        };
        let name = trusted.name.clone();
        let over_digest = [Piece::Bytes(&digest)];
        let message = if scheme == Scheme::Ed25519 { &over_digest[..] } else { &message[..] };
        match key.verify(scheme, message, &value)? {
            Some(true) => judge.valid("the program", offset, &name),
            _ => judge.invalid("the program", offset, &name, "of other contents, or damaged"),
        }
    }
    Ok(())
}

/// Whether a record's digest is of this key.
fn is_named(trusted: &TrustedKey, key: &PublicKey, digest: &[u8]) -> bool {
    let bytes = match key {
        PublicKey::Rsa(key) => key.to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec()),
        _ => base64::engine::general_purpose::STANDARD.decode(&trusted.key).ok(),
    };
    let own = bytes.and_then(|bytes| digest_of(Algorithm::Sha256, &[Piece::Bytes(&bytes)]).ok());
    digest.len() == 32 && own.is_some_and(|own| own == digest)
}
