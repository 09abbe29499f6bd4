//! Keys of version 4 with what their owner says of them: subkeys, how long they count, and that they are revoked.
//!
//! Source: RFC 9580 sections 5.5 (keys), 5.2.4 (what signatures of keys are over), 5.2.3 (expiry, flags, reasons of
//! revocations) and 10.1 (order of packets). What others say of a key is not looked at: the operator decided to trust it.

use sha1::Digest as _;

use crate::digest::{Piece, hex};
use crate::error::ImageError;
use crate::provenance::day::day;
use crate::provenance::key::{P256, P384, PublicKey};

use super::packet::{Cursor, PUBLIC_KEY, PUBLIC_SUBKEY, Packet, SIGNATURE, USER_ID};
use super::signature::{self, Signature};

/// The flag of a key that may sign data.
const SIGNS: u8 = 0x02;

/// Reasons of revocations that say nothing against what was signed before: superseded, no longer used.
const SOFT: [u8; 2] = [1, 3];

/// The most packets that are kept of a key.
const MOST: usize = 256;

/// The object identifier of Ed25519 in its older form.
const ED25519: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];

/// A key, or a subkey.
pub(super) struct Key {
    fingerprint: Vec<u8>,
    created: u64,
    /// As it goes into signatures.
    hashed: Vec<u8>,
    /// `None` where it is of a kind that is not supported, or too weak.
    pub(super) public: Option<PublicKey>,
    /// From when on it does not count any more.
    expires: Option<u64>,
    revoked: Option<Revoked>,
    may_sign: bool,
}

struct Revoked {
    at: u64,
    is_soft: bool,
    because: &'static str,
}

/// What a key is worth for a signature, when it is looked at.
pub(super) enum Standing {
    /// It counts.
    Good,
    /// It proves nothing: a sentence.
    Unknown(String),
    /// It is not to be believed, and why.
    Revoked(String),
}

/// A key with its subkeys.
pub(super) struct Certificate {
    keys: Vec<Key>,
}

