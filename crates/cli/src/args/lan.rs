//! What `debrick listen` is given.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;

pub(super) const AFTER: &str = "\
Examples:
  Who is on the cable, and what can be done with it now:
    debrick listen --lan eth1 --seconds 60

  Look at its page, too, from an address in its network:
    debrick listen --lan eth1 --address 192.168.1.2/24 --look --seconds 30

Begin before you switch the device on: most of what tells is said in the first seconds.
Exit codes: 0 the unit is there, 11 nobody, or several that may be it.";

#[derive(Debug, clap::Args)]
pub(crate) struct Listen {
    /// The network port of this computer that the device is connected to.
    #[arg(long, value_name = "IFACE")]
    pub(crate) lan: String,

    /// End after so many seconds; without it, Ctrl-C ends it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86400))]
    pub(crate) seconds: Option<u32>,

    /// The unit is the station with this Ethernet address.
    #[arg(long, value_name = "MAC")]
    pub(crate) unit: Option<MacAddress>,

    /// Look at the page of each station that has an address. Everything else is only listened to.
    #[arg(long)]
    pub(crate) look: bool,

    /// Give the port this address for the time; may be given more than once. Stations that look for it find it then.
    #[arg(long, value_name = "ADDRESS/PREFIX", value_parser = address)]
    pub(crate) address: Vec<(Ipv4Addr, u8)>,

    /// Set the port up even where this computer reaches the rest of the world over it.
    #[arg(long)]
    pub(crate) allow_default_route: bool,
}

fn address(text: &str) -> Result<(Ipv4Addr, u8), String> {
    let (address, prefix) = text.split_once('/').ok_or("an address and a prefix, such as 192.168.1.2/24")?;
    let address = address.parse().map_err(|_| "the address is not one such as 192.168.1.2")?;
    let prefix = prefix.parse().ok().filter(|prefix| (1..=32).contains(prefix));
    Ok((address, prefix.ok_or("the prefix is a number from 1 to 32")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_prefix() {
        assert_eq!(address("192.168.1.2/24"), Ok((Ipv4Addr::new(192, 168, 1, 2), 24)));
        for wrong in ["192.168.1.2", "192.168.1.2/33", "192.168.1.2/0", "192.168.1/24", "/24", "a/b"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
