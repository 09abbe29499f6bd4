//! A plug whose wire is two queues. What the kernel and real clients make of it, the LAN lab shows.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::sync::{Arc, Mutex};

use debrick_link::{Clock, VirtualClock};

use super::*;

const UNIT: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 2]);
const HOST: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 1]);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);

#[derive(Clone, Default)]
struct Cable {
    clock: VirtualClock,
    to_unit: Arc<Mutex<VecDeque<Vec<u8>>>>,
    to_host: Arc<Mutex<VecDeque<Vec<u8>>>>,
}

impl Frames for Cable {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let Some(frame) = self.to_unit.lock().unwrap().pop_front() else {
            self.clock.advance_to(deadline.moment());
            return Err(LinkError::TimedOut { link: "cable".into() });
        };
        buffer[..frame.len()].copy_from_slice(&frame);
        Ok(frame.len())
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        self.to_host.lock().unwrap().push_back(frame.to_vec());
        Ok(())
    }

    fn address(&self) -> MacAddress {
        UNIT
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "cable"
    }
}

/// Sends datagrams back, calls a host that never called it, and takes note of frames.
#[derive(Default)]
struct Echo {
    has_address: bool,
    is_deaf_to_arp: bool,
    calls: Option<SocketAddr>,
    heard: Vec<(SocketAddr, Vec<u8>)>,
    frames: usize,
}

impl Device for Echo {
    fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Datagram { from, to, payload } => {
                self.heard.push((to, payload.to_vec()));
                out.push(Output::Datagram { from: to, to: from, payload: payload.to_vec() });
            }
            Input::Frame(_) => self.frames += 1,
            _ => {}
        }
        if let Some(to) = self.calls.take() {
            let from = SocketAddr::from((UNIT_IP, 7));
            out.push(Output::Datagram { from, to, payload: b"call".to_vec() });
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.calls.map(|_| Moment::default())
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.has_address.then_some(UNIT_IP).into_iter().collect()
    }

    fn answers_arp(&self) -> bool {
        !self.is_deaf_to_arp
    }
}

struct Bench {
    cable: Cable,
    plug: Plug<Echo, Cable>,
}

impl Bench {
    fn new(device: Echo) -> Self {
        let cable = Cable::default();
        Self { plug: Plug::new(device, cable.clone(), UNIT), cable }
    }

    /// Puts frames on the wire, and returns what comes back.
    fn say(&mut self, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.cable.to_unit.lock().unwrap().extend(frames.iter().cloned());
        let mut turns = 0;
        let more = |_: &mut Echo| {
            turns += 1;
            turns > 10
        };
        self.plug.run(more).unwrap();
        self.cable.to_host.lock().unwrap().drain(..).collect()
    }
}

fn question(to: Ipv4Addr) -> Vec<u8> {
    Arp { asks: true, from: (HOST, HOST_IP), to: (MacAddress::new([0; 6]), to) }.to_frame()
}

fn datagram(to_mac: MacAddress, to: Ipv4Addr) -> Vec<u8> {
    let (from, to) = (SocketAddrV4::new(HOST_IP, 1000), SocketAddrV4::new(to, 7));
    UdpPacket { from, to, payload: b"hello" }.to_frame(HOST, to_mac).unwrap()
}

#[test]
fn arp_is_answered_for_the_addresses_that_the_device_has_now() {
    let mut bench = Bench::new(Echo::default());
    assert!(bench.say(&[question(UNIT_IP)]).is_empty(), "it has none yet");
    bench.plug.device().has_address = true;
    let answers = bench.say(&[question(UNIT_IP), question(HOST_IP)]);
    let answer = Arp { asks: false, from: (UNIT, UNIT_IP), to: (HOST, HOST_IP) };
    assert_eq!(answers, [answer.to_frame()]);
    bench.plug.device().is_deaf_to_arp = true;
    assert!(bench.say(&[question(UNIT_IP)]).is_empty());
}

