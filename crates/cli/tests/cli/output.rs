//! What goes where: data and prose, colour, JSON, and pipes that nobody reads.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use crate::program::{Place, Running};
use crate::state::with_session;

#[test]
fn every_command_speaks_json() {
    let place = Place::new();
    let session = with_session(&place);
    let page = place.path("page.html").display().to_string();
    let archive = place.path("archive.tar.gz").display().to_string();
    for (arguments, schema) in [
        (&["sessions"][..], "debrick.sessions/1"),
        (&["report"], "debrick.report/1"),
        (&["report", "--redact", "--output", "-"], "debrick.report/1"),
        (&["report", "--output", &page], "debrick.report-file/1"),
        (&["report", "--verify", &session], "debrick.chain/1"),
        (&["bundle", "--output", &archive], "debrick.bundle/1"),
        (&["doctor"], "debrick.doctor/1"),
    ] {
        let run = place.run(&[arguments, &["--json"]].concat());
        let lines = run.lines();
        assert_eq!(lines.len(), 1, "{arguments:?}");
        assert_eq!(lines[0]["schema"], schema, "{arguments:?}");
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
    assert!(std::fs::read_to_string(page).unwrap().starts_with("<!"));
    assert!(std::fs::metadata(archive).unwrap().len() > 100);
}

#[test]
fn sessions_are_a_table() {
    let place = Place::new();
    let session = with_session(&place);
    let run = place.run(&["sessions"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("SESSION") && lines[0].contains("BEGAN (UTC)"), "{}", run.stdout);
    assert!(lines[1].starts_with(&session) && lines[1].ends_with("stopped-safely"), "{}", run.stdout);
    assert_eq!(lines[0].find("DEVICE"), lines[1].find("acme-r1"));
}

#[test]
fn colour_is_used_where_it_is_wished_for() {
    let place = Place::new();
    with_session(&place);
    let colored = |arguments: &[&str], no_color: bool| {
        let mut command = place.command(arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let run = Running::start(command).end(Duration::from_secs(20));
        run.stdout.contains('\x1b') || run.stderr.contains('\x1b')
    };
    assert!(!colored(&["sessions"], false), "nobody looks");
    assert!(colored(&["--color", "always", "sessions"], false));
    assert!(colored(&["--color", "always", "sessions"], true), "what is said outright wins");
    assert!(!colored(&["--color", "never", "sessions"], false));
    assert!(!colored(&["sessions"], true));
    assert!(!colored(&["--color", "never", "nonsense"], false));
    assert!(colored(&["--color=always", "nonsense"], false));
}

#[test]
fn a_pipe_that_nobody_reads_is_no_reason_to_die() {
    let place = Place::new();
    with_session(&place);
    for arguments in [&["sessions"][..], &["doctor"], &["report", "--output", "-"], &["--help"], &["rescue"]]
    {
        let mut command = place.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        let (other_reader, other_writer) = std::io::pipe().unwrap();
        drop((reader, other_reader));
        let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(other_writer).spawn().unwrap();
        let status = child.wait().unwrap();
        // A panic ends with 101, a signal without a code.
        assert!(matches!(status.code(), Some(0..=2)), "{arguments:?}: {status}");
    }
}

#[test]
fn doctor_looks_at_the_port_that_is_named() {
    let place = Place::new();
    let finding = |console: &str| {
        let run = place.run(&["doctor", "--json", "--console", console]);
        let line = run.lines().pop().unwrap();
        assert_eq!(line["exit_code"].as_i64(), run.code.map(i64::from));
        let findings = line["findings"].as_array().unwrap().clone();
        let about: Vec<_> =
            findings.into_iter().filter(|finding| finding["says"].to_string().contains(console)).collect();
        about.first().map(|finding| finding["level"].as_str().unwrap().to_owned())
    };
    assert_eq!(finding("/dev/ttyNONE7").as_deref(), Some("bad"));
    assert_eq!(finding("nonsense").as_deref(), Some("bad"));
    assert_eq!(finding("/dev/null").as_deref(), Some("notice"));
    assert_eq!(finding("tcp:localhost:1"), None);
}

#[test]
fn a_report_that_cannot_be_written_says_so() {
    let place = Place::new();
    with_session(&place);
    place.refuses(&["report", "--output", "/"], 1, "file-unusable");
    place.refuses(&["bundle", "--output", "missing/folder/x"], 1, "file-unusable");
    let state = std::fs::metadata(place.path("state")).unwrap();
    assert_eq!(state.permissions().mode() & 0o777, 0o700, "only the owner may look inside");
}
