//! TCP for a device that only knows connections, bytes and their end; `smoltcp` does the protocol.
//!
//! `smoltcp` sees bare IPv4 packets: Ethernet and ARP are the plug's business. Checksums of what comes are not looked at,
//! because a kernel leaves them out on a virtual wire.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::Channel;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Checksum, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

/// Connections at a time; further ones get no answer.
const MOST_CONNECTIONS: usize = 64;

/// Bytes of each of a connection's two buffers.
const BUFFER: usize = 64 * 1024;

/// A connection whose peer is gone is forgotten after so long.
const TIMEOUT: smoltcp::time::Duration = smoltcp::time::Duration::from_secs(30);

/// Bytes of an Ethernet frame's payload.
const MTU: usize = 1500;

/// A request for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syn {
    /// Who asks.
    pub from: SocketAddrV4,
    /// What is asked for.
    pub to: SocketAddrV4,
}

impl Syn {
    /// The request in an IPv4 packet, if it is one.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let header = usize::from(packet.first()? & 0xF) * 4;
        let tcp = packet.get(header..)?;
        let flags = tcp.get(13)?;
        // SYN without ACK and RST, in TCP.
        if *packet.get(9)? != 6 || flags & 0x16 != 0x02 {
            return None;
        }
        let address = |at: usize| Some(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?));
        let port = |at: usize| Some(u16::from_be_bytes(*tcp.get(at..)?.first_chunk()?));
        Some(Self {
            from: SocketAddrV4::new(address(12)?, port(0)?),
            to: SocketAddrV4::new(address(16)?, port(2)?),
        })
    }
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes came.
    Bytes(Channel, Vec<u8>),
    /// The peer closed it, or is gone.
    Closed(Channel),
}

pub(super) struct Tcp {
    interface: Interface,
    sockets: SocketSet<'static>,
    wire: Queues,
    connections: Vec<Connection>,
    next_channel: u32,
    addresses: Vec<Ipv4Addr>,
}

struct Connection {
    channel: Channel,
    handle: SocketHandle,
    syn: Syn,
    /// What the device has said, and the socket had no room for yet.
    pending: VecDeque<u8>,
    /// Whether it is to be closed once that is sent.
    closing: bool,
    /// Whether the device knows that it is closed.
    told: bool,
}

impl Tcp {
    pub(super) fn new() -> Self {
        let mut wire = Queues::default();
        let config = Config::new(HardwareAddress::Ip);
        let interface = Interface::new(config, &mut wire, Instant::from_micros(0));
        Self {
            interface,
            sockets: SocketSet::new(Vec::new()),
            wire,
            connections: Vec::new(),
            next_channel: 1,
            addresses: Vec::new(),
        }
    }

    /// A channel for a new connection; `None` if it is known already, or there are too many.
    pub(super) fn offer(&mut self, syn: Syn) -> Option<Channel> {
        let is_known = self.connections.iter().any(|connection| {
            connection.syn == syn && !matches!(self.state(connection), State::TimeWait | State::Closed)
        });
        if is_known || self.connections.len() >= MOST_CONNECTIONS {
            return None;
        }
        let channel = Channel::Tcp(self.next_channel);
        self.next_channel = self.next_channel.wrapping_add(1);
        Some(channel)
    }

    /// Makes a socket for a connection that the device takes.
    pub(super) fn accept(&mut self, channel: Channel, syn: Syn) {
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        socket.set_timeout(Some(TIMEOUT));
        if socket.listen((IpAddress::Ipv4(*syn.to.ip()), syn.to.port())).is_err() {
            return;
        }
        let handle = self.sockets.add(socket);
        self.connections.push(Connection {
            channel,
            handle,
            syn,
            pending: VecDeque::new(),
            closing: false,
            told: false,
        });
    }

    /// Takes a packet that came for one of these addresses.
    pub(super) fn take(&mut self, packet: &[u8], addresses: &[Ipv4Addr]) {
        if self.addresses != addresses {
            self.addresses = addresses.to_vec();
            self.interface.update_ip_addrs(|known| {
                known.clear();
                for address in addresses {
                    // Everybody is in the same network: who is where, the plug has learned. There is room for few.
                    let _ = known.push(IpCidr::new(IpAddress::Ipv4(*address), 0));
                }
            });
        }
        self.wire.received.push_back(packet.to_vec());
    }