impl Certificate {
    /// Reads the packets of one key. `None` where there is no key, more than one, or none that its owner bound.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let packets = Packet::all(bytes)?;
        let (first, rest) = packets.split_first()?;
        let primary = Key::read(first).filter(|_| first.tag == PUBLIC_KEY)?;
        if rest.iter().any(|packet| packet.tag == PUBLIC_KEY) {
            return None;
        }
        let sections = sections(rest);
        let by_primary = |signature: &Signature, pieces: &[&[u8]]| {
            let public = primary.public.as_ref()?;
            let pieces = pieces.iter().map(|bytes| Piece::Bytes(bytes)).collect();
            signature.is_by(public, pieces).ok()?
        };
        let is_by_primary =
            |signature: &Signature, pieces: &[&[u8]]| by_primary(signature, pieces) == Some(true);
        let mut own: Vec<Signature> = Vec::new();
        let mut revocations = Vec::new();
        let mut subkeys = Vec::new();
        for (subject, signatures) in &sections {
            match subject {
                None => {
                    let over = [&primary.hashed[..]];
                    let direct = |it: &&Signature| it.kind == signature::OF_KEY && is_by_primary(it, &over);
                    own.extend(signatures.iter().filter(direct).cloned());
                    // One that cannot be checked counts, too: nobody else gains from it.
                    let revokes = |it: &&Signature| {
                        it.kind == signature::REVOKES_KEY && by_primary(it, &over) != Some(false)
                    };
                    revocations.extend(signatures.iter().filter(revokes).cloned());
                }
                Some(packet) if packet.tag == USER_ID => {
                    let mut hashed = vec![0xb4];
                    hashed.extend((packet.body.len() as u32).to_be_bytes());
                    hashed.extend(packet.body);
                    let over = [&primary.hashed[..], &hashed];
                    let is_revoked = signatures
                        .iter()
                        .any(|it| it.kind == signature::REVOKES_USER_ID && is_by_primary(it, &over));
                    let counts = |it: &&Signature| {
                        signature::OF_USER_ID.contains(&it.kind) && !is_revoked && is_by_primary(it, &over)
                    };
                    own.extend(signatures.iter().filter(counts).cloned());
                }
                Some(packet) if packet.tag == PUBLIC_SUBKEY => {
                    let Some(mut key) = Key::read(packet) else { continue };
                    let over = [primary.hashed.clone(), key.hashed.clone()];
                    let over = [&over[0][..], &over[1]];
                    let binds =
                        |it: &&Signature| it.kind == signature::BINDS_SUBKEY && is_by_primary(it, &over);
                    let Some(binding) = newest(signatures.iter().filter(binds)) else { continue };
                    let revokes = |it: &&Signature| {
                        it.kind == signature::REVOKES_SUBKEY && by_primary(it, &over) != Some(false)
                    };
                    key.revoked =
                        signatures.iter().filter(revokes).map(Revoked::by).max_by_key(Revoked::weight);
                    key.expires = binding.key_expires_after.map(|span| key.created.saturating_add(span));
                    key.may_sign = binding.key_flags.is_some_and(|flags| flags & SIGNS != 0)
                        && key.agrees(binding, &over);
                    subkeys.push(key);
                }
                Some(_) => {}
            }
        }
        // One that says what the key is for also says how long it counts; others were made for another reason.
        let of_purpose = newest(own.iter().filter(|signature| signature.key_flags.is_some()));
        let own = of_purpose.or_else(|| newest(own.iter()))?;
        let (span, flags) = (own.key_expires_after, own.key_flags);
        let revoked = revocations.iter().map(Revoked::by).max_by_key(Revoked::weight);
        let expires = span.map(|span| primary.created.saturating_add(span));
        let may_sign = flags.is_none_or(|flags| flags & SIGNS != 0);
        let mut keys = vec![Key { expires, revoked, may_sign, ..primary }];
        keys.extend(subkeys);
        Some(Self { keys })
    }

    /// What is kept of the packets of a key: all but what others say of it.
    pub(super) fn kept(bytes: &[u8]) -> Option<Vec<u8>> {
        let packets = Packet::all(bytes)?;
        let primary = Key::read(packets.first()?)?;
        let own = |packet: &&Packet<'_>| match packet.tag {
            PUBLIC_KEY | PUBLIC_SUBKEY | USER_ID => true,
            SIGNATURE => {
                let issuer = Signature::read(packet.body).and_then(|signature| signature.issuer);
                issuer.is_some_and(|issuer| primary.fingerprint.ends_with(&issuer))
            }
            _ => false,
        };
        let kept: Vec<&[u8]> = packets.iter().filter(own).map(|packet| packet.whole).collect();
        (kept.len() <= MOST).then(|| kept.concat())
    }

    /// The fingerprint of the primary key, as 40 hex digits.
    pub(super) fn fingerprint(&self) -> String {
        hex(&self.keys[0].fingerprint)
    }

    /// The key that is said to have made a signature.
    pub(super) fn key_of(&self, signature: &Signature) -> Option<&Key> {
        let issuer = signature.issuer?;
        self.keys.iter().find(|key| key.fingerprint.ends_with(&issuer))
    }

    /// What one of the keys is worth for a signature that is right.
    pub(super) fn standing(&self, key: &Key, signature: &Signature, now: u64) -> Standing {
        let made = day(signature.created);
        for key in [&self.keys[0], key] {
            let Some(revoked) = &key.revoked else { continue };
            let at = day(revoked.at);
            if revoked.is_soft && signature.created < revoked.at {
                return Standing::Unknown(format!(
                    "its key was given up on {at} ({}), and whether it was made before, on {made} as it says, cannot be told.",
                    revoked.because
                ));
            }
            return Standing::Revoked(format!("its owner did so on {at} ({})", revoked.because));
        }
        for key in [&self.keys[0], key] {
            if let Some(expires) = key.expires.filter(|expires| *expires <= now) {
                return Standing::Unknown(format!(
                    "its key lapsed on {}, and whether it was made before, on {made} as it says, cannot be told.",
                    day(expires)
                ));
            }
        }
        if !key.may_sign {
            return Standing::Unknown("its key is not meant for signatures.".into());
        }
        if signature.expires_after.is_some_and(|span| signature.created.saturating_add(span) <= now) {
            return Standing::Unknown("it was made for a time that is over.".into());
        }
        // A day, for clocks that are set to another zone.
        if signature.created > now.saturating_add(86_400) {
            return Standing::Unknown(format!(
                "it says that it was made on {made}; is this computer's clock right?"
            ));
        }
        if signature.created < key.created {
            return Standing::Unknown("it says that it is older than its key.".into());
        }
        Standing::Good
    }
}

