//! The device half: a bootloader that listens. After the description of zycast's author: packets of an image have to come in
//! order, without a gap, and a transfer may be joined at any of its packets. Every packet says which images are sent together;
//! they are written once all of them are there.

use std::collections::BTreeMap;
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
    /// It has written an image.
    Wrote {
        /// What it is for.
        kind: Kind,
        /// Bytes.
        bytes: u32,
    },
    /// It wrote a byte wrongly.
    Damaged,
}

/// An image that comes.
#[derive(Debug)]
struct Coming {
    bytes: Vec<u8>,
    /// Which packets were kept.
    kept: Vec<bool>,
    /// The number that has to come next.
    expected: Option<usize>,
}

impl Coming {
    fn of(length: usize) -> Self {
        Self { bytes: vec![0; length], kept: vec![false; length.div_ceil(CHUNK)], expected: None }
    }

    fn is_whole(&self) -> bool {
        self.kept.iter().all(|kept| *kept)
    }

    /// Keeps a packet that comes in order. It may begin anywhere; after a gap it waits until the round comes back to it.
    fn keep(&mut self, at: usize, payload: &[u8]) -> bool {
        let is_next = self.expected.is_none_or(|expected| expected == at);
        let left = self.bytes.get_mut(at.saturating_mul(CHUNK)..).unwrap_or_default();
        if !is_next || left.is_empty() || payload.len() != CHUNK.min(left.len()) {
            return false;
        }
        left[..payload.len()].copy_from_slice(payload);
        self.kept[at] = true;
        self.expected = Some((at + 1) % self.kept.len());
        true
    }
}

/// A bootloader that listens.
#[derive(Debug)]
pub struct ZyxelDevice {
    config: ZyxelConfig,
    /// The images of the transfer that it is in, and the bits of all that belong to it.
    coming: BTreeMap<Kind, Coming>,
    kinds: u8,
    free_at: Moment,
    writes_at: Option<Moment>,
    written: BTreeMap<Kind, Vec<u8>>,
    events: Vec<ZyxelEvent>,
}

impl ZyxelDevice {
    /// A bootloader that is switched on.
    pub fn new(config: ZyxelConfig) -> Self {
        Self {
            config,
            coming: BTreeMap::new(),
            kinds: 0,
            free_at: Moment::default(),
            writes_at: None,
            written: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// The firmware that it has written, or the second copy of it where only that came.
    pub fn written(&self) -> Option<&[u8]> {
        self.written_as(Kind::Firmware).or_else(|| self.written_as(Kind::SecondFirmware))
    }

    /// What it has written of one kind.
    pub fn written_as(&self, kind: Kind) -> Option<&[u8]> {
        self.written.get(&kind).map(Vec::as_slice)
    }

    /// What has happened, in order.
    pub fn events(&self) -> &[ZyxelEvent] {
        &self.events
    }

    fn take(&mut self, packet: Packet<'_>, now: Moment) {
        let Packet { number, file_length, kind, kinds, payload, .. } = packet;
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
        if self.kinds != kinds {
            self.coming.clear();
            self.kinds = kinds;
        }
        let length = usize::try_from(file_length).unwrap_or(usize::MAX);
        let coming = self.coming.entry(kind).or_insert_with(|| Coming::of(length));
        if coming.bytes.len() != length {
            *coming = Coming::of(length);
        }
        let (begins, was_whole) = (coming.expected.is_none(), coming.is_whole());
        if !coming.keep(usize::try_from(number).unwrap_or(usize::MAX), payload) {
            return;
        }
        if begins {
            self.events.push(ZyxelEvent::Began { number });
        }
        if coming.is_whole() && !was_whole {
            self.events.push(ZyxelEvent::Complete { kind });
        }
        let whole = self.coming.iter().filter(|(_, coming)| coming.is_whole());
        if whole.fold(0, |bits, (kind, _)| bits | kind.bit()) == kinds {
            self.writes_at = Some(now + self.config.writes_in);
        }
    }

    fn write(&mut self) {
        self.writes_at = None;
        for (kind, mut image) in std::mem::take(&mut self.coming) {
            let damaged = self.config.damages_byte.and_then(|at| usize::try_from(at).ok());
            if let Some(byte) = damaged.and_then(|at| image.bytes.get_mut(at)) {
                *byte ^= 0x10;
                self.events.push(ZyxelEvent::Damaged);
            }
            let bytes = u32::try_from(image.bytes.len()).unwrap_or(u32::MAX);
            self.events.push(ZyxelEvent::Wrote { kind, bytes });
            self.written.insert(kind, image.bytes);
        }
    }
}

impl Device for ZyxelDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, _out: &mut Vec<Output>) {
        if self.writes_at.is_some_and(|at| at <= now) {
            self.write();
        }
        let is_listening =
            now >= self.config.listens_from && self.writes_at.is_none() && self.written.is_empty();
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
