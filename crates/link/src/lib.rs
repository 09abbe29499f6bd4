//! What a protocol speaks through: byte streams, datagrams, Ethernet frames and time, every call with a deadline.
//!
//! Nothing here opens anything; `debrick-link-os` does, and the virtual bench implements the same traits on a virtual
//! clock. Decorators ([`trace`], [`record`], [`pace`], [`fault`]) wrap any byte stream, and most of them any datagram
//! socket; [`replay`] plays a recording back.

pub mod clock;
pub mod error;
pub mod fault;
pub mod pace;
pub mod record;
pub mod replay;
pub mod simulated;
pub mod stream;
pub mod trace;

mod datagram;
mod direction;
mod frames;
mod packets;
mod rng;
#[cfg(test)]
mod testing;
mod who_has;

pub use clock::{Clock, Deadline, Moment, VirtualClock};
pub use datagram::{Datagrams, Network};
pub use direction::Direction;
pub use error::LinkError;
pub use frames::{FRAME_HEADER, FrameHeader, Frames, LONGEST_FRAME};
pub use packets::{Arp, ETHER_TYPE_ARP, ETHER_TYPE_IPV4, LONGEST_DATAGRAM, UdpPacket};
pub use rng::Rng;
pub use stream::Link;
pub use who_has::who_has;
