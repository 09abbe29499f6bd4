//! Our server against our pulling device, over a wire with faults, on a virtual clock.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::time::Duration;

use common::{Counts, Faults, Wire, act, address, bytes};
use debrick_link::simulated::World;
use debrick_link::{Clock, Deadline, VirtualClock};
use debrick_tftp::device::{Chunk, PullConfig, PullDevice, PullOutcome, PullQuirks};
use debrick_tftp::{
    ErrorCode, NamePolicy, Options, Refusal, Rollover, Server, ServerEvent, Service, TftpError,
};

const HOST: &str = "192.168.1.2:69";
const UNIT: &str = "192.168.1.1:2345";

struct Run {
    events: Vec<ServerEvent>,
    data: Vec<u8>,
    text: String,
    outcome: Option<PullOutcome>,
    counts: Counts,
    took: Duration,
}

fn config() -> PullConfig {
    PullConfig::u_boot(address(UNIT), address(HOST), "image.bin")
}

fn plain() -> PullConfig {
    PullConfig { options: Options::default(), ..config() }
}

fn windowed(block_size: u16, window: u16) -> PullConfig {
    let mut config = config();
    config.options.block_size = Some(block_size);
    config.options.window_size = Some(window);
    config
}

/// Lets a device pull until it and the server are done.
fn run(config: PullConfig, service: Service<'_>, faults: Faults, seed: u64) -> Run {
    let world = World::new(Wire::new(PullDevice::new(config), faults, seed), VirtualClock::new());
    let mut network = world.network();
    let mut server = Server::bind(&mut network, address(HOST), service).unwrap();
    act(&world, |device, now, out| device.start(now, out));
    let (mut events, mut data, mut text) = (Vec::new(), Vec::new(), String::new());
    loop {
        let event = server.poll(Deadline::after(world.clock(), Duration::from_millis(500))).unwrap();
        world.with_device(|wire| {
            for Chunk { offset, bytes } in wire.device.take_chunks() {
                assert!(offset == 0 || offset == data.len() as u64, "chunks come in order");
                data.truncate(offset as usize);
                data.extend(bytes);
            }
            text.push_str(&wire.device.take_console_text());
        });
        let idle = matches!(event, ServerEvent::Idle);
        if !idle && !matches!(event, ServerEvent::Progress { .. }) {
            events.push(event);
        }
        let outcome = world.with_device(|wire| wire.device.result().cloned());
        if (outcome.is_some() && server.transfers() == 0 && idle)
            || world.clock().now().since_start() > Duration::from_secs(3600)
        {
            let counts = world.with_device(|wire| wire.counts);
            let took = world.clock().now().since_start();
            return Run { events, data, text, outcome, counts, took };
        }
    }
}

fn check_loads(config: PullConfig, service: Service<'_>, image: &[u8], faults: Faults, seed: u64) -> Run {
    let run = run(config, service, faults, seed);
    let bytes = image.len() as u64;
    assert_eq!(run.outcome, Some(PullOutcome::Loaded { bytes }), "seed {seed}: {}", run.text);
    assert!(run.data == image, "seed {seed}: what came is not what was sent");
    let finished = run.events.iter().filter(|event| matches!(event, ServerEvent::Finished { .. })).count();
    assert_eq!(finished, 1, "seed {seed}: {:?}", run.events);
    run
}

#[test]
fn every_length_around_a_block_arrives() {
    for length in [0, 1, 511, 512, 513, 1467, 1468, 1469, 2936, 100_000] {
        let image = bytes(length, 1);
        for config in [config(), plain(), windowed(512, 4)] {
            let run = check_loads(config, Service::of("image.bin", &image), &image, Faults::NONE, 1);
            assert!(run.text.ends_with(&format!("\ndone\nBytes transferred = {length} ({length:x} hex)\n")));
            assert!(run.took < Duration::from_secs(2), "{:?} for {length} bytes", run.took);
        }
    }
}

