//! Sessions and their journals: made, opened for appending under a lock, or read without one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use debrick_model::{Digest, Event, EventBody};
use rusqlite::Connection;

use crate::canonical::{canonical_json, first_hash, next_hash};
use crate::chain::{self, Scan};
use crate::database::{self, Access, Head};
use crate::error::JournalError;
use crate::files;
use crate::lock::{LockError, SessionLock};
use crate::session_id::{is_session_id, session_id};
use crate::vault::Vault;

/// An event's JSON is at most this long, in bytes. Larger things are artifacts.
pub const MAX_EVENT_BYTES: usize = database::MAX_JSON_BYTES;

/// Directories of sessions that are being made begin with this.
const UNFINISHED: &str = ".new-";

/// An event with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// The hash that chains it, as stored.
    pub hash: Digest,
}

/// One session's journal, open for appending. It holds the session's lock until it is dropped.
#[derive(Debug)]
pub struct Journal {
    id: String,
    connection: Connection,
    head: Head,
    // Last, so that the database is closed before the lock is given back.
    _lock: SessionLock,
}

impl Journal {
    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number of events.
    pub fn len(&self) -> u64 {
        self.head.count
    }

    /// Whether nothing has been recorded yet.
    pub fn is_empty(&self) -> bool {
        self.head.count == 0
    }

    /// The hash of the last event: whoever keeps it can tell later that nothing before it was changed.
    pub fn head(&self) -> Digest {
        self.head.hash
    }

    /// Records an event at `at_ms` (milliseconds since 1970). When this returns, the event is on disk.
    ///
    /// # Errors
    /// [`JournalError::EventRefused`] when the event would not read back the same or is larger than
    /// [`MAX_EVENT_BYTES`]; [`JournalError::DiskFull`], after which appending may be tried again; what else the
    /// database says. In every case the journal is as it was before.
    pub fn append(&mut self, at_ms: u64, body: EventBody) -> Result<Event, JournalError> {
        let event = Event { seq: self.head.count + 1, at_ms, body };
        let json = event_json(&event)?;
        let after = Head { count: event.seq, hash: next_hash(&self.head.hash, &json) };
        let appended = database::append(&mut self.connection, self.head, after, &json)
            .map_err(|error| JournalError::database("writing", &self.id, error))?;
        if !appended {
            return Err(JournalError::Damaged {
                id: self.id.clone(),
                seq: Some(event.seq),
                what: "something else wrote to it".into(),
            });
        }
        self.head = after;
        Ok(event)
    }

    /// All events, in order. The chain is checked on the way.
    pub fn events(&self) -> Result<Vec<Event>, JournalError> {
        strict_events(chain::scan(&self.connection, &self.id)?, &self.id)
    }
}

