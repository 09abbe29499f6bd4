//! BOOTP and DHCP, as far as a bootloader needs them: an address, where to load from, and what.
//!
//! - [`mod@wire`] — messages (RFC 951, 1542, 2131, 2132).
//! - [`mod@server`] — host half: serves one unit through one interface, and never beside another server.
//! - [`find_servers`] — whoever gives out addresses on an interface.
//! - [`mod@device`] — device half: a bootloader that asks, as a pure state machine.

pub mod device;
pub mod error;
pub mod server;
pub mod wire;

mod talk;

pub use error::BootpError;
pub use server::{Lease, Server, ServerEvent, Unserved};
pub use talk::{Offer, find_servers};
