//! Our server against our bootloader, on a virtual clock: both protocols, lost frames, other clients, other servers.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_bootp::device::{BootpConfig, BootpDevice, BootpOutcome, Given};
use debrick_bootp::wire::{Kind, Message};
use debrick_bootp::{BootpError, Lease, Server, ServerEvent, Unserved};
use debrick_link::simulated::{Device, HOST_ADDRESS, Input, Output, World};
use debrick_link::{
    Clock, Deadline, ETHER_TYPE_IPV4, FrameHeader, Moment, Network, Rng, UdpPacket, VirtualClock,
};
use debrick_model::{Coded, MacAddress};
use debrick_target::{Silent, Watch};

const UNIT: MacAddress = MacAddress::new([0x2C, 0xC8, 0x1B, 0, 0, 1]);
const STRANGER: MacAddress = MacAddress::new([0x2C, 0xC8, 0x1B, 0, 0, 2]);
const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 2);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 254);

/// A wire with the unit, perhaps a stranger who asks too, and perhaps another server.
struct Wire {
    devices: Vec<BootpDevice>,
    other_server: bool,
    lost: u32,
    chance: f64,
    rng: Rng,
    /// What the wire is to bring the server.
    inbox: VecDeque<Vec<u8>>,
    /// What the server has said.
    heard: VecDeque<Vec<u8>>,
}

impl Wire {
    fn new(devices: Vec<BootpConfig>) -> Self {
        let devices = devices.into_iter().map(BootpDevice::new).collect();
        Self {
            devices,
            other_server: false,
            lost: 0,
            chance: 0.0,
            rng: Rng::new(0),
            inbox: VecDeque::new(),
            heard: VecDeque::new(),
        }
    }

    /// An OFFER of another server to whoever asks.
    fn compete(&mut self, frame: &[u8], out: &mut Vec<Output>) {
        let Some((_, packet)) = FrameHeader::split(frame) else { return };
        let Some(Ok(question)) = UdpPacket::split(packet).map(|udp| Message::parse(udp.payload)) else {
            return;
        };
        if question.kind != Some(Kind::Discover) || !self.other_server {
            return;
        }
        let offer = Message {
            is_request: false,
            yours: Ipv4Addr::new(192, 168, 88, 77),
            kind: Some(Kind::Offer),
            server: Some(OTHER),
            ..Message::request(question.mac, question.transaction)
        };
        let packet = UdpPacket {
            from: SocketAddrV4::new(OTHER, 67),
            to: SocketAddrV4::new(Ipv4Addr::BROADCAST, 68),
            payload: &offer.to_bytes(),
        };
        let from = MacAddress::new([0x2C, 0xC8, 0x1B, 0, 0, 0xFE]);
        out.extend(packet.to_frame(from, MacAddress::BROADCAST).map(Output::Frame));
    }
}

impl Device for Wire {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        let mut said = Vec::new();
        let input = match input {
            Input::Frame(frame) => {
                self.heard.push_back(frame.to_vec());
                self.compete(frame, out);
                if self.rng.chance(self.chance) {
                    self.lost += 1;
                    Input::Tick
                } else {
                    Input::Frame(frame)
                }
            }
            other => other,
        };
        for device in &mut self.devices {
            device.handle(input, now, &mut said);
        }
        for output in said {
            if let Output::Frame(frame) = &output {
                self.compete(frame, out);
            }
            if self.rng.chance(self.chance) {
                self.lost += 1;
            } else {
                out.push(output);
            }
        }
        out.extend(self.inbox.drain(..).map(Output::Frame));
    }

    fn next_wake(&self) -> Option<Moment> {
        let inbox = (!self.inbox.is_empty()).then(Moment::default);
        self.devices.iter().filter_map(Device::next_wake).chain(inbox).min()
    }
}

fn lease() -> Lease {
    Lease::new(HOST, ADDRESS, "routeros.npk")
}

