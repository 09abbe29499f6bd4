//! What is offered to a server.
//!
//! Modern algorithms first. Where the server shares none of them, it is tried once more with those that systems of ten
//! years ago speak: dropbear 0.52 to 2012.55 had `diffie-hellman-group1-sha1` and `-group14-sha1`, `ssh-rsa`, AES in CBC
//! and `hmac-sha1` (dropbear's CHANGES). They protect badly against others on the network, and well enough on a cable
//! between this computer and the unit; the outcome says that they were used. `ssh-dss` and `3des-cbc` are not offered:
//! every server met that had them also had the others.

use std::borrow::Cow;

use russh::keys::ssh_key::{Algorithm, EcdsaCurve, HashAlg};
use russh::{AlgorithmKind, Names, Preferred, cipher, compression, kex, mac};

/// Which algorithms are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Those that are sound today.
    Modern,
    /// The modern ones, and behind them those with SHA-1, CBC and 1024-bit groups.
    Old,
}

/// What both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The key exchange: `curve25519-sha256`.
    pub key_exchange: String,
    /// The host key's algorithm: `ssh-ed25519`.
    pub host_key: String,
    /// The cipher: `chacha20-poly1305@openssh.com`.
    pub cipher: String,
    /// The integrity check in the direction to the unit; ciphers that bring their own make no use of it.
    pub integrity: String,
    /// Which algorithms had to be offered. [`Offer::Old`] is worth a word to the operator.
    pub offer: Offer,
}

const MODERN_KEX: &[kex::Name] = &[
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];
const OLD_KEX: &[kex::Name] = &[kex::DH_G14_SHA1, kex::DH_GEX_SHA1, kex::DH_G1_SHA1];

const MODERN_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
];
const OLD_KEYS: &[Algorithm] = &[Algorithm::Rsa { hash: None }];

const MODERN_CIPHERS: &[cipher::Name] =
    &[cipher::CHACHA20_POLY1305, cipher::AES_256_GCM, cipher::AES_128_CTR, cipher::AES_256_CTR];
const OLD_CIPHERS: &[cipher::Name] = &[cipher::AES_128_CBC, cipher::AES_256_CBC];

const MODERN_MACS: &[mac::Name] =
    &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM, mac::HMAC_SHA256, mac::HMAC_SHA512];
const OLD_MACS: &[mac::Name] = &[mac::HMAC_SHA1];

impl Offer {
    pub(crate) fn preferred(self) -> Preferred {
        fn list<T: Clone>(offer: Offer, modern: &'static [T], old: &'static [T]) -> Cow<'static, [T]> {
            match offer {
                Offer::Modern => Cow::Borrowed(modern),
                Offer::Old => modern.iter().chain(old).cloned().collect(),
            }
        }
        Preferred {
            kex: list(self, MODERN_KEX, OLD_KEX),
            key: list(self, MODERN_KEYS, OLD_KEYS),
            cipher: list(self, MODERN_CIPHERS, OLD_CIPHERS),
            mac: list(self, MODERN_MACS, OLD_MACS),
            // Images are compressed already; a slow processor is better left alone.
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::DEFAULT
        }
    }
}

impl Negotiated {
    pub(crate) fn of(names: &Names, offer: Offer) -> Self {
        Self {
            key_exchange: names.kex.as_ref().to_owned(),
            host_key: names.key.to_string(),
            cipher: names.cipher.as_ref().to_owned(),
            integrity: names.client_mac.as_ref().to_owned(),
            offer,
        }
    }

    /// Whether the connection rests on algorithms that are broken against others on the network.
    pub fn is_old(&self) -> bool {
        self.offer == Offer::Old
    }
}

pub(crate) fn kind_in_words(kind: &AlgorithmKind) -> &'static str {
    match kind {
        AlgorithmKind::Kex => "key exchange",
        AlgorithmKind::Key => "host key",
        AlgorithmKind::Cipher => "cipher",
        AlgorithmKind::Compression => "compression",
        AlgorithmKind::Mac => "integrity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_old_is_offered_at_first() {
        let modern = Offer::Modern.preferred();
        let names = |offer: &Preferred| {
            let kex = offer.kex.iter().map(|name| name.as_ref().to_owned());
            let keys = offer.key.iter().map(ToString::to_string);
            let ciphers = offer.cipher.iter().map(|name| name.as_ref().to_owned());
            let macs = offer.mac.iter().map(|name| name.as_ref().to_owned());
            kex.chain(keys).chain(ciphers).chain(macs).collect::<Vec<_>>()
        };
        let is_old = |name: &String| name.ends_with("sha1") || name == "ssh-rsa" || name.ends_with("cbc");
        assert_eq!(names(&modern).iter().filter(|name| is_old(name)).count(), 0);
        let all = names(&Offer::Old.preferred());
        assert_eq!(all.iter().filter(|name| is_old(name)).count(), 7);
        assert!(names(&modern).iter().all(|name| all.contains(name)));
    }
}
