//! The unit asks for an address by BOOTP or DHCP, is given one and told of its file, and asks for that by TFTP.
//!
//! Whoever answers such questions answers for a whole wire. So another server on it is looked for first, only a
//! bootloader is answered, and where two of them ask, neither is until somebody says which one is meant.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_bootp::{BootpError, Lease, Server, ServerEvent};
use debrick_coach::Seen;
use debrick_lan::{AddressMessage, AddressRequest, Word, decode};
use debrick_link::{Deadline, ETHER_TYPE_IPV4, Frames, LONGEST_FRAME, LinkError, Network};
use debrick_model::{Coded, MacAddress, Property};
use debrick_target::{Opaque, Silent, Source, TargetError, Watch};
use debrick_tftp::{NamePolicy, OneStation, Senders, Service};

use super::one_station::if_several;
use super::tftp_pull::serve;
use super::{Ear, Kept, Shown, Stations, Way};
use crate::identity::claim;
use crate::tries::Condition;

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// The most bootloaders that are told apart.
const MOST_FOUND: usize = 16;

/// How long a unit that was heard before may take to ask again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long others are listened for once a unit has asked: bootloaders ask every two seconds or more often.
const OTHERS: Duration = Duration::from_secs(3);

/// The smallest block, which every loader knows, in bytes.
const PLAIN_BLOCK: u16 = 512;

/// What the file is called where its own name would not do in a message of BOOTP.
const PLAIN_NAME: &str = "firmware.bin";

/// The longest name that is told as it is, in bytes; some loaders have little room for it.
const LONGEST_NAME: usize = 64;

/// Codes of what keeps a unit from being served.
#[derive(Debug, thiserror::Error)]
enum Unserved {
    #[error("no bootloader asked for an address in {waited_s} s")]
    Silent { waited_s: u64 },
    #[error("two units ask for an address: {first} and {second}")]
    Two { first: MacAddress, second: MacAddress },
}

impl Coded for Unserved {
    fn code(&self) -> &'static str {
        match self {
            Self::Silent { .. } => "door-no-address-asked",
            Self::Two { .. } => "door-two-units",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Silent { .. } => {
                "Check that the cable is in the port that the unit starts from, then try again."
            }
            Self::Two { .. } => {
                "Neither was answered. Leave only the broken unit on the cable, then try again."
            }
        }
        .to_owned()
    }
}

/// The addresses of this computer and of the unit, and which unit is meant.
#[derive(Debug, Clone)]
pub(super) struct Boot {
    pub(super) host: Ipv4Addr,
    pub(super) unit: Ipv4Addr,
    pub(super) stations: Stations,
}

impl Boot {
    fn local(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.host), TFTP)
    }
}

impl Way for Boot {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.open_frames(Some(ETHER_TYPE_IPV4))?;
        network.bind_datagrams(self.local()).map(drop)
    }

    fn look_round(&self, network: &mut dyn Network) -> Result<(), TargetError> {
        let operation = || "look for other servers of addresses";
        let frames = network.open_frames(Some(ETHER_TYPE_IPV4)).map_err(TargetError::link(operation()))?;
        let lease = Lease::new(self.host, self.unit, PLAIN_NAME);
        match Server::open(frames, lease, &Silent) {
            Ok(_) => Ok(()),
            // A wire without a link has nobody on it.
            Err(BootpError::Link { source, .. }) if is_down(&source) => Ok(()),
            Err(error) => Err(error.into_target(operation())),
        }
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        Ok(Some(Box::new(Asking::open(self.clone(), network)?)))
    }

    fn tells_units_apart(&self) -> bool {
        true
    }

    fn gathers(&self) -> Duration {
        OTHERS
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        Box::new(Booting { network, boot: self.clone(), heard: None, condition })
    }
}

/// Hears who asks for an address.
struct Asking {
    boot: Boot,
    frames: Box<dyn Frames>,
    found: BTreeSet<MacAddress>,
}

impl Asking {
    fn open(boot: Boot, network: &mut dyn Network) -> Result<Self, LinkError> {
        Ok(Self { boot, frames: network.open_frames(Some(ETHER_TYPE_IPV4))?, found: BTreeSet::new() })
    }

    /// The next bootloader that asks, until the deadline.
    fn next(&mut self, until: Deadline) -> Result<Option<(MacAddress, AddressRequest)>, LinkError> {
        let mut buffer = [0; LONGEST_FRAME];
        loop {
            let count = match self.frames.receive(&mut buffer, until) {
                Ok(count) => count,
                Err(error) if error.is_timeout() => return Ok(None),
                // A unit that is off, or starts again, takes the link with it.
                Err(error) if is_down(&error) => {
                    let clock = self.frames.clock();
                    clock.sleep(until.left(clock).min(Duration::from_millis(50)));
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let Some(heard) = decode(&buffer[..count]) else { continue };
            match heard.word {
                Word::AsksForAddress(request)
                    if !request.is_of_a_system()
                        && heard.station != self.frames.address()
                        && self.boot.stations.may_be_the_unit(heard.station) =>
                {
                    return Ok(Some((heard.station, request)));
                }
                // Systems have their own servers, and nothing to do with this.
                _ if until.has_passed(self.frames.clock()) => return Ok(None),
                _ => {}
            }
        }
    }
}

impl Ear for Asking {
    fn hear(&mut self, _: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let Some((station, request)) = self.next(until)? else { return Ok(Vec::new()) };
        if self.found.len() < MOST_FOUND {
            self.found.insert(station);
        }
        let by = if request.message == AddressMessage::Bootp { "BOOTP" } else { "DHCP" };
        let as_what = request.vendor_class.map(|class| format!(" as {class:?}")).unwrap_or_default();
        let source = format!("its question for an address, by {by}{as_what}");
        let said = Some(claim(Property::MacAddress, &station.to_string(), source, "bootloader"));
        Ok(vec![Shown { seen: Seen::Bootp, is_open: true, said }])
    }

    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        Some(Box::new(Asked { boot: self.boot, found: self.found }))
    }
}

/// Units that have asked, and ask again.
struct Asked {
    boot: Boot,
    found: BTreeSet<MacAddress>,
}

impl Kept for Asked {
    fn several(&self) -> Vec<String> {
        if_several(&self.found)
    }

