//! A door that starts from the network: the unit asks for an address, and for its file. Beside it somebody else may ask.

use debrick_bootp::device::{BootpConfig, BootpDevice};
use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};
use debrick_tftp::device::PullQuirks;

use crate::netboot::{Netboot, NetbootOutcome};

/// A unit that starts from the network, and who else is on its cable.
#[derive(Debug)]
pub(super) struct Boots {
    netboot: Netboot,
    other: Option<BootpDevice>,
}

impl Boots {
    pub(super) fn start(
        config: BootpConfig,
        quirks: PullQuirks,
        other: Option<BootpConfig>,
        now: Moment,
    ) -> Self {
        let mut netboot = Netboot::new(config).with_quirks(quirks);
        netboot.start(now);
        let other = other.map(|config| {
            let mut other = BootpDevice::new(config);
            other.start(now);
            other
        });
        Self { netboot, other }
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        let other = self.other.as_ref().and_then(Device::next_wake);
        self.netboot.next_wake().into_iter().chain(other).min()
    }

    pub(super) fn handle(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        if let (Some(other), Input::Tick | Input::Frame(_)) = (&mut self.other, input) {
            other.handle(input, now, send);
        }
        self.netboot.handle(input, now, send);
    }

    /// The file, once it has all of it.
    pub(super) fn take_file(&mut self) -> Option<Vec<u8>> {
        match self.netboot.outcome() {
            Some(NetbootOutcome::Loaded(file)) => Some(file.clone()),
            _ => None,
        }
    }

    pub(super) fn gave_up(&self) -> bool {
        matches!(self.netboot.outcome(), Some(outcome) if !matches!(outcome, NetbootOutcome::Loaded(_)))
    }

    /// Whether somebody answered the other one.
    pub(super) fn other_was_served(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.given().is_some())
    }
}
