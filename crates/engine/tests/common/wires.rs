//! What else may be on the cable between a repair and its unit: other stations, other servers, a page of a system; or no right
//! to hear it. Each is what `Case::wire` wants.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use debrick_bootp::wire::{Kind, Message};
use debrick_link::{
    Arp, Clock, Datagrams, Deadline, ETHER_TYPE_ARP, FrameHeader, Frames, Link, LinkError, Network,
    UdpPacket, VirtualClock,
};
use debrick_model::MacAddress;

/// Two stations say something as soon as they are listened to.
pub fn with_two_speakers(network: Box<dyn Network>) -> Box<dyn Network> {
    let says = |last| {
        let from = MacAddress::new([0x2c, 0xb0, 0x5d, 0, 0, last]);
        FrameHeader { to: MacAddress::BROADCAST, from, ether_type: ETHER_TYPE_ARP }.with(&[0; 46])
    };
    Box::new(Shared { network, first: vec![says(1), says(2)], is_there: || true, answer: |_| Vec::new() })
}

/// Somebody asks for an address by BOOTP as soon as this is set.
pub static ANOTHER_ASKS: AtomicBool = AtomicBool::new(false);

/// Somebody else asks for an address by BOOTP, once they are there.
pub fn with_another_who_asks(network: Box<dyn Network>) -> Box<dyn Network> {
    let station = MacAddress::new([2, 0, 0, 0, 0, 0x77]);
    let payload = Message::request(station, 7).to_bytes();
    let packet = UdpPacket {
        from: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68),
        to: SocketAddrV4::new(Ipv4Addr::BROADCAST, 67),
        payload: &payload,
    };
    let first = packet.to_frame(station, MacAddress::BROADCAST).into_iter().collect();
    let is_there = || ANOTHER_ASKS.load(Ordering::SeqCst);
    Box::new(Shared { network, first, is_there, answer: |_| Vec::new() })
}

/// A router gives out addresses already.
pub fn with_address_server(network: Box<dyn Network>) -> Box<dyn Network> {
    let answer = |frame: &[u8]| {
        let question = FrameHeader::split(frame).and_then(|(_, packet)| UdpPacket::split(packet));
        let question = question.and_then(|udp| Message::parse(udp.payload).ok());
        let Some(question) = question.filter(|question| question.kind == Some(Kind::Discover)) else {
            return Vec::new();
        };
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
        let station = MacAddress::new([2, 0, 0, 0, 0, 0x77]);
        packet.to_frame(station, MacAddress::BROADCAST).into_iter().collect()
    };
    Box::new(Shared { network, first: Vec::new(), is_there: || true, answer })
}

/// Two stations say that they have the address that is asked for.
pub fn with_two_of_an_address(network: Box<dyn Network>) -> Box<dyn Network> {
    let answer = |frame: &[u8]| {
        let (header, payload) = FrameHeader::split(frame).unwrap();
        assert_eq!((header.ether_type, header.to), (ETHER_TYPE_ARP, MacAddress::BROADCAST));
        let asked = Arp::parse(payload).unwrap();
        let answers = [0xAA, 0xBB].map(|last| {
            let station = MacAddress::new([2, 0, 0, 0, 0, last]);
            Arp { asks: false, from: (station, asked.to.1), to: asked.from }.to_frame()
        });
        // Each twice, as switches and second thoughts have it.
        answers.into_iter().flat_map(|frame| [frame.clone(), frame]).collect()
    };
    Box::new(Shared { network, first: Vec::new(), is_there: || true, answer })
}

/// A cable that others are on, too.
struct Shared {
    network: Box<dyn Network>,
    /// What they say without being asked.
    first: Vec<Vec<u8>>,
    /// Whether they say that yet.
    is_there: fn() -> bool,
    /// What they say to a frame.
    answer: fn(&[u8]) -> Vec<Vec<u8>>,
}

