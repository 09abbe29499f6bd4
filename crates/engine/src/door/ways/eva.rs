//! The unit's bootloader EVA waits for some seconds after its start. Whoever has logged in keeps it waiting; so the session
//! is kept from the moment at which it was opened until the image is stored.
//!
//! Its variables say which unit it is. Only the firmware's partition is written, and no variable is set but the one that
//! chooses which of two systems is started.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_eva::wire::{DISCOVERY_PORT, Discovery, FTP_PORT};
use debrick_eva::{Environment, EvaError, FindOptions, Partition, Paused, Session, SessionOptions, find_all};
use debrick_link::{
    Deadline, ETHER_TYPE_IPV4, FrameHeader, Frames, LONGEST_FRAME, LinkError, Moment, Network, UdpPacket,
};
use debrick_model::{MacAddress, Observation, Property};
use debrick_target::{Opaque, Silent, Source, TargetError, Watch};

use super::one_station::if_several;
use super::{Ear, Kept, Shown, Way};
use crate::identity::claim;
use crate::tries::Condition;

/// Codes of what a unit says when it does not want an image, or what its variables say.
pub(super) const REFUSALS: &[&str] = &["eva-not-stored", "eva-refused", "eva-too-large", "eva-no-partition"];

/// Codes of silence after all of it was sent.
pub(super) const SILENCES: &[&str] = &["eva-no-verdict"];

/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(500);

/// How long an answer to the discovery is waited for, and how long others may answer after the first did.
const ANSWERS_WITHIN: Duration = Duration::from_millis(150);
const GATHER: Duration = Duration::from_millis(100);

/// How long a connection may take to open.
const OPENS_WITHIN: Duration = Duration::from_millis(300);

/// The most frames that are looked at in a row, and the most stations that are told apart.
const MOST_FRAMES: usize = 256;
const MOST_STATIONS: usize = 16;

/// The variable that chooses which of two systems is started, and the value for the first, which `mtd1` belongs to.
const SLOT: (&str, &str) = ("linux_fs_start", "0");

/// The address that the unit is asked to take, and that of this computer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Eva {
    pub(super) unit: Ipv4Addr,
    pub(super) host: Ipv4Addr,
}

impl Eva {
    fn local(self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.host), DISCOVERY_PORT)
    }

    /// Looks once. Units that are deaf to the discovery are knocked at where they are mostly found.
    fn look(self, network: &mut dyn Network) -> Result<Option<Held>, LinkError> {
        let mut found = self.discover(network)?;
        let unit = found.first().copied().unwrap_or(self.unit);
        // What is no EVA, or none any more, is looked for again.
        let Ok((session, environment)) = open(network, unit, OPENS_WITHIN, &Silent) else { return Ok(None) };
        if found.is_empty() {
            // It may have begun to listen just now, and others with it.
            found = self.discover(network)?;
        }
        found.retain(|other| *other != unit);
        found.insert(0, unit);
        Ok(Some(Held { session, environment, found }))
    }

    fn discover(self, network: &mut dyn Network) -> Result<Vec<Ipv4Addr>, LinkError> {
        let options = FindOptions {
            local: self.local(),
            wanted: self.unit,
            within: ANSWERS_WITHIN,
            every: ANSWERS_WITHIN,
            ..FindOptions::default()
        };
        match find_all(network, &options, GATHER, &Silent) {
            Ok(found) => Ok(found),
            Err(EvaError::Link { source, .. }) => Err(source),
            Err(_) => Ok(Vec::new()),
        }
    }
}

/// Logs in and reads the variables.
fn open(
    network: &mut dyn Network,
    unit: Ipv4Addr,
    within: Duration,
    watch: &dyn Watch,
) -> Result<(Paused, Environment), EvaError> {
    let attempt_within = within.min(SessionOptions::default().attempt_within);
    let options = SessionOptions { open_within: within, attempt_within, ..SessionOptions::default() };
    let mut session = Session::open(network, SocketAddr::new(IpAddr::V4(unit), FTP_PORT), options, watch)?;
    let environment = session.environment()?;
    Ok((session.pause(), environment))
}

impl Way for Eva {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.bind_datagrams(self.local()).map(drop)
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let next = network.clock().now();
        // Two units that take the same address differ on the wire only. Without the right to hear it they are not told apart.
        let frames = network.open_frames(Some(ETHER_TYPE_IPV4)).ok();
        let stations = BTreeSet::new();
        Ok(Some(Box::new(Looking { way: *self, next, held: None, frames, stations })))
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, _: Condition) -> Box<dyn Opaque + 'n> {
        Box::new(Storing { way: *self, network, held: None })
    }
}

