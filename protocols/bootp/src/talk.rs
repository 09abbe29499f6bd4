//! Messages in the frames of one interface, and the call for whoever gives out addresses there.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_link::{
    Clock, Deadline, ETHER_TYPE_IPV4, FrameHeader, Frames, LONGEST_FRAME, LinkError, UdpPacket,
};
use debrick_model::MacAddress;
use debrick_target::Watch;

use crate::error::BootpError;
use crate::wire::{BOOT_OPTIONS, CLIENT_PORT, Kind, Message, SERVER_PORT};

/// How long anything waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// Frames that are passed over at one time, so that a flood holds nothing up.
const MOST_PASSED_OVER: usize = 4096;

/// How often and how far apart servers are called. One that looks whether the address is free, as dnsmasq does, answers
/// after 3 s.
const CALLS: u32 = 3;
const CALL_EVERY: Duration = Duration::from_millis(1500);

/// A server that answered a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The server.
    pub server: Ipv4Addr,
    /// Its Ethernet address, or that of what passes its messages on.
    pub mac: MacAddress,
    /// The address that it offers.
    pub address: Option<Ipv4Addr>,
}

impl Offer {
    pub(crate) fn of(from: MacAddress, message: &Message) -> Self {
        let address = Some(message.yours).filter(|address| !address.is_unspecified());
        Self { server: message.server.unwrap_or(message.next_server), mac: from, address }
    }
}

/// The most servers that are told apart.
const MOST_SERVERS: usize = 8;

/// Calls for servers on an interface, as a computer does that looks for an address, for 4.5 s or until one of them is the one
/// that `is_enough`. Nothing is taken: what is offered stays the server's. `frames` was opened for IPv4.
///
/// # Errors
/// [`BootpError::Link`], [`BootpError::Cancelled`].
pub fn find_servers(
    frames: Box<dyn Frames>,
    is_enough: &mut dyn FnMut(&Offer) -> bool,
    watch: &dyn Watch,
) -> Result<Vec<Offer>, BootpError> {
    Talk::new(frames).call_for_servers(is_enough, watch)
}

/// One interface.
pub(crate) struct Talk {
    frames: Box<dyn Frames>,
}

impl Talk {
    pub(crate) fn new(frames: Box<dyn Frames>) -> Self {
        Self { frames }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.frames.clock()
    }

    /// This computer's address on it.
    pub(crate) fn address(&self) -> MacAddress {
        self.frames.address()
    }

    /// That another server is there.
    pub(crate) fn other_server(&self, other: &Offer) -> BootpError {
        let interface = self.frames.name().to_owned();
        BootpError::OtherServer { interface, server: other.server, mac: other.mac }
    }

    /// Calls for servers, as a client does, until one answers that is enough or all calls are over.
    pub(crate) fn call_for_servers(
        &mut self,
        is_enough: &mut dyn FnMut(&Offer) -> bool,
        watch: &dyn Watch,
    ) -> Result<Vec<Offer>, BootpError> {
        let own = self.address();
        let mut offers: Vec<Offer> = Vec::new();
        // Any number will do that differs between runs.
        let transaction = (self.clock().now().since_start().as_nanos() as u32) ^ 0x0DEB_121C;
        let question = Message {
            kind: Some(Kind::Discover),
            broadcast: true,
            wanted: BOOT_OPTIONS.to_vec(),
            ..Message::request(own, transaction)
        };
        for _ in 0..CALLS {
            let from = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT);
            let to = SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT);
            self.send(from, to, MacAddress::BROADCAST, &question)?;
            let until = Deadline::after(self.clock(), CALL_EVERY);
            while !until.has_passed(self.clock()) {
                if watch.cancelled() {
                    return Err(BootpError::Cancelled);
                }
                let look = Deadline::after(self.clock(), LOOK_AROUND).or_earlier(until);
                match self.receive(look)? {
                    Some((from, message)) if !message.is_request && from != own => {
                        let offer = Offer::of(from, &message);
                        let is_the_last = is_enough(&offer);
                        let is_new = !offers.iter().any(|known| known.mac == offer.mac);
                        if is_new && offers.len() < MOST_SERVERS {
                            offers.push(offer);
                        }
                        if is_the_last {
                            return Ok(offers);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(offers)
    }

    pub(crate) fn send(
        &mut self,
        from: SocketAddrV4,
        to: SocketAddrV4,
        mac: MacAddress,
        message: &Message,
    ) -> Result<(), BootpError> {
        let payload = message.to_bytes();
        let packet = UdpPacket { from, to, payload: &payload };
        // A message is never longer than a frame: its options are few.
        let Some(frame) = packet.to_frame(self.frames.address(), mac) else { return Ok(()) };
        match self.frames.send(&frame) {
            Ok(()) => Ok(()),
            // As good as lost: a unit that restarts takes the link with it.
            Err(error) if is_down(&error) || error.is_timeout() => Ok(()),
            Err(source) => Err(BootpError::Link { operation: format!("answer {mac}"), source }),
        }
    }

    /// A message on the wire, whoever it is for; or nothing until the deadline. What else is on the wire, such as a transfer
    /// that goes on beside it, is passed over, so that no message waits behind it.
    pub(crate) fn receive(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<(MacAddress, Message)>, BootpError> {
        let mut buffer = [0; LONGEST_FRAME];
        for _ in 0..MOST_PASSED_OVER {
            let count = match self.frames.receive(&mut buffer, deadline) {
                Ok(count) => count,
                Err(error) if error.is_timeout() => return Ok(None),
                Err(error) if is_down(&error) => {
                    self.clock().sleep(LOOK_AROUND.min(deadline.left(self.clock())));
                    return Ok(None);
                }
                Err(source) => {
                    return Err(BootpError::Link { operation: "receive Ethernet frames".into(), source });
                }
            };
            if let Some(message) = message_of(&buffer[..count]) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}

/// The message in a frame, and who sent it.
fn message_of(frame: &[u8]) -> Option<(MacAddress, Message)> {
    let (header, packet) = FrameHeader::split(frame)?;
    let udp = UdpPacket::split(packet).filter(|_| header.ether_type == ETHER_TYPE_IPV4)?;
    if ![SERVER_PORT, CLIENT_PORT].contains(&udp.to.port()) {
        return None;
    }
    Message::parse(udp.payload).ok().map(|message| (header.from, message))
}

fn is_down(error: &LinkError) -> bool {
    match error {
        LinkError::Disconnected { .. } => true,
        LinkError::Io { source, .. } => source.kind() == std::io::ErrorKind::NetworkDown,
        _ => false,
    }
}
