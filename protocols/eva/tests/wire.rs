//! Properties: whatever a unit sends, nothing panics and nothing grows without bounds.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::net::Ipv4Addr;

use debrick_eva::wire::{Discovery, passive_port, read_line};
use debrick_eva::{Environment, Partition};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_packet_is_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(packet) = Discovery::parse(&bytes) {
            prop_assert_eq!(Discovery::parse(&packet.to_bytes()), Some(packet));
        }
    }

    #[test]
    fn discovery_comes_back(address: u32, answers: bool) {
        let address = Ipv4Addr::from(address);
        let packet = if answers { Discovery::Answer { address } } else { Discovery::Request { wanted: address } };
        prop_assert_eq!(Discovery::parse(&packet.to_bytes()), Some(packet));
    }

    #[test]
    fn any_line_is_read(line in "\\PC{0,60}") {
        let _ = (read_line(&line), passive_port(&line), line.parse::<Partition>());
    }

    #[test]
    fn ports_come_back(numbers in any::<[u8; 6]>()) {
        let [a, b, c, d, high, low] = numbers;
        let expected = Some(u16::from_be_bytes([high, low])).filter(|port| *port != 0);
        prop_assert_eq!(passive_port(&format!("Entering Passive Mode ({a},{b},{c},{d},{high},{low}).")), expected);
    }

    #[test]
    fn any_environment_is_read(text in "(([a-z_0-9]{0,10}[ \t]{0,5}[ -~]{0,20})\r?\n){0,30}") {
        let environment = Environment::parse(&text);
        prop_assert!(environment.variables().len() <= 512);
        let _ = (environment.identity(), environment.memory(), environment.slot());
        if let Some(range) = environment.range(Partition::FIRMWARE) {
            prop_assert!(range.start < range.end);
        }
    }
}
