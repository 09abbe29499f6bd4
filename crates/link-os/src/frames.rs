//! Raw Ethernet on one interface: a packet socket (packet(7)).

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use debrick_link::{Clock, Deadline, ETHER_TYPE_IPV4, FRAME_HEADER, FrameHeader, Frames, LinkError};
use debrick_model::MacAddress;
use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::libc;
use nix::net::if_::InterfaceFlags;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvfrom, send, socket,
};
use socket2::{SockFilter, SockRef};

use crate::clock::OsClock;
use crate::failure::{timed_out, while_open, while_opening};
use crate::sys::{Ready, wait};

/// How long a frame may wait for room in the kernel's buffer.
const SEND_TIME: Duration = Duration::from_secs(1);

/// How long to rest when the interface's queue is full.
const REST: Duration = Duration::from_millis(5);

/// Where a frame says its type.
const TYPE_OFFSET: u32 = 12;

/// Where a packet of IPv4 begins in its frame, and in it the protocol, and the place among fragments.
const IPV4_OFFSET: u32 = FRAME_HEADER as u32;
const PROTOCOL_OFFSET: u32 = IPV4_OFFSET + 9;
const FRAGMENT_OFFSET: u32 = IPV4_OFFSET + 6;

/// The bits of a fragment's place; 0 in the first one, and in what is whole.
const FRAGMENT_PLACE: u32 = 0x1FFF;

/// Where the header of UDP says which port it is for.
const PORT_OFFSET: u32 = 2;

const UDP: u32 = 17;

/// How many unwanted frames are passed over once the deadline is over.
const MOST_UNWANTED: usize = 1024;

/// Opens raw Ethernet on `interface`, for frames of one type or of all.
///
/// The socket hears all types, because one for a single type is not told which frames were sent from here; a filter in the
/// kernel keeps what is not wanted from it. What came before that, or from another interface before the socket was bound,
/// is left out here.
pub(crate) fn open_frames(interface: &str, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
    let name = format!("ethernet:{interface}");
    let link = link_of(interface)
        .map_err(|errno| while_opening(&name, errno.into()))?
        .ok_or_else(|| LinkError::NotFound { link: name.clone(), source: None })?;
    let card = link.address.and_then(|address| address.as_link_addr().copied());
    let card = card.filter(|card| card.hatype() == libc::ARPHRD_ETHER && card.halen() == 6);
    let (Some(card), Some(address)) = (card, card.and_then(|card| card.addr())) else {
        return Err(LinkError::Unsupported { link: name, what: "carry raw Ethernet frames".to_owned() });
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let opened = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll);
    let socket = opened.map_err(|errno| match errno {
        Errno::EPERM | Errno::EACCES => LinkError::MissingCapability {
            link: name.clone(),
            capability: "CAP_NET_RAW",
            source: errno.into(),
        },
        errno => while_opening(&name, errno.into()),
    })?;
    SockRef::from(&socket)
        .attach_filter(&filter(ether_type, None))
        .map_err(|error| while_opening(&name, error))?;
    // The kernel's list of interfaces leaves the protocol at 0, which in a bind means the socket's own.
    bind(socket.as_raw_fd(), &card).map_err(|errno| while_opening(&name, errno.into()))?;
    Ok(Box::new(OsFrames {
        socket,
        index: card.ifindex(),
        address: MacAddress::new(address),
        ether_type,
        name,
    }))
}

/// A program of the kernel's packet filter (the classic one of socket(7), `SO_ATTACH_FILTER`): nothing that was sent from
/// here, no frames of other types than the one that is wanted, if one is, and no datagrams to other ports of UDP.
fn filter(ether_type: Option<u16>, udp_port: Option<u16>) -> Vec<SockFilter> {
    const fn step(code: u32, if_so: u8, if_not: u8, value: u32) -> SockFilter {
        SockFilter::new(code as u16, if_so, if_not, value)
    }
    let kind_of_packet = (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE) as u32;
    let load_byte = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
    let load_half = libc::BPF_LD | libc::BPF_H | libc::BPF_ABS;
    let equals = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let end = libc::BPF_RET | libc::BPF_K;
    let mut program = vec![
        step(load_byte, 0, 0, kind_of_packet),
        step(equals, 0, 1, u32::from(libc::PACKET_OUTGOING)),
        step(end, 0, 0, 0),
    ];
    if let Some(wanted) = ether_type {
        program.extend([
            step(load_half, 0, 0, TYPE_OFFSET),
            step(equals, 1, 0, u32::from(wanted)),
            step(end, 0, 0, 0),
        ]);
    }
    if let Some(port) = udp_port {
        let indexed = libc::BPF_LD | libc::BPF_H | libc::BPF_IND;
        let load_header_length = libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH;
        let any_bit = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
        program.extend([
            step(load_half, 0, 0, TYPE_OFFSET),
            step(equals, 0, 7, ETHER_TYPE_IPV4.into()),
            step(load_byte, 0, 0, PROTOCOL_OFFSET),
            step(equals, 0, 5, UDP),
            step(load_half, 0, 0, FRAGMENT_OFFSET),
            step(any_bit, 3, 0, FRAGMENT_PLACE),
            step(load_header_length, 0, 0, IPV4_OFFSET),
            step(indexed, 0, 0, IPV4_OFFSET + PORT_OFFSET),
            step(equals, 1, 0, port.into()),
            step(end, 0, 0, 0),
        ]);
    }
    program.push(step(end, 0, 0, u32::MAX));
    program
}

