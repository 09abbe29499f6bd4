//! A wire with a unit on it, perhaps two, that loses and doubles frames by a seed.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Clock, LinkError, Moment, Network, Rng};
use debrick_model::MacAddress;
use debrick_nmrp::device::{NmrpConfig, NmrpCounts, NmrpDevice, NmrpOutcome};
use debrick_nmrp::wire::{Code, Message};
use debrick_nmrp::{ETHER_TYPE, Flashed, Host, HostOptions, Neighbour, NmrpError, Region};
use debrick_target::{Source, Watch};

pub(crate) const MAC: MacAddress = mac(1);
pub(crate) const LOCAL: Ipv4Addr = Ipv4Addr::new(10, 164, 183, 253);

pub(crate) const fn mac(last: u8) -> MacAddress {
    MacAddress::new([0x2C, 0xB0, 0x5D, 0, 0, last])
}

pub(crate) fn options() -> HostOptions {
    HostOptions::default()
}

pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

pub(crate) struct Wire {
    pub device: NmrpDevice,
    pub second: Option<NmrpDevice>,
    /// How long everything takes that the second unit says.
    pub second_takes: Duration,
    late: Vec<(Moment, Output)>,
    pub switch_on_at: Option<Duration>,
    pub stop_after: Option<u64>,
    pub refuse_neighbour: bool,
    /// Loses every CLOSE_REQ of the host.
    pub mute_close: bool,
    pub dropped: u32,
    pub doubled: u32,
    rng: Rng,
    drop: f64,
    double: f64,
}

impl Wire {
    pub(crate) fn off(config: NmrpConfig) -> Self {
        Self {
            device: NmrpDevice::new(config),
            second: None,
            second_takes: Duration::ZERO,
            late: Vec::new(),
            switch_on_at: None,
            stop_after: None,
            refuse_neighbour: false,
            mute_close: false,
            dropped: 0,
            doubled: 0,
            rng: Rng::new(0),
            drop: 0.0,
            double: 0.0,
        }
    }

    pub(crate) fn on(config: NmrpConfig) -> Self {
        let mut wire = Self::off(config);
        wire.device.power_on(Moment::default());
        wire
    }

    pub(crate) fn faults(&mut self, seed: u64, drop: f64, double: f64) {
        (self.rng, self.drop, self.double) = (Rng::new(seed), drop, double);
    }

    /// How often a frame arrives.
    fn copies(&mut self) -> u32 {
        if self.rng.chance(self.drop) {
            self.dropped += 1;
            return 0;
        }
        let doubled = u32::from(self.rng.chance(self.double));
        self.doubled += doubled;
        1 + doubled
    }
}

fn is_close(frame: &[u8]) -> bool {
    let message = frame.get(14..).map(Message::parse);
    matches!(message, Some(Ok(Message { code: Code::CloseRequest, .. })))
}

impl Device for Wire {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if self.switch_on_at.is_some_and(|at| now.since_start() >= at) {
            self.switch_on_at = None;
            self.device.power_on(now);
        }
        let mut copies = 1;
        if let Input::Frame(frame) = input {
            copies = if self.mute_close && is_close(frame) { 0 } else { self.copies() };
        }
        let mut said = Vec::new();
        for _ in 0..copies {
            self.device.handle(input, now, &mut said);
            if let Some(second) = &mut self.second {
                let mut theirs = Vec::new();
                second.handle(input, now, &mut theirs);
                let due = now + self.second_takes;
                self.late.extend(theirs.into_iter().map(|output| (due, output)));
            }
        }
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|(due, _)| *due <= now);
        self.late = late;
        let due: Vec<(Moment, Output)> = due;
        said.extend(due.into_iter().map(|(_, output)| output));
        for output in said {
            let copies = if matches!(output, Output::Frame(_)) { self.copies() } else { 1 };
            out.extend((0..copies).map(|_| output.clone()));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        let switch_on = self.switch_on_at.map(Moment::from_start);
        let second = self.second.as_ref().and_then(Device::next_wake);
        let late = self.late.iter().map(|(due, _)| *due);
        switch_on.into_iter().chain(self.device.next_wake()).chain(second).chain(late).min()
    }
}

pub(crate) struct Run {
    pub result: Result<Flashed, NmrpError>,
    pub neighbours: Vec<Neighbour>,
    pub flash: Option<Vec<u8>>,
    pub region: Option<Region>,
    pub outcome: Option<NmrpOutcome>,
    pub counts: NmrpCounts,
    pub took: Duration,
}

struct StopAfter {
    limit: Option<u64>,
    bytes: Cell<u64>,
}

impl Watch for StopAfter {
    fn advance(&mut self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
    }

    fn cancelled(&self) -> bool {
        self.limit.is_some_and(|limit| self.bytes.get() >= limit)
    }
}

pub(crate) fn recover(config: NmrpConfig, options: HostOptions, image: &dyn Source) -> Run {
    let wire = Wire::on(config);
    recover_from(&World::new(wire, debrick_link::VirtualClock::new()), options, image)
}

pub(crate) fn recover_from(world: &World<Wire>, options: HostOptions, image: &dyn Source) -> Run {
    let began = world.clock().now();
    let mut network = world.network();
    let frames = network.open_frames(Some(ETHER_TYPE)).unwrap();
    let mut neighbours = Vec::new();
    let (refuses, limit) = world.with_device(|wire| (wire.refuse_neighbour, wire.stop_after));
    let mut note = |neighbour| {
        if refuses {
            return Err(LinkError::Unsupported { link: "eth0".into(), what: "note neighbours".into() });
        }
        neighbours.push(neighbour);
        Ok(())
    };
    let mut watch = StopAfter { limit, bytes: Cell::new(0) };
    let result = Host::new(frames, options).flash(&mut network, LOCAL, &mut note, image, &mut watch);
    world.with_device(|wire| Run {
        result,
        neighbours,
        flash: wire.device.flash().map(<[u8]>::to_vec),
        region: wire.device.region(),
        outcome: wire.device.outcome().cloned(),
        counts: wire.device.counts(),
        took: world.clock().now().since(began),
    })
}
