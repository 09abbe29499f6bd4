//! The chain of hashes through a journal, and the check of all of it.

use std::collections::BTreeMap;

use debrick_model::{Coded, Digest, Effect, Event, EventBody};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::canonical::{first_hash, next_hash};
use crate::database::{self, Access, Order, Row};
use crate::error::{JournalError, VaultError};
use crate::journal::Entry;
use crate::vault::Vault;

/// What no check of a journal can find, for a person.
pub const CANNOT_BE_DETECTED: &str = "Whoever can write to the journal file can also write it anew as a whole, with \
    every hash recomputed, or take it back to an earlier state together with its stored count. That is found only \
    by comparing the last hash with one that was noted elsewhere, for example in a printed report.";

/// More faults than this are counted, not listed.
const MAX_FAULTS: usize = 500;

/// What a check of a session's journal and artifacts found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// The session.
    pub session: String,
    /// Entries in the journal.
    pub events: u64,
    /// The hash of the last entry. Note it elsewhere to be able to tell later that nothing was changed.
    pub head: Digest,
    /// Artifacts that were named and found undamaged.
    pub artifacts: u64,
    /// What is wrong, by place; empty when all is well.
    pub faults: Vec<Fault>,
    /// Further faults that are not listed.
    pub faults_left_out: u64,
}

impl ChainReport {
    /// Whether every link holds and every artifact is there and undamaged.
    pub fn is_intact(&self) -> bool {
        self.faults.is_empty()
    }

    fn add(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.faults_left_out += 1;
        }
    }
}

/// One thing that is wrong with a session's journal or artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The entry concerned, where there is one.
    pub seq: Option<u64>,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, in a clause.
    pub what: String,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The journal file cannot be read, or not to its end.
    Unreadable,
    /// The journal's tables are not the ones this program makes.
    TablesChanged,
    /// Entries are missing.
    Gap,
    /// An entry is not an event, or not the one of its place.
    NotAnEvent,
    /// An entry and its hash do not belong together, or not behind the entry before it.
    LinkBroken,
    /// The stored count and last hash do not fit the entries: the end was cut off or added to.
    HeadMismatch,
    /// An artifact that an event names is not in the vault.
    ArtifactMissing,
    /// An artifact that an event names is damaged or cannot be read.
    ArtifactDamaged,
}

impl Vault {
    /// Checks every link of a session's chain, its count, and every artifact that its events name. It only reads.
    ///
    /// # Errors
    /// Damage is no error but a fault in the report. An error means that nothing could be checked: no such session, a
    /// newer version, a busy journal, or a failing disk.
    pub fn verify_session(&self, id: &str) -> Result<ChainReport, JournalError> {
        let dir = self.existing_session_dir(id)?;
        let scan = database::open(&dir, id, Access::Read).and_then(|connection| scan(&connection, id));
        let mut scan = match scan {
            Ok(scan) => scan,
            Err(error) => {
                let (seq, what) = error.into_damage()?;
                let mut scan = Scan::new(id);
                scan.fault(seq, FaultKind::Unreadable, what);
                scan
            }
        };
        let mut report = ChainReport {
            session: id.to_owned(),
            events: scan.count,
            head: scan.head,
            artifacts: 0,
            faults: Vec::new(),
            faults_left_out: 0,
        };
        for fault in scan.faults.drain(..) {
            report.add(fault);
        }
        self.verify_artifacts(&scan.entries, &mut report);
        Ok(report)
    }

    /// The hash that chains entry `seq` of a session, to be compared with one noted earlier.
    pub fn chain_hash(&self, id: &str, seq: u64) -> Result<Option<Digest>, JournalError> {
        let entries = self.read_session_as_found(id)?;
        Ok(entries.into_iter().find(|entry| entry.event.seq == seq).map(|entry| entry.hash))
    }

    fn verify_artifacts(&self, entries: &[Entry], report: &mut ChainReport) {
        let mut named: BTreeMap<Digest, (u64, bool)> = BTreeMap::new();
        for Entry { event, .. } in entries {
            for (digest, required) in digests_in(&event.body) {
                let first = named.entry(digest).or_insert((event.seq, false));
                if required && !first.1 {
                    *first = (event.seq, true);
                }
            }
        }
        for (digest, (seq, required)) in named {
            let kind = match self.verify(digest) {
                Ok(()) => {
                    report.artifacts += 1;
                    continue;
                }
                Err(VaultError::Missing { .. }) if !required => continue,
                Err(error @ VaultError::Missing { .. }) => (FaultKind::ArtifactMissing, error),
                Err(error) => (FaultKind::ArtifactDamaged, error),
            };
            let what = format!("{} ({})", kind.1, kind.1.code());
            report.add(Fault { seq: Some(seq), kind: kind.0, what });
        }
    }
}

/// The entries of a journal and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Every entry that is an event.
    pub(crate) entries: Vec<Entry>,
    pub(crate) faults: Vec<Fault>,
    /// Rows.
    pub(crate) count: u64,
    /// The hash of the last row.
    pub(crate) head: Digest,
    expected_seq: i64,
}

