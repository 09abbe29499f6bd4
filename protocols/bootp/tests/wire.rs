//! Properties of the messages.

use std::net::Ipv4Addr;

use debrick_bootp::wire::{Kind, Message};
use debrick_model::MacAddress;
use proptest::prelude::*;

fn address() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from)
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn any_options_are_read_without_harm(options in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = Message::request(MacAddress::new([2; 6]), 1).to_bytes();
        bytes.truncate(240);
        bytes.extend(options);
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn messages_come_back(
        transaction: u32,
        seconds: u16,
        broadcast: bool,
        addresses in (address(), address(), address(), address()),
        mac: [u8; 6],
        boot_file in prop::option::of("[a-z./]{1,127}"),
        kind in prop::option::of(prop::sample::select(vec![Kind::Discover, Kind::Offer, Kind::Ack, Kind::Nak])),
        mask in prop::option::of(address()),
        server in prop::option::of(address()),
        lease_s: Option<u32>,
        wanted in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let message = Message {
            is_request: false,
            seconds,
            broadcast,
            client: addresses.0,
            yours: addresses.1,
            next_server: addresses.2,
            relay: addresses.3,
            boot_file,
            kind,
            mask,
            server,
            lease_s,
            wanted,
            ..Message::request(MacAddress::new(mac), transaction)
        };
        prop_assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
    }
}
