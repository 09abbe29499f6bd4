//! Network interfaces, from `/sys/class/net` and the kernel's list of addresses.

use std::net::IpAddr;
use std::path::Path;

use nix::ifaddrs::getifaddrs;
use serde::Serialize;

use super::Place;
use super::files::{link_name, names, parsed, value};

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterfaceFacts {
    /// Its name, for example `eth0`.
    pub name: String,
    /// Its hardware address.
    pub hardware_address: Option<String>,
    /// Whether hardware stands behind it; false for bridges, tunnels, loopback.
    pub is_hardware: bool,
    /// Whether it is wireless.
    pub is_wireless: bool,
    /// The kernel's driver.
    pub driver: Option<String>,
    /// `up`, `down`, `unknown` …, as the kernel says.
    pub state: Option<String>,
    /// Whether a cable with something alive at its end is plugged in; `None` while the interface is down.
    pub has_carrier: Option<bool>,
    /// Speed in Mbit/s, where the link is up and tells.
    pub speed_mbit: Option<u32>,
    /// Its addresses as `address/prefix`; empty where that was not asked.
    pub addresses: Vec<String>,
}

pub(super) fn interfaces(place: &Place) -> Result<Vec<InterfaceFacts>, String> {
    let folder = place.at("sys/class/net");
    if !folder.is_dir() {
        return Err("/sys/class/net cannot be read".to_owned());
    }
    let addresses = if place.is_live { addresses() } else { Vec::new() };
    let interfaces = names(&folder).into_iter().filter_map(|name| {
        let entry = folder.join(&name);
        // A file such as bonding_masters is no interface.
        entry.is_dir().then(|| InterfaceFacts {
            hardware_address: value(&entry.join("address")),
            is_hardware: entry.join("device").exists(),
            is_wireless: entry.join("wireless").exists() || entry.join("phy80211").exists(),
            driver: link_name(&entry.join("device/driver")),
            state: value(&entry.join("operstate")),
            has_carrier: parsed::<u8>(&entry.join("carrier")).map(|carrier| carrier != 0),
            // -1 while it is not known.
            speed_mbit: parsed::<u32>(&entry.join("speed")).filter(|speed| (1..u32::MAX).contains(speed)),
            addresses: addresses.iter().filter(|(of, _)| *of == name).map(|(_, text)| text.clone()).collect(),
            name,
        })
    });
    Ok(interfaces.collect())
}

/// Whether a cable with something alive at its end is plugged into an interface of the computer whose files are below
/// `root`; `None` while it is down, or where there is none of this name.
pub fn has_carrier(root: &Path, interface: &str) -> Option<bool> {
    parsed::<u8>(&root.join("sys/class/net").join(interface).join("carrier")).map(|carrier| carrier != 0)
}

/// Interface and address with its prefix.
fn addresses() -> Vec<(String, String)> {
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let with_address = all.filter_map(|entry| {
        let address = entry.address?;
        let ip = |storage: &nix::sys::socket::SockaddrStorage| -> Option<IpAddr> {
            let v4 = storage.as_sockaddr_in().map(|address| address.ip().into());
            v4.or_else(|| storage.as_sockaddr_in6().map(|address| address.ip().into()))
        };
        let prefix = match entry.netmask.as_ref().and_then(ip) {
            Some(IpAddr::V4(mask)) => u32::from(mask).count_ones(),
            Some(IpAddr::V6(mask)) => u128::from(mask).count_ones(),
            None => return Some((entry.interface_name, ip(&address)?.to_string())),
        };
        Some((entry.interface_name, format!("{}/{prefix}", ip(&address)?)))
    });
    with_address.collect()
}
