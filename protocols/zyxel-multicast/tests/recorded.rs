//! What zycast itself sent, in recordings of Ethernet frames: taken in by the device half, and compared with what our host
//! half sends. How the recordings were made stands in this crate's README.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{FrameHeader, Moment, UdpPacket, VirtualClock};
use debrick_model::MacAddress;
use debrick_target::Silent;
use debrick_zyxel_multicast::alone::LISTEN_AT_LEAST;
use debrick_zyxel_multicast::device::{ZyxelConfig, ZyxelDevice, ZyxelEvent};
use debrick_zyxel_multicast::wire::{CHUNK, GROUP, HEADER, Kind, Malformed, Packet};
use debrick_zyxel_multicast::{AloneOnWire, CastOptions, Caster, Listening};

/// The firmware, three rounds, a packet every 10 ms.
const FIRMWARE: &[u8] = include_bytes!("recordings/firmware.pcap");
/// The second copy of the firmware, two rounds, a packet every 20 ms.
const SECOND: &[u8] = include_bytes!("recordings/second.pcap");
/// Both copies of the firmware, three rounds.
const TWO: &[u8] = include_bytes!("recordings/two.pcap");
/// Both copies, settings and default settings, two rounds, a packet every millisecond.
const ALL: &[u8] = include_bytes!("recordings/all.pcap");

/// Where an Ethernet frame of multicast to 225.0.0.0 goes: the group's last 23 bits below 01:00:5e.
const GROUP_STATION: MacAddress = MacAddress::new([0x01, 0x00, 0x5E, 0, 0, 0]);

/// Where zycast's header has its flags, and the bits of all images of a transfer.
const FLAGS: usize = 24;
const KINDS: usize = 21;

/// The images of the recordings: numbers, a line each, cut off.
fn image(kind: Kind) -> Vec<u8> {
    let (first, length) = match kind {
        Kind::Firmware => (100_000, 3500),
        Kind::SecondFirmware => (200_000, 2048),
        Kind::Settings => (300_000, 1000),
        Kind::DefaultSettings => (400_000, 1),
        Kind::Bootloader => panic!("nobody sends a bootloader"),
    };
    let mut lines: Vec<u8> =
        (first..first + 1000u32).flat_map(|line| format!("{line}\n").into_bytes()).collect();
    lines.truncate(length);
    lines
}

/// A datagram of a recording, and when it came.
#[derive(Clone)]
struct Seen {
    at: Moment,
    from: SocketAddr,
    payload: Vec<u8>,
}

/// The datagrams of a recording (pcap 2.4, least significant byte first, microseconds, Ethernet).
fn recorded(recording: &[u8]) -> Vec<Seen> {
    let (header, mut rest) = recording.split_at(24);
    assert_eq!((&header[..8], header[20]), (&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0][..], 1));
    let (mut seen, mut began) = (Vec::new(), None);
    while !rest.is_empty() {
        let (record, after) = rest.split_at(16);
        let number = |at: usize| u32::from_le_bytes(*record[at..].first_chunk().unwrap());
        assert_eq!(number(8), number(12), "a frame was cut off");
        let (frame, after) = after.split_at(number(8) as usize);
        let came = Duration::from_secs(number(0).into()) + Duration::from_micros(number(4).into());
        let at = Moment::from_start(came - *began.get_or_insert(came));
        let (header, packet) = FrameHeader::split(frame).unwrap();
        let datagram = UdpPacket::split(packet).unwrap();
        assert_eq!((header.to, SocketAddr::V4(datagram.to)), (GROUP_STATION, GROUP));
        seen.push(Seen { at, from: datagram.from.into(), payload: datagram.payload.to_vec() });
        rest = after;
    }
    seen
}

