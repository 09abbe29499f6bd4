//! All sessions of a vault at a glance.

use debrick_model::{Ending, Event, EventBody, Problem, Step};
use serde::{Deserialize, Serialize};

use crate::database::{self, Access, Order};
use crate::error::{JournalError, VaultError};
use crate::lock;
use crate::session_id::is_session_id;
use crate::vault::Vault;

/// One session at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Its id.
    pub id: String,
    /// When it began, in milliseconds since 1970; `None` when nothing was recorded or it cannot be read.
    pub opened_at_ms: Option<u64>,
    /// Catalog id of the device that the operator named.
    pub device: Option<String>,
    /// The step that began last.
    pub last_step: Option<Step>,
    /// Events recorded.
    pub events: u64,
    /// How it stands.
    pub status: SessionStatus,
}

/// How a session stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum SessionStatus {
    /// It ended.
    Closed {
        /// How.
        ending: Ending,
    },
    /// A process is at it.
    Running {
        /// The process, where it is known.
        pid: Option<u32>,
    },
    /// It did not end, and nobody is at it.
    Interrupted,
    /// Its journal cannot be trusted.
    Damaged {
        /// What is wrong with it.
        problem: Problem,
    },
}

impl Vault {
    /// All sessions, oldest first. A session that cannot be read is listed as damaged. Only the ends of each journal are
    /// looked at: [`Vault::verify_session`] checks one thoroughly.
    pub fn sessions(&self) -> Result<Vec<SessionSummary>, VaultError> {
        let dir = self.sessions_dir();
        let failed = |error| VaultError::io("listing", &dir, error);
        let mut sessions = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(id) = name.to_str().filter(|id| is_session_id(id)) else { continue };
            sessions.push(self.summary(id).unwrap_or_else(|error| damaged(id, &error)));
        }
        sessions.sort_by(|one, other| (one.opened_at_ms, &one.id).cmp(&(other.opened_at_ms, &other.id)));
        Ok(sessions)
    }

    /// One session at a glance.
    pub fn summary(&self, id: &str) -> Result<SessionSummary, JournalError> {
        let dir = self.existing_session_dir(id)?;
        let connection = database::open(&dir, id, Access::Read)?;
        let read = || {
            let instant = connection.unchecked_transaction()?;
            let head = database::head(&instant)?;
            let mut first = None;
            database::for_each_row(&instant, Order::Forward, |row| {
                first = Some(row);
                false
            })?;
            let mut tail = Tail::default();
            database::for_each_row(&instant, Order::Backward, |row| tail.visit(row))?;
            Ok((head, first, tail))
        };
        let (head, first, tail) = read().map_err(|error| JournalError::database("reading", id, error))?;
        let damaged = |seq, what: &str| JournalError::Damaged { id: id.to_owned(), seq, what: what.into() };
        let head = head.ok_or_else(|| damaged(None, "its stored count is missing"))?;
        if tail.unreadable || tail.last_seq.unwrap_or(0) != head.count {
            return Err(damaged(tail.last_seq, "its end is not as it was recorded"));
        }
        let first = match first {
            Some(row) => Some(event(&row).ok_or_else(|| damaged(Some(1), "its first entry cannot be read"))?),
            None => None,
        };
        let device = first.as_ref().and_then(|event| match &event.body {
            EventBody::SessionOpened { device, .. } => Some(device.clone()),
            _ => None,
        });
        let status = match (lock::holder(&dir), tail.ending) {
            (Some(pid), _) => SessionStatus::Running { pid },
            (None, Some(ending)) => SessionStatus::Closed { ending },
            (None, None) => SessionStatus::Interrupted,
        };
        Ok(SessionSummary {
            id: id.to_owned(),
            opened_at_ms: first.map(|event| event.at_ms),
            device,
            last_step: tail.last_step,
            events: head.count,
            status,
        })
    }
}

/// What the end of a journal tells, read backwards.
#[derive(Debug, Default)]
struct Tail {
    last_seq: Option<u64>,
    last_step: Option<Step>,
    ending: Option<Ending>,
    /// Set by an event that cannot follow the close of a session unless it was resumed.
    goes_on: bool,
    unreadable: bool,
}

impl Tail {
    /// Takes one row; says whether more are wanted.
    fn visit(&mut self, row: database::Row) -> bool {
        let Some(event) = event(&row) else {
            self.unreadable = true;
            self.last_seq = self.last_seq.or(u64::try_from(row.seq).ok());
            return false;
        };
        self.last_seq = self.last_seq.or(Some(event.seq));
        match event.body {
            EventBody::SessionClosed { ending, .. } if !self.goes_on => self.ending = Some(ending),
            EventBody::SessionResumed { .. } => self.goes_on = self.ending.is_none(),
            EventBody::StepStarted { step, .. } => {
                self.last_step = Some(step);
                self.goes_on = self.ending.is_none();
            }
            _ => {}
        }
        self.last_step.is_none()
    }
}

fn event(row: &database::Row) -> Option<Event> {
    let event: Event = serde_json::from_str(row.body.as_deref()?).ok()?;
    (i64::try_from(event.seq).ok()? == row.seq).then_some(event)
}

fn damaged(id: &str, error: &JournalError) -> SessionSummary {
    SessionSummary {
        id: id.to_owned(),
        opened_at_ms: None,
        device: None,
        last_step: None,
        events: 0,
        status: SessionStatus::Damaged { problem: Problem::from_error(error) },
    }
}
