//! The unit asks this computer for its file by TFTP.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_link::{Datagrams, Deadline, LinkError, Network};
use debrick_model::{MacAddress, Property};
use debrick_target::{Opaque, Source, TargetError, Watch};
use debrick_tftp::wire::Packet;
use debrick_tftp::{
    Direction, NamePolicy, OneStation, Refusal, Senders, Server, ServerEvent, Service, TftpError,
};

use super::one_station::if_several;
use super::{Ear, Kept, Shown, Way};
use crate::identity::claim;
use crate::tries::Condition;

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// The longest request, in bytes.
const LONGEST_REQUEST: usize = 2048;

/// How long a unit that pulls may go without a sign of the transfer.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long it is listened to after it has all: one that does not like the file asks for it again.
const AFTERWARDS: Duration = Duration::from_secs(8);

/// How often a unit may begin anew in the middle before it is given up.
const MOST_RESTARTS: u32 = 3;

/// How long others may take to ask, too, after the first unit did. Loaders ask again after a second or more.
const GATHER: Duration = Duration::from_secs(1);

/// The most stations that are named.
const MOST_STATIONS: usize = 8;

/// The smallest block, which every loader knows, in bytes.
const PLAIN_BLOCK: u16 = 512;

/// Codes of what a unit says, or does, when it does not want a file.
pub(super) const REFUSALS: &[&str] = &["tftp-refused", "tftp-rejected"];

/// The addresses, and the names that are asked for.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) host: Ipv4Addr,
    pub(super) unit: Option<Ipv4Addr>,
    pub(super) files: Vec<String>,
}

impl Pull {
    fn local(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.host), TFTP)
    }

    fn pulling<'n>(
        self,
        network: &'n mut dyn Network,
        station: Option<MacAddress>,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n> {
        let is_plain = condition == Condition::PlainTransfer;
        Box::new(Pulling { network, way: self, station, is_plain })
    }
}

impl Way for Pull {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        Senders::open(network, TFTP)?;
        network.bind_datagrams(self.local()).map(drop)
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let senders = Senders::open(network, TFTP)?;
        let socket = network.bind_datagrams(self.local())?;
        Ok(Some(Box::new(Requests { socket, senders, way: self.clone(), asked: BTreeSet::new() })))
    }

    fn gathers(&self) -> Duration {
        GATHER
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        self.clone().pulling(network, None, condition)
    }
}

/// Hears what the unit asks for.
struct Requests {
    socket: Box<dyn Datagrams>,
    /// Which stations ask, where that can be told.
    senders: Option<Senders>,
    way: Pull,
    asked: BTreeSet<MacAddress>,
}

impl Ear for Requests {
    fn hear(&mut self, _: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let mut buffer = [0; LONGEST_REQUEST];
        let (count, from) = match self.socket.receive(&mut buffer, until) {
            Ok(received) => received,
            Err(error) if error.is_timeout() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let station = match &mut self.senders {
            None => None,
            Some(senders) => match senders.of(from, &buffer[..count]) {
                Some(station) => Some(station),
                // Its frame was lost; it will ask again.
                None => return Ok(Vec::new()),
            },
        };
        if self.way.unit.is_some_and(|unit| from.ip() != IpAddr::V4(unit)) {
            return Ok(Vec::new());
        }
        let Ok(Packet::Request { direction: Direction::Read, name, .. }) = Packet::parse(&buffer[..count])
        else {
            return Ok(Vec::new());
        };
        let name = name.into_owned();
        let source = "what the bootloader asks for on the network".to_owned();
        let said = Some(claim(Property::RequestedFile, &name, source, "bootloader"));
        let is_open = self.way.files.is_empty() || self.way.files.contains(&name);
        if is_open && self.asked.len() < MOST_STATIONS {
            self.asked.extend(station);
        }
        Ok(vec![Shown { seen: Seen::TftpRequest(name), is_open, said }])
    }

    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        let Self { way, asked, .. } = *self;
        (!asked.is_empty()).then(|| Box::new(Asked { way, asked }) as Box<dyn Kept>)
    }
}

/// Stations that have asked.
struct Asked {
    way: Pull,
    asked: BTreeSet<MacAddress>,
}

impl Kept for Asked {
    fn several(&self) -> Vec<String> {
        if_several(&self.asked)
    }

    fn target<'n>(
        self: Box<Self>,
        network: &'n mut dyn Network,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n> {
        let station = self.asked.first().copied();
        self.way.pulling(network, station, condition)
    }
}

