//! Which Ethernet station a request came from. Two units in the same recovery mode have the same address and ask from the
//! same port for the same file: only their frames tell them apart.

use std::collections::VecDeque;
use std::net::SocketAddr;

use debrick_link::{
    Deadline, ETHER_TYPE_IPV4, FrameHeader, Frames, LONGEST_FRAME, LinkError, Network, UdpPacket,
};
use debrick_model::MacAddress;

use super::{Refusal, Server};
use crate::error::TftpError;
use crate::wire::{Direction, Packet};

/// Frames that are taken at one time, so that a flood holds nothing up.
const MOST_AT_ONCE: usize = 256;

/// Frames whose datagrams have not come yet; earlier ones are forgotten.
const MOST_WAITING: usize = 64;

/// Tells which station a datagram came from, by the frame that it came in.
pub struct Senders {
    frames: Box<dyn Frames>,
    port: u16,
    waiting: VecDeque<Sent>,
    buffer: Vec<u8>,
}

/// A datagram, and who sent it.
struct Sent {
    station: MacAddress,
    from: SocketAddr,
    payload: Vec<u8>,
}

/// The one station that is served, whatever address others take.
pub struct OneStation {
    senders: Senders,
    unit: Option<MacAddress>,
}

impl Senders {
    /// Listens to what is sent to a UDP port of this computer; from before its socket is opened, so that no frame is
    /// missed. `None` where the network has no Ethernet to listen to: nothing but the address tells units apart there.
    ///
    /// # Errors
    /// What keeps it from being listened to.
    pub fn open(network: &mut dyn Network, port: u16) -> Result<Option<Self>, LinkError> {
        let mut frames = match network.open_frames(Some(ETHER_TYPE_IPV4)) {
            Ok(frames) => frames,
            Err(LinkError::Unsupported { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        frames.hear_only_udp_to(port)?;
        Ok(Some(Self { frames, port, waiting: VecDeque::new(), buffer: vec![0; LONGEST_FRAME] }))
    }

    /// Who sent this datagram, which has just been received on the port; `None` where its frame was lost, or hurt.
    pub fn of(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<MacAddress> {
        self.hear();
        let place = self.waiting.iter().position(|sent| sent.from == from && sent.payload == datagram)?;
        self.waiting.remove(place).map(|sent| sent.station)
    }

    /// Takes the frames that have come.
    fn hear(&mut self) {
        let at_once = Deadline::at(self.frames.clock().now());
        for _ in 0..MOST_AT_ONCE {
            // A unit that restarts takes the link with it; there is nothing to hear then.
            let Ok(count) = self.frames.receive(&mut self.buffer, at_once) else { return };
            let Some((header, packet)) = FrameHeader::split(&self.buffer[..count]) else { continue };
            let udp = UdpPacket::split(packet).filter(|_| header.ether_type == ETHER_TYPE_IPV4);
            let Some(udp) = udp.filter(|udp| udp.to.port() == self.port) else { continue };
            if self.waiting.len() >= MOST_WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back(Sent {
                station: header.from,
                from: SocketAddr::V4(udp.from),
                payload: udp.payload.to_vec(),
            });
        }
    }
}

impl OneStation {
    /// Serves this station; without it the first that asks for something that there is, and from then on only that.
    pub fn new(senders: Senders, unit: Option<MacAddress>) -> Self {
        Self { senders, unit }
    }

    /// The station that is served, once it is known.
    pub fn unit(&self) -> Option<MacAddress> {
        self.unit
    }

    /// Who sent a datagram.
    fn sender_of(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<MacAddress> {
        self.senders.of(from, datagram)
    }

    /// From now on nobody else is served.
    fn choose(&mut self, station: MacAddress) {
        self.unit.get_or_insert(station);
    }
}

impl Server<'_, '_> {
    /// Whether a knock is heard at all, or which file is kept from whom.
    pub(super) fn lets_in(&mut self, peer: SocketAddr, datagram: &[u8]) -> Result<(), (String, Refusal)> {
        if !self.service.allows(peer) {
            return Err((String::new(), Refusal::PeerNotAllowed));
        }
        let wanted = self.wanted(datagram);
        let Some(one) = &mut self.service.station else { return Ok(()) };
        let file = || wanted.clone().map(|(name, _)| name).unwrap_or_default();
        let Some(station) = one.sender_of(peer, datagram) else {
            return Err((file(), Refusal::UnknownStation));
        };
        match one.unit() {
            Some(unit) if unit != station => Err((file(), Refusal::OtherStation { station, unit })),
            // Who asks for something else may be anybody.
            None if wanted.is_some_and(|(_, is_offered)| is_offered) => {
                one.choose(station);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The name that a request asks for, and whether an image of that name is offered.
    fn wanted(&self, datagram: &[u8]) -> Option<(String, bool)> {
        let Ok(Packet::Request { direction, name, .. }) = Packet::parse(datagram) else { return None };
        let is_offered = direction == Direction::Read && self.service.find(&name).is_some();
        Some((name.into_owned(), is_offered))
    }

    /// Has everything that is sent to the unit's address reach the unit alone, before anything else of it is sent.
    pub(super) fn pin(&mut self, peer: SocketAddr) -> Result<(), TftpError> {
        let unit = self.service.station.as_ref().and_then(OneStation::unit);
        let (Some(unit), SocketAddr::V4(address)) = (unit, peer) else { return Ok(()) };
        let address = *address.ip();
        if self.pinned == Some(address) {
            return Ok(());
        }
        self.unpin();
        match self.network.set_neighbour(address, unit) {
            Ok(()) => self.pinned = Some(address),
            Err(LinkError::Unsupported { .. }) => {}
            Err(source) => {
                let operation = format!("keep what is sent to {address} for {unit}");
                return Err(TftpError::Link { operation, source });
            }
        }
        Ok(())
    }

    /// The unit's system may have another Ethernet address than its bootloader.
    fn unpin(&mut self) {
        if let Some(address) = self.pinned.take() {
            // At the latest it goes with the loan of the interface.
            let _ = self.network.forget_neighbour(address);
        }
    }
}

impl Drop for Server<'_, '_> {
    fn drop(&mut self) {
        self.unpin();
    }
}
