//! Public keys, and whether one of them made a signature.
//!
//! Source: RFC 5280 section 4.1 and RFC 8410 (SubjectPublicKeyInfo), RFC 8017 (RSA), FIPS 186-5 (ECDSA), RFC 8032
//! (Ed25519). Only verification: no secret is ever handled.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature as P256Signature, VerifyingKey as P256Key};
use p384::ecdsa::{Signature as P384Signature, VerifyingKey as P384Key};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey, sha2 as sha2_of_rsa};
use sha2::Digest as _;

use super::der;
use crate::digest::{Algorithm, Piece};
use crate::error::ImageError;

/// The longest RSA modulus, in bits.
const LONGEST_MODULUS: usize = 8192;

/// The shortest RSA modulus that proves anything, in bits.
const SHORTEST_MODULUS: usize = 2048;

/// Object identifiers of key types, as they stand in DER: rsaEncryption, id-ecPublicKey, id-Ed25519.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Object identifiers of curves (RFC 5480 section 2.1.1.1): secp256r1, secp384r1.
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub(super) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// A key that signatures are checked with.
#[derive(Clone)]
pub(super) enum PublicKey {
    Rsa(RsaPublicKey),
    P256(P256Key),
    P384(P384Key),
    Ed25519(Ed25519Key),
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA with PKCS #1 v1.5 padding over a digest.
    Pkcs1(Algorithm),
    /// RSA with PSS padding over a digest; the salt is as long as the digest, or as long as it can be.
    Pss(Algorithm),
    /// ECDSA over a digest; the signature is two numbers as long as the curve's, or DER.
    Ecdsa(Algorithm),
    /// Ed25519 over all bytes, without a digest before it.
    Ed25519,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in DER.
    pub(super) fn from_spki(bytes: &[u8]) -> Option<Self> {
        let spki = der::Element::of(bytes)?.expect(der::SEQUENCE)?;
        let (algorithm, rest) = der::Element::read(spki)?;
        let (bits, _) = der::Element::read(rest)?;
        let (oid, parameters) = der::Element::read(algorithm.expect(der::SEQUENCE)?)?;
        let curve = || der::Element::of(parameters)?.expect(der::OBJECT_ID);
        let (unused, key) = bits.expect(der::BIT_STRING)?.split_first()?;
        match oid.expect(der::OBJECT_ID)? {
            _ if *unused != 0 => None,
            RSA => Some(Self::Rsa(RsaPublicKey::from_pkcs1_der(key).ok()?)),
            EC => match curve()? {
                P256 => Self::p256(key),
                P384 => Self::p384(key),
                _ => None,
            },
            ED25519 => Self::ed25519(key),
            _ => None,
        }
    }

    /// The 32 bytes of an Ed25519 key.
    pub(super) fn ed25519(bytes: &[u8]) -> Option<Self> {
        Ed25519Key::from_bytes(bytes.try_into().ok()?).ok().filter(|key| !key.is_weak()).map(Self::Ed25519)
    }

    /// An RSA key by its modulus, with the exponent 65537.
    pub(super) fn rsa(modulus: &[u8]) -> Option<Self> {
        Self::rsa_of(modulus, &[0x01, 0x00, 0x01])
    }

    /// An RSA key by its modulus and exponent.
    pub(super) fn rsa_of(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        RsaPublicKey::new_with_max_size(modulus, exponent, LONGEST_MODULUS).ok().map(Self::Rsa)
    }

