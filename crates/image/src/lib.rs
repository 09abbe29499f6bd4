//! Firmware images: bytes in, facts and verdicts out.
//!
//! [`inspect`] reads an image of any size through a [`Source`](debrick_target::Source) and tells what it is, what it
//! says about itself, and whether it is undamaged. [`fitness`] then compares that with the unit it is meant for.
//! Nothing here opens files, and no image is ever held in memory: contents go by in chunks of 256 KiB.
//!
//! A new format is one module under `formats/` and one line in its table.

#[allow(dead_code, reason = "formats use it as they come")]
mod boards;
mod description;
mod digest;
mod error;
mod facts;
mod fdt;
mod fields;
mod fitness;
mod format;
mod formats;
#[doc(hidden)]
pub mod fuzzing;
mod inspect;
mod label;
mod meter;
mod names;
mod pieces;
mod provenance;
mod reading;
mod rsa;
mod sums;
mod unpack;
mod version;
mod window;

pub use error::ImageError;
pub use facts::{Container, Coverage, ImageFacts};
pub use fitness::{FitnessTarget, fitness};
pub use format::About;
pub use formats::boot::uboot_env::{Environment, EnvironmentLayout};
pub use inspect::{inspect, known_formats, sha256, unpack_parts};
pub use label::{Label, ReadAt, label};
pub use names::architecture;
pub use provenance::{
    Evidence, KeyError, KeyKind, LONGEST_EVIDENCE, LONGEST_SIGNATURE, Revocation, RevokerError,
    SignatureError, TrustStore, TrustedKey, signer, verify,
};
pub use reading::PartSink;
pub use sums::ListedSum;