fn config() -> BootpConfig {
    BootpConfig::u_boot(UNIT)
}

fn open(world: &World<Wire>, lease: Lease) -> Result<Server, BootpError> {
    let frames = world.network().open_frames(Some(ETHER_TYPE_IPV4)).unwrap();
    Server::open(frames, lease, &Silent)
}

fn switch_on(world: &World<Wire>) {
    let now = world.clock().now();
    world.with_device(|wire| wire.devices.iter_mut().for_each(|device| device.start(now)));
}

fn serve(world: &World<Wire>, server: &mut Server, span: Duration) -> Vec<ServerEvent> {
    let deadline = Deadline::after(world.clock(), span);
    let mut events = Vec::new();
    loop {
        match server.poll(deadline).unwrap() {
            ServerEvent::Idle => return events,
            event => events.push(event),
        }
    }
}

fn given() -> BootpOutcome {
    BootpOutcome::Bound(Given {
        address: ADDRESS,
        mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
        next_server: HOST,
        boot_file: Some("routeros.npk".into()),
    })
}

fn outcome(world: &World<Wire>, device: usize) -> Option<BootpOutcome> {
    world.with_device(|wire| wire.devices[device].outcome().cloned())
}

#[test]
fn a_unit_gets_its_address_by_either_protocol() {
    for (bootp, broadcast) in [(false, false), (false, true), (true, false), (true, true)] {
        let config = BootpConfig { bootp, broadcast, ..config() };
        let world = World::new(Wire::new(vec![config]), VirtualClock::new());
        let mut server = open(&world, lease()).unwrap();
        switch_on(&world);
        let events = serve(&world, &mut server, Duration::from_secs(1));
        let offered = ServerEvent::Offered { unit: UNIT, vendor_class: Some("U-Boot.armv7".into()) };
        let leased = ServerEvent::Leased { unit: UNIT, bootp };
        assert_eq!(events, if bootp { vec![leased] } else { vec![offered, leased] });
        assert_eq!(outcome(&world, 0), Some(given()));
    }
}

#[test]
fn a_reply_goes_to_the_unit_alone_unless_it_hears_only_broadcasts() {
    let everybody = (MacAddress::BROADCAST, Ipv4Addr::BROADCAST);
    for (broadcast, expected) in [(false, (UNIT, ADDRESS)), (true, everybody)] {
        let world = World::new(Wire::new(vec![]), VirtualClock::new());
        let mut server = open(&world, lease()).unwrap();
        let question = Message { broadcast, kind: Some(Kind::Discover), ..Message::request(UNIT, 5) };
        let (mac, packet, answer) = ask(&world, &mut server, &question);
        assert_eq!((mac, packet), expected);
        assert_eq!((answer.kind, answer.yours, answer.transaction), (Some(Kind::Offer), ADDRESS, 5));
    }
}

/// Asks the server, and returns whom it answers, by either kind of address, and what.
fn ask(world: &World<Wire>, server: &mut Server, question: &Message) -> (MacAddress, Ipv4Addr, Message) {
    world.with_device(|wire| {
        wire.heard.clear();
        wire.inbox.push_back(frame_of(question));
    });
    server.poll(Deadline::after(world.clock(), Duration::from_secs(1))).unwrap();
    let heard = world.with_device(|wire| wire.heard.pop_front()).unwrap();
    let (header, packet) = FrameHeader::split(&heard).unwrap();
    assert_eq!(header.from, HOST_ADDRESS);
    let udp = UdpPacket::split(packet).unwrap();
    assert_eq!((*udp.from.ip(), udp.from.port(), udp.to.port()), (HOST, 67, 68));
    (header.to, *udp.to.ip(), Message::parse(udp.payload).unwrap())
}

