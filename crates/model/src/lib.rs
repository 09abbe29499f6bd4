//! The words every layer of Debrick uses, and no synonyms for them.
//!
//! This crate holds values only: nothing here opens, prints, waits or decides. A value that reaches the journal, a
//! report or a script's `--json` is declared here, so that its shape has one home and one version.

pub mod diagnosis;
pub mod digest;
pub mod event;
pub mod gate;
pub mod identity;
pub mod ids;
pub mod mac;
pub mod operator;
pub mod problem;
pub mod recognition;
pub mod region;
pub mod step;
pub mod verdict;

pub use diagnosis::{Diagnosis, EvidenceKind, EvidenceLine, Finding, ProposedAction, Stage, StageEnd};
pub use digest::{Digest, DigestError};
pub use event::{Effect, Ending, Event, EventBody};
pub use gate::{Gate, GateOutcome, GateResult, Waiver};
pub use identity::{Discounted, Identity, Observation, Property, WITNESSES_NEEDED};
pub use ids::{Action, Cause, State};
pub use mac::{MacAddress, MacAddressError};
pub use operator::{Answer, Progress, Request, RequestKind, Sign};
pub use problem::{Coded, Problem};
pub use recognition::{Candidate, Certainty, Recognition, Sighting, Stated};
pub use region::{Region, RegionError, RegionMap, RegionRole};
pub use step::{Outcome, Step};
pub use verdict::{Check, Verdict, VerdictReport};
