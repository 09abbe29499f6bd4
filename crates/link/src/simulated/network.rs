//! The network between the host and a simulated device: sockets, connections and raw Ethernet.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use debrick_model::MacAddress;

use super::{Channel, Device, HOST_ADDRESS, Input, SimulatedStream, Stream, Tap, World};
use crate::clock::{Clock, Deadline};
use crate::datagram::{Datagrams, Network};
use crate::error::LinkError;
use crate::frames::Frames;
use crate::stream::Link;

/// The network between the host and a simulated device. The host owns every address it binds.
pub struct SimulatedNetwork<D: Device> {
    pub(super) world: World<D>,
}

impl<D: Device + 'static> Network for SimulatedNetwork<D> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let mut inner = self.world.lock();
        let mut local = local;
        if local.port() == 0 {
            local.set_port(inner.next_port);
            inner.next_port = inner.next_port.checked_add(1).unwrap_or(49152);
        }
        let name = format!("udp:{local}");
        if inner.sockets.contains_key(&local) {
            return Err(LinkError::Busy { link: name, holder: None });
        }
        inner.sockets.insert(local, VecDeque::new());
        drop(inner);
        Ok(Box::new(SimulatedDatagrams { world: self.world.clone(), local, name }))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let name = format!("tcp:{to}");
        let now = self.world.clock.now();
        self.world.wait(Deadline::at(now), |_| None::<()>);
        if !self.world.lock().reaches_device(to) {
            self.world.wait(deadline, |_| None::<()>);
            return Err(LinkError::TimedOut { link: name });
        }
        let channel = {
            let mut inner = self.world.lock();
            let channel = Channel::Tcp(inner.next_tcp);
            inner.next_tcp += 1;
            inner.streams.insert(channel, Stream::default());
            channel
        };
        self.world.input(Input::Connected(channel, to));
        let mut inner = self.world.lock();
        if inner.streams.get(&channel).is_some_and(|stream| stream.closed) {
            inner.streams.remove(&channel);
            return Err(LinkError::Disconnected { link: name, source: None });
        }
        drop(inner);
        Ok(Box::new(SimulatedStream { world: self.world.clone(), channel, name }))
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let mut inner = self.world.lock();
        let number = inner.next_tap;
        inner.next_tap += 1;
        inner.taps.insert(number, Tap { ether_type, udp_port: None, frames: VecDeque::new() });
        drop(inner);
        Ok(Box::new(SimulatedFrames { world: self.world.clone(), number }))
    }

    fn carrier(&mut self) -> Option<bool> {
        let now = self.world.clock.now();
        self.world.wait(Deadline::at(now), |_| None::<()>);
        Some(self.world.with_device(|device| device.carrier(now)))
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        self.world.lock().neighbours.insert(address, station);
        Ok(())
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        self.world.lock().neighbours.remove(&address);
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }
}

struct SimulatedDatagrams<D: Device> {
    world: World<D>,
    local: SocketAddr,
    name: String,
}

impl<D: Device> Datagrams for SimulatedDatagrams<D> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let local = self.local;
        let got = self.world.wait(deadline, |inner| inner.sockets.get_mut(&local)?.pop_front());
        let (payload, from) = got.ok_or_else(|| LinkError::TimedOut { link: self.name.clone() })?;
        let count = payload.len().min(buffer.len());
        buffer[..count].copy_from_slice(&payload[..count]);
        Ok((count, from))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        let now = self.world.clock.now();
        self.world.wait(Deadline::at(now), |_| None::<()>);
        if self.world.lock().reaches_device(to) {
            self.world.input(Input::Datagram { from: self.local, to, payload: datagram });
        }
        Ok(())
    }

    fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<D: Device> Drop for SimulatedDatagrams<D> {
    fn drop(&mut self) {
        self.world.lock().sockets.remove(&self.local);
    }
}

struct SimulatedFrames<D: Device> {
    world: World<D>,
    number: u32,
}

impl<D: Device> Frames for SimulatedFrames<D> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let number = self.number;
        let got = self.world.wait(deadline, |inner| inner.taps.get_mut(&number)?.frames.pop_front());
        let frame = got.ok_or_else(|| LinkError::TimedOut { link: self.name().to_owned() })?;
        let count = frame.len().min(buffer.len());
        buffer[..count].copy_from_slice(&frame[..count]);
        Ok(count)
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let now = self.world.clock.now();
        self.world.wait(Deadline::at(now), |_| None::<()>);
        self.world.input(Input::Frame(frame));
        self.world.lock().answer_arp(frame, now);
        Ok(())
    }

    fn hear_only_udp_to(&mut self, port: u16) -> Result<(), LinkError> {
        if let Some(tap) = self.world.lock().taps.get_mut(&self.number) {
            tap.udp_port = Some(port);
        }
        Ok(())
    }

    fn address(&self) -> MacAddress {
        HOST_ADDRESS
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }

    fn name(&self) -> &str {
        "virtual ethernet"
    }
}

impl<D: Device> Drop for SimulatedFrames<D> {
    fn drop(&mut self) {
        self.world.lock().taps.remove(&self.number);
    }
}
