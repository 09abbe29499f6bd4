//! Time as protocols see it: a clock that may be the system's or a virtual one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A point in time: the span since its clock's beginning. Moments of different clocks must not be mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

/// When a call has to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Moment);

/// Tells the time and lets it pass.
pub trait Clock: Send + Sync {
    /// Now; never goes back.
    fn now(&self) -> Moment;

    /// Returns when `span` has passed.
    fn sleep(&self, span: Duration);

    /// Milliseconds since 1970-01-01 UTC, for people and journals; may jump.
    fn wall_ms(&self) -> u64;
}

impl Moment {
    /// The moment `span` after the clock's beginning.
    pub const fn from_start(span: Duration) -> Self {
        Self(span)
    }

    /// The span since the clock's beginning.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// The span from `earlier` to this moment; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Deadline {
    /// The deadline at `moment`.
    pub const fn at(moment: Moment) -> Self {
        Self(moment)
    }

    /// `span` from now.
    pub fn after(clock: &dyn Clock, span: Duration) -> Self {
        Self(clock.now() + span)
    }

    /// The moment when it passes.
    pub const fn moment(self) -> Moment {
        self.0
    }

    /// The span that is left; zero once it has passed.
    pub fn left(self, clock: &dyn Clock) -> Duration {
        self.0.since(clock.now())
    }

    /// Whether it has passed.
    pub fn has_passed(self, clock: &dyn Clock) -> bool {
        clock.now() >= self.0
    }

    /// The earlier of the two.
    pub fn or_earlier(self, other: Self) -> Self {
        self.min(other)
    }
}

/// A clock that moves only when it is told to. Clones share the same time.
#[derive(Debug, Clone, Default)]
pub struct VirtualClock {
    nanos: Arc<AtomicU64>,
}

/// What [`VirtualClock::wall_ms`] says at its beginning: 2026-01-01 00:00 UTC, so that virtual journals are the same in
/// every run.
const VIRTUAL_EPOCH_MS: u64 = 1_767_225_600_000;

impl VirtualClock {
    /// A clock at its beginning.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves on to `moment`, if it is later than now.
    pub fn advance_to(&self, moment: Moment) {
        let nanos = u64::try_from(moment.0.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_max(nanos, Ordering::SeqCst);
    }

    /// Moves on by `span`.
    pub fn advance(&self, span: Duration) {
        self.advance_to(self.now() + span);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        Moment(Duration::from_nanos(self.nanos.load(Ordering::SeqCst)))
    }

    fn sleep(&self, span: Duration) {
        self.advance(span);
    }

    fn wall_ms(&self) -> u64 {
        VIRTUAL_EPOCH_MS + u64::try_from(self.now().0.as_millis()).unwrap_or(u64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_only_forward() {
        let clock = VirtualClock::new();
        let deadline = Deadline::after(&clock, Duration::from_secs(2));
        clock.sleep(Duration::from_secs(1));
        assert_eq!(deadline.left(&clock), Duration::from_secs(1));
        clock.advance_to(Moment::default());
        assert_eq!(clock.now(), Moment::from_start(Duration::from_secs(1)));
        clock.clone().advance(Duration::from_secs(5));
        assert!(deadline.has_passed(&clock));
        assert_eq!(deadline.left(&clock), Duration::ZERO);
    }
}
