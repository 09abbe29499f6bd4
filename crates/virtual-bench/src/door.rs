//! A bootloader's recovery door: a button that it looks at while it starts. Held for the right time, the unit does not
//! start its system but asks for a file by TFTP, again and again; released too early or held for too long, it starts as
//! always.

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::Output;
use debrick_tftp::wire::{Mode, Packet};
use debrick_tftp::{Direction, Options};

/// How often the unit asks.
const ASKS_EVERY: Duration = Duration::from_secs(1);

/// The port that it asks from.
const PORT: u16 = 2000;

/// How a door is built. Times are since the power came on.
#[derive(Debug, Clone)]
pub struct Door {
    /// When the bootloader first looks at the button: it must be held by then.
    pub looks: Duration,
    /// How long it must be held, at least.
    pub least: Duration,
    /// How long it may be held, at most.
    pub most: Duration,
    /// How long after the start of recovery or system the network port gets its link.
    pub link_after: Duration,
    /// Who is asked for the file.
    pub server: SocketAddr,
    /// The file that is asked for.
    pub file: String,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Nobody has switched the unit on.
    Off,
    /// The bootloader waits to look, or looks, at the button.
    Looking { began: Moment },
    /// The system was let start.
    Passed { at: Moment },
    /// The unit asks for its file.
    Open { since: Moment, next: Moment },
}

/// What the unit has to do now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    Stay,
    /// Start as always.
    Start,
    /// Say this on the console.
    Say(&'static str),
}

/// A door in a unit.
#[derive(Debug)]
pub(crate) struct DoorState {
    door: Door,
    is_held: bool,
    stand: Stand,
}

impl DoorState {
    pub(crate) fn new(door: Door) -> Self {
        Self { door, is_held: false, stand: Stand::Off }
    }

    pub(crate) fn power_on(&mut self, now: Moment) {
        self.stand = Stand::Looking { began: now };
    }

    pub(crate) fn power_off(&mut self) {
        self.stand = Stand::Off;
    }

    pub(crate) fn hold(&mut self, is_held: bool, now: Moment) -> Turn {
        let was_held = std::mem::replace(&mut self.is_held, is_held);
        let Stand::Looking { began } = self.stand else { return Turn::Stay };
        let held = now.since(began);
        if !was_held || is_held || held < self.door.looks {
            return Turn::Stay;
        }
        if held < self.door.least || held > self.door.most {
            self.stand = Stand::Passed { at: now };
            return Turn::Start;
        }
        self.stand = Stand::Open { since: now, next: now + self.door.link_after };
        Turn::Say("\r\nRecovery: the button was held.\r\n")
    }

    /// When something happens next.
    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self.stand {
            Stand::Off | Stand::Passed { .. } => None,
            Stand::Looking { began } if self.is_held => Some(began + self.door.most),
            Stand::Looking { began } => Some(began + self.door.looks),
            Stand::Open { next, .. } => Some(next),
        }
    }

    pub(crate) fn step(&mut self, now: Moment, from: SocketAddr, send: &mut impl FnMut(Output)) -> Turn {
        match self.stand {
            Stand::Looking { began } => {
                let after = now.since(began);
                let decides = if self.is_held { self.door.most } else { self.door.looks };
                if after < decides {
                    return Turn::Stay;
                }
                self.stand = Stand::Passed { at: now };
                Turn::Start
            }
            Stand::Open { since, next } if next <= now => {
                let request = Packet::Request {
                    direction: Direction::Read,
                    name: self.door.file.as_str().into(),
                    mode: Mode::Octet,
                    options: Options::default(),
                };
                let payload = request.to_bytes();
                send(Output::Datagram {
                    from: SocketAddr::new(from.ip(), PORT),
                    to: self.door.server,
                    payload,
                });
                self.stand = Stand::Open { since, next: now + ASKS_EVERY };
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    /// Whether the unit is in its recovery mode.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stand, Stand::Open { .. })
    }

    /// Whether the bootloader still holds the start back.
    pub(crate) fn holds_back(&self) -> bool {
        matches!(self.stand, Stand::Looking { .. } | Stand::Open { .. })
    }

    /// Whether the network port has a link.
    pub(crate) fn has_link(&self, now: Moment) -> bool {
        match self.stand {
            Stand::Off | Stand::Looking { .. } => false,
            Stand::Passed { at } | Stand::Open { since: at, .. } => now >= at + self.door.link_after,
        }
    }
}