impl Network for Shared {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.network.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.network.connect_stream(to, deadline)
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let frames = self.network.open_frames(ether_type)?;
        let first = if (self.is_there)() { self.first.clone() } else { Vec::new() };
        let others = Arc::new(Mutex::new(first.into()));
        Ok(Box::new(Among { frames, others, answer: self.answer }))
    }

    fn carrier(&mut self) -> Option<bool> {
        self.network.carrier()
    }

    fn clock(&self) -> &dyn Clock {
        self.network.clock()
    }
}

/// Frames among which those of others are.
pub struct Among {
    pub frames: Box<dyn Frames>,
    /// What others have sent, and nobody has heard yet.
    pub others: Arc<Mutex<VecDeque<Vec<u8>>>>,
    /// What they say to a frame.
    pub answer: fn(&[u8]) -> Vec<Vec<u8>>,
}

impl Frames for Among {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let Some(frame) = self.others.lock().unwrap().pop_front() else {
            return self.frames.receive(buffer, deadline);
        };
        buffer[..frame.len()].copy_from_slice(&frame);
        Ok(frame.len())
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        self.others.lock().unwrap().extend((self.answer)(frame));
        self.frames.send(frame)
    }

    fn hear_only_udp_to(&mut self, port: u16) -> Result<(), LinkError> {
        self.frames.hear_only_udp_to(port)
    }

    fn address(&self) -> MacAddress {
        self.frames.address()
    }

    fn clock(&self) -> &dyn Clock {
        self.frames.clock()
    }

    fn name(&self) -> &str {
        self.frames.name()
    }
}

/// A network without the right to raw Ethernet.
pub fn without_right(network: Box<dyn Network>) -> Box<dyn Network> {
    Box::new(NoRight(network))
}

struct NoRight(Box<dyn Network>);

impl Network for NoRight {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.0.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.0.connect_stream(to, deadline)
    }

    fn open_frames(&mut self, _: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        let source = std::io::ErrorKind::PermissionDenied.into();
        Err(LinkError::MissingCapability { link: "raw Ethernet".into(), capability: "CAP_NET_RAW", source })
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock()
    }
}

/// A unit whose system has a page with a place for a password, until its power is taken away for the first time.
pub fn with_login_page(network: Box<dyn Network>) -> Box<dyn Network> {
    Box::new(Login { network, had_link: false, is_over: false })
}

struct Login {
    network: Box<dyn Network>,
    had_link: bool,
    is_over: bool,
}

impl Network for Login {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.network.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        if self.is_over {
            return self.network.connect_stream(to, deadline);
        }
        let page = "HTTP/1.1 200 OK\r\n\r\n<title>Log in</title><form method=post action=/login><input type=password></form>";
        Ok(Box::new(OnePage { left: page.as_bytes().to_vec(), clock: VirtualClock::new() }))
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        self.network.open_frames(ether_type)
    }

    fn carrier(&mut self) -> Option<bool> {
        let carrier = self.network.carrier();
        self.had_link |= carrier == Some(true);
        self.is_over |= self.had_link && carrier == Some(false);
        carrier
    }

    fn clock(&self) -> &dyn Clock {
        self.network.clock()
    }
}

/// Answers with a page, whatever is sent.
struct OnePage {
    left: Vec<u8>,
    clock: VirtualClock,
}

impl Link for OnePage {
    fn read(&mut self, buffer: &mut [u8], _: Deadline) -> Result<usize, LinkError> {
        if self.left.is_empty() {
            return Err(LinkError::Disconnected { link: self.name().to_owned(), source: None });
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }

    fn write_all(&mut self, bytes: &[u8], _: Deadline) -> Result<(), LinkError> {
        assert!(bytes.starts_with(b"GET "), "a system is only looked at");
        Ok(())
    }

    fn set_line_rate(&mut self, _: u32) -> Result<(), LinkError> {
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "a page"
    }
}
