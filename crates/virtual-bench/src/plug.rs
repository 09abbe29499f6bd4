//! A socket in the wall for virtual devices: puts the device half of a protocol on real Ethernet, so that real clients
//! reach it through the real kernel.
//!
//! A device speaks in datagrams, byte streams and frames. [`Plug`] gives it what stands between those and a wire: an
//! Ethernet address, ARP, UDP over IPv4, and TCP (by `smoltcp`). Which IPv4 addresses it has at any moment, and whether
//! it answers ARP for them, the device says itself.

mod tcp;

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use debrick_link::simulated::{Channel, Device, Input, Output};
use debrick_link::{
    Arp, Deadline, ETHER_TYPE_ARP, ETHER_TYPE_IPV4, FrameHeader, Frames, LinkError, Moment, UdpPacket,
};
use debrick_model::MacAddress;

use tcp::{Event, Syn, Tcp};

/// Longest time without a look at whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(20);

/// How long to rest while the interface is down.
const DOWN_REST: Duration = Duration::from_millis(20);

/// Room for a frame, also for those that a kernel puts several packets of one stream into.
const FRAME_ROOM: usize = 14 + 65_535;

/// Hosts that are remembered.
const MOST_NEIGHBOURS: usize = 64;

/// Packets that wait until their receiver's Ethernet address is known.
const MOST_WAITING: usize = 16;

/// A device on a wire.
pub struct Plug<D, F> {
    device: D,
    frames: F,
    wire: Wire,
    tcp: Tcp,
    fixed: Vec<Ipv4Addr>,
    out: Vec<Output>,
}

/// What is known of the wire, and what is to be sent on it.
struct Wire {
    mac: MacAddress,
    neighbours: BTreeMap<Ipv4Addr, MacAddress>,
    waiting: VecDeque<(Ipv4Addr, Vec<u8>)>,
    sending: Vec<Vec<u8>>,
}

impl<D: Device, F: Frames> Plug<D, F> {
    /// Puts a device with this Ethernet address on a wire. `frames` was opened for frames of all types; the interface
    /// must have no IPv4 address of its own, or the kernel answers, too.
    pub fn new(device: D, frames: F, mac: MacAddress) -> Self {
        let wire = Wire { mac, neighbours: BTreeMap::new(), waiting: VecDeque::new(), sending: Vec::new() };
        Self { device, frames, wire, tcp: Tcp::new(), fixed: Vec::new(), out: Vec::new() }
    }

    /// Gives a device that says nothing of its addresses one that it always has.
    #[must_use]
    pub fn with_address(mut self, address: Ipv4Addr) -> Self {
        self.fixed.push(address);
        self
    }

    /// The device.
    pub fn device(&mut self) -> &mut D {
        &mut self.device
    }

    /// Takes the device from the wire.
    pub fn into_device(self) -> D {
        self.device
    }

    /// The clock that the device lives by.
    pub fn now(&self) -> Moment {
        self.frames.clock().now()
    }

    /// Runs until `stop` says so; it is asked after everything that happens, and at least every 20 ms.
    pub fn run(&mut self, mut stop: impl FnMut(&mut D) -> bool) -> Result<(), LinkError> {
        let mut buffer = vec![0; FRAME_ROOM];
        while !stop(&mut self.device) {
            let now = self.now();
            let wakes = [Some(now + LOOK_AROUND), self.device.next_wake(), self.tcp.next_wake(now)];
            let wake = wakes.into_iter().flatten().min().unwrap_or(now);
            match self.frames.receive(&mut buffer, Deadline::at(wake)) {
                Ok(count) => self.on_frame(&buffer[..count]),
                Err(error) if error.is_timeout() => {}
                Err(error) if is_down(&error) => self.frames.clock().sleep(DOWN_REST),
                Err(error) => return Err(error),
            }
            let now = self.now();
            if self.device.next_wake().is_some_and(|wake| wake <= now) {
                self.tell(Input::Tick);
            }
            self.run_tcp();
            self.send()?;
        }
        Ok(())
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.fixed.iter().copied().chain(self.device.addresses()).collect()
    }

    fn on_frame(&mut self, frame: &[u8]) {
        let Some((header, payload)) = FrameHeader::split(frame) else { return };
        if header.to != self.wire.mac && !header.to.is_group() || header.from == self.wire.mac {
            return;
        }
        self.tell(Input::Frame(frame));
        match header.ether_type {
            ETHER_TYPE_ARP => self.on_arp(payload),
            ETHER_TYPE_IPV4 => self.on_ipv4(header.from, payload),
            _ => {}
        }
    }

    fn on_arp(&mut self, payload: &[u8]) {
        let Some(arp) = Arp::parse(payload) else { return };
        self.wire.learn(arp.from.1, arp.from.0);
        if arp.asks && self.device.answers_arp() && self.addresses().contains(&arp.to.1) {
            let answer = Arp { asks: false, from: (self.wire.mac, arp.to.1), to: arp.from };
            self.wire.sending.push(answer.to_frame());
        }
    }

