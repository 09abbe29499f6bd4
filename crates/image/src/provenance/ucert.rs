//! OpenWrt's ucert: certificates of usign keys in a row, and at their end the signature of the firmware.
//!
//! Source: OpenWrt ucert `ucert.c` and README.md (order of the chain, fields and types of certificates, revokers), libubox
//! `blob.h` and `blobmsg.h` (attributes). An element of the chain is an attribute that holds a signature in the text form
//! of usign, and the table that it is over. A certificate's table names the next key and how long that may sign; an
//! element without a table signs the firmware. The first key has to be known; each other one is named by the
//! certificate before it.

use super::day::day;
use super::detached::{NUMBERED, numbered_signature};
use super::judge::{Judge, Tried};
use super::key::{PublicKey, Scheme};
use super::store::{KeyKind, TrustStore, number_as_text, numbered_key};
use crate::digest::Piece;
use crate::error::ImageError;
use crate::window::Window;

/// The longest chain that is read, in bytes; ucert itself takes 4 KiB.
const LONGEST: usize = 64 * 1024;

/// The most elements of a chain, and the most attributes of a table.
const MOST: usize = 32;

/// Numbers of the attributes of an element.
const SIGNATURE: u8 = 0;
const PAYLOAD: u8 = 1;

/// Types of values in a table.
const TABLE: u8 = 2;
const STRING: u8 = 3;
const INT64: u8 = 4;
const INT32: u8 = 5;

/// Types of certificates.
const GRANTS: u64 = 1;
const REVOKES: u64 = 2;

/// A chain, as it was read. Nothing in it is believed yet.
pub(super) struct Chain {
    elements: Vec<Element>,
}

struct Element {
    /// `Ed`, number of the key, signature.
    signature: Vec<u8>,
    /// What it is over: the bytes of the table, and what they say. Without them it is over the firmware.
    statement: Option<(Vec<u8>, Statement)>,
}

/// What a certificate says. Seconds count from 1970.
enum Statement {
    /// A key may sign.
    Grants { number: Vec<u8>, key: Vec<u8>, from: u64, until: u64 },
    /// A key is not to be believed any more.
    Revokes { number: String, from: u64 },
}

/// The key that a chain lets sign the firmware, and its signature.
pub(super) struct Signer<'a> {
    key: PublicKey,
    signature: &'a [u8],
    /// The trusted key that the chain hangs from.
    root: String,
}

/// Why a chain lets nobody sign.
pub(super) enum Refused {
    /// A certificate is by a trusted key, and wrong: which key, and how.
    Wrong(String, String),
    /// It hangs from no trusted key.
    Stranger(String),
    /// It proves nothing: a sentence.
    Unknown(String),
}

/// A file of revokers that revokes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokerError {
    /// It is no file of revokers.
    #[error("the file holds no revokers of ucert")]
    Malformed,
    /// Somebody made it who is not trusted.
    #[error("a revoker in the file is by the key {0}, which is not trusted")]
    Stranger(String),
    /// Its signature is wrong.
    #[error("the signature of a revoker in the file is wrong")]
    Wrong,
    /// It counts from a later day on.
    #[error("a revoker in the file counts from {0} on only")]
    NotYet(String),
}

impl debrick_model::Coded for RevokerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "trust-revoker-unknown",
            Self::Stranger(_) => "trust-revoker-stranger",
            Self::Wrong => "trust-revoker-wrong",
            Self::NotYet(_) => "trust-revoker-early",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Malformed => {
                "Give the file that `ucert -I` wrote beside the certificate, or name a trusted key. Nothing was changed."
            }
            Self::Stranger(_) => {
                "A key is revoked by one that is trusted. Add that one first, if it is the maker's. Nothing was changed."
            }
            Self::Wrong => "Fetch the file again. Nothing was changed.",
            Self::NotYet(_) => "Check the clock of this computer. Nothing was changed.",
        }
        .into()
    }
}