impl Vault {
    /// Begins a session at `at_ms` (milliseconds since 1970). `seed` is a random number; its low 16 bits end the id,
    /// or the next ones that are free.
    ///
    /// The session appears in the vault complete or not at all.
    pub fn create_session(&self, at_ms: u64, seed: u64) -> Result<Journal, JournalError> {
        self.remove_unfinished();
        for attempt in 0..=u16::MAX {
            let random = (seed as u16).wrapping_add(attempt);
            let id = session_id(at_ms, random);
            let dir = self.session_dir(&id);
            if dir.exists() {
                continue;
            }
            let unfinished = self.sessions_dir().join(format!("{UNFINISHED}{}", files::unique_suffix()));
            let lock = match make_session(&unfinished, &id) {
                Ok(lock) => lock,
                Err(error) => {
                    let _ = fs::remove_dir_all(&unfinished);
                    return Err(error);
                }
            };
            match fs::rename(&unfinished, &dir).and_then(|()| files::sync_dir(&self.sessions_dir())) {
                Ok(()) => return open_journal(&dir, &id, lock),
                Err(error) => {
                    let _ = fs::remove_dir_all(&unfinished);
                    // Another process may have been quicker with this id.
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                    ) {
                        return Err(JournalError::io("making", &id, error));
                    }
                }
            }
        }
        Err(JournalError::NoFreeId)
    }

    /// Opens a session to go on with it. Checks the whole chain first, but no artifacts.
    ///
    /// # Errors
    /// [`JournalError::InUse`] while another process has it; [`JournalError::Damaged`] when the chain does not hold, and
    /// [`JournalError::HeaderDamaged`] when not even the file's header can be read.
    pub fn open_session(&self, id: &str) -> Result<Journal, JournalError> {
        let dir = self.existing_session_dir(id)?;
        let lock = acquire(&dir, id)?;
        open_journal(&dir, id, lock)
    }

    /// The events of a session, whether or not a process is writing to it.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when the chain does not hold: see [`Vault::read_session_as_found`].
    pub fn read_session(&self, id: &str) -> Result<Vec<Event>, JournalError> {
        let dir = self.existing_session_dir(id)?;
        let connection = database::open(&dir, id, Access::Read)?;
        strict_events(chain::scan(&connection, id)?, id)
    }

    /// Every entry that can still be read, in order, even from a damaged journal. Only fit for telling a person, and
    /// only together with [`Vault::verify_session`], which names what is wrong or missing.
    pub fn read_session_as_found(&self, id: &str) -> Result<Vec<Entry>, JournalError> {
        let dir = self.existing_session_dir(id)?;
        match database::open(&dir, id, Access::Read).and_then(|connection| chain::scan(&connection, id)) {
            Ok(scan) => Ok(scan.entries),
            Err(error) => error.into_damage().map(|_| Vec::new()),
        }
    }

    pub(crate) fn session_dir(&self, id: &str) -> PathBuf {
        self.sessions_dir().join(id)
    }

    pub(crate) fn existing_session_dir(&self, id: &str) -> Result<PathBuf, JournalError> {
        if !is_session_id(id) {
            return Err(JournalError::BadId { id: id.chars().take(64).collect() });
        }
        let dir = self.session_dir(id);
        if !dir.is_dir() {
            return Err(JournalError::NoSuchSession { id: id.to_owned() });
        }
        Ok(dir)
    }

    /// Removes what processes that are gone had begun to make. Their directories carry their process ids.
    fn remove_unfinished(&self) {
        let Ok(entries) = fs::read_dir(self.sessions_dir()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| {
                let (pid, _) = name.strip_prefix(UNFINISHED)?.split_once('-')?;
                pid.parse().ok()
            });
            let gone = |pid| {
                let pid = nix::unistd::Pid::from_raw(pid);
                nix::sys::signal::kill(pid, None) == Err(nix::errno::Errno::ESRCH)
            };
            if pid.is_some_and(gone) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// The event as the journal stores it; refused unless it reads back as the same event.
fn event_json(event: &Event) -> Result<String, JournalError> {
    let refused = |what: String| JournalError::EventRefused { event: event.body.name(), what };
    let value = serde_json::to_value(event).map_err(|error| refused(error.to_string()))?;
    let json = canonical_json(&value);
    if json.len() > MAX_EVENT_BYTES {
        return Err(refused(format!(
            "it has {} bytes, and at most {MAX_EVENT_BYTES} are allowed",
            json.len()
        )));
    }
    match serde_json::from_str::<Event>(&json) {
        Ok(back) if back == *event => Ok(json),
        Ok(_) => Err(refused("it would not read back the same".into())),
        Err(error) => Err(refused(format!("it would not read back: {error}"))),
    }
}

fn make_session(dir: &Path, id: &str) -> Result<SessionLock, JournalError> {
    files::make_dir(dir).map_err(|error| JournalError::io("making", id, error))?;
    let lock = acquire(dir, id)?;
    database::create(dir, id, &first_hash(id))?;
    files::sync_dir(dir).map_err(|error| JournalError::io("making", id, error))?;
    Ok(lock)
}

fn acquire(dir: &Path, id: &str) -> Result<SessionLock, JournalError> {
    SessionLock::acquire(dir).map_err(|error| match error {
        LockError::Held { pid } => JournalError::InUse { id: id.to_owned(), pid },
        LockError::Io(error) => JournalError::io("locking", id, error),
    })
}

fn open_journal(dir: &Path, id: &str, lock: SessionLock) -> Result<Journal, JournalError> {
    let connection = database::open(dir, id, Access::Append)?;
    let scan = chain::scan(&connection, id)?;
    let head = Head { count: scan.count, hash: scan.head };
    strict_events(scan, id)?;
    Ok(Journal { id: id.to_owned(), connection, head, _lock: lock })
}

fn strict_events(scan: Scan, id: &str) -> Result<Vec<Event>, JournalError> {
    if let Some(fault) = scan.faults.into_iter().next() {
        return Err(JournalError::Damaged { id: id.to_owned(), seq: fault.seq, what: fault.what });
    }
    Ok(scan.entries.into_iter().map(|entry| entry.event).collect())
}
