//! State folders that are not writable, damaged, full, or of another version.

use std::fs;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use crate::program::{Place, Running};

/// Where SQLite keeps the version of a file (SQLite file format, section 1.3).
const USER_VERSION: u64 = 60;

/// A place with one session in it, that ended because the console hung up; its id.
pub(crate) fn with_session(place: &Place) -> String {
    let path = place.path("console");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let console = format!("unix:{}", path.display());
    let run = place.run(&["rescue", "--json", "--device", "acme-r1", "--console", &console]);
    assert_eq!(run.code, Some(10), "{}{}", run.stdout, run.stderr);
    run.closed()["session"].as_str().unwrap().to_owned()
}

fn journal(place: &Place, session: &str) -> PathBuf {
    place.path("state/sessions").join(session).join("journal.db")
}

#[test]
fn nothing_yet() {
    let place = Place::new();
    let run = place.run(&["sessions"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    assert!(run.stderr.contains("no sessions yet"));
    let run = place.run(&["sessions", "--json"]);
    assert_eq!(run.lines().pop().unwrap()["sessions"], serde_json::json!([]));
    for arguments in [&["report"][..], &["bundle"], &["resume"], &["report", "--verify"]] {
        place.refuses(arguments, 2, "usage");
    }
}

#[test]
fn session_ids_lead_nowhere_else() {
    let place = Place::new();
    let session = with_session(&place);
    for id in ["../../../etc/passwd", "..", "/", "", "20261121-031522-7F3A", "x\0y".trim_end_matches("\0y")] {
        for arguments in [["report", id], ["bundle", id], ["resume", id], ["verify-backup", id]] {
            place.refuses(&arguments, 1, "journal-session-id");
        }
        let restore = ["restore", "--device", "acme-r1", "--console", "unix:/nowhere", "--session", id];
        place.refuses(&restore, 1, "journal-session-id");
    }
    for arguments in [["report", "20200101-000000-0000"], ["resume", "20200101-000000-0000"]] {
        place.refuses(&arguments, 1, "journal-no-such-session");
    }
    place.refuses(&["verify-backup", &session], 1, "session-not-resumable");
}

#[test]
fn folders_that_cannot_be_used() {
    let place = Place::new();
    let file = place.file("file", "precious");
    for command in ["sessions", "report", "bundle", "resume"] {
        place.refuses(&[command, "--state-dir", &file], 1, "vault-io");
    }
    let check = |dir: &str, code: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_debrick"));
        command.args(["sessions", "--json", "--state-dir", dir]);
        let run = Running::start(command).end(std::time::Duration::from_secs(10));
        assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
        assert_eq!(run.lines()[0]["code"], code, "{}", run.stdout);
    };
    check(&file, "vault-io");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    // Nobody, not even the superuser, makes folders there.
    check("/sys/debrick", "vault-not-permitted");
}

#[test]
fn a_vault_of_a_newer_version() {
    let place = Place::new();
    with_session(&place);
    place.file("state/vault.version", "debrick-vault 99\n");
    for arguments in [&["sessions"][..], &["report"], &["resume"]] {
        place.refuses(arguments, 1, "vault-newer-version");
    }
    place.file("state/vault.version", "");
    place.refuses(&["sessions"], 1, "vault-marker-damaged");
}

#[test]
fn a_journal_of_a_newer_version() {
    let place = Place::new();
    let session = with_session(&place);
    let file = fs::File::options().write(true).open(journal(&place, &session)).unwrap();
    file.write_all_at(&99_u32.to_be_bytes(), USER_VERSION).unwrap();
    for command in ["report", "resume", "bundle", "verify-backup"] {
        place.refuses(&[command, &session], 1, "journal-newer-version");
    }
    place.refuses(&["report", "--verify", &session], 1, "journal-newer-version");
    // The list still names it.
    let run = place.run(&["sessions"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains(&session) && run.stdout.contains("newer version"), "{}", run.stdout);
}

#[test]
fn journals_that_are_damaged() {
    let cut: fn(&mut Vec<u8>) = |bytes| bytes.truncate(bytes.len() / 2);
    let emptied: fn(&mut Vec<u8>) = Vec::clear;
    let overwritten: fn(&mut Vec<u8>) = |bytes| bytes[100..].fill(0xA5);
    for damage in [cut, emptied, overwritten] {
        let place = Place::new();
        let session = with_session(&place);
        let path = journal(&place, &session);
        for beside in ["journal.db-wal", "journal.db-shm"] {
            let _ = fs::remove_file(path.with_file_name(beside));
        }
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();

        let run = place.run(&["sessions"]);
        assert!(run.code == Some(0) && run.stdout.contains("damaged"), "{}{}", run.stdout, run.stderr);
        for arguments in [&["resume", &session][..], &["report", "--verify", &session]] {
            let run = place.run(&[arguments, &["--json"]].concat());
            assert_eq!(run.code, Some(1), "{arguments:?} {}", run.stdout);
            let line = run.lines().pop().unwrap();
            assert!(line["code"] == "journal-damaged" || line["intact"] == false, "{line}");
        }
        // Whoever is to help gets what can still be read, if anything can.
        let bundle = place.run(&["bundle", &session, "--json"]);
        assert!(bundle.code == Some(0) || bundle.lines().pop().unwrap()["code"] == "journal-damaged");
        assert_eq!(fs::read(&path).unwrap(), bytes, "a damaged journal is left as it is");
    }
}

#[test]
fn a_journal_whose_beginning_is_garbage() {
    let place = Place::new();
    let session = with_session(&place);
    let file = fs::File::options().write(true).open(journal(&place, &session)).unwrap();
    file.write_all_at(&[0xa5; 100], 0).unwrap();
    for command in ["resume", "verify-backup"] {
        place.refuses(&[command, &session], 1, "journal-header-damaged");
    }
    let run = place.run(&["report", "--verify", &session, "--json"]);
    assert_eq!((run.code, &run.lines().pop().unwrap()["intact"]), (Some(1), &serde_json::json!(false)));
    let run = place.run(&["sessions"]);
    assert!(run.code == Some(0) && run.stdout.contains(&session), "{}", run.stdout);
    assert!(run.stdout.contains("damaged") && !run.stdout.contains("newer"), "{}", run.stdout);
}

#[test]
fn an_artifact_that_changed_is_found() {
    let place = Place::new();
    let session = with_session(&place);
    let run = place.run(&["report", "--verify", &session]);
    assert!(run.code == Some(0) && run.stdout.starts_with("intact: "), "{}", run.stdout);
    let folders = fs::read_dir(place.path("state/artifacts")).unwrap().flatten();
    let artifact = folders
        .filter(|entry| entry.file_name() != "incoming")
        .flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten())
        .next()
        .unwrap();
    let mut permissions = artifact.metadata().unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a file of this test's own")]
    permissions.set_readonly(false);
    fs::set_permissions(artifact.path(), permissions).unwrap();
    fs::write(artifact.path(), "something else").unwrap();
    let run = place.run(&["report", "--verify", &session, "--json"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.lines().pop().unwrap()["intact"], false);
    place.refuses(&["resume", &session], 1, "vault-artifact-damaged");
}

/// Needs to mount a file system in a namespace of its own; where the system forbids that, it says so.
#[test]
fn a_full_disk() {
    let place = Place::new();
    let script = r#"
        mount -t tmpfs -o size=1m none "$1" || exit 99
        cd "$1"
        program=$2
        head -c 2000000 /dev/zero >"$3/image"
        shift 2
        "$program" --json --state-dir state rescue --device acme-r1 --console "unix:$1/console" --image "$1/image"
        echo "{\"schema\":\"debrick.test\",\"exit\":$?}"
        cat /dev/zero >filler 2>/dev/null
        "$program" --json --state-dir state rescue --device acme-r1 --console "unix:$1/console"
        echo "{\"schema\":\"debrick.test\",\"exit\":$?}"
        rm filler
        "$program" --json --state-dir state sessions
        echo "{\"schema\":\"debrick.test\",\"exit\":$?}"
    "#;
    let small = place.path("small");
    fs::create_dir(&small).unwrap();
    let listener = UnixListener::bind(place.path("console")).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]);
    command.arg(&small).arg(env!("CARGO_BIN_EXE_debrick")).arg(place.path(""));
    if !Command::new("unshare")
        .args(["--mount", "--map-root-user", "true"])
        .status()
        .is_ok_and(|run| run.success())
    {
        eprintln!("skipped: this system does not let this user mount a small file system");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "with CI=true nothing may be skipped");
        return;
    }
    let run = Running::start(command).end(std::time::Duration::from_secs(60));
    let lines = run.lines();
    let shown = format!("{}{}", run.stdout, run.stderr);
    let codes: Vec<i64> = lines.iter().filter_map(|line| line["exit"].as_i64()).collect();
    let [no_room, full, afterwards] = codes[..] else { panic!("{shown}") };
    assert_eq!((no_room, afterwards), (1, 0), "{shown}");
    assert!(full == 1 || full == 10, "{shown}");
    let errors: Vec<&str> = lines.iter().filter_map(|line| line["code"].as_str()).collect();
    assert_eq!(errors[0], "vault-low-space", "{shown}");
    assert!(errors[1].ends_with("disk-full"), "{shown}");
}
