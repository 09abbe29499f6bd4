//! What the checks of signatures come to.

use debrick_model::{Check, Verdict, VerdictReport};

use super::key::{PublicKey, Scheme};
use super::store::{KeyKind, TrustStore, TrustedKey, number_as_text};
use crate::digest::Piece;
use crate::error::ImageError;
use crate::facts::ImageFacts;

/// The most trusted keys that are tried.
const MOST_KEYS: usize = 256;

/// Collects findings.
pub(super) struct Judge<'a> {
    pub(super) facts: &'a ImageFacts,
    trusted: &'a TrustStore,
    now_ms: u64,
    keys: Vec<(&'a TrustedKey, PublicKey)>,
    checks: Vec<Check>,
    reasons: Vec<String>,
    passed: bool,
}

/// A signature whose maker the format names vaguely or not at all, so that every trusted key has to be tried.
pub(super) struct Anonymous<'a> {
    /// What is signed, for people: `configuration conf-1`.
    pub(super) what: &'a str,
    /// Where the signature stands in the file.
    pub(super) offset: Option<u64>,
    /// The name that the image gives to the key; it proves nothing.
    pub(super) hint: Option<&'a str>,
    pub(super) scheme: Scheme,
    pub(super) message: &'a [Piece<'a>],
    pub(super) signature: &'a [u8],
}

/// What trying every key on a signature came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tried {
    /// The key of this name made it, over these bytes.
    Made(String),
    /// The key of this name made it over other bytes, or is the only one that may have.
    Wrong(String),
    /// No trusted key made it.
    Stranger,
}

impl<'a> Judge<'a> {
    pub(super) fn new(facts: &'a ImageFacts, trusted: &'a TrustStore, now_ms: u64) -> Self {
        let ready = |key: &'a TrustedKey| Some((key, key.public_key()?));
        let keys = trusted.keys.iter().take(MOST_KEYS).filter_map(ready).collect();
        Self { facts, trusted, now_ms, keys, checks: Vec::new(), reasons: Vec::new(), passed: false }
    }

    /// The time at which it is judged, in seconds since 1970.
    pub(super) fn now_s(&self) -> u64 {
        self.now_ms / 1000
    }

    /// Why the key with this number, as it stands in signatures of usign, is not to be believed.
    pub(super) fn revoked_number(&self, number: &[u8]) -> Option<&'a str> {
        self.revoked_id(&number_as_text(KeyKind::Signify, number))
    }

    /// Why the key with a number that ends like this, in hex digits, is not to be believed.
    pub(super) fn revoked_id(&self, id: &str) -> Option<&'a str> {
        let mut revoked = self.trusted.revoked.iter().filter(|revoked| revoked.id.ends_with(id));
        revoked.next().map(|revoked| revoked.because.as_str())
    }

    /// The trusted keys, and those that were trusted and are revoked: [`valid`](Self::valid) tells them apart.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'a TrustedKey, &PublicKey)> {
        self.keys.iter().map(|(trusted, key)| (*trusted, key))
    }

    /// The trusted keys of OpenPGP.
    pub(super) fn openpgp(&self) -> impl Iterator<Item = &'a TrustedKey> + use<'a> {
        self.trusted.keys.iter().filter(|key| key.kind == KeyKind::Openpgp).take(MOST_KEYS)
    }

    /// Tries every trusted key on a signature.
    pub(super) fn attempt(&self, signed: &Anonymous<'_>) -> Result<Tried, ImageError> {
        let mut suspect = None;
        for (trusted, key) in self.keys() {
            match key.verify(signed.scheme, signed.message, signed.signature)? {
                Some(true) => return Ok(Tried::Made(trusted.name.clone())),
                Some(false) => {
                    let is_named = signed.hint.is_some_and(|hint| hint == trusted.name);
                    let is_expected = !trusted.vendors.is_empty() && trusted.is_for(self.facts) == Some(true);
                    if key.made_over_something(signed.scheme, signed.signature) || is_named || is_expected {
                        suspect = Some(trusted.name.clone());
                    }
                }
                None => {}
            }
        }
        Ok(suspect.map_or(Tried::Stranger, Tried::Wrong))
    }

    /// A signature by a trusted key is right and reaches all contents: the verdict passes if the key is trusted for this
    /// image.
    pub(super) fn valid(&mut self, what: &str, offset: Option<u64>, key: &str) {
        let Some(trusted) = self.trusted.keys.iter().find(|trusted| trusted.name == key) else { return };
        if let Some(because) = self.trusted.because(trusted) {
            return self.revoked(what, offset, key, because);
        }
        let makers = trusted.vendors.join(" and ");
        match trusted.is_for(self.facts) {
            Some(true) => {
                self.check(what, offset, key, format!("made by {key}"), true);
                self.passed = true;
            }
            Some(false) => self.unknown(format!(
                "The signature of {what} is by the key \"{key}\", which is trusted for firmware of {makers} only."
            )),
            None => self.unknown(format!(
                "The signature of {what} is by the key \"{key}\", which is trusted for firmware of {makers} only, and the image does not tell who made it."
            )),
        }
    }

    /// A signature is wrong.
    pub(super) fn invalid(&mut self, what: &str, offset: Option<u64>, key: &str, how: &str) {
        self.check(what, offset, key, how.to_owned(), false);
    }

    /// A signature is right, by a key that is not to be believed.
    pub(super) fn revoked(&mut self, what: &str, offset: Option<u64>, key: &str, because: &str) {
        let expected = "made by a key that is not revoked".to_owned();
        let actual = format!("made by {key}, which is revoked: {because}");
        self.checks.push(Check { name: format!("signature of {what}"), offset, expected, actual, ok: false });
    }

    /// A signature proves nothing, and why: a sentence.
    pub(super) fn unknown(&mut self, reason: String) {
        if self.reasons.len() < 64 && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// A signature is by a key that is not trusted.
    pub(super) fn stranger(&mut self, what: &str, key: &str) {
        self.unknown(format!("{what} is signed by {key}, which is not among the trusted keys."));
    }

    /// Whether a signature was right, so far.
    pub(super) fn has_passed(&self) -> bool {
        self.passed
    }

    fn check(&mut self, what: &str, offset: Option<u64>, key: &str, actual: String, ok: bool) {
        let expected = format!("made by {key}");
        self.checks.push(Check { name: format!("signature of {what}"), offset, expected, actual, ok });
    }

    pub(super) fn finish(self) -> VerdictReport {
        let mut report = VerdictReport::from_checks(self.checks);
        if report.verdict == Verdict::Pass && !self.passed {
            report.verdict = Verdict::Unknown;
        }
        report.reasons = self.reasons;
        report
    }
}
