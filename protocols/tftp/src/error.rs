//! What can go wrong in a transfer, and what a person can do about it.

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::{SourceError, TargetError};

use crate::wire::ErrorCode;

/// A failure of a transfer, or of the server itself.
#[derive(Debug, thiserror::Error)]
pub enum TftpError {
    /// The server's port could not be taken.
    #[error("could not listen for TFTP requests on {local}")]
    Listen {
        /// The address.
        local: SocketAddr,
        /// Why.
        source: LinkError,
    },
    /// The network failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// How it failed.
        source: LinkError,
    },
    /// Not one answer came to our requests.
    #[error("{peer} did not answer {requests} TFTP requests in {} s", waited.as_secs())]
    NoAnswer {
        /// Who was asked.
        peer: SocketAddr,
        /// How often.
        requests: u32,
        /// For how long.
        waited: Duration,
    },
    /// The other side fell silent in the middle.
    #[error("{peer} fell silent after {bytes} bytes of {name:?}")]
    Stalled {
        /// Who.
        peer: SocketAddr,
        /// File.
        name: String,
        /// Bytes that had arrived for certain.
        bytes: u64,
        /// Whether everything had been sent, and only the last acknowledgement was missing.
        all_sent: bool,
    },
    /// The other side sent an ERROR packet.
    #[error("{peer} refused {name:?}: {text:?} (error {code})")]
    Refused {
        /// Who.
        peer: SocketAddr,
        /// File.
        name: String,
        /// Its number.
        code: ErrorCode,
        /// Its words.
        text: String,
    },
    /// The other side sent words instead of a packet, as some bootloaders do when they dislike an image.
    #[error("{peer} rejected {name:?}, saying {text:?}")]
    Rejected {
        /// Who.
        peer: SocketAddr,
        /// File.
        name: String,
        /// Its words.
        text: String,
    },
    /// The other side breaks the protocol.
    #[error("{peer} {what}")]
    Protocol {
        /// Who.
        peer: SocketAddr,
        /// What it does, as a predicate.
        what: String,
    },
    /// The file is longer than we are willing to store.
    #[error("{name:?} from {peer} is longer than {limit} bytes")]
    TooLong {
        /// Who sends it.
        peer: SocketAddr,
        /// File.
        name: String,
        /// The most that is taken.
        limit: u64,
    },
    /// Fewer or more bytes came than were announced.
    #[error("{peer} announced {announced} bytes of {name:?} and sent {bytes}")]
    WrongLength {
        /// Who.
        peer: SocketAddr,
        /// File.
        name: String,
        /// Bytes announced.
        announced: u64,
        /// Bytes that came.
        bytes: u64,
    },
    /// A file name that cannot be sent.
    #[error("{name:?} cannot be a TFTP file name")]
    BadName {
        /// The name.
        name: String,
    },
    /// Our own copy could not be read.
    #[error("could not read {name:?}, which is to be sent")]
    Source {
        /// File.
        name: String,
        /// Why.
        source: SourceError,
    },
    /// What came could not be stored.
    #[error("could not store {name:?}, which is being received")]
    Store {
        /// File.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The other side began anew while the transfer was going on.
    #[error("{peer} asked for {name:?} anew after {bytes} bytes")]
    Restarted {
        /// Who.
        peer: SocketAddr,
        /// File.
        name: String,
        /// Bytes that had arrived.
        bytes: u64,
    },
    /// Somebody asked to stop.
    #[error("stopped the transfer, as asked")]
    Cancelled,
}

