//! Signatures of MCUboot images: over header, program and protected records; a record before each names its key.
//!
//! Source: MCUboot docs/design.md, boot/bootutil/include/bootutil/image.h, scripts/imgtool/image.py. The key's digest is
//! of a PKCS #1 key for RSA and of a SubjectPublicKeyInfo for the others. Ed25519 signs the digest, the others the
//! bytes.

use rsa::pkcs1::EncodeRsaPublicKey;

use super::judge::Judge;
use super::key::{PublicKey, Scheme, digest_of};
use super::store::TrustedKey;
use crate::digest::{Algorithm, Piece, hex};
use crate::error::ImageError;
use crate::window::Window;
use base64::Engine as _;

/// Types of records.
const KEY_DIGEST: u8 = 0x01;
const KEY: u8 = 0x02;
const SHA256: u8 = 0x10;
const SHA384: u8 = 0x11;
const SHA512: u8 = 0x12;
const RSA_2048: u8 = 0x20;
const ECDSA: u8 = 0x22;
const RSA_3072: u8 = 0x23;
const ED25519: u8 = 0x24;
const PURE: u8 = 0x25;

/// Magic number before the records.
const RECORDS: u16 = 0x6907;

/// The key that a record names.
enum Name {
    Digest(Vec<u8>),
    Key(Vec<u8>),
}

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
    let mut at = signed_len + 4;
    let mut name = Name::Digest(Vec::new());
    let mut algorithm = Algorithm::Sha256;
    let mut is_pure = false;
    for _ in 0..MOST_RECORDS {
        let (Some(kind), Some(len)) = (window.le16(at)?, window.le16(at + 2)?) else { break };
        if at >= end {
            break;
        }
        let value = window.head(at + 4, len.into())?;
        let offset = Some(window.start() + at + 4);
        at += 4 + u64::from(len);
        let kind = kind as u8;
        match kind {
            KEY_DIGEST => name = Name::Digest(value.clone()),
            KEY => name = Name::Key(value.clone()),
            SHA256 => algorithm = Algorithm::Sha256,
            SHA384 => algorithm = Algorithm::Sha384,
            SHA512 => algorithm = Algorithm::Sha512,
            PURE => is_pure = true,
            _ => {}
        }
        let scheme = match kind {
            RSA_2048 | RSA_3072 => Scheme::Pss(Algorithm::Sha256),
            ECDSA => Scheme::Ecdsa(algorithm),
            ED25519 => Scheme::Ed25519,
            _ => continue,
        };
        let Some((trusted, key)) = judge.keys().find(|(trusted, key)| name.is_of(trusted, key)) else {
            judge.stranger("The program", &format!("the key {}", name.as_text()));
            continue;
        };
        let name = trusted.name.clone();
        let digest = digest_of(algorithm, &message)?;
        let over_digest = [Piece::Bytes(&digest)];
        let message = if scheme == Scheme::Ed25519 && !is_pure { &over_digest[..] } else { &message[..] };
        match key.verify(scheme, message, &value)? {
            Some(true) => judge.valid("the program", offset, &name),
            _ => judge.invalid("the program", offset, &name, "of other contents, or damaged"),
        }
    }
    Ok(())
}

impl Name {
    /// Whether this is the key's name. A digest is of 256, 384 or 512 bits, as the image's own is.
    fn is_of(&self, trusted: &TrustedKey, key: &PublicKey) -> bool {
        let bytes = match key {
            PublicKey::Rsa(key) => key.to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec()),
            _ => base64::engine::general_purpose::STANDARD.decode(&trusted.key).ok(),
        };
        let Some(bytes) = bytes else { return false };
        let digest = match self {
            Self::Key(key) => return *key == bytes,
            Self::Digest(digest) => digest,
        };
        let algorithm = match digest.len() {
            32 => Algorithm::Sha256,
            48 => Algorithm::Sha384,
            64 => Algorithm::Sha512,
            _ => return false,
        };
        digest_of(algorithm, &[Piece::Bytes(&bytes)]).is_ok_and(|own| own == *digest)
    }

    /// The first digits of the key's digest, for people.
    fn as_text(&self) -> String {
        let digest = match self {
            Self::Digest(digest) => digest.clone(),
            Self::Key(key) => digest_of(Algorithm::Sha256, &[Piece::Bytes(key)]).unwrap_or_default(),
        };
        hex(digest.get(..8).unwrap_or_default())
    }
}
