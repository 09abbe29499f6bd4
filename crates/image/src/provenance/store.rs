//! The keys that the operator trusts, as plain data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::der;
use super::key::PublicKey;
use super::openpgp;
use super::ucert::{self, RevokerError};
use crate::digest::hex;
use crate::facts::ImageFacts;

/// The most bytes of a file with a key.
const LONGEST: usize = 1 << 20;

/// Bytes of a key of signify, usign and minisign: `Ed`, number of the key, key.
const NUMBERED_KEY: usize = 42;

/// Every key that is trusted, and those that are so no longer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustStore {
    /// The keys, in the order in which they were added.
    pub keys: Vec<TrustedKey>,
    /// Keys whose signatures are not to be believed, whether they are among `keys` or not.
    #[serde(default)]
    pub revoked: Vec<Revocation>,
}

/// A key that is not to be believed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Its number, as in [`TrustedKey::id`].
    pub id: String,
    /// Why, in words.
    pub because: String,
}

/// A key, and what it is trusted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedKey {
    /// What the operator calls it.
    pub name: String,
    /// Its kind.
    pub kind: KeyKind,
    /// Signify, usign and minisign: the number of the key, 16 hex digits as its tool prints them. Others: the first 16
    /// hex digits of the SHA-256 of the key. OpenPGP: the fingerprint, 40 hex digits.
    pub id: String,
    /// The key in base64: 32 bytes of Ed25519 where it has a number, the packets of OpenPGP, else a SubjectPublicKeyInfo in
    /// DER.
    pub key: String,
    /// Makers whose firmware it is trusted for; every maker's where empty.
    #[serde(default)]
    pub vendors: Vec<String>,
}

/// What a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// OpenBSD signify and OpenWrt usign: Ed25519.
    Signify,
    /// Minisign: Ed25519.
    Minisign,
    /// A public key or certificate with RSA.
    Rsa,
    /// A public key or certificate with the curve P-256.
    EcdsaP256,
    /// A public key or certificate with the curve P-384.
    EcdsaP384,
    /// A public key with Ed25519.
    Ed25519,
    /// A key of OpenPGP with its subkeys.
    Openpgp,
}

/// A file that holds no key which can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is a secret key, which must never be given away.
    #[error("the file holds a secret key")]
    Secret,
    /// It holds several keys of OpenPGP.
    #[error("the file holds several keys of OpenPGP")]
    Several,
    /// It holds a key of OpenPGP that does not say of itself what it is for.
    #[error("the key of OpenPGP in the file is not signed by itself in a way that counts")]
    Unbound,
    /// It is none of the kinds.
    #[error(
        "the file holds no public key of signify, usign, minisign or OpenPGP, no PEM public key or certificate with RSA, P-256, P-384 or Ed25519, and no key of avbtool"
    )]
    Unknown,
}

impl debrick_model::Coded for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Secret => "trust-key-secret",
            Self::Several => "trust-key-several",
            Self::Unbound => "trust-key-unbound",
            Self::Unknown => "trust-key-unknown",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Secret => "Give the public key that belongs to it, and keep this file to yourself.".into(),
            Self::Several => "Take out the one that is meant, for example with `gpg --export FINGERPRINT`.".into(),
            Self::Unbound => {
                "Keys of version 4 with RSA, P-256, P-384 or Ed25519 are taken, signed with SHA-256 or longer. Ask the \
                 maker for a newer copy of the key."
                    .into()
            }
            Self::Unknown => "Give the file that the maker publishes as its public key.".into(),
        }
    }
}

impl KeyKind {
    /// The word in JSON and in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Signify => "signify",
            Self::Minisign => "minisign",
            Self::Rsa => "rsa",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
            Self::Openpgp => "openpgp",
        }
    }
}

impl TrustStore {
    /// Takes trust away from keys as a file of ucert's revokers says: each has to be signed by a key of usign that is
    /// trusted. `now_ms` counts milliseconds since 1970. Returns the numbers of the keys.
    ///
    /// # Errors
    /// Nothing is changed unless all of the file counts.
    pub fn revoke_by_file(&mut self, file: &[u8], now_ms: u64) -> Result<Vec<String>, RevokerError> {
        let revoked = ucert::revoked_by(file, self, now_ms / 1000)?;
        let numbers = revoked.iter().map(|(number, _)| number.clone()).collect();
        revoked.into_iter().for_each(|(id, because)| self.revoke(id, because));
        Ok(numbers)
    }

