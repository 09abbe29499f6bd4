//! The system's sockets.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use debrick_link::{Clock, Datagrams, Deadline, Frames, Link, LinkError, Network};
use debrick_model::MacAddress;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, bind, connect, getsockopt,
    setsockopt, socket, sockopt,
};

use crate::clock::OsClock;
use crate::datagrams::OsDatagrams;
use crate::failure::{timed_out, while_opening};
use crate::frames;
use crate::holders::{PROC, in_words, scan_deadline};
use crate::interface::{forget_neighbour, set_neighbour};
use crate::lock::FileLock;
use crate::stream::OsStream;
use crate::sys::{Ready, wait};
use crate::udp_table::{socket_holders, udp_sockets};

/// How long to rest before a full Unix listener is tried again.
const LISTENER_REST: Duration = Duration::from_millis(10);

/// The system's network, or one interface of it.
#[derive(Debug, Clone, Default)]
pub struct OsNetwork {
    interface: Option<String>,
}

impl OsNetwork {
    /// Every interface, as the system routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only this interface: sockets are bound to it (`SO_BINDTODEVICE`), whatever the routes say.
    pub fn on_interface(interface: impl Into<String>) -> Self {
        Self { interface: Some(interface.into()) }
    }

    fn socket(&self, address: &SocketAddr, kind: SockType) -> nix::Result<OwnedFd> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let fd = socket(family, kind, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?;
        if let Some(interface) = &self.interface {
            setsockopt(&fd, sockopt::BindToDevice, &OsString::from(interface))?;
        }
        Ok(fd)
    }

    fn bind_udp(&self, local: SocketAddr) -> nix::Result<UdpSocket> {
        let fd = self.socket(&local, SockType::Datagram)?;
        setsockopt(&fd, sockopt::Broadcast, &true)?;
        bind(fd.as_raw_fd(), &SockaddrStorage::from(local))?;
        Ok(UdpSocket::from(fd))
    }

    fn change_neighbours(&self, change: impl FnOnce(&str) -> std::io::Result<()>) -> Result<(), LinkError> {
        let Some(interface) = &self.interface else {
            return Err(LinkError::Unsupported {
                link: "the whole network".to_owned(),
                what: "take an ARP entry; one interface has to be named".to_owned(),
            });
        };
        change(interface).map_err(|source| match source.kind() {
            std::io::ErrorKind::PermissionDenied => {
                let link = format!("the ARP table of {interface}");
                LinkError::MissingCapability { link, capability: "CAP_NET_ADMIN", source }
            }
            _ => while_opening(interface, source),
        })
    }

    fn connect_tcp(&self, to: SocketAddr, name: &str, deadline: Deadline) -> Result<TcpStream, LinkError> {
        let fd = self.socket(&to, SockType::Stream).map_err(|errno| while_opening(name, errno.into()))?;
        let stream = TcpStream::from(connect_fd(fd, &SockaddrStorage::from(to), name, deadline)?);
        stream.set_nodelay(true).map_err(|error| while_opening(name, error))?;
        Ok(stream)
    }
}

impl Network for OsNetwork {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let name = format!("udp:{local}");
        let socket = self.bind_udp(local).map_err(|errno| match errno {
            Errno::EADDRINUSE => LinkError::Busy { link: name.clone(), holder: udp_holder(local.port()) },
            Errno::EPERM => LinkError::NotPermitted { link: name.clone(), source: errno.into() },
            errno => while_opening(&name, errno.into()),
        })?;
        Ok(Box::new(OsDatagrams::new(socket).map_err(|error| while_opening(&name, error))?))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let name = format!("tcp:{to}");
        let stream = self.connect_tcp(to, &name, deadline)?;
        Ok(Box::new(OsStream::new(stream, name, None)))
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        match &self.interface {
            Some(interface) => frames::open_frames(interface, ether_type),
            None => Err(LinkError::Unsupported {
                link: "the whole network".to_owned(),
                what: "carry raw Ethernet frames; one interface has to be named".to_owned(),
            }),
        }
    }

    fn carrier(&mut self) -> Option<bool> {
        frames::carrier(self.interface.as_deref()?)
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        self.change_neighbours(|interface| set_neighbour(interface, address, station))
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        self.change_neighbours(|interface| forget_neighbour(interface, address))
    }

    fn clock(&self) -> &dyn Clock {
        &OsClock
    }
}