/// As recorded from U-Boot 2023.01 (Debian's `qemu_arm`), loading 6000000 bytes from QEMU's own TFTP server, which
/// agrees to 1428 bytes at most; but for the rate, which is the virtual wire's.
const RECORDED: &str = "Using virtio-net#31 device
TFTP from server 192.168.1.2; our IP address is 192.168.1.1
Filename 'image.bin'.
Load address: 0x40200000
Loading: *\x08#################################################################
\t #################################################################
\t #################################################################
\t #################################################################
\t #################################################################
\t #################################################################
\t ###############################
\t 3.4 MiB/s
done
Bytes transferred = 6000000 (5b8d80 hex)
";

#[test]
fn the_console_reads_like_u_boot_s() {
    let image = bytes(6_000_000, 1);
    let service = || Service { most_block_size: 1428, ..Service::of("image.bin", &image) };
    let run = check_loads(config(), service(), &image, Faults::NONE, 1);
    assert_eq!(run.text, RECORDED);

    let mut sized = config();
    sized.options.transfer_size = Some(0);
    let run = check_loads(sized, service(), &image, Faults::NONE, 1);
    let bar = "#".repeat(50);
    assert!(
        run.text.contains(&format!("Loading: *\x08{bar}  5.7 MiB\n\t 3.4 MiB/s\ndone\n")),
        "{}",
        run.text
    );
}

#[test]
fn a_missing_file_ends_it() {
    let image = bytes(10, 1);
    let run = run(config(), Service::of("other.bin", &image), Faults::NONE, 1);
    assert!(run.text.ends_with("\nTFTP error: 'File not found' (1)\nNot retrying...\n"), "{}", run.text);
    assert!(matches!(run.outcome, Some(PullOutcome::Refused { code: ErrorCode::NOT_FOUND, .. })));
    assert!(
        matches!(&run.events[..], [ServerEvent::Refused { why: Refusal::NoSuchFile, file, .. }] if file == "image.bin")
    );
}

#[test]
fn any_name_serves_the_first_image() {
    let image = bytes(10_000, 1);
    let service = Service { names: NamePolicy::Any, ..Service::of("whatever", &image) };
    check_loads(config(), service, &image, Faults::NONE, 1);
}

#[test]
fn strangers_get_no_answer() {
    let image = bytes(10, 1);
    let service =
        Service { allowed_peers: vec!["192.168.1.77".parse().unwrap()], ..Service::of("image.bin", &image) };
    let run = run(PullConfig { most_restarts: 1, ..config() }, service, Faults::NONE, 1);
    assert_eq!(run.outcome, Some(PullOutcome::GaveUp));
    assert_eq!(run.counts.to_host, 22, "two attempts, each a request and ten repetitions");
    let (repeats, again) = ("T ".repeat(10), "\nRetry count exceeded; starting again\n");
    assert!(run.text.contains(&format!("Loading: *\x08{repeats}{again}Using")), "{}", run.text);
    assert!(
        run.events
            .iter()
            .all(|event| matches!(event, ServerEvent::Refused { why: Refusal::PeerNotAllowed, .. }))
    );
}

#[test]
fn a_bad_wire_only_makes_it_slower() {
    let image = bytes(200_000, 7);
    let faults = Faults { drop: 0.05, double: 0.05, delay: 0.05 };
    for seed in 0..25 {
        for config in [config(), plain(), windowed(1024, 8), windowed(512, 64)] {
            let config = PullConfig { most_restarts: 50, ..config };
            let run = check_loads(config, Service::of("image.bin", &image), &image, faults, seed);
            let Counts { dropped, doubled, delayed, .. } = run.counts;
            assert!(dropped > 0 && doubled > 0 && delayed > 0, "{:?}", run.counts);
        }
    }
}

#[test]
fn duplicates_do_not_breed() {
    let image = bytes(512 * 400, 7);
    let faults = Faults { double: 0.2, ..Faults::NONE };
    let config =
        PullConfig { quirks: PullQuirks { acks_duplicates: true, ..PullQuirks::default() }, ..plain() };
    let run = check_loads(config, Service::of("image.bin", &image), &image, faults, 3);
    // 401 blocks and as many ACKs, a request; every doubled block is acknowledged once more.
    assert!(run.counts.doubled > 100);
    assert!(run.counts.datagrams < 802 + 2 * run.counts.doubled, "{:?}", run.counts);
}

