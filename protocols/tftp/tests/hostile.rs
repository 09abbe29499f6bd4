//! Peers that mean no good: names that lead elsewhere, files without end, floods, and packets of others in the middle of a
//! transfer.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::cell::RefCell;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use common::{address, bytes};
use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Deadline, Moment, VirtualClock};
use debrick_target::Silent;
use debrick_tftp::device::{PushConfig, PushDevice, PushOutcome};
use debrick_tftp::wire::Packet;
use debrick_tftp::{
    Client, ClientOptions, ErrorCode, Intake, Refusal, Server, ServerEvent, Service, TftpError,
};

const HOST: &str = "10.0.0.2:69";
const UNIT: &str = "10.0.0.1:1000";

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

fn say(world: &World<Puppet>, from: SocketAddr, to: SocketAddr, payload: Vec<u8>) {
    world.with_device(|puppet| puppet.outbox.push(Output::Datagram { from, to, payload }));
}

fn events(server: &mut Server<'_, '_>) -> Vec<ServerEvent> {
    let mut events = Vec::new();
    loop {
        let deadline = Deadline::after(server.clock(), Duration::from_millis(20));
        match server.poll(deadline).unwrap() {
            ServerEvent::Idle => return events,
            event => events.push(event),
        }
    }
}

fn request(opcode: u8, name: &str) -> Vec<u8> {
    [&[0, opcode][..], name.as_bytes(), b"\0octet\0"].concat()
}

#[derive(Clone, Default)]
struct Store(Rc<RefCell<Vec<u8>>>);

