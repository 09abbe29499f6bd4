//! Our server before peers that are no clients, are too many, or ask twice; and how much of an image it holds.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{address, bytes};
use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Deadline, Moment, Rng, VirtualClock};
use debrick_target::{Source, SourceError};
use debrick_tftp::wire::Packet;
use debrick_tftp::{ErrorCode, Options, Refusal, Server, ServerEvent, Service, TftpError};

const HOST: &str = "10.0.0.2:69";
const UNIT: &str = "10.0.0.1:1000";
const REQUEST: &[u8] = b"\0\x01image.bin\0octet\0";

/// Sends what the test says, and keeps what comes.
#[derive(Default)]
struct Puppet {
    outbox: Vec<Output>,
    seen: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Device for Puppet {
    fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
        if let Input::Datagram { from, to, payload } = input {
            self.seen.push((from, to, payload.to_vec()));
        }
        out.append(&mut self.outbox);
    }

    fn next_wake(&self) -> Option<Moment> {
        (!self.outbox.is_empty()).then(Moment::default)
    }
}

struct Bench<'n, 'a> {
    world: World<Puppet>,
    server: Server<'n, 'a>,
}

impl Bench<'_, '_> {
    fn say(&self, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let payload = payload.to_vec();
        self.world.with_device(|puppet| puppet.outbox.push(Output::Datagram { from, to, payload }));
    }

    fn ask(&self, from: SocketAddr, payload: &[u8]) {
        self.say(from, address(HOST), payload);
    }

    fn events(&mut self) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        loop {
            let deadline = Deadline::after(self.world.clock(), Duration::from_millis(50));
            match self.server.poll(deadline).unwrap() {
                ServerEvent::Idle => return events,
                event => events.push(event),
            }
        }
    }

    fn seen(&self) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.world.with_device(|puppet| std::mem::take(&mut puppet.seen))
    }
}

fn with_bench(service: Service<'_>, test: impl FnOnce(Bench<'_, '_>)) {
    let world = World::new(Puppet::default(), VirtualClock::new());
    let mut network = world.network();
    let server = Server::bind(&mut network, address(HOST), service).unwrap();
    test(Bench { world, server });
}

fn error_code(datagram: &[u8]) -> ErrorCode {
    match Packet::parse(datagram) {
        Ok(Packet::Error { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_are_answered_in_full() {
    let image = bytes(10_000, 1);
    with_bench(Service { most_window: 4, ..Service::of("image.bin", &image) }, |mut bench| {
        let mut request = REQUEST.to_vec();
        for option in ["TIMEOUT", "5", "tsize", "0", "blksize", "1468", "windowsize", "9", "multicast", ""] {
            request.extend_from_slice(option.as_bytes());
            request.push(0);
        }
        bench.ask(address(UNIT), &request);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        let (from, to, datagram) = bench.seen().remove(0);
        assert_ne!(from.port(), 69, "a transfer has its own port");
        assert_eq!(to, address(UNIT));
        let options = Options {
            block_size: Some(1468),
            transfer_size: Some(10_000),
            timeout_s: Some(5),
            window_size: Some(4),
        };
        assert_eq!(Packet::parse(&datagram), Ok(Packet::OptionAck { options }));
    });
}

#[test]
fn what_is_no_request_is_refused_and_what_is_none_of_ours_ignored() {
    let image = bytes(10, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        bench.ask(address(UNIT), b"hello");
        assert!(matches!(&bench.events()[..], [ServerEvent::Refused { why: Refusal::Malformed, .. }]));
        assert_eq!(error_code(&bench.seen()[0].2), ErrorCode::ILLEGAL);
        bench.ask(address(UNIT), b"\0\x04\0\x01");
        bench.ask(address(UNIT), b"\0\x05\0\x01no\0");
        assert!(bench.events().is_empty() && bench.seen().is_empty());
    });
}

#[test]
fn a_stranger_on_a_transfer_s_port_is_told_off_and_the_transfer_goes_on() {
    let image = bytes(10, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        bench.ask(address(UNIT), REQUEST);
        bench.events();
        let port = bench.seen()[0].0;
        for stranger in ["10.0.0.1:1001", "10.0.0.9:1000"] {
            bench.say(address(stranger), port, b"\0\x04\0\x01");
            assert!(bench.events().is_empty());
            let (from, to, datagram) = bench.seen().remove(0);
            assert_eq!((from, to), (port, address(stranger)));
            assert_eq!(error_code(&datagram), ErrorCode::UNKNOWN_PORT);
        }
        bench.say(address(UNIT), port, b"\0\x04\0\x01");
        assert!(matches!(&bench.events()[..], [ServerEvent::Finished { bytes: 10, acknowledged: true, .. }]));
    });
}

#[test]
fn a_repeated_request_gets_the_same_answer_once_more() {
    let image = bytes(1000, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        bench.ask(address(UNIT), REQUEST);
        bench.ask(address(UNIT), REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        let seen = bench.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], seen[1]);
        assert_eq!(bench.server.transfers(), 1);
    });
}

