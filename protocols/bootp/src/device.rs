//! The device half: a bootloader that asks for its address, in the manner of U-Boot's `bootp` and `dhcp`.
//!
//! It speaks in frames, as a bootloader without an address does.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output};
use debrick_link::{ETHER_TYPE_IPV4, FrameHeader, Moment, Rng, UdpPacket};
use debrick_model::MacAddress;

use crate::wire::{BOOT_OPTIONS, CLIENT_PORT, Kind, Message, SERVER_PORT};

/// How the bootloader asks.
#[derive(Debug, Clone)]
pub struct BootpConfig {
    /// Its Ethernet address.
    pub mac: MacAddress,
    /// Whether it asks by BOOTP instead of DHCP.
    pub bootp: bool,
    /// What it calls itself.
    pub vendor_class: Option<String>,
    /// Whether it can only hear broadcasts.
    pub broadcast: bool,
    /// Time before it asks again for the first time. It doubles with every repetition.
    pub first_wait: Duration,
    /// Longest time before it asks again.
    pub longest_wait: Duration,
    /// How often it asks before it gives up.
    pub most_tries: u32,
    /// Where its numbers of transactions come from.
    pub seed: u64,
}

impl BootpConfig {
    /// U-Boot's `dhcp`: asks again after a quarter of a second, half a second, a second, and then every two.
    pub fn u_boot(mac: MacAddress) -> Self {
        Self {
            mac,
            bootp: false,
            vendor_class: Some("U-Boot.armv7".into()),
            broadcast: false,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(2),
            most_tries: 10,
            seed: 1,
        }
    }
}

/// What it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its address.
    pub address: Ipv4Addr,
    /// The mask of its network, if it was told.
    pub mask: Option<Ipv4Addr>,
    /// Where to load from.
    pub next_server: Ipv4Addr,
    /// What to load.
    pub boot_file: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootpOutcome {
    /// It has an address.
    Bound(Given),
    /// Nobody answered.
    GaveUp,
}

/// A bootloader that asks for its address.
#[derive(Debug)]
pub struct BootpDevice {
    config: BootpConfig,
    rng: Rng,
    state: State,
    wake: Option<Moment>,
    wait: Duration,
    tries: u32,
    started: Moment,
    transaction: u32,
    outcome: Option<BootpOutcome>,
    refusals: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Off,
    Asking,
    Requesting { address: Ipv4Addr, server: Ipv4Addr },
    Over,
}

impl BootpDevice {
    /// A bootloader that has not begun.
    pub fn new(config: BootpConfig) -> Self {
        Self {
            rng: Rng::new(config.seed),
            state: State::Off,
            wake: None,
            wait: config.first_wait,
            tries: 0,
            started: Moment::default(),
            transaction: 0,
            outcome: None,
            refusals: 0,
            config,
        }
    }

    /// Begins to ask, with the next tick.
    pub fn start(&mut self, now: Moment) {
        self.state = State::Asking;
        self.started = now;
        self.wake = Some(now);
        self.wait = self.config.first_wait;
        self.tries = 0;
        self.outcome = None;
        self.transaction = self.rng.next_u64() as u32;
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&BootpOutcome> {
        self.outcome.as_ref()
    }

    /// What it was given, once it was.
    pub fn given(&self) -> Option<&Given> {
        match &self.outcome {
            Some(BootpOutcome::Bound(given)) => Some(given),
            _ => None,
        }
    }

    /// How often a server has refused what it asked for.
    pub fn refusals(&self) -> u32 {
        self.refusals
    }

    fn tick(&mut self, now: Moment, out: &mut Vec<Output>) {
        if self.wake.is_none_or(|wake| now < wake) {
            return;
        }
        if matches!(self.state, State::Off | State::Over) {
            self.wake = None;
            return;
        }
        if self.tries >= self.config.most_tries {
            self.state = State::Over;
            self.wake = None;
            self.outcome = Some(BootpOutcome::GaveUp);
            return;
        }
        self.tries += 1;
        // U-Boot begins anew with a DISCOVER when a REQUEST stays unanswered.
        if matches!(self.state, State::Requesting { .. }) {
            self.state = State::Asking;
            self.transaction = self.rng.next_u64() as u32;
        }
        self.ask(now, out);
        self.wake = Some(now + self.wait);
        self.wait = (self.wait * 2).min(self.config.longest_wait);
    }

    fn ask(&self, now: Moment, out: &mut Vec<Output>) {
        let mut question = Message {
            seconds: u16::try_from(now.since(self.started).as_secs()).unwrap_or(u16::MAX),
            broadcast: self.config.broadcast,
            vendor_class: self.config.vendor_class.clone(),
            wanted: BOOT_OPTIONS.to_vec(),
            ..Message::request(self.config.mac, self.transaction)
        };
        if !self.config.bootp {
            question.kind = Some(Kind::Discover);
        }
        if let State::Requesting { address, server } = self.state {
            question.kind = Some(Kind::Request);
            question.requested = Some(address);
            question.server = Some(server);
        }
        let payload = question.to_bytes();
        let packet = UdpPacket {
            from: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT),
            to: SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT),
            payload: &payload,
        };
        out.extend(packet.to_frame(self.config.mac, MacAddress::BROADCAST).map(Output::Frame));
    }

    fn on_frame(&mut self, frame: &[u8], now: Moment, out: &mut Vec<Output>) {
        let Some((header, packet)) = FrameHeader::split(frame) else { return };
        let is_for_us = header.to == self.config.mac || header.to == MacAddress::BROADCAST;
        if header.ether_type != ETHER_TYPE_IPV4 || !is_for_us {
            return;
        }
        let udp = UdpPacket::split(packet).filter(|udp| udp.to.port() == CLIENT_PORT);
        let Some(Ok(message)) = udp.map(|udp| Message::parse(udp.payload)) else { return };
        if message.is_request || message.transaction != self.transaction || message.mac != self.config.mac {
            return;
        }
        match (self.state, message.kind) {
            (State::Asking, None) if self.config.bootp => self.bind(&message),
            (State::Asking, Some(Kind::Offer)) if !self.config.bootp => {
                let Some(server) = message.server else { return };
                self.state = State::Requesting { address: message.yours, server };
                self.ask(now, out);
                self.wake = Some(now + self.wait);
            }
            (State::Requesting { .. }, Some(Kind::Ack)) => self.bind(&message),
            (State::Requesting { .. }, Some(Kind::Nak)) => {
                self.refusals += 1;
                self.state = State::Asking;
                self.transaction = self.rng.next_u64() as u32;
                self.wake = Some(now + self.wait);
            }
            _ => {}
        }
    }

    fn bind(&mut self, message: &Message) {
        self.state = State::Over;
        self.wake = None;
        self.outcome = Some(BootpOutcome::Bound(Given {
            address: message.yours,
            mask: message.mask,
            next_server: message.next_server,
            boot_file: message.boot_file.clone(),
        }));
    }
}

impl Device for BootpDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if let Input::Frame(frame) = input {
            self.on_frame(frame, now, out);
        }
        self.tick(now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.given().map(|given| given.address).into_iter().collect()
    }
}
