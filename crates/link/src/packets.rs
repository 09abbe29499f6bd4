//! ARP, and UDP over IPv4, inside Ethernet frames: for what speaks before it has an address, and for what gives a virtual
//! device one. RFC 826, RFC 791, RFC 768. Without fragments and without options of IPv4 in what is made here.

use std::net::{Ipv4Addr, SocketAddrV4};

use debrick_model::MacAddress;

use crate::frames::FrameHeader;

/// The type of frames with IPv4.
pub const ETHER_TYPE_IPV4: u16 = 0x0800;

/// The type of frames with ARP.
pub const ETHER_TYPE_ARP: u16 = 0x0806;

/// Bytes of the shortest frame, without check sequence. Not every interface pads.
const SHORTEST_FRAME: usize = 60;

const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const PROTOCOL_UDP: u8 = 17;

/// Most bytes of a datagram in one frame.
pub const LONGEST_DATAGRAM: usize = 1500 - IPV4_HEADER - UDP_HEADER;

/// A datagram, taken out of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpPacket<'a> {
    /// Sender.
    pub from: SocketAddrV4,
    /// Receiver.
    pub to: SocketAddrV4,
    /// Content.
    pub payload: &'a [u8],
}

impl<'a> UdpPacket<'a> {
    /// Takes the datagram out of an IPv4 packet, as it stands behind a frame's header. `None` for fragments, and for
    /// anything else. Checksums are not looked at: what comes from the same computer mostly has none yet.
    pub fn split(packet: &'a [u8]) -> Option<Self> {
        let first = *packet.first()?;
        let (version, header) = (first >> 4, usize::from(first & 0xF) * 4);
        let total = usize::from(be16(packet, 2)?);
        let fragment = be16(packet, 6)? & 0x3FFF;
        let is_udp = *packet.get(9)? == PROTOCOL_UDP;
        if version != 4 || header < IPV4_HEADER || fragment != 0 || !is_udp {
            return None;
        }
        let address = |at: usize| Some(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?));
        let (source, destination) = (address(12)?, address(16)?);
        let udp = packet.get(header..total)?;
        let length = usize::from(be16(udp, 4)?);
        Some(Self {
            from: SocketAddrV4::new(source, be16(udp, 0)?),
            to: SocketAddrV4::new(destination, be16(udp, 2)?),
            payload: udp.get(UDP_HEADER..length)?,
        })
    }

    /// A whole frame with this datagram; `None` where it is longer than [`LONGEST_DATAGRAM`].
    pub fn to_frame(&self, from: MacAddress, to: MacAddress) -> Option<Vec<u8>> {
        if self.payload.len() > LONGEST_DATAGRAM {
            return None;
        }
        let udp_length = (UDP_HEADER + self.payload.len()) as u16;
        let total = (IPV4_HEADER as u16 + udp_length).to_be_bytes();
        let mut packet = vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, PROTOCOL_UDP, 0, 0];
        packet.extend_from_slice(&self.from.ip().octets());
        packet.extend_from_slice(&self.to.ip().octets());
        let checksum = checksum(&[&packet]);
        packet[10..12].copy_from_slice(&checksum.to_be_bytes());

        let mut udp = Vec::with_capacity(usize::from(udp_length));
        for field in [self.from.port(), self.to.port(), udp_length, 0] {
            udp.extend_from_slice(&field.to_be_bytes());
        }
        udp.extend_from_slice(self.payload);
        let sum = udp_checksum(&packet[12..20], udp_length, &udp);
        udp[6..8].copy_from_slice(&sum.to_be_bytes());
        packet.extend(udp);
        Some(pad(FrameHeader { to, from, ether_type: ETHER_TYPE_IPV4 }.with(&packet)))
    }
}

/// Of a datagram with its header, and the two addresses; a sum of 0 means that there is none, so that it is sent as 0xFFFF.
fn udp_checksum(addresses: &[u8], udp_length: u16, udp: &[u8]) -> u16 {
    let [high, low] = udp_length.to_be_bytes();
    match checksum(&[addresses, &[0, PROTOCOL_UDP, high, low], udp]) {
        0 => 0xFFFF,
        sum => sum,
    }
}

/// The Internet's checksum (RFC 1071) over parts, of which all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// Whether it asks, or answers.
    pub asks: bool,
    /// Who sends it.
    pub from: (MacAddress, Ipv4Addr),
    /// Whom it is about; the Ethernet address is zero in a question.
    pub to: (MacAddress, Ipv4Addr),
}

/// Ethernet, IPv4, and the lengths of their addresses.
const ARP_KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];

