//! Reading what a unit says by itself, and stopping its start.

use std::time::Duration;

use debrick_link::{Deadline, Moment};

use super::console::Console;
use super::error::ConsoleError;
use super::log::Log;
use super::sync::Synced;
use crate::wire;

/// When to stop reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Until {
    /// At one of these texts: the system is ready.
    pub ready: Vec<String>,
    /// When the boot loader has announced itself so many times; 0 for never.
    pub starts: u32,
    /// At a prompt of the boot loader.
    pub prompt: bool,
    /// When nothing has come for so long, after at least one byte.
    pub silence: Option<Duration>,
    /// At the first byte.
    pub any_activity: bool,
    /// Not an end: types the stop keys when the countdown comes.
    pub stop_autoboot: bool,
}

/// Why reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// One of the texts came.
    Ready {
        /// What stands behind it on its line.
        text: String,
    },
    /// A prompt came and nothing behind it.
    Prompt,
    /// The boot loader started often enough.
    Starts,
    /// Nothing came any more.
    Silence,
    /// Something came.
    Activity,
    /// The caller wanted to wait no longer.
    Stopped,
    /// None of these by the deadline.
    TimedOut,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The bytes, bounded like the console's log.
    pub log: Vec<u8>,
    /// Why it ended.
    pub reached: Reached,
    /// How often the boot loader announced itself.
    pub starts: u32,
    /// When the first byte came.
    pub first_byte_after: Option<Duration>,
    /// How long it took in all.
    pub took: Duration,
}

/// How long nothing comes behind a prompt that is known, and behind what may be one.
const KNOWN_PROMPT_QUIET: Duration = Duration::from_millis(250);
const LIKELY_PROMPT_QUIET: Duration = Duration::from_millis(1000);
/// How long a line with a ready text may stay open, as a login's does.
const READY_QUIET: Duration = Duration::from_millis(500);
/// How often stop keys are sent again while nothing happens.
const KEYS_AGAIN: Duration = Duration::from_millis(150);

/// How long a menu waits for keys.
const MENU: Duration = Duration::from_secs(3);

struct Watching<'a> {
    until: &'a Until,
    stop: &'a dyn Fn() -> bool,
    began: Moment,
    log: Log,
    starts: u32,
    first: Option<Moment>,
    last: Moment,
    /// When stop keys were sent last, in this start.
    keys_sent: Option<Moment>,
    /// Whether a countdown went by although keys were sent: the next start gets them from its first line on.
    eager: bool,
    booting: bool,
    /// When a vendor's text asked for the keys on a line that is over: a menu's, say.
    menu: Option<Moment>,
    /// Whether a prompt counts that was there before; it may be out of date, and has to be proven.
    old_prompt: bool,
}

impl Console {
    /// Reads what the unit says by itself. Sends nothing, except for the stop keys if it is asked to.
    pub fn watch(&mut self, until: &Until, deadline: Deadline) -> Result<Watched, ConsoleError> {
        self.watch_unless(until, deadline, &|| false)
    }

    /// The same; ends with [`Reached::Stopped`] soon after `stop` says so, which is asked many times a second.
    pub fn watch_unless(
        &mut self,
        until: &Until,
        deadline: Deadline,
        stop: &dyn Fn() -> bool,
    ) -> Result<Watched, ConsoleError> {
        self.watch_from(until, false, deadline, stop)
    }

    fn watch_from(
        &mut self,
        until: &Until,
        old_prompt: bool,
        deadline: Deadline,
        stop: &dyn Fn() -> bool,
    ) -> Result<Watched, ConsoleError> {
        let now = self.clock().now();
        self.running = None;
        self.forget_text();
        let mut watching = Watching {
            until,
            stop,
            began: now,
            log: Log::default(),
            starts: 0,
            first: None,
            last: now,
            keys_sent: None,
            eager: false,
            booting: false,
            menu: None,
            old_prompt,
        };
        let reached = self.watch_on(&mut watching, deadline)?;
        let now = self.clock().now();
        self.forget_text();
        Ok(Watched {
            log: watching.log.take(),
            reached,
            starts: watching.starts,
            first_byte_after: watching.first.map(|first| first.since(watching.began)),
            took: now.since(watching.began),
        })
    }

