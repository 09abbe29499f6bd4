//! The console and what it knows.

use std::collections::VecDeque;
use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError, Moment, Rng};

use super::error::{ConsoleError, tail_of};
use super::features::Features;
use super::log::Log;
use super::terminal::Terminal;
use super::typing::Pace;

/// What a command may print at most, in bytes.
pub(super) const LONGEST_REPLY: usize = 4 * 1024 * 1024;

/// How long a line takes at the slowest rate that is taken into account, 9600 baud.
pub(super) fn line_time(bytes: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(1_050))
}

/// How a unit's start is interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// What is typed.
    pub stop_keys: Vec<u8>,
    /// The text that asks for it; `None` is U-Boot's own countdown.
    pub stop_at: Option<String>,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self { stop_keys: b" ".to_vec(), stop_at: None }
    }
}

/// A boot loader's console.
pub struct Console {
    pub(super) link: Box<dyn Link>,
    pub(super) config: ConsoleConfig,
    pub(super) log: Log,
    pub(super) terminal: Terminal,
    /// Lines that are over, since the last command was sent.
    pub(super) text: String,
    /// Set while `text` is longer than any reply.
    pub(super) too_long: bool,
    pub(super) prompt: Option<String>,
    /// Whether a boot loader answered, and not a shell of the system that it started.
    pub(super) is_boot_loader: bool,
    pub(super) pace: Pace,
    pub(super) features: Option<Features>,
    /// The command that runs.
    pub(super) running: Option<String>,
    /// How often it was asked whether the command is over.
    pub(super) asked: u32,
    /// When something came last.
    pub(super) last_byte: Moment,
    /// What was read, but not looked at yet.
    unread: VecDeque<u8>,
    rng: Rng,
}

impl Console {
    /// A console on a line. Nothing is sent yet.
    pub fn new(link: Box<dyn Link>, config: ConsoleConfig) -> Self {
        let rng = Rng::new(link.clock().wall_ms());
        Self {
            link,
            config,
            log: Log::default(),
            terminal: Terminal::default(),
            text: String::new(),
            too_long: false,
            prompt: None,
            is_boot_loader: false,
            pace: Pace::default(),
            features: None,
            running: None,
            asked: 0,
            last_byte: Moment::default(),
            unread: VecDeque::new(),
            rng,
        }
    }

    /// Gives the line back.
    pub fn into_link(self) -> Box<dyn Link> {
        self.link
    }

    /// The line itself.
    pub fn link_mut(&mut self) -> &mut dyn Link {
        &mut *self.link
    }

    /// The line itself, for a transfer by a command that was [started](Self::start).
    pub fn stream_of_command(&mut self) -> &mut dyn Link {
        &mut *self.link
    }

    /// The line's clock.
    pub fn clock(&self) -> &dyn Clock {
        self.link.clock()
    }

    /// Everything that the console has read since the last call: the first 256 KiB and the last 768 KiB, with a note on
    /// what was dropped between them.
    pub fn take_log(&mut self) -> Vec<u8> {
        self.log.take()
    }

    /// The prompt, once it is proven.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// A deadline that many milliseconds from now.
    pub(super) fn within(&self, span: Duration) -> Deadline {
        Deadline::after(self.clock(), span)
    }

    /// Reads what comes until `deadline`, once; the number of bytes, or 0 if nothing came.
    pub(super) fn pump(&mut self, deadline: Deadline) -> Result<usize, ConsoleError> {
        let count = self.fetch(deadline)?;
        while let Some((_, line)) = self.next_byte() {
            if let Some(line) = line {
                self.end_line(&line);
            }
        }
        Ok(count)
    }

    /// Waits until there is something to look at; the number of bytes, or 0 if nothing came by `deadline`.
    pub(super) fn fetch(&mut self, deadline: Deadline) -> Result<usize, ConsoleError> {
        if self.unread.is_empty() {
            let mut buffer = [0; 4096];
            match self.link.read(&mut buffer, deadline) {
                Ok(count) => {
                    self.unread.extend(&buffer[..count]);
                    self.last_byte = self.clock().now();
                }
                Err(LinkError::TimedOut { .. }) => {}
                Err(source) => {
                    return Err(ConsoleError::Link { operation: "read from the console".into(), source });
                }
            }
        }
        Ok(self.unread.len())
    }

    /// Takes the next byte that was fetched, and the line that it ended.
    pub(super) fn next_byte(&mut self) -> Option<(u8, Option<Vec<u8>>)> {
        let byte = self.unread.pop_front()?;
        self.log.push(&[byte]);
        Some((byte, self.terminal.feed(byte)))
    }

    /// Reads until nothing has come for `quiet`; the number of bytes. Gives up on a unit that never falls silent at
    /// `deadline`.
    pub(super) fn settle(&mut self, quiet: Duration, deadline: Deadline) -> Result<usize, ConsoleError> {
        let mut bytes = 0;
        loop {
            let count = self.pump(self.within(quiet).or_earlier(deadline))?;
            bytes += count;
            if count == 0 || deadline.has_passed(self.clock()) {
                return Ok(bytes);
            }
        }
    }

    /// Sends bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), ConsoleError> {
        let deadline = self.within(Duration::from_secs(5) + line_time(bytes.len() as u64));
        let operation = || "type on the console".to_owned();
        self.link
            .write_all(bytes, deadline)
            .map_err(|source| ConsoleError::Link { operation: operation(), source })
    }

    /// The line that is not over yet, as text.
    pub fn open_line(&self) -> String {
        String::from_utf8_lossy(self.terminal.line()).into_owned()
    }

    /// Whether the prompt stands at the start of the line, and nothing behind it.
    pub(super) fn at_prompt(&self) -> bool {
        self.prompt.as_ref().is_some_and(|prompt| self.terminal.line() == prompt.as_bytes())
    }

    /// The last part of what was read.
    pub(super) fn tail(&self) -> String {
        let start = self.text.len().saturating_sub(480);
        let start = (start..self.text.len()).find(|&at| self.text.is_char_boundary(at)).unwrap_or(start);
        tail_of(&format!("{}{}", self.text.get(start..).unwrap_or_default(), self.open_line()))
    }

    /// Forgets the lines that are over.
    pub(super) fn forget_text(&mut self) {
        self.text.clear();
        self.too_long = false;
    }

    /// A text that nobody has printed before.
    pub(super) fn marker(&mut self) -> String {
        format!("dbk{:08x}", self.rng.next_u64() as u32)
    }

    pub(super) fn end_line(&mut self, line: &[u8]) {
        if self.text.len() + line.len() >= LONGEST_REPLY {
            // The end matters more than the beginning: keep the last part, and remember that something is missing.
            let cut = self.text.len() - self.text.len() / 4;
            let cut = (cut..=self.text.len()).find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
            self.text.drain(..cut);
            self.too_long = true;
        }
        self.text.push_str(&String::from_utf8_lossy(line));
        self.text.push('\n');
    }
}
