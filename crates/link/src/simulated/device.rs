//! What a device half is to whoever runs it: input and time in, output out.

use std::net::{Ipv4Addr, SocketAddr};

use debrick_model::MacAddress;

use super::DEVICE_ADDRESS;
use crate::clock::Moment;

/// A byte stream of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The serial console.
    Console,
    /// A TCP connection to the device, numbered by whoever opens it.
    Tcp(u32),
}

/// What happens to a device.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Time has come to `now`; nothing else happened.
    Tick,
    /// Bytes came on a stream.
    Bytes(Channel, &'a [u8]),
    /// A TCP connection is asked for; the device accepts unless it puts out [`Output::Closed`].
    Connected(Channel, SocketAddr),
    /// The host closed a TCP connection.
    Closed(Channel),
    /// A datagram came.
    Datagram {
        /// Sender.
        from: SocketAddr,
        /// Receiver.
        to: SocketAddr,
        /// Content.
        payload: &'a [u8],
    },
    /// A raw Ethernet frame came, header first.
    Frame(&'a [u8]),
}

/// What a device does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Sends bytes on a stream.
    Bytes(Channel, Vec<u8>),
    /// Closes, or refuses, a TCP connection.
    Closed(Channel),
    /// Sends a datagram.
    Datagram {
        /// Sender.
        from: SocketAddr,
        /// Receiver.
        to: SocketAddr,
        /// Content.
        payload: Vec<u8>,
    },
    /// Sends a raw Ethernet frame, header first.
    Frame(Vec<u8>),
}

/// The device half of a protocol, or a whole virtual device.
pub trait Device: Send {
    /// Takes an input at `now` (never earlier than the input before) and appends what it does to `out`.
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>);

    /// When it wants an [`Input::Tick`] next, if it does.
    fn next_wake(&self) -> Option<Moment>;

    /// Whether its network port has a link. It changes with the other things that happen: at an input, or a wake-up.
    fn carrier(&self, now: Moment) -> bool {
        let _ = now;
        true
    }

    /// The IPv4 addresses that it has now: it answers ARP for them. What is sent in a simulated world reaches it whatever the
    /// address.
    fn addresses(&self) -> Vec<Ipv4Addr> {
        Vec::new()
    }

    /// Whether it answers ARP requests for them. Many bootloaders do not while they wait for something.
    fn answers_arp(&self) -> bool {
        true
    }

    /// The Ethernet address that its datagrams come from.
    fn ethernet_address(&self) -> MacAddress {
        DEVICE_ADDRESS
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        (**self).handle(input, now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        (**self).next_wake()
    }

    fn carrier(&self, now: Moment) -> bool {
        (**self).carrier(now)
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        (**self).addresses()
    }

    fn answers_arp(&self) -> bool {
        (**self).answers_arp()
    }

    fn ethernet_address(&self) -> MacAddress {
        (**self).ethernet_address()
    }
}