#[test]
fn lost_frames_only_make_it_slower() {
    let mut lost = 0;
    for seed in 0..100 {
        let mut wire = Wire::new(vec![config()]);
        (wire.chance, wire.rng) = (0.2, Rng::new(seed));
        let world = World::new(wire, VirtualClock::new());
        let mut server = open(&world, lease()).unwrap();
        switch_on(&world);
        let leased =
            server.serve_until_leased(Deadline::after(world.clock(), Duration::from_secs(30)), &Silent);
        assert_eq!(leased.unwrap(), Some(UNIT), "seed {seed}");
        serve(&world, &mut server, Duration::from_secs(20));
        assert_eq!(outcome(&world, 0), Some(given()), "seed {seed}");
        lost += world.with_device(|wire| wire.lost);
    }
    assert!(lost > 100, "{lost} frames were lost");
}

#[test]
fn nobody_else_is_served() {
    let stranger = BootpConfig { seed: 2, ..BootpConfig::u_boot(STRANGER) };
    let world = World::new(Wire::new(vec![stranger, config()]), VirtualClock::new());
    let mut server = open(&world, Lease { unit: Some(UNIT), ..lease() }).unwrap();
    switch_on(&world);
    let events = serve(&world, &mut server, Duration::from_secs(60));
    let refused = ServerEvent::Unserved { client: STRANGER, why: Unserved::NotTheUnit };
    assert_eq!(events.iter().filter(|event| **event == refused).count(), 10);
    assert_eq!(outcome(&world, 0), Some(BootpOutcome::GaveUp));
    assert_eq!(outcome(&world, 1), Some(given()));
    assert_eq!(server.unit(), Some(UNIT));
}