    /// A key of the curve P-256 by its point, as SEC 1 section 2.3.3 writes it.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        P256Key::from_sec1_bytes(point).ok().map(Self::P256)
    }

    /// A key of the curve P-384 by its point, as SEC 1 section 2.3.3 writes it.
    pub(super) fn p384(point: &[u8]) -> Option<Self> {
        P384Key::from_sec1_bytes(point).ok().map(Self::P384)
    }

    /// Bytes of a signature where its numbers are written in full.
    pub(super) fn signature_len(&self) -> usize {
        match self {
            Self::Rsa(key) => key.size(),
            Self::P256(_) | Self::Ed25519(_) => 64,
            Self::P384(_) => 96,
        }
    }

    /// An RSA key as a SubjectPublicKeyInfo in DER.
    pub(super) fn to_spki(&self) -> Option<Vec<u8>> {
        use rsa::pkcs8::EncodePublicKey;
        match self {
            Self::Rsa(key) => key.to_public_key_der().ok().map(|der| der.as_bytes().to_vec()),
            _ => None,
        }
    }

    /// Whether this key is the RSA key with this modulus, most significant byte first.
    pub(super) fn has_modulus(&self, modulus: &[u8]) -> bool {
        matches!(self, Self::Rsa(key) if *key.n() == BigUint::from_bytes_be(modulus))
    }

    /// Whether two keys are one.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rsa(left), Self::Rsa(right)) => left == right,
            (Self::P256(left), Self::P256(right)) => left == right,
            (Self::P384(left), Self::P384(right)) => left == right,
            (Self::Ed25519(left), Self::Ed25519(right)) => left == right,
            _ => false,
        }
    }

    /// Whether this key made the signature over all pieces in a row; `None` where it is of another kind than the
    /// scheme, or too weak to prove anything.
    pub(super) fn verify(
        &self,
        scheme: Scheme,
        message: &[Piece<'_>],
        signature: &[u8],
    ) -> Result<Option<bool>, ImageError> {
        Ok(match (self, scheme) {
            (Self::Rsa(key), Scheme::Pkcs1(_) | Scheme::Pss(_)) if key.n().bits() < SHORTEST_MODULUS => None,
            (Self::Rsa(key), Scheme::Pkcs1(algorithm)) => {
                let digest = digest_of(algorithm, message)?;
                pkcs1(algorithm).map(|padding| key.verify(padding, &digest, signature).is_ok())
            }
            (Self::Rsa(key), Scheme::Pss(algorithm)) => {
                let digest = digest_of(algorithm, message)?;
                let longest = key.size().saturating_sub(digest.len() + 2);
                let with = |salt| pss(algorithm, salt).map(|padding| key.verify(padding, &digest, signature));
                let results = [digest.len(), longest].map(with);
                results[0].is_some().then(|| results.into_iter().flatten().any(|result| result.is_ok()))
            }
            (Self::P256(key), Scheme::Ecdsa(algorithm)) => {
                let parsed = P256Signature::from_slice(signature)
                    .or_else(|_| P256Signature::from_der(der::unpadded(signature)));
                let digest = digest_of(algorithm, message)?;
                Some(parsed.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()))
            }
            (Self::P384(key), Scheme::Ecdsa(algorithm)) => {
                let parsed = P384Signature::from_slice(signature)
                    .or_else(|_| P384Signature::from_der(der::unpadded(signature)));
                let digest = digest_of(algorithm, message)?;
                Some(parsed.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()))
            }
            (Self::Ed25519(key), Scheme::Ed25519) => Some(ed25519(key, message, signature)?),
            _ => None,
        })
    }

    /// Whether this key made an RSA signature over whatever it may be: padding comes out only with the right key. Tells
    /// changed contents from a stranger's signature.
    pub(super) fn made_over_something(&self, scheme: Scheme, signature: &[u8]) -> bool {
        let Self::Rsa(key) = self else { return false };
        if signature.len() != key.size() {
            return false;
        }
        let plain = BigUint::from_bytes_be(signature).modpow(key.e(), key.n()).to_bytes_be();
        match scheme {
            // RFC 8017 section 9.2: 00 01 ff ff ... 00; the leading 00 is lost in the number.
            Scheme::Pkcs1(_) => {
                plain.len() + 1 == key.size() && plain[0] == 1 && plain[1..9].iter().all(|byte| *byte == 0xff)
            }
            Scheme::Pss(Algorithm::Sha256) => has_pss_padding(&plain, key.size()),
            _ => false,
        }
    }
}

/// Whether a message as RFC 8017 section 9.1 encodes it, with SHA-256, is padded with zeros before a salt of 32 bytes.
fn has_pss_padding(plain: &[u8], size: usize) -> bool {
    let mut message = vec![0; size - plain.len().min(size)];
    message.extend_from_slice(plain);
    let Some(masked_len) = size.checked_sub(33) else { return false };
    let (masked, rest) = message.split_at(masked_len);
    let Some((0xbc, seed)) = rest.split_last() else { return false };
    let zeros = masked_len.saturating_sub(33);
    let mask = (0_u32..).flat_map(|counter| {
        let mut hasher = sha2::Sha256::new();
        hasher.update(seed);
        hasher.update(counter.to_be_bytes());
        hasher.finalize().to_vec()
    });
    // The top bits of the first byte may be cleared; it is left out.
    zeros > 16 && masked.iter().zip(mask).take(zeros).skip(1).all(|(byte, mask)| *byte == mask)
}

fn ed25519(key: &Ed25519Key, message: &[Piece<'_>], signature: &[u8]) -> Result<bool, ImageError> {
    let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return Ok(false) };
    let Ok(mut verifier) = key.verify_stream(&signature) else { return Ok(false) };
    for piece in message {
        match piece {
            Piece::Bytes(bytes) => verifier.update(bytes),
            Piece::Window(window) => window.stream(|bytes| verifier.update(bytes))?,
        }
    }
    Ok(verifier.finalize_and_verify().is_ok())
}

fn pkcs1(algorithm: Algorithm) -> Option<Pkcs1v15Sign> {
    Some(match algorithm {
        Algorithm::Sha256 => Pkcs1v15Sign::new::<sha2_of_rsa::Sha256>(),
        Algorithm::Sha384 => Pkcs1v15Sign::new::<sha2_of_rsa::Sha384>(),
        Algorithm::Sha512 => Pkcs1v15Sign::new::<sha2_of_rsa::Sha512>(),
        _ => return None,
    })
}

fn pss(algorithm: Algorithm, salt: usize) -> Option<Pss> {
    Some(match algorithm {
        Algorithm::Sha256 => Pss::new_with_salt::<sha2_of_rsa::Sha256>(salt),
        Algorithm::Sha384 => Pss::new_with_salt::<sha2_of_rsa::Sha384>(salt),
        Algorithm::Sha512 => Pss::new_with_salt::<sha2_of_rsa::Sha512>(salt),
        _ => return None,
    })
}

/// The digest over all pieces in a row; empty for an algorithm that no signature may build on.
pub(super) fn digest_of(algorithm: Algorithm, pieces: &[Piece<'_>]) -> Result<Vec<u8>, ImageError> {
    fn of<D: sha2::Digest>(pieces: &[Piece<'_>]) -> Result<Vec<u8>, ImageError> {
        let mut hasher = D::new();
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => hasher.update(bytes),
                Piece::Window(window) => window.stream(|bytes| hasher.update(bytes))?,
            }
        }
        Ok(hasher.finalize().to_vec())
    }
    match algorithm {
        Algorithm::Sha256 => of::<sha2::Sha256>(pieces),
        Algorithm::Sha384 => of::<sha2::Sha384>(pieces),
        Algorithm::Sha512 => of::<sha2::Sha512>(pieces),
        _ => Ok(Vec::new()),
    }
}
