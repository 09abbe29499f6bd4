//! Looking for the bootloader: a packet to everybody, every half second, for as long as it takes to switch a unit on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::{Deadline, LinkError, Network};
use debrick_target::Watch;

use super::failed;
use crate::error::EvaError;
use crate::wire::{DISCOVERY_PORT, Discovery, USUAL_ADDRESS};

/// How to look for a unit.
#[derive(Debug, Clone)]
pub struct FindOptions {
    /// Address and port of this computer. Units answer to the port of the discovery.
    pub local: SocketAddr,
    /// Where packets go to: everybody.
    pub to: SocketAddr,
    /// The address that the unit is asked to take.
    pub wanted: Ipv4Addr,
    /// How long to look.
    pub within: Duration,
    /// Time between packets.
    pub every: Duration,
}

impl Default for FindOptions {
    fn default() -> Self {
        let any = |address: Ipv4Addr| SocketAddr::new(IpAddr::V4(address), DISCOVERY_PORT);
        Self {
            local: any(Ipv4Addr::UNSPECIFIED),
            to: any(Ipv4Addr::BROADCAST),
            wanted: USUAL_ADDRESS,
            within: Duration::from_secs(120),
            every: Duration::from_millis(500),
        }
    }
}

/// The most answers that are told apart.
const MOST_FOUND: usize = 16;

/// Looks for a bootloader, and returns its address. A session has to be opened at once: it waits for a few seconds only.
pub fn find(
    network: &mut dyn Network,
    options: &FindOptions,
    watch: &dyn Watch,
) -> Result<Ipv4Addr, EvaError> {
    let found = find_all(network, options, Duration::ZERO, watch)?;
    let nobody = EvaError::NotFound { wanted: options.wanted, waited: options.within };
    found.first().copied().ok_or(nobody)
}

/// The same, and goes on listening for others for so long after the first has answered. Their addresses, in the order in
/// which they answered.
pub fn find_all(
    network: &mut dyn Network,
    options: &FindOptions,
    gather: Duration,
    watch: &dyn Watch,
) -> Result<Vec<Ipv4Addr>, EvaError> {
    let mut socket =
        network.bind_datagrams(options.local).map_err(failed("listen for the bootloader's answer"))?;
    let request = Discovery::Request { wanted: options.wanted }.to_bytes();
    let mut until = socket.clock().now() + options.within;
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let mut buffer = [0; 512];
    while socket.clock().now() < until {
        if watch.cancelled() {
            return Err(EvaError::Cancelled { begun: false });
        }
        // A cable without a link takes no packets; it gets one when the unit is switched on.
        let sent = socket.send(&request, options.to);
        let next = (socket.clock().now() + options.every).min(until);
        while socket.clock().now() < next.min(until) {
            let (count, from) = match socket.receive(&mut buffer, Deadline::at(next.min(until))) {
                Ok(came) => came,
                Err(error) if error.is_timeout() => break,
                Err(LinkError::Disconnected { .. } | LinkError::Io { .. }) if sent.is_err() => {
                    let left = next.since(socket.clock().now());
                    socket.clock().sleep(left);
                    break;
                }
                Err(source) => return Err(failed("wait for the bootloader's answer")(source)),
            };
            // Our own packet may come back.
            let Some(Discovery::Answer { address }) = Discovery::parse(&buffer[..count]) else { continue };
            let address = match from.ip() {
                IpAddr::V4(sender) => sender,
                IpAddr::V6(_) => address,
            };
            if found.is_empty() {
                until = until.min(socket.clock().now() + gather);
            }
            if !found.contains(&address) && found.len() < MOST_FOUND {
                found.push(address);
            }
        }
    }
    match found.is_empty() {
        true => Err(EvaError::NotFound { wanted: options.wanted, waited: options.within }),
        false => Ok(found),
    }
}
