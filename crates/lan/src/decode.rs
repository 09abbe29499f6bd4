//! From a frame to what it says. Most frames say nothing that matters here, and many are damaged or made to harm:
//! lengths are taken only as far as there are bytes.
//!
//! IP, UDP and ARP are read by `etherparse`, multicast DNS by `simple-dns`, TFTP by `debrick-tftp`.

mod announcements;
mod bootp;
mod names;

use std::net::{IpAddr, Ipv4Addr};

use debrick_link::FrameHeader;
use debrick_model::MacAddress;
use debrick_tftp::wire::{self, Direction, Packet};
use etherparse::{ArpOperation, ArpPacketSlice, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use crate::heard::{Heard, NmrpCode, Word};
use crate::text::tidy;

/// NMRP's type of Ethernet frame.
const NMRP: u16 = 0x0912;

/// Ports of UDP.
mod port {
    pub(super) const BOOTP_SERVER: u16 = 67;
    pub(super) const BOOTP_CLIENT: u16 = 68;
    pub(super) const SSDP: u16 = 1900;
    /// OpenWrt's announcement that its failsafe mode can be entered.
    pub(super) const FAILSAFE: u16 = 4919;
    /// Discovery of AVM's EVA and its ancestor ADAM2.
    pub(super) const EVA: u16 = 5035;
    pub(super) const MULTICAST_DNS: u16 = 5353;
    /// MikroTik's neighbour discovery protocol.
    pub(super) const MNDP: u16 = 5678;
    /// U-Boot's and Linux' netconsole, as both have it by default.
    pub(super) const NETCONSOLE: u16 = 6666;
    /// Ubiquiti's discovery protocol.
    pub(super) const UBIQUITI: u16 = 10001;
}

/// A UDP datagram, and who sent it.
struct Datagram<'a> {
    from: Option<Ipv4Addr>,
    to: Option<Ipv4Addr>,
    from_port: u16,
    to_port: u16,
    payload: &'a [u8],
}

/// What a frame says, if it says something that is known here.
pub fn decode(frame: &[u8]) -> Option<Heard> {
    let (header, payload) = FrameHeader::split(frame)?;
    if header.from.is_group() {
        return None;
    }
    let heard = |address: Option<IpAddr>, word| Heard { station: header.from, address, word };
    if header.ether_type == NMRP {
        return Some(heard(None, nmrp(payload)?));
    }
    let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
    let (from, to) = match packet.net.as_ref()? {
        LaxNetSlice::Arp(arp) => return arp_word(header.from, arp),
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            (IpAddr::from(header.source_addr()), IpAddr::from(header.destination_addr()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            (IpAddr::from(header.source_addr()), IpAddr::from(header.destination_addr()))
        }
    };
    let Some(TransportSlice::Udp(udp)) = &packet.transport else { return None };
    let v4 = |address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    };
    let datagram = Datagram {
        from: v4(from),
        to: v4(to),
        from_port: udp.source_port(),
        to_port: udp.destination_port(),
        payload: udp.payload(),
    };
    Some(heard((!from.is_unspecified()).then_some(from), of_datagram(&datagram)?))
}

fn of_datagram(datagram: &Datagram<'_>) -> Option<Word> {
    let payload = datagram.payload;
    match (datagram.from_port, datagram.to_port) {
        (_, port::BOOTP_SERVER) => bootp::request(payload),
        (_, port::BOOTP_CLIENT) => bootp::offer(payload),
        (_, wire::PORT) => tftp(payload, datagram.to?),
        (_, port::FAILSAFE) => announcements::failsafe(payload),
        (from, to) if from == port::EVA || to == port::EVA => {
            announcements::eva(payload, datagram.from?, from == port::EVA)
        }
        (port::MULTICAST_DNS, _) => names::multicast_dns(payload),
        (_, port::SSDP) => names::ssdp(payload),
        (port::MNDP, _) | (_, port::MNDP) => announcements::mikrotik(payload),
        (port::NETCONSOLE, _) | (_, port::NETCONSOLE) => announcements::console(payload),
        (port::UBIQUITI, _) | (_, port::UBIQUITI) => announcements::ubiquiti(payload),
        _ => None,
    }
}

fn arp_word(station: MacAddress, arp: &ArpPacketSlice<'_>) -> Option<Heard> {
    let v4 = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from);
    let (sender, target) = (v4(arp.sender_protocol_addr())?, v4(arp.target_protocol_addr())?);
    let address = (!sender.is_unspecified()).then_some(IpAddr::V4(sender));
    let word = match arp.operation() {
        ArpOperation::REQUEST if sender == target => Word::Claims { claimed: sender },
        ArpOperation::REQUEST => Word::AsksFor { wanted: target },
        ArpOperation::REPLY if address.is_some() => Word::Claims { claimed: sender },
        _ => return None,
    };
    Some(Heard { station, address, word })
}

fn tftp(payload: &[u8], server: Ipv4Addr) -> Option<Word> {
    let Ok(Packet::Request { direction, name, .. }) = Packet::parse(payload) else { return None };
    let sends = direction == Direction::Write;
    Some(Word::AsksForFile { file: tidy(&name)?, server, sends })
}

/// Reserved, code, id, length; then options.
fn nmrp(payload: &[u8]) -> Option<Word> {
    let [0, 0, code, _, length @ ..] = payload.first_chunk::<6>()? else { return None };
    if u16::from_be_bytes(*length) < 6 {
        return None;
    }
    let code = match code {
        1 => NmrpCode::Advertise,
        2 => NmrpCode::ConfigureRequest,
        3 => NmrpCode::ConfigureAck,
        4 => NmrpCode::CloseRequest,
        5 => NmrpCode::CloseAck,
        6 => NmrpCode::KeepAliveRequest,
        7 => NmrpCode::KeepAliveAck,
        16 => NmrpCode::UploadRequest,
        _ => return None,
    };
    Some(Word::Nmrp { code })
}

#[cfg(test)]
mod tests;
