//! The device half: a bootloader that listens. After the description of zycast's author: packets have to come in order,
//! without a gap, and a transfer may be joined at any of its packets.

use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};

use crate::wire::{CHUNK, GROUP, Kind, Malformed, Packet};

/// How the bootloader behaves.
#[derive(Debug, Clone)]
pub struct ZyxelConfig {
    /// The longest firmware that it takes, in bytes.
    pub most_bytes: u32,
    /// When it begins to listen.
    pub listens_from: Moment,
    /// How long it takes for a packet; one that comes earlier is lost.
    pub packet_takes: Duration,
    /// Takes the packet with this number for lost, once, as often as it is named.
    pub loses: Vec<u32>,
    /// Says nothing of it, and writes this byte wrongly.
    pub damages_byte: Option<u32>,
    /// How long it takes to write.
    pub writes_in: Duration,
}

impl Default for ZyxelConfig {
    fn default() -> Self {
        Self {
            most_bytes: 32 << 20,
            listens_from: Moment::default(),
            packet_takes: Duration::from_millis(5),
            loses: Vec::new(),
            damages_byte: None,
            writes_in: Duration::from_secs(60),
        }
    }
}

/// What happened to the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZyxelEvent {
    /// The first packet was kept.
    Began {
        /// Its number.
        number: u32,
    },
    /// A packet was lost.
    Lost {
        /// Its number.
        number: u32,
    },
    /// A packet was damaged, or something else.
    Refused(Malformed),
    /// An image was longer than the flash has room for.
    TooLong,
    /// It has all of an image.
    Complete {
        /// What it is for.
        kind: Kind,
    },
    /// It has written it, and restarts.
    Wrote {
        /// Bytes.
        bytes: u32,
    },
    /// It wrote a byte wrongly.
    Damaged,
}

/// A bootloader that listens.
#[derive(Debug)]
pub struct ZyxelDevice {
    config: ZyxelConfig,
    /// What came, and which packets.
    image: Vec<u8>,
    kept: Vec<bool>,
    /// The number that has to come next.
    expected: Option<u32>,
    kind: Option<Kind>,
    free_at: Moment,
    writes_at: Option<Moment>,
    written: Option<Vec<u8>>,
    events: Vec<ZyxelEvent>,
}

impl ZyxelDevice {
    /// A bootloader that is switched on.
    pub fn new(config: ZyxelConfig) -> Self {
        Self {
            config,
            image: Vec::new(),
            kept: Vec::new(),
            expected: None,
            kind: None,
            free_at: Moment::default(),
            writes_at: None,
            written: None,
            events: Vec::new(),
        }
    }

    /// The firmware that it has written.
    pub fn written(&self) -> Option<&[u8]> {
        self.written.as_deref()
    }

    /// What has happened, in order.
    pub fn events(&self) -> &[ZyxelEvent] {
        &self.events
    }

    fn take(&mut self, packet: Packet<'_>, now: Moment) {
        let Packet { number, file_length, kind, payload, .. } = packet;
        let lost = self.config.loses.iter().position(|other| *other == number);
        if now < self.free_at || lost.is_some() {
            lost.map(|at| self.config.loses.swap_remove(at));
            self.events.push(ZyxelEvent::Lost { number });
            return;
        }
        self.free_at = now + self.config.packet_takes;
        if file_length > self.config.most_bytes {
            self.events.push(ZyxelEvent::TooLong);
            return;
        }
        let length = usize::try_from(file_length).unwrap_or(usize::MAX);
        let packets = length.div_ceil(CHUNK);
        if self.image.len() != length || self.kind != Some(kind) {
            self.image = vec![0; length];
            self.kept = vec![false; packets];
            self.kind = Some(kind);
            self.expected = None;
        }
        // It may begin anywhere; after a gap it waits until the round comes back to it.
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let begins = self.expected.is_none();
        if !begins && self.expected != Some(number) || at >= packets {
            return;
        }
        let offset = at * CHUNK;
        if payload.len() != CHUNK.min(length - offset) {
            return;
        }
        if begins {
            self.events.push(ZyxelEvent::Began { number });
        }
        self.image[offset..offset + payload.len()].copy_from_slice(payload);
        self.kept[at] = true;
        self.expected = u32::try_from((at + 1) % packets).ok();
        if self.kept.iter().all(|kept| *kept) {
            self.events.push(ZyxelEvent::Complete { kind });
            self.writes_at = Some(now + self.config.writes_in);
        }
    }

    fn write(&mut self) {
        self.writes_at = None;
        let mut image = std::mem::take(&mut self.image);
        if let Some(byte) = self.config.damages_byte.and_then(|at| image.get_mut(usize::try_from(at).ok()?)) {
            *byte ^= 0x10;
            self.events.push(ZyxelEvent::Damaged);
        }
        self.events.push(ZyxelEvent::Wrote { bytes: u32::try_from(image.len()).unwrap_or(u32::MAX) });
        self.written = Some(image);
    }
}

impl Device for ZyxelDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, _out: &mut Vec<Output>) {
        if self.writes_at.is_some_and(|at| at <= now) {
            self.write();
        }
        let is_listening =
            now >= self.config.listens_from && self.writes_at.is_none() && self.written.is_none();
        if let Input::Datagram { to, payload, .. } = input
            && to == GROUP
            && is_listening
        {
            match Packet::parse(payload) {
                Ok(packet) => self.take(packet, now),
                Err(error) => self.events.push(ZyxelEvent::Refused(error)),
            }
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.writes_at
    }
}
