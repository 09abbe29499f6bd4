//! Our client against our listening device, over a wire with faults, on a virtual clock.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::time::Duration;

use common::{Counts, Faults, Wire, act, address, bytes};
use debrick_link::simulated::World;
use debrick_link::{Clock, VirtualClock};
use debrick_model::Coded;
use debrick_target::{Opaque, Silent, Source, TargetError, Watch};
use debrick_tftp::device::{PushConfig, PushDevice, PushOutcome, PushQuirks, Verdict};
use debrick_tftp::{Client, ClientOptions, ErrorCode, TftpError, Transferred};

const UNIT: &str = "192.168.1.1:69";
const HOST: &str = "192.168.1.2:0";

struct Run {
    result: Result<Transferred, TftpError>,
    data: Vec<u8>,
    text: String,
    outcome: Option<PushOutcome>,
    counts: Counts,
    took: Duration,
}

fn recovery() -> PushConfig {
    PushConfig::recovery(address(UNIT))
}

fn u_boot() -> PushConfig {
    PushConfig::u_boot(address(UNIT), 2345)
}

fn world(config: PushConfig, faults: Faults, seed: u64) -> World<Wire<PushDevice>> {
    let world = World::new(Wire::new(PushDevice::new(config), faults, seed), VirtualClock::new());
    act(&world, |device, now, _| device.start(now));
    world
}

fn run_in(world: &World<Wire<PushDevice>>, options: ClientOptions, image: &dyn Source) -> Run {
    let mut network = world.network();
    let mut client = Client::new(&mut network, address(HOST).ip(), address(UNIT), options);
    let result = client.push("firmware.bin", image, &mut Silent);
    let took = world.clock().now().since_start();
    world.with_device(|wire| {
        let mut data = Vec::new();
        for chunk in wire.device.take_chunks() {
            assert_eq!(chunk.offset, data.len() as u64);
            data.extend(chunk.bytes);
        }
        let text = wire.device.take_console_text();
        Run { result, data, text, outcome: wire.device.result().cloned(), counts: wire.counts, took }
    })
}

fn run(config: PushConfig, options: ClientOptions, image: &dyn Source) -> Run {
    run_in(&world(config, Faults::NONE, 1), options, image)
}

fn check_taken(run: Run, image: &[u8]) -> Run {
    let bytes = image.len() as u64;
    assert_eq!(run.result.as_ref().map(|done| done.bytes).unwrap(), bytes);
    assert_eq!(run.outcome, Some(PushOutcome::Taken { name: "firmware.bin".into(), bytes }));
    assert!(run.data == image);
    run
}

fn check_fails(config: PushConfig, code: &str) -> Run {
    let run = run(config, ClientOptions::default(), &bytes(2000, 1));
    assert_eq!(run.result.as_ref().unwrap_err().code(), code, "{:?}", run.result);
    run
}

#[test]
fn every_length_arrives_with_and_without_options() {
    for length in [0, 1, 511, 512, 513, 1468, 2936, 100_000] {
        let image = bytes(length, 1);
        for options in [ClientOptions::default(), ClientOptions::fast()] {
            for config in [recovery(), u_boot(), PushConfig { options: Some((1024, 8)), ..u_boot() }] {
                let run = check_taken(run(config, options.clone(), &image), &image);
                assert!(run.text.ends_with(&format!("Bytes transferred = {length} ({length:x} hex)\n")));
            }
        }
    }
}

#[test]
fn options_are_used_where_they_are_known() {
    let image = bytes(100_000, 1);
    let agreed = |config| check_taken(run(config, ClientOptions::fast(), &image), &image).result.unwrap();
    let done = agreed(PushConfig { options: Some((1024, 8)), ..u_boot() });
    assert_eq!((done.options.block_size, done.options.window_size), (Some(1024), Some(8)));
    assert_eq!(done.peer, address("192.168.1.1:2345"));
    assert!(agreed(recovery()).options.is_empty());
}

