//! Watching a unit start, and what that says about it.

use debrick_model::{Cause, Diagnosis, State};

/// One start of a unit, as its console told it.
#[derive(Debug, Clone)]
pub(crate) struct Boot {
    /// Everything it said.
    pub(crate) log: Vec<u8>,
    /// How far it got.
    pub(crate) reached: Reached,
    /// How often the bootloader announced itself while it was watched.
    pub(crate) starts: u32,
    /// Whether the log has the beginning of a start.
    pub(crate) is_whole: bool,
    /// From the first byte to there, in milliseconds.
    pub(crate) took_ms: u64,
}

/// How far a start got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The system runs, and says this about itself.
    Ready {
        /// Its version.
        version: String,
    },
    /// The bootloader waits at its prompt.
    Bootloader,
    /// It started over this often.
    Loop {
        /// Starts seen.
        starts: u32,
    },
    /// It said something and then stopped.
    Stuck,
    /// It said nothing.
    Silent,
}

/// What a unit is known to be doing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// The bootloader waits at its prompt for us.
    Prompt,
    /// The system runs.
    System,
    /// Nobody knows.
    Unknown,
}

impl Boot {
    /// Whether the bootloader came to its prompt, and what it said before that began in the middle: why it stopped
    /// there may have been said before.
    pub(crate) fn is_end_of_a_start(&self) -> bool {
        !self.is_whole && self.reached == Reached::Bootloader
    }

    /// Whether no start was seen at all, so that nothing is known: not even that the system does not run.
    pub(crate) fn shows_nothing(&self) -> bool {
        self.starts == 0 && matches!(self.reached, Reached::Silent | Reached::Stuck)
    }
}

impl Reached {
    /// Where a start leaves a unit.
    pub(crate) fn whereabouts(&self) -> Whereabouts {
        match self {
            Self::Ready { .. } => Whereabouts::System,
            Self::Bootloader => Whereabouts::Prompt,
            Self::Loop { .. } | Self::Stuck | Self::Silent => Whereabouts::Unknown,
        }
    }
}

/// A start and what was concluded from it.
#[derive(Debug, Clone)]
pub(crate) struct Assessment {
    /// The start.
    pub(crate) boot: Boot,
    /// The conclusion.
    pub(crate) diagnosis: Diagnosis,
}

impl Assessment {
    /// The version of the system, if it runs and nothing is wrong with it.
    pub(crate) fn healthy_version(&self) -> Option<&str> {
        match &self.boot.reached {
            Reached::Ready { version }
                if matches!(self.diagnosis.cause(), Cause::NoFault | Cause::Unknown)
                    || self.diagnosis.state == State::Healthy =>
            {
                Some(version)
            }
            _ => None,
        }
    }
}
