//! A process that is killed loses nothing that it was told is recorded.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use debrick_model::{EventBody, EvidenceKind};
use debrick_vault::{SessionStatus, Vault};

/// The process that is killed. It works in its current directory, says what it has done, and stops by itself when nobody
/// tells it to begin.
#[test]
#[ignore = "a part of the test below, which starts it"]
fn child() {
    let mut session = String::new();
    std::io::stdin().read_line(&mut session).unwrap();
    if session.trim().is_empty() {
        return;
    }
    let vault = Vault::open(".").unwrap();
    let mut journal = vault.open_session(session.trim()).unwrap();
    let mut out = std::io::stdout();
    for _ in 0..100_000 {
        let seq = journal.len() + 1;
        let body = if seq.is_multiple_of(4) {
            let artifact = vault.put_bytes(format!("artifact {seq}").repeat(1000).as_bytes()).unwrap();
            EventBody::EvidenceStored { kind: EvidenceKind::SerialLog, name: "log".into(), artifact }
        } else {
            EventBody::Noted { text: format!("event {seq} {}", "x".repeat(seq as usize % 9000)) }
        };
        let event = journal.append(seq, body).unwrap();
        writeln!(out, "\nrecorded {} {}", event.seq, journal.head()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn everything_acknowledged_survives_sigkill() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let id = vault.create_session(0, 0).unwrap().id().to_owned();
    let mut last_seq = 0;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..12 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let acknowledged = kill_after(start(dir.path(), &id), 1 + random % 40, random >> 40);

        let report = vault.verify_session(&id).unwrap();
        assert!(report.is_intact(), "{report:?}");
        let (seq, head) = acknowledged.unwrap();
        assert!(seq > last_seq, "it went on where it had stopped");
        assert!(report.events == seq || report.events == seq + 1, "{} of {seq}", report.events);
        assert_eq!(vault.chain_hash(&id, seq).unwrap().unwrap().to_hex(), head);
        assert_eq!(vault.sessions().unwrap()[0].status, SessionStatus::Interrupted);
        last_seq = seq;
    }
    // What the killed ones had half-stored is gone with the next opening.
    Vault::open(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(dir.path().join("artifacts/incoming")).unwrap().count(), 0);
}

fn start(dir: &Path, session: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{session}").unwrap();
    child
}

/// Kills the process somewhere behind its `count`th acknowledgement; gives the last one that it made.
fn kill_after(mut child: Child, count: u64, spin: u64) -> Option<(u64, String)> {
    let mut last = None;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    let mut take = |line: String| {
        let mut words = line.strip_prefix("recorded ")?.split(' ');
        last = Some((words.next()?.parse().ok()?, words.next()?.to_owned()));
        Some(())
    };
    while seen < count {
        if take(lines.next().unwrap().unwrap()).is_some() {
            seen += 1;
        }
    }
    // A little later, to hit every phase of the next append.
    for _ in 0..spin % 2_000_000 {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        // A line that was cut short by the kill is no acknowledgement.
        if line.len() > 64 + "recorded ".len() {
            take(line);
        }
    }
    last
}
