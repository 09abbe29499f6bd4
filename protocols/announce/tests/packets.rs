//! Properties: whatever is said, nothing panics, and what we say comes back.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::net::Ipv4Addr;

use debrick_announce::Announcement;
use debrick_announce::mikrotik::Neighbour;
use debrick_announce::ubiquiti::Unit;
use debrick_model::MacAddress;
use proptest::prelude::*;

fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[A-Za-z0-9][A-Za-z0-9. -]{0,30}[a-z]")
}

proptest! {
    #[test]
    fn any_packet_is_read(bytes in prop::collection::vec(any::<u8>(), 0..600), port in 0usize..5) {
        let port = Announcement::PORTS.get(port).copied().unwrap_or(80);
        let said = Announcement::parse(port, &bytes);
        prop_assert!(port != 80 || said.is_none());
    }

    #[test]
    fn packets_with_any_fields_are_read(fields in prop::collection::vec((0u8..30, prop::collection::vec(any::<u8>(), 0..40)), 0..20)) {
        let (mut one, mut two) = (Vec::new(), vec![0; 4]);
        for (kind, content) in &fields {
            let length = content.len() as u8;
            one.extend_from_slice(&[*kind, 0, length]);
            one.extend_from_slice(content);
            two.extend_from_slice(&[0, *kind, 0, length]);
            two.extend_from_slice(content);
        }
        let length = (one.len() as u16).to_be_bytes();
        let one = [&[1, 0, length[0], length[1]][..], &one].concat();
        let _ = (Unit::parse(&one), Neighbour::parse(&two));
    }

    #[test]
    fn ubiquitis_answers_come_back(mac in any::<[u8; 6]>(), address: u32, uptime_seconds: Option<u32>, firmware in word(), model in word(), version in 1u8..3, has_defaults: Option<bool>) {
        let mac = MacAddress::new(mac);
        let unit = Unit {
            version,
            hardware_address: Some(mac),
            addresses: vec![(mac, Ipv4Addr::from(address))],
            firmware,
            uptime_seconds,
            host_name: Some("roof".into()),
            model,
            has_defaults,
            ..Unit::default()
        };
        prop_assert_eq!(Unit::parse(&unit.to_bytes()), Some(unit));
    }

    #[test]
    fn mikrotiks_announcements_come_back(mac in any::<[u8; 6]>(), address: u32, uptime_seconds: Option<u32>, version in word(), board in word(), sequence: u16) {
        let unit = Neighbour {
            sequence,
            hardware_address: Some(MacAddress::new(mac)),
            identity: Some("MikroTik".into()),
            version,
            uptime_seconds,
            board,
            address: Some(Ipv4Addr::from(address)),
            ..Neighbour::default()
        };
        prop_assert_eq!(Neighbour::parse(&unit.to_bytes()), Some(unit));
    }
}
