//! Faults of the unit as a whole: what happens to it by itself.

use std::time::Duration;

use debrick_link::{Moment, Rng};

use crate::faults::FaultLog;

/// Faults of the unit as a whole.
pub(super) struct Happenings {
    pub(super) log: FaultLog,
    pub(super) rng: Rng,
    pub(super) restart_at: Option<Moment>,
    pub(super) babble: Option<Duration>,
    pub(super) babble_at: Option<Moment>,
    pub(super) hang_in_command: Option<u32>,
    pub(super) lines: u32,
    pub(super) hang_at: Option<Moment>,
    pub(super) hangs: bool,
}

impl Happenings {
    pub(super) fn none() -> Self {
        Self {
            log: FaultLog::default(),
            rng: Rng::new(0),
            restart_at: None,
            babble: None,
            babble_at: None,
            hang_in_command: None,
            lines: 0,
            hang_at: None,
            hangs: false,
        }
    }

    pub(super) fn next_babble(&mut self, now: Moment) {
        self.babble_at = self.babble.map(|about| {
            let micros = u64::try_from(about.as_micros()).unwrap_or(u64::MAX / 4).max(1000);
            now + Duration::from_micros(micros / 2 + self.rng.below(micros))
        });
    }
}

/// A line of noise, as kernels and drivers print it whenever they like.
pub(super) fn babble(rng: &mut Rng, now: Moment) -> String {
    const LINES: [&str; 5] = [
        "eth0: link up, 1000Mbps, full-duplex",
        "eth0: link down",
        "usb 1-1: new high-speed USB device number 2",
        "wlan0: authenticate with 02:00:00:00:00:2b",
        "random: 7 urandom warning(s) missed due to ratelimiting",
    ];
    let line = LINES[rng.below(LINES.len() as u64) as usize];
    format!("[{:12.6}] {line}\r\n", now.since_start().as_secs_f64())
}
