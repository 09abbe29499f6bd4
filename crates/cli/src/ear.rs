//! An ear at a network port: who says what there, kept within bounds. The port is left as it is, unless it has to be brought
//! up or given an address; then it is borrowed, and given back.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use debrick_lan::{Heard, Stations, decode, page};
use debrick_link::{Deadline, Frames, LinkError, Network};
use debrick_link_os::{BorrowedInterface, Loan, OsClock, OsNetwork, interface_exists};

use crate::commands::Context;
use crate::failure::Failure;
use crate::out;

/// The longest frame that is looked at, in bytes. Longer ones are of bulk transfers.
const LONGEST: usize = 2048;

/// How long a page may take to open.
const PAGE_TIME: Duration = Duration::from_secs(3);

/// The most pages that are looked at.
const MOST_PAGES: usize = 16;

/// The most frames that were there already and are taken once the moment is over.
const MOST_AFTER_END: usize = 256;

/// An ear at one port.
pub(crate) struct Ear {
    network: OsNetwork,
    frames: Box<dyn Frames>,
    began: Instant,
    had_link: Option<bool>,
    stations: Stations,
    looked_at: BTreeSet<SocketAddr>,
    hears_all: bool,
    // Given back once the socket is closed.
    borrowed: Option<BorrowedInterface>,
}

/// Something that was noticed.
#[derive(Debug)]
pub(crate) enum Noticed {
    /// The cable has a link now, or has none.
    Link(bool),
    /// A station said something; again, too, where everything is heard.
    Heard(Heard),
}

impl Ear {
    /// Listens at a port as it is; one that is down is brought up.
    pub(crate) fn open(context: &Context, interface: &str) -> Result<Self, Failure> {
        Self::with(context, &Loan::to_listen(interface))
    }

    /// Listens at a port that gets what the loan says; it is borrowed where that is anything, or where it is down.
    pub(crate) fn with(context: &Context, loan: &Loan) -> Result<Self, Failure> {
        let mut network = OsNetwork::on_interface(loan.interface.clone());
        exists(&loan.interface)?;
        let is_up = network.carrier().is_some();
        // A port that is up is listened at before it gets an address: the first thing a unit says to that address is
        // its question for who has it, and it may not ask twice.
        let early = if is_up { Some(network.open_frames(None)?) } else { None };
        let is_as_wanted = loan.addresses.is_empty() && is_up;
        let borrowed = match is_as_wanted {
            true => None,
            false => Some(BorrowedInterface::borrow(loan, &interfaces(context)?)?),
        };
        for note in borrowed.iter().flat_map(BorrowedInterface::notes) {
            out::note(&out::harmless(note));
        }
        let frames = match early {
            Some(frames) => frames,
            None => network.open_frames(None)?,
        };
        let had_link = network.carrier();
        let (began, stations) = (Instant::now(), Stations::new());
        let looked_at = BTreeSet::new();
        Ok(Self { network, frames, began, had_link, stations, looked_at, hears_all: false, borrowed })
    }

    /// Notices what is said again, too.
    pub(crate) fn hearing_all(mut self) -> Self {
        self.hears_all = true;
        self
    }

    /// Whether its cable has a link; `None` while it is down.
    pub(crate) fn has_link(&self) -> Option<bool> {
        self.had_link
    }

    /// Listens for a moment, and tells what is new.
    pub(crate) fn listen(&mut self, moment: Duration) -> Result<Vec<Noticed>, Failure> {
        let end = Deadline::after(&OsClock, moment);
        let mut noticed = Vec::new();
        let mut buffer = [0; LONGEST];
        let mut after_end = 0;
        while after_end < MOST_AFTER_END {
            match self.frames.receive(&mut buffer, end) {
                Ok(count) => {
                    let frame = &buffer[..count];
                    let new = self.stations.take(self.began.elapsed(), frame);
                    let heard = if self.hears_all { decode(frame) } else { new };
                    noticed.extend(heard.map(Noticed::Heard));
                }
                Err(LinkError::TimedOut { .. }) => break,
                // It was taken down, and may come up again.
                Err(LinkError::Io { .. }) if self.network.carrier().is_none() => break,
                Err(error) => return Err(error.into()),
            }
            after_end += usize::from(end.has_passed(&OsClock));
        }
        let has_link = self.network.carrier();
        if has_link != std::mem::replace(&mut self.had_link, has_link) {
            noticed.push(Noticed::Link(has_link.unwrap_or(false)));
        }
        Ok(noticed)
    }

    /// Looks at the pages of stations that were not looked at yet.
    pub(crate) fn look(&mut self) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        let new: Vec<_> = self
            .stations
            .iter()
            .flat_map(|station| station.addresses.iter().map(|address| (station.station, *address)))
            .filter(|(_, address)| matches!(address, IpAddr::V4(address) if !address.is_broadcast()))
            .filter(|(_, address)| !self.looked_at.contains(&SocketAddr::new(*address, page::HTTP)))
            .take(MOST_PAGES.saturating_sub(self.looked_at.len()))
            .collect();
        for (station, address) in new {
            let at = SocketAddr::new(address, page::HTTP);
            if !self.looked_at.insert(at) {
                continue;
            }
            let deadline = Deadline::after(&OsClock, PAGE_TIME);
            // Who has no page says nothing by it.
            if let Ok(Some(word)) = page::look(&mut self.network, at, deadline) {
                let heard = Heard { station, address: Some(address), word };
                if self.stations.add(self.began.elapsed(), &heard) {
                    noticed.push(Noticed::Heard(heard));
                }
            }
        }
        noticed
    }

    /// Everybody who was heard.
    pub(crate) fn stations(&self) -> &Stations {
        &self.stations
    }

    /// How long it has listened.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Gives the port back as it was.
    pub(crate) fn close(self) -> Result<(), Failure> {
        drop(self.frames);
        self.borrowed.map_or(Ok(()), |borrowed| Ok(borrowed.give_back()?))
    }
}

/// Where the journals of borrowed interfaces lie.
pub(crate) fn interfaces(context: &Context) -> Result<PathBuf, Failure> {
    Ok(context.state_dir()?.join("interfaces"))
}

/// Whether there is such a port.
pub(crate) fn exists(interface: &str) -> Result<(), Failure> {
    if interface_exists(interface) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("there is no network interface {interface:?}"),
        "`debrick doctor` lists them.",
    ))
}