    /// Takes trust away from the key with a number, for a reason in words.
    pub fn revoke(&mut self, id: String, because: String) {
        if self.because_of_number(&id).is_none() {
            self.revoked.push(Revocation { id, because });
        }
    }

    /// Whether a key is revoked.
    pub fn is_revoked(&self, key: &TrustedKey) -> bool {
        self.because(key).is_some()
    }

    /// Why a key is revoked, if it is.
    pub fn because(&self, key: &TrustedKey) -> Option<&str> {
        self.because_of_number(&key.id)
    }

    pub(super) fn because_of_number(&self, id: &str) -> Option<&str> {
        self.revoked.iter().find(|revoked| revoked.id == id).map(|revoked| revoked.because.as_str())
    }
}

impl TrustedKey {
    /// Reads a file with a public key: signify, usign, minisign, OpenPGP, PEM or DER (a key or a certificate), or the binary
    /// form of `avbtool extract_public_key`.
    pub fn parse(name: &str, file: &[u8]) -> Result<Self, KeyError> {
        if file.len() > LONGEST {
            return Err(KeyError::Unknown);
        }
        let with = |kind, id, key: &[u8]| Self {
            name: name.to_owned(),
            kind,
            id,
            key: BASE64.encode(key),
            vendors: Vec::new(),
        };
        if let Ok(text) = std::str::from_utf8(file) {
            if text.contains("PRIVATE KEY") || text.lines().any(|line| line.contains("secret key")) {
                return Err(KeyError::Secret);
            }
            if let Some((kind, number, key)) = numbered_key(text) {
                PublicKey::ed25519(&key).ok_or(KeyError::Unknown)?;
                return Ok(with(kind, number_as_text(kind, &number), &key));
            }
        }
        if let Some(key) = openpgp::trusted_key(name, file) {
            return key;
        }
        let spki = pem(file).or_else(|| spki(file)).or_else(|| avb_key(file)).ok_or(KeyError::Unknown)?;
        let kind = match PublicKey::from_spki(&spki).ok_or(KeyError::Unknown)? {
            PublicKey::Rsa(_) => KeyKind::Rsa,
            PublicKey::P256(_) => KeyKind::EcdsaP256,
            PublicKey::P384(_) => KeyKind::EcdsaP384,
            PublicKey::Ed25519(_) => KeyKind::Ed25519,
        };
        let id = hex(&sha2::Sha256::digest(&spki)[..8]);
        Ok(with(kind, id, &spki))
    }

    /// Whether it is a newer copy of another one: the same key of OpenPGP with other words of its owner, and with every
    /// revocation that the other copy holds.
    pub fn renews(&self, other: &Self) -> bool {
        let is_same = self.kind == KeyKind::Openpgp && other.kind == self.kind && self.id == other.id;
        let packets = |key: &Self| BASE64.decode(&key.key).unwrap_or_default();
        let (own, others) = (packets(self), packets(other));
        let own = openpgp::revocations(&own);
        is_same && self.key != other.key && openpgp::revocations(&others).iter().all(|one| own.contains(one))
    }

    /// Whether it is trusted for what an image says it is from; `None` where the image does not say.
    pub(super) fn is_for(&self, facts: &ImageFacts) -> Option<bool> {
        if self.vendors.is_empty() {
            return Some(true);
        }
        let of_boards = facts
            .board_ids
            .iter()
            .filter_map(|board| board.split_once(','))
            .map(|(maker, _)| crate::boards::vendor_name(maker).unwrap_or(maker));
        let mut makers = facts.vendor.iter().map(String::as_str).chain(of_boards).peekable();
        makers.peek()?;
        Some(makers.all(|maker| self.vendors.iter().any(|vendor| same_maker(vendor, maker))))
    }

    /// Whether this maker is among those that it was trusted for by name.
    pub(super) fn is_for_maker(&self, maker: &str) -> bool {
        self.vendors.iter().any(|vendor| same_maker(vendor, maker))
    }

