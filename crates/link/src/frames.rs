//! Raw Ethernet frames, for what has no address yet, or never gets one.

use debrick_model::MacAddress;

use crate::clock::{Clock, Deadline};
use crate::error::LinkError;

/// Bytes of a frame's header: receiver, sender, type.
pub const FRAME_HEADER: usize = 14;

/// The longest frame, in bytes: header and payload. The check sequence is the interface's business.
pub const LONGEST_FRAME: usize = FRAME_HEADER + 1500;

/// The frames of one Ethernet interface: what other stations send, and what is sent to them. Frames that were sent from
/// here are not received.
pub trait Frames: Send {
    /// Waits for one frame, header first, without check sequence, and returns its length; what does not fit into
    /// `buffer` is lost. [`LinkError::TimedOut`] once the deadline has passed (a frame that is already there is
    /// returned even then).
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError>;

    /// Sends one frame, header first. A short one is padded by the interface.
    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError>;

    /// Leaves out all frames but those with a UDP datagram to this port, where it can: so that what else is on the wire
    /// fills no buffer. Others may still come.
    fn hear_only_udp_to(&mut self, port: u16) -> Result<(), LinkError> {
        let _ = port;
        Ok(())
    }

    /// The address of the interface.
    fn address(&self) -> MacAddress;

    /// The clock that its deadlines are read on.
    fn clock(&self) -> &dyn Clock;

    /// Its name for messages, for example `ethernet:eth0`.
    fn name(&self) -> &str;
}

impl<F: Frames + ?Sized> Frames for Box<F> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        (**self).receive(buffer, deadline)
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        (**self).send(frame)
    }

    fn hear_only_udp_to(&mut self, port: u16) -> Result<(), LinkError> {
        (**self).hear_only_udp_to(port)
    }

    fn address(&self) -> MacAddress {
        (**self).address()
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Who it is for.
    pub to: MacAddress,
    /// Who sent it.
    pub from: MacAddress,
    /// What is in it, by IEEE's list: 0x0800 IPv4, 0x0806 ARP. Below 0x0600 it is a length.
    pub ether_type: u16,
}

impl FrameHeader {
    /// Takes a frame apart; `None` where it is shorter than a header.
    pub fn split(frame: &[u8]) -> Option<(Self, &[u8])> {
        let (header, payload) = frame.split_first_chunk::<FRAME_HEADER>()?;
        let [t0, t1, t2, t3, t4, t5, f0, f1, f2, f3, f4, f5, high, low] = *header;
        let header = Self {
            to: MacAddress::new([t0, t1, t2, t3, t4, t5]),
            from: MacAddress::new([f0, f1, f2, f3, f4, f5]),
            ether_type: u16::from_be_bytes([high, low]),
        };
        Some((header, payload))
    }

    /// A frame with this header.
    pub fn with(&self, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::with_capacity(FRAME_HEADER + payload.len());
        frame.extend_from_slice(self.to.as_bytes());
        frame.extend_from_slice(self.from.as_bytes());
        frame.extend_from_slice(&self.ether_type.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back() {
        let header = FrameHeader {
            to: MacAddress::BROADCAST,
            from: MacAddress::new([2, 0, 0, 0, 0, 1]),
            ether_type: 0x0912,
        };
        let frame = header.with(b"payload");
        assert_eq!(FrameHeader::split(&frame), Some((header, &b"payload"[..])));
        assert_eq!(FrameHeader::split(&frame[..13]), None);
    }
}
