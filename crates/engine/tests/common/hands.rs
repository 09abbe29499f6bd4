//! A person at the button: slow, sometimes hasty, sometimes clumsy, as drawn from a seed.

use std::time::Duration;

use debrick_coach::{Cue, Seen};
use debrick_link::{Clock as _, Rng};
use debrick_virtual_bench::{Bench, VirtualRouter};

/// A person at the button.
pub struct Hands {
    bench: Bench,
    rng: Rng,
    /// Seconds from a cue to the hand's move.
    slowness: f64,
    /// How often the button is let go too early, of a thousand times.
    pub hasty: u64,
    /// How often the button is not held when the power comes on, of a thousand times.
    pub clumsy: u64,
    /// How often the button is let go too early from the first time on, whatever is drawn.
    pub early: u32,
    deeds: Vec<(Duration, Deed)>,
    pub cues: Vec<Cue>,
}

/// What a person will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Off,
    On,
    Press,
    LetGo,
    SayDone,
    SayWhatIsSeen,
}

impl Hands {
    /// Hands that do what they are told, in their own time.
    pub fn steady(bench: &Bench) -> Self {
        let (hasty, clumsy, early) = (0, 0, 0);
        let rng = Rng::new(1);
        Self {
            bench: bench.clone(),
            rng,
            slowness: 0.4,
            hasty,
            clumsy,
            early,
            deeds: Vec::new(),
            cues: Vec::new(),
        }
    }

    /// Hands with the errors of a seed.
    pub fn of(bench: &Bench, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x4A4D);
        let slowness = 0.2 + rng.below(1300) as f64 / 1000.0;
        let (hasty, clumsy) = (rng.below(250), rng.below(200));
        Self { rng, slowness, hasty, clumsy, ..Self::steady(bench) }
    }

    fn now(&self) -> Duration {
        self.bench.clock.now().since_start()
    }

    fn moment(&mut self) -> Duration {
        let spread = 0.5 + self.rng.below(1000) as f64 / 1000.0;
        Duration::from_secs_f64(self.slowness * spread)
    }

    fn happens(&mut self, of_a_thousand: u64) -> bool {
        self.rng.below(1000) < of_a_thousand
    }

    /// Hears a cue, and makes up its mind.
    pub fn take(&mut self, cue: &Cue) {
        self.cues.push(cue.clone());
        let soon = self.now() + self.moment();
        match cue {
            Cue::Do { text, .. } if text.starts_with("Hold") => {
                let late = if self.happens(self.clumsy) { 4.0 } else { 0.0 };
                self.deeds.push((soon + Duration::from_secs_f64(late), Deed::Press));
            }
            Cue::Do { text, .. } if text.starts_with("Switch it off") => {
                self.deeds.push((soon, Deed::Off));
                self.deeds.push((soon, Deed::SayDone));
            }
            Cue::Do { text, say_done, .. } if text.starts_with("Switch it on") => {
                let at = soon + Duration::from_secs(3);
                self.deeds.push((at, Deed::On));
                if *say_done {
                    let later = self.moment() / 2;
                    self.deeds.push((at + later, Deed::SayDone));
                }
            }
            Cue::Do { say_done: true, .. } => self.deeds.push((soon, Deed::SayDone)),
            Cue::Count { left: 3, .. } if self.early > 0 => {
                self.early -= 1;
                self.deeds.push((soon, Deed::LetGo));
            }
            Cue::Count { left: 3, .. } if self.happens(self.hasty) => self.deeds.push((soon, Deed::LetGo)),
            Cue::Now { .. } => self.deeds.push((soon, Deed::LetGo)),
            Cue::Ask { .. } => self.deeds.push((soon + Duration::from_secs(1), Deed::SayWhatIsSeen)),
            _ => {}
        }
    }

    /// Does what is due, and says what there is to say.
    pub fn act(&mut self) -> Vec<Seen> {
        let mut said = Vec::new();
        self.deeds.sort_by_key(|(at, _)| *at);
        while self.deeds.first().is_some_and(|(at, _)| *at <= self.now()) {
            let (_, deed) = self.deeds.remove(0);
            let at = self.bench.clock.now();
            let world = &self.bench.world;
            match deed {
                Deed::Off => world.with_device(VirtualRouter::power_off),
                Deed::On => world.with_device(|router| router.power_on(at)),
                Deed::Press => world.with_device(|router| router.hold_button(true, at)),
                Deed::LetGo => world.with_device(|router| router.hold_button(false, at)),
                Deed::SayDone => said.push(Seen::Done),
                // The light on the front blinks otherwise in that mode.
                Deed::SayWhatIsSeen => {
                    said.push(Seen::SeesIt(world.with_device(|router| router.is_in_recovery())));
                }
            }
        }
        said
    }
}