impl Write for Store {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn names_that_lead_elsewhere_reach_no_place() {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let names = asked.clone();
    let open = Box::new(move |_, name: &str| {
        names.borrow_mut().push(name.to_owned());
        None
    });
    let world = World::new(Puppet::default(), VirtualClock::new());
    let mut network = world.network();
    let service = Service { intake: Some(Intake { limit: 100, open }), ..Service::default() };
    let mut server = Server::bind(&mut network, address(HOST), service).unwrap();
    let check = |server: &mut Server<'_, '_>, name: &str, given: &[&str]| {
        say(&world, address(UNIT), address(HOST), request(2, name));
        let events = events(server);
        let refused =
            |event: &ServerEvent| matches!(event, ServerEvent::Refused { why: Refusal::PushNotAccepted, .. });
        assert!(events.len() == 1 && events.iter().all(refused), "{name:?}: {events:?}");
        assert_eq!(*asked.borrow(), given, "{name:?}");
        asked.borrow_mut().clear();
    };
    for name in ["..", ".", "/", "../..", "a/..", "a\\..", "dir/", "\u{7}bell", "a\nb"] {
        check(&mut server, name, &[]);
    }
    check(&mut server, "../../etc/passwd", &["passwd"]);
    check(&mut server, "C:\\windows\\x.bin", &["x.bin"]);
    check(&mut server, "..hidden", &["..hidden"]);
}

#[test]
fn a_file_without_end_is_stopped_at_the_limit() {
    let store = Store::default();
    let place = store.clone();
    let open = Box::new(move |_, _: &str| Some(Box::new(place.clone()) as _));
    let world = World::new(Puppet::default(), VirtualClock::new());
    let mut network = world.network();
    let service = Service { intake: Some(Intake { limit: 2000, open }), ..Service::default() };
    let mut server = Server::bind(&mut network, address(HOST), service).unwrap();
    say(&world, address(UNIT), address(HOST), request(2, "backup.bin"));
    events(&mut server);
    let port = world.with_device(|puppet| puppet.seen[0].0);
    let mut told = Vec::new();
    for block in 1..10u8 {
        say(&world, address(UNIT), port, [&[0, 3, 0, block][..], &[7; 512]].concat());
        told.extend(events(&mut server));
    }
    assert!(matches!(
        &told[..],
        [ServerEvent::Aborted { error: TftpError::TooLong { limit: 2000, .. }, .. }]
    ));
    assert!(store.0.borrow().len() <= 2000, "{} bytes were stored", store.0.borrow().len());
    assert_eq!(server.transfers(), 0);
    let refusal = world.with_device(|puppet| puppet.seen.last().cloned()).unwrap();
    assert!(matches!(Packet::parse(&refusal.2), Ok(Packet::Error { code: ErrorCode::FULL, .. })));
}

#[test]
fn a_flood_of_strangers_neither_stops_the_unit_nor_hears_anything() {
    let image = bytes(20_000, 1);
    let world = World::new(Puppet::default(), VirtualClock::new());
    let mut network = world.network();
    let service = Service { allowed_peers: vec![address(UNIT).ip()], ..Service::of("image.bin", &image) };
    let mut server = Server::bind(&mut network, address(HOST), service).unwrap();
    let flood = |round: u16| {
        for index in 0..200u16 {
            let from = SocketAddr::from(([10, 0, 1, (index % 250) as u8], 1000 + round * 200 + index));
            say(&world, from, address(HOST), request(1, "image.bin"));
        }
    };
    flood(0);
    say(&world, address(UNIT), address(HOST), request(1, "image.bin"));
    let mut told = events(&mut server);
    let port = world.with_device(|puppet| puppet.seen[0].0);
    for block in 1..=40u16 {
        flood(block);
        say(&world, address(UNIT), port, [&[0, 4][..], &block.to_be_bytes()].concat());
        told.extend(events(&mut server));
    }
    let count = |wanted: fn(&ServerEvent) -> bool| told.iter().filter(|event| wanted(event)).count();
    assert_eq!(
        count(|event| matches!(event, ServerEvent::Refused { why: Refusal::PeerNotAllowed, .. })),
        8200
    );
    assert_eq!(count(|event| matches!(event, ServerEvent::Finished { bytes: 20_000, .. })), 1);
    let answered_others =
        world.with_device(|puppet| puppet.seen.iter().any(|(_, to, _)| *to != address(UNIT)));
    assert!(!answered_others, "strangers hear nothing");
}

/// A unit that waits for an image, on a wire where others put in a word whenever it speaks.
struct Crowd {
    unit: PushDevice,
    /// Senders and packets.
    words: Vec<(SocketAddr, Vec<u8>)>,
    put_in: u32,
    told_off: u32,
}

impl Device for Crowd {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if let Input::Datagram { to, payload, .. } = input
            && matches!(Packet::parse(payload), Ok(Packet::Error { code: ErrorCode::UNKNOWN_PORT, .. }))
        {
            assert_ne!(to, address("192.168.1.1:2345"), "the unit itself is never told off");
            self.told_off += 1;
        }
        let mut said = Vec::new();
        self.unit.handle(input, now, &mut said);
        for output in said {
            // Others speak as soon as the unit has shown that it is there, before and after each of its packets.
            if let Output::Datagram { to, .. } = &output {
                self.put_in += self.words.len() as u32;
                let to = *to;
                let words = self.words.clone();
                out.push(output);
                out.extend(words.into_iter().map(|(from, payload)| Output::Datagram { from, to, payload }));
            }
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.unit.next_wake()
    }
}

#[test]
fn packets_of_others_do_not_disturb_a_push() {
    let image = bytes(100_000, 1);
    let error = Packet::Error { code: ErrorCode::NOT_FOUND, text: "no".into() }.to_bytes();
    let ack = |block| Packet::Ack { block }.to_bytes();
    let words = vec![
        (address("192.168.1.77:69"), error.clone()),
        (address("192.168.1.77:2345"), ack(1)),
        (address("192.168.1.77:2345"), b"Error: not for you".to_vec()),
        (address("192.168.1.1:4000"), ack(9)),
    ];
    let mut unit = PushDevice::new(PushConfig::u_boot(address("192.168.1.1:69"), 2345));
    unit.start(Moment::default());
    let world = World::new(Crowd { unit, words, put_in: 0, told_off: 0 }, VirtualClock::new());
    let mut network = world.network();
    let (local, server) = (address("192.168.1.2:0").ip(), address("192.168.1.1:69"));
    let mut client = Client::new(&mut network, local, server, ClientOptions::default());
    client.push("firmware.bin", &image, &mut Silent).unwrap();
    world.with_device(|crowd| {
        let taken = PushOutcome::Taken { name: "firmware.bin".into(), bytes: 100_000 };
        assert_eq!(crowd.unit.result(), Some(&taken));
        assert!(crowd.put_in > 700 && crowd.told_off > 100, "{} {}", crowd.put_in, crowd.told_off);
        let data: Vec<u8> = crowd.unit.take_chunks().into_iter().flat_map(|chunk| chunk.bytes).collect();
        assert!(data == image);
    });
}

#[test]
fn a_server_that_sends_without_end_is_left() {
    let world = World::new(Puppet::default(), VirtualClock::new());
    // All blocks are on their way before the first is acknowledged.
    let mut network = world.network();
    let (local, server) = (address("10.0.0.2:0").ip(), address("10.0.0.1:69"));
    let to = SocketAddr::new(local, 49_152);
    for block in 1..=20u8 {
        say(&world, address("10.0.0.1:3000"), to, [&[0, 3, 0, block][..], &[7; 512]].concat());
    }
    let options = ClientOptions { most_bytes: 5000, ..ClientOptions::default() };
    let mut back = Vec::new();
    let error = Client::new(&mut network, local, server, options).pull("backup.bin", &mut back, &mut Silent);
    assert!(matches!(error, Err(TftpError::TooLong { limit: 5000, .. })), "{error:?}");
    assert!(back.len() <= 5000);
}
