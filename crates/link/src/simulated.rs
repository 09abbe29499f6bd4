//! Runs a device half inside the host's own calls, on a virtual clock.
//!
//! A [`Device`] is a pure state machine: input and time in, output out. [`World`] couples one to the links and sockets
//! that the host half uses: when the host waits, the clock jumps to the next thing that happens. A flash of half an
//! hour takes milliseconds, and the same seed gives the same run. [`serve_stream`] runs the same device for a real
//! client, on a real clock.

mod device;
mod network;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use debrick_model::MacAddress;

use crate::clock::{Clock, Deadline, Moment, VirtualClock};
use crate::error::LinkError;
use crate::frames::FrameHeader;
use crate::packets::{Arp, ETHER_TYPE_ARP, ETHER_TYPE_IPV4, UdpPacket};
use crate::stream::Link;

pub use device::{Channel, Device, Input, Output};
pub use network::SimulatedNetwork;

/// A device with its clock, and everything it has sent that nobody has read yet.
pub struct World<D: Device> {
    clock: VirtualClock,
    inner: Arc<Mutex<Inner<D>>>,
}

struct Inner<D> {
    device: D,
    streams: BTreeMap<Channel, Stream>,
    sockets: BTreeMap<SocketAddr, VecDeque<(Vec<u8>, SocketAddr)>>,
    taps: BTreeMap<u32, Tap>,
    neighbours: BTreeMap<Ipv4Addr, MacAddress>,
    next_tap: u32,
    next_tcp: u32,
    next_port: u16,
    ticks_at_one_moment: u32,
}

/// The host's raw Ethernet of one type, or of all.
struct Tap {
    ether_type: Option<u16>,
    udp_port: Option<u16>,
    frames: VecDeque<Vec<u8>>,
}

#[derive(Default)]
struct Stream {
    pending: VecDeque<u8>,
    closed: bool,
}

/// The Ethernet address that devices have in a simulated world, where they do not say otherwise.
pub const DEVICE_ADDRESS: MacAddress = MacAddress::new([0x02, 0, 0, 0, 0, 0x2a]);

/// The host's Ethernet address in every simulated world.
pub const HOST_ADDRESS: MacAddress = MacAddress::new([0x02, 0, 0, 0, 0, 0x01]);

/// The most frames that wait to be read; later ones are lost, as in a kernel.
const MOST_FRAMES: usize = 4096;

/// A device that asks to be woken again and again without time passing is broken; the world stops believing it.
const MOST_TICKS_AT_ONE_MOMENT: u32 = 100_000;

impl<D: Device> Clone for World<D> {
    fn clone(&self) -> Self {
        Self { clock: self.clock.clone(), inner: self.inner.clone() }
    }
}

impl<D: Device> World<D> {
    /// Places a device on a virtual clock.
    pub fn new(device: D, clock: VirtualClock) -> Self {
        let inner = Inner {
            device,
            streams: BTreeMap::new(),
            sockets: BTreeMap::new(),
            taps: BTreeMap::new(),
            neighbours: BTreeMap::new(),
            next_tap: 0,
            next_tcp: 1,
            next_port: 49152,
            ticks_at_one_moment: 0,
        };
        Self { clock, inner: Arc::new(Mutex::new(inner)) }
    }

    /// The device's serial console. Every call gives another handle on the same console.
    pub fn console(&self) -> SimulatedStream<D> {
        SimulatedStream { world: self.clone(), channel: Channel::Console, name: "virtual console".into() }
    }

    /// The network between host and device.
    pub fn network(&self) -> SimulatedNetwork<D> {
        SimulatedNetwork { world: self.clone() }
    }

    /// The clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Looks at, or changes, the device: to press its buttons, to see its LEDs.
    pub fn with_device<T>(&self, look: impl FnOnce(&mut D) -> T) -> T {
        look(&mut self.lock().device)
    }

