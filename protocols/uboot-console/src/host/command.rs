//! Commands and their replies.

use std::time::Duration;

use debrick_link::Deadline;

use super::console::{Console, LONGEST_REPLY};
use super::error::ConsoleError;
use crate::messages::{self, classify};
use crate::wire;

/// How long nothing may come behind a prompt until it counts as one.
const QUIET: Duration = Duration::from_millis(20);

/// How long nothing comes behind what may be a prompt in the middle of a line, until it is asked whether it is.
const ASKED_AFTER: Duration = Duration::from_millis(700);
/// How often that is done while one command runs.
const MOST_ASKED: u32 = 3;
/// The same for a line that does not end in a prompt; it may have been damaged.
const ASKED_LATE: Duration = Duration::from_secs(3);

/// How often a command runs again whose reply was damaged.
const REPEATS: u32 = 2;

/// What a command printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The lines, without what was typed and without the prompt.
    pub text: String,
    /// The exit status, where it was asked for and the boot loader has one.
    pub status: Option<u32>,
}

impl Console {
    /// Runs a command: types it, makes sure that the unit has it as it was typed, presses Enter, and waits for the
    /// prompt.
    pub fn command(&mut self, line: &str, deadline: Deadline) -> Result<Reply, ConsoleError> {
        self.start(line, deadline)?;
        match self.poll_reply(deadline)? {
            Some(reply) => Ok(reply),
            None => Err(ConsoleError::NoEnd { command: line.to_owned(), tail: self.tail() }),
        }
    }

    /// Runs a command and fails if it says that it failed: by its exit status where the boot loader has one, else by
    /// its messages.
    pub fn checked(&mut self, line: &str, deadline: Deadline) -> Result<String, ConsoleError> {
        self.with_status(line, deadline).and_then(|reply| check(line, reply)).map(|reply| reply.text)
    }

    /// Runs a command and asks for its exit status, where the boot loader has one. Features have to be known by then
    /// for a status.
    pub(super) fn with_status(&mut self, line: &str, deadline: Deadline) -> Result<Reply, ConsoleError> {
        let has_status = self.features.as_ref().is_some_and(|features| features.hush);
        if !has_status {
            return self.command(line, deadline);
        }
        let marker = self.marker();
        let reply = self.command(&format!("{line}; echo {marker}$?"), deadline)?;
        split_status(&reply.text, &marker).ok_or_else(|| match classify(&reply.text) {
            Some(message) if message.is_failure => {
                ConsoleError::Message { command: line.to_owned(), message, reply: reply.text.clone() }
            }
            _ => ConsoleError::UnexpectedReply { command: line.to_owned(), reply: reply.text.clone() },
        })
    }

    /// Runs a command that may as well run several times, until its reply arrives undamaged.
    pub(super) fn repeated(&mut self, line: &str, span: Duration) -> Result<Reply, ConsoleError> {
        let mut left = REPEATS;
        loop {
            let deadline = self.within(span);
            match self.with_status(line, deadline).and_then(|reply| check(line, reply)) {
                Err(ConsoleError::UnexpectedReply { .. }) if left > 0 => left -= 1,
                result => return result,
            }
        }
    }

    /// Types a command, makes sure that the unit has it as it was typed, and presses Enter. Does not wait for its end.
    pub fn start(&mut self, line: &str, deadline: Deadline) -> Result<(), ConsoleError> {
        if self.prompt.is_none() {
            self.sync(deadline)?;
        }
        self.type_line(line, deadline)?;
        self.forget_text();
        self.running = Some(line.to_owned());
        self.asked = 0;
        self.last_byte = self.clock().now();
        self.send(&[wire::ENTER])
    }