impl TftpError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Source { source, .. } => TargetError::Source { operation: operation.into(), source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for TftpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Listen { source: LinkError::Busy { .. }, .. } => "tftp-port-busy",
            Self::Listen { source: LinkError::NotPermitted { .. }, .. } => "tftp-port-not-permitted",
            Self::Listen { .. } => "tftp-listen",
            Self::Link { .. } => "tftp-link",
            Self::NoAnswer { .. } => "tftp-no-answer",
            Self::Stalled { all_sent: true, .. } => "tftp-last-ack-missing",
            Self::Stalled { .. } => "tftp-stalled",
            Self::Refused { code: ErrorCode::NOT_FOUND, .. } => "tftp-not-found",
            Self::Refused { .. } => "tftp-refused",
            Self::Rejected { .. } => "tftp-rejected",
            Self::Protocol { .. } => "tftp-protocol",
            Self::TooLong { .. } => "tftp-too-long",
            Self::WrongLength { .. } => "tftp-wrong-length",
            Self::BadName { .. } => "tftp-bad-name",
            Self::Source { .. } => "tftp-image-unreadable",
            Self::Store { .. } => "tftp-store-failed",
            Self::Restarted { .. } => "tftp-restarted",
            Self::Cancelled => "tftp-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Listen { source: LinkError::Busy { .. }, .. } => {
                "Another program answers TFTP requests here (often tftpd, dnsmasq or atftpd). Stop it, then try again."
            }
            Self::Listen { source: LinkError::NotPermitted { .. }, .. } => {
                "Port 69 is reserved. Start the program with the right to open it, as `debrick doctor` explains."
            }
            Self::Listen { .. } => {
                "Check that this computer has that address: the cable is plugged in and the address is set by hand."
            }
            Self::Link { source, .. } => return source.next_step(),
            Self::NoAnswer { .. } => {
                "Check that the unit is in its recovery mode, that the cable is in the right port, that this computer \
                 has the address that the unit expects, and that no firewall is on. Then bring the unit into recovery \
                 again: many wait for a few seconds only."
            }
            Self::Stalled { all_sent: true, .. } => {
                "The unit has received everything and may be writing it. Do not switch it off: wait ten minutes, or \
                 until its lights settle, before you do anything else."
            }
            Self::Stalled { .. } => {
                "Check that the cable sits firmly and that the unit did not restart, then bring it into recovery again."
            }
            Self::Refused { code: ErrorCode::NOT_FOUND, .. } => {
                "The file name must be exactly the one that is expected, capital letters included. Check it in the \
                 unit's record."
            }
            Self::Refused { code: ErrorCode::FULL, .. } => {
                "The file is too large for the unit. Check that it was made for exactly this model and revision."
            }
            Self::Refused { .. } | Self::Rejected { .. } => {
                "The unit did not take the file. Check that it was made for exactly this model and revision, and that \
                 it is a factory image."
            }
            Self::Protocol { .. } => {
                "Try again without options (block size 512, window 1). If it happens again, use another method."
            }
            Self::TooLong { .. } => "Check that the right file was asked for, or raise the limit.",
            Self::WrongLength { .. } => "Transfer the file again, with another cable if you have one.",
            Self::BadName { .. } => "Give a name that is not empty, has no zero byte, and is at most 255 bytes long.",
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Store { .. } => "Make room on the disk of this computer, then try again.",
            Self::Restarted { .. } => {
                "Nothing needs to be done: the unit asked again. If it keeps happening, use another cable or switch."
            }
            Self::Cancelled => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_crate_s_prefix_and_messages_do_not_repeat_their_source() {
        let local = SocketAddr::from(([192, 168, 1, 2], 69));
        let busy = LinkError::Busy { link: "udp:192.168.1.2:69".into(), holder: Some("dnsmasq, 7".into()) };
        let error = TftpError::Listen { local, source: busy };
        assert_eq!(error.code(), "tftp-port-busy");
        assert_eq!(error.to_string(), "could not listen for TFTP requests on 192.168.1.2:69");
        let stalled = |all_sent| TftpError::Stalled { peer: local, name: "a".into(), bytes: 1, all_sent };
        assert_eq!(stalled(true).code(), "tftp-last-ack-missing");
        assert_eq!(stalled(false).code(), "tftp-stalled");
        assert!(matches!(TftpError::Cancelled.into_target("push"), TargetError::Cancelled));
    }
}
