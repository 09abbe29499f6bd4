//! Datagrams, and the network that sockets are asked from.

use std::net::{Ipv4Addr, SocketAddr};

use debrick_model::MacAddress;

use crate::clock::{Clock, Deadline};
use crate::error::LinkError;
use crate::frames::Frames;
use crate::stream::Link;

/// A datagram socket, bound to one local address.
pub trait Datagrams: Send {
    /// Waits for one datagram and returns its length and sender; what does not fit into `buffer` is lost.
    /// [`LinkError::TimedOut`] once the deadline has passed (a datagram that is already there is returned even then).
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError>;

    /// Sends one datagram.
    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError>;

    /// The address it is bound to; its port is never 0.
    fn local_address(&self) -> SocketAddr;

    /// The clock that its deadlines are read on.
    fn clock(&self) -> &dyn Clock;

    /// Its name for messages, for example `udp:192.168.1.2:69`.
    fn name(&self) -> &str;
}

/// Where sockets come from: the operating system, or a virtual bench.
pub trait Network: Send {
    /// Binds a datagram socket; port 0 asks for any free port.
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError>;

    /// Connects a byte stream.
    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError>;

    /// Opens raw Ethernet, for frames of this type, or for all of them. [`LinkError::Unsupported`] where the network is
    /// not one Ethernet interface.
    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let _ = ether_type;
        Err(LinkError::Unsupported { link: "this network".into(), what: "carry raw Ethernet frames".into() })
    }

    /// Whether the cable to the other side carries a link now; `None` where that cannot be told.
    fn carrier(&mut self) -> Option<bool> {
        None
    }

    /// Says which station has an address: for units that answer no ARP, and so that what is sent to that address reaches no
    /// other station. It holds until it is forgotten, and at most for as long as the interface is lent to this program.
    /// [`LinkError::Unsupported`] where the network is not one Ethernet interface.
    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        let what = format!("be told that {address} is at {station}");
        Err(LinkError::Unsupported { link: "this network".into(), what })
    }

    /// Takes back what was said of an address: who has it is asked for again.
    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        let _ = address;
        Ok(())
    }

    /// The clock of its sockets.
    fn clock(&self) -> &dyn Clock;
}

impl<N: Network + ?Sized> Network for Box<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        (**self).bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        (**self).connect_stream(to, deadline)
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        (**self).open_frames(ether_type)
    }

    fn carrier(&mut self) -> Option<bool> {
        (**self).carrier()
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        (**self).set_neighbour(address, station)
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        (**self).forget_neighbour(address)
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }
}

impl<D: Datagrams + ?Sized> Datagrams for Box<D> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        (**self).receive(buffer, deadline)
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        (**self).send(datagram, to)
    }

    fn local_address(&self) -> SocketAddr {
        (**self).local_address()
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}

impl<D: Datagrams + ?Sized> Datagrams for &mut D {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        (**self).receive(buffer, deadline)
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        (**self).send(datagram, to)
    }

    fn local_address(&self) -> SocketAddr {
        (**self).local_address()
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}
