//! The program is killed, really and with SIGKILL, at every event of a repair, and in the middle of its writing; whoever
//! starts it again finishes the repair.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that starts itself again tells its child what to do"
)]

mod common;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use common::*;
use debrick_model::Ending;
use debrick_virtual_bench::{Bench, Brick, Faults, UnitState, VirtualRouter};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SIZE: usize = 256 << 10;
const PLACE: &str = "DEBRICK_TEST_PLACE";
const KILL_AT_EVENT: &str = "DEBRICK_TEST_KILL_AT_EVENT";
const KILL_AT_PROGRESS: &str = "DEBRICK_TEST_KILL_AT_PROGRESS";

/// Not a test by itself: what the child does. It repairs the unit in the folder that it is told, and kills itself.
#[test]
fn child() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (at_event, mut at_progress) = (number(KILL_AT_EVENT), number(KILL_AT_PROGRESS));
    let (vault, bench) = open(Path::new(&place));
    let mut attendant = Attendant::new(&bench);
    attendant.on_event = Box::new(move |event| {
        if at_event == Some(event.seq) {
            die();
        }
    });
    attendant.on_progress = Box::new(move || {
        if let Some(left) = &mut at_progress {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => die(),
            }
        }
    });
    rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
}

fn die() {
    kill(Pid::this(), Signal::SIGKILL).unwrap();
    // The signal may take a moment; nothing may happen in it.
    loop {
        std::thread::park();
    }
}

fn open(place: &Path) -> (debrick_vault::Vault, Bench) {
    let state = UnitState::open(&place.join("unit")).unwrap();
    (vault(&place.join("vault")), Bench::new(VirtualRouter::new(state), Faults::default(), 1))
}

/// Runs a repair that is killed there. Whether it was.
fn run_child(place: &Path, variable: &str, at: u64) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--quiet"])
        .env(PLACE, place)
        .env(variable, at.to_string())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() || status.signal() == Some(9), "{status}");
    status.signal() == Some(9)
}

/// Kills a repair there, and finishes it. Whether it was killed.
fn check(brick: Brick, version: &str, variable: &str, at: u64) -> bool {
    let folder = quick_folder();
    let place = folder.path();
    let unit = place.join("unit");
    std::fs::create_dir(&unit).unwrap();
    let before = broken(brick, SIZE);
    drop(before.clone().keep_in(&unit).unwrap());
    let killed = run_child(place, variable, at);

    let (vault, bench) = open(place);
    let sessions = vault.sessions().unwrap();
    let mut attendant = Attendant::new(&bench);
    let name = format!("{} killed at {variable} {at}", brick.name());
    let session = match sessions.first() {
        // The kill came before the session was there at all: the person starts anew.
        None => rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap().session,
        Some(session) => {
            if killed && !is_over(&vault, &session.id) {
                let closed = resume(&vault, &mut attendant, &session.id)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(closed.ending, Ending::Repaired, "{name}: {closed:?}");
            }
            session.id.clone()
        }
    };
    let chain = vault.verify_session(&session).unwrap();
    assert!(chain.is_intact(), "{name}: {chain:?}");
    let after = bench.state();
    assert!(holds(&after, &image(version, SIZE)), "{name}");
    assert!(unique_is_unharmed(&before, &after), "{name}");
    killed
}

fn is_over(vault: &debrick_vault::Vault, session: &str) -> bool {
    let events = vault.read_session(session).unwrap();
    events.last().is_some_and(|event| event.body.name() == "session-closed")
}

#[test]
fn killed_at_every_event() {
    for (brick, version) in [
        (Brick::KernelBytesDamaged, NEWER),
        (Brick::BootCommandLost, INSTALLED),
        (Brick::SettingsGarbage, INSTALLED),
    ] {
        let mut events = 0;
        while check(brick, version, KILL_AT_EVENT, events + 1) {
            events += 1;
            assert!(events < 500, "a repair has no end");
        }
        assert!(events >= 40, "{}: only {events} events", brick.name());
    }
}

#[test]
fn killed_in_the_middle_of_its_work() {
    let mut killed = 0;
    for at in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        killed += u32::from(check(Brick::FirmwareErased, NEWER, KILL_AT_PROGRESS, at));
    }
    assert!(killed >= 3, "killed only {killed} times");
}
