//! Properties: whatever comes, nothing panics, and what is sent comes back.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use debrick_zyxel_multicast::wire::{CHUNK, HEADER, Kind, Packet};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_read(mut bytes in prop::collection::vec(any::<u8>(), 0..1200), marked: bool) {
        if marked && bytes.len() >= 4 {
            bytes[..4].copy_from_slice(b"zyx\0");
        }
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(packet.payload.len() <= CHUNK);
        }
    }

    #[test]
    fn packets_come_back(number: u32, file_length: u32, kind in 0usize..5, others: u8, country: [u8; 2], flags: u8, payload in prop::collection::vec(any::<u8>(), 1..=CHUNK)) {
        let kind = Kind::ALL[kind];
        let packet = Packet { number, file_length, kind, kinds: others | kind.bit(), country, flags, payload: &payload };
        let bytes = packet.to_bytes();
        prop_assert_eq!(bytes.len(), HEADER + payload.len());
        prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
    }
}
