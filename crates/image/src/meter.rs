//! Bounds on work and memory: a hostile file must not cost more than a multiple of its size.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::ImageError;

/// Bytes that may be read and unpacked for any file, however small.
const BASE: u64 = 48 << 20;

/// How many times its own size a file may be read, in all.
const TIMES: u64 = 12;

/// The most bytes of unpacked contents that are held in memory at once.
const MOST_KEPT: u64 = 24 << 20;

/// Counts down what is left to do.
#[derive(Debug)]
pub(crate) struct Meter {
    work: AtomicU64,
    memory: AtomicU64,
}

/// For windows whose work nobody counts.
pub(crate) static UNLIMITED: Meter =
    Meter { work: AtomicU64::new(u64::MAX), memory: AtomicU64::new(MOST_KEPT) };

impl Meter {
    /// For a file of this many bytes.
    pub(crate) fn for_size(size: u64) -> Self {
        Self {
            work: AtomicU64::new(BASE.saturating_add(size.saturating_mul(TIMES))),
            memory: AtomicU64::new(MOST_KEPT),
        }
    }

    /// Counts bytes that are read or unpacked; fails when there were too many.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), ImageError> {
        let take = |left: u64| left.checked_sub(bytes);
        match self.work.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => {
                self.work.store(0, Ordering::Relaxed);
                Err(ImageError::TooMuchWork)
            }
        }
    }

    /// Work that is left, in bytes.
    #[cfg(test)]
    pub(crate) fn left(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// Asks to keep bytes in memory; whether that is granted.
    pub(crate) fn keep(&self, bytes: u64) -> bool {
        let take = |left: u64| left.checked_sub(bytes);
        self.memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Gives memory back.
    pub(crate) fn release(&self, bytes: u64) {
        self.memory.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_end() {
        let meter = Meter::for_size(1000);
        meter.charge(BASE + 11_000).unwrap();
        assert!(matches!(meter.charge(1001), Err(ImageError::TooMuchWork)));
        assert!(matches!(meter.charge(1), Err(ImageError::TooMuchWork)), "once spent, it stays spent");
        assert!(meter.keep(MOST_KEPT) && !meter.keep(1));
        meter.release(1);
        assert!(meter.keep(1));
    }
}
