//! A repair beside a twin of the unit: another station with the same address, which asks for the same file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::door::*;
use common::*;
use debrick_bootp::device::BootpConfig;
use debrick_link::simulated::{DEVICE_ADDRESS, HOST_ADDRESS};
use debrick_link::{Clock, Datagrams, Deadline, Frames, Link, LinkError, Network, UdpPacket};
use debrick_model::{Ending, EventBody, MacAddress};
use debrick_tftp::device::PullQuirks;
use debrick_virtual_bench::{Brick, Door, Speech};

const TWIN: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x77]);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 168, 1, 2), 69);

/// Where the twin asks from: the unit's own port would do, too, but then nobody could tell whom an answer is for.
const TWIN_PORT: u16 = 4321;

/// When the twin asks, how often it has, and been answered; and which stations addresses were pinned to.
struct Seen {
    /// Once the unit is being served; otherwise as soon as the unit has asked.
    is_late: bool,
    asked: AtomicUsize,
    answered: AtomicUsize,
    pinned: Mutex<Vec<(Ipv4Addr, MacAddress)>>,
    forgotten: AtomicUsize,
}

const fn seen(is_late: bool) -> Seen {
    let (asked, answered, forgotten) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    Seen { is_late, asked, answered, pinned: Mutex::new(Vec::new()), forgotten }
}

static SEEN: [Seen; 3] = [seen(true), seen(true), seen(false)];

/// A wire with the twin on it.
struct Wire {
    inner: Box<dyn Network>,
    frames: Arc<Mutex<VecDeque<Vec<u8>>>>,
    seen: &'static Seen,
}

impl Wire {
    fn of(inner: Box<dyn Network>, seen: &'static Seen) -> Box<dyn Network> {
        Box::new(Self { inner, frames: Arc::default(), seen })
    }
}

impl Network for Wire {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let socket = self.inner.bind_datagrams(local)?;
        let (frames, seen) = (self.frames.clone(), self.seen);
        Ok(Box::new(Socket { socket, frames, seen, unit_asked: None }))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.inner.connect_stream(to, deadline)
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let frames = self.inner.open_frames(ether_type)?;
        Ok(Box::new(wires::Among { frames, others: self.frames.clone(), answer: |_| Vec::new() }))
    }

    fn carrier(&mut self) -> Option<bool> {
        self.inner.carrier()
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        self.seen.pinned.lock().unwrap().push((address, station));
        self.inner.set_neighbour(address, station)
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        self.seen.forgotten.fetch_add(1, Ordering::SeqCst);
        self.inner.forget_neighbour(address)
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}

struct Socket {
    socket: Box<dyn Datagrams>,
    frames: Arc<Mutex<VecDeque<Vec<u8>>>>,
    seen: &'static Seen,
    /// What the unit has asked for, until the twin does.
    unit_asked: Option<Vec<u8>>,
}

impl Socket {
    /// What the twin asks now.
    fn asks(&mut self) -> Option<Vec<u8>> {
        let is_served = !self.seen.pinned.lock().unwrap().is_empty();
        self.unit_asked.take_if(|_| is_served || !self.seen.is_late)
    }
}

impl Datagrams for Socket {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        if let Some(request) = self.asks() {
            let from = SocketAddrV4::new(UNIT_IP, TWIN_PORT);
            let frame = UdpPacket { from, to: HOST, payload: &request }.to_frame(TWIN, HOST_ADDRESS).unwrap();
            self.frames.lock().unwrap().push_back(frame);
            self.seen.asked.fetch_add(1, Ordering::SeqCst);
            buffer[..request.len()].copy_from_slice(&request);
            return Ok((request.len(), SocketAddr::V4(from)));
        }
        let (count, from) = self.socket.receive(buffer, deadline)?;
        let is_request = self.socket.local_address().port() == 69 && buffer[..count].starts_with(&[0, 1]);
        if is_request {
            self.unit_asked = Some(buffer[..count].to_vec());
        }
        Ok((count, from))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        let is_for_twin = to.port() == TWIN_PORT;
        self.seen.answered.fetch_add(usize::from(is_for_twin), Ordering::SeqCst);
        self.socket.send(datagram, to)
    }

    fn local_address(&self) -> SocketAddr {
        self.socket.local_address()
    }

    fn clock(&self) -> &dyn Clock {
        self.socket.clock()
    }

    fn name(&self) -> &str {
        self.socket.name()
    }
}

fn check(method: &'static str, speech: Speech, wire: fn(Box<dyn Network>) -> Box<dyn Network>, seen: &Seen) {
    let mut case = Case::of(method, Brick::KernelBytesDamaged, Door::of(speech));
    case.wire = wire;
    let closed = case.run();
    case.is_repaired(&closed);
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert!(count(&seen.asked) > 0, "the twin has asked");
    assert_eq!(count(&seen.answered), 0, "and got no answer");
    let pinned = seen.pinned.lock().unwrap();
    assert!(!pinned.is_empty() && pinned.iter().all(|pin| *pin == (UNIT_IP, DEVICE_ADDRESS)), "{pinned:?}");
    assert!(count(&seen.forgotten) >= 1, "the unit's system may have another Ethernet address");
    let named = case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::Noted { text }
            if text.contains(&TWIN.to_string()) && text.contains(&DEVICE_ADDRESS.to_string()))
    });
    assert!(named, "who was refused is in the journal: {:?}", case.attendant.names());
}

#[test]
fn the_twin_of_a_unit_that_asks_for_its_file_is_refused_and_named() {
    check(PULL, pull(), |network| Wire::of(network, &SEEN[0]), &SEEN[0]);
}

#[test]
fn of_twins_that_ask_before_anything_is_offered_neither_is_served() {
    let mut case = Case::of(PULL, Brick::KernelBytesDamaged, Door::of(pull()));
    case.wire = |network| Wire::of(network, &SEEN[2]);
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(case.codes().contains(&"several-units".to_owned()), "{:?}", case.codes());
    let told = closed.summary.join(" ");
    assert!(told.contains(&TWIN.to_string()) && told.contains(&DEVICE_ADDRESS.to_string()), "{told}");
    assert_eq!((case.count("intent"), SEEN[2].answered.load(Ordering::SeqCst)), (0, 0));
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn the_twin_of_a_unit_that_starts_from_the_network_is_refused_and_named() {
    let asks = BootpConfig::u_boot(DEVICE_ADDRESS);
    let speech = Speech::Boot { asks, quirks: PullQuirks::default() };
    check(BOOT, speech, |network| Wire::of(network, &SEEN[1]), &SEEN[1]);
}
