//! A disk that runs full in the middle, on a small file system of its own.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::io::Read;
use std::path::Path;
use std::process::Command;

use debrick_model::{Coded, EventBody};
use debrick_vault::Vault;

const MIB: u64 = 1 << 20;

/// What happens on the small file system, which is the current directory.
#[test]
#[ignore = "a part of the test below, which makes the file system"]
fn child() {
    let marker = Path::new("small");
    if !marker.exists() {
        return;
    }
    let vault = Vault::open("state").unwrap();
    let mut journal = vault.create_session(0, 0).unwrap();
    journal.append(0, EventBody::Noted { text: "first".into() }).unwrap();
    let kept = vault.put_bytes(b"kept").unwrap();
    let free = vault.free_space().unwrap();
    assert!(free < 4 * MIB);
    assert_eq!(vault.require_free(4 * MIB).unwrap_err().code(), "vault-low-space");

    let error = vault.put_reader(&mut std::io::repeat(7).take(8 * MIB)).unwrap_err();
    assert_eq!(error.code(), "vault-disk-full");
    assert_eq!(vault.free_space().unwrap(), free, "nothing half-written stays");

    let filler = vec![1; usize::try_from(free).unwrap()];
    let _ = std::fs::write("filler", filler);
    let error = (0..1000)
        .find_map(|at_ms| journal.append(at_ms, EventBody::Noted { text: "x".repeat(9000) }).err())
        .unwrap();
    assert_eq!(error.code(), "journal-disk-full", "{error:?}");
    let events = journal.len();
    assert_eq!(vault.put_bytes(&[3; 9000]).unwrap_err().code(), "vault-disk-full");

    // With room again, the same journal goes on.
    std::fs::remove_file("filler").unwrap();
    journal.append(0, EventBody::Noted { text: "last".into() }).unwrap();
    assert_eq!(journal.len(), events + 1);
    let report = vault.verify_session(journal.id()).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(report.events, events + 1);
    vault.verify(kept).unwrap();
    std::fs::write("done", "").unwrap();
    // The result has to leave the mount namespace: the test reads it from the exit status and this line.
    std::io::Write::write_all(&mut std::io::stdout(), b"\nfull-disk-child-done\n").unwrap();
}

/// Needs to mount a file system in a namespace of its own. Where the system forbids that, there is nothing to test.
#[test]
fn a_full_disk_keeps_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let unshare = |script: &str| {
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .current_dir(dir.path())
            .output()
    };
    let mount = "mount -t tmpfs -o size=3m tmpfs . && cd \"$PWD\" && touch small";
    if !unshare(mount).is_ok_and(|output| output.status.success()) {
        return;
    }
    let output = unshare(&format!("{mount} && exec \"$1\" --exact child --ignored --nocapture")).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("full-disk-child-done"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