/// Reads a journal and checks its links and its head, as of one instant.
///
/// Each link is checked against the *stored* hash before it, so that one change shows as one fault in its place and not
/// as a fault in every entry behind it.
pub(crate) fn scan(connection: &Connection, id: &str) -> Result<Scan, JournalError> {
    let mut scan = Scan::new(id);
    if let Err(error) = scan_rows(connection, &mut scan) {
        match JournalError::database("reading", id, error) {
            JournalError::Busy { id, operation, source } => {
                return Err(JournalError::Busy { id, operation, source });
            }
            JournalError::Damaged { what, .. } => scan.fault(None, FaultKind::Unreadable, what),
            other => {
                let source = std::error::Error::source(&other).map(ToString::to_string);
                scan.fault(None, FaultKind::Unreadable, source.unwrap_or_else(|| other.to_string()));
            }
        }
    }
    Ok(scan)
}

fn scan_rows(connection: &Connection, scan: &mut Scan) -> rusqlite::Result<()> {
    let instant = connection.unchecked_transaction()?;
    if !database::tables_are_ours(&instant)? {
        scan.fault(None, FaultKind::TablesChanged, "its tables are not the ones this program makes".into());
    }
    database::for_each_row(&instant, Order::Forward, |row| {
        scan.add(row);
        scan.faults.len() < MAX_FAULTS
    })?;
    scan.check_head(database::head(&instant)?);
    Ok(())
}

impl Scan {
    fn new(id: &str) -> Self {
        Self { entries: Vec::new(), faults: Vec::new(), count: 0, head: first_hash(id), expected_seq: 1 }
    }

    fn fault(&mut self, seq: Option<u64>, kind: FaultKind, what: String) {
        self.faults.push(Fault { seq, kind, what });
    }

    fn add(&mut self, row: Row) {
        self.count += 1;
        if row.seq < self.expected_seq {
            // Rows come in order and numbers are unique, so this one stands before the first.
            return self.fault(None, FaultKind::Gap, format!("there is an entry numbered {}", row.seq));
        }
        let gap = row.seq > self.expected_seq;
        if gap {
            let (first, last) = (self.expected_seq, row.seq - 1);
            let what = if first == last {
                format!("entry {first} is missing")
            } else {
                format!("entries {first} to {last} are missing")
            };
            self.fault(u64::try_from(first).ok(), FaultKind::Gap, what);
        }
        let seq = u64::try_from(row.seq).ok();
        let computed = row.body.as_deref().map(|json| next_hash(&self.head, json));
        // Behind a gap, the hash before is not known and the link cannot be judged; the gap is fault enough.
        if !gap && (computed.is_none() || computed != row.hash) {
            let what = format!("entry {} and its hash do not belong together", row.seq);
            self.fault(seq, FaultKind::LinkBroken, what);
        }
        let event = row.body.as_deref().and_then(|json| serde_json::from_str::<Event>(json).ok());
        match event.filter(|event| Some(event.seq) == seq) {
            Some(event) => {
                if let Some(hash) = row.hash.or(computed) {
                    self.entries.push(Entry { event, hash });
                }
            }
            None => {
                let what = format!("entry {} is not the event of its place", row.seq);
                self.fault(seq, FaultKind::NotAnEvent, what);
            }
        }
        self.head = row.hash.or(computed).unwrap_or(self.head);
        self.expected_seq = row.seq.saturating_add(1);
    }

    fn check_head(&mut self, stored: Option<database::Head>) {
        let Some(stored) = stored else {
            return self.fault(None, FaultKind::HeadMismatch, "its stored count is missing".into());
        };
        if stored.count != self.count {
            let what = format!("it once had {} entries, and {} are there", stored.count, self.count);
            let seq = stored.count.min(self.count).checked_add(1);
            self.fault(seq, FaultKind::HeadMismatch, what);
        } else if stored.hash != self.head {
            let what = "the last entry is not the one that was recorded last".into();
            self.fault(Some(self.count), FaultKind::HeadMismatch, what);
        }
    }
}

/// The digests that an event names, and whether the content must be in the vault. What a region is to hold may be a part
/// of an image, so it need not be there by itself; where it is, it is checked too.
fn digests_in(body: &EventBody) -> Vec<(Digest, bool)> {
    match body {
        EventBody::SessionOpened { record, image, .. } => {
            std::iter::once(record).chain(image).map(|digest| (*digest, true)).collect()
        }
        EventBody::EvidenceStored { artifact, .. }
        | EventBody::ImageJudged { artifact, .. }
        | EventBody::BackedUp { artifact, .. } => vec![(*artifact, true)],
        EventBody::Cleared { image, .. } => image.iter().map(|digest| (*digest, true)).collect(),
        EventBody::Intent {
            effect: Effect::OfferImage { content, .. } | Effect::RunImage { content, .. },
        } => {
            vec![(*content, true)]
        }
        EventBody::Intent { effect: Effect::WriteRegion { content, .. } }
        | EventBody::Verified { content, .. } => vec![(*content, false)],
        EventBody::Intent { .. }
        | EventBody::SessionResumed { .. }
        | EventBody::PlanMade { .. }
        | EventBody::StepStarted { .. }
        | EventBody::StepEnded { .. }
        | EventBody::Observed { .. }
        | EventBody::Diagnosed { .. }
        | EventBody::Identified { .. }
        | EventBody::GateChecked { .. }
        | EventBody::GateWaived { .. }
        | EventBody::Asked { .. }
        | EventBody::Answered { .. }
        | EventBody::Coached { .. }
        | EventBody::BackupProven { .. }
        | EventBody::BackupOmitted { .. }
        | EventBody::EffectDone { .. }
        | EventBody::Booted { .. }
        | EventBody::SmokeTested { .. }
        | EventBody::Noted { .. }
        | EventBody::Failed { .. }
        | EventBody::Retrying { .. }
        | EventBody::SessionClosed { .. } => Vec::new(),
    }
}
