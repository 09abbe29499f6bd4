//! NMRP, the recovery protocol of Netgear's bootloaders: raw Ethernet that gives a unit an address, then TFTP.
//!
//! - [`mod@wire`] — messages.
//! - [`mod@host`] — host half: advertises, configures, sends the image, and waits until the unit has written it.
//! - [`mod@device`] — device half, as a pure state machine with the quirks that were seen.
//!
//! There is no specification. Facts and quirks stand in the crate's README.

pub mod device;
pub mod error;
pub mod host;
pub mod wire;

pub use error::NmrpError;
pub use host::{Caller, Flashed, Host, HostOptions, Neighbour, UploadRequest};
pub use wire::{ETHER_TYPE, Region};
