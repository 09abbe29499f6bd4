//! What can go wrong, and what a person can do about it.

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::{Coded, MacAddress};
use debrick_target::TargetError;
use debrick_tftp::TftpError;

/// A failure of a recovery by NMRP.
#[derive(Debug, thiserror::Error)]
pub enum NmrpError {
    /// The interface failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// How it failed.
        source: LinkError,
    },
    /// No unit answered.
    #[error("no unit answered {advertisements} NMRP advertisements in {} s", waited.as_secs())]
    NoUnit {
        /// How often this computer offered itself.
        advertisements: u32,
        /// For how long.
        waited: Duration,
    },
    /// Others than the chosen unit answered, and it did not.
    #[error("{wanted} did not answer in {} s; these did: {}", waited.as_secs(), list(others))]
    OtherUnit {
        /// The chosen one.
        wanted: MacAddress,
        /// Those that answered.
        others: Vec<MacAddress>,
        /// For how long it was called.
        waited: Duration,
    },
    /// More than one unit is in recovery on this wire, and none was chosen.
    #[error("several units are in recovery on this wire: {}", list(units))]
    SeveralUnits {
        /// All that answered.
        units: Vec<MacAddress>,
    },
    /// The unit was given an address and never asked for the image.
    #[error("{unit} was configured and did not ask for an image in {} s", waited.as_secs())]
    NoUploadRequest {
        /// The unit.
        unit: MacAddress,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// The computer could not be told where the unit's address is.
    #[error("could not note that {address} is at {unit}")]
    Neighbour {
        /// The unit.
        unit: MacAddress,
        /// The address that it was given.
        address: Ipv4Addr,
        /// Why.
        source: LinkError,
    },
    /// The image did not go through.
    #[error("could not send the image to {unit}")]
    Upload {
        /// The unit.
        unit: MacAddress,
        /// Why.
        source: TftpError,
    },
    /// The unit took the image and asked for it again, as often as it may.
    #[error("{unit} took the image {uploads} times and asked for it again each time")]
    Rejected {
        /// The unit.
        unit: MacAddress,
        /// How often it had all of the image.
        uploads: u32,
    },
    /// The unit ended it before it had the image.
    #[error("{unit} ended the recovery after {bytes} bytes of the image")]
    ClosedEarly {
        /// The unit.
        unit: MacAddress,
        /// Bytes that had arrived for certain.
        bytes: u64,
    },
    /// The unit has the image and did not say that it is done.
    #[error("{unit} has the image, and did not say in {} min that it is done", waited.as_secs() / 60)]
    NotClosed {
        /// The unit.
        unit: MacAddress,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// Somebody asked to stop.
    #[error("stopped the recovery, as asked")]
    Cancelled,
}

impl NmrpError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Upload { source, .. } => source.into_target(operation),
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for NmrpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link { source, .. } => source.code(),
            Self::NoUnit { .. } => "nmrp-no-unit",
            Self::OtherUnit { .. } => "nmrp-other-unit",
            Self::SeveralUnits { .. } => "nmrp-several-units",
            Self::NoUploadRequest { .. } => "nmrp-no-upload-request",
            Self::Neighbour { .. } => "nmrp-neighbour",
            Self::Upload { source, .. } => source.code(),
            Self::Rejected { .. } => "nmrp-rejected",
            Self::ClosedEarly { .. } => "nmrp-closed-early",
            Self::NotClosed { .. } => "nmrp-not-closed",
            Self::Cancelled => "nmrp-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Link { source, .. } => return source.next_step(),
            Self::NoUnit { .. } => {
                "Nothing was sent. Put the cable straight between this computer and a LAN port of the unit, without a \
                 switch. Then start again and switch the unit on while the program is waiting; some units want their \
                 reset button held meanwhile."
            }
            Self::OtherUnit { .. } => {
                "Nothing was sent. Choose the address on the label of the unit that is to be repaired, or connect that unit."
            }
            Self::SeveralUnits { .. } => {
                "Nothing was sent. Leave only one unit on the wire, or choose one by the address on its label."
            }
            Self::NoUploadRequest { .. } => {
                "Nothing was sent. Switch the unit off, start again, and switch it on while the program is waiting."
            }
            Self::Neighbour { .. } => {
                "Nothing was sent. Start the program with the right to set up the interface, as `debrick doctor` explains."
            }
            Self::Upload { source, .. } => return source.next_step(),
            Self::Rejected { .. } => {
                "The unit does not want this image. Check that it was made for exactly this model and region; an older \
                 version of the maker's firmware is sometimes taken."
            }
            Self::ClosedEarly { .. } => {
                "The unit did not get the whole image. Switch it off and on and start again."
            }
            Self::NotClosed { .. } => {
                "The unit may still be writing. Do not switch it off while its lights blink; wait ten minutes more, \
                 then switch it off and on and see whether it starts."
            }
            Self::Cancelled => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}

fn list(addresses: &[MacAddress]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_units_and_codes_come_from_where_it_is_known_best() {
        let unit = |last| MacAddress::new([0x2c, 0xb0, 0x5d, 0, 0, last]);
        let several = NmrpError::SeveralUnits { units: vec![unit(1), unit(2)] };
        assert_eq!(several.code(), "nmrp-several-units");
        assert!(several.to_string().ends_with("2c:b0:5d:00:00:01, 2c:b0:5d:00:00:02"));
        let upload = NmrpError::Upload { unit: unit(1), source: TftpError::BadName { name: String::new() } };
        assert_eq!(upload.code(), "tftp-bad-name");
        assert!(matches!(NmrpError::Cancelled.into_target("take it"), TargetError::Cancelled));
    }
}
