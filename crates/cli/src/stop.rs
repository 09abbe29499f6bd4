//! The wish to stop: SIGINT and SIGTERM set a flag that the engine reads at safe points. Nothing is cut off, unless the
//! operator insists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit;
use crate::failure::Failure;
use crate::out;

/// How often Ctrl-C has to be pressed to end at once.
const INSISTENCE: u32 = 3;

/// Whether somebody wants to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let stop = Self::default();
        let failed = |error: std::io::Error| {
            Failure::new("signals", format!("signals cannot be caught: {error}"), "Try again.")
        };
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let flag = stop.0.clone();
        let listen = move || {
            let mut pressed = 0;
            for signal in signals.forever() {
                flag.store(true, Ordering::SeqCst);
                if signal == SIGINT {
                    pressed += 1;
                }
                match pressed {
                    0 | 1 => out::note("\nStopping at the next safe point …"),
                    count if count < INSISTENCE => {
                        out::note(
                            "Still on the way to a safe point. Press Ctrl-C once more to end at once all the same.",
                        );
                    }
                    _ => {
                        out::note("Ended at once. `debrick resume` goes on from what the unit holds now.");
                        std::process::exit(exit::ENDED_AT_ONCE);
                    }
                }
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(listen).map_err(failed)?;
        Ok(stop)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
