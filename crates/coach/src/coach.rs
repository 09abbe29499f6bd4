//! The state machine: time and sightings in, cues out.

use std::time::Duration;

use serde::Serialize;

use crate::procedure::{Moved, Procedure, Seen, in_words, proves, starts_normally};
use crate::timing::{self, Miss, seconds};

/// How often a person is led through before the coach gives up.
pub(crate) const MOST_ATTEMPTS: usize = 6;

/// How long a person is waited for.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long the mode is waited for after the button was let go, where the catalog does not say.
const USUAL_WAIT: Duration = Duration::from_secs(25);

/// How long a button is held at most while its sign is waited for.
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// What can be sensed on this computer, besides the person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Senses {
    /// The link of the network port.
    pub link: bool,
    /// Requests of the unit on the network, or whether it answers there.
    pub network: bool,
    /// USB devices that come and go.
    pub usb: bool,
    /// The console.
    pub console: bool,
}

impl Senses {
    fn can(self, sign: &debrick_catalog::Sign) -> bool {
        use debrick_catalog::Sign;
        match sign {
            Sign::Link => self.link,
            Sign::Arp | Sign::Bootp | Sign::TftpRequest { .. } | Sign::Answers | Sign::Page => self.network,
            Sign::Usb { .. } => self.usb,
            Sign::Console { .. } => self.console,
            Sign::Light { .. } | Sign::Screen { .. } | Sign::Vibration | Sign::Beep { .. } => false,
        }
    }
}

/// Something to show to the person.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cue")]
pub enum Cue {
    /// Do this. Where nothing can sense it, the person says when it is done.
    Do {
        /// Which move, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// The words.
        text: String,
        /// Whether the person has to say that it is done, or that it is being done right now.
        say_done: bool,
    },
    /// So long still.
    Count {
        /// What happens then.
        until: String,
        /// Seconds that are left.
        left: u64,
    },
    /// Now, at once.
    Now {
        /// The words.
        text: String,
    },
    /// This was sensed.
    Saw {
        /// What, as half a sentence.
        text: String,
        /// Milliseconds since the power came on.
        after_ms: Option<u64>,
    },
    /// Does the person see this?
    Ask {
        /// The question.
        text: String,
    },
    /// It did not work; once more, with a change.
    Again {
        /// Which attempt begins, from 2.
        attempt: usize,
        /// Of how many at most.
        of: usize,
        /// What was seen instead.
        why: String,
        /// What is different now.
        change: String,
    },
    /// The mode is reached.
    Reached {
        /// What proves it.
        by: String,
    },
    /// It did not work, and trying again would be the same.
    GaveUp {
        /// What was seen in each attempt.
        why: Vec<String>,
        /// What to do now.
        next: String,
    },
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The mode is reached.
    Reached,
    /// It is not, and will not be this way.
    GaveUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A move was asked for, at this time.
    Asked {
        place: usize,
        at: Duration,
    },
    /// The button is held until then.
    Holding {
        place: usize,
        until: Duration,
        next_count: Duration,
    },
    /// The mode is waited for until then.
    Waiting {
        until: Duration,
    },
    /// The person was asked whether they see the sign.
    Asking {
        at: Duration,
    },
    Over(Ending),
}

/// Leads through one procedure.
#[derive(Debug)]
pub struct Coach {
    procedure: Procedure,
    senses: Senses,
    phase: Phase,
    /// When the power came on.
    began: Option<Duration>,
    /// When the button was asked to be let go, since then.
    let_go: Option<Duration>,
    plan: timing::Plan,
    seen: Vec<(Duration, Seen)>,
    misses: Vec<(Miss, String)>,
}

impl Coach {
    /// Ready to lead; `start` begins.
    pub fn new(procedure: Procedure, senses: Senses) -> Self {
        let plan = Self::plan(&procedure, &[]);
        Self {
            procedure,
            senses,
            phase: Phase::Waiting { until: Duration::ZERO },
            began: None,
            let_go: None,
            plan,
            seen: Vec::new(),
            misses: Vec::new(),
        }
    }

    fn plan(procedure: &Procedure, misses: &[(Miss, String)]) -> timing::Plan {
        let misses: Vec<Miss> = misses.iter().map(|(miss, _)| *miss).collect();
        let (least, most) = procedure.letting_go().map_or((None, None), |(_, one)| (one.least, one.most));
        timing::plan(least, most, &misses)
    }

    /// Whether it is over, and how.
    pub fn ending(&self) -> Option<Ending> {
        match self.phase {
            Phase::Over(ending) => Some(ending),
            _ => None,
        }
    }

    /// Attempts that missed so far.
    pub fn misses(&self) -> usize {
        self.misses.len()
    }

    /// When the button was let go in this attempt, since the power came on; `None` where it was not yet, or there is none.
    pub fn let_go(&self) -> Option<Duration> {
        self.let_go.filter(|_| self.procedure.letting_go().is_some())
    }

