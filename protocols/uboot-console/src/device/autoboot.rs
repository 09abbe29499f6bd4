//! The countdown.

use std::collections::VecDeque;
use std::time::Duration;

use debrick_link::clock::Moment;

use super::config::StopPolicy;

/// How much is remembered of what was typed.
pub(super) const MOST_TYPED: usize = 256;
const SECOND: Duration = Duration::from_secs(1);

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    Boot,
    Stop,
}

/// A countdown under way.
#[derive(Debug)]
pub(super) struct Countdown {
    left: i32,
    /// When the next second is over.
    next: Moment,
    typed: Vec<u8>,
    deaf: bool,
}

impl Countdown {
    /// Begins; the text is what is printed first.
    pub(super) fn new(stop: &StopPolicy, delay: i32, now: Moment) -> (Self, String) {
        let text = match stop {
            _ if delay < 0 => String::new(),
            StopPolicy::AnyKey => format!("Hit any key to stop autoboot: {delay:2} "),
            StopPolicy::Exact { prompt, .. } => prompt.replace("%d", &delay.to_string()),
            StopPolicy::Menu { text, .. } => format!("{text}{delay:2} "),
        };
        let next = if delay > 0 { now + SECOND } else { now };
        (Self { left: delay.max(0), next, typed: Vec::new(), deaf: delay < 0 }, text)
    }

    pub(super) fn wake(&self) -> Option<Moment> {
        Some(self.next)
    }

    /// Looks at what was typed and at the time.
    pub(super) fn poll(
        &mut self,
        stop: &StopPolicy,
        typed: &mut VecDeque<u8>,
        now: Moment,
        text: &mut String,
    ) -> Verdict {
        let counts = !matches!(stop, StopPolicy::Exact { .. });
        while let Some(byte) = typed.pop_front().filter(|_| !self.deaf) {
            match stop {
                StopPolicy::AnyKey => {
                    text.push_str("\u{8}\u{8}\u{8} 0 \n");
                    return Verdict::Stop;
                }
                StopPolicy::Menu { key, .. } => {
                    text.push_str(&format!("\n\nYou choosed {}\n\n", char::from(byte)));
                    return if byte == *key { Verdict::Stop } else { Verdict::Boot };
                }
                StopPolicy::Exact { text: wanted, .. } => {
                    if self.typed.len() == MOST_TYPED {
                        self.typed.remove(0);
                    }
                    self.typed.push(byte);
                    if self.typed.ends_with(wanted) {
                        return Verdict::Stop;
                    }
                }
            }
        }
        while self.left > 0 && self.next <= now {
            self.left -= 1;
            if counts {
                text.push_str(&format!("\u{8}\u{8}\u{8}{:2} ", self.left));
            }
            if self.left > 0 {
                self.next = self.next + SECOND;
            }
        }
        if self.left > 0 {
            return Verdict::Wait;
        }
        if counts && !self.deaf {
            text.push('\n');
        }
        Verdict::Boot
    }
}
