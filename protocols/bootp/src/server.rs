//! The host half: gives one unit an address, and says where to load from and what.
//!
//! It speaks in raw Ethernet frames: they belong to one interface whatever the routes say, need no free port 67 and no hole
//! in a firewall, and reach a unit that has no address yet. It never serves beside another server: [`Server::open`] asks
//! for one first, and the server stops when one shows up later.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_link::{
    Clock, Deadline, ETHER_TYPE_IPV4, FrameHeader, Frames, LONGEST_FRAME, LinkError, Moment, UdpPacket,
};
use debrick_model::MacAddress;
use debrick_target::Watch;

use crate::error::BootpError;
use crate::wire::{BOOT_OPTIONS, CLIENT_PORT, Kind, LONGEST_BOOT_FILE, Message, SERVER_PORT};

/// How long anything waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// Frames that are passed over at one time, so that a flood holds nothing up.
const MOST_PASSED_OVER: usize = 4096;

/// How often and how far apart other servers are called. One that looks whether the address is free, as dnsmasq does,
/// answers after 3 s.
const CALLS: u32 = 3;
const CALL_EVERY: Duration = Duration::from_millis(1500);

/// What the unit is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The only unit that is served. Without it the first one that asks, and from then on only that.
    pub unit: Option<MacAddress>,
    /// The address of this computer on the interface.
    pub server: Ipv4Addr,
    /// The address that the unit is given.
    pub address: Ipv4Addr,
    /// The mask of their network.
    pub mask: Ipv4Addr,
    /// Where to load from, mostly this computer.
    pub next_server: Ipv4Addr,
    /// What to load.
    pub boot_file: Option<String>,
    /// How long the address is given for, in seconds.
    pub lease_s: u32,
}

impl Lease {
    /// Gives `address`, in a network of 24 bits, and says that `boot_file` is on this computer, which has `server`.
    pub fn new(server: Ipv4Addr, address: Ipv4Addr, boot_file: impl Into<String>) -> Self {
        Self {
            unit: None,
            server,
            address,
            mask: Ipv4Addr::new(255, 255, 255, 0),
            next_server: server,
            boot_file: Some(boot_file.into()),
            lease_s: 3600,
        }
    }

    fn check(&self) -> Result<(), BootpError> {
        let network = |address: Ipv4Addr| address.to_bits() & self.mask.to_bits();
        let host = self.address.to_bits() & !self.mask.to_bits();
        let bad = |reason: String| Err(BootpError::BadLease { reason });
        if self.address == self.server {
            return bad(format!("{} is this computer's", self.address));
        }
        if network(self.address) != network(self.server) || host == 0 || host == !self.mask.to_bits() {
            return bad(format!("{} is no host's address beside {}", self.address, self.server));
        }
        match &self.boot_file {
            Some(name) if name.len() > LONGEST_BOOT_FILE || name.is_empty() => {
                bad(format!("{name:?} cannot be the name of a boot file"))
            }
            _ => Ok(()),
        }
    }
}

/// What happened since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// The unit asks, and is offered the address.
    Offered {
        /// The unit.
        unit: MacAddress,
        /// What it calls itself, if it does.
        vendor_class: Option<String>,
    },
    /// The unit has the address.
    Leased {
        /// The unit.
        unit: MacAddress,
        /// Whether by BOOTP instead of DHCP.
        bootp: bool,
    },
    /// A question was not answered, or by a refusal.
    Unserved {
        /// Whose.
        client: MacAddress,
        /// Why.
        why: Unserved,
    },
    /// Nothing, until the deadline.
    Idle,
}

/// Why a question is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unserved {
    /// It is not the unit.
    NotTheUnit,
    /// It wants another address; it was told no.
    OtherAddress,
    /// It came through a relay, from another network.
    Relayed,
}

/// A BOOTP and DHCP server for one unit.
pub struct Server {
    frames: Box<dyn Frames>,
    lease: Lease,
    unit: Option<MacAddress>,
}

impl Server {
    /// Looks for another server for 4.5 s, and begins to serve where there is none. `frames` was opened for IPv4.
    pub fn open(frames: Box<dyn Frames>, lease: Lease, watch: &dyn Watch) -> Result<Self, BootpError> {
        lease.check()?;
        let unit = lease.unit;
        let mut server = Self { frames, lease, unit };
        server.look_for_others(watch)?;
        Ok(server)
    }

