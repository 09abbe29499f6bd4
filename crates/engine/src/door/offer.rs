//! Hand the image over at a door: each kind of door as an opaque target.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_catalog::{Door, DoorKind};
use debrick_link::{Deadline, Network};
use debrick_target::{Clearance, Offer, Opaque, Source, TargetError, Watch, offer};
use debrick_tftp::{Client, ClientOptions, NamePolicy, Server, ServerEvent, Service, TftpError};

use crate::error::EngineError;
use crate::tries::Condition;

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// How long a unit that pulls may go without a sign of the transfer.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long it is listened to after it has all: one that does not like the file asks for it again.
const AFTERWARDS: Duration = Duration::from_secs(8);

/// How often a unit may begin anew in the middle before it is given up.
const MOST_RESTARTS: u32 = 3;

/// The smallest block, which every loader knows, in bytes.
const PLAIN_BLOCK: u16 = 512;

/// What came of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    /// It says that it has all of it.
    Whole,
    /// All of it was sent, and it fell silent: it may be writing.
    InSilence,
}

/// Offers an image at a door.
pub(super) fn hand_over(
    door: &Door,
    condition: Condition,
    network: &mut dyn Network,
    clearance: &Clearance,
    part: &Offer<'_>,
    watch: &mut dyn Watch,
) -> Result<Accepted, TargetError> {
    let is_plain = condition == Condition::PlainTransfer;
    let offered = match door.kind {
        DoorKind::TftpPull { host, unit } => {
            let mut target = Pulling { network, host, unit, files: &door.files, is_plain };
            offer(&mut target, clearance, part, watch)
        }
        DoorKind::TftpPush { unit, host } => {
            let options = if is_plain { ClientOptions::default() } else { ClientOptions::fast() };
            let local = IpAddr::V4(host.unwrap_or(Ipv4Addr::UNSPECIFIED));
            let server = SocketAddr::new(IpAddr::V4(unit), TFTP);
            let mut target = Client::new(network, local, server, options);
            offer(&mut target, clearance, part, watch)
        }
    };
    match offered {
        Ok(()) => Ok(Accepted::Whole),
        // What it does with it in silence, only its first boot tells.
        Err(TargetError::Device { source, .. }) if source.code() == "tftp-last-ack-missing" => {
            Ok(Accepted::InSilence)
        }
        Err(error) => Err(error),
    }
}

/// The name that the file goes over under.
pub(super) fn name_for<'a>(door: &'a Door, image: &'a str) -> &'a str {
    door.files.first().map_or(image, String::as_str)
}

/// The unit's own words, where it refused the image: the same image would be refused again.
pub(super) fn refusal(error: &EngineError) -> Option<String> {
    let EngineError::Target(TargetError::Device { source, .. }) = error else { return None };
    matches!(source.code(), "tftp-refused" | "tftp-rejected").then(|| source.to_string())
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
        serve(&mut server, unit, name, watch).map_err(|error| error.into_target(operation()))
    }
}

/// Serves one unit until it has its file and is content with it.
fn serve(
    server: &mut Server<'_, '_>,
    unit: SocketAddr,
    name: &str,
    watch: &mut dyn Watch,
) -> Result<(), TftpError> {
    let (mut arrived, mut restarts) = (0, 0);
    let mut has_all = false;
    let mut last_sign = server.clock().now();
    loop {
        if watch.cancelled() && !has_all {
            return Err(TftpError::Cancelled);
        }
        let turn = Deadline::after(server.clock(), Duration::from_millis(100));
        let event = server.poll(turn)?;
        if !matches!(event, ServerEvent::Idle | ServerEvent::Refused { .. }) {
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
                return Err(TftpError::Rejected { peer, name: name.to_owned(), text });
            }
            ServerEvent::Aborted { error: TftpError::Restarted { .. }, .. } if restarts < MOST_RESTARTS => {
                restarts += 1;
            }
            // The unit has its file; what becomes of a second copy is of no account.
            ServerEvent::Aborted { .. } if has_all => {}
            ServerEvent::Aborted { error, .. } => return Err(error),
            ServerEvent::Requested { .. } | ServerEvent::Refused { .. } | ServerEvent::Idle => {}
        }
        let silent = server.clock().now().since(last_sign);
        if has_all && silent >= AFTERWARDS {
            return Ok(());
        }
        if silent > PATIENCE {
            let (name, bytes) = (name.to_owned(), arrived);
            return Err(TftpError::Stalled { peer: unit, name, bytes, all_sent: false });
        }
    }
}
