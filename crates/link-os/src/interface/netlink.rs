//! Changes of an interface, and its ARP entries, over rtnetlink (rtnetlink(7)). `netlink-packet-route` makes and reads the
//! messages; the socket is an ordinary one.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use debrick_link::Deadline;
use debrick_model::MacAddress;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkBuffer,
    NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkFlags, LinkMessage};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily as Family, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, sendto,
    socket,
};
use serde::{Deserialize, Serialize};

use super::journal::Undo;
use crate::clock::OsClock;
use crate::sys::{Ready, wait};

/// How long the kernel may take for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// The most messages of one answer that are read.
const MOST_MESSAGES: usize = 100_000;

/// Bytes of one datagram of an answer; the kernel sends up to 32 KiB.
const LONGEST: usize = 64 * 1024;

/// What the routes of added addresses are worth: any other route to the same network is better.
const LAST_CHOICE: u32 = u32::MAX / 2;

/// An ARP entry, or one of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Neighbour {
    pub(super) address: IpAddr,
    /// Which station it is, where that is known.
    pub(super) station: Option<MacAddress>,
    /// Whether somebody has set it, and nothing that is heard changes it.
    pub(super) is_permanent: bool,
}

/// A change of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    AddAddress {
        address: Ipv4Addr,
        prefix: u8,
    },
    DeleteAddress {
        address: Ipv4Addr,
        prefix: u8,
    },
    AddNeighbour {
        address: Ipv4Addr,
        station: MacAddress,
    },
    DeleteNeighbour {
        address: IpAddr,
    },
    /// Makes an entry what it was.
    RestoreNeighbour(Neighbour),
    Up(bool),
    /// Whether it hears frames to groups that nobody here has joined.
    HearAllGroups(bool),
}

impl Change {
    /// The change that takes another back.
    pub(super) fn of(undo: &Undo) -> Self {
        match *undo {
            Undo::DeleteAddress { address, prefix } => Self::DeleteAddress { address, prefix },
            Undo::TakeDown => Self::Up(false),
            // Managers are no business of the kernel: nothing that they do is undone here.
            Undo::HearOwnGroups | Undo::GiveToManager { .. } => Self::HearAllGroups(false),
        }
    }

    /// What it is, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::AddAddress { .. } => "adding an address",
            Self::DeleteAddress { .. } => "removing an address",
            Self::AddNeighbour { .. } => "adding an ARP entry",
            Self::DeleteNeighbour { .. } => "removing an ARP entry",
            Self::RestoreNeighbour(_) => "restoring an ARP entry",
            Self::Up(true) => "bringing it up",
            Self::Up(false) => "taking it down",
            Self::HearAllGroups(_) => "changing what it hears",
        }
    }

    /// Whether this answer says that there is nothing to do.
    fn is_done_by(&self, errno: Errno) -> bool {
        match self {
            Self::AddAddress { .. } => errno == Errno::EEXIST,
            Self::DeleteAddress { .. } => errno == Errno::EADDRNOTAVAIL,
            Self::DeleteNeighbour { .. } | Self::RestoreNeighbour(_) => errno == Errno::ENOENT,
            _ => false,
        }
    }

    fn message(&self, index: u32) -> (RouteNetlinkMessage, u16) {
        match *self {
            Self::AddAddress { address, prefix } => {
                let mut message = address_message(index, address, prefix);
                message.attributes.push(AddressAttribute::RoutePriority(LAST_CHOICE));
                // Mostly all ones behind the prefix; the whole address has none.
                if prefix < 31 {
                    let hosts = u32::MAX >> prefix;
                    let broadcast = Ipv4Addr::from(u32::from(address) | hosts);
                    message.attributes.push(AddressAttribute::Broadcast(broadcast));
                }
                (RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
            }
            Self::DeleteAddress { address, prefix } => {
                (RouteNetlinkMessage::DelAddress(address_message(index, address, prefix)), 0)
            }
            Self::AddNeighbour { address, station } => {
                (set_message(index, address.into(), station, NeighbourState::Permanent), SET)
            }
            Self::RestoreNeighbour(Neighbour { address, station: Some(station), is_permanent }) => {
                // What was learned is asked for again before it is relied on.
                let state = if is_permanent { NeighbourState::Permanent } else { NeighbourState::Stale };
                (set_message(index, address, station, state), SET)
            }
            Self::RestoreNeighbour(Neighbour { address, station: None, .. }) => {
                (RouteNetlinkMessage::DelNeighbour(neighbour_message(index, address)), 0)
            }
            Self::DeleteNeighbour { address } => {
                (RouteNetlinkMessage::DelNeighbour(neighbour_message(index, address)), 0)
            }
            Self::Up(up) => (flag_message(index, LinkFlags::Up, up), 0),
            Self::HearAllGroups(all) => (flag_message(index, LinkFlags::Allmulti, all), 0),
        }
    }
}

