//! Breaks a link on purpose, from a seed: the same seed and the same bytes give the same faults on every machine.
//!
//! Faults on a byte stream fire on single bytes, so that they do not depend on how the bytes are cut into calls. Every
//! fault that fires is counted in a [`FaultLog`]: a test that injects faults has to assert that they fired.

mod datagrams;
mod stream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;
use crate::direction::Direction;
use crate::rng::Rng;

pub use datagrams::FaultyDatagrams;
pub use stream::FaultyLink;

/// How many fired faults are kept one by one; the counts go on.
const MOST_KEPT: usize = 1000;

/// What a fault does to a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamFault {
    /// One bit of the byte is wrong.
    Flip,
    /// The byte is lost.
    Drop,
    /// The byte comes twice.
    Duplicate,
    /// The byte and the rest of what was sent or came with it are lost.
    Truncate,
    /// The byte and everything after it come this much later.
    Delay(Duration),
    /// The link is disconnected before the byte, in both directions, for good.
    Cut,
}

/// What a fault does to a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatagramFault {
    /// It is lost.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It comes after the next one, or after 200 ms if there is none.
    Reorder,
    /// One bit of it is wrong. An empty one stays as it is, and the fault does not count.
    Corrupt,
    /// It loses at least one byte at its end. An empty one stays as it is, and the fault does not count.
    Truncate,
    /// It comes this much later; others overtake it.
    Delay(Duration),
    /// The socket is disconnected from then on.
    Cut,
}

/// When a fault fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// On each byte, or datagram, with this probability.
    Chance(f64),
    /// On the byte, or datagram, with this number in its direction, counted from 0.
    At(u64),
}

/// Faults to inject, and their seed. `K` is [`StreamFault`] or [`DatagramFault`].
#[derive(Debug, Clone)]
pub struct FaultPlan<K> {
    seed: u64,
    faults: Vec<(Direction, K, When)>,
}

/// A fault that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired<K> {
    /// Which fault of the plan, counted from 0.
    pub fault: usize,
    /// What it did.
    pub kind: K,
    /// Which way.
    pub direction: Direction,
    /// On which byte, or datagram, of that direction, counted from 0.
    pub position: u64,
    /// When.
    pub at: Moment,
}

/// What fired so far. Clones look at the same log.
#[derive(Debug, Clone)]
pub struct FaultLog<K>(Arc<Mutex<Log<K>>>);

#[derive(Debug)]
struct Log<K> {
    counts: Vec<u64>,
    kept: Vec<Fired<K>>,
}

impl<K: Copy> FaultPlan<K> {
    /// A plan without faults.
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, faults: Vec::new() }
    }

    /// Adds a fault. What it does does not depend on the other faults in the plan, except that a lost byte or datagram
    /// cannot be hit again.
    pub fn with(mut self, direction: Direction, kind: K, when: When) -> Self {
        self.faults.push((direction, kind, when));
        self
    }
}

impl<K: Copy + PartialEq> FaultLog<K> {
    fn new(faults: usize) -> Self {
        Self(Arc::new(Mutex::new(Log { counts: vec![0; faults], kept: Vec::new() })))
    }

    /// How often the fault with this number in the plan fired.
    pub fn count(&self, fault: usize) -> u64 {
        self.lock().counts.get(fault).copied().unwrap_or(0)
    }

    /// How often all faults together fired.
    pub fn total(&self) -> u64 {
        self.lock().counts.iter().sum()
    }

    /// Whether every fault of the plan fired at least once.
    pub fn all_fired(&self) -> bool {
        self.lock().counts.iter().all(|count| *count > 0)
    }

    /// The first thousand faults that fired, in order.
    pub fn fired(&self) -> Vec<Fired<K>> {
        self.lock().kept.clone()
    }

    fn push(&self, fired: Fired<K>) {
        let mut log = self.lock();
        log.counts[fired.fault] += 1;
        if log.kept.len() < MOST_KEPT {
            log.kept.push(fired);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The faults of one direction, and how far it has come.
#[derive(Debug)]
struct Injector<K> {
    direction: Direction,
    armed: Vec<Armed<K>>,
    position: u64,
    log: FaultLog<K>,
}

#[derive(Debug)]
struct Armed<K> {
    fault: usize,
    kind: K,
    when: When,
    rng: Rng,
}

/// A fault that hits now, with numbers to do it with.
#[derive(Debug)]
struct Hit<K> {
    fired: Fired<K>,
    number: u64,
}

impl<K: Copy + PartialEq> Injector<K> {
    fn new(plan: &FaultPlan<K>, direction: Direction, log: &FaultLog<K>) -> Self {
        let faults = plan.faults.iter().enumerate().filter(|(_, fault)| fault.0 == direction);
        let armed = faults
            .map(|(fault, (_, kind, when))| Armed {
                fault,
                kind: *kind,
                when: *when,
                // Each fault draws from its own generator, so that adding one leaves the others where they were.
                rng: Rng::new(Rng::new(plan.seed ^ (fault as u64) << 32).next_u64()),
            })
            .collect();
        Self { direction, armed, position: 0, log: log.clone() }
    }

    /// The faults that hit the next byte or datagram. They count once [`record`](Self::record)ed.
    fn hits(&mut self, at: Moment) -> Vec<Hit<K>> {
        let (direction, position) = (self.direction, self.position);
        self.position += 1;
        let hit = self.armed.iter_mut().filter_map(|armed| {
            let hits = match armed.when {
                When::Chance(probability) => armed.rng.chance(probability),
                When::At(wanted) => wanted == position,
            };
            let fired = Fired { fault: armed.fault, kind: armed.kind, direction, position, at };
            hits.then(|| Hit { fired, number: armed.rng.next_u64() })
        });
        hit.collect()
    }

    fn record(&self, hit: &Hit<K>) {
        self.log.push(hit.fired);
    }
}
