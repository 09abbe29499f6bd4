//! The virtual router on its end of the wire, and the hands at it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use debrick_link::simulated::{Device, Input, Output};
use debrick_link::{Clock as _, Moment};
use debrick_link_os::OsClock;
use debrick_model::MacAddress;
use debrick_virtual_bench::{Plug, VirtualRouter};

use crate::lan::must;
use crate::lan::wire::{Lan, UNIT, UNIT_MAC, in_full, open_frames};

/// How long the button is held here by those who need nobody to lead them.
const HELD: Duration = Duration::from_millis(600);

/// How long the unit may take to be where it was brought.
const PATIENCE: Duration = Duration::from_secs(10);

/// What hands do to the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Pull its plug.
    Off,
    /// Plug it in.
    On,
    /// Press the button, and keep it pressed.
    Press,
    /// Let it go.
    LetGo,
}

/// Hands and eyes at the unit, which goes on living while they do something else.
pub(super) struct Hands {
    router: Arc<Mutex<VirtualRouter>>,
    pause: Mutex<Duration>,
    is_over: Mutex<bool>,
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hands {
    pub(super) fn act(&self, deed: Deed) {
        let (mut router, now) = (locked(&self.router), OsClock.now());
        match deed {
            Deed::Off => router.power_off(),
            Deed::On => router.power_on(now),
            Deed::Press => router.hold_button(true, now),
            Deed::LetGo => router.hold_button(false, now),
        }
    }

    /// Looks at the unit.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut VirtualRouter) -> T) -> T {
        look(&mut locked(&self.router))
    }

    /// Lets the unit rest so long after everything that happens to it.
    pub(super) fn slow_down(&self, pause: Duration) {
        *locked(&self.pause) = pause;
    }

    /// Switches the unit on, and waits until its port has a link.
    pub(super) fn switch_on(&self) -> Result<(), String> {
        self.act(Deed::On);
        self.wait_until("it has a link", VirtualRouter::has_link)
    }

    /// Brings the unit into its recovery mode.
    pub(super) fn enter_recovery(&self) -> Result<(), String> {
        self.act(Deed::Press);
        self.act(Deed::On);
        std::thread::sleep(HELD);
        self.act(Deed::LetGo);
        self.wait_until("it is in its recovery mode", |router| router.is_in_recovery() && router.has_link())
    }

    pub(super) fn wait_until(
        &self,
        what: &str,
        is_so: impl Fn(&VirtualRouter) -> bool,
    ) -> Result<(), String> {
        let began = Instant::now();
        while !self.look(|router| is_so(router)) {
            must(began.elapsed() < PATIENCE, || format!("not in {} s: {what}", PATIENCE.as_secs()))?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// The router as the plug sees it.
struct Shared(Arc<Mutex<VirtualRouter>>);

impl Device for Shared {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        locked(&self.0).handle(input, now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        locked(&self.0).next_wake()
    }

    fn carrier(&self, now: Moment) -> bool {
        locked(&self.0).carrier(now)
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        locked(&self.0).addresses()
    }

    fn answers_arp(&self) -> bool {
        locked(&self.0).answers_arp()
    }

    fn ethernet_address(&self) -> MacAddress {
        locked(&self.0).ethernet_address()
    }
}

/// Plugs a router in, which is off, and lets somebody work with it. Its port has a link when the router says so.
pub(super) fn with_router<T>(
    lan: &Lan,
    router: VirtualRouter,
    work: impl FnOnce(&Hands) -> Result<T, String>,
) -> Result<(T, VirtualRouter), String> {
    let router = Arc::new(Mutex::new(router));
    let hands =
        Hands { router: router.clone(), pause: Mutex::new(Duration::ZERO), is_over: Mutex::new(false) };
    let worked = std::thread::scope(|scope| {
        let unit = scope.spawn(|| lan.on_unit(|| live(lan, &hands)));
        let worked = work(&hands);
        *locked(&hands.is_over) = true;
        let lived = unit.join().map_err(|_| "the unit's thread panicked".to_owned())?;
        // What went wrong on the unit's side explains the rest.
        lived.and(worked)
    })?;
    drop(hands);
    let router = Arc::into_inner(router).ok_or("the router is still plugged in")?;
    Ok((worked, router.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

fn live(lan: &Lan, hands: &Hands) -> Result<(), String> {
    let mut plug = Plug::new(Shared(hands.router.clone()), open_frames(UNIT, None)?, UNIT_MAC);
    let mut had_link = true;
    let mut trouble = Ok(());
    let ran = plug.run(|device| {
        let has_link = device.carrier(OsClock.now());
        if had_link != has_link {
            had_link = has_link;
            trouble = lan.set_unit_link(has_link);
        }
        let pause = *locked(&hands.pause);
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
        trouble.is_err() || *locked(&hands.is_over)
    });
    trouble.and(ran.map_err(|error| in_full(&error)))
}
