//! What can go wrong, and what a person can do about it.

use std::net::Ipv4Addr;

use debrick_link::LinkError;
use debrick_model::{Coded, MacAddress};
use debrick_target::TargetError;

/// A failure of the server.
#[derive(Debug, thiserror::Error)]
pub enum BootpError {
    /// The interface failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// How it failed.
        source: LinkError,
    },
    /// Another server gives out addresses on this wire.
    #[error("{server} ({mac}) gives out addresses on {interface} already")]
    OtherServer {
        /// The interface.
        interface: String,
        /// The other server.
        server: Ipv4Addr,
        /// Its Ethernet address, or that of what passes its messages on.
        mac: MacAddress,
    },
    /// What is to be given makes no sense.
    #[error("the address cannot be given: {reason}")]
    BadLease {
        /// Why.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error("stopped giving out the address, as asked")]
    Cancelled,
}

impl BootpError {
    /// As a failure of `operation` on the unit.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for BootpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link { source, .. } => source.code(),
            Self::OtherServer { .. } => "bootp-other-server",
            Self::BadLease { .. } => "bootp-bad-lease",
            Self::Cancelled => "bootp-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Link { source, .. } => return source.next_step(),
            Self::OtherServer { .. } => {
                "Nothing was answered: two servers on one wire confuse every device on it. Put the unit alone on a cable \
                 to this computer, or switch the other server off."
            }
            Self::BadLease { .. } => "Choose an address for the unit in the network of this computer's interface.",
            Self::Cancelled => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}
