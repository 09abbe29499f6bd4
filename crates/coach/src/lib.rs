//! Leads a person into a device's recovery mode.
//!
//! Entering a recovery mode is a matter of seconds: a button is held while the power comes on, and let go in time. The
//! coach makes steps of it that are sensed: it says what to do, counts down, tells what was seen, and after a miss
//! changes what the miss has shown to be wrong. It is pure: time and sightings go in, cues for a person come out. Who
//! shows the cues and who senses is no matter to it.
//!
//! - `procedure`: the steps of a catalog's entry, as moves of a person, and what proves the mode;
//! - `timing`: when to let go, learnt from misses;
//! - `coach`: the state machine.

mod coach;
mod procedure;
mod timing;

pub use coach::{Coach, Cue, Ending, Senses};
pub use procedure::{Move, Moved, Procedure, Seen};
