//! What can be asked of a running system: commands with their streams. [`crate::Session`] carries them over SSH; the device
//! half answers them itself, so that everything above is tested in memory, too.

use std::time::Duration;

use debrick_link::{Clock, Deadline};
use debrick_target::{Silent, Source, Watch};

use crate::error::SshError;

/// How much of what a command says on its error stream is kept, in bytes: the last of it.
pub const LONGEST_ERRORS: usize = 16 * 1024;

/// A system that runs commands.
pub trait Shell {
    /// Runs a command to its end. What it ends with is for the caller to judge: only a command that could not be run, or
    /// whose end was not seen, is an error.
    fn run(&mut self, command: &str, streams: Streams<'_>, deadline: Deadline) -> Result<Ended, SshError>;

    /// The clock of its deadlines.
    fn clock(&self) -> &dyn Clock;

    /// Where the system is, for messages: `tcp:192.168.1.1:22`.
    fn name(&self) -> &str;
}

/// The streams of a command.
pub struct Streams<'a> {
    /// What it reads; its input is closed behind that.
    pub input: Option<&'a dyn Source>,
    /// Takes what it writes, piece by piece.
    pub output: &'a mut dyn FnMut(&[u8]) -> Result<(), SshError>,
    /// Is told of every byte that is sent or taken, and may end the command.
    pub watch: &'a mut dyn Watch,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; `None` where a signal ended it, or the server did not say.
    pub status: Option<u32>,
    /// The signal that ended it: `KILL`.
    pub signal: Option<String>,
    /// What it said on its error stream: the last of it, at most [`LONGEST_ERRORS`] bytes.
    pub errors: Vec<u8>,
}

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it wrote.
    pub output: Vec<u8>,
    /// How it ended.
    pub ended: Ended,
}

impl Ended {
    /// Whether it says that it succeeded.
    pub fn is_success(&self) -> bool {
        self.status == Some(0)
    }

    /// Whether the shell found no such command (POSIX, 2.8.2).
    pub fn is_missing(&self) -> bool {
        self.status == Some(127)
    }

    /// For people.
    pub fn in_words(&self) -> String {
        match (self.status, &self.signal) {
            (Some(status), _) => format!("status {status}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no status".into(),
        }
    }

    /// Keeps the end of what is said.
    pub(crate) fn keep_errors(errors: &mut Vec<u8>, more: &[u8]) {
        errors.extend_from_slice(&more[more.len().saturating_sub(LONGEST_ERRORS)..]);
        let excess = errors.len().saturating_sub(LONGEST_ERRORS);
        errors.drain(..excess);
    }
}

impl Answer {
    /// What it wrote, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// All that it said on both streams, as text.
    pub fn said(&self) -> String {
        said(&self.output, &self.ended.errors)
    }

    /// The answer, if the command succeeded.
    pub fn or_failed(self, command: &str) -> Result<Self, SshError> {
        if self.ended.is_success() { Ok(self) } else { Err(failed(command, &self.ended, &self.output)) }
    }
}

/// What a command said on both streams, as text.
pub(crate) fn said(output: &[u8], errors: &[u8]) -> String {
    let texts = [output, errors].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    texts.iter().filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// The failure of a command that ended otherwise than it should.
pub(crate) fn failed(command: &str, ended: &Ended, output: &[u8]) -> SshError {
    if ended.is_missing() {
        return SshError::CommandMissing { command: command.to_owned() };
    }
    let all = said(output, &ended.errors);
    let skip = all.chars().count().saturating_sub(500);
    let said = all.chars().skip(skip).collect();
    SshError::CommandFailed { command: command.to_owned(), ended: ended.in_words(), said }
}

/// Runs a command and takes all that it writes, at most `limit` bytes.
pub fn ask(shell: &mut dyn Shell, command: &str, limit: u64, deadline: Deadline) -> Result<Answer, SshError> {
    ask_with(shell, command, None, limit, deadline)
}

/// As [`ask`], with something for the command to read.
pub fn ask_with(
    shell: &mut dyn Shell,
    command: &str,
    input: Option<&dyn Source>,
    limit: u64,
    deadline: Deadline,
) -> Result<Answer, SshError> {
    let mut output = Vec::new();
    let ended = {
        let mut keep = |bytes: &[u8]| {
            if (output.len() + bytes.len()) as u64 > limit {
                return Err(SshError::TooMuchOutput { command: command.to_owned(), limit });
            }
            output.extend_from_slice(bytes);
            Ok(())
        };
        shell.run(command, Streams { input, output: &mut keep, watch: &mut Silent }, deadline)?
    };
    Ok(Answer { output, ended })
}

/// A deadline `span` from now on the system's clock, and not after `end`.
pub(crate) fn within(shell: &dyn Shell, span: Duration, end: Deadline) -> Deadline {
    Deadline::after(shell.clock(), span).or_earlier(end)
}

/// A word as the shell takes it literally, whatever is in it (POSIX, 2.2.2).
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_errors_the_end_is_kept() {
        let mut errors = Vec::new();
        for piece in [b"a".repeat(10), b"b".repeat(LONGEST_ERRORS - 4), b"c".repeat(2)] {
            Ended::keep_errors(&mut errors, &piece);
        }
        assert_eq!(errors.len(), LONGEST_ERRORS);
        assert!(errors.starts_with(b"aab") && errors.ends_with(b"bcc"));
        Ended::keep_errors(&mut errors, &b"d".repeat(LONGEST_ERRORS + 1));
        assert_eq!(errors, b"d".repeat(LONGEST_ERRORS));
    }

    #[test]
    fn words_are_quoted() {
        assert_eq!(quoted("/tmp/a b"), "'/tmp/a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