    /// Which station the host was told to send to, at each address.
    pub fn neighbours(&self) -> BTreeMap<Ipv4Addr, MacAddress> {
        self.lock().neighbours.clone()
    }

    /// Gives the device an input now.
    pub fn input(&self, input: Input<'_>) {
        let now = self.clock.now();
        self.lock().feed(input, now);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<D>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass until `ready` finds something or the deadline has come.
    fn wait<T>(&self, deadline: Deadline, mut ready: impl FnMut(&mut Inner<D>) -> Option<T>) -> Option<T> {
        loop {
            let mut inner = self.lock();
            if let Some(found) = ready(&mut inner) {
                return Some(found);
            }
            let now = self.clock.now();
            let wake =
                inner.device.next_wake().filter(|_| inner.ticks_at_one_moment < MOST_TICKS_AT_ONE_MOMENT);
            match wake {
                Some(wake) if wake <= deadline.moment() => {
                    if wake > now {
                        inner.ticks_at_one_moment = 0;
                    }
                    inner.ticks_at_one_moment += 1;
                    self.clock.advance_to(wake);
                    inner.feed(Input::Tick, wake.max(now));
                }
                _ => {
                    if deadline.moment() > now {
                        inner.ticks_at_one_moment = 0;
                    }
                    self.clock.advance_to(deadline.moment());
                    return ready(&mut inner);
                }
            }
        }
    }
}

impl<D: Device> Inner<D> {
    /// Whether what is sent to an address reaches the device: by its answer to ARP, or because the host was told which
    /// station has that address.
    fn reaches_device(&self, to: SocketAddr) -> bool {
        let SocketAddr::V4(to) = to else { return true };
        match self.neighbours.get(to.ip()) {
            Some(station) => *station == self.device.ethernet_address(),
            None => self.device.answers_arp() || to.ip().is_broadcast() || to.ip().is_multicast(),
        }
    }

    fn feed(&mut self, input: Input<'_>, now: Moment) {
        let mut out = Vec::new();
        self.device.handle(input, now, &mut out);
        for output in out {
            match output {
                Output::Bytes(channel, bytes) => {
                    self.streams.entry(channel).or_default().pending.extend(bytes);
                }
                Output::Closed(channel) => self.streams.entry(channel).or_default().closed = true,
                Output::Datagram { from, to, payload } => {
                    if let (SocketAddr::V4(from), SocketAddr::V4(to), false) =
                        (from, to, self.taps.is_empty())
                    {
                        let packet = UdpPacket { from, to, payload: &payload };
                        let frame = packet.to_frame(self.device.ethernet_address(), HOST_ADDRESS);
                        self.tap(frame.as_deref().unwrap_or_default());
                    }
                    self.deliver(from, to, payload);
                }
                Output::Frame(frame) => {
                    self.tap(&frame);
                    self.deliver_from(&frame);
                }
            }
        }
    }

    /// Answers the question of a frame for an address of the device, as its network stack does.
    fn answer_arp(&mut self, frame: &[u8], now: Moment) {
        let arp = FrameHeader::split(frame).filter(|(header, _)| header.ether_type == ETHER_TYPE_ARP);
        let Some(arp) = arp.and_then(|(_, payload)| Arp::parse(payload)).filter(|arp| arp.asks) else {
            return;
        };
        let device = &self.device;
        if device.carrier(now) && device.answers_arp() && device.addresses().contains(&arp.to.1) {
            let answer = Arp { asks: false, from: (device.ethernet_address(), arp.to.1), to: arp.from };
            self.tap(&answer.to_frame());
        }
    }