/// A unit that hears these datagrams at the times at which they were sent, and is then left alone.
fn heard(config: ZyxelConfig, datagrams: &[Seen]) -> ZyxelDevice {
    let mut unit = ZyxelDevice::new(config);
    for Seen { at, from, payload } in datagrams {
        unit.handle(Input::Datagram { from: *from, to: GROUP, payload }, *at, &mut Vec::new());
    }
    unit.handle(Input::Tick, Moment::from_start(Duration::from_secs(600)), &mut Vec::new());
    unit
}

/// A unit that is as quick as the recording needs.
fn quick() -> ZyxelConfig {
    ZyxelConfig { packet_takes: Duration::ZERO, ..ZyxelConfig::default() }
}

fn stores(unit: &ZyxelDevice, kinds: &[Kind]) {
    for kind in Kind::ALL {
        let expected = kinds.contains(&kind).then(|| image(kind));
        assert!(unit.written_as(kind) == expected.as_deref(), "{kind:?}: {:?}", unit.events());
    }
}

/// The last datagram that the unit took before it had all.
fn completed_after(datagrams: &[Seen], config: &ZyxelConfig) -> usize {
    let is_whole = |count: &usize| heard(config.clone(), &datagrams[..*count]).written().is_some();
    (1..=datagrams.len()).find(is_whole).unwrap()
}

const SETS: [(&[u8], &[Kind], usize); 4] = [
    (FIRMWARE, &[Kind::Firmware], 3),
    (SECOND, &[Kind::SecondFirmware], 2),
    (TWO, &[Kind::Firmware, Kind::SecondFirmware], 3),
    (ALL, &[Kind::Settings, Kind::Firmware, Kind::DefaultSettings, Kind::SecondFirmware], 2),
];

fn packets(kinds: &[Kind]) -> usize {
    kinds.iter().map(|kind| image(*kind).len().div_ceil(CHUNK)).sum()
}

#[test]
fn every_datagram_is_as_the_format_says() {
    for (recording, kinds, rounds) in SETS {
        let datagrams = recorded(recording);
        assert_eq!(datagrams.len(), rounds * packets(kinds));
        let bits = kinds.iter().fold(0, |bits, kind| bits | kind.bit());
        // Images follow each other in the order of their bits, round after round.
        let round = kinds.iter().flat_map(|kind| {
            let image = image(*kind);
            let pieces: Vec<Vec<u8>> = image.chunks(CHUNK).map(<[u8]>::to_vec).collect();
            pieces
                .into_iter()
                .enumerate()
                .map(|(number, piece)| (*kind, image.len(), number, piece))
                .collect::<Vec<_>>()
        });
        let round: Vec<_> = round.collect();
        for (datagram, (kind, length, number, payload)) in datagrams.iter().zip(round.iter().cycle()) {
            let expected = Packet {
                number: *number as u32,
                file_length: *length as u32,
                kind: *kind,
                kinds: bits,
                country: *b"FF",
                flags: 0x01,
                payload,
            };
            assert_eq!(Packet::parse(&datagram.payload), Ok(expected));
            assert_eq!(datagram.payload, expected.to_bytes());
        }
    }
}

#[test]
fn a_unit_that_hears_zycast_stores_exactly_what_it_sends() {
    for (recording, kinds, _) in SETS {
        let datagrams = recorded(recording);
        let unit = heard(quick(), &datagrams);
        stores(&unit, kinds);
        assert_eq!(completed_after(&datagrams, &quick()), packets(kinds), "one round was enough");
        // Whichever packet it hears first, it has all of it one round later.
        for from in 0..=packets(kinds) {
            let unit = heard(quick(), &datagrams[from..from + packets(kinds)]);
            stores(&unit, kinds);
        }
        let none = heard(quick(), &datagrams[..packets(kinds) - 1]);
        stores(&none, &[]);
    }
    // At the pace at which zycast sent it, and a unit takes it.
    let unit = heard(ZyxelConfig::default(), &recorded(FIRMWARE));
    stores(&unit, &[Kind::Firmware]);
    assert!(
        !unit.events().iter().any(|event| matches!(event, ZyxelEvent::Lost { .. })),
        "{:?}",
        unit.events()
    );
}

