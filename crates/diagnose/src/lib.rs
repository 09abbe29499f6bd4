//! From evidence to findings: pure, without a device, a clock or a file.
//!
//! Evidence goes through these rooms, each with its own module:
//!
//! 1. `text`: raw text becomes clean lines; noise of a wrong line speed is told from words.
//! 2. `matcher`: every pattern of every rule is looked for in one pass.
//! 3. `timeline`: lines that start a stage become boots, and boots become a loop, a hang or a running system.
//! 4. `rules`: static tables say what a line means and which causes it speaks for, and which lines look like trouble
//!    and are none; `survey` and `signals` do the same for what has to be computed.
//! 5. `weigh`: everything that speaks for a cause is combined; faults that a later stage survived count little.
//! 6. `learned`: where that leaves no more than a guess, the words of many labelled cases are heard too, and how often
//!    rules and words were right tells how far they are trusted.
//! 7. `advice`: what to do about a cause, and what it risks; `inquiry`: what to look at to be surer.
//!
//! Beside them, `observe` takes from a log what it says about which device wrote it.
//! Where there is no log, `interview` asks: it chooses each question by what it is expected to tell.
//!
//! From the absence of a line nothing is concluded that is sure: where a log ends, or that no line of it is known, makes
//! a guess that is marked as one. An empty log alone says more.

mod advice;
mod case;
mod inquiry;
mod interview;
mod learned;
mod matcher;
mod observe;
mod rule;
mod rules;
mod signals;
mod state;
mod survey;
mod text;
mod timeline;
mod trial;
mod weigh;

pub use case::{Case, Evidence, OtherName, StorageSurvey, WrongVariable, diagnose, diagnose_case, signs};
pub use interview::{Answer, Interview, MOST_QUESTIONS, Question};
pub use learned::{Class, Table, WordTable, words};
pub use observe::observe;
pub use rules::{KnownRule, known_rules};
pub use trial::{Spoke, Trial, diagnose_in_trial, rules_that_speak};