    /// The unit, once it is known.
    pub fn unit(&self) -> Option<MacAddress> {
        self.unit
    }

    /// The clock that deadlines are read on.
    pub fn clock(&self) -> &dyn Clock {
        self.frames.clock()
    }

    /// Serves until something is worth telling, or the deadline has passed. Another server on the wire ends it with
    /// [`BootpError::OtherServer`].
    pub fn poll(&mut self, deadline: Deadline) -> Result<ServerEvent, BootpError> {
        loop {
            if let Some((from, message)) = self.receive(deadline)?
                && let Some(event) = self.on_message(from, &message)?
            {
                return Ok(event);
            }
            if deadline.has_passed(self.clock()) {
                return Ok(ServerEvent::Idle);
            }
        }
    }

    /// Serves until the unit has its address; `None` if the deadline passes before.
    pub fn serve_until_leased(
        &mut self,
        deadline: Deadline,
        watch: &dyn Watch,
    ) -> Result<Option<MacAddress>, BootpError> {
        while !watch.cancelled() {
            let look = Deadline::after(self.clock(), LOOK_AROUND).or_earlier(deadline);
            match self.poll(look)? {
                ServerEvent::Leased { unit, .. } => return Ok(Some(unit)),
                ServerEvent::Idle if deadline.has_passed(self.clock()) => return Ok(None),
                _ => {}
            }
        }
        Err(BootpError::Cancelled)
    }

