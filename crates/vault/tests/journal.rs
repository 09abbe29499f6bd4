//! Sessions made, driven, read, listed and verified, as the engine does it.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use debrick_model::{
    Action, Cause, Coded, Diagnosis, Digest, Ending, EventBody, EvidenceKind, EvidenceLine, Finding, Outcome,
    ProposedAction, State, Step,
};
use debrick_vault::{FaultKind, JournalError, MAX_EVENT_BYTES, SessionStatus, Vault};
use proptest::prelude::*;

const AT_MS: u64 = 1_795_230_922_123;

fn vault() -> (tempfile::TempDir, Vault) {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    (dir, vault)
}

fn opened(vault: &Vault, session: &str) -> EventBody {
    EventBody::SessionOpened {
        session: session.into(),
        program: "0.1.0".into(),
        device: "acme-r1".into(),
        ports: vec!["/dev/ttyUSB0".into()],
        record: vault.put_bytes(b"{}").unwrap(),
        image_name: Some("firmware.bin".into()),
        image: Some(vault.put_bytes(b"firmware").unwrap()),
    }
}

fn noted(text: impl Into<String>) -> EventBody {
    EventBody::Noted { text: text.into() }
}

fn started(step: Step) -> EventBody {
    EventBody::StepStarted { step, attempt: 1 }
}

fn closed(ending: Ending) -> EventBody {
    EventBody::SessionClosed { ending, summary: vec!["Done.".into()], version: None, next_step: None }
}

#[test]
fn what_is_appended_is_read() {
    let (_dir, vault) = vault();
    let mut journal = vault.create_session(AT_MS, 0xabcd_7f3a).unwrap();
    let id = journal.id().to_owned();
    assert_eq!(id, "20261121-031522-7f3a");
    assert!(journal.is_empty());
    let mut events = vec![journal.append(AT_MS, opened(&vault, &id)).unwrap()];
    events.push(journal.append(AT_MS + 5, noted("\0\u{202e}é\"\\ \u{1f4a9}")).unwrap());
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);

    assert_eq!(journal.len(), 2);
    assert_eq!(journal.events().unwrap(), events);
    assert_eq!(vault.read_session(&id).unwrap(), events, "without the lock");
    drop(journal);

    let mut journal = vault.open_session(&id).unwrap();
    events.push(
        journal.append(AT_MS, EventBody::SessionResumed { program: "0.2.0".into(), after_seq: 2 }).unwrap(),
    );
    assert_eq!(journal.events().unwrap(), events);
    let report = vault.verify_session(&id).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!((report.events, report.head), (3, journal.head()));
    assert_eq!(vault.chain_hash(&id, 3).unwrap(), Some(journal.head()));
    assert_eq!(vault.chain_hash(&id, 4).unwrap(), None);
}

#[test]
fn one_process_at_a_time() {
    let (_dir, vault) = vault();
    let journal = vault.create_session(AT_MS, 1).unwrap();
    let id = journal.id().to_owned();
    let error = vault.open_session(&id).unwrap_err();
    assert_eq!(error.code(), "journal-session-in-use");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    assert!(matches!(error, JournalError::InUse { pid: Some(_), .. }));
    drop(journal);
    vault.open_session(&id).unwrap();
}

#[test]
fn ids_are_unique_in_a_second() {
    let (_dir, vault) = vault();
    let ids: Vec<String> = [0xffff, 0xffff, 0xffff, 0]
        .map(|seed| vault.create_session(AT_MS, seed).unwrap().id().to_owned())
        .into();
    assert_eq!(
        ids,
        ["20261121-031522-ffff", "20261121-031522-0000", "20261121-031522-0001", "20261121-031522-0002"]
    );
}

#[test]
fn names_that_are_no_ids_are_refused() {
    let (dir, vault) = vault();
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    for id in ["", "..", "../elsewhere", "/etc", "20261121-031522-7f3a/../..", "20261121-031522-7F3A"] {
        assert_eq!(vault.open_session(id).unwrap_err().code(), "journal-session-id", "{id:?}");
        assert_eq!(vault.read_session(id).unwrap_err().code(), "journal-session-id");
        assert_eq!(vault.verify_session(id).unwrap_err().code(), "journal-session-id");
    }
    assert_eq!(vault.open_session("20261121-031522-7f3a").unwrap_err().code(), "journal-no-such-session");
}