/// Whether `interface` has a link; `None` while it is down, or where there is none of this name.
pub(crate) fn carrier(interface: &str) -> Option<bool> {
    let flags = link_of(interface).ok()??.flags;
    flags.contains(InterfaceFlags::IFF_UP).then(|| flags.contains(InterfaceFlags::IFF_LOWER_UP))
}

/// The kernel's entry of an interface with its hardware address.
fn link_of(interface: &str) -> nix::Result<Option<InterfaceAddress>> {
    let is_link = |entry: &InterfaceAddress| {
        entry.address.as_ref().is_some_and(|address| address.as_link_addr().is_some())
    };
    Ok(getifaddrs()?.find(|entry| entry.interface_name == interface && is_link(entry)))
}

struct OsFrames {
    socket: OwnedFd,
    index: usize,
    address: MacAddress,
    ether_type: Option<u16>,
    name: String,
}

impl OsFrames {
    fn is_wanted(&self, frame: &[u8], from: Option<LinkAddr>) -> bool {
        let is_ours = from.is_none_or(|from| {
            from.ifindex() != self.index || i32::from(from.pkttype()) == i32::from(libc::PACKET_OUTGOING)
        });
        let fits = |header: FrameHeader| self.ether_type.is_none_or(|wanted| wanted == header.ether_type);
        !is_ours && FrameHeader::split(frame).is_some_and(|(header, _)| fits(header))
    }

    fn wait(&self, events: PollFlags, deadline: Deadline) -> Result<(), LinkError> {
        match wait(&self.socket, events, deadline).map_err(|error| while_open(&self.name, error))? {
            // An error on the socket is told, and cleared, by the call that follows.
            Ready::Yes | Ready::HungUp => Ok(()),
            Ready::No => Err(timed_out(&self.name)),
        }
    }
}

impl Frames for OsFrames {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        // A buffer that is shorter than a header could not tell what a frame is.
        let mut short = [0; FRAME_HEADER];
        let into = if buffer.len() < FRAME_HEADER { &mut short[..] } else { &mut *buffer };
        // Unwanted frames must not hold up a caller whose deadline has passed, however many there are.
        let mut unwanted_past_deadline = 0;
        let count = loop {
            match recvfrom::<LinkAddr>(self.socket.as_raw_fd(), into) {
                Ok((count, from)) if self.is_wanted(&into[..count.min(into.len())], from) => break count,
                Ok(_) => {
                    if deadline.has_passed(&OsClock) {
                        unwanted_past_deadline += 1;
                        if unwanted_past_deadline > MOST_UNWANTED {
                            return Err(timed_out(&self.name));
                        }
                    }
                }
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLIN, deadline)?,
                Err(Errno::EINTR) => {}
                // The interface was taken down. It may come up again, and the socket hears it then.
                Err(errno @ Errno::ENETDOWN) => {
                    return Err(LinkError::Io { link: self.name.clone(), source: errno.into() });
                }
                Err(errno) => return Err(while_open(&self.name, errno.into())),
            }
        };
        if buffer.len() < FRAME_HEADER {
            let length = buffer.len();
            buffer.copy_from_slice(&short[..length]);
        }
        Ok(count.min(buffer.len()))
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let deadline = Deadline::after(&OsClock, SEND_TIME);
        loop {
            match send(self.socket.as_raw_fd(), frame, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN | Errno::ENOBUFS) if deadline.has_passed(&OsClock) => {
                    return Err(timed_out(&self.name));
                }
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLOUT, deadline)?,
                Err(Errno::ENOBUFS) => OsClock.sleep(REST),
                Err(Errno::EINTR) => {}
                Err(errno @ Errno::ENETDOWN) => {
                    return Err(LinkError::Io { link: self.name.clone(), source: errno.into() });
                }
                Err(errno) => return Err(while_open(&self.name, errno.into())),
            }
        }
    }

    fn hear_only_udp_to(&mut self, port: u16) -> Result<(), LinkError> {
        let program = filter(self.ether_type, Some(port));
        SockRef::from(&self.socket).attach_filter(&program).map_err(|error| while_open(&self.name, error))
    }

    fn address(&self) -> MacAddress {
        self.address
    }

    fn clock(&self) -> &dyn Clock {
        &OsClock
    }

    fn name(&self) -> &str {
        &self.name
    }
}