    fn nameless(&self) -> Option<MacAddress> {
        self.found.first().copied().filter(|_| self.found.len() == 1 && self.boot.stations.chosen.is_none())
    }

    fn target<'n>(
        self: Box<Self>,
        network: &'n mut dyn Network,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n> {
        let heard = self.found.first().copied();
        Box::new(Booting { network, boot: self.boot, heard, condition })
    }
}

/// A unit that asks for an address, as a target.
struct Booting<'n> {
    network: &'n mut dyn Network,
    boot: Boot,
    /// The one that asked when it was brought into its mode.
    heard: Option<MacAddress>,
    condition: Condition,
}

impl Booting<'_> {
    /// The one bootloader that asks.
    fn find(&mut self, watch: &dyn Watch) -> Result<MacAddress, TargetError> {
        let operation = || "hear who asks for an address";
        let failed = TargetError::link(operation());
        let refused =
            |why: Unserved| TargetError::Device { operation: operation().into(), source: Box::new(why) };
        let mut asking = match Asking::open(self.boot.clone(), self.network) {
            Ok(asking) => asking,
            Err(error) => return Err(failed(error)),
        };
        let mut until = Deadline::after(self.network.clock(), PATIENCE);
        let mut found = None;
        while !until.has_passed(self.network.clock()) {
            if watch.cancelled() {
                return Err(TargetError::Cancelled);
            }
            let look = Deadline::after(self.network.clock(), Duration::from_millis(100)).or_earlier(until);
            match (asking.next(look).map_err(TargetError::link(operation()))?, found) {
                // Nobody else is listened for.
                (Some((station, _)), None) if self.boot.stations.chosen.is_some() => return Ok(station),
                (Some((second, _)), first) if first.or(self.heard).is_some_and(|first| first != second) => {
                    let first = first.or(self.heard).unwrap_or(second);
                    return Err(refused(Unserved::Two { first, second }));
                }
                (Some((station, _)), None) => {
                    found = Some(station);
                    until = Deadline::after(self.network.clock(), OTHERS);
                }
                _ => {}
            }
        }
        found.ok_or_else(|| refused(Unserved::Silent { waited_s: PATIENCE.as_secs() }))
    }
}

impl Opaque for Booting<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = || format!("start from the network and take {name}");
        let station = self.find(watch)?;
        let name = boot_file(name);
        let Boot { host, unit, .. } = self.boot;
        let frames =
            self.network.open_frames(Some(ETHER_TYPE_IPV4)).map_err(TargetError::link(operation()))?;
        let lease = Lease { unit: Some(station), ..Lease::new(host, unit, name) };
        let mut addresses =
            Server::open(frames, lease, watch).map_err(|error| error.into_target(operation()))?;
        let senders = Senders::open(self.network, TFTP).map_err(TargetError::link(operation()))?;
        // It asks for the file that it is told of, or for one that it has always asked for.
        let mut service = Service {
            allowed_peers: vec![IpAddr::V4(unit)],
            station: senders.map(|senders| OneStation::new(senders, Some(station))),
            names: NamePolicy::Any,
            ..Service::of(name, image)
        };
        if self.condition == Condition::PlainTransfer {
            (service.most_block_size, service.most_window) = (PLAIN_BLOCK, 1);
        }
        let mut files = debrick_tftp::Server::bind(self.network, self.boot.local(), service)
            .map_err(|error| error.into_target(operation()))?;
        let mut give_address = || {
            let now = Deadline::at(addresses.clock().now());
            match addresses.poll(now) {
                Ok(ServerEvent::Offered { .. } | ServerEvent::Leased { .. }) => Ok(true),
                Ok(_) => Ok(false),
                Err(error) => Err(error.into_target(operation())),
            }
        };
        serve(&mut files, SocketAddr::new(IpAddr::V4(unit), 0), name, watch, &mut give_address)
    }
}

/// The name that the unit is told.
fn boot_file(name: &str) -> &str {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_plain && (1..=LONGEST_NAME).contains(&name.len()) { name } else { PLAIN_NAME }
}

fn is_down(error: &LinkError) -> bool {
    match error {
        LinkError::Disconnected { .. } => true,
        LinkError::Io { source, .. } => source.kind() == std::io::ErrorKind::NetworkDown,
        _ => false,
    }
}
