//! Signatures of version 4: what they say, and whether a key made them.
//!
//! Source: RFC 9580 sections 5.2 (packet, subpackets, what a signature is computed over), 9.1 (algorithms of keys) and 9.5
//! (digests). A digest weaker than SHA-256 proves nothing here.

use crate::digest::{Algorithm, Piece};
use crate::error::ImageError;
use crate::provenance::key::{PublicKey, Scheme};

use super::packet::Cursor;

/// Types of signatures.
pub(super) const OF_BYTES: u8 = 0x00;
pub(super) const OF_TEXT: u8 = 0x01;
pub(super) const OF_USER_ID: std::ops::RangeInclusive<u8> = 0x10..=0x13;
pub(super) const BINDS_SUBKEY: u8 = 0x18;
pub(super) const BINDS_PRIMARY: u8 = 0x19;
pub(super) const OF_KEY: u8 = 0x1f;
pub(super) const REVOKES_KEY: u8 = 0x20;
pub(super) const REVOKES_SUBKEY: u8 = 0x28;
pub(super) const REVOKES_USER_ID: u8 = 0x30;

/// Those that take something back.
pub(super) const REVOKES: [u8; 3] = [REVOKES_KEY, REVOKES_SUBKEY, REVOKES_USER_ID];

/// Algorithms of keys.
pub(super) const RSA: u8 = 1;
pub(super) const RSA_SIGN: u8 = 3;
pub(super) const ECDSA: u8 = 19;
pub(super) const EDDSA: u8 = 22;
pub(super) const ED25519: u8 = 27;

/// Types of subpackets.
const CREATED: u8 = 2;
const EXPIRES: u8 = 3;
const KEY_EXPIRES: u8 = 9;
const ISSUER: u8 = 16;
const FLAGS: u8 = 27;
const REASON: u8 = 29;
const EMBEDDED: u8 = 32;
const FINGERPRINT: u8 = 33;

/// Subpackets that change nothing of what is asked here, so that they may call themselves critical: exportable, revocable,
/// preferences of several kinds, primary user id, policy, user id of the signer, features.
const HARMLESS: [u8; 11] = [4, 7, 11, 21, 22, 23, 24, 25, 26, 28, 30];

/// A signature, as it was read. Nothing in it is believed yet. Times are seconds since 1970, spans are seconds.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub(super) kind: u8,
    algorithm: u8,
    /// `None` where it is too weak, or not known.
    pub(super) digest: Option<Algorithm>,
    /// From the version to the end of what is under the signature.
    head: Vec<u8>,
    pub(super) created: u64,
    pub(super) expires_after: Option<u64>,
    pub(super) key_expires_after: Option<u64>,
    pub(super) key_flags: Option<u8>,
    pub(super) reason: Option<u8>,
    /// The last eight bytes of the fingerprint of the key that is said to have made it.
    pub(super) issuer: Option<[u8; 8]>,
    /// A signature inside, by which a subkey agrees to its binding.
    pub(super) embedded: Option<Vec<u8>>,
    /// Whether it demands something that is not known here.
    pub(super) demands_unknown: bool,
    value: Vec<u8>,
}

