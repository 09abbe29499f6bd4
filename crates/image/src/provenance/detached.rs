//! Signatures in files of their own: signify, usign, minisign, and bare ones as `openssl dgst -sign` writes them; of the
//! image, or of a list of SHA-256 sums. Chains of ucert and OpenPGP have modules of their own.
//!
//! Source: OpenBSD signify.c (a comment, then base64 of `Ed`, eight bytes of key number, Ed25519 signature), OpenWrt
//! usign README, minisign's documentation of its signature format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::judge::{Anonymous, Judge, Tried};
use super::key::{PublicKey, Scheme};
use super::openpgp::{Cleartext, Signatures};
use super::store::{KeyKind, TrustedKey, number_as_text};
use super::ucert::Chain;
use super::{Evidence, LONGEST_EVIDENCE};
use crate::digest::{Algorithm, Piece};
use crate::error::ImageError;
use crate::sums::ListedSum;
use crate::window::Window;

/// Bytes of a signature with the number of its key.
pub(super) const NUMBERED: usize = 74;

/// The longest file of which minisign's older signatures, which cannot be checked piece by piece, are checked.
const LONGEST_AT_ONCE: u64 = 64 << 20;

/// A file beside the image, as what it is.
enum Parsed<'a> {
    Sums(Vec<String>),
    Signify(Vec<u8>),
    Minisign(Box<minisign_verify::Signature>, [u8; 8]),
    Chain(Chain),
    Openpgp(Signatures),
    Cleartext(Box<Cleartext>, Signatures),
    Bare(&'a [u8]),
    Other,
}

/// What a signature may be of.
pub(super) struct Subject<'a> {
    /// For people.
    pub(super) what: String,
    pub(super) bytes: Window<'a>,
    /// Whether it vouches for the image.
    pub(super) vouches: bool,
    /// Whether it is a text, whose lines may end in one way or the other.
    pub(super) is_text: bool,
}

/// Judges every signature among the evidence.
pub(super) fn verify(
    image: Window<'_>,
    evidence: &[Evidence],
    judge: &mut Judge<'_>,
) -> Result<(), ImageError> {
    let mut subjects =
        vec![Subject { what: "the image".into(), bytes: image, vouches: true, is_text: false }];
    let sum_of_image = judge.facts.sha256.to_string();
    for file in evidence {
        if let Parsed::Sums(sums) = parse(file) {
            let vouches = sums.contains(&sum_of_image);
            subjects.push(Subject {
                what: file.name.clone(),
                bytes: Window::whole(&file.bytes),
                vouches,
                is_text: true,
            });
        }
    }
    for file in evidence {
        match parse(file) {
            Parsed::Sums(_) => {}
            Parsed::Other => judge.unknown(format!(
                "{} is neither a list of SHA-256 sums nor a signature of a kind that is supported.",
                file.name
            )),
            Parsed::Openpgp(signatures) => signatures.judge(&file.name, &subjects, judge)?,
            Parsed::Cleartext(cleartext, signatures) => {
                let text = String::from_utf8_lossy(&cleartext.text);
                let mut entries = text.lines().filter_map(ListedSum::of_line);
                let vouches = entries.any(|entry| entry.sum == sum_of_image);
                let bytes = Window::whole(&cleartext.text);
                let subject = Subject { what: "the text".into(), bytes, vouches, is_text: true };
                signatures.judge(&file.name, &[subject], judge)?;
            }
            signature => verify_one(&signature, file, &subjects, judge)?,
        }
    }
    if subjects.len() > 1 && evidence.len() + 1 == subjects.len() {
        judge.unknown(
            "The list of sums is not signed: it tells that the file is whole, not who made it.".into(),
        );
    }
    Ok(())
}

/// Judges a signature that stands in the image, and is over the part of it before.
pub(super) fn verify_part(
    part: Window<'_>,
    signature: &Evidence,
    judge: &mut Judge<'_>,
) -> Result<(), ImageError> {
    let subjects = [Subject { what: "the image".into(), bytes: part, vouches: true, is_text: false }];
    match parse(signature) {
        parsed @ (Parsed::Chain(_) | Parsed::Signify(_)) => verify_one(&parsed, signature, &subjects, judge),
        _ => {
            judge.unknown("The image holds a signature of a kind that is not supported.".into());
            Ok(())
        }
    }
}