#[test]
fn sessions_are_listed_with_how_they_stand() {
    let (_dir, vault) = vault();
    let session = |at_ms, bodies: Vec<EventBody>| {
        let mut journal = vault.create_session(at_ms, 0).unwrap();
        for body in bodies {
            journal.append(at_ms, body).unwrap();
        }
        journal
    };
    drop(session(
        5000,
        vec![opened(&vault, "a"), started(Step::Flash), closed(Ending::Repaired), noted("later")],
    ));
    drop(session(4000, vec![opened(&vault, "b"), started(Step::Assess), started(Step::Backup)]));
    let resumed = EventBody::SessionResumed { program: "0.1.0".into(), after_seq: 2 };
    drop(session(3000, vec![opened(&vault, "c"), started(Step::Soak), closed(Ending::Cancelled), resumed]));
    drop(session(2000, vec![]));
    let running = session(1000, vec![opened(&vault, "d"), closed(Ending::NeedsOperator)]);
    let broken = session(0, vec![opened(&vault, "e")]).id().to_owned();
    fs::write(vault.path().join("sessions").join(&broken).join("journal.db"), "no database").unwrap();
    fs::create_dir(vault.path().join("sessions/unrelated")).unwrap();

    let found = vault.sessions().unwrap();
    let seen: Vec<_> = found
        .iter()
        .map(|one| (one.opened_at_ms, one.last_step, one.events, one.device.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            (None, None, 0, None),
            (None, None, 0, None),
            (Some(1000), None, 2, Some("acme-r1")),
            (Some(3000), Some(Step::Soak), 4, Some("acme-r1")),
            (Some(4000), Some(Step::Backup), 3, Some("acme-r1")),
            (Some(5000), Some(Step::Flash), 4, Some("acme-r1")),
        ]
    );
    assert!(
        matches!(&found[0].status, SessionStatus::Damaged { problem } if problem.code == "journal-damaged")
    );
    assert_eq!(found[1].status, SessionStatus::Interrupted);
    assert_eq!(found[2].status, SessionStatus::Running { pid: Some(std::process::id()) });
    assert_eq!(found[3].status, SessionStatus::Interrupted);
    assert_eq!(found[4].status, SessionStatus::Interrupted);
    assert_eq!(found[5].status, SessionStatus::Closed { ending: Ending::Repaired });
    drop(running);
    assert_eq!(vault.sessions().unwrap()[2].status, SessionStatus::Closed { ending: Ending::NeedsOperator });
}

#[test]
fn artifacts_that_events_name_are_checked() {
    let (_dir, vault) = vault();
    let mut journal = vault.create_session(AT_MS, 1).unwrap();
    let id = journal.id().to_owned();
    let [good, bad] = [b"good", b"evil"].map(|content| vault.put_bytes(content).unwrap());
    let missing = Digest::new([3; 32]);
    for artifact in [good, bad, missing] {
        let body = EventBody::EvidenceStored { kind: EvidenceKind::SerialLog, name: "log".into(), artifact };
        journal.append(AT_MS, body).unwrap();
    }
    // What a region should hold need not be an artifact of its own.
    let content = Digest::new([4; 32]);
    let body =
        EventBody::Verified { region: "firmware".into(), ok: true, how: "x".into(), content, wrong: 0 };
    journal.append(AT_MS, body).unwrap();
    fs::write(vault.artifact_path(bad), "Evil").unwrap();

    let report = vault.verify_session(&id).unwrap();
    let mut faults: Vec<_> = report.faults.iter().map(|fault| (fault.seq, fault.kind)).collect();
    faults.sort_by_key(|fault| fault.0);
    assert_eq!(faults, [(Some(2), FaultKind::ArtifactDamaged), (Some(3), FaultKind::ArtifactMissing)]);
    assert_eq!(report.artifacts, 1);
    // The chain itself holds: the session can go on.
    drop(journal);
    vault.open_session(&id).unwrap();
}

