//! Whoever attends a repair, as the engine sees them.

use debrick_coach::{Cue, Seen};
use debrick_model::{Answer, Event, Progress, Request};

/// A terminal, a web page or a script. Everything it is told is data; it decides how that looks.
pub trait Operator {
    /// An event has happened, and stands in the journal already.
    fn event(&mut self, event: &Event);

    /// Something that takes time has come so far. Called often; not recorded.
    fn progress(&mut self, progress: &Progress);

    /// Answers a question or a confirmation. For an instruction it only shows it, and answers
    /// [`Answer::DontKnow`]: the engine watches for the expected sign itself; [`Answer::No`] says that it cannot be done.
    fn ask(&mut self, request: &Request) -> Answer;

    /// Shows what to do next on the way into a recovery mode, or what was seen there. Called often; not recorded.
    fn cue(&mut self, cue: &Cue);

    /// What the person has said since the last time while they are led: that it is done, or whether they see a sign.
    /// Returns at once, or after some hundredths of a second.
    fn said(&mut self) -> Vec<Seen>;

    /// Whether the operator wants to stop at the next safe point.
    fn cancelled(&self) -> bool;
}
