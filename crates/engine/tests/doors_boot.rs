//! Whole repairs of a unit whose bootloader starts from the network: it asks for an address by BOOTP or DHCP, and then for
//! its file. Others on its cable ask, too, or answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use common::door::*;
use common::*;
use debrick_bootp::device::BootpConfig;
use debrick_bootp::wire::{Kind, Message};
use debrick_link::{Clock, Datagrams, Deadline, FrameHeader, Frames, Link, LinkError, Network, UdpPacket};
use debrick_model::{Ending, EventBody, Gate, MacAddress, Property, Waiver};
use debrick_tftp::device::PullQuirks;
use debrick_virtual_bench::{Brick, Door, FirmwareOptions, Speech, UnitState, firmware};

const UNIT: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x2a]);
const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x77]);

fn boot() -> Speech {
    Speech::boot(UNIT)
}

/// One that asks by BOOTP, as RouterBOOT does.
fn by_bootp() -> Speech {
    let asks =
        BootpConfig { bootp: true, vendor_class: Some("ARM__boot".into()), ..BootpConfig::u_boot(UNIT) };
    Speech::Boot { asks, quirks: PullQuirks::default(), other: None }
}

fn beside(other: BootpConfig) -> Speech {
    Speech::Boot { asks: BootpConfig::u_boot(UNIT), quirks: PullQuirks::default(), other: Some(other) }
}

fn with(quirks: PullQuirks) -> Speech {
    Speech::Boot { asks: BootpConfig::u_boot(UNIT), quirks, other: None }
}

#[test]
fn a_router_is_given_an_address_and_its_file() {
    for speech in [boot(), by_bootp()] {
        let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(speech));
        let before = case.bench.state();
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(unique_is_unharmed(&before, &case.bench.state()));
        assert_eq!((case.count("intent"), case.count("coached")), (1, 1));
        assert!(case.changes().is_empty());
        let seen = case.attendant.events.iter().any(|event| match &event.body {
            EventBody::Observed { observation } => {
                observation.property == Property::MacAddress && observation.value == UNIT.to_string()
            }
            _ => false,
        });
        assert!(seen, "who asked is in the journal");
    }
}

#[test]
fn a_button_that_is_let_go_too_early_is_noticed_and_tried_again() {
    let door = Door { least: Duration::from_secs(7), ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::FirmwareErased, door);
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
    let misses = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Coached { misses, .. } => Some(misses.len()),
        _ => None,
    });
    assert!(misses.unwrap() >= 1, "it was let go too early");
}

#[test]
fn an_image_that_the_bootloader_refuses_is_not_offered_again() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
    case.image = firmware(NEWER, &FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() });
    case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(case.count("intent"), 1);
    assert_eq!(case.codes(), ["tftp-rejected"]);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn a_bootloader_that_lies_is_found_out() {
    let door = Door { lies: true, ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, door);
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
    assert_eq!((case.count("intent"), case.count("coached")), (2, 2));
}

#[test]
fn a_transfer_that_breaks_is_tried_again_in_plain_blocks() {
    let restarts = PullQuirks { restarts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let mut case = Case::of(BOOT, Brick::ImageCutShort, Door::of(with(restarts)));
    let closed = case.run();
    case.is_repaired(&closed);

    let aborts = PullQuirks { aborts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let mut case = Case::of(BOOT, Brick::ImageCutShort, Door::of(with(aborts)));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(case.count("intent"), 1, "what the unit breaks off with words is its refusal");
}

#[test]
fn five_silent_minutes_are_waited_for() {
    let door = Door { writes_for: Duration::from_secs(300), ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::FirmwareErased, door);
    let closed = case.run();
    case.is_repaired(&closed);
}

#[test]
fn a_system_that_asks_on_the_same_cable_is_left_alone() {
    let system = BootpConfig { vendor_class: Some("udhcp 1.36.1".into()), ..BootpConfig::u_boot(OTHER) };
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(beside(system)));
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(!case.bench.world.with_device(|router| router.others_served_at_door()));
}

#[test]
fn of_two_units_in_recovery_neither_is_answered() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(beside(BootpConfig::u_boot(OTHER))));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().iter().all(|code| code == "door-two-units"), "{:?}", case.codes());
    let told = closed.summary.join(" ");
    assert!(told.contains(&UNIT.to_string()) && told.contains(&OTHER.to_string()), "{told}");
    assert!(!case.bench.world.with_device(|router| router.others_served_at_door()));
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn beside_another_server_of_addresses_nobody_is_sent_to_the_button() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
    case.wire = |network| Box::new(WithServer(network));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
    let told = closed.next_step.unwrap();
    assert!(told.contains("192.168.1.254") && told.contains("gives out addresses"), "{told}");
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    for seq in (1..60).step_by(9) {
        let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
        case.attendant.cancel_after = Some(seq);
        let closed = case.run();
        if closed.ending == Ending::Repaired {
            assert!(seq > 30, "at {seq}: over already");
            continue;
        }
        assert_eq!(closed.ending, Ending::Cancelled, "at {seq}: {closed:?}");
        case.attendant.cancel_after = None;
        case.attendant.hands = Some(Hands::steady(&case.bench));
        let closed = case.resume(&closed.session);
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(holds(&case.bench.state(), &case.image), "at {seq}");
    }
}

/// A network on which a router gives out addresses already.
struct WithServer(Box<dyn Network>);

impl Network for WithServer {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.0.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.0.connect_stream(to, deadline)
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        Ok(Box::new(Answered { frames: self.0.open_frames(ether_type)?, answers: VecDeque::new() }))
    }

    fn carrier(&mut self) -> Option<bool> {
        self.0.carrier()
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock()
    }
}

/// Frames among which a server answers whoever looks for one.
struct Answered {
    frames: Box<dyn Frames>,
    answers: VecDeque<Vec<u8>>,
}

impl Frames for Answered {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let Some(answer) = self.answers.pop_front() else { return self.frames.receive(buffer, deadline) };
        buffer[..answer.len()].copy_from_slice(&answer);
        Ok(answer.len())
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let question = FrameHeader::split(frame).and_then(|(_, packet)| UdpPacket::split(packet));
        if let Some(question) = question.and_then(|udp| Message::parse(udp.payload).ok())
            && question.kind == Some(Kind::Discover)
        {
            let server = Ipv4Addr::new(192, 168, 1, 254);
            let offer = Message {
                is_request: false,
                kind: Some(Kind::Offer),
                server: Some(server),
                yours: Ipv4Addr::new(192, 168, 1, 77),
                ..Message::request(question.mac, question.transaction)
            };
            let payload = offer.to_bytes();
            let packet = UdpPacket {
                from: SocketAddrV4::new(server, 67),
                to: SocketAddrV4::new(Ipv4Addr::BROADCAST, 68),
                payload: &payload,
            };
            self.answers.extend(packet.to_frame(OTHER, MacAddress::BROADCAST));
        }
        self.frames.send(frame)
    }

    fn address(&self) -> MacAddress {
        self.frames.address()
    }

    fn name(&self) -> &str {
        self.frames.name()
    }

    fn clock(&self) -> &dyn Clock {
        self.frames.clock()
    }
}

fn repairs(_: &str, state: UnitState) -> Case {
    Case::with_state(BOOT, state, Door::of(boot()))
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    killed_and_finished(BOOT, (3..).step_by(13), 3, repairs);
}
