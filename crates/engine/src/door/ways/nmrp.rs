//! The unit answers NMRP for some seconds after its start, is given an address, and is sent its file by TFTP.
//!
//! It answers no ARP, so that the system is told where its address is. Whoever answers is told apart by Ethernet address:
//! where several do, none is dealt with until somebody says which one is meant. That it ends with CLOSE_REQ says that it has written, and proves nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_link::{Deadline, LinkError, Moment, Network};
use debrick_model::{MacAddress, Property};
use debrick_nmrp::{Caller, ETHER_TYPE, Host, HostOptions, NmrpError};
use debrick_target::{Opaque, Source, TargetError, Watch};
use debrick_tftp::ClientOptions;

use super::one_station::if_several;
use super::{Ear, Kept, Shown, Stations, Way};
use crate::identity::claim;
use crate::tries::Condition;

/// Codes of what a unit says, or does, when it does not want an image.
pub(super) const REFUSALS: &[&str] = &["nmrp-rejected", "tftp-refused", "tftp-rejected"];

/// Codes of silence after all of it was sent.
pub(super) const SILENCES: &[&str] = &["nmrp-not-closed"];

/// How long others may answer after the first unit did.
const GATHER: Duration = Duration::from_millis(300);

/// The address that the unit is given, that of this computer, the name of the file for units that want none, and which unit is
/// meant.
#[derive(Debug, Clone)]
pub(super) struct Nmrp {
    pub(super) unit: Ipv4Addr,
    pub(super) host: Ipv4Addr,
    pub(super) file: Option<String>,
    pub(super) stations: Stations,
}

impl Nmrp {
    fn options(&self) -> HostOptions {
        let usual = HostOptions::default();
        let file_name = self.file.clone().unwrap_or(usual.file_name);
        HostOptions { unit: self.stations.chosen, unit_address: self.unit, file_name, ..usual }
    }
}

impl Way for Nmrp {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.open_frames(Some(ETHER_TYPE))?;
        network.bind_datagrams(SocketAddr::new(IpAddr::V4(self.host), 0)).map(drop)
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let caller = Caller::new(network.open_frames(Some(ETHER_TYPE))?, self.options());
        let (found, since) = (BTreeSet::new(), None);
        Ok(Some(Box::new(Calling { way: self.clone(), caller, found, since, is_open: false })))
    }

    fn tells_units_apart(&self) -> bool {
        true
    }

    /// It gives up after some seconds without its configuration.
    fn stays_open(&self) -> bool {
        false
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        Box::new(Offering { way: self.clone(), network, called: None, condition })
    }
}

/// Calls units, and hears who answers.
struct Calling {
    way: Nmrp,
    caller: Caller,
    found: BTreeSet<MacAddress>,
    /// When the first of them answered.
    since: Option<Moment>,
    is_open: bool,
}

impl Ear for Calling {
    fn hear(&mut self, network: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let mut answered = match self.caller.call(until.moment()) {
            Ok(answered) => answered,
            Err(NmrpError::Link { source, .. }) => return Err(source),
            // Nothing else comes of calling.
            Err(_) => BTreeSet::new(),
        };
        answered.retain(|unit| self.way.stations.may_be_the_unit(*unit));
        let now = network.clock().now();
        if !answered.is_empty() {
            self.since.get_or_insert(now);
        }
        self.found.extend(&answered);
        let all_had_time = self.since.is_some_and(|since| now.since(since) >= GATHER);
        // Who was heard a second ago is there still; later it has to be heard again.
        if !all_had_time || (self.is_open && answered.is_empty()) {
            return Ok(Vec::new());
        }
        self.is_open = true;
        let shown = |unit: &MacAddress| {
            let source = "the address that its bootloader answers NMRP from".to_owned();
            let said = Some(claim(Property::MacAddress, &unit.to_string(), source, "bootloader"));
            Shown { seen: Seen::Answers, is_open: true, said }
        };
        Ok(self.found.iter().map(shown).collect())
    }

    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        let Self { way, caller, found, .. } = *self;
        Some(Box::new(Called { way, caller, found }))
    }
}

/// Units that have answered.
struct Called {
    way: Nmrp,
    caller: Caller,
    found: BTreeSet<MacAddress>,
}

impl Kept for Called {
    fn several(&self) -> Vec<String> {
        if_several(&self.found)
    }

    fn target<'n>(
        self: Box<Self>,
        network: &'n mut dyn Network,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n> {
        let Self { way, caller, found } = *self;
        let called = found.first().map(|unit| (caller.choose(*unit), *unit));
        Box::new(Offering { way, network, called, condition })
    }
}

/// A unit that answers NMRP, as a target.
struct Offering<'n> {
    way: Nmrp,
    network: &'n mut dyn Network,
    /// The unit that has answered already.
    called: Option<(Host, MacAddress)>,
    condition: Condition,
}

impl Offering<'_> {
    fn find(&mut self, watch: &dyn Watch) -> Result<(Host, MacAddress), NmrpError> {
        let frames = self.network.open_frames(Some(ETHER_TYPE));
        let frames =
            frames.map_err(|source| NmrpError::Link { operation: "open raw Ethernet".into(), source })?;
        let mut host = Host::new(frames, self.way.options());
        let unit = host.find(watch)?;
        Ok((host, unit))
    }

    fn deliver(&mut self, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), NmrpError> {
        let (mut host, unit) = match self.called.take() {
            Some(called) => called,
            None => self.find(watch)?,
        };
        if self.condition == Condition::PlainTransfer {
            host.transfer_by(ClientOptions::default());
        }
        let address = self.way.unit;
        self.network.set_neighbour(address, unit).map_err(|source| NmrpError::Neighbour {
            unit,
            address,
            source,
        })?;
        let delivered = host.deliver(self.network, self.way.host, image, watch).map(drop);
        // Its system may have that address, too, at another station. At the latest the entry goes with the interface's loan.
        let _ = self.network.forget_neighbour(address);
        delivered
    }
}

impl Opaque for Offering<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let delivered = self.deliver(image, watch);
        delivered.map_err(|error| error.into_target(format!("take {name} by NMRP")))
    }
}