#[test]
fn a_late_copy_of_a_request_does_not_end_its_transfer() {
    let image = bytes(2000, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        bench.ask(address(UNIT), REQUEST);
        bench.events();
        let port = bench.seen()[0].0;
        bench.say(address(UNIT), port, b"\0\x04\0\x01");
        bench.events();
        bench.ask(address(UNIT), REQUEST);
        bench.events();
        for block in 2..=4 {
            bench.say(address(UNIT), port, &[0, 4, 0, block]);
        }
        let events = bench.events();
        assert!(matches!(&events[..], [ServerEvent::Finished { bytes: 2000, .. }]), "{events:?}");
        assert_eq!(bench.server.transfers(), 0, "what the copy began is over too");
    });
}

#[test]
fn a_new_request_from_the_same_port_replaces_the_old_transfer() {
    let image = bytes(2000, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        bench.ask(address(UNIT), REQUEST);
        bench.events();
        let old = bench.seen()[0].0;
        bench.say(address(UNIT), old, b"\0\x04\0\x01");
        bench.events();
        bench.seen();
        bench.ask(address(UNIT), REQUEST);
        bench.events();
        let new = bench.seen()[0].0;
        assert_ne!(new, old);
        for block in 1..=4 {
            bench.say(address(UNIT), new, &[0, 4, 0, block]);
        }
        let events = bench.events();
        let restarted = |event: &ServerEvent| {
            matches!(event, ServerEvent::Aborted { error: TftpError::Restarted { .. }, bytes: 512, .. })
        };
        assert!(events.iter().any(restarted), "{events:?}");
        assert!(events.iter().any(|event| matches!(event, ServerEvent::Finished { .. })), "{events:?}");
        assert!(bench.seen().iter().all(|(from, ..)| *from == new), "the old one fell silent");
    });
}

#[test]
fn transfers_are_limited() {
    let image = bytes(1000, 1);
    with_bench(Service { most_transfers: 2, ..Service::of("image.bin", &image) }, |mut bench| {
        for port in 1000..1003 {
            bench.ask(SocketAddr::new(address(UNIT).ip(), port), REQUEST);
        }
        let events = bench.events();
        assert!(matches!(events.last(), Some(ServerEvent::Refused { why: Refusal::TooManyTransfers, .. })));
        assert_eq!(bench.server.transfers(), 2);
    });
}

#[test]
fn noise_does_no_harm() {
    let image = bytes(1000, 1);
    with_bench(Service::of("image.bin", &image), |mut bench| {
        let mut rng = Rng::new(1);
        for _ in 0..20_000 {
            let mut datagram = vec![0; rng.below(60) as usize];
            rng.fill(&mut datagram);
            if rng.chance(0.8) {
                let opcode = [0, rng.below(8) as u8];
                datagram.splice(0..datagram.len().min(2), opcode);
            }
            if rng.chance(0.2) {
                datagram.splice(.., REQUEST.iter().copied());
            }
            let from = SocketAddr::new(address(UNIT).ip(), 1000 + rng.below(6) as u16);
            let mut to = address(HOST);
            if rng.chance(0.7) {
                to.set_port(49_152 + rng.below(200) as u16);
            }
            bench.say(from, to, &datagram);
            if rng.chance(0.05) {
                bench.events();
                assert!(bench.server.transfers() <= 4);
            }
        }
        bench.events();
        assert!(!bench.seen().is_empty());
    });
}

/// An image that is nowhere, and remembers the largest piece that was asked for.
struct Nowhere(AtomicUsize);

impl Source for Nowhere {
    fn len(&self) -> u64 {
        1 << 40
    }

    fn read_at(&self, _offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.0.fetch_max(buffer.len(), Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn only_a_small_part_of_an_image_is_held() {
    let image = Nowhere(AtomicUsize::new(0));
    with_bench(Service { most_window: 64, ..Service::of("image.bin", &image) }, |mut bench| {
        let mut request = REQUEST.to_vec();
        request.extend_from_slice(b"blksize\x001468\0windowsize\x0064\0");
        bench.ask(address(UNIT), &request);
        bench.events();
        let port = bench.seen()[0].0;
        for window in 0..100u16 {
            bench.say(address(UNIT), port, &[&[0, 4][..], &(window * 64).to_be_bytes()].concat());
            bench.events();
            assert_eq!(bench.seen().len(), 64);
        }
        assert_eq!(image.0.load(Ordering::Relaxed), 128 * 1024);
    });
}