    /// What was seen in each attempt that missed, in sentences.
    pub fn misses_in_words(&self) -> Vec<String> {
        let in_words = |(index, (miss, why)): (usize, &(Miss, String))| {
            format!("Attempt {}: let go {} after power. {why}.", index + 1, seconds(miss.let_go))
        };
        self.misses.iter().enumerate().map(in_words).collect()
    }

    /// Begins with the first move.
    pub fn start(&mut self, now: Duration) -> Vec<Cue> {
        self.go_to(0, now)
    }

    /// When `tick` is wanted at the latest.
    pub fn wakes_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Asked { at, .. } | Phase::Asking { at } => Some(at + PATIENCE),
            Phase::Holding { until, next_count, .. } => Some(until.min(next_count)),
            Phase::Waiting { until } => Some(until),
            Phase::Over(_) => None,
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) -> Vec<Cue> {
        match self.phase {
            Phase::Asked { at, .. } | Phase::Asking { at } if now >= at + PATIENCE => {
                self.give_up("Nobody answered for three minutes.")
            }
            Phase::Holding { place, until, .. } if now >= until => self.let_go_now(place, now),
            Phase::Holding { place, until, next_count } if now >= next_count => {
                let left = until.saturating_sub(now).as_secs_f64().round() as u64;
                self.phase = Phase::Holding { place, until, next_count: next_count + Duration::from_secs(1) };
                vec![Cue::Count { until: "let go".into(), left }]
            }
            Phase::Waiting { until } if now >= until => self.nothing_came(now),
            _ => vec![],
        }
    }

    /// Something was seen, or said.
    pub fn take(&mut self, now: Duration, seen: Seen) -> Vec<Cue> {
        if self.ending().is_some() {
            return vec![];
        }
        let mut cues = Vec::new();
        let is_said = matches!(seen, Seen::Done | Seen::SeesIt(_));
        if !is_said {
            let after = self.began.map(|began| now.saturating_sub(began));
            let after_ms = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            if !matches!(seen, Seen::Console(_)) || starts_normally(&seen) {
                cues.push(Cue::Saw { text: in_words(&seen), after_ms });
            }
            self.seen.push((now, seen.clone()));
        }
        if self.procedure.is_reached_by(&seen) && self.is_due() {
            if let Phase::Holding { .. } = self.phase {
                cues.push(Cue::Now { text: "Let go.".into() });
            }
            self.phase = Phase::Over(Ending::Reached);
            cues.push(Cue::Reached { by: in_words(&seen) });
            return cues;
        }
        cues.extend(self.react(now, &seen));
        cues
    }

    /// Whether the mode can have begun: what is seen before the power came on is from before.
    fn is_due(&self) -> bool {
        self.began.is_some()
    }

    fn react(&mut self, now: Duration, seen: &Seen) -> Vec<Cue> {
        match self.phase {
            Phase::Asked { place, .. } => {
                let one = &self.procedure.moves[place];
                let proven = one.sign.as_ref().is_some_and(|sign| proves(sign, seen));
                let shows_power = one.moved == Moved::Begin && is_life(seen);
                let shows_off = one.moved == Moved::PowerOff && is_death(seen);
                match seen {
                    Seen::Done => self.did(place, now),
                    _ if proven || shows_power || shows_off => self.did(place, now),
                    _ => vec![],
                }
            }
            Phase::Holding { place, .. } => {
                let sign = self.procedure.moves[place].sign.as_ref();
                if sign.is_some_and(|sign| proves(sign, seen)) { self.let_go_now(place, now) } else { vec![] }
            }
            Phase::Waiting { .. } if starts_normally(seen) => {
                self.miss(now, "The device started its own system")
            }
            Phase::Asking { .. } => match seen {
                Seen::SeesIt(true) => {
                    self.phase = Phase::Over(Ending::Reached);
                    vec![Cue::Reached { by: "you see it".into() }]
                }
                Seen::SeesIt(false) => self.miss(now, "You did not see its sign"),
                _ => vec![],
            },
            _ => vec![],
        }
    }

    /// A move was done; on to the next.
    fn did(&mut self, place: usize, now: Duration) -> Vec<Cue> {
        if self.procedure.moves[place].moved == Moved::Begin {
            self.began = Some(now);
        }
        self.go_to(place + 1, now)
    }

    fn go_to(&mut self, place: usize, now: Duration) -> Vec<Cue> {
        let of = self.procedure.moves.len();
        let Some(one) = self.procedure.moves.get(place) else { return self.wait(None, now) };
        match one.moved {
            Moved::Hands | Moved::PowerOff | Moved::Begin => {
                self.phase = Phase::Asked { place, at: now };
                // When the power came on is best said by the person: what can be sensed comes later.
                let sensed = one.sign.as_ref().is_some_and(|sign| self.senses.can(sign));
                let text = one.text.clone();
                vec![Cue::Do { number: place + 1, of, text, say_done: !sensed || one.moved == Moved::Begin }]
            }
            // Both hands are busy: the next move is told with it.
            Moved::Hold => {
                let text = format!("{} Keep it held.", one.text);
                let mut cues = vec![Cue::Do { number: place + 1, of, text, say_done: false }];
                cues.extend(self.go_to(place + 1, now));
                cues
            }
            Moved::LetGo => {
                let began = *self.began.get_or_insert(now);
                let waits_for_sign = one.sign.as_ref().is_some_and(|sign| self.senses.can(sign));
                let until = match waits_for_sign && self.misses.is_empty() {
                    // The sign says when; the clock only ends the waiting for it.
                    true => began + one.most.unwrap_or(LONGEST_HOLD).max(self.plan.at),
                    false => began + self.plan.at,
                };
                self.phase = Phase::Holding { place, until, next_count: now };
                vec![Cue::Do { number: place + 1, of, text: one.text.clone(), say_done: false }]
            }
            Moved::Wait => {
                let longest = one.most.or(one.least);
                let text = one.text.clone();
                let mut cues = vec![Cue::Do { number: place + 1, of, text, say_done: false }];
                let is_last = place + 1 == of;
                if is_last || one.sign.is_some() {
                    cues.extend(self.wait(longest, now));
                } else {
                    let until = now + one.least.unwrap_or_default();
                    self.phase = Phase::Holding { place, until, next_count: now };
                }
                cues
            }
        }
    }

    fn let_go_now(&mut self, place: usize, now: Duration) -> Vec<Cue> {
        let mut cues = Vec::new();
        if self.procedure.moves[place].moved == Moved::LetGo {
            self.let_go = self.began.map(|began| now.saturating_sub(began));
            cues.push(Cue::Now { text: "Let go.".into() });
        }
        // The system was seen to start already: there is nothing to wait for.
        let started = self.since_power(starts_normally).is_some();
        if started {
            cues.extend(self.miss(now, "The device started its own system"));
        } else {
            cues.extend(self.go_to(place + 1, now));
        }
        cues
    }

    /// Waits for the mode.
    fn wait(&mut self, longest: Option<Duration>, now: Duration) -> Vec<Cue> {
        self.began.get_or_insert(now);
        self.phase = Phase::Waiting { until: now + longest.unwrap_or_default().max(USUAL_WAIT) };
        if self.procedure.goals.iter().any(|goal| self.senses.can(goal)) {
            return vec![];
        }
        self.phase = Phase::Asking { at: now };
        vec![Cue::Ask { text: format!("Is it so: {}?", self.procedure.reaches) }]
    }

    fn nothing_came(&mut self, now: Duration) -> Vec<Cue> {
        let text = match self.since_power(|seen| *seen == Seen::LinkUp) {
            Some(after) => {
                format!("The link came up {} after power, and then nothing of the mode", seconds(after))
            }
            None => "Nothing of the mode was seen".into(),
        };
        self.miss(now, &text)
    }

    fn since_power(&self, wanted: impl Fn(&Seen) -> bool) -> Option<Duration> {
        let began = self.began?;
        let found = self.seen.iter().find(|(at, seen)| *at >= began && wanted(seen));
        found.map(|(at, _)| at.saturating_sub(began))
    }

    fn miss(&mut self, now: Duration, why: &str) -> Vec<Cue> {
        let let_go = self.let_go.unwrap_or(self.plan.at);
        let link = self.since_power(|seen| *seen == Seen::LinkUp);
        let started = self.since_power(starts_normally);
        self.misses.push((Miss { let_go, link, started }, why.to_owned()));
        if self.misses.len() >= MOST_ATTEMPTS {
            return self.give_up("");
        }
        self.plan = Self::plan(&self.procedure, &self.misses);
        let has_button = self.procedure.letting_go().is_some();
        let change = match self.plan.why.clone().filter(|_| has_button) {
            Some(change) => change,
            None => "Begin from the first move, and leave it without power for ten seconds.".into(),
        };
        (self.began, self.let_go) = (None, None);
        self.seen.clear();
        let attempt = self.misses.len() + 1;
        let mut cues = vec![Cue::Again { attempt, of: MOST_ATTEMPTS, why: format!("{why}."), change }];
        cues.extend(self.go_to(0, now));
        cues
    }

    fn give_up(&mut self, last: &str) -> Vec<Cue> {
        self.phase = Phase::Over(Ending::GaveUp);
        let mut why = self.misses_in_words();
        if !last.is_empty() {
            why.push(last.to_owned());
        }
        let never_alive = self.misses.len() > 1
            && self.misses.iter().all(|(miss, _)| miss.link.is_none() && miss.started.is_none());
        let next = if never_alive && (self.senses.link || self.senses.console) {
            "Nothing of the device was seen in any attempt: check its power, the cable, and that it is in the right port."
        } else {
            "The button may be worn, or this revision has another way: try another method of `debrick devices show`, or \
             the serial console."
        };
        vec![Cue::GaveUp { why, next: next.into() }]
    }
}

/// Whether this shows that the unit has power.
fn is_life(seen: &Seen) -> bool {
    matches!(
        seen,
        Seen::LinkUp | Seen::Arp | Seen::Bootp | Seen::TftpRequest(_) | Seen::Usb(_) | Seen::Console(_)
    )
}

/// Whether this shows that the unit lost its power.
fn is_death(seen: &Seen) -> bool {
    matches!(seen, Seen::LinkDown | Seen::UsbGone(_))
}