impl Key {
    /// Reads the packet of a key.
    fn read(packet: &Packet<'_>) -> Option<Self> {
        let body = packet.body;
        let mut cursor = Cursor(body);
        (cursor.u8()? == 4).then_some(())?;
        let created = u64::from(cursor.u32()?);
        let public = public_key(cursor.u8()?, cursor);
        let mut hashed = vec![0x99];
        hashed.extend(u16::try_from(body.len()).ok()?.to_be_bytes());
        hashed.extend(body);
        let fingerprint = sha1::Sha1::digest(&hashed).to_vec();
        Some(Self { fingerprint, created, hashed, public, expires: None, revoked: None, may_sign: false })
    }

    /// Whether a subkey that signs agrees to its binding, by a signature inside of it.
    fn agrees(&self, binding: &Signature, over: &[&[u8]]) -> bool {
        let inner = binding.embedded.as_deref().and_then(Signature::read);
        let (Some(inner), Some(public)) = (inner, &self.public) else { return false };
        let pieces = over.iter().map(|bytes| Piece::Bytes(bytes)).collect();
        inner.kind == signature::BINDS_PRIMARY && matches!(inner.is_by(public, pieces), Ok(Some(true)))
    }

    /// Whether it made a signature over a message; `None` where that cannot be checked.
    pub(super) fn made(&self, signature: &Signature, message: Piece<'_>) -> Result<Option<bool>, ImageError> {
        match &self.public {
            Some(public) => signature.is_by(public, vec![message]),
            None => Ok(None),
        }
    }
}

impl Revoked {
    fn by(signature: &Signature) -> Self {
        let because = match signature.reason {
            Some(1) => "superseded",
            Some(2) => "in the hands of others",
            Some(3) => "no longer used",
            _ => "without a reason",
        };
        let is_soft = signature.reason.is_some_and(|reason| SOFT.contains(&reason));
        Self { at: signature.created, is_soft, because }
    }

    /// The one that says most against the key comes last: one that counts for all times, else the oldest.
    fn weight(&self) -> (bool, u64) {
        (!self.is_soft, u64::MAX - self.at)
    }
}

/// The newest of some signatures.
fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    signatures.max_by_key(|signature| signature.created)
}

/// The packets behind the primary key: each user id and subkey with the signatures that follow it. Those that follow the
/// primary key itself come first.
fn sections<'a>(packets: &[Packet<'a>]) -> Vec<(Option<Packet<'a>>, Vec<Signature>)> {
    let mut sections = vec![(None, Vec::new())];
    for packet in packets {
        if packet.tag != SIGNATURE {
            sections.push((Some(*packet), Vec::new()));
        } else if let (Some((_, signatures)), Some(signature)) =
            (sections.last_mut(), Signature::read(packet.body))
        {
            signatures.push(signature);
        }
    }
    sections
}

/// The key in a packet, ready for use.
fn public_key(algorithm: u8, mut cursor: Cursor<'_>) -> Option<PublicKey> {
    match algorithm {
        signature::RSA | signature::RSA_SIGN => {
            let (modulus, exponent) = (cursor.number()?, cursor.number()?);
            PublicKey::rsa_of(modulus, exponent)
        }
        signature::ECDSA | signature::EDDSA => {
            let len = cursor.u8()?;
            let curve = cursor.take(len.into())?;
            let point = cursor.number()?;
            match (algorithm, curve) {
                (signature::ECDSA, P256) => PublicKey::p256(point),
                (signature::ECDSA, P384) => PublicKey::p384(point),
                (signature::EDDSA, ED25519) => PublicKey::ed25519(point.strip_prefix(&[0x40])?),
                _ => None,
            }
        }
        signature::ED25519 => PublicKey::ed25519(cursor.0),
        _ => None,
    }
}