impl Signature {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        (cursor.u8()? == 4).then_some(())?;
        let (kind, algorithm, digest) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
        let len = cursor.u16()?;
        let hashed = cursor.take(len.into())?;
        let head = body[..body.len() - cursor.0.len()].to_vec();
        let len = cursor.u16()?;
        let unhashed = cursor.take(len.into())?;
        cursor.u16()?; // The first bytes of the digest: a hint only.
        let mut signature = Self {
            kind,
            algorithm,
            digest: match digest {
                8 => Some(Algorithm::Sha256),
                9 => Some(Algorithm::Sha384),
                10 => Some(Algorithm::Sha512),
                _ => None,
            },
            head,
            created: 0,
            expires_after: None,
            key_expires_after: None,
            key_flags: None,
            reason: None,
            issuer: None,
            embedded: None,
            demands_unknown: false,
            value: cursor.0.to_vec(),
        };
        let mut is_dated = false;
        let mut subpackets = Cursor(hashed);
        while !subpackets.0.is_empty() {
            let (first, data) = subpackets.subpacket()?.split_first()?;
            is_dated |= first & 0x7f == CREATED;
            signature.take(first & 0x7f, first & 0x80 != 0, data)?;
        }
        let mut subpackets = Cursor(unhashed);
        while !subpackets.0.is_empty() {
            let (first, data) = subpackets.subpacket()?.split_first()?;
            // Anybody may have put these here: they only help to find the key.
            if matches!(first & 0x7f, ISSUER | FINGERPRINT | EMBEDDED) {
                signature.take(first & 0x7f, false, data)?;
            }
        }
        is_dated.then_some(signature)
    }

    fn take(&mut self, kind: u8, is_critical: bool, data: &[u8]) -> Option<()> {
        let seconds = || Some(u64::from(u32::from_be_bytes(data.try_into().ok()?)));
        match kind {
            CREATED => self.created = seconds()?,
            EXPIRES => self.expires_after = Some(seconds()?).filter(|span| *span != 0),
            KEY_EXPIRES => self.key_expires_after = Some(seconds()?).filter(|span| *span != 0),
            ISSUER => self.issuer = self.issuer.or(Some(data.try_into().ok()?)),
            FLAGS => self.key_flags = Some(data.first().copied().unwrap_or_default()),
            REASON => self.reason = Some(*data.first()?),
            EMBEDDED => self.embedded = self.embedded.take().or(Some(data.to_vec())),
            FINGERPRINT if data.first() == Some(&4) => {
                self.issuer = Some(*data.get(13..)?.first_chunk()?);
            }
            _ => self.demands_unknown |= is_critical && !HARMLESS.contains(&kind),
        }
        Some(())
    }

    /// Whether this key made it over these pieces; `None` where that cannot be checked.
    pub(super) fn is_by(&self, key: &PublicKey, message: Vec<Piece<'_>>) -> Result<Option<bool>, ImageError> {
        let Some(digest) = self.digest.filter(|_| !self.demands_unknown) else { return Ok(None) };
        let mut end = self.head.clone();
        end.extend([4, 0xff]);
        end.extend((self.head.len() as u32).to_be_bytes());
        let mut pieces = message;
        pieces.push(Piece::Bytes(&end));
        let Some(value) = self.value_for(key) else { return Ok(None) };
        match key {
            PublicKey::Rsa(_) => key.verify(Scheme::Pkcs1(digest), &pieces, &value),
            PublicKey::P256(_) | PublicKey::P384(_) => key.verify(Scheme::Ecdsa(digest), &pieces, &value),
            PublicKey::Ed25519(_) => {
                let digest = crate::provenance::key::digest_of(digest, &pieces)?;
                key.verify(Scheme::Ed25519, &[Piece::Bytes(&digest)], &value)
            }
        }
    }

    /// The signature as the key's kind writes it elsewhere; `None` where it is of another kind than the key.
    fn value_for(&self, key: &PublicKey) -> Option<Vec<u8>> {
        let mut cursor = Cursor(&self.value);
        let mut padded = |len: usize| {
            let number = cursor.number()?;
            let mut bytes = vec![0; len.checked_sub(number.len())?];
            bytes.extend(number);
            Some(bytes)
        };
        let (count, len) = match (key, self.algorithm) {
            (PublicKey::Rsa(_), RSA | RSA_SIGN) => (1, key.signature_len()),
            (PublicKey::P256(_) | PublicKey::P384(_), ECDSA) | (PublicKey::Ed25519(_), EDDSA) => {
                (2, key.signature_len() / 2)
            }
            (PublicKey::Ed25519(_), ED25519) => return Some(self.value.clone()),
            _ => return None,
        };
        let mut value = Vec::new();
        for _ in 0..count {
            value.extend(padded(len)?);
        }
        Some(value)
    }
}
