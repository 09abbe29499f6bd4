//! A wire between host and device that loses, doubles, delays and reorders datagrams, from a seed.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Moment, Rng};

pub(crate) const LATENCY: Duration = Duration::from_micros(200);

/// How often each fault happens to a datagram.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub drop: f64,
    pub double: f64,
    /// Held back by up to 20 ms, so that others overtake it.
    pub delay: f64,
}

impl Faults {
    pub(crate) const NONE: Self = Self { drop: 0.0, double: 0.0, delay: 0.0 };
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub datagrams: u64,
    pub dropped: u64,
    pub doubled: u64,
    pub delayed: u64,
    pub to_device: u64,
    pub to_host: u64,
}

struct Transit {
    to_device: bool,
    from: SocketAddr,
    to: SocketAddr,
    payload: Vec<u8>,
}

pub(crate) struct Wire<D> {
    pub device: D,
    pub counts: Counts,
    faults: Faults,
    rng: Rng,
    transit: BTreeMap<(Moment, u64), Transit>,
    serial: u64,
}

impl<D: Device> Wire<D> {
    pub(crate) fn new(device: D, faults: Faults, seed: u64) -> Self {
        Self {
            device,
            counts: Counts::default(),
            faults,
            rng: Rng::new(seed),
            transit: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Puts what the device sends on the wire.
    pub(crate) fn absorb(&mut self, outputs: Vec<Output>, now: Moment) {
        for output in outputs {
            if let Output::Datagram { from, to, payload } = output {
                self.carry(now, Transit { to_device: false, from, to, payload });
            }
        }
    }

    fn carry(&mut self, now: Moment, transit: Transit) {
        self.counts.datagrams += 1;
        if self.rng.chance(self.faults.drop) {
            self.counts.dropped += 1;
            return;
        }
        let copies = if self.rng.chance(self.faults.double) { 2 } else { 1 };
        self.counts.doubled += copies - 1;
        for _ in 0..copies {
            let mut arrival = now + LATENCY;
            if self.rng.chance(self.faults.delay) {
                self.counts.delayed += 1;
                arrival = arrival + Duration::from_micros(self.rng.below(20_000));
            }
            self.serial += 1;
            let Transit { to_device, from, to, ref payload } = transit;
            let copy = Transit { to_device, from, to, payload: payload.clone() };
            self.transit.insert((arrival, self.serial), copy);
        }
    }
}

impl<D: Device> Device for Wire<D> {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if let Input::Datagram { from, to, payload } = input {
            self.carry(now, Transit { to_device: true, from, to, payload: payload.to_vec() });
        }
        while let Some(entry) = self.transit.first_entry()
            && entry.key().0 <= now
        {
            let Transit { to_device, from, to, payload } = entry.remove();
            if to_device {
                self.counts.to_device += 1;
                let mut outputs = Vec::new();
                self.device.handle(Input::Datagram { from, to, payload: &payload }, now, &mut outputs);
                self.absorb(outputs, now);
            } else {
                self.counts.to_host += 1;
                out.push(Output::Datagram { from, to, payload });
            }
        }
        if self.device.next_wake().is_some_and(|wake| wake <= now) {
            let mut outputs = Vec::new();
            self.device.handle(Input::Tick, now, &mut outputs);
            self.absorb(outputs, now);
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        let wire = self.transit.first_key_value().map(|(key, _)| key.0);
        wire.into_iter().chain(self.device.next_wake()).min()
    }
}

/// Calls something of the device that sends, and puts that on the wire.
pub(crate) fn act<D: Device + 'static>(
    world: &World<Wire<D>>,
    act: impl FnOnce(&mut D, Moment, &mut Vec<Output>),
) {
    use debrick_link::Clock;
    let now = world.clock().now();
    world.with_device(|wire| {
        let mut outputs = Vec::new();
        act(&mut wire.device, now, &mut outputs);
        wire.absorb(outputs, now);
    });
}

pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
