//! Both halves against each other on a virtual clock, and the sender on real multicast.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(clippy::disallowed_methods, reason = "one test has a real socket")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Clock, FrameHeader, Moment, Network, Rng, VirtualClock};
use debrick_link_os::OsNetwork;
use debrick_model::{Coded, MacAddress};
use debrick_target::{Silent, Watch};
use debrick_zyxel_multicast::alone::LISTEN_AT_LEAST;
use debrick_zyxel_multicast::device::{ZyxelConfig, ZyxelDevice, ZyxelEvent};
use debrick_zyxel_multicast::wire::{GROUP, Kind, Packet};
use debrick_zyxel_multicast::{AloneOnWire, Cast, CastOptions, Caster, Listening, ZyxelError, listen};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2));

fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Rng::new(seed).fill(&mut bytes);
    bytes
}

fn proof(now: Moment) -> AloneOnWire {
    let heard = Listening { lasted: LISTEN_AT_LEAST, ended: now, stations: Default::default() };
    AloneOnWire::prove(&heard, "the test").unwrap()
}

fn cast(
    config: ZyxelConfig,
    image: &[u8],
    options: CastOptions,
) -> (World<ZyxelDevice>, Result<Cast, ZyxelError>) {
    let world = World::new(ZyxelDevice::new(config), VirtualClock::new());
    let proof = proof(world.clock().now());
    let mut network = world.network();
    let mut caster = Caster::new(&mut network, HOST, &proof, options).unwrap();
    let is_writing = |device: &mut ZyxelDevice| {
        device.events().iter().any(|event| matches!(event, ZyxelEvent::Complete { .. }))
    };
    let result = caster.cast(&image, &mut || world.with_device(is_writing), &mut Silent);
    world.clock().sleep(Duration::from_secs(600));
    world.input(Input::Tick);
    (world, result)
}

fn holds(world: &World<ZyxelDevice>) -> Option<Vec<u8>> {
    world.with_device(|device| device.written().map(<[u8]>::to_vec))
}

#[test]
fn firmware_arrives_whatever_its_length() {
    for length in [1, 1023, 1024, 1025, 3_000_001] {
        let image = bytes(length, 1);
        let (world, result) = cast(ZyxelConfig::default(), &image, CastOptions::default());
        let cast = result.unwrap();
        assert!(cast.was_seen && cast.rounds == 1, "{cast:?}");
        assert_eq!(cast.packets, length.div_ceil(1024) as u64);
        assert!(holds(&world) == Some(image), "{length} bytes");
    }
}

#[test]
fn a_unit_that_comes_late_or_loses_packets_is_served_by_the_next_rounds() {
    let image = bytes(300_000, 2);
    let late =
        ZyxelConfig { listens_from: Moment::from_start(Duration::from_secs(2)), ..ZyxelConfig::default() };
    let (world, result) = cast(late, &image, CastOptions::default());
    assert_eq!(result.unwrap().rounds, 2);
    let began = world.with_device(|device| device.events()[0]);
    assert!(matches!(began, ZyxelEvent::Began { number } if number > 100), "{began:?}");
    assert!(holds(&world).as_ref() == Some(&image));

    let lossy = ZyxelConfig { loses: vec![0, 7, 7, 292], ..ZyxelConfig::default() };
    let (world, result) = cast(lossy, &image, CastOptions::default());
    let lost = |number| {
        world.with_device(|device| {
            device.events().iter().filter(|event| **event == ZyxelEvent::Lost { number }).count()
        })
    };
    assert_eq!((lost(0), lost(7), lost(292)), (1, 2, 1));
    assert!(result.unwrap().rounds > 2 && holds(&world).as_ref() == Some(&image));

    // Too fast for it: most is lost, and it says nothing.
    let slow = ZyxelConfig { packet_takes: Duration::from_millis(50), ..ZyxelConfig::default() };
    let (world, result) = cast(slow.clone(), &image, CastOptions { rounds: 3, ..CastOptions::default() });
    assert_eq!((result.unwrap().was_seen, holds(&world)), (false, None));
    let patient = CastOptions { every: Duration::from_millis(50), ..CastOptions::default() };
    let (world, _) = cast(slow, &image, patient);
    assert!(holds(&world).as_ref() == Some(&image));
}

#[test]
fn what_nobody_tells_is_not_known() {
    let image = bytes(100_000, 3);
    let damages = ZyxelConfig { damages_byte: Some(5000), ..ZyxelConfig::default() };
    let (world, result) = cast(damages, &image, CastOptions::default());
    assert!(result.unwrap().was_seen && holds(&world).as_ref() != Some(&image));
    assert!(world.with_device(|device| device.events().contains(&ZyxelEvent::Damaged)));
    let small = ZyxelConfig { most_bytes: 99_999, ..ZyxelConfig::default() };
    let (world, result) = cast(small, &image, CastOptions { rounds: 2, ..CastOptions::default() });
    assert!(!result.unwrap().was_seen && holds(&world).is_none());
    assert!(world.with_device(|device| device.events().contains(&ZyxelEvent::TooLong)));
    assert_eq!(
        cast(ZyxelConfig::default(), &[], CastOptions::default()).1.unwrap_err().code(),
        "zyxel-bad-length"
    );
}