    /// Stops the unit's start and ends at a proven prompt. Waits for the countdown if there is none yet; returns at once
    /// if a prompt is there already.
    pub fn interrupt(&mut self, deadline: Deadline) -> Result<Watched, ConsoleError> {
        self.interrupt_unless(deadline, &|| false)
    }

    /// The same; ends with [`Reached::Stopped`], and at no prompt, soon after `stop` says so.
    pub fn interrupt_unless(
        &mut self,
        deadline: Deadline,
        stop: &dyn Fn() -> bool,
    ) -> Result<Watched, ConsoleError> {
        let until = Until { prompt: true, stop_autoboot: true, ..Until::default() };
        let mut watched = self.first_look(&until, deadline, stop)?;
        loop {
            if watched.reached == Reached::Stopped {
                return Ok(watched);
            }
            if watched.reached == Reached::Prompt {
                let enough = self.within(Duration::from_secs(8)).or_earlier(deadline);
                match self.sync_unless(enough, stop) {
                    Ok(Synced::AtPrompt) => return Ok(watched),
                    Ok(Synced::Stopped) => {
                        watched.reached = Reached::Stopped;
                        return Ok(watched);
                    }
                    // It was not a prompt, or the unit is on its way somewhere else.
                    Err(ConsoleError::NoPrompt { .. } | ConsoleError::Unsupported { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
            if deadline.has_passed(self.clock()) {
                return Err(ConsoleError::NoPrompt {
                    tail: String::from_utf8_lossy(&watched.log).into_owned(),
                }
                .with_short_tail());
            }
            let untried = watched.reached != Reached::Prompt;
            let more = self.watch_from(&until, untried, deadline, stop)?;
            watched = joined(watched, more);
        }
    }

    /// Whether a prompt waits already: a unit that says nothing is asked by a Ctrl-C, which a start takes no notice of.
    fn first_look(
        &mut self,
        until: &Until,
        deadline: Deadline,
        stop: &dyn Fn() -> bool,
    ) -> Result<Watched, ConsoleError> {
        let began = self.clock().now();
        let soon = self.within(Duration::from_millis(300)).or_earlier(deadline);
        let mut watched = self.watch_unless(until, soon, stop)?;
        if watched.first_byte_after.is_none() && watched.reached != Reached::Stopped {
            self.send(&[wire::CTRL_C])?;
            let soon = self.within(Duration::from_millis(700)).or_earlier(deadline);
            let until = Until { silence: Some(Duration::from_millis(200)), ..until.clone() };
            let more = self.watch_unless(&until, soon, stop)?;
            watched = joined(watched, more);
            let is_prompt = is_likely_prompt(&self.open_line()) || self.at_prompt();
            if is_prompt && watched.reached != Reached::Stopped {
                watched.reached = Reached::Prompt;
            }
        }
        watched.took = self.clock().now().since(began);
        Ok(watched)
    }

    fn watch_on(&mut self, watching: &mut Watching<'_>, deadline: Deadline) -> Result<Reached, ConsoleError> {
        loop {
            let now = self.clock().now();
            if let Some(reached) = self.reached(watching, now) {
                return Ok(reached);
            }
            if (watching.stop)() {
                return Ok(Reached::Stopped);
            }
            if Deadline::at(now) >= deadline {
                return Ok(Reached::TimedOut);
            }
            if watching.until.stop_autoboot {
                self.stop_autoboot(watching, now)?;
            }
            let pause = Deadline::at(now + Duration::from_millis(50));
            if self.fetch(pause.or_earlier(deadline))? == 0 {
                continue;
            }
            let now = self.clock().now();
            watching.first.get_or_insert(now);
            watching.last = now;
            while let Some((byte, line)) = self.next_byte() {
                watching.log.push(&[byte]);
                let Some(line) = line else {
                    continue;
                };
                self.end_line(&line);
                let line = String::from_utf8_lossy(&line).into_owned();
                if let Some(reached) = self.line_ended(watching, &line) {
                    return Ok(reached);
                }
            }
        }
    }

    fn line_ended(&mut self, watching: &mut Watching<'_>, line: &str) -> Option<Reached> {
        if wire::is_banner(line) {
            watching.starts += 1;
            watching.eager |= watching.booting;
            watching.booting = true;
            (watching.keys_sent, watching.menu) = (None, None);
            if watching.until.starts > 0 && watching.starts >= watching.until.starts {
                return Some(Reached::Starts);
            }
        }
        if self.config.stop_at.is_some() && self.asks_for_keys(line) {
            watching.menu = Some(watching.last);
        }
        ready_text(&watching.until.ready, line).map(|text| Reached::Ready { text })
    }

    fn reached(&self, watching: &Watching<'_>, now: Moment) -> Option<Reached> {
        let until = watching.until;
        if watching.first.is_none() && !watching.old_prompt {
            return None;
        }
        let quiet = now.since(watching.last);
        if until.any_activity && watching.first.is_some() {
            return Some(Reached::Activity);
        }
        let line = self.open_line();
        if quiet >= READY_QUIET
            && let Some(text) = ready_text(&until.ready, &line)
        {
            return Some(Reached::Ready { text });
        }
        if until.prompt {
            let known = self.at_prompt() && quiet >= KNOWN_PROMPT_QUIET;
            let likely = quiet >= LIKELY_PROMPT_QUIET && is_likely_prompt(&line);
            if known || likely {
                return Some(Reached::Prompt);
            }
        }
        until.silence.filter(|&silence| quiet >= silence).map(|_| Reached::Silence)
    }

    fn stop_autoboot(&mut self, watching: &mut Watching<'_>, now: Moment) -> Result<(), ConsoleError> {
        let line = self.open_line();
        let asked = self.asks_for_keys(&line) || watching.menu.is_some_and(|menu| now.since(menu) < MENU);
        let early = watching.eager && watching.booting;
        let due = watching.keys_sent.is_none_or(|sent| now.since(sent) >= KEYS_AGAIN);
        if (asked || early) && due && !self.at_prompt() && !is_likely_prompt(&line) {
            let keys = self.config.stop_keys.clone();
            self.send(&keys)?;
            watching.keys_sent = Some(now);
        }
        Ok(())
    }

    fn asks_for_keys(&self, line: &str) -> bool {
        match &self.config.stop_at {
            Some(text) => line.contains(text.as_str()),
            None => line.contains(wire::COUNTDOWN_CORE) || line.contains("Hit any key to stop"),
        }
    }
}

fn joined(mut first: Watched, second: Watched) -> Watched {
    let mut log = Log::default();
    log.push(&first.log);
    log.push(&second.log);
    first.log = log.take();
    first.reached = second.reached;
    first.starts += second.starts;
    first.first_byte_after =
        first.first_byte_after.or(second.first_byte_after.map(|after| after + first.took));
    first.took += second.took;
    first
}

fn ready_text(ready: &[String], line: &str) -> Option<String> {
    ready.iter().find_map(|text| {
        let at = line.find(text.as_str())?;
        Some(line[at + text.len()..].trim().to_owned())
    })
}

/// Whether an open line may be a boot loader's prompt. Not a proof.
pub(super) fn is_likely_prompt(line: &str) -> bool {
    let trimmed = line.trim_end();
    let spaces = line.len() - trimmed.len();
    let ends = ["=>", ">", "#", "$"].iter().any(|end| trimmed.ends_with(end));
    // Stop keys that came too late, or too often, stand behind it.
    ends && trimmed.len() <= 40 && spaces <= 16 && !trimmed.contains("==>")
}

impl ConsoleError {
    fn with_short_tail(self) -> Self {
        match self {
            Self::NoPrompt { tail } => Self::NoPrompt { tail: super::error::tail_of(&tail) },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts() {
        for prompt in ["=> ", "MT7621 # ", "ath> ", "U-Boot> ", "=>    ", "hornet> "] {
            assert!(is_likely_prompt(prompt), "{prompt}");
        }
        for other in ["", "Loading: *", "crc32 for 0 ... 1 ==> ", "login: ", "Net:   "] {
            assert!(!is_likely_prompt(other), "{other}");
        }
    }

    #[test]
    fn ready_texts() {
        let ready = ["login:".to_owned(), "ACME-READY".to_owned()];
        assert_eq!(ready_text(&ready, "[12.3] ACME-READY version=2.0.1 \r"), Some("version=2.0.1".into()));
        assert_eq!(ready_text(&ready, "router login: "), Some(String::new()));
        assert_eq!(ready_text(&ready, "Starting kernel"), None);
    }
}