    /// The key, ready for use; `None` where it is of OpenPGP, or the stored data is damaged.
    pub(super) fn public_key(&self) -> Option<PublicKey> {
        let bytes = BASE64.decode(&self.key).ok()?;
        match self.kind {
            KeyKind::Signify | KeyKind::Minisign => PublicKey::ed25519(&bytes),
            KeyKind::Openpgp => None,
            _ => PublicKey::from_spki(&bytes),
        }
    }

    /// The key in base64 as minisign writes it: `Ed`, number, key.
    pub(super) fn minisign_text(&self) -> Option<String> {
        let mut bytes = b"Ed".to_vec();
        let mut number = unhex(&self.id)?;
        if self.kind == KeyKind::Minisign {
            number.reverse();
        }
        bytes.extend(number);
        bytes.extend(BASE64.decode(&self.key).ok()?);
        (bytes.len() == NUMBERED_KEY).then(|| BASE64.encode(bytes))
    }

    /// Whether the key was given this number, as it stands in signatures.
    pub(super) fn has_number(&self, number: &[u8]) -> bool {
        matches!(self.kind, KeyKind::Signify | KeyKind::Minisign)
            && self.id == number_as_text(self.kind, number)
    }
}

/// Spellings of one maker: case, spaces and hyphens do not matter.
fn same_maker(left: &str, right: &str) -> bool {
    let plain = |name: &str| -> String {
        let known = crate::boards::vendor_name(&name.to_ascii_lowercase()).unwrap_or(name);
        known.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(left) == plain(right)
}

/// Minisign prints the number as a little-endian word, the others byte by byte.
pub(super) fn number_as_text(kind: KeyKind, number: &[u8]) -> String {
    let mut number = number.to_vec();
    if kind == KeyKind::Minisign {
        number.reverse();
    }
    hex(&number)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = |at: usize| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    (0..text.len()).step_by(2).map(digits).collect()
}

/// A key in two lines (a comment, base64) or in the second of them alone: its kind, number and key.
pub(super) fn numbered_key(text: &str) -> Option<(KeyKind, Vec<u8>, Vec<u8>)> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let (comment, line) = match first.strip_prefix("untrusted comment:") {
        Some(comment) => (comment, lines.next()?),
        None => ("minisign", first),
    };
    let bytes = BASE64.decode(line).ok()?;
    let kind = if comment.contains("minisign") { KeyKind::Minisign } else { KeyKind::Signify };
    let is_key = bytes.len() == NUMBERED_KEY && bytes.starts_with(b"Ed") && lines.next().is_none();
    is_key.then(|| (kind, bytes[2..10].to_vec(), bytes[10..].to_vec()))
}

/// The key in a PEM file, which may hold a certificate.
fn pem(file: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(file).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_whitespace().collect();
    spki(&BASE64.decode(body).ok()?)
}

/// The key in a DER file, which may hold a certificate.
fn spki(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_key = |bytes: &[u8]| PublicKey::from_spki(bytes).is_some();
    if is_key(bytes) {
        return Some(bytes.to_vec());
    }
    der::key_of_certificate(bytes).filter(|key| is_key(key)).map(<[u8]>::to_vec)
}

/// The key of Android Verified Boot (`AvbRSAPublicKeyHeader`): bits, a constant, modulus, another constant.
fn avb_key(bytes: &[u8]) -> Option<Vec<u8>> {
    let bits = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let len = usize::try_from(bits / 8).ok()?;
    if !matches!(bits, 2048 | 4096 | 8192) || bytes.len() != 8 + 2 * len {
        return None;
    }
    PublicKey::rsa(bytes.get(8..8 + len)?)?.to_spki()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_keys_are_taken() {
        for (file, error) in [
            (&b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"[..], KeyError::Secret),
            (b"untrusted comment: signify secret key\nAA==\n", KeyError::Secret),
            (b"", KeyError::Unknown),
            (b"untrusted comment: x\nAAAA\n", KeyError::Unknown),
            (&[0x30, 0x83, 0xff, 0xff, 0xff], KeyError::Unknown),
            (&[0, 0, 8, 0, 1], KeyError::Unknown),
        ] {
            assert_eq!(TrustedKey::parse("x", file), Err(error));
        }
    }

    #[test]
    fn makers_in_many_spellings() {
        for (left, right) in [("TP-Link", "tplink"), ("D-Link", "dlink"), ("Asus", "ASUS")] {
            assert!(same_maker(left, right), "{left}");
        }
        assert!(!same_maker("Asus", "Acer"));
    }
}
