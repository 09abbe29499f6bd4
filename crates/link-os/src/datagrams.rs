//! Datagrams of the system.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use debrick_link::{Clock, Datagrams, Deadline, LinkError};
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg};

use crate::clock::OsClock;
use crate::failure::{errno, timed_out, while_open};
use crate::sys::{Ready, wait};

/// How long a datagram may wait for room in the kernel's buffer.
const SEND_TIME: Duration = Duration::from_secs(1);

/// How long one call waits for a datagram by itself; what is left of a deadline beyond whole ones of these is waited for
/// by `poll`. Lock-step protocols wait for every answer: this makes it one call to the system instead of three.
const BLOCKS_FOR: Duration = Duration::from_millis(100);

/// How long a datagram is looked for before the thread sleeps. Many a peer answers sooner than a thread wakes up; over a
/// whole image in lock-step that is a third of the time.
const LOOKS_FOR: Duration = Duration::from_micros(40);

/// How many datagrams in a row are waited for asleep, at most, before the next look: a slow peer costs next to nothing.
const MOST_RESTS: u32 = 256;

/// A UDP socket.
pub(crate) struct OsDatagrams {
    socket: UdpSocket,
    local: SocketAddr,
    name: String,
    eagerness: Eagerness,
}

impl OsDatagrams {
    /// Takes a bound socket, whose calls block from now on, for a while.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(BLOCKS_FOR))?;
        socket.set_write_timeout(Some(SEND_TIME))?;
        let local = socket.local_addr()?;
        Ok(Self { socket, local, name: format!("udp:{local}"), eagerness: Eagerness::default() })
    }

    /// Looks for a datagram for a moment without giving the processor away.
    fn look(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        if !self.eagerness.wants_look() {
            return None;
        }
        let began = OsClock.now();
        let seen = loop {
            let mut slices = [IoSliceMut::new(buffer)];
            let now = MsgFlags::MSG_DONTWAIT;
            let seen = recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut slices, None, now);
            match seen.map(|seen| (seen.bytes, seen.address.as_ref().and_then(address))) {
                Ok((length, Some(from))) => break Some((length, from)),
                Err(Errno::EAGAIN) if OsClock.now().since(began) < LOOKS_FOR => {}
                // Whatever it is, the call that blocks says it.
                _ => break None,
            }
        };
        self.eagerness.looked(seen.is_some());
        seen
    }

    fn wait(&self, events: PollFlags, deadline: Deadline) -> Result<(), LinkError> {
        match wait(&self.socket, events, deadline).map_err(|error| while_open(&self.name, error))? {
            // An error on the socket is told, and cleared, by the call that follows.
            Ready::Yes | Ready::HungUp => Ok(()),
            Ready::No => Err(timed_out(&self.name)),
        }
    }
}

impl Datagrams for OsDatagrams {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        if let Some(received) = self.look(buffer) {
            return Ok(received);
        }
        loop {
            // A socket that blocks would wait for too long.
            if deadline.left(&OsClock) < BLOCKS_FOR {
                self.wait(PollFlags::POLLIN, deadline)?;
            }
            match self.socket.recv_from(buffer) {
                Ok(received) => return Ok(received),
                Err(error) => match errno(&error) {
                    Some(Errno::EAGAIN | Errno::EINTR) => {}
                    _ => return Err(while_open(&self.name, error)),
                },
            }
        }
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        loop {
            match self.socket.send_to(datagram, to) {
                Ok(_) => return Ok(()),
                Err(error) => match errno(&error) {
                    Some(Errno::EAGAIN) => return Err(timed_out(&self.name)),
                    Some(Errno::EINTR) => {}
                    // One unreachable peer, or a cable that is out for now, does not end a socket.
                    Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENETDOWN) => {
                        return Err(LinkError::Io { link: self.name.clone(), source: error });
                    }
                    _ => return Err(while_open(&self.name, error)),
                },
            }
        }
    }

    fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn clock(&self) -> &dyn Clock {
        &OsClock
    }

    fn name(&self) -> &str {
        &self.name
    }
}

fn address(of: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = of.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::from(*v4)));
    v4.or_else(|| of.as_sockaddr_in6().map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6))))
}

/// Whether it pays to look for an answer before sleeping: after a look in vain, ever more datagrams go without.
#[derive(Debug, Default)]
struct Eagerness {
    /// How many datagrams still go without a look.
    rests: u32,
    /// How many went without after the last look that was in vain.
    last_rests: u32,
}

impl Eagerness {
    fn wants_look(&mut self) -> bool {
        let wants = self.rests == 0;
        self.rests = self.rests.saturating_sub(1);
        wants
    }

    fn looked(&mut self, found: bool) {
        self.last_rests = if found { 0 } else { (2 * self.last_rests).clamp(1, MOST_RESTS) };
        self.rests = self.last_rests;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_vain_become_rare_and_one_that_pays_makes_them_usual() {
        let mut eagerness = Eagerness::default();
        let mut looks = 0;
        for _ in 0..10_000 {
            if eagerness.wants_look() {
                looks += 1;
                eagerness.looked(false);
            }
        }
        assert!((10..60).contains(&looks), "{looks} looks in vain");
        while !eagerness.wants_look() {}
        for _ in 0..100 {
            eagerness.looked(true);
            assert!(eagerness.wants_look());
        }
    }

    #[test]
    fn a_datagram_that_is_there_is_seen_by_a_look_with_its_sender() {
        for local in ["127.0.0.1:0", "[::1]:0"] {
            let (Ok(here), Ok(there)) = (UdpSocket::bind(local), UdpSocket::bind(local)) else {
                assert!(local.starts_with('['), "no IPv4 on this computer");
                continue;
            };
            let from = there.local_addr().expect("it is bound");
            let to = here.local_addr().expect("it is bound");
            let mut here = OsDatagrams::new(here).expect("a socket that works");
            let mut buffer = [0; 16];
            assert_eq!(here.look(&mut buffer), None);
            assert!(!here.eagerness.wants_look(), "the look was in vain");
            there.send_to(b"answer", to).expect("room for it");
            let seen = std::iter::from_fn(|| Some(here.look(&mut buffer))).flatten().next();
            assert_eq!(seen, Some((6, from)));
            assert_eq!(buffer.get(..6), Some(&b"answer"[..]));
        }
    }
}
