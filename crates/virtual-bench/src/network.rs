//! A network that is as bad as it is told to be: datagrams and frames are lost, come twice, or late; connections are lost, or
//! answered late.

mod frames;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::fault::{DatagramFault, FaultPlan, FaultyDatagrams, FaultyLink, StreamFault, When};
use debrick_link::{Clock, Datagrams, Deadline, Direction, Frames, Link, LinkError, Network, Rng};
use debrick_model::MacAddress;

use crate::faults::{Fault, FaultLog, Faults};
use frames::FaultyFrames;

/// What the faults of a socket's plan are, in its order.
const OF_DATAGRAMS: &[Fault] = &[
    Fault::DatagramLost,
    Fault::DatagramLost,
    Fault::DatagramDuplicated,
    Fault::DatagramDuplicated,
    Fault::DatagramLate,
    Fault::DatagramLate,
];

/// What the faults of a connection's plan are, in its order.
const OF_CONNECTIONS: &[Fault] = &[Fault::ConnectionLost, Fault::AnswerLate];

/// How late a late answer is: longer than a person waits for a page, shorter than what any bootloader takes to write.
const LATE: Duration = Duration::from_secs(5);

/// A network with faults. Every socket and every connection has faults of its own.
pub(crate) struct FaultyNetwork<N> {
    inner: N,
    faults: Faults,
    rng: Rng,
    log: FaultLog,
}

impl<N> FaultyNetwork<N> {
    pub(crate) fn new(inner: N, faults: &Faults, seed: u64, log: FaultLog) -> Self {
        Self { inner, faults: faults.clone(), rng: Rng::new(seed ^ 0xDA7A_6AA3), log }
    }
}

impl<N: Network> Network for FaultyNetwork<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let socket = self.inner.bind_datagrams(local)?;
        let faults = [
            (DatagramFault::Drop, self.faults.datagrams_lost),
            (DatagramFault::Duplicate, self.faults.datagrams_duplicated),
            (DatagramFault::Reorder, self.faults.datagrams_late),
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
        let (socket, log) = FaultyDatagrams::new(socket, &plan);
        self.log.add_datagrams(log, OF_DATAGRAMS);
        Ok(Box::new(socket))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let link = self.inner.connect_stream(to, deadline)?;
        let faults = &self.faults;
        let cut = faults.connection_lost_at.filter(|_| self.log.count(Fault::ConnectionLost) == 0);
        let is_late = faults.answers_late > 0.0 && self.rng.chance(faults.answers_late);
        if cut.is_none() && !is_late {
            return Ok(link);
        }
        let never = When::Chance(0.0);
        let plan = FaultPlan::seeded(self.rng.next_u64())
            .with(Direction::Sent, StreamFault::Cut, cut.map_or(never, When::At))
            .with(Direction::Received, StreamFault::Delay(LATE), if is_late { When::At(0) } else { never });
        let (link, log) = FaultyLink::new(link, &plan);
        self.log.add_stream(log, OF_CONNECTIONS);
        Ok(Box::new(link))
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let frames = self.inner.open_frames(ether_type)?;
        let (lost, duplicated) = (self.faults.frames_lost, self.faults.frames_duplicated);
        if lost <= 0.0 && duplicated <= 0.0 {
            return Ok(frames);
        }
        let rng = Rng::new(self.rng.next_u64());
        Ok(Box::new(FaultyFrames::new(frames, (lost, duplicated), rng, self.log.clone())))
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
