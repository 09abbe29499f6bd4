//! What can be sensed of a unit on the way into its recovery mode: the link, what its door shows, its console.

use std::time::Duration;

use debrick_catalog::Door;
use debrick_coach::{Seen, Senses};
use debrick_link::{Clock, Deadline, Link, Network};
use debrick_model::Observation;

use super::ways::{Ear, Kept, way_of};
use crate::error::EngineError;

/// How long one look takes at most.
const LOOK: Duration = Duration::from_millis(50);

/// The longest line of a console that is kept, in bytes.
const LONGEST_LINE: usize = 4096;

/// The most of a console's log that is kept, in bytes.
const LONGEST_LOG: usize = 1 << 20;

/// The most pieces that are read from a console in one look: a unit that talks without end must not hold everything up.
const MOST_PIECES: usize = 16;

/// The most that a unit says of itself, as far as it is kept.
const MOST_SAID: usize = 64;

/// Watches a unit.
pub(super) struct Sensing {
    ear: Option<Box<dyn Ear>>,
    had_link: Option<bool>,
    line: Vec<u8>,
    /// What the console said.
    pub(super) log: Vec<u8>,
    /// Whether something was shown that proves that the door is open.
    pub(super) is_open: bool,
    /// Whether a page of its running system was seen.
    pub(super) has_system: bool,
    /// What the unit said of itself at its door.
    pub(super) testimony: Vec<Observation>,
}

impl Sensing {
    /// Begins to watch for what a door shows.
    ///
    /// # Errors
    /// What keeps it from being watched for.
    pub(super) fn of(door: &Door, network: &mut dyn Network) -> Result<Self, EngineError> {
        let ear = way_of(door).watch(network)?;
        let had_link = network.carrier();
        let (line, log, testimony) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { ear, had_link, line, log, is_open: false, has_system: false, testimony })
    }

    /// Stops watching, and keeps the unit at the door that it was seen at.
    pub(super) fn keep(self) -> Option<Box<dyn Kept>> {
        self.ear.filter(|_| self.is_open).and_then(Ear::keep)
    }

    /// Goes on listening for a moment once the door was seen open: others may stand at the same one.
    pub(super) fn gather(&mut self, network: &mut dyn Network, clock: &dyn Clock) -> Result<(), EngineError> {
        let Some(ear) = self.ear.as_mut().filter(|_| self.is_open) else { return Ok(()) };
        let until = Deadline::after(clock, ear.gathers());
        while !until.has_passed(clock) {
            ear.hear(network, until)?;
        }
        Ok(())
    }

    /// What can be sensed.
    pub(super) fn senses(&self, has_console: bool) -> Senses {
        Senses {
            link: self.had_link.is_some(),
            network: self.ear.is_some(),
            usb: false,
            console: has_console,
        }
    }

    /// Waits a moment, and tells what has come.
    pub(super) fn look(
        &mut self,
        network: &mut dyn Network,
        console: Option<&mut Box<dyn Link>>,
        clock: &dyn Clock,
    ) -> Result<Vec<Seen>, EngineError> {
        let mut seen = Vec::new();
        let soon = Deadline::after(clock, LOOK);
        match &mut self.ear {
            Some(ear) => {
                for shown in ear.hear(network, soon)? {
                    self.is_open |= shown.is_open;
                    self.has_system |= shown.seen == Seen::SystemPage;
                    let new = shown.said.filter(|said| !self.testimony.contains(said));
                    self.testimony.extend(new.filter(|_| self.testimony.len() < MOST_SAID));
                    seen.push(shown.seen);
                }
            }
            None => clock.sleep(LOOK),
        }
        let has_link = network.carrier();
        if let (Some(before), Some(now)) = (self.had_link, has_link)
            && before != now
        {
            seen.push(if now { Seen::LinkUp } else { Seen::LinkDown });
        }
        self.had_link = has_link;
        if let Some(console) = console {
            self.hear(&mut **console, clock, &mut seen);
        }
        Ok(seen)
    }

    fn hear(&mut self, console: &mut dyn Link, clock: &dyn Clock, seen: &mut Vec<Seen>) {
        let mut buffer = [0; 4096];
        for _ in 0..MOST_PIECES {
            // A console that is gone is no reason to stop: it was only listened to.
            let Ok(count) = console.read(&mut buffer, Deadline::at(clock.now())) else { return };
            let room = LONGEST_LOG.saturating_sub(self.log.len());
            self.log.extend_from_slice(&buffer[..count.min(room)]);
            for byte in &buffer[..count] {
                match byte {
                    b'\n' => {
                        let line = std::mem::take(&mut self.line);
                        seen.push(Seen::Console(String::from_utf8_lossy(&line).into_owned()));
                    }
                    byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                    _ => {}
                }
            }
        }
    }
}
