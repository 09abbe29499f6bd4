//! A session told as HTML, Markdown and JSON, and checked against its journal.
//!
//! [`Report::from_events`] turns a journal into plain data; [`html`], [`markdown`] and [`json`] write that data down. The
//! first screen answers four questions for a worried beginner: what was wrong, what was done, how it is now, and what to
//! do next. Everything behind it is for a technician, down to every digest.
//!
//! Text from consoles, files and people is hostile until it is escaped: see [`text`]. Text that leaves the computer
//! goes through [`redact`] first; [`bundle()`] packs a whole session that way for somebody who is to help.

pub mod bundle;
mod collect;
mod headline;
pub mod html;
pub mod json;
pub mod markdown;
mod model;
pub mod redact;
pub mod text;
mod timeline;

pub use bundle::{BundleError, BundleSummary, Guidance, LeftOut, Member, bundle};
pub use collect::ReportError;
pub use model::{
    Archive, Attempt, Backup, Boot, Conversation, Done, Excerpt, GateState, Headline, Image, Judgement, Mark,
    Moment, Omission, Plan, Report, Retry, SmokeTest, StoredEvidence, Tone, Trouble, Verification, Write,
};
pub use redact::{Redaction, Redactor};
