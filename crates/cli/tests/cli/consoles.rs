//! Consoles that are not there, are held, babble, keep silent, echo or hang up.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::program::{Place, Run};

/// Serves every client of a new socket with `serve`; the console as it is named to the program.
fn console(place: &Place, serve: impl Fn(UnixStream) + Send + 'static) -> String {
    let path = place.path("console");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    format!("unix:{}", path.display())
}

fn silent(place: &Place) -> String {
    console(place, |mut client| {
        let _ = client.read_to_end(&mut Vec::new());
    })
}

/// A repair by a script that never pulls a plug.
fn rescue(place: &Place, console: &str) -> Run {
    let answers = place.file("no-hands.toml", "power-cycle = \"no\"");
    place.run(&[
        "rescue",
        "--json",
        "--device-file",
        &place.hasty_device(2),
        "--console",
        console,
        "--answers",
        &answers,
    ])
}

#[track_caller]
fn check_ends(run: &Run, exit_code: i32, ending: &str, problem: &str) -> Value {
    let closed = run.closed();
    assert_eq!(run.code, Some(exit_code), "{closed}");
    assert_eq!(closed["ending"], ending);
    assert_eq!(closed["problem"]["code"], problem);
    assert!(closed["next_step"].as_str().is_some_and(|text| !text.is_empty()), "{closed}");
    assert!(closed["commands"]["bundle"].as_str().unwrap().contains("bundle"), "{closed}");
    closed
}

/// The unit talks without end; the repair must end, and must not keep all that was said.
#[track_caller]
fn check_babble(text: &'static [u8]) {
    let place = Place::new();
    let flood = text.repeat(65_536 / text.len());
    let console = console(&place, move |mut client| while client.write_all(&flood).is_ok() {});
    let run = rescue(&place, &console);
    check_ends(&run, 11, "needs-operator", "instruction-not-done");
    eprintln!("ended after {:?} with at most {} KiB resident", run.took, run.peak_kib);
    assert!(run.took < Duration::from_secs(40), "{:?}", run.took);
    assert!(run.peak_kib > 0 && run.peak_kib < 100 * 1024, "{} KiB", run.peak_kib);
}

#[test]
fn babble_of_bytes() {
    check_babble(&[0xff, 0, 0x9b, 0x1b]);
}

#[test]
fn babble_of_lines() {
    check_babble(b"all work and no play makes the router a dull box\r\n");
}

#[test]
fn babble_of_prompts() {
    check_babble(b"=> ");
}

#[test]
fn babble_of_starts() {
    check_babble(b"\r\nU-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\r\n");
}

#[test]
fn ports_that_are_none() {
    let place = Place::new();
    let check = |console: &str, exit_code: i32, code: &str| {
        place.refuses(&["rescue", "--device", "acme-r1", "--console", console], exit_code, code);
    };
    for spec in
        ["", "ttyUSB0", "tcp:", "tcp:host:0", "unix:", "\x1b[2J", "/dev/ttyS0@fast", "/dev/ttyS0@9600,9Q9"]
    {
        // Of a serial port, what follows the @ counts only when it begins with a digit.
        let code = if spec.ends_with("@fast") { "link-not-found" } else { "link-bad-spec" };
        check(spec, 1, code);
    }
    check("pty:", 2, "usage");
    check("/dev/ttyNONE7", 1, "link-not-found");
    check(&format!("unix:{}", place.path("nowhere").display()), 1, "link-not-found");
    // A port that was just free.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&format!("tcp:{free}"), 1, "link-disconnected");
}

#[test]
fn a_port_that_is_held() {
    let place = Place::new();
    let console = silent(&place);
    let holder = place.start(&["rescue", "--device", "acme-r1", "--console", &console]);
    let began = Instant::now();
    let has_begun = || {
        let sessions = std::fs::read_dir(place.path("state/sessions")).into_iter().flatten().flatten();
        sessions.into_iter().any(|session| session.path().join("journal.db").exists())
    };
    while !has_begun() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    let error = place.refuses(&["rescue", "--device", "acme-r1", "--console", &console], 1, "link-busy");
    assert!(error["what"].as_str().unwrap().contains(&holder.pid().to_string()), "{error}");
    holder.signal(Signal::SIGKILL);
    holder.end(Duration::from_secs(5));
    // The port is free again, and the session is known to have been interrupted.
    let sessions = place.run(&["sessions", "--json"]).lines().pop().unwrap();
    assert_eq!(sessions["sessions"][0]["status"]["status"], "interrupted", "{sessions}");
}

