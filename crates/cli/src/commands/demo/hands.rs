//! The hands of the demo's operator, at the button of the virtual router: they do what they are told, in their own time.

use std::time::Duration;

use debrick_coach::{Cue, Seen};
use debrick_link::Clock as _;
use debrick_virtual_bench::{Bench, VirtualRouter};

/// From a cue to the hand's move.
const MOMENT: Duration = Duration::from_millis(400);

/// From pressing the button to switching it on, so that both hands are free.
const BEFORE_POWER: Duration = Duration::from_secs(3);

/// What is still to be done, and when.
#[derive(Default)]
pub(super) struct Hands {
    deeds: Vec<(Duration, Deed)>,
}

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
    /// Hears what is to be done.
    pub(super) fn take(&mut self, cue: &Cue, now: Duration) {
        let soon = now + MOMENT;
        let deeds: &[(Duration, Deed)] = match cue {
            Cue::Do { text, .. } if text.starts_with("Hold") => &[(soon, Deed::Press)],
            Cue::Do { text, .. } if text.starts_with("Switch it off") => {
                &[(soon, Deed::Off), (soon, Deed::SayDone)]
            }
            Cue::Do { text, .. } if text.starts_with("Switch it on") => {
                &[(soon + BEFORE_POWER, Deed::On), (soon + BEFORE_POWER, Deed::SayDone)]
            }
            Cue::Do { say_done: true, .. } => &[(soon, Deed::SayDone)],
            Cue::Now { .. } => &[(soon, Deed::LetGo)],
            Cue::Ask { .. } => &[(soon, Deed::SayWhatIsSeen)],
            _ => &[],
        };
        self.deeds.extend_from_slice(deeds);
    }

    /// Does what is due, and says what there is to say.
    pub(super) fn act(&mut self, bench: &Bench) -> Vec<Seen> {
        let mut said = Vec::new();
        self.deeds.sort_by_key(|(at, _)| *at);
        while self.deeds.first().is_some_and(|(at, _)| *at <= bench.clock.now().since_start()) {
            let (_, deed) = self.deeds.remove(0);
            let at = bench.clock.now();
            match deed {
                Deed::Off => bench.world.with_device(VirtualRouter::power_off),
                Deed::On => bench.world.with_device(|router| router.power_on(at)),
                Deed::Press => bench.world.with_device(|router| router.hold_button(true, at)),
                Deed::LetGo => bench.world.with_device(|router| router.hold_button(false, at)),
                Deed::SayDone => said.push(Seen::Done),
                Deed::SayWhatIsSeen => {
                    said.push(Seen::SeesIt(bench.world.with_device(|router| router.is_in_recovery())));
                }
            }
        }
        said
    }
}
