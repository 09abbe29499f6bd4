//! A door that takes what is sent to everybody. It looks at nothing, and says nothing.

use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};
use debrick_zyxel_multicast::device::{ZyxelConfig, ZyxelDevice, ZyxelEvent};

use super::Over;

/// A bootloader that listens.
#[derive(Debug)]
pub(crate) struct MulticastSpeaker {
    unit: ZyxelDevice,
    /// When it gives up, where nothing has come.
    until: Moment,
    has_given_up: bool,
}

impl MulticastSpeaker {
    pub(super) fn start(config: &ZyxelConfig, window: Duration, writes_in: Duration, now: Moment) -> Self {
        let unit = ZyxelDevice::new(ZyxelConfig { listens_from: now, writes_in, ..config.clone() });
        Self { unit, until: now + window, has_given_up: false }
    }

    fn has_begun(&self) -> bool {
        self.unit.events().iter().any(|event| matches!(event, ZyxelEvent::Began { .. }))
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        let gives_up = (!self.has_begun() && !self.has_given_up).then_some(self.until);
        self.unit.next_wake().into_iter().chain(gives_up).min()
    }

    pub(super) fn on_input(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        self.unit.handle(input, now, send);
        self.has_given_up |= now >= self.until && !self.has_begun();
    }

    pub(super) fn over(&mut self) -> Option<Over> {
        match self.unit.written() {
            Some(image) => Some(Over::Wrote(image.to_vec())),
            None => self.has_given_up.then_some(Over::LeftAlone),
        }
    }
}
