//! The unit is sent its file by TFTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use debrick_link::{LinkError, Network};
use debrick_target::Opaque;
use debrick_tftp::{Client, ClientOptions};

use super::{Ear, Way};
use crate::tries::Condition;

/// The port of TFTP servers.
const TFTP: u16 = 69;

/// Codes of what a unit says when it does not want a file.
pub(super) const REFUSALS: &[&str] = &["tftp-refused"];

/// Codes of silence after all of it was sent.
pub(super) const SILENCES: &[&str] = &["tftp-last-ack-missing"];

/// The addresses of unit and computer.
pub(super) struct Push {
    pub(super) unit: Ipv4Addr,
    pub(super) host: Option<Ipv4Addr>,
}

impl Push {
    fn local(&self) -> IpAddr {
        IpAddr::V4(self.host.unwrap_or(Ipv4Addr::UNSPECIFIED))
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

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        let is_plain = condition == Condition::PlainTransfer;
        let options = if is_plain { ClientOptions::default() } else { ClientOptions::fast() };
        let server = SocketAddr::new(IpAddr::V4(self.unit), TFTP);
        Box::new(Client::new(network, self.local(), server, options))
    }
}