impl Arp {
    /// Reads what stands behind a frame's header.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let packet = packet.first_chunk::<28>()?;
        let asks = match packet[6..8] {
            [0, 1] => true,
            [0, 2] => false,
            _ => return None,
        };
        let party = |at: usize| {
            let mac = MacAddress::new(*packet.get(at..)?.first_chunk()?);
            Some((mac, Ipv4Addr::from(*packet.get(at + 6..)?.first_chunk::<4>()?)))
        };
        (packet[..6] == ARP_KIND).then_some(Self { asks, from: party(8)?, to: party(18)? })
    }

    /// A whole frame with it: to everybody if it asks.
    pub fn to_frame(&self) -> Vec<u8> {
        let mut packet = ARP_KIND.to_vec();
        packet.extend_from_slice(&[0, if self.asks { 1 } else { 2 }]);
        for (mac, address) in [self.from, self.to] {
            packet.extend_from_slice(mac.as_bytes());
            packet.extend_from_slice(&address.octets());
        }
        let to = if self.asks { MacAddress::BROADCAST } else { self.to.0 };
        pad(FrameHeader { to, from: self.from.0, ether_type: ETHER_TYPE_ARP }.with(&packet))
    }
}

fn pad(mut frame: Vec<u8>) -> Vec<u8> {
    frame.resize(frame.len().max(SHORTEST_FRAME), 0);
    frame
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 1]);
    const B: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 2]);

    #[test]
    fn a_frame_is_the_one_that_other_programs_make() {
        // The example of RFC 1071's method in many textbooks: a header whose checksum is 0xB861.
        let header =
            [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xC0, 0xA8, 0, 1, 0xC0, 0xA8, 0, 0xC7];
        assert_eq!(checksum(&[&header]), 0xB861);
        let packet = UdpPacket {
            from: "10.0.0.1:68".parse().unwrap(),
            to: "10.0.0.2:67".parse().unwrap(),
            payload: b"odd",
        };
        let frame = packet.to_frame(A, B).unwrap();
        let ip = &frame[14..];
        assert_eq!(frame.len(), 60);
        assert_eq!(checksum(&[&ip[..20]]), 0, "a sum over a header with its checksum is 0");
        let pseudo = [&ip[12..20], &[0, 17, 0, 11]].concat();
        assert_eq!(checksum(&[&pseudo, &ip[20..31]]), 0);
        assert_eq!(UdpPacket::split(ip), Some(packet), "padding does not belong to it");
    }

    #[test]
    fn what_is_no_whole_datagram_is_left_out() {
        let packet = UdpPacket {
            from: "10.0.0.1:68".parse().unwrap(),
            to: "10.0.0.2:67".parse().unwrap(),
            payload: &[7; 100],
        };
        let frame = packet.to_frame(A, B).unwrap();
        let ip = &frame[14..];
        for length in 0..ip.len() {
            assert_eq!(UdpPacket::split(&ip[..length]), None, "{length}");
        }
        let changed = |at: usize, value: u8| {
            let mut ip = ip.to_vec();
            ip[at] = value;
            UdpPacket::split(&ip).is_none()
        };
        assert!(changed(0, 0x65) && changed(0, 0x44), "version and header");
        assert!(changed(6, 0x20) && changed(7, 1), "fragments");
        assert!(changed(9, 6), "TCP");
        assert!(changed(24, 255) && changed(25, 7), "the datagram's length");
        assert_eq!(UdpPacket { payload: &[0; 1473], ..packet }.to_frame(A, B), None);
    }

    #[test]
    fn arp_comes_back() {
        let unknown = MacAddress::new([0; 6]);
        let (own, other) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        for arp in [
            Arp { asks: true, from: (A, own), to: (unknown, other) },
            Arp { asks: false, from: (B, other), to: (A, own) },
        ] {
            let frame = arp.to_frame();
            assert_eq!(Arp::parse(&frame[14..]), Some(arp));
            assert_eq!(Arp::parse(&frame[14..41]), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = (UdpPacket::split(&bytes), Arp::parse(&bytes));
        }

        #[test]
        fn datagrams_come_back(payload in prop::collection::vec(any::<u8>(), 0..1472), ports: (u16, u16), ips: (u32, u32)) {
            let packet = UdpPacket {
                from: SocketAddrV4::new(Ipv4Addr::from(ips.0), ports.0),
                to: SocketAddrV4::new(Ipv4Addr::from(ips.1), ports.1),
                payload: &payload,
            };
            let frame = packet.to_frame(A, B).unwrap();
            prop_assert_eq!(UdpPacket::split(&frame[14..]), Some(packet));
        }
    }
}
