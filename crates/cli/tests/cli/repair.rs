//! Whole sessions with a virtual router on a pseudo-terminal, and its demo.

use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use debrick_link::{Deadline, Link};
use debrick_link_os::{OsClock, PtyPair};
use debrick_virtual_bench::{Brick, FirmwareOptions, VirtualRouter, firmware, serve};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::Place;
use crate::trust::{KEY, SIGNATURE};

/// How long the virtual router may take to start, in seconds.
const START: u32 = 15;

/// A virtual router that is served in real time, until this is dropped.
pub(crate) struct Served {
    pub(crate) console: String,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start(brick: Brick) -> Self {
        let image = firmware("1.0.4", &FirmwareOptions { size: 1 << 20, ..FirmwareOptions::default() });
        let mut router = VirtualRouter::bricked(brick, &image);
        let mut link = PtyPair::open().unwrap();
        let console = link.slave_path().display().to_string();
        let ends = Arc::new(AtomicBool::new(false));
        let stop = ends.clone();
        let thread = std::thread::spawn(move || {
            let _ = serve(&mut router, &mut link, || stop.load(Ordering::SeqCst));
        });
        Self { console, ends, thread: Some(thread) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn a_unit_on_a_terminal_is_repaired() {
    let place = Place::new();
    let served = Served::start(Brick::BootCommandLost);
    let answers = place.file("yes.toml", "store-variables = \"yes\"");
    let record = place.hasty_device(START);
    let unit =
        ["--device-file", &record, "--console", &served.console, "--no-network", "--answers", &answers];
    let run = place.run(&[&["rescue", "--json"][..], &unit].concat());
    let closed = run.closed();
    assert_eq!(closed["ending"], "repaired", "{}", run.stdout);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stderr, "");
    let session = closed["session"].as_str().unwrap();

    let check = place.run(&["verify-backup", "--json", session]);
    assert_eq!(check.lines().pop().unwrap()["proven"], true, "{}", check.stdout);
    let verify = place.run(&["report", "--verify", session]);
    assert!(verify.code == Some(0) && verify.stdout.starts_with("intact"), "{}", verify.stdout);

    // What may leave the computer does not tell which unit it was.
    let serial = place.run(&["report", "--json", session]).lines()[0]["identity"]["serial"].clone();
    let serial = serial.as_str().unwrap();
    for format in ["html", "markdown", "json"] {
        let report = place.run(&["report", "--redact", "--format", format, "--output", "-", session]);
        assert_eq!(report.code, Some(0));
        assert!(!report.stdout.contains(serial) && report.stdout.contains(session), "{format}");
    }
}

#[test]
fn who_does_not_agree_keeps_the_unit_as_it_is() {
    let place = Place::new();
    let served = Served::start(Brick::BootCommandLost);
    let run = place.run(&[
        "rescue",
        "--device-file",
        &place.hasty_device(START),
        "--console",
        &served.console,
        "--no-network",
    ]);
    assert_eq!(run.code, Some(11), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("Nothing was written"), "{}", run.stdout);
    assert!(run.stderr.contains("store-variables = \"yes\""), "{}", run.stderr);
    assert!(!run.stderr.contains(['\r', '\x1b']), "progress bars are for terminals: {:?}", run.stderr);
}

#[test]
fn a_wrong_signature_keeps_firmware_off_the_unit() {
    let place = Place::new();
    let served = Served::start(Brick::KernelBytesDamaged);
    let newer = firmware("2.0.1", &FirmwareOptions { size: 1 << 20, ..FirmwareOptions::default() });
    let (image, key) = (place.file("image.itb", newer), place.file("maker.pub", KEY));
    // Made by the maker, of something else.
    let signature = place.file("image.sig", SIGNATURE);
    let sums = place.file("sha256sums", format!("{}  other.itb\n", "0".repeat(64)));
    assert_eq!(place.run(&["trust", "add", &key, "--name", "maker"]).code, Some(0));
    let record = place.hasty_device(START);
    let unit = ["--device-file", &record, "--console", &served.console, "--no-network"];
    let rescue = [&["rescue"][..], &unit].concat();
    place.refuses(&[&rescue[..], &["--signature", &signature]].concat(), 2, "usage");
    place.refuses(&[&rescue[..], &["--image", &image, "--sums", &sums]].concat(), 1, "sums-without-file");
    place.refuses(
        &[&rescue[..], &["--image", &image, "--signature", "missing"]].concat(),
        1,
        "file-unusable",
    );

    let answers = place.file("yes.toml", "write-firmware = \"yes\"");
    let more = ["--json", "--image", &image, "--signature", &signature, "--answers", &answers];
    let run = place.run(&[&rescue[..], &more].concat());
    assert_eq!(run.code, Some(12), "{}{}", run.stdout, run.stderr);
    let lines = run.lines();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).cloned().collect::<Vec<_>>();
    assert_eq!(of("evidence-stored")[0]["kind"], "image-signature");
    assert_eq!(of("image-judged")[0]["provenance"]["verdict"], "fail");
    let shut = of("gate-checked").into_iter().find(|line| line["result"]["gate"] == "provenance").unwrap();
    assert_eq!(shut["result"]["outcome"], "fail");
    let asked = of("asked").into_iter().find(|line| line["request"]["id"] == "write-firmware").unwrap();
    assert!(asked.to_string().contains("NOT to be believed"), "{asked}");
    assert!(of("intent").iter().all(|line| line["effect"]["effect"] == "restart"), "{}", run.stdout);

    let session = run.closed()["session"].as_str().unwrap().to_owned();
    let report = place.run(&["report", "--format", "markdown", "--output", "-", &session]).stdout;
    assert!(report.contains("From the vendor: **fail**") && report.contains("image.sig"), "{report}");
}

#[test]
fn the_demo_repairs_and_leaves_a_page() {
    let place = Place::new();
    let page = place.path("page.html").display().to_string();
    let run = place.run(&["demo", "--json", "--report", &page]);
    assert_eq!(run.closed()["ending"], "repaired");
    assert_eq!(run.code, Some(0));
    assert!(std::fs::read_to_string(page).unwrap().contains("ACME"));
    place.refuses(&["demo", "--brick", "nonsense"], 2, "usage");
}

#[test]
fn the_demo_goes_through_each_door() {
    let place = Place::new();
    let page = place.path("page.html").display().to_string();
    for door in ["pull", "push", "nmrp", "multicast", "eva", "page", "boot", "passes"] {
        let run = place.run(&["demo", "--json", "--door", door, "--report", &page]);
        assert_eq!(run.closed()["ending"], "repaired", "{door}");
        assert_eq!(run.code, Some(0));
    }
}

/// A new device can be tried before there is a unit: the virtual router takes its name.
#[test]
fn the_demo_plays_a_device_of_ones_own() {
    let place = Place::new();
    let page = place.path("page.html").display().to_string();
    let known = include_str!("../../../../catalog/devices/acme-r1.toml");
    let own = known
        .replace("\"acme-r1\"", "\"quux-z9\"")
        .replace("\"ACME\"", "\"Quux\"")
        .replace("\"R1\"", "\"Z9\"")
        .replace("acme,r1", "quux,z9")
        .replace("[\"A1\"]", "[\"C2\"]")
        .replace("ACME R1 ", "Quux Z9 ");
    let record = place.file("quux-z9.toml", &own);
    for brick in ["interrupted-update", "boot-command-lost"] {
        let run =
            place.run(&["demo", "--json", "--device-file", &record, "--brick", brick, "--report", &page]);
        let closed = run.closed();
        assert_eq!(closed["ending"], "repaired", "{}", run.stdout);
        assert!(closed["summary"].to_string().contains("Quux Z9"), "{closed}");
    }
    let other = place.file("other.toml", own.replace("size = 0x1800000", "size = 0x1000000"));
    let error = place.refuses(&["demo", "--device-file", &other], 1, "demo-other-hardware");
    assert!(error["what"].as_str().unwrap().contains("what lies where"), "{error}");
    // A record that the unit contradicts gets nowhere: its second witness is another device.
    let liar = place.file("liar.toml", own.replace("key = \"model\"", "key = \"vendor\""));
    let run = place.run(&["demo", "--json", "--device-file", &liar, "--report", &page]);
    assert_eq!((run.code, &run.closed()["ending"]), (Some(12), &"refused-by-gate".into()), "{}", run.stdout);
}

/// A person at a terminal, from the question on: what they do, and the exit code that comes of it.
fn at_the_question(act: impl FnOnce(&mut PtyPair, Pid)) -> (Option<i32>, String) {
    let place = Place::new();
    let served = Served::start(Brick::BootCommandLost);
    let mut terminal = PtyPair::open().unwrap();
    let words = place.path("words");
    let mut child = place
        .command(&[
            "rescue",
            "--device-file",
            &place.hasty_device(START),
            "--console",
            &served.console,
            "--no-network",
        ])
        .stdin(File::open(terminal.slave_path()).unwrap())
        .stdout(Stdio::null())
        .stderr(File::create(&words).unwrap())
        .spawn()
        .unwrap();
    // Whatever is typed before the question must not answer it.
    terminal.write_all(b"yes\n", Deadline::after(&OsClock, Duration::from_secs(1))).unwrap();
    let said = || std::fs::read_to_string(&words).unwrap();
    let began = Instant::now();
    while !said().contains("Type yes or no") && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    if !said().contains("Type yes or no") || child.try_wait().unwrap().is_some() {
        let _ = child.kill();
        panic!("{}", said());
    }
    act(&mut terminal, Pid::from_raw(i32::try_from(child.id()).unwrap()));
    (child.wait().unwrap().code(), said())
}

fn type_in(terminal: &mut PtyPair, text: &str) {
    terminal.write_all(text.as_bytes(), Deadline::after(&OsClock, Duration::from_secs(1))).unwrap();
}

#[test]
fn a_person_may_say_no_after_thinking() {
    let (code, said) = at_the_question(|terminal, _| {
        type_in(terminal, "perhaps\n");
        std::thread::sleep(Duration::from_millis(500));
        type_in(terminal, "no\n");
    });
    assert_eq!(code, Some(11), "{said}");
    assert_eq!(said.matches("Type yes or no").count(), 2, "{said}");
}

#[test]
fn ctrl_c_at_a_question_stops_at_once() {
    let mut pressed = Instant::now();
    let (code, said) = at_the_question(|_, pid| {
        pressed = Instant::now();
        kill(pid, Signal::SIGINT).unwrap();
    });
    assert_eq!(code, Some(14), "{said}");
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
}
