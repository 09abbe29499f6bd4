//! Who made a station, by the first half of its Ethernet address. The list lies in `catalog/mac-prefixes`, with its source.

use std::collections::HashMap;
use std::sync::LazyLock;

use debrick_model::MacAddress;

static LIST: &str = include_str!("../../../catalog/mac-prefixes");

static MAKERS: LazyLock<HashMap<[u8; 3], &'static str>> = LazyLock::new(|| {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('\t'));
    let each = pairs.flat_map(|(maker, prefixes)| {
        prefixes.split(' ').filter_map(move |prefix| Some((prefix_of(prefix)?, maker)))
    });
    each.collect()
});

/// The maker that registered the first half of this address, as the catalog calls it; `None` where the list does not have
/// it, and for addresses that somebody made up. It says who made the network port, which is mostly, and not always, who
/// sold the device.
pub fn maker(address: MacAddress) -> Option<&'static str> {
    if address.is_local() || address.is_group() {
        return None;
    }
    let [a, b, c, ..] = *address.as_bytes();
    MAKERS.get(&[a, b, c]).copied()
}

/// Six hex digits.
fn prefix_of(text: &str) -> Option<[u8; 3]> {
    if text.len() != 6 {
        return None;
    }
    let number = u32::from_str_radix(text, 16).ok()?;
    let [_, a, b, c] = number.to_be_bytes();
    Some([a, b, c])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use debrick_catalog::Catalog;

    use super::*;

    #[test]
    fn every_line_of_the_list_is_read_and_every_maker_is_in_the_catalog() {
        let vendors: BTreeSet<String> = Catalog::builtin()
            .all()
            .unwrap()
            .into_iter()
            .map(|device| device.vendor.to_lowercase())
            .collect();
        let mut prefixes = 0;
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let (maker, list) = line.split_once('\t').unwrap();
            assert!(vendors.contains(&maker.to_lowercase()), "{maker} makes no device of the catalog");
            prefixes +=
                list.split(' ').inspect(|prefix| assert!(prefix_of(prefix).is_some(), "{prefix}")).count();
        }
        // Nobody shares a prefix.
        assert_eq!(prefixes, MAKERS.len());
        assert!(prefixes > 2000);
    }

    #[test]
    fn addresses_tell_their_maker() {
        let of = |text: &str| maker(MacAddress::parse(text).unwrap());
        assert_eq!(of("a0:63:91:12:34:56"), Some("Netgear"));
        assert_eq!(of("14:cc:20:00:00:01"), Some("TP-Link"));
        assert_eq!(of("02:63:91:12:34:56"), None);
        assert_eq!(of("ff:ff:ff:ff:ff:ff"), None);
    }
}
