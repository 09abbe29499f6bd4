//! The system's clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use debrick_link::{Clock, Moment};

/// When this process first asked for the time.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The system's monotonic clock. All values of this type tell the same time, so moments of one may be used with another.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsClock;

impl OsClock {
    /// The clock.
    pub const fn new() -> Self {
        Self
    }
}

impl Clock for OsClock {
    fn now(&self) -> Moment {
        Moment::from_start(BEGINNING.elapsed())
    }

    fn sleep(&self, span: Duration) {
        std::thread::sleep(span);
    }

    fn wall_ms(&self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_tell_the_same_time() {
        let (one, other) = (OsClock::new(), OsClock::new());
        let before = one.now();
        other.sleep(Duration::from_millis(20));
        let passed = other.now().since(before);
        assert!((Duration::from_millis(20)..Duration::from_millis(500)).contains(&passed), "{passed:?}");
        assert!(one.wall_ms() > 1_700_000_000_000);
    }
}