    /// Hands a frame to who listens to raw Ethernet.
    fn tap(&mut self, frame: &[u8]) {
        let Some((header, packet)) = FrameHeader::split(frame) else { return };
        let to_port = (header.ether_type == ETHER_TYPE_IPV4)
            .then(|| UdpPacket::split(packet))
            .flatten()
            .map(|udp| udp.to.port());
        for tap in self.taps.values_mut() {
            let is_wanted = tap.ether_type.is_none_or(|wanted| wanted == header.ether_type)
                && tap.udp_port.is_none_or(|wanted| Some(wanted) == to_port);
            if is_wanted && tap.frames.len() < MOST_FRAMES {
                tap.frames.push_back(frame.to_vec());
            }
        }
    }

    /// Hands the datagram of a frame, if there is one, to the host's socket.
    fn deliver_from(&mut self, frame: &[u8]) {
        let Some((header, packet)) = FrameHeader::split(frame) else { return };
        if header.ether_type != ETHER_TYPE_IPV4 || header.to != HOST_ADDRESS {
            return;
        }
        if let Some(UdpPacket { from, to, payload }) = UdpPacket::split(packet) {
            self.deliver(from.into(), to.into(), payload.to_vec());
        }
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, payload: Vec<u8>) {
        if let Some(queue) = self.sockets.get_mut(&to) {
            queue.push_back((payload, from));
        }
    }
}

/// The host's end of a stream to a simulated device.
pub struct SimulatedStream<D: Device> {
    world: World<D>,
    channel: Channel,
    name: String,
}

impl<D: Device> Link for SimulatedStream<D> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let channel = self.channel;
        let read = self.world.wait(deadline, |inner| {
            let stream = inner.streams.entry(channel).or_default();
            if stream.pending.is_empty() {
                return stream.closed.then_some(0);
            }
            let count = buffer.len().min(stream.pending.len());
            for (slot, byte) in buffer.iter_mut().zip(stream.pending.drain(..count)) {
                *slot = byte;
            }
            Some(count)
        });
        match read {
            Some(0) if !buffer.is_empty() => {
                Err(LinkError::Disconnected { link: self.name.clone(), source: None })
            }
            Some(count) => Ok(count),
            None => Err(LinkError::TimedOut { link: self.name.clone() }),
        }
    }

    fn write_all(&mut self, bytes: &[u8], _deadline: Deadline) -> Result<(), LinkError> {
        let now = self.world.clock.now();
        self.world.wait(Deadline::at(now), |_| None::<()>);
        self.world.input(Input::Bytes(self.channel, bytes));
        Ok(())
    }

    fn set_line_rate(&mut self, _bits_per_second: u32) -> Result<(), LinkError> {
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<D: Device> Drop for SimulatedStream<D> {
    fn drop(&mut self) {
        if self.channel != Channel::Console {
            self.world.input(Input::Closed(self.channel));
            self.world.lock().streams.remove(&self.channel);
        }
    }
}

/// Serves one stream of a device to a real client over `link`, until `stop` says so or the client is gone.
/// Datagrams that the device sends are dropped.
pub fn serve_stream(
    device: &mut dyn Device,
    channel: Channel,
    link: &mut dyn Link,
    mut stop: impl FnMut() -> bool,
) -> Result<(), LinkError> {
    const LOOK_AROUND: Duration = Duration::from_millis(20);
    let mut buffer = [0; 4096];
    let mut out = Vec::new();
    while !stop() {
        let now = link.clock().now();
        let idle = Deadline::at(now + LOOK_AROUND);
        let deadline = device.next_wake().map_or(idle, |wake| Deadline::at(wake).or_earlier(idle));
        let read = link.read(&mut buffer, deadline);
        let now = link.clock().now();
        match read {
            Ok(count) => device.handle(Input::Bytes(channel, &buffer[..count]), now, &mut out),
            Err(error) if error.is_timeout() => {}
            Err(LinkError::Disconnected { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        if device.next_wake().is_some_and(|wake| wake <= now) {
            device.handle(Input::Tick, now, &mut out);
        }
        for output in out.drain(..) {
            if let Output::Bytes(of, bytes) = output
                && of == channel
            {
                link.write_all(&bytes, Deadline::after(link.clock(), Duration::from_secs(10)))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