#[test]
fn a_peer_that_hangs_up() {
    let place = Place::new();
    let console = console(&place, drop);
    let run = rescue(&place, &console);
    let closed = check_ends(&run, 10, "stopped-safely", "link-disconnected");
    assert!(closed["commands"]["resume"].as_str().unwrap().contains(closed["session"].as_str().unwrap()));
}

#[test]
fn a_line_that_is_wired_to_itself() {
    let place = Place::new();
    let console = console(&place, |mut client| {
        let mut echo = client.try_clone().unwrap();
        let _ = std::io::copy(&mut client, &mut echo);
    });
    check_ends(&rescue(&place, &console), 11, "needs-operator", "instruction-not-done");
}

#[test]
fn a_silent_console_asks_for_hands() {
    let place = Place::new();
    let run = rescue(&place, &silent(&place));
    check_ends(&run, 11, "needs-operator", "instruction-not-done");
    let asked = run.lines().into_iter().find(|line| line["event"] == "asked").unwrap();
    assert_eq!(asked["request"]["id"], "power-cycle");
    assert_eq!(run.stderr, "");
}

/// The same for a person: words, offers, and nothing that only a terminal could show.
#[test]
fn an_unhappy_ending_says_how_to_go_on() {
    let place = Place::new();
    let answers = place.file("no-hands.toml", "power-cycle = \"no\"");
    let run =
        place.run(&["rescue", "--device", "acme-r1", "--console", &silent(&place), "--answers", &answers]);
    assert_eq!(run.code, Some(11));
    for text in ["needs-operator:", "next: ", " resume ", " bundle ", "report: "] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    assert!(run.stderr.contains("Please: Pull the power plug"), "{}", run.stderr);
    assert!(!run.stdout.contains('\x1b') && !run.stderr.contains(['\x1b', '\r']), "{:?}", run.stderr);
}

/// Waits until the program asks for the unit's power, sends a signal, and expects a stop that can be resumed.
#[track_caller]
fn check_stops(signal: Signal) {
    let place = Place::new();
    let console = silent(&place);
    let run = place.start(&["rescue", "--json", "--device", "acme-r1", "--console", &console]);
    // Three seconds of listening and six of calling come before.
    std::thread::sleep(Duration::from_secs(12));
    run.signal(signal);
    let run = run.end(Duration::from_secs(17));
    assert!(run.stdout.contains("power-cycle"), "{}", run.stdout);
    assert_eq!(run.code, Some(14), "{}\n{}", run.stdout, run.stderr);
    let closed = run.closed();
    assert_eq!(closed["ending"], "cancelled");
    assert!(closed["commands"]["resume"].as_str().unwrap().contains("resume"));
    assert!(run.stderr.contains("safe point"), "{}", run.stderr);
}

#[test]
fn ctrl_c_while_it_waits_for_power() {
    check_stops(Signal::SIGINT);
}

#[test]
fn a_service_manager_stops_it_while_it_waits_for_power() {
    check_stops(Signal::SIGTERM);
}

/// Something that looks like a prompt, and that babbles without a pause as soon as a Ctrl-C comes: some seconds go by
/// before the next safe point. Says when they begin.
fn babbles_when_called(place: &Place) -> (String, Receiver<()>) {
    let (called, is_called) = mpsc::channel();
    let console = console(place, move |mut client| {
        let _ = client.write_all(b"=> ");
        let _ = client.read_exact(&mut [0]);
        let _ = called.send(());
        while client.write_all(b". ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    (console, is_called)
}

#[test]
fn who_insists_is_obeyed() {
    let place = Place::new();
    let (console, is_called) = babbles_when_called(&place);
    let run = place.start(&["rescue", "--device", "acme-r1", "--console", &console]);
    is_called.recv_timeout(Duration::from_secs(30)).unwrap();
    for _ in 0..3 {
        run.signal(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(200));
    }
    let run = run.end(Duration::from_secs(40));
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(run.stderr.contains("resume"), "{}", run.stderr);
}

/// Ctrl-C once, in the middle of the three seconds in which the console is listened to at first.
#[test]
fn ctrl_c_while_it_listens() {
    let place = Place::new();
    let run = place.start(&["rescue", "--json", "--device", "acme-r1", "--console", &silent(&place)]);
    std::thread::sleep(Duration::from_millis(1500));
    run.signal(Signal::SIGINT);
    let run = run.end(Duration::from_secs(10));
    assert_eq!((run.code, &run.closed()["ending"]), (Some(14), &"cancelled".into()), "{}", run.stderr);
}
