//! What can go wrong.

use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::{SourceError, TargetError};

/// A transfer failed. Unless it says otherwise, the unit was told to leave the transfer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody asked for the file, or nobody sent one.
    #[error("the unit did not start a {variant} transfer within {} s{}", waited.as_secs(), said(heard))]
    NoStart {
        /// Protocol.
        variant: &'static str,
        /// How long we waited.
        waited: Duration,
        /// The end of what the unit said instead.
        heard: String,
    },
    /// The unit asks for YMODEM-G, which cannot repeat a damaged block.
    #[error("the unit asks for YMODEM-G, which repeats nothing")]
    StreamingOnly,
    /// The unit cancelled.
    #[error("the unit cancelled the transfer after {bytes} bytes")]
    PeerCancelled {
        /// Bytes that it had taken, or sent.
        bytes: u64,
    },
    /// The unit refused a block again and again, or sent it damaged again and again.
    #[error("block {block} failed {attempts} times after {bytes} good bytes")]
    BlockFailed {
        /// Number of the block, from 1 on; 0 is the name.
        block: u64,
        /// How often it was tried.
        attempts: u32,
        /// Bytes that had been transferred before.
        bytes: u64,
    },
    /// The unit fell silent.
    #[error("the unit fell silent at block {block} for {} s", waited.as_secs())]
    Silent {
        /// Number of the block, from 1 on; 0 is the name.
        block: u64,
        /// How long we waited.
        waited: Duration,
    },
    /// All blocks were taken, but not the end. What the unit did with the data is not known.
    #[error("the unit took all {bytes} bytes but did not confirm the end")]
    EndNotConfirmed {
        /// Bytes.
        bytes: u64,
    },
    /// Both sides no longer count alike.
    #[error("block {got} came where block {expected} was due")]
    OutOfStep {
        /// Low eight bits of the number that was due.
        expected: u8,
        /// Low eight bits of the number that came.
        got: u8,
    },
    /// What comes is longer than it may be.
    #[error("the unit sends more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// What came is shorter than was announced.
    #[error("only {got} of {announced} announced bytes came")]
    Incomplete {
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The unit did not offer to change its line rate.
    #[error("the unit did not offer to change the line rate to {rate} bit/s{}", said(heard))]
    NoRateOffer {
        /// Rate.
        rate: u32,
        /// The end of what the unit said instead.
        heard: String,
    },
    /// After the line rate was changed, nothing sensible came. The unit may be left at the other rate.
    #[error("the unit cannot be understood at {rate} bit/s")]
    RateNotReached {
        /// Rate.
        rate: u32,
    },
    /// Our own copy could not be read.
    #[error("could not read block {block} of what is to be sent")]
    Source {
        /// Number of the block, from 1 on.
        block: u64,
        /// Why.
        source: SourceError,
    },
    /// The link failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done.
        operation: &'static str,
        /// How the link failed.
        source: LinkError,
    },
    /// Somebody asked to stop.
    #[error("stopped as asked; the unit was told")]
    Cancelled,
}

impl Error {
    /// Maps a link's failure during `operation`.
    pub(crate) fn link(operation: &'static str) -> impl FnOnce(LinkError) -> Self {
        move |source| Self::Link { operation, source }
    }

    /// As a failure of `operation` on a device, so that cancelling, the link and our own disk stay what they are.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        let operation = operation.into();
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { source, .. } => TargetError::Link { operation, source },
            Self::Source { source, .. } => TargetError::Source { operation, source },
            other => TargetError::Device { operation, source: Box::new(other) },
        }
    }
}

impl Coded for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::NoStart { .. } => "xymodem-no-start",
            Self::StreamingOnly => "xymodem-streaming-only",
            Self::PeerCancelled { .. } => "xymodem-peer-cancelled",
            Self::BlockFailed { .. } => "xymodem-block-failed",
            Self::Silent { .. } => "xymodem-silent",
            Self::EndNotConfirmed { .. } => "xymodem-end-not-confirmed",
            Self::OutOfStep { .. } => "xymodem-out-of-step",
            Self::TooLarge { .. } => "xymodem-too-large",
            Self::Incomplete { .. } => "xymodem-incomplete",
            Self::NoRateOffer { .. } => "xymodem-no-rate-offer",
            Self::RateNotReached { .. } => "xymodem-rate-not-reached",
            Self::Source { .. } => "xymodem-source-unreadable",
            Self::Link { source, .. } => source.code(),
            Self::Cancelled => "xymodem-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Link { source, .. } => return source.next_step(),
            Self::NoStart { .. } => {
                "Start the transfer on the unit first (for example with `loady`), then try again. Nothing was sent."
            }
            Self::StreamingOnly => "Start the unit's receiver in plain YMODEM or XMODEM, then try again.",
            Self::PeerCancelled { .. } => {
                "Read what the unit says on its console: it often names the reason. Then start the transfer again."
            }
            Self::BlockFailed { .. } | Self::OutOfStep { .. } => {
                "The line loses or damages bytes. Use a shorter cable, check the ground, or take a lower line rate; then start again."
            }
            Self::Silent { .. } => {
                "Check that the unit still has power and that the cable sits firmly, then start the transfer again."
            }
            Self::EndNotConfirmed { .. } => {
                "Do not restart the unit. Look at its console, and compare the checksum of what it received."
            }
            Self::TooLarge { .. } => "Check that the right file or region was asked for.",
            Self::Incomplete { .. } => "Start the transfer again.",
            Self::NoRateOffer { .. } => "Transfer at the rate that the line has now.",
            Self::RateNotReached { .. } => {
                "Switch the unit off and on again, and transfer at the usual rate: unit or adapter cannot do the other one."
            }
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Cancelled => "Start the transfer again when you are ready.",
        }
        .to_owned()
    }
}

fn said(heard: &str) -> String {
    if heard.is_empty() { String::new() } else { format!("; it said {heard:?}") }
}