/// An entry is made, or replaced.
const SET: u16 = NLM_F_CREATE | NLM_F_REPLACE;

fn set_message(
    index: u32,
    address: IpAddr,
    station: MacAddress,
    state: NeighbourState,
) -> RouteNetlinkMessage {
    let mut message = neighbour_message(index, address);
    message.header.state = state;
    message.attributes.push(NeighbourAttribute::LinkLayerAddress(station.as_bytes().to_vec()));
    RouteNetlinkMessage::NewNeighbour(message)
}

fn address_message(index: u32, address: Ipv4Addr, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = prefix;
    message.header.index = index;
    message.attributes.push(AddressAttribute::Local(address.into()));
    message.attributes.push(AddressAttribute::Address(address.into()));
    message
}

fn neighbour_message(index: u32, address: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    let (family, destination) = match address {
        IpAddr::V4(address) => (AddressFamily::Inet, NeighbourAddress::Inet(address)),
        IpAddr::V6(address) => (AddressFamily::Inet6, NeighbourAddress::Inet6(address)),
    };
    message.header.family = family;
    message.header.ifindex = index;
    message.attributes.push(NeighbourAttribute::Destination(destination));
    message
}

fn flag_message(index: u32, flag: LinkFlags, is_set: bool) -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = if is_set { flag } else { LinkFlags::empty() };
    message.header.change_mask = flag;
    RouteNetlinkMessage::SetLink(message)
}

/// A socket to the kernel's network configuration.
#[derive(Debug)]
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// Opens it in this thread's network namespace.
    pub(super) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(Family::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Makes a change, and waits until the kernel has made it.
    pub(super) fn apply(&mut self, index: u32, change: &Change) -> io::Result<()> {
        let (message, flags) = change.message(index);
        match self.ask(message, NLM_F_ACK | flags, |_| {}) {
            Err(error)
                if error.raw_os_error().is_some_and(|code| change.is_done_by(Errno::from_raw(code))) =>
            {
                Ok(())
            }
            result => result,
        }
    }

    /// The ARP entries of the interface, and those of IPv6. Multicast ones, which the kernel makes by itself, are left out.
    pub(super) fn neighbours(&mut self, index: u32) -> io::Result<Vec<Neighbour>> {
        let mut found = Vec::new();
        let message = RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default());
        self.ask(message, NLM_F_DUMP, |message| {
            let RouteNetlinkMessage::NewNeighbour(entry) = message else { return };
            if entry.header.ifindex == index && entry.header.state != NeighbourState::Noarp {
                found.extend(neighbour_of(&entry));
            }
        })?;
        Ok(found)
    }

    /// Sends a request, and hands every message of the answer to `take`.
    fn ask(
        &mut self,
        message: RouteNetlinkMessage,
        flags: u16,
        mut take: impl FnMut(RouteNetlinkMessage),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | flags;
        request.header.sequence_number = self.sequence;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        sendto(self.socket.as_raw_fd(), &bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;

        let deadline = Deadline::after(&OsClock, ANSWER_TIME);
        let mut buffer = vec![0; LONGEST];
        let mut messages = 0;
        while messages < MOST_MESSAGES {
            if wait(&self.socket, PollFlags::POLLIN, deadline)? == Ready::No {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let count = match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(count) => count,
                Err(Errno::EAGAIN | Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let mut rest = &buffer[..count];
            while let Some((one, after)) = split(rest) {
                messages += 1;
                rest = after;
                // What cannot be read is of a kind that does not matter here; a refusal always can.
                let Ok(answer) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(one) else { continue };
                if answer.header.sequence_number != self.sequence {
                    continue;
                }
                match answer.payload {
                    NetlinkPayload::Done(_) => return Ok(()),
                    NetlinkPayload::Error(error) if error.code.is_none() => return Ok(()),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::InnerMessage(message) => take(message),
                    _ => {}
                }
            }
        }
        Err(io::ErrorKind::FileTooLarge.into())
    }
}

fn neighbour_of(entry: &NeighbourMessage) -> Option<Neighbour> {
    let address = entry.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    })?;
    let station = entry.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => {
            Some(MacAddress::new(<[u8; 6]>::try_from(bytes.as_slice()).ok()?))
        }
        _ => None,
    });
    // What is being asked for, or was not answered, still names the station that was there before.
    let is_known = !matches!(entry.header.state, NeighbourState::Incomplete | NeighbourState::Failed);
    let is_permanent = entry.header.state == NeighbourState::Permanent;
    Some(Neighbour { address, station: station.filter(|_| is_known), is_permanent })
}

/// The first message of a datagram, and the rest, which begins at a multiple of 4 bytes.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = NetlinkBuffer::new_checked(bytes).ok()?.length() as usize;
    let one = bytes.get(..length)?;
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((one, after))
}