    pub(super) fn write(&mut self, channel: Channel, bytes: &[u8]) {
        if let Some(connection) = self.connections.iter_mut().find(|one| one.channel == channel) {
            connection.pending.extend(bytes);
        }
    }

    pub(super) fn close(&mut self, channel: Channel) {
        if let Some(connection) = self.connections.iter_mut().find(|one| one.channel == channel) {
            connection.closing = true;
            connection.told = true;
        }
    }

    /// Takes what came, and tells what happened.
    pub(super) fn poll(&mut self, now: Moment) -> Vec<Event> {
        let now = instant(now);
        self.interface.poll(now, &mut self.wire, &mut self.sockets);
        let mut events = Vec::new();
        for connection in &mut self.connections {
            let socket = self.sockets.get_mut::<Socket<'_>>(connection.handle);
            let mut bytes = vec![0; socket.recv_queue()];
            if !bytes.is_empty()
                && let Ok(count) = socket.recv_slice(&mut bytes)
            {
                bytes.truncate(count);
                if !connection.told {
                    events.push(Event::Bytes(connection.channel, bytes));
                }
            }
            let is_opening = matches!(socket.state(), State::Listen | State::SynReceived);
            if !socket.may_recv() && !is_opening {
                if !std::mem::replace(&mut connection.told, true) {
                    events.push(Event::Closed(connection.channel));
                }
                connection.closing = true;
            }
        }
        events
    }

    /// Sends what the device has said, as far as there is room, and forgets connections that are over.
    pub(super) fn flush(&mut self, now: Moment) {
        for connection in &mut self.connections {
            let socket = self.sockets.get_mut::<Socket<'_>>(connection.handle);
            while socket.can_send() && !connection.pending.is_empty() {
                let (first, _) = connection.pending.as_slices();
                let Ok(count @ 1..) = socket.send_slice(first) else { break };
                connection.pending.drain(..count);
            }
            let is_opening = matches!(socket.state(), State::Listen | State::SynReceived);
            if connection.closing && connection.pending.is_empty() && !is_opening {
                socket.close();
            }
        }
        self.interface.poll(instant(now), &mut self.wire, &mut self.sockets);
        let sockets = &mut self.sockets;
        self.connections.retain(|connection| {
            let state = sockets.get::<Socket<'_>>(connection.handle).state();
            let is_over = state == State::Closed && connection.told;
            if is_over {
                sockets.remove(connection.handle);
            }
            !is_over
        });
    }

    /// IPv4 packets that are to be sent.
    pub(super) fn take_packets(&mut self) -> VecDeque<Vec<u8>> {
        std::mem::take(&mut self.wire.sent)
    }

    pub(super) fn next_wake(&mut self, now: Moment) -> Option<Moment> {
        let wait = self.interface.poll_delay(instant(now), &self.sockets)?;
        Some(now + Duration::from_micros(wait.total_micros()))
    }

    fn state(&self, connection: &Connection) -> State {
        self.sockets.get::<Socket<'_>>(connection.handle).state()
    }
}

fn instant(now: Moment) -> Instant {
    Instant::from_micros(i64::try_from(now.since_start().as_micros()).unwrap_or(i64::MAX))
}

/// Packets on their way into and out of `smoltcp`.
#[derive(Default)]
struct Queues {
    received: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
}

impl phy::Device for Queues {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Received, Sending<'_>)> {
        let packet = self.received.pop_front()?;
        Some((Received(packet), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities.checksum.ipv4 = Checksum::Tx;
        capabilities.checksum.tcp = Checksum::Tx;
        capabilities
    }
}

struct Received(Vec<u8>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.0)
    }
}

struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl phy::TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let mut packet = vec![0; length];
        let result = fill(&mut packet);
        self.0.push_back(packet);
        result
    }
}