#[test]
fn events_that_would_not_read_back_are_refused() {
    let (_dir, vault) = vault();
    let mut journal = vault.create_session(AT_MS, 1).unwrap();
    let error = journal.append(AT_MS, noted("x".repeat(MAX_EVENT_BYTES))).unwrap_err();
    assert_eq!(error.code(), "journal-event-refused");
    let error = journal.append(AT_MS, diagnosed(f64::NAN)).unwrap_err();
    assert_eq!(error.code(), "journal-event-refused");
    journal.append(AT_MS, noted("x".repeat(MAX_EVENT_BYTES - 100))).unwrap();
    journal.append(AT_MS, diagnosed(0.1 + 0.2)).unwrap();
    assert_eq!(journal.events().unwrap().len(), 2);
}

fn diagnosed(likelihood: f64) -> EventBody {
    let evidence = vec![EvidenceLine {
        file: "boot.log".into(),
        line: 3,
        text: "Bad CRC".into(),
        says: "It is.".into(),
    }];
    EventBody::Diagnosed {
        diagnosis: Diagnosis {
            state: State::BootloaderOnly,
            findings: vec![Finding { cause: Cause::ImageCorrupt, likelihood, evidence }],
            actions: vec![ProposedAction {
                action: Action::ReflashSameImage,
                why: "So.".into(),
                risk: String::new(),
            }],
            next_evidence: Vec::new(),
            timeline: Vec::new(),
        },
    }
}

#[test]
fn only_the_owner_can_read_a_session() {
    let (_dir, vault) = vault();
    let mut journal = vault.create_session(AT_MS, 1).unwrap();
    journal.append(AT_MS, noted("secret")).unwrap();
    let dir = vault.path().join("sessions").join(journal.id());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 4, "database, log, shared memory, lock");
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let (_dir, vault) = vault();
    let id = vault.create_session(AT_MS, 1).unwrap().id().to_owned();
    let path = vault.path().join("sessions").join(&id).join("journal.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(vault.open_session(&id).unwrap_err().code(), "journal-newer-version");
    assert_eq!(vault.read_session(&id).unwrap_err().code(), "journal-newer-version");
    assert_eq!(vault.verify_session(&id).unwrap_err().code(), "journal-newer-version");
    let status = vault.sessions().unwrap().remove(0).status;
    assert!(matches!(status, SessionStatus::Damaged { problem } if problem.code == "journal-newer-version"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_dead_processes_began_is_removed_and_what_living_ones_began_is_not() {
    let (_dir, vault) = vault();
    let sessions = vault.path().join("sessions");
    // No process has the largest id; process 1 always lives.
    fs::create_dir(sessions.join(".new-2147483647-0")).unwrap();
    fs::create_dir(sessions.join(".new-1-0")).unwrap();
    vault.create_session(AT_MS, 1).unwrap();
    assert!(!sessions.join(".new-2147483647-0").exists());
    assert!(sessions.join(".new-1-0").exists());
    assert_eq!(vault.sessions().unwrap().len(), 1);
}

#[test]
fn readers_and_the_writer_do_not_disturb_each_other() {
    let (_dir, vault) = vault();
    let mut journal = vault.create_session(AT_MS, 1).unwrap();
    let id = journal.id().to_owned();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    while seen < 60 {
                        let events = vault.read_session(&id).unwrap();
                        assert!(events.len() >= seen);
                        seen = events.len();
                        vault.sessions().unwrap();
                    }
                })
            })
            .collect();
        for index in 0..60 {
            journal.append(AT_MS + index, noted(format!("event {index}"))).unwrap();
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert!(vault.verify_session(&id).unwrap().is_intact());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_and_number_survives(texts in prop::collection::vec(any::<String>(), 1..6), likelihood in 0.0..1.0f64) {
        let (_dir, vault) = vault();
        let mut journal = vault.create_session(AT_MS, 1).unwrap();
        let mut events = vec![journal.append(u64::MAX, diagnosed(likelihood)).unwrap()];
        for text in texts {
            let body = EventBody::StepEnded {
                step: Step::Flash, attempt: 1, outcome: Outcome::Done, summary: text,
            };
            events.push(journal.append(0, body).unwrap());
        }
        let id = journal.id().to_owned();
        drop(journal);
        prop_assert_eq!(vault.read_session(&id).unwrap(), events);
        prop_assert!(vault.verify_session(&id).unwrap().is_intact());
    }
}
