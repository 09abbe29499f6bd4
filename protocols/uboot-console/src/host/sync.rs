//! From any state to a prompt that is proven and learned.

use std::time::Duration;

use debrick_link::Deadline;

use super::console::{Console, line_time};
use super::error::ConsoleError;
use super::typing::Pace;
use crate::wire;

/// What nobody types for the length of a few letters at 9600 baud, adapters included.
const QUIET: Duration = Duration::from_millis(60);
/// Longest prompt.
const LONGEST_PROMPT: usize = 64;

/// How an attempt at a prompt ended that could be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synced {
    /// At a prompt that is proven.
    AtPrompt,
    /// The caller wanted to wait no longer.
    Stopped,
}

impl Console {
    /// Reaches a prompt from any state: a half-typed line, a command that runs, a serial transfer that waits, a host
    /// program that died. Proves it by an `echo` of a text that was never printed before, and learns it.
    pub fn sync(&mut self, deadline: Deadline) -> Result<(), ConsoleError> {
        self.sync_unless(deadline, &|| false).map(drop)
    }

    /// The same; ends with [`Synced::Stopped`] once `stop` says so, which is asked before every round of knocking.
    pub fn sync_unless(
        &mut self,
        deadline: Deadline,
        stop: &dyn Fn() -> bool,
    ) -> Result<Synced, ConsoleError> {
        self.running = None;
        let mut round = 0;
        loop {
            if stop() {
                return Ok(Synced::Stopped);
            }
            self.knock(round, deadline)?;
            if let Some(prompt) = self.prove(deadline)? {
                self.check_boot_loader(&prompt, deadline)?;
                self.prompt = Some(prompt);
                self.forget_text();
                return Ok(Synced::AtPrompt);
            }
            round += 1;
            if deadline.has_passed(self.clock()) {
                return Err(ConsoleError::NoPrompt { tail: self.tail() });
            }
        }
    }

    /// Ends whatever runs. What is sent first is what can do the least harm; Enter comes last, because it may repeat the
    /// command before.
    fn knock(&mut self, round: u32, deadline: Deadline) -> Result<(), ConsoleError> {
        let babble = self.within(Duration::from_millis(1500)).or_earlier(deadline);
        self.send(&[wire::CTRL_C])?;
        let count = self.settle(Duration::from_millis(150), babble)?;
        if count > 0 && self.looks_like_prompt() {
            return Ok(());
        }
        // A serial transfer takes no Ctrl-C. At a prompt, this only wipes out the line.
        self.send(&[wire::CANCEL; 3])?;
        let babble = self.within(Duration::from_millis(1500)).or_earlier(deadline);
        self.settle(Duration::from_millis(200), babble)?;
        let tail = self.tail();
        if tail.contains("press ESC") {
            self.send(&[0x1B])?;
        }
        if tail.contains("press ENTER") || round >= 2 {
            self.send(&[wire::ENTER])?;
        }
        self.send(&[wire::CTRL_C])?;
        let babble = self.within(Duration::from_millis(1500)).or_earlier(deadline);
        self.settle(Duration::from_millis(150), babble)?;
        Ok(())
    }

    fn looks_like_prompt(&self) -> bool {
        let line = self.terminal.line();
        (1..=LONGEST_PROMPT).contains(&line.len()) && !line.iter().all(|&byte| byte == b'C')
    }

    /// Has a marker echoed; the prompt if that worked, and if the same one stood before and after.
    fn prove(&mut self, deadline: Deadline) -> Result<Option<String>, ConsoleError> {
        if !self.looks_like_prompt() {
            return Ok(None);
        }
        let Some((mut before, mut after)) = self.echo_marker("echo ", deadline)? else {
            return Ok(None);
        };
        // Once more if a part of one was still under way, or if the first was something else.
        for _ in 0..2 {
            if before == after {
                return Ok(Some(after));
            }
            match self.echo_marker("echo ", deadline)? {
                Some(next) => (before, after) = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Types `{command}{marker}`; the line before the typed one's text, and the line after the answer.
    fn echo_marker(
        &mut self,
        command: &str,
        deadline: Deadline,
    ) -> Result<Option<(String, String)>, ConsoleError> {
        let marker = self.marker();
        let line = format!("{command}{marker}");
        let before = self.open_line();
        let piece = if self.pace == Pace::Line { line.len() } else { 1 };
        let mut wanted = before.clone();
        for part in line.as_bytes().chunks(piece) {
            self.send(part)?;
            wanted.push_str(&String::from_utf8_lossy(part));
            let end = self.within(Duration::from_millis(800) + line_time(64)).or_earlier(deadline);
            while self.open_line() != wanted {
                if self.pump(end)? == 0 {
                    return Ok(None);
                }
            }
        }
        self.forget_text();
        self.send(&[wire::ENTER])?;
        let end = self.within(Duration::from_millis(1500) + line_time(256)).or_earlier(deadline);
        loop {
            let answered = self.text.lines().any(|line| line == marker);
            let refused = self.text.contains("Unknown command") && !command.is_empty();
            if answered || refused {
                self.settle(QUIET, end)?;
                let after = self.open_line();
                if refused && !answered && self.text.contains("'echo'") {
                    // It has no `echo`; but it quotes what it does not know.
                    return self.quoted_marker(after, deadline);
                }
                let proper = (1..=LONGEST_PROMPT).contains(&after.len());
                return Ok((answered && proper).then_some((before, after)));
            }
            if self.pump(end)? == 0 {
                return Ok(None);
            }
        }
    }

    fn quoted_marker(
        &mut self,
        before: String,
        deadline: Deadline,
    ) -> Result<Option<(String, String)>, ConsoleError> {
        let marker = self.marker();
        self.forget_text();
        self.send(marker.as_bytes())?;
        self.send(&[wire::ENTER])?;
        let end = self.within(Duration::from_secs(2)).or_earlier(deadline);
        let quoted = format!("'{marker}'");
        while !self.text.contains(&quoted) {
            if self.pump(end)? == 0 {
                return Ok(None);
            }
        }
        self.settle(QUIET, end)?;
        Ok(Some((before, self.open_line())))
    }

    /// A shell of a running system echoes as well. Only a boot loader may be driven from here.
    fn check_boot_loader(&mut self, prompt: &str, deadline: Deadline) -> Result<(), ConsoleError> {
        if self.is_boot_loader {
            return Ok(());
        }
        self.forget_text();
        self.send(b"version\r")?;
        let end = self.within(Duration::from_secs(2) + line_time(400)).or_earlier(deadline);
        while self.terminal.line() != prompt.as_bytes() || self.text.is_empty() {
            if self.pump(end)? == 0 {
                break;
            }
        }
        self.settle(QUIET, end)?;
        let text = self.text.to_ascii_lowercase();
        if text.contains("not found") && !text.contains("u-boot") {
            return Err(ConsoleError::Unsupported {
                what: "be driven: a running system's shell answers, not the boot loader".into(),
            });
        }
        self.is_boot_loader = true;
        Ok(())
    }
}