/// Connects to `host`, which may be a name, for `open`.
pub(crate) fn open_tcp(
    host: &str,
    port: u16,
    name: String,
    lock: FileLock,
    deadline: Deadline,
) -> Result<Box<dyn Link>, LinkError> {
    let addresses = resolve(host, port, &name, deadline)?;
    let mut failure = None;
    for (tried, address) in addresses.iter().enumerate() {
        // An address that does not answer must not take the time of the next ones.
        let share = deadline.left(&OsClock) / u32::try_from(addresses.len() - tried).unwrap_or(1);
        match OsNetwork::new().connect_tcp(*address, &name, Deadline::after(&OsClock, share)) {
            Ok(stream) => return Ok(Box::new(OsStream::new(stream, name, Some(lock)))),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or(LinkError::NotFound { link: name, source: None }))
}

/// Connects to a Unix socket, for `open`.
pub(crate) fn open_unix(
    path: &Path,
    name: String,
    lock: FileLock,
    deadline: Deadline,
) -> Result<Box<dyn Link>, LinkError> {
    let fail = |errno: Errno| while_opening(&name, errno.into());
    let address = UnixAddr::new(path).map_err(fail)?;
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(fail)?;
    let stream = UnixStream::from(connect_fd(fd, &address, &name, deadline)?);
    Ok(Box::new(OsStream::new(stream, name, Some(lock))))
}

fn connect_fd(
    fd: OwnedFd,
    address: &dyn SockaddrLike,
    name: &str,
    deadline: Deadline,
) -> Result<OwnedFd, LinkError> {
    loop {
        match connect(fd.as_raw_fd(), address) {
            Ok(()) => return Ok(fd),
            Err(Errno::EINPROGRESS | Errno::EINTR) => break,
            Err(Errno::EAGAIN) if !deadline.has_passed(&OsClock) => {
                OsClock.sleep(LISTENER_REST.min(deadline.left(&OsClock)));
            }
            Err(Errno::EAGAIN) => return Err(timed_out(name)),
            Err(errno) => return Err(while_opening(name, errno.into())),
        }
    }
    if wait(&fd, PollFlags::POLLOUT, deadline).map_err(|error| while_opening(name, error))? == Ready::No {
        return Err(timed_out(name));
    }
    match getsockopt(&fd, sockopt::SocketError).map_err(|errno| while_opening(name, errno.into()))? {
        0 => Ok(fd),
        code => Err(while_opening(name, Errno::from_raw(code).into())),
    }
}

/// Looks the host up. The system's resolver knows no deadline, so a name is looked up on a thread of its own, which is
/// left behind when it takes too long.
fn resolve(host: &str, port: u16, name: &str, deadline: Deadline) -> Result<Vec<SocketAddr>, LinkError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let host = host.to_owned();
    std::thread::spawn(move || {
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send((host.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    });
    match receiver.recv_timeout(deadline.left(&OsClock)) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(LinkError::NotFound { link: name.to_owned(), source: Some(error) }),
        Err(_) => Err(timed_out(name)),
    }
}

/// Who has this UDP port, as far as this user may see.
fn udp_holder(port: u16) -> Option<String> {
    let proc = Path::new(PROC);
    let sockets = udp_sockets(proc, port);
    let holders = socket_holders(proc, &sockets, scan_deadline());
    in_words(&holders.into_iter().flatten().collect::<Vec<_>>())
}