#[test]
fn block_numbers_roll_over() {
    let image = bytes(8 * 140_000 + 3, 5);
    for (rollover, window) in [(Rollover::ToZero, 1), (Rollover::ToOne, 1), (Rollover::ToZero, 16)] {
        let service = Service { rollover, ..Service::of("image.bin", &image) };
        let config = windowed(8, window);
        let run = check_loads(config, service, &image, Faults::NONE, 1);
        assert!(run.counts.to_device >= 140_000, "{:?}", run.counts);
    }
    let faults = Faults { drop: 0.001, double: 0.001, delay: 0.001 };
    check_loads(windowed(8, 16), Service::of("image.bin", &image), &image, faults, 1);
}

#[test]
fn a_large_image_takes_few_datagrams_with_a_window() {
    let image = bytes(64 << 20, 5);
    let blocks = (image.len() as u64) / 1468 + 1;
    for (window, most) in [(1, 2 * blocks + 3), (16, blocks + blocks / 16 + 4)] {
        let run =
            check_loads(windowed(1468, window), Service::of("image.bin", &image), &image, Faults::NONE, 1);
        assert!(run.counts.datagrams <= most, "window {window}: {:?}", run.counts);
    }
}

#[test]
fn quirks_of_loaders_are_served() {
    let image = bytes(100_000, 5);
    let quirky = |quirks| PullConfig { quirks, ..config() };
    let none = PullQuirks::default();

    let run_ = check_loads(
        quirky(PullQuirks { no_last_ack: true, ..none }),
        Service::of("image.bin", &image),
        &image,
        Faults::NONE,
        1,
    );
    assert!(matches!(run_.events.last(), Some(ServerEvent::Finished { acknowledged: false, .. })));

    let to_69 = quirky(PullQuirks { acks_to_well_known_port: true, ..none });
    let run_ = check_loads(to_69, Service::of("image.bin", &image), &image, Faults::NONE, 1);
    assert!(matches!(run_.events.last(), Some(ServerEvent::Finished { acknowledged: true, .. })));

    let restarts = quirky(PullQuirks { restarts_after_bytes: Some(50_000), ..none });
    let run_ = check_loads(restarts, Service::of("image.bin", &image), &image, Faults::NONE, 1);
    let restarted = |event: &ServerEvent| matches!(event, ServerEvent::Aborted { error: TftpError::Restarted { .. }, bytes, .. } if *bytes > 40_000);
    assert!(run_.events.iter().any(restarted), "{:?}", run_.events);
    assert!(run_.took < Duration::from_secs(3), "{:?}", run_.took);

    let aborts = quirky(PullQuirks { aborts_after_bytes: Some(1), ..none });
    let run_ = run(aborts, Service::of("image.bin", &image), Faults::NONE, 1);
    let aborted = |event: &ServerEvent| {
        matches!(
            event,
            ServerEvent::Aborted { error: TftpError::Refused { code: ErrorCode::ACCESS, .. }, .. }
        )
    };
    assert!(run_.events.iter().any(aborted), "{:?}", run_.events);
}

#[test]
fn a_vanished_loader_is_given_up() {
    let image = bytes(100_000, 5);
    let faults = Faults { drop: 1.0, ..Faults::NONE };
    let world = World::new(Wire::new(PullDevice::new(config()), Faults::NONE, 1), VirtualClock::new());
    let mut network = world.network();
    let mut server = Server::bind(&mut network, address(HOST), Service::of("image.bin", &image)).unwrap();
    act(&world, |device, now, out| device.start(now, out));
    let soon = |world: &World<_>| Deadline::after(world.clock(), Duration::from_secs(60));
    assert!(matches!(server.poll(soon(&world)).unwrap(), ServerEvent::Requested { .. }));
    world.with_device(|wire| *wire = Wire::new(PullDevice::new(config()), faults, 1));
    let event = server.poll(soon(&world)).unwrap();
    assert!(
        matches!(&event, ServerEvent::Aborted { error: TftpError::Stalled { all_sent: false, .. }, .. }),
        "{event:?}"
    );
    assert_eq!(server.transfers(), 0);
    let waited = world.clock().now().since_start();
    assert!(waited > Duration::from_secs(29) && waited < Duration::from_secs(32), "{waited:?}");
}
