//! Parts of the tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::net::SocketAddr;

use debrick_eva::device::{EvaConfig, EvaDevice};
use debrick_link::simulated::World;
use debrick_link::{Clock, Rng, VirtualClock};

pub(crate) fn unit() -> SocketAddr {
    "192.168.178.1:21".parse().unwrap()
}

pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

/// A unit that has just been switched on.
pub(crate) fn world(config: EvaConfig) -> World<EvaDevice> {
    let world = World::new(EvaDevice::new(config), VirtualClock::new());
    let now = world.clock().now();
    world.with_device(|device| device.switch_on(now));
    world
}