    /// Calls for servers, as a client does.
    fn look_for_others(&mut self, watch: &dyn Watch) -> Result<(), BootpError> {
        let own = self.frames.address();
        // Any number will do that differs between runs.
        let transaction = (self.now().since_start().as_nanos() as u32) ^ 0x0DEB_121C;
        let question = Message {
            kind: Some(Kind::Discover),
            broadcast: true,
            wanted: BOOT_OPTIONS.to_vec(),
            ..Message::request(own, transaction)
        };
        for _ in 0..CALLS {
            let from = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT);
            let to = SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT);
            self.send(from, to, MacAddress::BROADCAST, &question)?;
            let until = Deadline::after(self.clock(), CALL_EVERY);
            while !until.has_passed(self.clock()) {
                if watch.cancelled() {
                    return Err(BootpError::Cancelled);
                }
                let look = Deadline::after(self.clock(), LOOK_AROUND).or_earlier(until);
                if let Some((from, message)) = self.receive(look)? {
                    self.beware_of_others(from, &message)?;
                }
            }
        }
        Ok(())
    }

    /// Fails if a message is another server's.
    fn beware_of_others(&self, from: MacAddress, message: &Message) -> Result<(), BootpError> {
        if message.is_request || from == self.frames.address() {
            return Ok(());
        }
        let server = message.server.unwrap_or(message.next_server);
        let interface = self.frames.name().to_owned();
        Err(BootpError::OtherServer { interface, server, mac: from })
    }

    fn on_message(&mut self, from: MacAddress, message: &Message) -> Result<Option<ServerEvent>, BootpError> {
        self.beware_of_others(from, message)?;
        if !message.is_request {
            return Ok(None);
        }
        let client = message.mac;
        let asks = matches!(message.kind, None | Some(Kind::Discover | Kind::Request));
        if !asks {
            return Ok(None);
        }
        let unserved = |why| Ok(Some(ServerEvent::Unserved { client, why }));
        if self.unit.is_some_and(|unit| unit != client) {
            return unserved(Unserved::NotTheUnit);
        }
        if !message.relay.is_unspecified() {
            return unserved(Unserved::Relayed);
        }
        if let Some(server) = message.server.filter(|server| *server != self.lease.server) {
            // It has chosen somebody else's offer.
            let interface = self.frames.name().to_owned();
            return Err(BootpError::OtherServer { interface, server, mac: client });
        }
        self.unit = Some(client);
        match message.kind {
            Some(Kind::Discover) => {
                self.reply(message, Some(Kind::Offer))?;
                let vendor_class = message.vendor_class.clone();
                Ok(Some(ServerEvent::Offered { unit: client, vendor_class }))
            }
            Some(_) => {
                let wants = message.requested.unwrap_or(message.client);
                if wants != self.lease.address {
                    self.refuse(message)?;
                    return unserved(Unserved::OtherAddress);
                }
                self.reply(message, Some(Kind::Ack))?;
                Ok(Some(ServerEvent::Leased { unit: client, bootp: false }))
            }
            None => {
                self.reply(message, None)?;
                Ok(Some(ServerEvent::Leased { unit: client, bootp: true }))
            }
        }
    }

    fn reply(&mut self, question: &Message, kind: Option<Kind>) -> Result<(), BootpError> {
        let lease = &self.lease;
        let answer = Message {
            is_request: false,
            broadcast: question.broadcast,
            client: question.client,
            yours: lease.address,
            next_server: lease.next_server,
            boot_file: lease.boot_file.clone(),
            kind,
            mask: Some(lease.mask),
            lease_s: kind.map(|_| lease.lease_s),
            server: kind.map(|_| lease.server),
            ..Message::request(question.mac, question.transaction)
        };
        // RFC 2131, section 4.1: to the address that it gets, unless the client can hear broadcasts only.
        let (to, mac) = match question.broadcast {
            true => (Ipv4Addr::BROADCAST, MacAddress::BROADCAST),
            false => (lease.address, question.mac),
        };
        self.answer(to, mac, &answer)
    }

    fn refuse(&mut self, question: &Message) -> Result<(), BootpError> {
        let answer = Message {
            is_request: false,
            broadcast: question.broadcast,
            kind: Some(Kind::Nak),
            server: Some(self.lease.server),
            ..Message::request(question.mac, question.transaction)
        };
        self.answer(Ipv4Addr::BROADCAST, MacAddress::BROADCAST, &answer)
    }

    fn answer(&mut self, to: Ipv4Addr, mac: MacAddress, answer: &Message) -> Result<(), BootpError> {
        let from = SocketAddrV4::new(self.lease.server, SERVER_PORT);
        self.send(from, SocketAddrV4::new(to, CLIENT_PORT), mac, answer)
    }

    fn send(
        &mut self,
        from: SocketAddrV4,
        to: SocketAddrV4,
        mac: MacAddress,
        message: &Message,
    ) -> Result<(), BootpError> {
        let payload = message.to_bytes();
        let packet = UdpPacket { from, to, payload: &payload };
        // A message is never longer than a frame: its options are few.
        let Some(frame) = packet.to_frame(self.frames.address(), mac) else { return Ok(()) };
        match self.frames.send(&frame) {
            Ok(()) => Ok(()),
            // As good as lost: a unit that restarts takes the link with it.
            Err(error) if is_down(&error) || error.is_timeout() => Ok(()),
            Err(source) => Err(BootpError::Link { operation: format!("answer {mac}"), source }),
        }
    }

    /// A message on the wire, whoever it is for; or nothing until the deadline. What else is on the wire, such as a transfer
    /// that goes on beside it, is passed over, so that no message waits behind it.
    fn receive(&mut self, deadline: Deadline) -> Result<Option<(MacAddress, Message)>, BootpError> {
        let mut buffer = [0; LONGEST_FRAME];
        for _ in 0..MOST_PASSED_OVER {
            let count = match self.frames.receive(&mut buffer, deadline) {
                Ok(count) => count,
                Err(error) if error.is_timeout() => return Ok(None),
                Err(error) if is_down(&error) => {
                    self.clock().sleep(LOOK_AROUND.min(deadline.left(self.clock())));
                    return Ok(None);
                }
                Err(source) => {
                    return Err(BootpError::Link { operation: "receive Ethernet frames".into(), source });
                }
            };
            if let Some(message) = message_of(&buffer[..count]) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn now(&self) -> Moment {
        self.clock().now()
    }
}

/// The message in a frame, and who sent it.
fn message_of(frame: &[u8]) -> Option<(MacAddress, Message)> {
    let (header, packet) = FrameHeader::split(frame)?;
    let udp = UdpPacket::split(packet).filter(|_| header.ether_type == ETHER_TYPE_IPV4)?;
    if ![SERVER_PORT, CLIENT_PORT].contains(&udp.to.port()) {
        return None;
    }
    Message::parse(udp.payload).ok().map(|message| (header.from, message))
}

fn is_down(error: &LinkError) -> bool {
    match error {
        LinkError::Disconnected { .. } => true,
        LinkError::Io { source, .. } => source.kind() == std::io::ErrorKind::NetworkDown,
        _ => false,
    }
}
