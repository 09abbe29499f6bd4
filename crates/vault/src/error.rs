//! What can go wrong with a vault or a journal, each with its stable code.

use std::io;
use std::path::{Path, PathBuf};

use debrick_model::{Coded, Digest};

/// The vault's directory or an artifact could not be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The directory was made by a newer version of this program. It was left as it is.
    #[error("{} was made by a newer version of this program (format {found}; this one knows {known})", path.display())]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that is understood.
        known: u64,
    },
    /// The file that tells the directory's format is missing or unreadable, though the directory is in use.
    #[error("{} does not tell which format the vault has", path.display())]
    MarkerDamaged {
        /// The marker.
        path: PathBuf,
    },
    /// There is no room left; nothing half-written was kept.
    #[error("no room left while {operation} {}", path.display())]
    DiskFull {
        /// What was being done, for example `writing`.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// There is less room than what is about to be done needs; nothing was begun.
    #[error("{} has {free} bytes free, and {needed} are needed", path.display())]
    LowSpace {
        /// The vault's directory.
        path: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The system does not allow it.
    #[error("not permitted: {operation} {}", path.display())]
    NotPermitted {
        /// What was being done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Any other failure of the file system.
    #[error("failed while {operation} {}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The bytes to be stored could not be read; nothing was kept of them.
    #[error("the data to be stored could not be read")]
    SourceFailed {
        /// The reader's words.
        source: io::Error,
    },
    /// No artifact has this digest.
    #[error("artifact {} is not in the vault", digest.short())]
    Missing {
        /// The digest.
        digest: Digest,
    },
    /// The artifact's content is not what its name says.
    #[error("artifact {} is damaged: its content has digest {}", digest.short(), found.short())]
    Damaged {
        /// The digest it should have.
        digest: Digest,
        /// The digest it has.
        found: Digest,
    },
    /// The artifact is larger than the caller allows.
    #[error("artifact {} has {size} bytes, and at most {limit} are allowed here", digest.short())]
    TooLarge {
        /// The digest.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// The bound in bytes.
        limit: u64,
    },
}

impl VaultError {
    /// Sorts a failure of the file system by what can be done about it.
    pub(crate) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            kind if is_full(kind) => Self::DiskFull { operation, path, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotPermitted { operation, path, source }
            }
            _ => Self::Io { operation, path, source },
        }
    }
}

impl Coded for VaultError {
    fn code(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "vault-newer-version",
            Self::MarkerDamaged { .. } => "vault-marker-damaged",
            Self::DiskFull { .. } => "vault-disk-full",
            Self::LowSpace { .. } => "vault-low-space",
            Self::NotPermitted { .. } => "vault-not-permitted",
            Self::Io { .. } => "vault-io",
            Self::SourceFailed { .. } => "vault-source-failed",
            Self::Missing { .. } => "vault-artifact-missing",
            Self::Damaged { .. } => "vault-artifact-damaged",
            Self::TooLarge { .. } => "vault-artifact-too-large",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Newer { .. } => "Use the newer version of this program, or name another directory.".into(),
            Self::MarkerDamaged { path, .. } => format!(
                "If this is a vault, write the line \"debrick-vault 1\" into {}; otherwise name another directory.",
                path.display()
            ),
            Self::DiskFull { path, .. } | Self::LowSpace { path, .. } => {
                format!("Make room on the disk that holds {}, then try again.", path.display())
            }
            Self::NotPermitted { path, .. } => {
                format!("See to it that you may read and write {}, then try again.", path.display())
            }
            Self::Io { path, .. } => {
                format!("Check the disk that holds {}, then try again.", path.display())
            }
            Self::SourceFailed { .. } => "Check where the data comes from, then try again.".into(),
            Self::Missing { .. } => "Bring the file in again.".into(),
            Self::Damaged { .. } => {
                "Do not use this file. Bring it in again, and check the disk it was stored on.".into()
            }
            Self::TooLarge { .. } => "Use a file of the expected kind.".into(),
        }
    }
}

