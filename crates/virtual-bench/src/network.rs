//! A network whose datagrams are lost, come twice, or late.

use std::net::{Ipv4Addr, SocketAddr};

use debrick_link::fault::{DatagramFault, FaultPlan, FaultyDatagrams, When};
use debrick_link::{Clock, Datagrams, Deadline, Direction, Frames, Link, LinkError, Network, Rng};
use debrick_model::MacAddress;

use crate::faults::{Fault, FaultLog, Faults};

/// What the faults of the plan are, in its order.
const KINDS: &[Fault] = &[
    Fault::DatagramLost,
    Fault::DatagramLost,
    Fault::DatagramDuplicated,
    Fault::DatagramDuplicated,
    Fault::DatagramLate,
    Fault::DatagramLate,
];

/// A network whose datagrams are lost, come twice, or late. Every socket has faults of its own.
pub(crate) struct FaultyNetwork<N> {
    pub(crate) inner: N,
    pub(crate) lost: f64,
    pub(crate) duplicated: f64,
    pub(crate) late: f64,
    pub(crate) rng: Rng,
    pub(crate) log: FaultLog,
}

impl<N> FaultyNetwork<N> {
    pub(crate) fn new(inner: N, faults: &Faults, seed: u64, log: FaultLog) -> Self {
        Self {
            inner,
            lost: faults.datagrams_lost,
            duplicated: faults.datagrams_duplicated,
            late: faults.datagrams_late,
            rng: Rng::new(seed ^ 0xDA7A_6AA3),
            log,
        }
    }
}

/// A boxed socket is a socket.
struct Boxed(Box<dyn Datagrams>);

impl Datagrams for Boxed {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        self.0.receive(buffer, deadline)
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        self.0.send(datagram, to)
    }

    fn local_address(&self) -> SocketAddr {
        self.0.local_address()
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock()
    }

    fn name(&self) -> &str {
        self.0.name()
    }
}

impl<N: Network> Network for FaultyNetwork<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let socket = self.inner.bind_datagrams(local)?;
        let faults = [
            (DatagramFault::Drop, self.lost),
            (DatagramFault::Duplicate, self.duplicated),
            (DatagramFault::Reorder, self.late),
        ];
        if faults.iter().all(|(_, probability)| *probability <= 0.0) {
            return Ok(socket);
        }
        let mut plan = FaultPlan::seeded(self.rng.next_u64());
        for (kind, probability) in faults {
            for direction in [Direction::Received, Direction::Sent] {
                plan = plan.with(direction, kind, When::Chance(probability));
            }
        }
        let (socket, log) = FaultyDatagrams::new(Boxed(socket), &plan);
        self.log.add_datagrams(log, KINDS);
        Ok(Box::new(socket))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.inner.connect_stream(to, deadline)
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        self.inner.open_frames(ether_type)
    }

    fn carrier(&mut self) -> Option<bool> {
        self.inner.carrier()
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        self.inner.set_neighbour(address, station)
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        self.inner.forget_neighbour(address)
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}
