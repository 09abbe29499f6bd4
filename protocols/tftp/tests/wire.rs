//! Packets, whatever the bytes.

use debrick_tftp::wire::{Direction, ErrorCode, Mode, Options, Packet, View, rejection_text};
use proptest::prelude::*;

fn options() -> impl Strategy<Value = Options> {
    (
        proptest::option::of(8u16..=65464),
        proptest::option::of(any::<u64>()),
        proptest::option::of(1u8..),
        proptest::option::of(1u16..),
    )
        .prop_map(|(block_size, transfer_size, timeout_s, window_size)| Options {
            block_size,
            transfer_size,
            timeout_s,
            window_size,
        })
}

fn request() -> impl Strategy<Value = Packet<'static>> {
    let mode = prop_oneof![Just(Mode::Octet), Just(Mode::Netascii), Just(Mode::Other)];
    let direction = prop_oneof![Just(Direction::Read), Just(Direction::Write)];
    (direction, "[^\0]{1,40}", mode, options()).prop_map(|(direction, name, mode, options)| Packet::Request {
        direction,
        name: name.into(),
        mode,
        options,
    })
}

fn small() -> impl Strategy<Value = Packet<'static>> {
    prop_oneof![
        any::<u16>().prop_map(|block| Packet::Ack { block }),
        (any::<u16>(), "[^\0]{0,40}")
            .prop_map(|(code, text)| Packet::Error { code: ErrorCode(code), text: text.into() }),
        options().prop_map(|options| Packet::OptionAck { options }),
    ]
}

fn check_round_trip(packet: &Packet<'_>) -> Result<(), TestCaseError> {
    let datagram = packet.to_bytes();
    let read = Packet::parse(&datagram);
    prop_assert_eq!(read.as_ref(), Ok(packet));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn requests_round_trip(packet in request()) {
        check_round_trip(&packet)?;
    }

    #[test]
    fn small_packets_round_trip(packet in small()) {
        check_round_trip(&packet)?;
    }

    #[test]
    fn data_round_trips(block in any::<u16>(), payload in proptest::collection::vec(any::<u8>(), 0..1500)) {
        check_round_trip(&Packet::Data { block, payload: &payload })?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let view = View::new(&bytes);
        prop_assert!(view.is_ok() || Packet::parse(&bytes).is_err());
        let words = rejection_text(&bytes);
        prop_assert!(view.is_err() || words.is_none());
    }

    #[test]
    fn any_bytes_behind_an_opcode_are_read_or_refused(
        opcode in 0u8..8,
        bytes in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..600),
    ) {
        let datagram = [&[0, opcode], bytes.as_slice()].concat();
        if let Ok(packet) = Packet::parse(&datagram) {
            // What was understood can be said, and means the same.
            check_round_trip(&packet)?;
        }
    }

    #[test]
    fn a_packet_that_was_cut_or_damaged_does_no_harm(
        packet in request(), cut in 0usize..200, at in 0usize..200, byte in any::<u8>(),
    ) {
        let mut datagram = packet.to_bytes();
        datagram.truncate(cut);
        if let Some(slot) = datagram.get_mut(at) {
            *slot = byte;
        }
        let _ = Packet::parse(&datagram);
    }
}
