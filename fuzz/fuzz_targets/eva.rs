//! What EVA answers: discovery, replies, variables.
#![no_main]

use debrick_eva::wire::{Discovery, passive_port, read_line};
use debrick_eva::{Environment, Partition};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(packet) = Discovery::parse(bytes) {
        assert_eq!(Discovery::parse(&packet.to_bytes()), Some(packet));
    }
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        let _ = (read_line(line), passive_port(line), line.parse::<Partition>());
    }
    let environment = Environment::parse(&text);
    let _ = (environment.identity(), environment.memory(), environment.slot());
    if let Some(range) = environment.range(Partition::FIRMWARE) {
        assert!(range.start < range.end);
    }
});
