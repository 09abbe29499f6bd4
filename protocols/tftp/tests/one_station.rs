//! Our server before two stations with one address: only their frames tell which of them is the unit.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use common::bytes;
use debrick_link::simulated::{Device, HOST_ADDRESS, Input, Output, World};
use debrick_link::{Deadline, Moment, UdpPacket, VirtualClock};
use debrick_model::MacAddress;
use debrick_tftp::{OneStation, Refusal, Senders, Server, ServerEvent, Service};

const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 168, 1, 2), 69);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const UNIT: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x11]);
const TWIN: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x22]);
const REQUEST: &[u8] = b"\0\x01image.bin\0octet\0";

/// A wire with stations that say what the test says.
#[derive(Default)]
struct Wire {
    outbox: Vec<Output>,
    answers: usize,
}

impl Device for Wire {
    fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
        self.answers += usize::from(matches!(input, Input::Datagram { .. }));
        out.append(&mut self.outbox);
    }

    fn next_wake(&self) -> Option<Moment> {
        (!self.outbox.is_empty()).then(Moment::default)
    }

    fn ethernet_address(&self) -> MacAddress {
        UNIT
    }
}

struct Bench<'n, 'a> {
    world: World<Wire>,
    server: Server<'n, 'a>,
}

impl Bench<'_, '_> {
    fn says(&self, station: MacAddress, from: Ipv4Addr, payload: &[u8]) {
        let packet = UdpPacket { from: SocketAddrV4::new(from, 1234), to: HOST, payload };
        let frame = packet.to_frame(station, HOST_ADDRESS).unwrap();
        self.world.with_device(|wire| wire.outbox.push(Output::Frame(frame)));
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

    /// How many datagrams the server sent since the last time.
    fn answers(&self) -> usize {
        self.world.with_device(|wire| std::mem::take(&mut wire.answers))
    }

    fn pinned(&self) -> Vec<(Ipv4Addr, MacAddress)> {
        self.world.neighbours().into_iter().collect()
    }
}

fn with_bench(unit: Option<MacAddress>, test: impl FnOnce(&mut Bench<'_, '_>)) {
    let image = bytes(10_000, 1);
    let world = World::new(Wire::default(), VirtualClock::new());
    let mut network = world.network();
    let senders = Senders::open(&mut network, 69).unwrap().unwrap();
    let station = Some(OneStation::new(senders, unit));
    let service = Service { station, ..Service::of("image.bin", &image) };
    let server = Server::bind(&mut network, SocketAddr::V4(HOST), service).unwrap();
    let mut bench = Bench { world: world.clone(), server };
    test(&mut bench);
    drop(bench);
    assert!(world.neighbours().is_empty(), "what was pinned is forgotten with the server");
}

fn is_refused(events: &[ServerEvent], from: MacAddress) -> bool {
    let why = Refusal::OtherStation { station: from, unit: UNIT };
    matches!(events, [ServerEvent::Refused { why: given, file, .. }] if *given == why && file == "image.bin")
}

#[test]
fn the_first_that_asks_is_the_unit_and_its_twin_hears_nothing() {
    with_bench(None, |bench| {
        bench.says(UNIT, ADDRESS, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        assert!(bench.answers() > 0);
        assert_eq!(bench.pinned(), [(ADDRESS, UNIT)]);
        // The same address, the same port, the same request.
        bench.says(TWIN, ADDRESS, REQUEST);
        assert!(is_refused(&bench.events(), TWIN));
        assert_eq!((bench.answers(), bench.pinned()), (0, vec![(ADDRESS, UNIT)]));
    });
}

#[test]
fn a_unit_that_is_known_is_served_though_its_twin_asks_first() {
    with_bench(Some(UNIT), |bench| {
        bench.says(TWIN, ADDRESS, REQUEST);
        assert!(is_refused(&bench.events(), TWIN));
        assert_eq!((bench.answers(), bench.pinned()), (0, vec![]));
        bench.says(UNIT, ADDRESS, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        assert_eq!(bench.pinned(), [(ADDRESS, UNIT)]);
    });
}

#[test]
fn requests_at_one_time_are_told_apart() {
    with_bench(Some(UNIT), |bench| {
        for station in [TWIN, UNIT, TWIN] {
            bench.says(station, ADDRESS, REQUEST);
        }
        let (asked, refused): (Vec<_>, Vec<_>) =
            bench.events().into_iter().partition(|event| matches!(event, ServerEvent::Requested { .. }));
        assert_eq!((asked.len(), refused.len()), (1, 2), "{refused:?}");
        assert!(refused.chunks(1).all(|one| is_refused(one, TWIN)), "{refused:?}");
    });
}

#[test]
fn who_asks_for_what_there_is_not_does_not_become_the_unit() {
    with_bench(None, |bench| {
        bench.says(TWIN, ADDRESS, b"\0\x01other.bin\0octet\0");
        let events = bench.events();
        assert!(matches!(&events[..], [ServerEvent::Refused { why: Refusal::NoSuchFile, .. }]), "{events:?}");
        bench.says(TWIN, ADDRESS, b"hello");
        assert!(matches!(&bench.events()[..], [ServerEvent::Refused { why: Refusal::Malformed, .. }]));
        assert_eq!(bench.pinned(), []);
        bench.says(UNIT, ADDRESS, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        assert_eq!(bench.pinned(), [(ADDRESS, UNIT)]);
    });
}

#[test]
fn a_unit_that_takes_another_address_stays_the_unit() {
    with_bench(None, |bench| {
        bench.says(UNIT, ADDRESS, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        let other = Ipv4Addr::new(192, 168, 1, 20);
        bench.says(UNIT, other, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
        assert_eq!(bench.pinned(), [(other, UNIT)]);
    });
}

#[test]
fn a_request_without_its_frame_is_not_answered_until_it_comes_again() {
    with_bench(Some(UNIT), |bench| {
        let long = [&b"\0\x01image.bin\0octet\0"[..], &[b'x'; 1500]].concat();
        let (from, to) = (SocketAddr::from((ADDRESS, 1234)), SocketAddr::V4(HOST));
        // Longer than a frame: it came in fragments.
        bench.world.with_device(|wire| wire.outbox.push(Output::Datagram { from, to, payload: long }));
        let events = bench.events();
        assert!(
            matches!(&events[..], [ServerEvent::Refused { why: Refusal::UnknownStation, .. }]),
            "{events:?}"
        );
        assert_eq!(bench.answers(), 0);
        bench.says(UNIT, ADDRESS, REQUEST);
        assert!(matches!(&bench.events()[..], [ServerEvent::Requested { .. }]));
    });
}