fn verify_one(
    signature: &Parsed<'_>,
    file: &Evidence,
    subjects: &[Subject<'_>],
    judge: &mut Judge<'_>,
) -> Result<(), ImageError> {
    let name = &file.name;
    let mut wrong = None;
    let signer = match signature {
        Parsed::Chain(chain) => match chain.signer(judge) {
            Ok(signer) => Some(signer),
            Err(refused) => {
                refused.tell(name, None, judge);
                return Ok(());
            }
        },
        _ => None,
    };
    for subject in subjects {
        let what = format!("{} in {name}", subject.what);
        let result = match &signer {
            Some(signer) => signer.tried(subject.bytes)?,
            None => tried(signature, subject.bytes, judge)?,
        };
        match result {
            Tried::Made(key) if subject.vouches => {
                judge.valid(&what, None, &key);
                return Ok(());
            }
            Tried::Made(key) => {
                judge.invalid(
                    &what,
                    None,
                    &key,
                    "made by it, but the list does not hold the sum of the image",
                );
                return Ok(());
            }
            Tried::Wrong(key) => wrong = Some(key),
            Tried::Stranger => {}
        }
    }
    let unbelieved = match signature {
        Parsed::Signify(bytes) => judge.revoked_number(&bytes[2..10]),
        Parsed::Minisign(_, number) => judge.revoked_id(&number_as_text(KeyKind::Minisign, number)),
        _ => None,
    };
    match (wrong, unbelieved) {
        (Some(key), _) => judge.invalid(name, None, &key, "of other contents, or damaged"),
        (None, Some(because)) => judge.revoked(name, None, &maker(signature), because),
        (None, None) => judge.stranger(&format!("What {name} belongs to"), &maker(signature)),
    }
    Ok(())
}

/// How a signature's maker is called where it is not known.
fn maker(signature: &Parsed<'_>) -> String {
    match signature {
        Parsed::Signify(bytes) => format!("the key {}", number_as_text(KeyKind::Signify, &bytes[2..10])),
        Parsed::Minisign(_, number) => format!("the key {}", number_as_text(KeyKind::Minisign, number)),
        _ => "a key".into(),
    }
}

fn tried(signature: &Parsed<'_>, message: Window<'_>, judge: &Judge<'_>) -> Result<Tried, ImageError> {
    let pieces = [Piece::Window(message)];
    match signature {
        Parsed::Signify(bytes) => numbered(judge, &bytes[2..10], |_, key| {
            Ok(key.verify(Scheme::Ed25519, &pieces, &bytes[10..])? == Some(true))
        }),
        Parsed::Minisign(signature, number) => numbered(judge, number, |trusted, _| {
            trusted.minisign_text().map_or(Ok(false), |key| minisign(&key, signature, message))
        }),
        Parsed::Bare(bytes) => bare(bytes, &pieces, judge),
        _ => Ok(Tried::Stranger),
    }
}

/// Checks a signature with the trusted key that its number names.
fn numbered(
    judge: &Judge<'_>,
    number: &[u8],
    made: impl FnOnce(&TrustedKey, &PublicKey) -> Result<bool, ImageError>,
) -> Result<Tried, ImageError> {
    let Some((trusted, key)) = judge.keys().find(|(trusted, _)| trusted.has_number(number)) else {
        return Ok(Tried::Stranger);
    };
    let name = trusted.name.clone();
    Ok(if made(trusted, key)? { Tried::Made(name) } else { Tried::Wrong(name) })
}

fn minisign(
    key: &str,
    signature: &minisign_verify::Signature,
    message: Window<'_>,
) -> Result<bool, ImageError> {
    let Ok(key) = minisign_verify::PublicKey::from_base64(key) else { return Ok(false) };
    if let Ok(mut verifier) = key.verify_stream(signature) {
        message.stream(|piece| verifier.update(piece))?;
        return Ok(verifier.finalize().is_ok());
    }
    if message.len() > LONGEST_AT_ONCE {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    message.stream(|piece| bytes.extend_from_slice(piece))?;
    Ok(key.verify(&bytes, signature, true).is_ok())
}

/// A signature without a word about its maker: every key is tried, with the ways of signing that it knows.
fn bare(bytes: &[u8], message: &[Piece<'_>], judge: &Judge<'_>) -> Result<Tried, ImageError> {
    let mut result = Tried::Stranger;
    let has = |is: fn(&PublicKey) -> bool| judge.keys().any(|(_, key)| is(key));
    let mut schemes = Vec::new();
    if has(|key| matches!(key, PublicKey::Rsa(_))) && bytes.len() >= 256 {
        schemes.extend([Algorithm::Sha256, Algorithm::Sha512].map(Scheme::Pkcs1));
        schemes.push(Scheme::Pss(Algorithm::Sha256));
    }
    if has(|key| matches!(key, PublicKey::P256(_))) && bytes.len() <= 72 {
        schemes.push(Scheme::Ecdsa(Algorithm::Sha256));
    }
    if has(|key| matches!(key, PublicKey::P384(_))) && (96..=104).contains(&bytes.len()) {
        schemes.extend([Algorithm::Sha384, Algorithm::Sha256].map(Scheme::Ecdsa));
    }
    if has(|key| matches!(key, PublicKey::Ed25519(_))) && bytes.len() == 64 {
        schemes.push(Scheme::Ed25519);
    }
    for scheme in schemes {
        let signed = Anonymous { what: "", offset: None, hint: None, scheme, message, signature: bytes };
        match judge.attempt(&signed)? {
            made @ Tried::Made(_) => return Ok(made),
            wrong @ Tried::Wrong(_) => result = wrong,
            Tried::Stranger => {}
        }
    }
    Ok(result)
}

fn parse(file: &Evidence) -> Parsed<'_> {
    let bytes = file.bytes.as_slice();
    if bytes.len() > LONGEST_EVIDENCE {
        return Parsed::Other;
    }
    if let Some((cleartext, signatures)) = Cleartext::of(bytes) {
        return Parsed::Cleartext(Box::new(cleartext), signatures);
    }
    if let Some(signatures) = Signatures::read(bytes) {
        return Parsed::Openpgp(signatures);
    }
    if let Some(chain) = Chain::read(bytes) {
        return Parsed::Chain(chain);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return parse_bare(bytes) };
    let sums: Vec<String> = text.lines().filter_map(ListedSum::of_line).map(|entry| entry.sum).collect();
    if !sums.is_empty() {
        return Parsed::Sums(sums);
    }
    let Some(signature) = numbered_signature(text) else { return parse_bare(bytes) };
    if let Ok(parsed) = minisign_verify::Signature::decode(text) {
        let mut number = [0; 8];
        number.copy_from_slice(&signature[2..10]);
        return Parsed::Minisign(Box::new(parsed), number);
    }
    if signature.starts_with(b"Ed") { Parsed::Signify(signature) } else { Parsed::Other }
}

/// What a signature of signify, usign or minisign is in bytes: `Ed`, number of the key, signature.
pub(super) fn numbered_signature(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let coded =
        if first.starts_with("untrusted comment:") { lines.next().unwrap_or_default() } else { first };
    BASE64.decode(coded).ok().filter(|bytes| bytes.len() == NUMBERED)
}

/// Lengths of RSA signatures of 2048 to 8192 bits, of ECDSA with P-256 and P-384 in both forms, and of Ed25519.
fn parse_bare(bytes: &[u8]) -> Parsed<'_> {
    match bytes.len() {
        256 | 384 | 512 | 1024 | 64 | 96 => Parsed::Bare(bytes),
        68..=72 | 100..=104 if bytes.starts_with(&[0x30]) => Parsed::Bare(bytes),
        _ => Parsed::Other,
    }
}