#[test]
fn only_firmware_is_sent_and_nothing_is_to_be_erased() {
    /// Keeps what comes.
    struct Tap(Vec<Vec<u8>>);
    impl Device for Tap {
        fn handle(&mut self, input: Input<'_>, _now: Moment, _out: &mut Vec<Output>) {
            if let Input::Datagram { to, payload, .. } = input {
                assert_eq!(to, GROUP);
                self.0.push(payload.to_vec());
            }
        }
        fn next_wake(&self) -> Option<Moment> {
            None
        }
    }
    for (second_copy, kind) in [(false, Kind::Firmware), (true, Kind::SecondFirmware)] {
        let world = World::new(Tap(Vec::new()), VirtualClock::new());
        let proof = proof(world.clock().now());
        let mut network = world.network();
        let options = CastOptions { second_copy, rounds: 2, ..CastOptions::default() };
        let mut caster = Caster::new(&mut network, HOST, &proof, options).unwrap();
        caster.cast(&bytes(5000, 4), &mut || false, &mut Silent).unwrap();
        world.with_device(|tap| {
            assert_eq!(tap.0.len(), 10);
            for packet in &tap.0 {
                let packet = Packet::parse(packet).unwrap();
                assert_eq!((packet.kind, packet.kinds, packet.flags), (kind, kind.bit(), 0));
            }
        });
    }
}

#[test]
fn a_proof_that_is_old_opens_nothing() {
    let world = World::new(ZyxelDevice::new(ZyxelConfig::default()), VirtualClock::new());
    let proof = proof(world.clock().now());
    let mut network = world.network();
    let mut caster = Caster::new(&mut network, HOST, &proof, CastOptions::default()).unwrap();
    world.clock().sleep(Duration::from_secs(301));
    let error = caster.cast(&bytes(100, 5), &mut || false, &mut Silent).unwrap_err();
    assert_eq!(error.code(), "zyxel-proof-is-old");
    let error = Caster::new(&mut network, HOST, &proof, CastOptions::default()).err().unwrap();
    assert_eq!(error.code(), "zyxel-proof-is-old");
    assert!(world.with_device(|device| device.events().is_empty()));
}

/// Stations that speak once a second, one after the other.
struct Chatter {
    stations: Vec<u8>,
    next: Moment,
    spoken: usize,
}

impl Device for Chatter {
    fn handle(&mut self, _input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        while self.next <= now && self.spoken < self.stations.len() {
            let from = MacAddress::new([2, 0, 0, 0, 1, self.stations[self.spoken]]);
            let header = FrameHeader { to: MacAddress::BROADCAST, from, ether_type: 0x0806 };
            out.push(Output::Frame(header.with(&[0; 46])));
            self.spoken += 1;
            self.next = self.next + Duration::from_secs(1);
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        (self.spoken < self.stations.len()).then_some(self.next)
    }
}

#[test]
fn stations_on_the_wire_are_heard() {
    for (stations, expected) in
        [(vec![], None), (vec![1, 1, 1], None), (vec![1, 1, 2], Some("zyxel-not-alone"))]
    {
        let count = stations.iter().collect::<std::collections::BTreeSet<_>>().len();
        let world = World::new(Chatter { stations, next: Moment::default(), spoken: 0 }, VirtualClock::new());
        let mut frames = world.network().open_frames(None).unwrap();
        let heard = listen(frames.as_mut(), LISTEN_AT_LEAST, &Silent).unwrap();
        assert_eq!((heard.stations.len(), heard.lasted), (count, LISTEN_AT_LEAST));
        assert_eq!(AloneOnWire::prove(&heard, "Ann").err().map(|error| error.code()), expected);
    }
}

#[test]
fn a_cast_can_be_stopped() {
    struct Stop(u64);
    impl Watch for Stop {
        fn advance(&mut self, bytes: u64) {
            self.0 = self.0.saturating_sub(bytes);
        }
        fn cancelled(&self) -> bool {
            self.0 == 0
        }
    }
    let world = World::new(ZyxelDevice::new(ZyxelConfig::default()), VirtualClock::new());
    let proof = proof(world.clock().now());
    let mut network = world.network();
    let mut caster = Caster::new(&mut network, HOST, &proof, CastOptions::default()).unwrap();
    let error = caster.cast(&bytes(100_000, 6), &mut || false, &mut Stop(50_000)).unwrap_err();
    assert_eq!((error.code(), holds(&world)), ("zyxel-cancelled", None));
}

#[test]
fn packets_go_out_by_real_multicast() {
    // Another run of this test may have the port for a moment.
    let mut attempts = (0..100).map(|_| {
        std::thread::sleep(Duration::from_millis(200));
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, GROUP.port())).ok()
    });
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, GROUP.port())).ok();
    let socket = socket.or_else(|| attempts.find_map(|socket| socket)).expect("its port is taken");
    let IpAddr::V4(group) = GROUP.ip() else { panic!("{GROUP}") };
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut network = OsNetwork::new();
    let proof = proof(network.clock().now());
    let options = CastOptions { every: Duration::from_millis(1), rounds: 1, ..CastOptions::default() };
    let image = bytes(100_001, 7);
    let mut device = ZyxelDevice::new(ZyxelConfig { packet_takes: Duration::ZERO, ..ZyxelConfig::default() });
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
            Caster::new(&mut network, local, &proof, options)?.cast(&image, &mut || true, &mut Silent)
        });
        let mut buffer = [0; 2048];
        let mut now = Moment::default();
        for _ in 0..image.len().div_ceil(1024) {
            let (count, from) = socket.recv_from(&mut buffer).unwrap();
            now = now + Duration::from_millis(1);
            device.handle(
                Input::Datagram { from, to: GROUP, payload: &buffer[..count] },
                now,
                &mut Vec::new(),
            );
        }
        sender.join().unwrap().unwrap();
        device.handle(Input::Tick, now + Duration::from_secs(60), &mut Vec::new());
    });
    assert!(device.written() == Some(image.as_slice()));
}
