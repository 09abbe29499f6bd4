//! What units say of themselves on the network.
#![no_main]

use debrick_announce::Announcement;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for port in Announcement::PORTS {
        match Announcement::parse(port, bytes) {
            Some(Announcement::Ubiquiti(unit)) => drop(unit.to_bytes()),
            Some(Announcement::Mikrotik(unit)) => drop(unit.to_bytes()),
            _ => {}
        }
    }
});
