//! The device halves: [`PullDevice`], a bootloader that asks a server for its image, and [`PushDevice`], one that waits
//! to be given it.
//!
//! Both are pure state machines. They are devices by themselves, to be placed in a simulated world or before a real
//! peer, and parts that a larger virtual device composes: datagrams and time in; datagrams, console text and chunks of
//! the image out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

mod loading;
mod pull;
mod push;

pub use pull::{PullConfig, PullDevice, PullOutcome, PullQuirks};
pub use push::{PushConfig, PushDevice, PushOutcome, PushQuirks, Verdict};

/// A piece of the image that has come in, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where in the image.
    pub offset: u64,
    /// What.
    pub bytes: Vec<u8>,
}

/// Pieces are joined up to this length, so that a device that hands them on is not called for every block.
const CHUNK: usize = 64 * 1024;

/// Appends bytes to the last chunk, or begins a new one.
fn store(chunks: &mut Vec<Chunk>, offset: u64, bytes: &[u8]) {
    match chunks.last_mut() {
        Some(chunk) if chunk.offset + chunk.bytes.len() as u64 == offset && chunk.bytes.len() < CHUNK => {
            chunk.bytes.extend_from_slice(bytes);
        }
        _ => chunks.push(Chunk { offset, bytes: bytes.to_vec() }),
    }
}

/// The address of a socket, where it is one of IPv4.
fn ipv4(socket: SocketAddr) -> Vec<Ipv4Addr> {
    match socket.ip() {
        IpAddr::V4(address) => vec![address],
        IpAddr::V6(_) => Vec::new(),
    }
}
