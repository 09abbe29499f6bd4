//! Properties of the messages.

use std::net::Ipv4Addr;

use debrick_nmrp::Region;
use debrick_nmrp::wire::{Code, Message};
use proptest::prelude::*;

fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(vec![
        Code::Advertise,
        Code::ConfigureRequest,
        Code::ConfigureAck,
        Code::CloseRequest,
        Code::CloseAck,
        Code::KeepAliveRequest,
        Code::KeepAliveAck,
        Code::UploadRequest,
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(&payload);
    }

    #[test]
    fn any_options_are_read_without_harm(
        number in 0u8..0x12,
        mut options in prop::collection::vec((0u16..6, 0u16..12, prop::collection::vec(any::<u8>(), 0..12)), 0..8),
    ) {
        let mut payload = vec![0, 0, number, 0, 0, 0];
        for (kind, length, value) in &mut options {
            payload.extend_from_slice(&kind.to_be_bytes());
            payload.extend_from_slice(&length.to_be_bytes());
            payload.append(value);
        }
        let length = (payload.len() as u16).to_be_bytes();
        payload[4..6].copy_from_slice(&length);
        let _ = Message::parse(&payload);
    }

    #[test]
    fn messages_come_back(
        code in code(),
        magic: bool,
        address in prop::option::of((any::<[u8; 4]>(), any::<[u8; 4]>())),
        firmware: bool,
        string_table: Option<u16>,
        region in prop::option::of(prop::sample::select(vec!["NA", "WW", "GR", "PR", "JP", "AU"])),
        file_name in prop::option::of("[a-z.]{1,255}"),
        padding in 0usize..40,
    ) {
        let message = Message {
            code,
            magic,
            address: address.map(|(address, mask)| (Ipv4Addr::from(address), Ipv4Addr::from(mask))),
            firmware,
            string_table,
            region: region.and_then(Region::from_letters),
            file_name,
        };
        let mut bytes = message.to_bytes();
        bytes.resize(bytes.len() + padding, 0);
        prop_assert_eq!(Message::parse(&bytes), Ok(message));
    }
}