#[test]
fn loaders_that_dislike_options_are_asked_without() {
    let image = bytes(3000, 1);
    let quirky = |quirks| PushConfig { quirks, ..u_boot() };
    let refuses = PushQuirks { refuses_options: true, ..PushQuirks::default() };
    let run_ = check_taken(run(quirky(refuses), ClientOptions::fast(), &image), &image);
    assert!(run_.took < Duration::from_secs(1));
    let deaf = PushQuirks { deaf_to_options: true, ..PushQuirks::default() };
    let run_ = check_taken(run(quirky(deaf), ClientOptions::fast(), &image), &image);
    assert!(run_.took < Duration::from_secs(7), "{:?}", run_.took);
}

#[test]
fn a_short_window_is_met() {
    let image = bytes(3000, 1);
    let world = World::new(
        Wire::new(
            PushDevice::new(PushConfig { open_for: Some(Duration::from_secs(2)), ..recovery() }),
            Faults::NONE,
            1,
        ),
        VirtualClock::new(),
    );
    // The unit is switched on while the client is asking already.
    struct SwitchOn<'a>(&'a World<Wire<PushDevice>>);
    impl Watch for SwitchOn<'_> {
        fn advance(&mut self, _bytes: u64) {}

        fn cancelled(&self) -> bool {
            let late = self.0.clock().now().since_start() > Duration::from_secs(20);
            let idle = self.0.with_device(|wire| wire.device.next_wake().is_none());
            if late && idle {
                act(self.0, |device, now, _| {
                    if device.result().is_none() {
                        device.start(now);
                    }
                });
            }
            false
        }
    }
    let mut network = world.network();
    let options = ClientOptions::default();
    let mut client = Client::new(&mut network, address(HOST).ip(), address(UNIT), options);
    client.push("firmware.bin", &image, &mut SwitchOn(&world)).unwrap();
    let waited = world.clock().now().since_start();
    assert!(waited < Duration::from_secs(22), "{waited:?}");
}

#[test]
fn nobody_there_is_told_after_a_while() {
    let config = PushConfig { open_for: Some(Duration::ZERO), ..recovery() };
    let run = check_fails(config, "tftp-no-answer");
    assert!(matches!(run.result, Err(TftpError::NoAnswer { requests: 60, .. })), "{:?}", run.result);
    assert_eq!(run.outcome, Some(PushOutcome::Closed));
}

#[test]
fn every_way_to_refuse_is_understood() {
    let verdict = |verdict| PushConfig { verdict: Some(verdict), ..recovery() };
    let full = |text: &str| (ErrorCode::FULL, text.to_owned());
    let (code, text) = full("too large");
    let words = "Error: checksum\n".to_owned();
    let run = check_fails(verdict(Verdict::RejectInWords(words)), "tftp-rejected");
    assert!(matches!(&run.result, Err(TftpError::Rejected { text, .. }) if text == "Error: checksum"));
    assert!(matches!(run.outcome, Some(PushOutcome::Rejected { bytes: 2000, .. })));
    check_fails(verdict(Verdict::RejectWithError(code, text.clone())), "tftp-refused");
    check_fails(verdict(Verdict::RejectAfterAck(code, text)), "tftp-refused");
    let silent = check_fails(verdict(Verdict::FallSilent), "tftp-last-ack-missing");
    assert!(silent.took > Duration::from_secs(180) && silent.took < Duration::from_secs(182));
    check_fails(PushConfig { most_bytes: 1000, ..recovery() }, "tftp-refused");
    check_fails(PushConfig { accepts: Some("x".into()), ..recovery() }, "tftp-refused");
}

#[test]
fn a_long_erase_before_the_last_ack_is_waited_for() {
    let image = bytes(100_000, 1);
    let quirks = PushQuirks { silent_before_last_ack: Duration::from_secs(170), ..PushQuirks::default() };
    check_taken(run(PushConfig { quirks, ..recovery() }, ClientOptions::default(), &image), &image);
}

