//! What can be sensed of a unit on the way into its recovery mode: the link, its requests on the network, its console.
//! Nothing is sent.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_catalog::{Door, DoorKind};
use debrick_coach::{Seen, Senses};
use debrick_link::{Clock, Datagrams, Deadline, Link, Network};
use debrick_model::{Observation, Property};
use debrick_tftp::Direction;
use debrick_tftp::wire::Packet;

use crate::error::EngineError;
use crate::identity::claim;

/// How long one look takes at most.
const LOOK: Duration = Duration::from_millis(50);

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// The longest line of a console that is kept, in bytes.
const LONGEST_LINE: usize = 4096;

/// The most of a console's log that is kept, in bytes.
const LONGEST_LOG: usize = 1 << 20;

/// The most pieces that are read from a console in one look: a unit that talks without end must not hold everything up.
const MOST_PIECES: usize = 16;

/// The longest request, in bytes.
const LONGEST_REQUEST: usize = 2048;

/// Watches a unit.
pub(crate) struct Sensing {
    requests: Option<Box<dyn Datagrams>>,
    had_link: Option<bool>,
    line: Vec<u8>,
    /// What the console said.
    pub(crate) log: Vec<u8>,
    /// What the unit itself was heard to ask for.
    pub(crate) asked: Vec<String>,
}

impl Sensing {
    /// Begins to watch for what a door shows.
    ///
    /// # Errors
    /// What keeps the port of requests from being listened to.
    pub(crate) fn of(door: &Door, network: &mut dyn Network) -> Result<Self, EngineError> {
        let requests = match door.kind {
            DoorKind::TftpPull { host, .. } => {
                Some(network.bind_datagrams(SocketAddr::new(IpAddr::V4(host), TFTP))?)
            }
            DoorKind::TftpPush { .. } => None,
        };
        let had_link = network.carrier();
        Ok(Self { requests, had_link, line: Vec::new(), log: Vec::new(), asked: Vec::new() })
    }

    /// What can be sensed.
    pub(crate) fn senses(&self, has_console: bool) -> Senses {
        Senses {
            link: self.had_link.is_some(),
            network: self.requests.is_some(),
            usb: false,
            console: has_console,
        }
    }

    /// Waits a moment, and tells what has come.
    pub(crate) fn look(
        &mut self,
        door: &Door,
        network: &mut dyn Network,
        console: Option<&mut Box<dyn Link>>,
        clock: &dyn Clock,
    ) -> Result<Vec<Seen>, EngineError> {
        let mut seen = Vec::new();
        let soon = Deadline::after(clock, LOOK);
        match &mut self.requests {
            Some(socket) => {
                let mut buffer = [0; LONGEST_REQUEST];
                match socket.receive(&mut buffer, soon) {
                    Ok((count, from)) => {
                        if let Some(file) = request(&buffer[..count], from, door) {
                            if !self.asked.contains(&file) {
                                self.asked.push(file.clone());
                            }
                            seen.push(Seen::TftpRequest(file));
                        }
                    }
                    Err(error) if error.is_timeout() => {}
                    Err(error) => return Err(error.into()),
                }
            }
            None => clock.sleep(LOOK),
        }
        let has_link = network.carrier();
        if let (Some(before), Some(now)) = (self.had_link, has_link)
            && before != now
        {
            seen.push(if now { Seen::LinkUp } else { Seen::LinkDown });
        }
        self.had_link = has_link;
        if let Some(console) = console {
            self.hear(&mut **console, clock, &mut seen);
        }
        Ok(seen)
    }

    fn hear(&mut self, console: &mut dyn Link, clock: &dyn Clock, seen: &mut Vec<Seen>) {
        let mut buffer = [0; 4096];
        for _ in 0..MOST_PIECES {
            // A console that is gone is no reason to stop: it was only listened to.
            let Ok(count) = console.read(&mut buffer, Deadline::at(clock.now())) else { return };
            let room = LONGEST_LOG.saturating_sub(self.log.len());
            self.log.extend_from_slice(&buffer[..count.min(room)]);
            for byte in &buffer[..count] {
                match byte {
                    b'\n' => {
                        let line = std::mem::take(&mut self.line);
                        seen.push(Seen::Console(String::from_utf8_lossy(&line).into_owned()));
                    }
                    byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                    _ => {}
                }
            }
        }
    }

    /// What the unit said of itself at its door.
    pub(crate) fn testimony(&self) -> Vec<Observation> {
        let source = "what the bootloader asks for on the network";
        let file = |name: &String| claim(Property::RequestedFile, name, source.to_owned(), "bootloader");
        self.asked.iter().map(file).collect()
    }
}

/// The file that a datagram asks for, if it is a request of this unit.
fn request(datagram: &[u8], from: SocketAddr, door: &Door) -> Option<String> {
    if door.kind.unit().is_some_and(|unit| from.ip() != IpAddr::V4(unit)) {
        return None;
    }
    match Packet::parse(datagram) {
        Ok(Packet::Request { direction: Direction::Read, name, .. }) => Some(name.into_owned()),
        _ => None,
    }
}