#[test]
fn a_question_does_not_wait_behind_a_transfer() {
    let world = World::new(Wire::new(vec![config()]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    let packet = UdpPacket {
        from: SocketAddrV4::new(ADDRESS, 2000),
        to: SocketAddrV4::new(HOST, 40_000),
        payload: b"\0\x04\0\x01",
    };
    let block = packet.to_frame(UNIT, HOST_ADDRESS).unwrap();
    let question = frame_of(&Message { kind: Some(Kind::Discover), ..Message::request(UNIT, 5) });
    world.with_device(|wire| {
        wire.inbox.extend(std::iter::repeat_n(block, 500));
        wire.inbox.push_back(question);
    });
    // All of it is there already: one look finds the question.
    let at_once = Deadline::at(world.clock().now());
    let event = server.poll(at_once).unwrap();
    assert!(matches!(event, ServerEvent::Offered { unit: UNIT, .. }), "{event:?}");
}

#[test]
fn without_a_choice_the_first_that_asks_is_the_unit() {
    let second = BootpConfig { seed: 2, ..BootpConfig::u_boot(STRANGER) };
    let world = World::new(Wire::new(vec![config(), second]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    switch_on(&world);
    serve(&world, &mut server, Duration::from_secs(60));
    assert_eq!((outcome(&world, 0), outcome(&world, 1)), (Some(given()), Some(BootpOutcome::GaveUp)));
}

fn check_other_server(error: &BootpError) {
    assert_eq!(error.code(), "bootp-other-server");
    assert!(matches!(error, BootpError::OtherServer { server: OTHER, .. }), "{error}");
}

#[test]
fn it_does_not_begin_beside_another_server() {
    let mut wire = Wire::new(vec![config()]);
    wire.other_server = true;
    let world = World::new(wire, VirtualClock::new());
    check_other_server(&open(&world, lease()).err().unwrap());
}

#[test]
fn it_stops_when_another_server_shows_up() {
    let world = World::new(Wire::new(vec![config()]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    world.with_device(|wire| wire.other_server = true);
    switch_on(&world);
    let deadline = Deadline::after(world.clock(), Duration::from_secs(10));
    let failure = std::iter::from_fn(|| Some(server.poll(deadline))).take(5).find_map(Result::err);
    check_other_server(&failure.unwrap());
}

#[test]
fn a_unit_that_asks_for_what_it_had_before_is_told_no() {
    let world = World::new(Wire::new(vec![]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    let wants = Ipv4Addr::new(192, 168, 88, 99);
    let question = Message { kind: Some(Kind::Request), requested: Some(wants), ..Message::request(UNIT, 5) };
    let (mac, _, answer) = ask(&world, &mut server, &question);
    assert_eq!((mac, answer.kind), (MacAddress::BROADCAST, Some(Kind::Nak)));
    let right = Message { requested: Some(ADDRESS), ..question };
    assert_eq!(ask(&world, &mut server, &right).2.kind, Some(Kind::Ack));
}

fn frame_of(question: &Message) -> Vec<u8> {
    let packet = UdpPacket {
        from: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68),
        to: SocketAddrV4::new(Ipv4Addr::BROADCAST, 67),
        payload: &question.to_bytes(),
    };
    packet.to_frame(question.mac, MacAddress::BROADCAST).unwrap()
}

#[test]
fn what_comes_from_another_network_is_not_answered() {
    let world = World::new(Wire::new(vec![]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    let question = Message {
        kind: Some(Kind::Discover),
        relay: Ipv4Addr::new(10, 0, 0, 1),
        ..Message::request(UNIT, 5)
    };
    world.with_device(|wire| wire.inbox.push_back(frame_of(&question)));
    let events = serve(&world, &mut server, Duration::from_secs(1));
    assert_eq!(events, [ServerEvent::Unserved { client: UNIT, why: Unserved::Relayed }]);
}

#[test]
fn leases_that_make_no_sense_are_refused() {
    let world = World::new(Wire::new(vec![]), VirtualClock::new());
    for bad in [
        Lease { address: HOST, ..lease() },
        Lease { address: Ipv4Addr::new(192, 168, 89, 1), ..lease() },
        Lease { address: Ipv4Addr::new(192, 168, 88, 0), ..lease() },
        Lease { address: Ipv4Addr::new(192, 168, 88, 255), ..lease() },
        Lease { boot_file: Some("x".repeat(128)), ..lease() },
        Lease { boot_file: Some(String::new()), ..lease() },
    ] {
        assert_eq!(open(&world, bad).err().unwrap().code(), "bootp-bad-lease");
    }
}

#[test]
fn it_stops_when_asked() {
    struct Stop;
    impl Watch for Stop {
        fn advance(&mut self, _bytes: u64) {}

        fn cancelled(&self) -> bool {
            true
        }
    }
    let world = World::new(Wire::new(vec![]), VirtualClock::new());
    let frames = world.network().open_frames(Some(ETHER_TYPE_IPV4)).unwrap();
    assert!(matches!(Server::open(frames, lease(), &Stop), Err(BootpError::Cancelled)));
    let mut server = open(&world, lease()).unwrap();
    let deadline = Deadline::after(world.clock(), Duration::from_secs(10));
    assert!(matches!(server.serve_until_leased(deadline, &Stop), Err(BootpError::Cancelled)));
}

#[test]
fn noise_does_no_harm() {
    let world = World::new(Wire::new(vec![]), VirtualClock::new());
    let mut server = open(&world, lease()).unwrap();
    let mut rng = Rng::new(3);
    let good = frame_of(&Message { kind: Some(Kind::Discover), ..Message::request(UNIT, 5) });
    for _ in 0..5000 {
        let mut frame = good.clone();
        for _ in 0..rng.below(4) {
            let at = rng.below(frame.len() as u64) as usize;
            frame[at] = rng.below(256) as u8;
        }
        frame.truncate(frame.len() - rng.below(40) as usize);
        world.with_device(|wire| wire.inbox.push_back(frame));
        // A flipped bit may make a reply of it, which is then another server's.
        let _ = server.poll(Deadline::after(world.clock(), Duration::from_millis(1)));
    }
    let question = Message { kind: Some(Kind::Discover), ..Message::request(server.unit().unwrap(), 6) };
    assert_eq!(ask(&world, &mut server, &question).2.kind, Some(Kind::Offer));
}
