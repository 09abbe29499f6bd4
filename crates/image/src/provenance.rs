//! Who made an image: signatures, checked with keys that the operator trusts.
//!
//! A checksum tells accidents apart, never authors. So the verdict passes only where a trusted key made a signature
//! that reaches all contents; it fails where a signature is wrong; it is unknown where there is none, or none by a
//! trusted key. Sources are named by the modules.

mod avb;
mod day;
mod der;
mod detached;
mod esp;
mod fit;
mod judge;
mod key;
mod mcuboot;
mod openpgp;
mod signed;
mod store;
mod trailer;
mod ucert;

pub use signed::{LONGEST_SIGNATURE, SignatureError, signer};
pub use store::{KeyError, KeyKind, Revocation, TrustStore, TrustedKey};
pub use ucert::RevokerError;

use debrick_model::{Verdict, VerdictReport};
use debrick_target::Source;

use crate::error::ImageError;
use crate::facts::ImageFacts;
use crate::window::Window;
use judge::Judge;

/// The most bytes of a file that comes beside an image: a signature, or a list of sums.
pub const LONGEST_EVIDENCE: usize = 4 << 20;

/// A file that comes beside an image: a signature, or a list of SHA-256 sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its name, for reports.
    pub name: String,
    /// Its contents; of files longer than [`LONGEST_EVIDENCE`] nothing is believed.
    pub bytes: Vec<u8>,
}

/// Judges who made an image: by the signatures in it and beside it, and the keys that are trusted.
///
/// `facts` are those of the same source; `now_ms` counts milliseconds since 1970, for keys that count only for a time.
/// Damage is a finding; only an unreadable source is an error.
pub fn verify(
    source: &dyn Source,
    facts: &ImageFacts,
    evidence: &[Evidence],
    trusted: &TrustStore,
    now_ms: u64,
) -> Result<VerdictReport, ImageError> {
    let window = Window::whole(source);
    let mut judge = Judge::new(facts, trusted, now_ms);
    detached::verify(window, evidence, &mut judge)?;
    trailer::verify(window, &mut judge)?;
    let reaches_every_byte = judge.has_passed();
    for container in facts.containers.iter().filter(|container| !container.unpacked && container.depth == 0) {
        let part = window.clamped(container.offset, u64::MAX);
        match container.format.as_str() {
            "fit" => fit::verify(part, &mut judge)?,
            "mcuboot" => mcuboot::verify(part, &mut judge)?,
            "esp-image" => esp::verify(part, &mut judge)?,
            "avb-vbmeta" => avb::verify(part, &mut judge)?,
            _ => {}
        }
    }
    let mut report = judge.finish();
    if report.verdict == Verdict::Pass && !reaches_every_byte && facts.integrity.verdict == Verdict::Fail {
        report.verdict = Verdict::Unknown;
        report
            .reasons
            .push("The signature is right, but the image is damaged where it does not reach.".into());
    }
    if report.verdict == Verdict::Unknown && report.reasons.is_empty() {
        report.reasons = facts.provenance.reasons.clone();
    }
    Ok(report)
}
