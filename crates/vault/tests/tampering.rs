//! A journal that is changed behind the program's back is found out, and the place of the change is named.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::fs;
use std::path::PathBuf;

use debrick_model::{Coded, EventBody, Step};
use debrick_vault::{FaultKind, SessionStatus, Vault};
use proptest::prelude::*;
use rusqlite::Connection;

const EVENTS: u64 = 6;

struct Session {
    _dir: tempfile::TempDir,
    vault: Vault,
    id: String,
}

impl Session {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        let mut journal = vault.create_session(0, 0).unwrap();
        for index in 0..EVENTS {
            let body = EventBody::Noted { text: format!("event number {index}") };
            journal.append(index, body).unwrap();
        }
        let id = journal.id().to_owned();
        drop(journal);
        Self { _dir: dir, vault, id }
    }

    fn path(&self) -> PathBuf {
        self.vault.path().join("sessions").join(&self.id).join("journal.db")
    }

    fn tamper(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }

    fn faults(&self) -> Vec<(Option<u64>, FaultKind)> {
        let report = self.vault.verify_session(&self.id).unwrap();
        report.faults.into_iter().map(|fault| (fault.seq, fault.kind)).collect()
    }
}

#[track_caller]
fn check(sql: &str, expected: &[(Option<u64>, FaultKind)]) {
    let session = Session::new();
    assert_eq!(session.faults(), [], "before");
    session.tamper(sql);
    assert_eq!(session.faults(), expected, "{sql}");
    // Nobody can go on with it, and nobody takes it for a good one.
    assert_eq!(session.vault.open_session(&session.id).unwrap_err().code(), "journal-damaged");
    assert_eq!(session.vault.read_session(&session.id).unwrap_err().code(), "journal-damaged");
    session.vault.read_session_as_found(&session.id).unwrap();
    assert_eq!(session.vault.sessions().unwrap().len(), 1);
}

#[test]
fn changed_entries() {
    use FaultKind::{LinkBroken, NotAnEvent};

    check(
        "UPDATE events SET body = replace(body, 'number 2', 'number 9') WHERE seq = 3",
        &[(Some(3), LinkBroken)],
    );
    check("UPDATE events SET body = body || ' ' WHERE seq = 1", &[(Some(1), LinkBroken)]);
    check("UPDATE events SET body = '{}' WHERE seq = 3", &[(Some(3), LinkBroken), (Some(3), NotAnEvent)]);
    check(
        "UPDATE events SET body = (SELECT body FROM events WHERE seq = 4) WHERE seq = 3",
        &[(Some(3), LinkBroken), (Some(3), NotAnEvent)],
    );
}

#[test]
fn changed_hashes() {
    use FaultKind::{HeadMismatch, LinkBroken};

    check(
        "UPDATE events SET hash = zeroblob(32) WHERE seq = 3",
        &[(Some(3), LinkBroken), (Some(4), LinkBroken)],
    );
    check(
        "UPDATE events SET hash = zeroblob(32) WHERE seq = 6",
        &[(Some(6), LinkBroken), (Some(6), HeadMismatch)],
    );
    check("UPDATE events SET hash = x'00' WHERE seq = 2", &[(Some(2), LinkBroken)]);
}

#[test]
fn changed_order() {
    use FaultKind::{Gap, HeadMismatch, LinkBroken, NotAnEvent};

    check("UPDATE events SET seq = 9 WHERE seq = 6", &[(Some(6), Gap), (Some(9), NotAnEvent)]);
    check("UPDATE events SET seq = 0 WHERE seq = 1", &[(None, Gap), (Some(1), Gap)]);
    check(
        "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; \
         UPDATE events SET seq = 3 WHERE seq = 99",
        &[
            (Some(2), LinkBroken),
            (Some(2), NotAnEvent),
            (Some(3), LinkBroken),
            (Some(3), NotAnEvent),
            (Some(4), LinkBroken),
        ],
    );
    check(
        "INSERT INTO events SELECT -5, body, hash FROM events WHERE seq = 2",
        &[(None, Gap), (Some(7), HeadMismatch)],
    );
}

#[test]
fn deleted_entries() {
    use FaultKind::{Gap, HeadMismatch};

    check("DELETE FROM events WHERE seq = 1", &[(Some(1), Gap), (Some(6), HeadMismatch)]);
    check("DELETE FROM events WHERE seq IN (3, 4)", &[(Some(3), Gap), (Some(5), HeadMismatch)]);
    check("DELETE FROM events WHERE seq = 6", &[(Some(6), HeadMismatch)]);
    check("DELETE FROM events", &[(Some(1), HeadMismatch)]);
}

#[test]
fn changed_heads() {
    use FaultKind::HeadMismatch;

    check("UPDATE head SET count = 5", &[(Some(6), HeadMismatch)]);
    check("UPDATE head SET hash = zeroblob(32)", &[(Some(6), HeadMismatch)]);
    check("UPDATE head SET count = -1", &[(None, HeadMismatch)]);
    check("DELETE FROM head", &[(None, HeadMismatch)]);
}

#[test]
fn changed_tables() {
    use FaultKind::{TablesChanged, Unreadable};

    check(
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events WHERE seq = 1; END",
        &[(None, TablesChanged)],
    );
    check("CREATE INDEX i ON events(hash)", &[(None, TablesChanged)]);
    check("PRAGMA journal_mode = DELETE", &[(None, TablesChanged)]);
    check("DROP TABLE events", &[(None, TablesChanged), (None, Unreadable)]);
    check("DROP TABLE head", &[(None, TablesChanged), (None, Unreadable)]);
    check("PRAGMA user_version = 0", &[(None, Unreadable)]);
}

