//! Sessions: a repair from intake to close, gated, journalled, retried, resumed, escalated.
//!
//! [`rescue`] begins a repair and [`resume`] goes on with one; both end in a [`Closed`]. What a repair needs from
//! outside comes in as [`Ports`] and an [`Operator`]; what it says goes out as [`debrick_model::Event`]s.
//!
//! A resumed repair trusts nothing but the unit: it looks at it afresh, and every step finds out for itself what is left
//! to do. The journal only adds what the unit cannot tell: what was agreed to, and which backups there are.

mod artifact_source;
mod boot;
mod care;
mod door;
mod error;
mod identity;
mod job;
mod methods;
mod operator;
mod past;
mod plan;
mod ports;
mod repair;
mod session;
mod smoke;
mod steps;
mod tries;
mod unit;

pub use care::{back_up, prove_backup, restore};
pub use door::{
    DoorJob, DoorPorts, OverSsh, Passes, Reach, rescue_by_door, rescue_in_passes, resume_by_door,
    resume_in_passes,
};
pub use error::EngineError;
pub use job::{Closed, ImageEvidence, Job, Wishes};
pub use operator::Operator;
pub use ports::{HostCheck, Ports};
pub use repair::{rescue, resume};
