//! Parts of the tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::net::SocketAddr;

use debrick_http_upload::device::{HttpConfig, HttpDevice};
use debrick_http_upload::{HttpUploadError, UploadOptions, Uploaded, Uploader};
use debrick_link::simulated::World;
use debrick_link::{Rng, VirtualClock};
use debrick_target::Silent;

pub(crate) const UNIT: &str = "192.168.0.1:80";

pub(crate) fn unit() -> SocketAddr {
    UNIT.parse().unwrap()
}

pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

pub(crate) fn config() -> HttpConfig {
    HttpConfig::new(unit())
}

pub(crate) fn world(config: HttpConfig) -> World<HttpDevice> {
    World::new(HttpDevice::new(config), VirtualClock::new())
}

pub(crate) fn upload(
    world: &World<HttpDevice>,
    image: &[u8],
    options: UploadOptions,
) -> Result<Uploaded, HttpUploadError> {
    let mut network = world.network();
    Uploader::new(&mut network, unit(), options).upload("fw.bin", &image, &mut Silent)
}