/// A unit that asks for its file, as a target.
struct Pulling<'n> {
    network: &'n mut dyn Network,
    way: Pull,
    station: Option<MacAddress>,
    is_plain: bool,
}

impl Opaque for Pulling<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = || format!("take {name} by TFTP");
        let Pull { unit, ref files, .. } = self.way;
        // Before its port is opened, so that no request comes without its frame.
        let senders = Senders::open(self.network, TFTP).map_err(TargetError::link(operation()))?;
        let mut service = Service {
            allowed_peers: unit.iter().map(|unit| IpAddr::V4(*unit)).collect(),
            station: senders.map(|senders| OneStation::new(senders, self.station)),
            names: if files.is_empty() { NamePolicy::Any } else { NamePolicy::IgnoreCase },
            ..Service::of(name, image)
        };
        service.images.extend(files.iter().skip(1).map(|file| (file.clone(), image)));
        if self.is_plain {
            (service.most_block_size, service.most_window) = (PLAIN_BLOCK, 1);
        }
        let mut server = Server::bind(self.network, self.way.local(), service)
            .map_err(|error| error.into_target(operation()))?;
        let unit = SocketAddr::new(IpAddr::V4(unit.unwrap_or(Ipv4Addr::UNSPECIFIED)), 0);
        serve(&mut server, unit, name, watch, &mut || Ok(false))
    }
}

/// Serves one unit until it has its file and is content with it. What is done `beside` says whether the unit gave a sign
/// there.
pub(super) fn serve(
    server: &mut Server<'_, '_>,
    unit: SocketAddr,
    name: &str,
    watch: &mut dyn Watch,
    beside: &mut dyn FnMut() -> Result<bool, TargetError>,
) -> Result<(), TargetError> {
    let failed = |error: TftpError| error.into_target(format!("take {name} by TFTP"));
    let (mut arrived, mut restarts) = (0, 0);
    let mut has_all = false;
    let mut strangers = BTreeSet::new();
    let mut last_sign = server.clock().now();
    let mut under_way = 0;
    loop {
        if watch.cancelled() && !has_all {
            return Err(TargetError::Cancelled);
        }
        let turn = Deadline::after(server.clock(), Duration::from_millis(100));
        let event = server.poll(turn).map_err(failed)?;
        if beside()? {
            last_sign = server.clock().now();
        }
        // A slow unit, or a bad cable, takes long for what is worth an event.
        let before = std::mem::replace(&mut under_way, server.arrived());
        if under_way != before || !matches!(event, ServerEvent::Idle | ServerEvent::Refused { .. }) {
            last_sign = server.clock().now();
        }
        if let ServerEvent::Refused { why: Refusal::OtherStation { station, unit }, peer, .. } = &event
            && strangers.len() < MOST_STATIONS
            && strangers.insert(*station)
        {
            watch.notice(format!(
                "{station} asked for the file, too, as {}, and got no answer: it is served to {unit} alone. Take other units \
                 off the cable.",
                peer.ip()
            ));
        }
        match event {
            ServerEvent::Progress { bytes, .. } => {
                watch.advance(bytes.saturating_sub(arrived));
                arrived = arrived.max(bytes);
            }
            ServerEvent::Finished { bytes, .. } => {
                watch.advance(bytes.saturating_sub(arrived));
                arrived = arrived.max(bytes);
                has_all = true;
            }
            ServerEvent::Requested { peer, .. } if has_all => {
                let text = "asks for the same file again, after it had all of it".to_owned();
                return Err(failed(TftpError::Rejected { peer, name: name.to_owned(), text }));
            }
            ServerEvent::Aborted { error: TftpError::Restarted { .. }, .. } if restarts < MOST_RESTARTS => {
                restarts += 1;
            }
            // The unit has its file; what becomes of a second copy is of no account.
            ServerEvent::Aborted { .. } if has_all => {}
            ServerEvent::Aborted { error, .. } => return Err(failed(error)),
            ServerEvent::Requested { .. } | ServerEvent::Refused { .. } | ServerEvent::Idle => {}
        }
        let silent = server.clock().now().since(last_sign);
        if has_all && silent >= AFTERWARDS {
            return Ok(());
        }
        if silent > PATIENCE {
            let stalled =
                TftpError::Stalled { peer: unit, name: name.to_owned(), bytes: arrived, all_sent: false };
            return Err(failed(stalled));
        }
    }
}
