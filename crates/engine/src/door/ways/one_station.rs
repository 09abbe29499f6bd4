//! An address that is kept for one station while something is sent there: a second unit in the same mode, or a router that
//! runs, mostly has the same one.

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_link::{Deadline, LinkError, Network, who_has};
use debrick_model::MacAddress;
use debrick_target::TargetError;

use crate::error::EngineError;

/// How long it rests before it asks again.
const BREATH: Duration = Duration::from_millis(250);

/// The one station that has an address; `None` where nobody says so for so long, or nobody can be asked.
///
/// # Errors
/// [`EngineError::SeveralUnits`]: which of them it is nobody knows.
pub(super) fn only_one_at(
    network: &mut dyn Network,
    address: Ipv4Addr,
    patience: Duration,
) -> Result<Option<MacAddress>, EngineError> {
    let until = Deadline::after(network.clock(), patience);
    let mut stations = who_has(network, address);
    while stations.is_empty() && !until.has_passed(network.clock()) {
        // It takes its time even where nobody can be asked.
        network.clock().sleep(BREATH);
        stations = who_has(network, address);
    }
    match stations.len() {
        0 | 1 => Ok(stations.first().copied()),
        _ => Err(EngineError::SeveralUnits { units: stations.iter().map(ToString::to_string).collect() }),
    }
}

/// Does something while what is sent to `address` reaches `station` alone, where that is known; then who has the address is
/// asked for again: the unit's system may have another Ethernet address than its bootloader.
pub(super) fn kept_for<T>(
    network: &mut dyn Network,
    address: Ipv4Addr,
    station: Option<MacAddress>,
    work: impl FnOnce(&mut dyn Network) -> Result<T, TargetError>,
) -> Result<T, TargetError> {
    let is_kept = match station.map(|station| network.set_neighbour(address, station)) {
        Some(Ok(())) => true,
        None | Some(Err(LinkError::Unsupported { .. })) => false,
        Some(Err(source)) => {
            let operation = format!("keep what is sent to {address} for one station");
            return Err(TargetError::Link { operation, source });
        }
    };
    let done = work(network);
    if is_kept {
        // At the latest it goes with the loan of the interface.
        let _ = network.forget_neighbour(address);
    }
    done
}

/// All of these stations, where there is more than one.
pub(super) fn if_several<T: ToString>(stations: impl IntoIterator<Item = T>) -> Vec<String> {
    let all: Vec<String> = stations.into_iter().map(|station| station.to_string()).collect();
    if all.len() > 1 { all } else { Vec::new() }
}