impl Chain {
    /// Reads a chain; `None` where the bytes are anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > LONGEST {
            return None;
        }
        let elements = Attribute::all(bytes)?.iter().map(Element::read).collect::<Option<Vec<_>>>()?;
        Some(Self { elements })
    }

    /// Follows the chain to who may sign the firmware.
    pub(super) fn signer(&self, judge: &Judge<'_>) -> Result<Signer<'_>, Refused> {
        let mut granted: Option<Granted<'_>> = None;
        let mut signer = None;
        let mut stranger = None;
        for (index, element) in self.elements.iter().enumerate() {
            let holder = Granted::holder_of(element.number(), granted.as_ref(), judge)?;
            match (&element.statement, holder) {
                (Some((bytes, statement)), Some(holder)) if signer.is_none() => {
                    let what = format!("certificate {} of the chain", index + 1);
                    let Statement::Grants { number, key, from, until } = statement else {
                        return Err(Refused::Unknown(
                            "The chain holds a revoker, which grants nothing; `debrick trust revoke` takes it.".into(),
                        ));
                    };
                    if !holder.made(element, bytes) {
                        return Err(Refused::Wrong(
                            holder.root,
                            format!("{what} is of other contents, or damaged"),
                        ));
                    }
                    if let Some(reason) = lapsed(&what, number, *from, *until, judge.now_s()) {
                        return Err(Refused::Unknown(reason));
                    }
                    let Some(key) = PublicKey::ed25519(key) else {
                        return Err(Refused::Unknown(format!("The key in {what} cannot be used.")));
                    };
                    granted = Some(Granted { number, key, root: holder.root });
                }
                // It counts for nothing, and does no harm where the key that signs the firmware is trusted itself.
                (Some(_), None) if signer.is_none() => {
                    granted = None;
                    stranger.get_or_insert_with(|| element.maker());
                }
                (None, Some(holder)) if signer.is_none() => {
                    signer =
                        Some(Signer { key: holder.key, signature: &element.signature, root: holder.root });
                }
                (None, None) if signer.is_none() => {
                    return Err(Refused::Stranger(stranger.unwrap_or_else(|| element.maker())));
                }
                _ => {
                    return Err(Refused::Unknown(
                        "The chain goes on behind the signature of the firmware.".into(),
                    ));
                }
            }
        }
        signer.ok_or_else(|| {
            Refused::Unknown("The chain holds certificates only, and no signature of the firmware.".into())
        })
    }
}

impl Signer<'_> {
    /// Whether the firmware's signature is over these bytes.
    pub(super) fn tried(&self, message: Window<'_>) -> Result<Tried, ImageError> {
        let message = [Piece::Window(message)];
        let made = self.key.verify(Scheme::Ed25519, &message, &self.signature[10..])? == Some(true);
        let root = self.root.clone();
        Ok(if made { Tried::Made(root) } else { Tried::Wrong(root) })
    }
}

impl Refused {
    /// Reports it of what the chain stands in.
    pub(super) fn tell(self, what: &str, offset: Option<u64>, judge: &mut Judge<'_>) {
        match self {
            Self::Wrong(key, how) => judge.invalid(what, offset, &key, &how),
            Self::Stranger(key) => judge.stranger(&format!("What {what} belongs to"), &key),
            Self::Unknown(reason) => judge.unknown(format!("{what}: {reason}")),
        }
    }
}

/// A key that may sign the next element.
struct Granted<'a> {
    number: &'a [u8],
    key: PublicKey,
    root: String,
}

impl<'a> Granted<'a> {
    /// The key with a number, if it is trusted or was granted by the certificate before.
    fn holder_of(
        number: &'a [u8],
        granted: Option<&Self>,
        judge: &Judge<'_>,
    ) -> Result<Option<Self>, Refused> {
        let text = number_as_text(KeyKind::Signify, number);
        let trusted = judge.keys().find(|(trusted, _)| trusted.has_number(number));
        let name = trusted.map(|(trusted, _)| trusted.name.clone());
        if let Some(because) = judge.revoked_number(number) {
            let name = name.unwrap_or_else(|| format!("the key {text}"));
            return Err(Refused::Wrong(name, format!("made by the key {text}, which is revoked: {because}")));
        }
        if let Some((trusted, key)) = trusted {
            return Ok(Some(Self { number, key: key.clone(), root: trusted.name.clone() }));
        }
        Ok(granted.filter(|granted| granted.number == number).map(|granted| Self {
            number,
            key: granted.key.clone(),
            root: granted.root.clone(),
        }))
    }

    fn made(&self, element: &Element, bytes: &[u8]) -> bool {
        let message = [Piece::Bytes(bytes)];
        matches!(self.key.verify(Scheme::Ed25519, &message, &element.signature[10..]), Ok(Some(true)))
    }
}

/// Why a certificate does not count today, as a sentence.
fn lapsed(what: &str, number: &[u8], from: u64, until: u64, now: u64) -> Option<String> {
    let key = number_as_text(KeyKind::Signify, number);
    if now < from {
        let today = day(now);
        return Some(format!(
            "{what}, for the key {key}, counts from {} on, and this computer says that it is {today}.",
            day(from)
        ));
    }
    (now >= until).then(|| {
        format!(
            "{what}, for the key {key}, lapsed on {}; whether the firmware was signed before cannot be told.",
            day(until)
        )
    })
}

impl Element {
    fn read(attribute: &Attribute<'_>) -> Option<Self> {
        let parts = Attribute::all(attribute.data)?;
        let one = |id| {
            let mut found = parts.iter().filter(|part| part.id == id);
            let first = found.next();
            (first, found.next().is_none())
        };
        let ((signature, one_signature), (payload, one_payload)) = (one(SIGNATURE), one(PAYLOAD));
        if !one_signature || !one_payload {
            return None;
        }
        let text = signature?.data;
        let text = std::str::from_utf8(text.strip_suffix(&[0]).unwrap_or(text)).ok()?;
        let signature = numbered_signature(text).filter(|bytes| bytes.starts_with(b"Ed"))?;
        debug_assert_eq!(signature.len(), NUMBERED);
        let statement = match payload {
            Some(payload) => Some((payload.data.to_vec(), Statement::read(payload.data)?)),
            None => None,
        };
        Some(Self { signature, statement })
    }