#[test]
fn a_tail_cut_together_with_its_count_is_found_only_by_a_noted_hash() {
    let session = Session::new();
    let noted = session.vault.verify_session(&session.id).unwrap().head;
    session.tamper(
        "DELETE FROM events WHERE seq = 6; \
         UPDATE head SET count = 5, hash = (SELECT hash FROM events WHERE seq = 5)",
    );
    let report = session.vault.verify_session(&session.id).unwrap();
    assert!(report.is_intact(), "as documented");
    assert_ne!(report.head, noted);
    assert_ne!(session.vault.chain_hash(&session.id, EVENTS).unwrap(), Some(noted));
}

#[test]
fn a_journal_of_another_session_is_found_out() {
    let session = Session::new();
    let other = session.vault.create_session(5000, 0).unwrap().id().to_owned();
    let other_path = session.vault.path().join("sessions").join(&other).join("journal.db");
    fs::copy(session.path(), other_path).unwrap();
    let report = session.vault.verify_session(&other).unwrap();
    assert_eq!(report.faults[0].kind, FaultKind::LinkBroken);
    assert_eq!(report.faults[0].seq, Some(1));
}

#[test]
fn a_journal_that_is_cut_or_gone_is_damaged_and_not_an_error() {
    let session = Session::new();
    let whole = fs::read(session.path()).unwrap();
    for len in [0, 1, 63, 64, 99, 100, 4096, 8192, whole.len() - 1] {
        fs::write(session.path(), &whole[..len]).unwrap();
        assert_ne!(session.faults(), [], "cut to {len}");
        assert_eq!(session.vault.open_session(&session.id).unwrap_err().code(), "journal-damaged");
    }
    fs::remove_file(session.path()).unwrap();
    assert_eq!(session.faults(), [(None, FaultKind::Unreadable)]);
    assert_eq!(session.vault.sessions().unwrap().len(), 1);
}

/// Damages the file from `offset` on.
#[track_caller]
fn check_header(offset: usize, damage: &[u8]) {
    let session = Session::new();
    let mut bytes = fs::read(session.path()).unwrap();
    bytes[offset..offset + damage.len()].copy_from_slice(damage);
    fs::write(session.path(), &bytes).unwrap();
    let shown = format!("{damage:?} at {offset}");
    let code = "journal-header-damaged";
    assert_eq!(session.vault.open_session(&session.id).unwrap_err().code(), code, "{shown}");
    assert_eq!(session.vault.read_session(&session.id).unwrap_err().code(), code, "{shown}");
    assert_eq!(session.faults(), [(None, FaultKind::Unreadable)], "{shown}");
    assert_eq!(session.vault.read_session_as_found(&session.id).unwrap(), [], "{shown}");
    let status = session.vault.sessions().unwrap().remove(0).status;
    assert!(matches!(status, SessionStatus::Damaged { problem } if problem.code == code), "{shown}");
    assert_eq!(fs::read(session.path()).unwrap(), bytes, "left as it is: {shown}");
}

#[test]
fn a_header_that_is_garbage_is_not_taken_for_a_newer_version() {
    let noise: Vec<u8> = (0..100_u8).map(|index| index.wrapping_mul(167).wrapping_add(91)).collect();
    check_header(0, &noise);
    check_header(0, &[0xff; 4096]);
    check_header(0, &[0; 4096]);
    check_header(0, b"GIF89a");
    check_header(16, &noise[16..]);
    check_header(60, &[0xa5; 4]);
    check_header(60, &[0xa5; 12]);
    check_header(56, &[0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, b'o', b't', b'h', b'r']);
}

#[test]
fn a_writer_notices_that_somebody_else_wrote() {
    let session = Session::new();
    let mut journal = session.vault.open_session(&session.id).unwrap();
    session.tamper("UPDATE head SET count = 7");
    let error = journal.append(0, EventBody::StepStarted { step: Step::Flash, attempt: 1 }).unwrap_err();
    assert_eq!(error.code(), "journal-damaged");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever byte is hit: either it is found, or every event is still what it was.
    #[test]
    fn a_changed_byte_is_found_or_harmless(position: prop::sample::Index, flip in 1..=255u8) {
        thread_local! {
            static SESSION: Session = Session::new();
        }
        SESSION.with(|session| {
            let good = fs::read(session.path()).unwrap();
            let events = session.vault.read_session(&session.id).unwrap();
            let mut bad = good.clone();
            bad[position.index(good.len())] ^= flip;
            fs::write(session.path(), &bad).unwrap();
            let found = match session.vault.verify_session(&session.id) {
                Ok(report) => !report.is_intact(),
                Err(error) => error.code() == "journal-newer-version",
            };
            let read = session.vault.read_session(&session.id);
            session.vault.sessions().unwrap();
            for name in ["journal.db-wal", "journal.db-shm"] {
                let _ = fs::remove_file(session.path().with_file_name(name));
            }
            fs::write(session.path(), &good).unwrap();
            match read {
                Ok(read) => prop_assert!(!found && read == events),
                Err(_) => prop_assert!(found),
            }
            Ok(())
        })?;
    }
}
