//! OpenPGP: detached signatures and signed texts, by keys of version 4.
//!
//! Source: RFC 9580. Only verification, with the digests and keys that prove something today: SHA-256 and longer; RSA from
//! 2048 bits on, ECDSA with P-256 and P-384, Ed25519. Trust is the operator's: nothing is asked of key servers, and
//! what others say of a key does not count.

mod armor;
mod certificate;
mod packet;
mod signature;

pub(super) use armor::Cleartext;

use super::detached::Subject;
use super::judge::Judge;
use super::store::{KeyError, KeyKind, TrustedKey};
use crate::digest::{Piece, hex};
use crate::error::ImageError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use certificate::{Certificate, Standing};
use packet::{PUBLIC_KEY, Packet, SECRET_KEY, SIGNATURE};
use signature::Signature;

/// The most signatures of one file that are checked.
const MOST_SIGNATURES: usize = 8;

/// The longest message of which a signature of a text is checked, as its lines have to be changed before.
const LONGEST_TEXT: u64 = 16 << 20;

/// Signatures, as they were read.
pub(super) struct Signatures(Vec<Signature>);

impl Signatures {
    /// Reads a file of signatures, as text or as packets. `None` where it is anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok();
        match text.and_then(|text| armor::block(text, "PGP SIGNATURE")) {
            Some(packets) => Self::of_packets(&packets),
            None => Self::of_packets(bytes),
        }
    }

    fn of_packets(bytes: &[u8]) -> Option<Self> {
        let packets = Packet::all(bytes)?;
        if packets.len() > MOST_SIGNATURES || packets.iter().any(|packet| packet.tag != SIGNATURE) {
            return None;
        }
        packets.iter().map(|packet| Signature::read(packet.body)).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Judges each signature against what it may be of.
    pub(super) fn judge(
        &self,
        file: &str,
        subjects: &[Subject<'_>],
        judge: &mut Judge<'_>,
    ) -> Result<(), ImageError> {
        let known = judge.openpgp();
        let known: Vec<(&TrustedKey, Certificate)> =
            known.filter_map(|key| Some((key, Certificate::read(&BASE64.decode(&key.key).ok()?)?))).collect();
        for signature in &self.0 {
            let found = known.iter().find_map(|(trusted, certificate)| {
                Some((*trusted, certificate, certificate.key_of(signature)?))
            });
            let Some((trusted, certificate, key)) = found else {
                let issuer = signature.issuer.map_or_else(|| "without a name".into(), |issuer| hex(&issuer));
                let name = format!("the OpenPGP key {issuer}");
                match judge.revoked_id(&issuer) {
                    Some(because) => judge.revoked(file, None, &name, because),
                    None => judge.stranger(&format!("What {file} belongs to"), &name),
                }
                continue;
            };
            let name = trusted.name.clone();
            let mut is_right = Some(false);
            let mut of = None;
            for subject in subjects {
                is_right = match signature.kind {
                    signature::OF_BYTES => key.made(signature, Piece::Window(subject.bytes))?,
                    signature::OF_TEXT if subject.is_text && subject.bytes.len() <= LONGEST_TEXT => {
                        let mut text = Vec::new();
                        subject.bytes.stream(|piece| text.extend_from_slice(piece))?;
                        key.made(signature, Piece::Bytes(&armor::canonical(&text)))?
                    }
                    _ => None,
                };
                if is_right == Some(true) {
                    of = Some(subject);
                    break;
                }
            }
            let (Some(subject), Some(true)) = (of, is_right) else {
                if signature.kind == signature::OF_TEXT && subjects.iter().all(|subject| !subject.is_text) {
                    judge.unknown(format!(
                        "The signature in {file} by \"{name}\" is one of a text, which leaves open how lines end; that proves nothing of firmware."
                    ));
                } else if is_right.is_none() {
                    judge.unknown(format!(
                        "The signature in {file} by \"{name}\" is made in a way that is too weak or not supported."
                    ));
                } else {
                    judge.invalid(file, None, &name, "of other contents, or damaged");
                }
                continue;
            };
            let what = format!("{} in {file}", subject.what);
            match certificate.standing(key, signature, judge.now_s()) {
                Standing::Revoked(because) => judge.revoked(&what, None, &name, &because),
                Standing::Unknown(why) => {
                    judge.unknown(format!("The signature of {what} by \"{name}\" is right, but {why}"));
                }
                Standing::Good if subject.vouches => judge.valid(&what, None, &name),
                Standing::Good => {
                    let how = "made by it, but the list does not hold the sum of the image";
                    judge.invalid(&what, None, &name, how);
                }
            }
        }
        Ok(())
    }
}

impl Cleartext {
    /// Reads a signed text that stays readable.
    pub(super) fn of(bytes: &[u8]) -> Option<(Self, Signatures)> {
        let cleartext = Self::read(std::str::from_utf8(bytes).ok()?)?;
        let signatures = Signatures::of_packets(&cleartext.packets)?;
        Some((cleartext, signatures))
    }
}

/// The packets by which a key or a part of it is revoked.
pub(super) fn revocations(packets: &[u8]) -> Vec<&[u8]> {
    let revokes = |packet: &Packet<'_>| {
        let kind = Signature::read(packet.body).map(|signature| signature.kind);
        kind.is_some_and(|kind| signature::REVOKES.contains(&kind))
    };
    let all = Packet::all(packets).unwrap_or_default().into_iter();
    all.filter(|packet| packet.tag == SIGNATURE && revokes(packet)).map(|packet| packet.body).collect()
}

/// Reads a file with one public key, as text or as packets. `None` where it is anything else.
pub(super) fn trusted_key(name: &str, file: &[u8]) -> Option<Result<TrustedKey, KeyError>> {
    let text = std::str::from_utf8(file).ok();
    let packets = match text {
        Some(text) => armor::block(text, "PGP PUBLIC KEY BLOCK")?,
        None => file.to_vec(),
    };
    let tags: Vec<u8> = Packet::all(&packets)?.iter().map(|packet| packet.tag).collect();
    match *tags.first()? {
        SECRET_KEY => return Some(Err(KeyError::Secret)),
        PUBLIC_KEY if tags.iter().filter(|tag| **tag == PUBLIC_KEY).count() > 1 => {
            return Some(Err(KeyError::Several));
        }
        PUBLIC_KEY => {}
        _ => return None,
    }
    let read = || {
        let kept = Certificate::kept(&packets)?;
        let id = Certificate::read(&kept)?.fingerprint();
        let key = BASE64.encode(kept);
        Some(TrustedKey { name: name.to_owned(), kind: KeyKind::Openpgp, id, key, vendors: Vec::new() })
    };
    Some(read().ok_or(KeyError::Unbound))
}
