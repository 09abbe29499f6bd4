//! The unit is sent its file by TFTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::{LinkError, Network};
use debrick_model::{MacAddress, Request, RequestKind};
use debrick_target::{Opaque, Source, TargetError, Watch};
use debrick_tftp::{Client, ClientOptions};

use super::one_station::{kept_for, only_one_at};
use super::{Ear, Way};
use crate::error::EngineError;
use crate::tries::Condition;

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// Codes of what a unit says when it does not want a file.
pub(super) const REFUSALS: &[&str] = &["tftp-refused"];

/// Codes of silence after all of it was sent.
pub(super) const SILENCES: &[&str] = &["tftp-last-ack-missing"];

/// How often an upload that waits asks: some bootloaders listen for four seconds.
const ASKS_EVERY: Duration = Duration::from_millis(250);

/// How long it waits, so that there is time to switch the unit on.
const WAITS_FOR: Duration = Duration::from_secs(120);

/// How long the link of a unit may take that is in its mode already, and its first answer to ARP.
const LINKS_WITHIN: Duration = Duration::from_secs(10);

/// The addresses of unit and computer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Push {
    pub(super) unit: Ipv4Addr,
    pub(super) host: Option<Ipv4Addr>,
    /// Where the unit listens, if it answers no ARP and the upload has to wait for it.
    pub(super) station: Option<MacAddress>,
    /// Where it was seen to listen, if it answers ARP.
    pub(super) at_door: Option<MacAddress>,
}

impl Push {
    fn local(&self) -> IpAddr {
        IpAddr::V4(self.host.unwrap_or(Ipv4Addr::UNSPECIFIED))
    }

    fn options(&self, condition: Condition) -> ClientOptions {
        let is_plain = condition == Condition::PlainTransfer;
        match self.station {
            // Who is heard for seconds only is not asked for more than it may know.
            Some(_) => ClientOptions {
                request_every: ASKS_EVERY,
                answer_within: WAITS_FOR,
                ..ClientOptions::default()
            },
            None if is_plain => ClientOptions::default(),
            None => ClientOptions::fast(),
        }
    }
}

impl Way for Push {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.bind_datagrams(SocketAddr::new(self.local(), 0)).map(drop)
    }

    /// Who waits to be sent a file says nothing.
    fn watch(&self, _: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        Ok(None)
    }

    fn word(&self) -> Option<Request> {
        self.station?;
        Some(Request {
            id: "unit-is-off".into(),
            text: "Connect the unit through a switch, so that this computer's port has a link all the time. Take the unit's power \
                   away, and leave a hand at its switch. Is it off?"
                .into(),
            kind: RequestKind::Confirmation {
                consequence: "Its bootloader listens for a few seconds after the power comes. The upload begins to wait for it now, \
                              for two minutes: switch the unit on when the image is being sent, and not before."
                    .into(),
            },
        })
    }

    /// Whether the unit alone has its address: with two of them, nobody can say which one gets the image.
    fn look_before(&self, network: &mut dyn Network) -> Result<Option<MacAddress>, EngineError> {
        // Who answers for a unit that does not, is another one.
        if self.station.is_some() { Ok(None) } else { only_one_at(network, self.unit, LINKS_WITHIN) }
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        Box::new(Pushing { network, way: *self, options: self.options(condition) })
    }
}

/// A unit that is sent its file, as a target.
struct Pushing<'n> {
    network: &'n mut dyn Network,
    way: Push,
    options: ClientOptions,
}

impl Opaque for Pushing<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let Push { unit, station, at_door, .. } = self.way;
        let (server, local) = (SocketAddr::new(IpAddr::V4(unit), TFTP), self.way.local());
        let options = self.options.clone();
        let send = |network: &mut dyn Network, watch: &mut dyn Watch| {
            Client::new(network, local, server, options.clone()).offer(name, image, watch)
        };
        if let Some(station) = station {
            let operation = format!("send to {station}, which does not say that it has {unit}");
            self.network.set_neighbour(unit, station).map_err(TargetError::link(operation))?;
            // It waits from now on: that is the sign to switch the unit on.
            watch.advance(0);
            let offered = send(&mut *self.network, watch);
            // Its system has another Ethernet address. At the latest the entry goes with the interface's loan.
            let _ = self.network.forget_neighbour(unit);
            return offered;
        }
        kept_for(&mut *self.network, unit, at_door, |network| send(network, watch))
    }
}