    /// Waits for the end of the command that was started: its reply once the prompt is back, `None` if it is not by
    /// `deadline`.
    pub fn poll_reply(&mut self, deadline: Deadline) -> Result<Option<Reply>, ConsoleError> {
        let Some(line) = self.running.clone() else {
            return Err(ConsoleError::Unsupported { what: "end a command that was not started".into() });
        };
        // A prompt that was over-read by a transfer's own protocol does not come again by itself; the caller syncs.
        loop {
            // The typed line itself has to be over first; the open line was not the prompt alone until then.
            if self.at_prompt() && self.pump(self.within(QUIET))? == 0 && self.at_prompt() {
                break;
            }
            if self.has_unwanted_spaces() {
                let text = std::mem::take(&mut self.text);
                self.give_up_line()?;
                self.text = text;
                continue;
            }
            if self.open_line().contains(wire::COUNTDOWN_CORE) {
                self.running = None;
                return Err(ConsoleError::Restarted { command: line, reply: std::mem::take(&mut self.text) });
            }
            let ask_at = self.patience().map(|patience| Deadline::at(self.last_byte + patience));
            let until = ask_at.map_or(deadline, |ask_at| ask_at.or_earlier(deadline));
            let count = self.pump(until)?;
            if count == 0 && ask_at.is_some_and(|ask_at| ask_at.has_passed(self.clock())) {
                self.asked += 1;
                if let Some(text) = self.uncover_prompt()? {
                    self.text = text;
                    break;
                }
            }
            if deadline.has_passed(self.clock()) && (count == 0 || !self.at_prompt()) {
                return Ok(None);
            }
        }
        self.running = None;
        let text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.too_long) {
            return Err(ConsoleError::ReplyTooLong { command: line, limit: LONGEST_REPLY });
        }
        // The first line is the prompt with what was typed.
        let reply = text.split_once('\n').map_or("", |(_, reply)| reply);
        Ok(Some(Reply { text: reply.to_owned(), status: None }))
    }

    /// How long nothing has to come until it is asked whether the open line ends in a prompt: behind output that did not
    /// end its line (a value that was cut off, say), or damaged on the way.
    fn patience(&self) -> Option<Duration> {
        let (line, prompt) = (self.terminal.line(), self.prompt.as_deref().unwrap_or_default().as_bytes());
        if line.is_empty() || self.at_prompt() || self.asked >= MOST_ASKED {
            return None;
        }
        Some(if line.ends_with(prompt) { ASKED_AFTER } else { ASKED_LATE })
    }

    /// Whether the prompt is there, with spaces behind it that were typed too early.
    fn has_unwanted_spaces(&self) -> bool {
        let spaces =
            self.prompt.as_ref().and_then(|prompt| self.terminal.line().strip_prefix(prompt.as_bytes()));
        spaces.is_some_and(|spaces| {
            (1..=self.asked as usize).contains(&spaces.len()) && spaces.iter().all(|&byte| byte == b' ')
        })
    }

    /// Types a space: only a prompt echoes it. The output up to there if it did; the line is given up then.
    fn uncover_prompt(&mut self) -> Result<Option<String>, ConsoleError> {
        let line = self.open_line();
        let prompt = self.prompt.clone().unwrap_or_default();
        let rest = match line.strip_suffix(prompt.as_str()) {
            Some(rest) => rest,
            None if line.len() <= prompt.len() + 1 => "",
            None => &line,
        };
        let output = if rest.is_empty() { self.text.clone() } else { format!("{}{rest}\n", self.text) };
        self.send(b" ")?;
        let end = self.within(Duration::from_millis(600));
        while self.open_line() == line && self.pump(end)? > 0 {}
        if self.open_line() != format!("{line} ") {
            return Ok(None);
        }
        self.give_up_line()?;
        Ok(self.at_prompt().then_some(output))
    }

    /// Reads until a line contains `text` (or the open line does): all lines since the command was started. For commands
    /// that announce that they are ready.
    pub fn wait_for(&mut self, text: &str, deadline: Deadline) -> Result<String, ConsoleError> {
        loop {
            // The typed line may contain the text as well.
            let printed = self.text.split_once('\n').map_or("", |(_, printed)| printed);
            if printed.contains(text) || (!self.text.is_empty() && self.open_line().contains(text)) {
                return Ok(printed.to_owned());
            }
            let command = self.running.clone().unwrap_or_default();
            if self.at_prompt() {
                let reply = printed.to_owned();
                self.running = None;
                return Err(match classify(&reply) {
                    Some(message) if message.is_failure => ConsoleError::Message { command, message, reply },
                    _ => ConsoleError::UnexpectedReply { command, reply },
                });
            }
            if self.pump(deadline)? == 0 {
                return Err(ConsoleError::NoEnd { command, tail: self.tail() });
            }
        }
    }

    /// What the running command has printed up to now.
    pub(super) fn printed(&self) -> &str {
        &self.text
    }
}

/// Fails if a reply says that its command failed.
pub(super) fn check(line: &str, reply: Reply) -> Result<Reply, ConsoleError> {
    let message = classify(&reply.text).filter(|message| message.is_failure);
    let failed = match reply.status {
        Some(0) => None,
        Some(_) => Some(message.unwrap_or(messages::FAILED)),
        None => message,
    };
    match failed {
        Some(message) => Err(ConsoleError::Message { command: line.to_owned(), message, reply: reply.text }),
        None => Ok(reply),
    }
}

fn split_status(text: &str, marker: &str) -> Option<Reply> {
    let at = text.rfind(marker)?;
    let status = text[at + marker.len()..].trim_end().parse().ok()?;
    Some(Reply { text: text[..at].to_owned(), status: Some(status) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(split_status("one\ntwo\ndbk12$?\n", "dbk12"), None);
        let reply = split_status("one\ntwo dbk120\n", "dbk12").unwrap();
        assert_eq!(reply, Reply { text: "one\ntwo ".into(), status: Some(0) });
        assert!(check("x", Reply { text: "Usage:\n".into(), status: Some(0) }).is_ok());
        assert!(check("x", Reply { text: "Usage:\n".into(), status: None }).is_err());
        assert!(check("x", Reply { text: String::new(), status: Some(1) }).is_err());
    }
}