#[test]
fn a_device_that_knows_no_address_is_given_one() {
    let cable = Cable::default();
    let plug = Plug::new(Echo::default(), cable.clone(), UNIT).with_address(UNIT_IP);
    let mut bench = Bench { plug, cable };
    let answers = bench.say(&[question(UNIT_IP), datagram(UNIT, UNIT_IP)]);
    assert_eq!(answers.len(), 2, "an ARP answer, and the datagram sent back");
    assert_eq!(bench.plug.into_device().heard.len(), 1);
}

#[test]
fn datagrams_go_in_and_out() {
    let mut bench = Bench::new(Echo { has_address: true, ..Echo::default() });
    let answers = bench.say(&[datagram(UNIT, UNIT_IP)]);
    let (header, packet) = FrameHeader::split(&answers[0]).unwrap();
    assert_eq!((header.from, header.to), (UNIT, HOST), "who sent it is known without ARP");
    let udp = UdpPacket::split(packet).unwrap();
    assert_eq!(
        (udp.from.to_string(), udp.to.to_string()),
        ("192.168.1.1:7".into(), "192.168.1.2:1000".into())
    );
    assert_eq!(udp.payload, b"hello");
}

#[test]
fn what_is_for_others_does_not_reach_the_device() {
    let mut bench = Bench::new(Echo { has_address: true, ..Echo::default() });
    let other = Ipv4Addr::new(192, 168, 1, 9);
    bench.say(&[datagram(HOST, UNIT_IP), datagram(UNIT, other)]);
    let device = bench.plug.device();
    assert!(device.heard.is_empty(), "{:?}", device.heard);
    assert_eq!(device.frames, 1, "a frame to its Ethernet address is its business all the same");
    bench.plug.device().has_address = false;
    bench.say(&[datagram(UNIT, other)]);
    assert_eq!(bench.plug.device().heard.len(), 1, "without an address it hears all that is sent to it");
}

#[test]
fn whom_it_has_never_heard_it_asks_for_by_arp() {
    let calls = Some(SocketAddr::from((HOST_IP, 9)));
    let mut bench = Bench::new(Echo { has_address: true, calls, ..Echo::default() });
    let said = bench.say(&[]);
    let asks = Arp { asks: true, from: (UNIT, UNIT_IP), to: (MacAddress::new([0; 6]), HOST_IP) };
    assert_eq!(said, [asks.to_frame()]);
    let answer = Arp { asks: false, from: (HOST, HOST_IP), to: (UNIT, UNIT_IP) };
    let said = bench.say(&[answer.to_frame()]);
    let (header, packet) = FrameHeader::split(&said[0]).unwrap();
    assert_eq!(header.to, HOST);
    assert_eq!(UdpPacket::split(packet).unwrap().payload, b"call");
}

#[test]
fn broadcasts_need_no_arp() {
    let calls = Some(SocketAddr::from((Ipv4Addr::BROADCAST, 67)));
    let mut bench = Bench::new(Echo { calls, ..Echo::default() });
    let said = bench.say(&[]);
    assert_eq!(FrameHeader::split(&said[0]).unwrap().0.to, MacAddress::BROADCAST);
}

#[test]
fn only_the_first_segment_of_a_connection_is_a_request() {
    let mut packet = vec![0; 40];
    packet[0] = 0x45;
    packet[9] = 6;
    packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    packet[20..24].copy_from_slice(&[0x04, 0xD2, 0, 80]);
    packet[33] = 0x02;
    let expected = Syn { from: "10.0.0.1:1234".parse().unwrap(), to: "10.0.0.2:80".parse().unwrap() };
    assert_eq!(Syn::of(&packet), Some(expected));
    for flags in [0x12, 0x10, 0x06, 0x00] {
        packet[33] = flags;
        assert_eq!(Syn::of(&packet), None);
    }
    packet[33] = 0x02;
    for length in 0..34 {
        assert_eq!(Syn::of(&packet[..length]), None);
    }
}
