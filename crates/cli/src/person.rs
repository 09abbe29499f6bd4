//! A person who is led into a recovery mode: what they are shown, and what they type.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::time::Duration;

use debrick_coach::{Cue, Seen};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use crate::style::Style;
use crate::{json, out};

/// How long the person is waited for before the sensors are looked at again, in milliseconds.
const LOOK_EVERY_MS: u16 = 50;

/// The most that is read of what a person types, in bytes.
const LONGEST: usize = 4096;

/// Shows cues.
pub(crate) struct CueView {
    json: bool,
    style: Style,
    /// Whether a countdown stands in the last line.
    counting: bool,
}

impl CueView {
    pub(crate) fn new(json: bool, style: Style) -> Self {
        Self { json, style, counting: false }
    }

    pub(crate) fn show(&mut self, cue: &Cue) {
        if self.json {
            json::line("debrick.coach/1", cue);
            return;
        }
        let style = self.style;
        if let Cue::Count { until, left } = cue {
            let text = format!("   {until} in {left} s");
            if std::io::stderr().is_terminal() {
                out::prompt(&format!("\r{text}   "));
                self.counting = true;
            } else {
                out::note(&text);
            }
            return;
        }
        if std::mem::take(&mut self.counting) {
            out::note("");
        }
        let text = match cue {
            Cue::Do { number, of, text, say_done } => {
                let done = match say_done {
                    true if text.starts_with("Switch it on") => " Press Enter in that moment.",
                    true => " Press Enter when it is done.",
                    false => "",
                };
                format!("{} {text}{}", style.strong(&format!("{number}/{of}")), style.faint(done))
            }
            Cue::Now { text } => style.warn(&format!(">>> {text} <<<")),
            Cue::Saw { text, after_ms: Some(after) } => {
                let text = out::harmless(text);
                style.faint(&format!("   {:.1} s after power: {text}", *after as f64 / 1000.0))
            }
            Cue::Saw { text, after_ms: None } => style.faint(&format!("   {}", out::harmless(text))),
            Cue::Ask { text } => format!("{} Type yes or no, and Enter.", style.strong(text)),
            Cue::Again { attempt, of, why, change } => {
                let head = style.strong(&format!("Once more ({attempt} of at most {of})."));
                format!("\n{why} {head} {}", style.strong(change))
            }
            Cue::Reached { by } => style.good(&format!("It is in its recovery mode: {}.", out::harmless(by))),
            Cue::GaveUp { why, next } => {
                let lines: Vec<String> = why.iter().map(|line| format!("  {line}")).collect();
                let head = style.bad("It did not work, and the same again would not help.");
                format!("\n{head}\n{}\n{} {next}", lines.join("\n"), style.strong("next:"))
            }
            Cue::Count { .. } => return,
        };
        out::data(&text);
    }
}

/// What is typed: Enter, yes or no.
#[derive(Default)]
pub(crate) struct Person {
    typed: Vec<u8>,
    has_left: bool,
}

impl Person {
    /// Waits a moment for a line.
    pub(crate) fn says(&mut self) -> Vec<Seen> {
        let stdin = std::io::stdin();
        if self.has_left {
            std::thread::sleep(Duration::from_millis(LOOK_EVERY_MS.into()));
            return vec![];
        }
        let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, LOOK_EVERY_MS) {
            Ok(0) | Err(Errno::EINTR) => return vec![],
            Ok(_) => {}
            Err(_) => {
                self.has_left = true;
                return vec![];
            }
        }
        let mut bytes = [0; LONGEST];
        match nix::unistd::read(stdin.as_fd(), &mut bytes) {
            Ok(count) if count > 0 => self.typed.extend_from_slice(&bytes[..count]),
            _ => self.has_left = true,
        }
        let mut said = Vec::new();
        while let Some(end) = self.typed.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.typed.drain(..=end).collect();
            said.push(match String::from_utf8_lossy(&line).trim().to_ascii_lowercase().as_str() {
                "yes" | "y" => Seen::SeesIt(true),
                "no" | "n" => Seen::SeesIt(false),
                _ => Seen::Done,
            });
        }
        self.typed.truncate(LONGEST);
        said
    }
}
