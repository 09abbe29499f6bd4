//! Zyxel's packets, as the bootloader takes them.
#![no_main]

use debrick_link::Moment;
use debrick_link::simulated::{Device, Input};
use debrick_zyxel_multicast::device::{ZyxelConfig, ZyxelDevice};
use debrick_zyxel_multicast::wire::{GROUP, HEADER, Packet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::parse(bytes) {
        assert_eq!(Packet::parse(&packet.to_bytes()), Ok(packet));
    }
    let config = ZyxelConfig { most_bytes: 1 << 20, ..ZyxelConfig::default() };
    let mut device = ZyxelDevice::new(config);
    for (at, payload) in bytes.chunks(HEADER + 64).enumerate() {
        let now = Moment::from_start(std::time::Duration::from_secs(at as u64));
        device.handle(Input::Datagram { from: GROUP, to: GROUP, payload }, now, &mut Vec::new());
    }
});
