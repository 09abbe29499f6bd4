//! What can go wrong, and what a person can do about it.

use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::{Coded, MacAddress};
use debrick_target::{SourceError, TargetError};

/// A failure of a cast, or of what has to come before it.
#[derive(Debug, thiserror::Error)]
pub enum ZyxelError {
    /// More than one station was heard.
    #[error("{} stations were heard on the wire", stations.len())]
    NotAlone {
        /// Their addresses.
        stations: Vec<MacAddress>,
    },
    /// It was not listened for long enough.
    #[error("it was listened for {} s only", listened.as_secs())]
    ListenedTooShortly {
        /// How long.
        listened: Duration,
    },
    /// Nobody stands by it.
    #[error("nobody has said that this unit is the only one on the wire")]
    NotStated,
    /// The proof is from too long ago.
    #[error("it was listened {} s ago", ago.as_secs())]
    ProofIsOld {
        /// How long ago.
        ago: Duration,
    },
    /// The image cannot be sent.
    #[error("an image of {length} bytes cannot be sent")]
    BadLength {
        /// Its length.
        length: u64,
    },
    /// The network failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// Why.
        source: LinkError,
    },
    /// Our own copy could not be read.
    #[error("could not read the image")]
    Source {
        /// Why.
        source: SourceError,
    },
    /// Somebody asked to stop.
    #[error("stopped after {rounds} rounds, as asked")]
    Cancelled {
        /// How often the whole image had been sent.
        rounds: u32,
    },
}

impl ZyxelError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Source { source } => TargetError::Source { operation: operation.into(), source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for ZyxelError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAlone { .. } => "zyxel-not-alone",
            Self::ListenedTooShortly { .. } => "zyxel-listened-too-shortly",
            Self::NotStated => "zyxel-not-stated",
            Self::ProofIsOld { .. } => "zyxel-proof-is-old",
            Self::BadLength { .. } => "zyxel-bad-length",
            Self::Link { .. } => "zyxel-link",
            Self::Source { .. } => "zyxel-image-unreadable",
            Self::Cancelled { .. } => "zyxel-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::NotAlone { .. } => {
                "Nothing was sent. Every Zyxel unit that hears this would be overwritten: connect this computer to the \
                 unit alone, by one cable or a switch that carries nothing else."
            }
            Self::ListenedTooShortly { .. } | Self::ProofIsOld { .. } => "Nothing was sent. Listen again, now.",
            Self::NotStated => "Nothing was sent. Look at the cables, and say that this unit is the only one.",
            Self::BadLength { .. } => "Nothing was sent. Check the file.",
            Self::Link { source, .. } => return source.next_step(),
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Cancelled { .. } => {
                "A unit that has heard all of it may be writing: leave it on until its lights settle. One that has not \
                 writes nothing."
            }
        }
        .to_owned()
    }
}