#[test]
fn with_any_one_datagram_lost_it_waits_for_the_next_round() {
    for (recording, kinds, _) in SETS {
        let datagrams = recorded(recording);
        for lost in 0..packets(kinds) {
            let mut left = datagrams.clone();
            left.remove(lost);
            stores(&heard(quick(), &left), kinds);
            let needed = completed_after(&left, &quick());
            assert!(needed >= packets(kinds), "without {lost} it is not whole after {needed}");
            // Without the next round it has nothing.
            stores(&heard(quick(), &left[..packets(kinds) - 1]), &[]);
        }
    }
}

#[test]
fn with_any_one_datagram_damaged_it_refuses_that_and_waits() {
    for (recording, kinds, _) in SETS {
        let datagrams = recorded(recording);
        for at in 0..packets(kinds) {
            let mut damaged = datagrams.clone();
            *damaged[at].payload.last_mut().unwrap() ^= 0x10;
            let unit = heard(quick(), &damaged);
            assert!(unit.events().contains(&ZyxelEvent::Refused(Malformed::Checksum)), "{:?}", unit.events());
            stores(&unit, kinds);
            stores(&heard(quick(), &damaged[..packets(kinds)]), &[]);
        }
    }
}

/// Keeps what our host half sends.
struct Tap(Vec<Vec<u8>>);

impl Device for Tap {
    fn handle(&mut self, input: Input<'_>, _: Moment, _: &mut Vec<Output>) {
        if let Input::Datagram { to, payload, .. } = input {
            assert_eq!(to, GROUP);
            self.0.push(payload.to_vec());
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        None
    }
}

/// What our host half sends.
fn ours(kind: Kind, rounds: u32) -> Vec<Vec<u8>> {
    let world = World::new(Tap(Vec::new()), VirtualClock::new());
    let alone = Listening { lasted: LISTEN_AT_LEAST, ended: Moment::default(), stations: Default::default() };
    let proof = AloneOnWire::prove(&alone, "the test").unwrap();
    let second_copy = kind == Kind::SecondFirmware;
    let options = CastOptions { second_copy, rounds, ..CastOptions::default() };
    let mut network = world.network();
    let host = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 33));
    let mut caster = Caster::new(&mut network, host, &proof, options).unwrap();
    caster.cast(&image(kind), &mut || false, &mut Silent).unwrap();
    world.with_device(|tap| std::mem::take(&mut tap.0))
}

/// Where two datagrams differ.
fn differences(one: &[u8], other: &[u8]) -> Vec<usize> {
    assert_eq!(one.len(), other.len());
    (0..one.len()).filter(|at| one[*at] != other[*at]).collect()
}

#[test]
fn our_host_sends_what_zycast_sends_but_for_the_flag_that_it_always_sets() {
    for (recording, kind, rounds) in [(FIRMWARE, Kind::Firmware, 3), (SECOND, Kind::SecondFirmware, 2)] {
        let theirs = recorded(recording);
        let ours = ours(kind, rounds);
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(differences(ours, &theirs.payload), [FLAGS]);
            assert_eq!((ours[FLAGS], theirs.payload[FLAGS]), (0, 0x01));
        }
    }
    // Sent together with others, each datagram names them, too. We send one image only.
    for (recording, kinds, _) in [SETS[2], SETS[3]] {
        for kind in [Kind::Firmware, Kind::SecondFirmware].into_iter().filter(|kind| kinds.contains(kind)) {
            let theirs: Vec<Seen> = recorded(recording);
            let theirs = theirs.iter().filter(|seen| seen.payload[KINDS - 1] == kind.bit());
            let ours = ours(kind, 1);
            for (ours, theirs) in ours.iter().cycle().zip(theirs) {
                assert_eq!(differences(ours, &theirs.payload), [KINDS, FLAGS]);
                assert!(theirs.payload.len() > HEADER);
            }
        }
    }
}