    fn on_ipv4(&mut self, from: MacAddress, packet: &[u8]) {
        let addresses = self.addresses();
        // A device without an address hears everything that is sent to its Ethernet address, as one does that waits for
        // the answer of a DHCP server.
        let is_ours = |to: Ipv4Addr| {
            addresses.contains(&to) || addresses.is_empty() || to.is_broadcast() || to.is_multicast()
        };
        if let Some(udp) = UdpPacket::split(packet) {
            self.wire.learn(*udp.from.ip(), from);
            if is_ours(*udp.to.ip()) {
                let (from, to) = (SocketAddr::V4(udp.from), SocketAddr::V4(udp.to));
                self.tell(Input::Datagram { from, to, payload: udp.payload });
            }
        } else if let Some(syn) = Syn::of(packet).filter(|syn| addresses.contains(syn.to.ip())) {
            self.wire.learn(*syn.from.ip(), from);
            self.on_syn(syn);
            self.tcp.take(packet, &addresses);
        } else if addresses.iter().any(|address| packet.get(16..20) == Some(&address.octets()[..])) {
            self.tcp.take(packet, &addresses);
        }
    }

    /// Asks the device whether it takes a connection. One that it refuses finds no socket, and is reset.
    fn on_syn(&mut self, syn: Syn) {
        let Some(channel) = self.tcp.offer(syn) else { return };
        let mut out = Vec::new();
        let now = self.now();
        self.device.handle(Input::Connected(channel, SocketAddr::V4(syn.to)), now, &mut out);
        if out.contains(&Output::Closed(channel)) {
            out.retain(|output| !is_about(output, channel));
        } else {
            self.tcp.accept(channel, syn);
        }
        self.out.append(&mut out);
        self.deliver();
    }

    /// Gives the device an input, and takes what it does.
    fn tell(&mut self, input: Input<'_>) {
        let now = self.now();
        self.device.handle(input, now, &mut self.out);
        self.deliver();
    }

    fn deliver(&mut self) {
        for output in std::mem::take(&mut self.out) {
            match output {
                Output::Frame(frame) => self.wire.sending.push(frame),
                Output::Datagram { from: SocketAddr::V4(from), to: SocketAddr::V4(to), payload } => {
                    self.wire.send_datagram(from, to, &payload);
                }
                Output::Bytes(channel, bytes) => self.tcp.write(channel, &bytes),
                Output::Closed(channel) => self.tcp.close(channel),
                // There is no IPv6 in any bootloader that is played here.
                Output::Datagram { .. } => {}
            }
        }
    }

    fn run_tcp(&mut self) {
        let now = self.now();
        for event in self.tcp.poll(now) {
            match event {
                Event::Bytes(channel, bytes) => self.tell(Input::Bytes(channel, &bytes)),
                Event::Closed(channel) => self.tell(Input::Closed(channel)),
            }
        }
        // What the device said to that.
        self.tcp.flush(now);
        for packet in self.tcp.take_packets() {
            let to = packet.get(16..20).and_then(|octets| <[u8; 4]>::try_from(octets).ok());
            if let Some(to) = to {
                let header = FrameHeader {
                    to: MacAddress::BROADCAST,
                    from: self.wire.mac,
                    ether_type: ETHER_TYPE_IPV4,
                };
                self.wire.send_ipv4(Ipv4Addr::from(to), header.with(&packet), None);
            }
        }
    }

    fn send(&mut self) -> Result<(), LinkError> {
        for frame in std::mem::take(&mut self.wire.sending) {
            match self.frames.send(&frame) {
                Ok(()) => {}
                Err(error) if is_down(&error) || error.is_timeout() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Wire {
    fn learn(&mut self, address: Ipv4Addr, mac: MacAddress) {
        if address.is_unspecified() || mac.is_group() {
            return;
        }
        if self.neighbours.len() < MOST_NEIGHBOURS || self.neighbours.contains_key(&address) {
            self.neighbours.insert(address, mac);
        }
        let (ready, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(to, _)| *to == address);
        self.waiting = waiting.into();
        for (to, frame) in ready {
            self.send_ipv4(to, frame, None);
        }
    }

    fn send_datagram(&mut self, from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) {
        let packet = UdpPacket { from, to, payload };
        if let Some(frame) = packet.to_frame(self.mac, MacAddress::BROADCAST) {
            self.send_ipv4(*to.ip(), frame, Some(*from.ip()));
        }
    }

    /// Sends a frame to whoever has the address, who is asked for from `own` if need be.
    fn send_ipv4(&mut self, to: Ipv4Addr, mut frame: Vec<u8>, own: Option<Ipv4Addr>) {
        let known = if to.is_broadcast() {
            Some(MacAddress::BROADCAST)
        } else if to.is_multicast() {
            let [_, b, c, d] = to.octets();
            Some(MacAddress::new([0x01, 0x00, 0x5E, b & 0x7F, c, d]))
        } else {
            self.neighbours.get(&to).copied()
        };
        match (known, own) {
            (Some(mac), _) => {
                frame[..6].copy_from_slice(mac.as_bytes());
                self.sending.push(frame);
            }
            (None, Some(own)) => {
                let unknown = MacAddress::new([0; 6]);
                let question = Arp { asks: true, from: (self.mac, own), to: (unknown, to) };
                self.sending.push(question.to_frame());
                if self.waiting.len() >= MOST_WAITING {
                    self.waiting.pop_front();
                }
                self.waiting.push_back((to, frame));
            }
            (None, None) => {}
        }
    }
}

fn is_about(output: &Output, about: Channel) -> bool {
    matches!(output, Output::Bytes(channel, _) | Output::Closed(channel) if *channel == about)
}

fn is_down(error: &LinkError) -> bool {
    matches!(error, LinkError::Io { source, .. } if source.kind() == ErrorKind::NetworkDown)
}

#[cfg(test)]
mod tests;
