//! XMODEM and YMODEM: how a boot loader takes a file over its serial console.
//!
//! [`send`] and [`receive`] are the host's half, over any [`debrick_link::Link`]; [`device`] is the other half, as a pure
//! state machine that behaves like U-Boot's `loadx` and `loady`; [`rate_switch`] is the dance by which U-Boot changes the
//! line rate for one transfer. The README tells formats, quirks and proof.

pub mod device;
pub mod rate_switch;
pub mod wire;

mod error;
mod receive;
mod send;

pub use error::Error;
pub use receive::{ReceiveOptions, Received, receive};
pub use send::{SendOptions, Sent, send};

/// Which of the protocols is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// XMODEM as of 1977: blocks of 128 bytes, checked by the sum of their bytes. One damaged block in 256 passes as
    /// good: only for devices that know nothing better.
    XmodemChecksum,
    /// XMODEM with CRC-16; blocks of 128 bytes.
    XmodemCrc,
    /// XMODEM with CRC-16 and blocks of 1024 bytes.
    Xmodem1k,
    /// YMODEM: as [`Variant::Xmodem1k`], with name and size in front. The only variant that keeps the file's size.
    Ymodem,
}

impl Variant {
    /// Its name, as in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XmodemChecksum => "XMODEM",
            Self::XmodemCrc => "XMODEM-CRC",
            Self::Xmodem1k => "XMODEM-1K",
            Self::Ymodem => "YMODEM",
        }
    }

    /// Whether name and size are sent before the data.
    pub const fn has_header(self) -> bool {
        matches!(self, Self::Ymodem)
    }
}
