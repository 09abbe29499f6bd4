//! Content-addressed artifacts and the hash-chained journal.
//!
//! A vault is one directory:
//!
//! ```text
//! vault.version            "debrick-vault 1"
//! artifacts/ab/cdef…       files named by the SHA-256 of their content
//! artifacts/incoming/      files on their way in; whatever a dead process left here is removed
//! sessions/<id>/journal.db one SQLite file a session: the journal
//! sessions/<id>/lock       held by the process that drives the session
//! ```
//!
//! What the vault promises: an artifact that has a name is complete and on disk; an event that was appended is on
//! disk before [`Journal::append`] returns; damage to either is found, never passed over. What it does not do:
//! it never deletes an artifact, and it never repairs a journal.
//!
//! Everything is readable by its owner only, because settings and console logs hold secrets.

mod artifact;
mod calendar;
mod canonical;
mod chain;
mod database;
mod error;
mod files;
mod journal;
mod lock;
mod session_id;
mod summary;
mod vault;

pub use artifact::{Artifact, ArtifactWriter};
pub use calendar::utc_text;
pub use chain::{CANNOT_BE_DETECTED, ChainReport, Fault, FaultKind};
pub use error::{JournalError, VaultError};
pub use journal::{Entry, Journal, MAX_EVENT_BYTES};
pub use session_id::is_session_id;
pub use summary::{SessionStatus, SessionSummary};
pub use vault::{VERSION, Vault};
