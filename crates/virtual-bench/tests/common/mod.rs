//! What the tests of this folder share.
#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "every test binary uses another part"
)]

use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError};
use debrick_target::capability::Silent;
use debrick_tftp::{Server, ServerEvent, Service};
use debrick_uboot_console::host::{Console, ConsoleConfig, ConsoleError, Reached, Until};
use debrick_virtual_bench::{Bench, Brick, Faults, FirmwareOptions, UnitState, VirtualRouter, firmware};

/// A small image, so that tests are quick.
pub fn image(version: &str) -> Vec<u8> {
    firmware(version, &FirmwareOptions { size: 256 << 10, ..FirmwareOptions::default() })
}

pub fn bricked(brick: Brick, faults: Faults, seed: u64) -> Bench {
    Bench::new(VirtualRouter::bricked(brick, &image("1.0.4")), faults, seed)
}

/// All that the unit prints in so many seconds.
pub fn listen(link: &mut dyn Link, seconds: u64) -> String {
    let deadline = Deadline::after(link.clock(), Duration::from_secs(seconds));
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match link.read(&mut buffer, deadline) {
            Ok(count) => text.extend_from_slice(&buffer[..count]),
            Err(LinkError::TimedOut { .. }) => return String::from_utf8_lossy(&text).into_owned(),
            Err(error) => panic!("{error}"),
        }
    }
}

pub fn console(bench: &Bench) -> Console {
    Console::new(bench.console(), ConsoleConfig::default())
}

pub fn within(console: &Console, seconds: u64) -> Deadline {
    Deadline::after(console.clock(), Duration::from_secs(seconds))
}

/// Runs `tftpboot` with a server next to it.
pub fn load(bench: &Bench, console: &mut Console, image: &[u8]) -> Result<String, ConsoleError> {
    let mut network = bench.network();
    let service = Service { images: vec![("fw.itb".into(), &image)], ..Service::default() };
    let mut server = Server::bind(&mut *network, "192.168.1.2:69".parse().unwrap(), service).unwrap();
    console.start("tftpboot 0x50000000 fw.itb", within(console, 5))?;
    let until = Deadline::after(&bench.clock, Duration::from_secs(120));
    let over =
        |event: &ServerEvent| matches!(event, ServerEvent::Finished { .. } | ServerEvent::Aborted { .. });
    server.serve_until(until, &mut Silent, over).unwrap();
    let reply = console.poll_reply(within(console, 60))?;
    Ok(reply.map(|reply| reply.text).unwrap_or_default())
}

/// Writes what was loaded over the firmware region.
pub fn write(console: &mut Console, image: &[u8]) -> Result<String, ConsoleError> {
    let blocks = image.len().div_ceil(512);
    console.checked(&format!("virtio write 0x50000000 0x800 {blocks:#x}"), within(console, 60))
}

/// Restarts at the prompt; the version that the system names once it has started.
pub fn first_boot(console: &mut Console) -> Option<String> {
    console.reset().unwrap();
    ready(console)
}

pub fn ready(console: &mut Console) -> Option<String> {
    let until = Until { ready: vec!["READY ACME R1 ".into()], ..Until::default() };
    match console.watch(&until, within(console, 60)).unwrap().reached {
        Reached::Ready { text } => Some(text),
        _ => None,
    }
}

/// What a web page says, head and all.
pub fn get(bench: &Bench, path: &str) -> Result<String, LinkError> {
    let deadline = Deadline::after(&bench.clock, Duration::from_secs(5));
    let mut stream = bench.network().connect_stream("192.168.1.1:80".parse().unwrap(), deadline)?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes(), deadline)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 512];
    while let Ok(count) = stream.read(&mut buffer, deadline) {
        answer.extend_from_slice(&buffer[..count]);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether two units keep the same.
pub fn same_flash(left: &UnitState, right: &UnitState) -> bool {
    (0..32u64 << 20).step_by(1 << 20).all(|at| left.read(at, 1 << 20) == right.read(at, 1 << 20))
}

pub fn seconds(clock: &dyn Clock) -> f64 {
    clock.now().since_start().as_secs_f64()
}
