//! A repair of whichever kind, to be made.

use debrick_engine::Closed;

use super::door::Case;
use super::passes::Two;

/// A repair by one door, or in two passes.
pub enum Repair {
    Door(Box<Case>),
    Passes(Box<Two>),
}

impl From<Case> for Repair {
    fn from(case: Case) -> Self {
        Self::Door(Box::new(case))
    }
}

impl From<Two> for Repair {
    fn from(two: Two) -> Self {
        Self::Passes(Box::new(two))
    }
}

impl Repair {
    pub fn run(&mut self) -> Closed {
        match self {
            Self::Door(case) => case.run(),
            Self::Passes(two) => two.run(),
        }
    }

    pub fn resume(&mut self, session: &str) -> Closed {
        match self {
            Self::Door(case) => case.resume(session),
            Self::Passes(two) => two.resume(session),
        }
    }

    pub fn case(&self) -> &Case {
        match self {
            Self::Door(case) => case,
            Self::Passes(two) => &two.case,
        }
    }

    pub fn case_mut(&mut self) -> &mut Case {
        match self {
            Self::Door(case) => case,
            Self::Passes(two) => &mut two.case,
        }
    }
}
