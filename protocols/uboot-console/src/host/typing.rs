//! Typing, so that nothing runs that was not typed.

use std::time::Duration;

use debrick_link::Deadline;

use super::console::{Console, line_time};
use super::error::{ConsoleError, tail_of};
use crate::wire;

/// How fast is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pace {
    /// The line as a whole.
    #[default]
    Line,
    /// A few letters at a time, then their echo.
    Pieces,
    /// Every letter alone.
    Letters,
}

/// How often a line is typed again.
const RESENDS: u32 = 3;

impl Pace {
    fn piece(self) -> usize {
        match self {
            Self::Line => usize::MAX,
            Self::Pieces => 8,
            Self::Letters => 1,
        }
    }

    fn slower(self) -> Self {
        match self {
            Self::Line => Self::Pieces,
            Self::Pieces | Self::Letters => Self::Letters,
        }
    }
}

impl Console {
    /// Types a line at the prompt and makes sure that the unit has it as it was typed; does not press Enter.
    pub(super) fn type_line(&mut self, line: &str, deadline: Deadline) -> Result<(), ConsoleError> {
        if !line.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
            return Err(ConsoleError::Unsupported { what: format!("take the line {line:?}") });
        }
        let limit = self.features.as_ref().and_then(|features| features.line_limit);
        if limit.is_some_and(|limit| line.len() > limit) {
            return Err(ConsoleError::Unsupported { what: format!("take a line of {} letters", line.len()) });
        }
        let mut seen = String::new();
        for attempt in 0..=RESENDS {
            self.reach_prompt(deadline)?;
            if self.try_typing(line)? {
                return Ok(());
            }
            seen = self.tail();
            if attempt > 0 {
                self.pace = self.pace.slower();
            }
            // The line must not be run.
            self.give_up_line()?;
        }
        Err(ConsoleError::EchoLost { line: line.to_owned(), seen: tail_of(&seen) })
    }

    fn try_typing(&mut self, line: &str) -> Result<bool, ConsoleError> {
        let mut wanted = self.prompt.clone().unwrap_or_default().into_bytes();
        for piece in line.as_bytes().chunks(self.pace.piece()) {
            self.send(piece)?;
            wanted.extend_from_slice(piece);
            if !self.wait_for_line(&wanted, piece.len())? {
                return Ok(false);
            }
        }
        // A letter too many shows only now.
        let instant = self.within(Duration::ZERO);
        self.pump(instant)?;
        Ok(self.terminal.line() == wanted)
    }

    fn wait_for_line(&mut self, wanted: &[u8], typed: usize) -> Result<bool, ConsoleError> {
        let deadline = self.within(Duration::from_secs(1) + 2 * line_time(typed as u64));
        loop {
            let line = self.terminal.line();
            if line == wanted {
                return Ok(true);
            }
            if !wanted.starts_with(line) {
                // Damaged; let the rest of it come.
                let end = self.within(Duration::from_secs(1));
                self.settle(Duration::from_millis(100), end)?;
                return Ok(false);
            }
            let silent = self.pump(self.within(Duration::from_millis(700)).or_earlier(deadline))? == 0;
            if silent || deadline.has_passed(self.clock()) {
                return Ok(self.terminal.line() == wanted);
            }
        }
    }

    /// Gives up a half-typed line.
    pub(super) fn give_up_line(&mut self) -> Result<(), ConsoleError> {
        self.send(&[wire::CTRL_C])?;
        let end = self.within(Duration::from_secs(1));
        while !self.at_prompt() && !end.has_passed(self.clock()) {
            self.pump(end)?;
        }
        let end = self.within(Duration::from_secs(1));
        self.settle(Duration::from_millis(30), end)?;
        Ok(())
    }

    /// Makes sure that the prompt waits, alone on its line.
    pub(super) fn reach_prompt(&mut self, deadline: Deadline) -> Result<(), ConsoleError> {
        let instant = self.within(Duration::ZERO);
        self.settle(Duration::ZERO, instant)?;
        if self.at_prompt() && self.running.is_none() {
            return Ok(());
        }
        if self.prompt.is_some() && self.running.is_none() {
            self.give_up_line()?;
            if self.at_prompt() {
                return Ok(());
            }
        }
        self.sync(deadline)
    }
}