    /// The number of the key that is said to have signed it.
    fn number(&self) -> &[u8] {
        &self.signature[2..10]
    }

    fn maker(&self) -> String {
        format!("the key {}", number_as_text(KeyKind::Signify, self.number()))
    }
}

impl Statement {
    /// Reads the table called `ucert` in the payload of an element.
    fn read(payload: &[u8]) -> Option<Self> {
        let outer = Attribute::all(payload)?;
        let table = only(&outer, "ucert", TABLE)?;
        let fields = Attribute::all(table)?;
        let number = |name| Some(u64::from_be_bytes(*only(&fields, name, INT64)?.first_chunk()?));
        let text = |name| std::str::from_utf8(only(&fields, name, STRING)?.strip_suffix(&[0])?).ok();
        let kind = u32::from_be_bytes(*only(&fields, "certtype", INT32)?.first_chunk()?);
        let from = number("validfrom")?;
        match u64::from(kind) {
            GRANTS => {
                let (kind, number_of_key, key) = numbered_key(text("pubkey")?)?;
                (kind == KeyKind::Signify).then_some(())?;
                Some(Self::Grants { number: number_of_key, key, from, until: number("expiresat")? })
            }
            REVOKES => {
                let number = text("fingerprint")?;
                let is_number = number.len() == 16 && number.chars().all(|digit| digit.is_ascii_hexdigit());
                is_number.then(|| Self::Revokes { number: number.to_ascii_lowercase(), from })
            }
            _ => None,
        }
    }
}

/// The value of the only attribute with this name and type.
fn only<'a>(attributes: &[Attribute<'a>], name: &str, kind: u8) -> Option<&'a [u8]> {
    let mut found =
        attributes.iter().filter_map(Attribute::named).filter(|(there, ..)| *there == name.as_bytes());
    let (_, id, value) = found.next()?;
    (id == kind && found.next().is_none()).then_some(value)
}

/// An attribute of libubox: a word of flag, number and length with the word itself, then its data.
struct Attribute<'a> {
    id: u8,
    has_name: bool,
    data: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// All attributes in a row; `None` where they do not fill the bytes, but for padding at the end.
    fn all(mut bytes: &'a [u8]) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let word = u32::from_be_bytes(*bytes.first_chunk()?);
            let len = usize::try_from(word & 0x00ff_ffff).ok()?;
            if all.len() == MOST || len < 4 {
                return None;
            }
            all.push(Self {
                id: (word >> 24 & 0x7f) as u8,
                has_name: word >> 31 == 1,
                data: bytes.get(4..len)?,
            });
            bytes = bytes.get(len.next_multiple_of(4)..)?;
        }
        Some(all)
    }

    /// Name, number and value of an attribute in a table: a length, the name with a zero, padding, the value.
    fn named(&self) -> Option<(&'a [u8], u8, &'a [u8])> {
        let len = usize::from(u16::from_be_bytes(*self.data.first_chunk()?));
        let name = self.data.get(2..2 + len)?;
        let value = self.data.get((2 + len + 1).next_multiple_of(4)..)?;
        self.has_name.then_some((name, self.id, value))
    }
}

/// The numbers of the keys that a file of revokers takes back, each with who does. All of it counts, or nothing.
pub(super) fn revoked_by(
    file: &[u8],
    trusted: &TrustStore,
    now_s: u64,
) -> Result<Vec<(String, String)>, RevokerError> {
    let chain = Chain::read(file).ok_or(RevokerError::Malformed)?;
    let mut revoked = Vec::new();
    for element in &chain.elements {
        let Some((bytes, Statement::Revokes { number, from })) = &element.statement else {
            return Err(RevokerError::Malformed);
        };
        let by = trusted.keys.iter().find(|key| key.has_number(element.number()) && !trusted.is_revoked(key));
        let (Some(by), Some(key)) = (by, by.and_then(|by| by.public_key())) else {
            return Err(RevokerError::Stranger(number_as_text(KeyKind::Signify, element.number())));
        };
        let message = [Piece::Bytes(bytes)];
        if !matches!(key.verify(Scheme::Ed25519, &message, &element.signature[10..]), Ok(Some(true))) {
            return Err(RevokerError::Wrong);
        }
        if now_s < *from {
            return Err(RevokerError::NotYet(day(*from)));
        }
        revoked.push((number.clone(), format!("a revoker by \"{}\" says so", by.name)));
    }
    if revoked.is_empty() { Err(RevokerError::Malformed) } else { Ok(revoked) }
}
