//! The control connection: commands out, replies in, line by line.

use std::time::Duration;

use debrick_link::{Deadline, Link};

use super::failed;
use crate::error::EvaError;
use crate::wire::{LONGEST_LINE, Line, Reply, read_line};

/// Most lines of one reply.
const MOST_LINES: usize = 256;

/// Most replies that are passed over, because they are for something else.
const MOST_STRAYS: usize = 8;

pub(super) struct Control {
    link: Box<dyn Link>,
    came: Vec<u8>,
    /// Whether an answer never came, that may come yet.
    is_out_of_step: bool,
}

impl Control {
    /// Reads the greeting of a new connection.
    pub(super) fn greet(link: Box<dyn Link>, within: Duration) -> Result<Self, EvaError> {
        let mut control = Self { link, came: Vec::new(), is_out_of_step: false };
        let reply = control.reply(within)?;
        match reply.code {
            220 => Ok(control),
            code => Err(EvaError::Refused { command: "a connection".into(), code, text: reply.text }),
        }
    }

    /// Sends a command and reads its reply, whatever it is. What was still to be read is dropped.
    pub(super) fn exchange(&mut self, command: &str, within: Duration) -> Result<Reply, EvaError> {
        self.send(command, within)?;
        self.reply(within)
    }

    pub(super) fn send(&mut self, command: &str, within: Duration) -> Result<(), EvaError> {
        if self.is_out_of_step {
            return Err(EvaError::Protocol {
                what: "owes an answer; switch it off and on, and begin again".into(),
            });
        }
        self.drop_what_is_left();
        let deadline = Deadline::after(self.link.clock(), within);
        let line = format!("{command}\r\n");
        self.link.write_all(line.as_bytes(), deadline).map_err(failed("send a command"))
    }

    /// Reads a reply.
    pub(super) fn reply(&mut self, within: Duration) -> Result<Reply, EvaError> {
        let deadline = Deadline::after(self.link.clock(), within);
        let mut said = Vec::new();
        for _ in 0..MOST_LINES {
            match read_line(&self.line(deadline)?) {
                Line::End { code, text } => return Ok(Reply { code, text, said }),
                Line::More(line) => said.push(line),
            }
        }
        Err(EvaError::Protocol { what: "talks without an end".into() })
    }

    /// Reads replies until one has such a number, or is a refusal. The end of an earlier file may still come in between.
    /// After silence the session is over: nobody would know what its next answer is for.
    pub(super) fn reply_of(
        &mut self,
        codes: std::ops::Range<u16>,
        within: Duration,
    ) -> Result<Reply, EvaError> {
        let until = self.link.clock().now() + within;
        for _ in 0..MOST_STRAYS {
            let left = until.since(self.link.clock().now());
            match self.reply(left) {
                Ok(reply) if codes.contains(&reply.code) || !reply.is_fine() => return Ok(reply),
                Ok(_) => {}
                Err(error) => {
                    self.is_out_of_step = true;
                    return Err(error);
                }
            }
        }
        Err(EvaError::Protocol { what: "answers what it was not asked".into() })
    }

    /// What was to be answered was answered elsewhere: the session goes on.
    pub(super) fn is_in_step_again(&mut self) {
        self.is_out_of_step = false;
    }

    /// Lines that come behind a reply, until one is a variable or nothing comes.
    pub(super) fn lines_behind(&mut self, within: Duration) -> Result<Vec<String>, EvaError> {
        let deadline = Deadline::after(self.link.clock(), within);
        let mut lines = Vec::new();
        while lines.len() < MOST_LINES {
            match self.line(deadline) {
                Ok(line) => {
                    let is_variable = crate::environment::read_variable(&line).is_some();
                    lines.push(line);
                    if is_variable {
                        break;
                    }
                }
                Err(EvaError::Link { source, .. }) if source.is_timeout() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(lines)
    }

    fn drop_what_is_left(&mut self) {
        self.came.clear();
        let mut buffer = [0; 512];
        let now = Deadline::at(self.link.clock().now());
        for _ in 0..MOST_LINES {
            if self.link.read(&mut buffer, now).is_err() {
                return;
            }
        }
    }

    fn line(&mut self, deadline: Deadline) -> Result<String, EvaError> {
        let mut buffer = [0; 512];
        loop {
            if let Some(end) = self.came.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.came.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
            }
            if self.came.len() > LONGEST_LINE {
                return Err(EvaError::Protocol { what: "sends a line without an end".into() });
            }
            let count =
                self.link.read(&mut buffer, deadline).map_err(failed("read the bootloader's answer"))?;
            self.came.extend_from_slice(&buffer[..count]);
        }
    }
}