#[test]
fn a_verdict_may_come_from_outside() {
    let image = bytes(3000, 1);
    let world = world(PushConfig { verdict: None, ..recovery() }, Faults::NONE, 1);
    let options = ClientOptions { last_ack_within: Duration::from_secs(1), ..ClientOptions::default() };
    let run = run_in(&world, options, &image);
    assert_eq!(run.result.unwrap_err().code(), "tftp-last-ack-missing");
    assert!(run.data == image && world.with_device(|wire| wire.device.is_deciding()));
    act(&world, |device, now, out| device.conclude(Verdict::Accept, now, out));
    let outcome = world.with_device(|wire| wire.device.result().cloned());
    assert!(matches!(outcome, Some(PushOutcome::Taken { .. })));
}

#[test]
fn lies_are_not_noticed_here() {
    let image = bytes(3000, 1);
    let quirks = PushQuirks { keeps_only: Some(1000), damages_byte: Some(600), ..PushQuirks::default() };
    let run = run(PushConfig { quirks, ..recovery() }, ClientOptions::default(), &image);
    assert!(run.result.is_ok());
    let mut lie = image[..1000].to_vec();
    lie[600] ^= 1;
    assert!(run.data == lie);
}

#[test]
fn a_bad_wire_only_makes_it_slower() {
    let image = bytes(200_000, 7);
    let faults = Faults { drop: 0.05, double: 0.05, delay: 0.05 };
    let windowed = PushConfig { options: Some((1024, 16)), ..u_boot() };
    for seed in 0..25 {
        for (config, mut options) in [
            (recovery(), ClientOptions::default()),
            (u_boot(), ClientOptions::fast()),
            (windowed.clone(), ClientOptions::fast()),
        ] {
            // A last ACK can be lost for good once the device has nothing to repeat; a longer linger is of no use then.
            options.last_ack_within = Duration::from_secs(60);
            let run = check_taken(run_in(&world(config, faults, seed), options, &image), &image);
            let Counts { dropped, doubled, delayed, .. } = run.counts;
            assert!(dropped > 0 && doubled > 0 && delayed > 0, "{:?}", run.counts);
        }
    }
}

#[test]
fn block_numbers_roll_over() {
    let image = bytes(512 * 66_000, 5);
    check_taken(run(recovery(), ClientOptions::default(), &image), &image);
    let quirks = PushQuirks { fails_at_rollover: true, ..PushQuirks::default() };
    let failed = run(PushConfig { quirks, ..recovery() }, ClientOptions::default(), &image);
    assert!(
        matches!(failed.result, Err(TftpError::Stalled { bytes, all_sent: false, .. }) if bytes == 65535 * 512),
        "{:?}",
        failed.result
    );
}

#[test]
fn it_stops_when_asked_but_not_after_the_last_block() {
    struct StopAt(u64);
    impl Watch for StopAt {
        fn advance(&mut self, bytes: u64) {
            self.0 = self.0.saturating_sub(bytes);
        }

        fn cancelled(&self) -> bool {
            self.0 == 0
        }
    }
    let image = bytes(5120, 1);
    let offer = |stop_after| {
        let world = world(recovery(), Faults::NONE, 1);
        let mut network = world.network();
        let options = ClientOptions::default();
        let mut client = Client::new(&mut network, address(HOST).ip(), address(UNIT), options);
        client.offer("firmware.bin", &image, &mut StopAt(stop_after))
    };
    assert!(matches!(offer(1024), Err(TargetError::Cancelled)));
    assert!(offer(5120).is_ok(), "only the empty last block is missing: too late");
    assert!(offer(u64::MAX).is_ok());
}

#[test]
fn names_that_cannot_be_sent_are_refused() {
    let world = world(recovery(), Faults::NONE, 1);
    let mut network = world.network();
    let mut client = Client::new(&mut network, address(HOST).ip(), address(UNIT), ClientOptions::default());
    let long = "x".repeat(256);
    for name in ["", "a\0b", &long] {
        let error = client.push(name, &vec![1], &mut Silent).unwrap_err();
        assert_eq!(error.code(), "tftp-bad-name");
    }
}
