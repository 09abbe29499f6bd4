//! The unit asks this computer for its file by TFTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_link::{Datagrams, Deadline, LinkError, Network};
use debrick_model::Property;
use debrick_target::{Opaque, Source, TargetError, Watch};
use debrick_tftp::wire::Packet;
use debrick_tftp::{Direction, NamePolicy, Server, ServerEvent, Service, TftpError};

use super::{Ear, Shown, Way};
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

/// The smallest block, which every loader knows, in bytes.
const PLAIN_BLOCK: u16 = 512;

/// Codes of what a unit says, or does, when it does not want a file.
pub(super) const REFUSALS: &[&str] = &["tftp-refused", "tftp-rejected"];

/// The addresses, and the names that are asked for.
pub(super) struct Pull<'d> {
    pub(super) host: Ipv4Addr,
    pub(super) unit: Option<Ipv4Addr>,
    pub(super) files: &'d [String],
}

impl Pull<'_> {
    fn local(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.host), TFTP)
    }
}

impl Way for Pull<'_> {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.bind_datagrams(self.local()).map(drop)
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let socket = network.bind_datagrams(self.local())?;
        Ok(Some(Box::new(Requests { socket, unit: self.unit, files: self.files.to_vec() })))
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        let is_plain = condition == Condition::PlainTransfer;
        Box::new(Pulling { network, host: self.host, unit: self.unit, files: self.files, is_plain })
    }
}

/// Hears what the unit asks for.
struct Requests {
    socket: Box<dyn Datagrams>,
    unit: Option<Ipv4Addr>,
    files: Vec<String>,
}

impl Ear for Requests {
    fn hear(&mut self, _: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let mut buffer = [0; LONGEST_REQUEST];
        let (count, from) = match self.socket.receive(&mut buffer, until) {
            Ok(received) => received,
            Err(error) if error.is_timeout() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if self.unit.is_some_and(|unit| from.ip() != IpAddr::V4(unit)) {
            return Ok(Vec::new());
        }
        let Ok(Packet::Request { direction: Direction::Read, name, .. }) = Packet::parse(&buffer[..count])
        else {
            return Ok(Vec::new());
        };
        let name = name.into_owned();
        let source = "what the bootloader asks for on the network".to_owned();
        let said = Some(claim(Property::RequestedFile, &name, source, "bootloader"));
        let is_open = self.files.is_empty() || self.files.contains(&name);
        Ok(vec![Shown { seen: Seen::TftpRequest(name), is_open, said }])
    }
}

/// A unit that asks for its file, as a target.
struct Pulling<'n, 'f> {
    network: &'n mut dyn Network,
    host: Ipv4Addr,
    unit: Option<Ipv4Addr>,
    files: &'f [String],
    is_plain: bool,
}

impl Opaque for Pulling<'_, '_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = || format!("take {name} by TFTP");
        let mut service = Service {
            allowed_peers: self.unit.iter().map(|unit| IpAddr::V4(*unit)).collect(),
            names: if self.files.is_empty() { NamePolicy::Any } else { NamePolicy::IgnoreCase },
            ..Service::of(name, image)
        };
        service.images.extend(self.files.iter().skip(1).map(|file| (file.clone(), image)));
        if self.is_plain {
            (service.most_block_size, service.most_window) = (PLAIN_BLOCK, 1);
        }
        let local = SocketAddr::new(IpAddr::V4(self.host), TFTP);
        let mut server =
            Server::bind(self.network, local, service).map_err(|error| error.into_target(operation()))?;
        let unit = SocketAddr::new(IpAddr::V4(self.unit.unwrap_or(Ipv4Addr::UNSPECIFIED)), 0);
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
