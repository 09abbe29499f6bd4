//! Files that are no images, such as a catalog: signed with minisign, by a key that is trusted for just that.
//!
//! Source: minisign's documentation of its signature format. Only signatures over a digest of the file (`ED`) count, which
//! minisign has made since version 0.10.

use debrick_model::Coded;

use super::detached::numbered_signature;
use super::store::{KeyKind, TrustStore, TrustedKey, number_as_text};

/// The longest signature, in bytes: two comments and two lines of base64.
pub const LONGEST_SIGNATURE: usize = 16 << 10;

/// Why a signature does not make a file one to be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is no signature of minisign.
    #[error("the file is no signature of minisign")]
    Unknown,
    /// It is made in minisign's older way, over the file itself.
    #[error("the signature is made in minisign's older way")]
    Old,
    /// It is by a key that is not trusted.
    #[error("the signature is by the key {number}, which is not among the trusted keys")]
    Stranger {
        /// The number of the key.
        number: String,
    },
    /// It is by a key that is revoked.
    #[error("the signature is by the key {number}, which is revoked: {because}")]
    Revoked {
        /// The number of the key.
        number: String,
        /// Why it is revoked.
        because: String,
    },
    /// It is by a key that is trusted for something else.
    #[error("the signature is by the key \"{name}\", which is not trusted for {wanted}")]
    NotFor {
        /// What the operator calls the key.
        name: String,
        /// What it would have to be trusted for.
        wanted: String,
    },
    /// The file is not what was signed, or the signature is damaged.
    #[error("the signature by the key \"{name}\" is of other contents, or damaged")]
    Wrong {
        /// What the operator calls the key.
        name: String,
    },
}

impl Coded for SignatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "signature-unknown",
            Self::Old => "signature-old",
            Self::Stranger { .. } => "signature-stranger",
            Self::Revoked { .. } => "signature-key-revoked",
            Self::NotFor { .. } => "signature-key-not-for",
            Self::Wrong { .. } => "signature-wrong",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Unknown => "Name the .minisig file that belongs to it. Nothing was changed.".into(),
            Self::Old => {
                "Ask whoever signed it to sign it again with minisign 0.10 or newer. Nothing was changed.".into()
            }
            Self::Stranger { .. } => {
                "If the key is that of whoever you expect, add it with `debrick trust add`. Nothing was changed.".into()
            }
            Self::Revoked { .. } => "Do not use the file. Nothing was changed.".into(),
            Self::NotFor { name, wanted } => format!(
                "If it is meant to be, `debrick trust remove '{name}'`, and add it again with --for {wanted}. Nothing \
                 was changed."
            ),
            Self::Wrong { .. } => {
                "Fetch the file and its signature again, both from the same place. If that does not help, do not use it. \
                 Nothing was changed."
                    .into()
            }
        }
    }
}

/// The trusted key that made a signature of minisign over these bytes.
///
/// Unlike for firmware, a key counts only where its owner's name for the purpose, `wanted`, is among
/// [`vendors`](TrustedKey::vendors): a key that is trusted for every maker's firmware was not meant for this.
///
/// # Errors
/// What is wrong with the signature, or with the key.
pub fn signer<'a>(
    bytes: &[u8],
    signature: &[u8],
    trusted: &'a TrustStore,
    wanted: &str,
) -> Result<&'a TrustedKey, SignatureError> {
    let text = std::str::from_utf8(signature).ok().filter(|text| text.len() <= LONGEST_SIGNATURE);
    let text = text.ok_or(SignatureError::Unknown)?;
    let numbered = numbered_signature(text).ok_or(SignatureError::Unknown)?;
    let signature =
        minisign_verify::Signature::decode(text.trim_end()).map_err(|_| SignatureError::Unknown)?;
    let number = &numbered[2..10];
    let as_text = number_as_text(KeyKind::Minisign, number);
    if let Some(because) = trusted.because_of_number(&as_text) {
        return Err(SignatureError::Revoked { number: as_text, because: because.to_owned() });
    }
    let of_minisign = |key: &&TrustedKey| key.kind == KeyKind::Minisign && key.has_number(number);
    let Some(key) = trusted.keys.iter().find(of_minisign) else {
        return Err(SignatureError::Stranger { number: as_text });
    };
    let name = key.name.clone();
    if !key.is_for_maker(wanted) {
        return Err(SignatureError::NotFor { name, wanted: wanted.to_owned() });
    }
    if !numbered.starts_with(b"ED") {
        return Err(SignatureError::Old);
    }
    let public = key.minisign_text().and_then(|text| minisign_verify::PublicKey::from_base64(&text).ok());
    let made = public.is_some_and(|public| public.verify(bytes, &signature, false).is_ok());
    if made { Ok(key) } else { Err(SignatureError::Wrong { name }) }
}
