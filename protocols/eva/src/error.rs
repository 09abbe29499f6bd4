//! What can go wrong with EVA, and what a person can do about it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::{SourceError, TargetError};

use crate::partition::Partition;

/// A failure of a session with EVA.
#[derive(Debug, thiserror::Error)]
pub enum EvaError {
    /// No unit answered the discovery.
    #[error("no bootloader answered at {wanted} in {} s", waited.as_secs())]
    NotFound {
        /// The address that it was to take.
        wanted: Ipv4Addr,
        /// For how long it was looked for.
        waited: Duration,
    },
    /// Nothing listens there.
    #[error("the bootloader at {unit} took no connection in {} s", waited.as_secs())]
    Unreachable {
        /// Address and port.
        unit: SocketAddr,
        /// For how long it was tried.
        waited: Duration,
        /// The last failure.
        source: LinkError,
    },
    /// The network failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// Why.
        source: LinkError,
    },
    /// The unit said no.
    #[error("the unit answered {command:?} with {code} {text:?}")]
    Refused {
        /// What it was told.
        command: String,
        /// Number.
        code: u16,
        /// Words.
        text: String,
    },
    /// It refused a file at its end: it does not fit the partition, or the flash failed.
    #[error("the unit did not keep what it was sent for {partition}: {code} {text:?}")]
    NotStored {
        /// Where it was to go.
        partition: String,
        /// Number.
        code: u16,
        /// Words.
        text: String,
    },
    /// Its answer cannot be understood.
    #[error("the unit {what}")]
    Protocol {
        /// What it does, as a predicate.
        what: String,
    },
    /// The partition may not be written.
    #[error("{partition} holds {content}")]
    Protected {
        /// Which.
        partition: Partition,
        /// What is there.
        content: &'static str,
    },
    /// The variable may not be set.
    #[error("the variable {name:?} belongs to the unit")]
    ProtectedVariable {
        /// Its name.
        name: String,
    },
    /// The unit has no such partition.
    #[error("the unit's variables know no {partition}")]
    NoPartition {
        /// Which.
        partition: Partition,
    },
    /// The image is longer than the partition.
    #[error("the image has {length} bytes, and {partition} {room}")]
    TooLarge {
        /// Where.
        partition: String,
        /// Length of the image.
        length: u64,
        /// What fits.
        room: u64,
    },
    /// Everything was sent, and the end was not confirmed.
    #[error("everything was sent, and the unit has been silent for {} s", waited.as_secs())]
    NoVerdict {
        /// For how long.
        waited: Duration,
    },
    /// The connection ended while the image was sent.
    #[error("the connection ended after {sent} of {total} bytes")]
    CutOff {
        /// Bytes that were sent.
        sent: u64,
        /// Length of the image.
        total: u64,
        /// Why.
        source: LinkError,
    },
    /// Something cannot be sent.
    #[error("{what} cannot be {value:?}")]
    BadParameter {
        /// What.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// Our own copy could not be read.
    #[error("could not read the image")]
    Source {
        /// Why.
        source: SourceError,
    },
    /// Somebody asked to stop.
    #[error("stopped, as asked")]
    Cancelled {
        /// Whether a partition had been begun.
        begun: bool,
    },
}

impl EvaError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled { begun: false } => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Source { source } => TargetError::Source { operation: operation.into(), source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for EvaError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "eva-not-found",
            Self::Unreachable { .. } => "eva-no-answer",
            Self::Link { .. } => "eva-link",
            Self::Refused { .. } => "eva-refused",
            Self::NotStored { .. } => "eva-not-stored",
            Self::Protocol { .. } => "eva-protocol",
            Self::Protected { .. } => "eva-protected-partition",
            Self::ProtectedVariable { .. } => "eva-protected-variable",
            Self::NoPartition { .. } => "eva-no-partition",
            Self::TooLarge { .. } => "eva-too-large",
            Self::NoVerdict { .. } => "eva-no-verdict",
            Self::CutOff { .. } => "eva-cut-off",
            Self::BadParameter { .. } => "eva-bad-parameter",
            Self::Source { .. } => "eva-image-unreadable",
            Self::Cancelled { begun: false } => "eva-cancelled",
            Self::Cancelled { begun: true } => "eva-cancelled-midway",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::NotFound { .. } | Self::Unreachable { .. } => {
                "Switch the unit off and on while this program is looking: the bootloader waits for a few seconds after \
                 power on. Use a LAN socket, a switch between computer and unit, and no other network."
            }
            Self::Link { source, .. } => return source.next_step(),
            Self::Refused { .. } => "Nothing was written by this command. Look at the unit's answer in the report.",
            Self::NotStored { .. } => {
                "The partition may be erased or half written; the bootloader is unharmed. Get the image for exactly this \
                 model, and send it again before the unit is switched off."
            }
            Self::Protocol { .. } => "This may not be EVA. Check that nothing else answers at this address.",
            Self::Protected { .. } => "Nothing was written. The firmware of these units goes to mtd1.",
            Self::ProtectedVariable { .. } => "Nothing was changed. Leave it as it is.",
            Self::NoPartition { .. } => "Nothing was written. Check the partition in the device's record.",
            Self::TooLarge { .. } => "Nothing was written. Get the image for exactly this model.",
            Self::NoVerdict { .. } => {
                "The unit has everything and may be writing. Do not switch it off: wait ten minutes, or until its \
                 lights settle."
            }
            Self::CutOff { .. } | Self::Cancelled { begun: true } => {
                "The partition may be erased or half written; the bootloader is unharmed. Send the image again."
            }
            Self::BadParameter { .. } => "Nothing was sent. Mend the device's record.",
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Cancelled { begun: false } => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}
