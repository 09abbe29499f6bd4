//! TFTP: RFC 1350 with the options of RFC 2347, 2348, 2349 and 7440, as bootloaders speak it.
//!
//! - [`mod@wire`] — packets.
//! - [`mod@server`] — host half that serves images to units that pull (`tftpboot`, button recovery).
//! - [`mod@client`] — host half that pushes an image to a unit that waits for one, or pulls a backup from it.
//! - [`mod@device`] — device halves of both, as pure state machines.
//!
//! What bootloaders do differently from the RFCs stands in the crate's README.

pub mod client;
pub mod device;
pub mod error;
pub mod server;
pub mod wire;

mod blocks;

pub use blocks::Rollover;
pub use client::{Client, ClientOptions, Transferred};
pub use error::TftpError;
pub use server::{
    Intake, NamePolicy, OneStation, OpenPlace, Place, Refusal, Senders, Server, ServerEvent, Service,
};
pub use wire::{Direction, ErrorCode, Options};