/// Looks for a bootloader, and logs in to it.
struct Looking {
    way: Eva,
    next: Moment,
    held: Option<Held>,
    frames: Option<Box<dyn Frames>>,
    /// The Ethernet addresses that answered the discovery.
    stations: BTreeSet<MacAddress>,
}

/// A bootloader that is kept waiting.
struct Held {
    session: Paused,
    environment: Environment,
    /// Its address, and those of others that answered.
    found: Vec<Ipv4Addr>,
}

impl Looking {
    fn hear_stations(&mut self) {
        let Some(frames) = &mut self.frames else { return };
        let mut buffer = [0; LONGEST_FRAME];
        let now = Deadline::at(frames.clock().now());
        for _ in 0..MOST_FRAMES {
            // A wire that cannot be heard any more is as good as one that could not be from the beginning.
            let Ok(count) = frames.receive(&mut buffer, now) else { return };
            let Some((header, packet)) = FrameHeader::split(&buffer[..count.min(LONGEST_FRAME)]) else {
                continue;
            };
            let answer = UdpPacket::split(packet).and_then(|packet| Discovery::parse(packet.payload));
            let is_answer = matches!(answer, Some(Discovery::Answer { .. }));
            if is_answer && self.stations.len() < MOST_STATIONS {
                self.stations.insert(header.from);
            }
        }
    }
}

impl Ear for Looking {
    fn hear(&mut self, network: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        if network.clock().now() < self.next {
            let left = until.left(network.clock());
            network.clock().sleep(left);
            return Ok(Vec::new());
        }
        if self.held.is_none() {
            self.held = self.way.look(network)?;
        }
        self.hear_stations();
        self.next = network.clock().now() + EVERY;
        let Some(held) = &self.held else { return Ok(Vec::new()) };
        let mut shown = vec![Shown { seen: Seen::Answers, is_open: true, said: None }];
        let said = testimony(&held.environment).into_iter().map(Some);
        shown.extend(said.map(|said| Shown { seen: Seen::Answers, is_open: true, said }));
        Ok(shown)
    }

    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        let Self { way, held, stations, .. } = *self;
        held.map(|held| Box::new(Waiting { way, held, stations }) as Box<dyn Kept>)
    }
}

/// What the variables say of the unit.
fn testimony(environment: &Environment) -> Vec<Observation> {
    let identity = environment.identity();
    let of = |name: &str| format!("the bootloader's variable {name}");
    let blank = |text: &str| text.chars().all(|c| c == '0');
    let hardware = identity.hardware.map(|number| (Property::Codename, format!("HW{number}"), "HWRevision"));
    let serial = identity.serial_number.filter(|serial| !blank(serial));
    let serial = serial.map(|serial| (Property::Serial, serial, "SerialNumber"));
    let address = identity.ethernet_address.map(|address| (Property::MacAddress, address, "maca"));
    let firmware = identity.firmware.map(|version| (Property::Version, version, "firmware_info"));
    let all = [hardware, serial, address, firmware].into_iter().flatten();
    all.map(|(property, value, name)| claim(property, &value, of(name), "environment")).collect()
}

/// A bootloader that waits for an image.
struct Waiting {
    way: Eva,
    held: Held,
    stations: BTreeSet<MacAddress>,
}

impl Kept for Waiting {
    fn several(&self) -> Vec<String> {
        let stations = if_several(&self.stations);
        if !stations.is_empty() {
            return stations;
        }
        if_several(&self.held.found)
    }

    fn target<'n>(self: Box<Self>, network: &'n mut dyn Network, _: Condition) -> Box<dyn Opaque + 'n> {
        let Self { way, held, .. } = *self;
        Box::new(Storing { way, network, held: Some(held) })
    }
}

/// A bootloader that stores what it is sent, as a target.
struct Storing<'n> {
    way: Eva,
    network: &'n mut dyn Network,
    held: Option<Held>,
}

impl Storing<'_> {
    fn store(&mut self, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), EvaError> {
        let (session, environment) = match self.held.take() {
            Some(held) => (held.session, held.environment),
            None => {
                let within = SessionOptions::default().open_within;
                open(self.network, self.way.unit, within, watch)?
            }
        };
        let mut session = session.resume(self.network);
        session.store(Partition::FIRMWARE, &environment, image, watch)?;
        // What was stored is of the first of two systems.
        if environment.slot() == Some(1) {
            session.set_variable(SLOT.0, SLOT.1)?;
        }
        // It is stored. A unit that does not restart by itself is noticed, and switched off and on by a person.
        let _ = session.reboot();
        Ok(())
    }
}

impl Opaque for Storing<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let stored = self.store(image, watch);
        stored.map_err(|error| error.into_target(format!("store {name} by FTP")))
    }
}
