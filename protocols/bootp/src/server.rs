//! The host half: gives one unit an address, and says where to load from and what.
//!
//! It speaks in raw Ethernet frames: they belong to one interface whatever the routes say, need no free port 67 and no hole
//! in a firewall, and reach a unit that has no address yet. It never serves beside another server: [`Server::open`] asks
//! for one first, and the server stops when one shows up later.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_link::{Clock, Deadline, Frames};
use debrick_model::MacAddress;
use debrick_target::Watch;

use crate::error::BootpError;
use crate::talk::{Offer, Talk};
use crate::wire::{CLIENT_PORT, Kind, LONGEST_BOOT_FILE, Message, SERVER_PORT};

/// How long anything waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(100);

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
    talk: Talk,
    lease: Lease,
    unit: Option<MacAddress>,
}

impl Server {
    /// Looks for another server for 4.5 s, and begins to serve where there is none. `frames` was opened for IPv4.
    pub fn open(frames: Box<dyn Frames>, lease: Lease, watch: &dyn Watch) -> Result<Self, BootpError> {
        lease.check()?;
        let unit = lease.unit;
        let mut talk = Talk::new(frames);
        if let Some(other) = talk.call_for_servers(&mut |_| true, watch)?.pop() {
            return Err(talk.other_server(&other));
        }
        Ok(Self { talk, lease, unit })
    }

    /// The unit, once it is known.
    pub fn unit(&self) -> Option<MacAddress> {
        self.unit
    }

    /// The clock that deadlines are read on.
    pub fn clock(&self) -> &dyn Clock {
        self.talk.clock()
    }

    /// Serves until something is worth telling, or the deadline has passed. Another server on the wire ends it with
    /// [`BootpError::OtherServer`].
    pub fn poll(&mut self, deadline: Deadline) -> Result<ServerEvent, BootpError> {
        loop {
            if let Some((from, message)) = self.talk.receive(deadline)?
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

    /// Fails if a message is another server's.
    fn beware_of_others(&self, from: MacAddress, message: &Message) -> Result<(), BootpError> {
        if message.is_request || from == self.talk.address() {
            return Ok(());
        }
        Err(self.talk.other_server(&Offer::of(from, message)))
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
            return Err(self.talk.other_server(&Offer { server, mac: client, address: None }));
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
        self.talk.send(from, SocketAddrV4::new(to, CLIENT_PORT), mac, answer)
    }
}
