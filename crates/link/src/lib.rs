//! What a protocol speaks through: byte streams, datagrams and time, every call with a deadline.
//!
//! Nothing here opens anything; `debrick-link-os` does, and the virtual bench implements the same traits on a virtual
//! clock. Decorators ([`trace`], [`record`], [`pace`], [`fault`]) wrap any byte stream or datagram socket.

pub mod clock;
pub mod error;
pub mod fault;
pub mod pace;
pub mod record;
pub mod simulated;
pub mod stream;
pub mod trace;

mod datagram;
mod rng;

pub use clock::{Clock, Deadline, Moment, VirtualClock};
pub use datagram::{Datagrams, Network};
pub use error::LinkError;
pub use rng::Rng;
pub use stream::Link;
