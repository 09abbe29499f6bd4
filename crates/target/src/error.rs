//! What can go wrong with a device, whatever its protocol.

use std::ops::Range;

use debrick_link::LinkError;
use debrick_model::Coded;

use crate::source::SourceError;

/// A failure of an operation on a device.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The link failed; the device's state is not known until it is asked again.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive: `read 512 bytes at 0x1000`.
        operation: String,
        /// How the link failed.
        source: LinkError,
    },
    /// The device, or its protocol, says no.
    #[error("the unit could not {operation}")]
    Device {
        /// What was being done.
        operation: String,
        /// What it says.
        source: Box<dyn Coded + Send + Sync>,
    },
    /// The storage does not hold what was written.
    #[error("{wrong_bytes} of {bytes} bytes from {offset:#x} are not what was written ({how})")]
    Mismatch {
        /// First wrong byte, at block granularity.
        offset: u64,
        /// Wrong bytes, at block granularity.
        wrong_bytes: u64,
        /// Bytes compared.
        bytes: u64,
        /// How they were compared.
        how: String,
    },
    /// Repeated readings never agreed.
    #[error("{readings} readings of {bytes} bytes from {offset:#x} all differ")]
    UnstableReadings {
        /// First byte.
        offset: u64,
        /// Bytes.
        bytes: u64,
        /// Readings made.
        readings: u32,
    },
    /// The range does not lie inside the storage, or is not aligned to its blocks.
    #[error("{range:x?} does not fit the storage of {size:#x} bytes and its blocks")]
    OutOfBounds {
        /// What was asked for.
        range: Range<u64>,
        /// Size of the storage.
        size: u64,
    },
    /// What was to be written is not what was cleared to be written.
    #[error("{what} was not cleared to be written")]
    NotCleared {
        /// The region or content.
        what: String,
    },
    /// The device cannot do this.
    #[error("the unit cannot {what}")]
    Unsupported {
        /// What was wanted.
        what: String,
    },
    /// Our own copy could not be read.
    #[error("could not {operation}")]
    Source {
        /// What was being done.
        operation: String,
        /// Why.
        source: SourceError,
    },
    /// Somebody asked to stop, and it was safe to.
    #[error("stopped at a safe point, as asked")]
    Cancelled,
}

impl TargetError {
    /// Maps a link's failure during `operation`.
    pub fn link(operation: impl Into<String>) -> impl FnOnce(LinkError) -> Self {
        let operation = operation.into();
        move |source| Self::Link { operation, source }
    }

    /// Maps a protocol's failure during `operation`.
    pub fn device<E: Coded + Send + Sync + 'static>(operation: impl Into<String>) -> impl FnOnce(E) -> Self {
        let operation = operation.into();
        move |source| Self::Device { operation, source: Box::new(source) }
    }
}

impl Coded for TargetError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link { source, .. } => source.code(),
            Self::Device { source, .. } => source.code(),
            Self::Mismatch { .. } => "verify-mismatch",
            Self::UnstableReadings { .. } => "readings-unstable",
            Self::OutOfBounds { .. } => "out-of-bounds",
            Self::NotCleared { .. } => "not-cleared",
            Self::Unsupported { .. } => "unsupported",
            Self::Source { .. } => "artifact-unreadable",
            Self::Cancelled => "cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Link { source, .. } => return source.next_step(),
            Self::Device { source, .. } => return source.next_step(),
            Self::Mismatch { .. } => {
                "Do not restart the unit. Write again; if it happens again, its flash memory is failing."
            }
            Self::UnstableReadings { .. } => {
                "Nothing was written. Check cable, ground and power; readings that differ make a backup worthless."
            }
            Self::OutOfBounds { .. } => "Nothing was written. The device's record does not fit this unit.",
            Self::NotCleared { .. } => "Nothing was written. Start the repair again from the beginning.",
            Self::Unsupported { .. } => "Use another method.",
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Cancelled => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}
