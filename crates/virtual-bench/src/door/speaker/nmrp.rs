//! A door that answers NMRP. It looks at the file once it has all of it, and ends with CLOSE_REQ once it is written.

use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};
use debrick_model::MacAddress;
use debrick_nmrp::device::{NmrpConfig, NmrpDevice, NmrpOutcome};
use debrick_tftp::device::Verdict;

use super::{OWN, Over, ROOM};

/// What a bootloader says of a file that it does not take, in words instead of a packet.
const REFUSAL: &str = "Error: the image is for another model or region";

/// A unit that listens for three seconds, and is heard every ten seconds while it writes.
pub(super) fn usual() -> NmrpConfig {
    NmrpConfig { is_judged: true, most_bytes: ROOM, ..NmrpConfig::new(OWN) }
}

/// The unit, and another one on its wire.
#[derive(Debug)]
pub(crate) struct NmrpSpeaker {
    unit: NmrpDevice,
    other: Option<NmrpDevice>,
}

impl NmrpSpeaker {
    pub(super) fn start(
        config: &NmrpConfig,
        other: Option<MacAddress>,
        writes_for: Duration,
        now: Moment,
    ) -> Self {
        let on = |config| {
            let mut device = NmrpDevice::new(config);
            device.power_on(now);
            device
        };
        let other = other.map(|mac| on(NmrpConfig { mac, ..config.clone() }));
        Self { unit: on(NmrpConfig { writes_for, ..config.clone() }), other }
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.unit.next_wake().into_iter().chain(self.other.as_ref().and_then(NmrpDevice::next_wake)).min()
    }

    pub(super) fn on_input(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        self.unit.handle(input, now, send);
        if let Some(other) = &mut self.other {
            other.handle(input, now, send);
        }
    }

    pub(super) fn judge(&mut self, is_good: &dyn Fn(&[u8]) -> bool, now: Moment, send: &mut Vec<Output>) {
        let Some(image) = self.unit.judges() else { return };
        let verdict =
            if is_good(image) { Verdict::Accept } else { Verdict::RejectInWords(REFUSAL.to_owned()) };
        self.unit.conclude(verdict, now, send);
    }

    pub(super) fn over(&mut self) -> Option<Over> {
        match self.unit.outcome()? {
            NmrpOutcome::Flashed { .. } => {
                Some(Over::Wrote(self.unit.flash().map(<[u8]>::to_vec).unwrap_or_default()))
            }
            _ => Some(Over::LeftAlone),
        }
    }
}