/// A session's journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The text is not a session id.
    #[error("{id:?} is not a session id")]
    BadId {
        /// The text, at most 64 characters of it.
        id: String,
    },
    /// No session has this id.
    #[error("there is no session {id}")]
    NoSuchSession {
        /// The id.
        id: String,
    },
    /// All ids of this second are taken.
    #[error("no session id is free")]
    NoFreeId,
    /// Another process drives this session.
    #[error("session {id} is in use{}", pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    InUse {
        /// The session.
        id: String,
        /// The process, where it is known.
        pid: Option<u32>,
    },
    /// The journal was made by a newer version of this program. It was left as it is.
    #[error(
        "the journal of session {id} was made by a newer version of this program (format {found}; this one knows {known})"
    )]
    Newer {
        /// The session.
        id: String,
        /// Its format.
        found: u32,
        /// The newest format that is understood.
        known: u32,
    },
    /// The file in the journal's place is no journal, or its header is damaged, so that not even the version that made it
    /// can be told. It was left as it is.
    #[error("the file in place of the journal of session {id} is damaged, or is not a journal: {what}")]
    HeaderDamaged {
        /// The session.
        id: String,
        /// What is wrong, in a clause.
        what: &'static str,
    },
    /// The journal is not as it was written.
    #[error("the journal of session {id} is damaged: {what}")]
    Damaged {
        /// The session.
        id: String,
        /// The event concerned, where there is one.
        seq: Option<u64>,
        /// What is wrong, in a clause.
        what: String,
    },
    /// There is no room left; the event was not recorded.
    #[error("no room left while {operation} the journal of session {id}")]
    DiskFull {
        /// The session.
        id: String,
        /// What was being done.
        operation: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something else kept the journal busy for too long.
    #[error("the journal of session {id} stayed busy while {operation} it")]
    Busy {
        /// The session.
        id: String,
        /// What was being done.
        operation: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The event cannot be written so that it reads back the same, or it is too large.
    #[error("an event of kind {event} cannot be recorded: {what}")]
    EventRefused {
        /// The event's name.
        event: &'static str,
        /// Why, in a clause.
        what: String,
    },
    /// Any other failure of the file system or the database.
    #[error("failed while {operation} the journal of session {id}")]
    Io {
        /// The session.
        id: String,
        /// What was being done.
        operation: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl JournalError {
    /// Whether the journal is damaged, and where and how, as far as that is known.
    pub(crate) fn into_damage(self) -> Result<(Option<u64>, String), Self> {
        match self {
            Self::Damaged { seq, what, .. } => Ok((seq, what)),
            error @ Self::HeaderDamaged { .. } => Ok((None, error.to_string())),
            error => Err(error),
        }
    }

    /// Sorts a failure of the file system.
    pub(crate) fn io(operation: &'static str, id: &str, source: io::Error) -> Self {
        let id = id.to_owned();
        if is_full(source.kind()) {
            Self::DiskFull { id, operation, source: Box::new(source) }
        } else {
            Self::Io { id, operation, source: Box::new(source) }
        }
    }

    /// Sorts a failure of the database.
    pub(crate) fn database(operation: &'static str, id: &str, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase};

        let id = id.to_owned();
        match source.sqlite_error_code() {
            Some(DiskFull) => Self::DiskFull { id, operation, source: Box::new(source) },
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy { id, operation, source: Box::new(source) },
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { id, seq: None, what: source.to_string() },
            _ => Self::Io { id, operation, source: Box::new(source) },
        }
    }
}

impl Coded for JournalError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadId { .. } => "journal-session-id",
            Self::NoSuchSession { .. } => "journal-no-such-session",
            Self::NoFreeId => "journal-no-free-id",
            Self::InUse { .. } => "journal-session-in-use",
            Self::Newer { .. } => "journal-newer-version",
            Self::HeaderDamaged { .. } => "journal-header-damaged",
            Self::Damaged { .. } => "journal-damaged",
            Self::DiskFull { .. } => "journal-disk-full",
            Self::Busy { .. } => "journal-busy",
            Self::EventRefused { .. } => "journal-event-refused",
            Self::Io { .. } => "journal-io",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::BadId { .. } | Self::NoSuchSession { .. } => {
                "List the sessions, and name one of them.".into()
            }
            Self::NoFreeId => "Wait a second, then try again.".into(),
            Self::InUse { pid: Some(pid), .. } => {
                format!("Let process {pid} finish or stop it, then try again.")
            }
            Self::InUse { pid: None, .. } => {
                "Let the other process finish or stop it, then try again.".into()
            }
            Self::Newer { .. } => "Use the newer version of this program.".into(),
            Self::HeaderDamaged { .. } => {
                "Check the disk, put this session's folder back from a copy if you have one, or start a new session. \
                 Delete nothing: this session's backups are still in the vault."
                    .into()
            }
            Self::Damaged { .. } => {
                "Do not go on with this session: verify it to see what is damaged, and start a new one."
                    .into()
            }
            Self::DiskFull { .. } => {
                "Make room on the disk that holds the journal, then resume the session.".into()
            }
            Self::Busy { .. } => "Close other programs that look into the journal, then try again.".into(),
            Self::EventRefused { .. } => {
                "This is a fault in this program: report it with its version.".into()
            }
            Self::Io { .. } => "Check the disk that holds the journal, then resume the session.".into(),
        }
    }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
