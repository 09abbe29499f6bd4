//! Somebody else behind the unit: on another port of its switch, and so on its cable for as long as that has a link.

use std::time::Duration;

use debrick_bootp::device::{BootpConfig, BootpDevice};
use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};
use debrick_model::MacAddress;

use crate::faults::Stranger;

/// The Ethernet address of the stranger, and one of Netgear's.
const ADDRESS: MacAddress = MacAddress::new([0x02, 0, 0, 0, 0, 0x77]);
const OF_NETGEAR: MacAddress = MacAddress::new([0xA0, 0x63, 0x91, 0, 0, 0x77]);

/// How often it asks: once in a while, until somebody answers.
const ASKS_EVERY: Duration = Duration::from_secs(2);

/// Somebody who asks for an address, whoever may answer.
pub(super) struct Beside(BootpDevice);

impl Beside {
    pub(super) fn new(stranger: Stranger, now: Moment) -> Self {
        let (class, address) = match stranger {
            Stranger::System => ("udhcp 1.36.1", ADDRESS),
            Stranger::Bootloader => ("U-Boot.armv7", ADDRESS),
            Stranger::BootloaderOfNetgear => ("U-Boot.armv7", OF_NETGEAR),
        };
        let mut device = BootpDevice::new(BootpConfig {
            vendor_class: Some(class.into()),
            first_wait: ASKS_EVERY,
            longest_wait: ASKS_EVERY,
            most_tries: u32::MAX,
            ..BootpConfig::u_boot(address)
        });
        device.start(now);
        Self(device)
    }

    /// When it asks next.
    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.0.next_wake()
    }

    /// Takes a frame, or lets it ask.
    pub(super) fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        self.0.handle(input, now, out);
    }

    /// Whether somebody gave it an address.
    pub(super) fn was_served(&self) -> bool {
        self.0.given().is_some()
    }
}
