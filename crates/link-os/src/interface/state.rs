//! What an interface is and has: from the kernel's list of interfaces, and its table of routes.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;

use debrick_model::MacAddress;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

use super::InterfaceError;

/// This thread's view of the network: its namespace.
const NAMESPACE: &str = "/proc/thread-self/ns/net";

/// Which interface it is, and the flags that may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) index: u32,
    /// Its Ethernet address, where it has one.
    pub(super) hardware: Option<MacAddress>,
    /// The network namespace that it is in, as the kernel numbers it.
    pub(super) namespace: u64,
    /// The start of the computer.
    pub(super) boot: String,
    pub(super) is_up: bool,
    pub(super) hears_all_groups: bool,
}

/// An IPv4 address of some interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) interface: String,
    pub(super) address: Ipv4Addr,
    mask: Ipv4Addr,
}

impl Identity {
    pub(super) fn of(interface: &str) -> Result<Self, InterfaceError> {
        let not_found = || InterfaceError::NotFound { interface: interface.to_owned() };
        let is_link = |entry: &InterfaceAddress| {
            entry.interface_name == interface
                && entry.address.as_ref().is_some_and(|address| address.as_link_addr().is_some())
        };
        let entry = entries(interface)?.into_iter().find(is_link).ok_or_else(not_found)?;
        let card = entry.address.as_ref().and_then(|address| address.as_link_addr()).ok_or_else(not_found)?;
        Ok(Self {
            name: interface.to_owned(),
            index: u32::try_from(card.ifindex()).map_err(|_| not_found())?,
            hardware: card.addr().filter(|_| card.halen() == 6).map(MacAddress::new),
            namespace: fs::metadata(NAMESPACE)
                .map_err(|error| InterfaceError::system(interface, error))?
                .ino(),
            boot: boot(),
            is_up: entry.flags.contains(InterfaceFlags::IFF_UP),
            hears_all_groups: entry.flags.contains(InterfaceFlags::IFF_ALLMULTI),
        })
    }
}

impl Held {
    /// Whether its network has addresses in common with another.
    pub(super) fn is_in_net_of(&self, address: Ipv4Addr, prefix: u8) -> bool {
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0) & u32::from(self.mask);
        u32::from(self.address) & mask == u32::from(address) & mask
    }
}

/// What names this start of the computer; empty where the kernel does not tell.
pub(super) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// The namespace of this thread.
pub(super) fn namespace() -> Option<u64> {
    fs::metadata(NAMESPACE).ok().map(|namespace| namespace.ino())
}

/// The IPv4 addresses of all interfaces.
pub(super) fn addresses(interface: &str) -> Result<Vec<Held>, InterfaceError> {
    let each = entries(interface)?.into_iter().filter_map(|entry| {
        let address = entry.address.as_ref()?.as_sockaddr_in()?.ip();
        let mask = entry.netmask.as_ref()?.as_sockaddr_in()?.ip();
        Some(Held { interface: entry.interface_name, address, mask })
    });
    Ok(each.collect())
}

/// The IPv4 addresses of an interface; none where it cannot be looked at.
pub fn own_addresses(interface: &str) -> Vec<Ipv4Addr> {
    let all = addresses(interface).unwrap_or_default();
    all.into_iter().filter(|held| held.interface == interface).map(|held| held.address).collect()
}

/// Whether a default route goes over the interface.
pub fn carries_default_route(interface: &str) -> bool {
    let table = |name: &str| fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
    let v4 = table("route").lines().skip(1).any(|line| is_default_v4(line, interface));
    v4 || table("ipv6_route").lines().any(|line| is_default_v6(line, interface))
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask …`
fn is_default_v4(line: &str, interface: &str) -> bool {
    let fields: Vec<&str> = line.split_whitespace().collect();
    matches!(fields.as_slice(), [name, "00000000", _, _, _, _, _, "00000000", ..] if *name == interface)
}

/// `destination length source length next-hop metric refcount use flags interface`; the kernel's own entry that refuses
/// everything is on `lo`.
fn is_default_v6(line: &str, interface: &str) -> bool {
    let fields: Vec<&str> = line.split_whitespace().collect();
    matches!(fields.as_slice(), [destination, "00", .., name]
        if *name == interface && destination.bytes().all(|byte| byte == b'0'))
}

fn entries(interface: &str) -> Result<Vec<InterfaceAddress>, InterfaceError> {
    getifaddrs().map(Iterator::collect).map_err(|errno| InterfaceError::system(interface, errno.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_routes_are_found() {
        let v4 = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0";
        assert!(is_default_v4(v4, "eth0") && !is_default_v4(v4, "eth1"));
        assert!(!is_default_v4("eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0", "eth0"));
        let none = "0".repeat(32);
        let v6 =
            format!("{none} 00 {none} 00 fe800000000000000000000000000001 00000400 1 0 00000003     eth0");
        assert!(is_default_v6(&v6, "eth0") && !is_default_v6(&v6, "lo"));
        assert!(!is_default_v6(&v6.replace(" 00 ", " 40 "), "eth0"));
        assert!(!is_default_v4("", "eth0") && !is_default_v6("", "eth0"));
    }

    #[test]
    fn networks_that_overlap_are_seen() {
        let held = |address: &str, mask: &str| Held {
            interface: "wlan0".into(),
            address: address.parse().unwrap(),
            mask: mask.parse().unwrap(),
        };
        let home = held("192.168.1.57", "255.255.255.0");
        assert!(home.is_in_net_of("192.168.1.2".parse().unwrap(), 24));
        assert!(home.is_in_net_of("192.168.9.2".parse().unwrap(), 16));
        assert!(!home.is_in_net_of("192.168.2.2".parse().unwrap(), 24));
        assert!(home.is_in_net_of("10.0.0.1".parse().unwrap(), 0));
    }
}
