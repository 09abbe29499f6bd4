//! A repair that is killed, and gone on with.
#![allow(clippy::disallowed_methods, reason = "a test that starts itself again tells its child what to do")]

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use debrick_model::{Ending, Event, EventBody};
use debrick_virtual_bench::{Brick, UnitState};

use super::door::SIZE;
use super::repair::Repair;
use super::*;

const PLACE: &str = "DEBRICK_TEST_DOOR_PLACE";
const METHOD: &str = "DEBRICK_TEST_DOOR_METHOD";
const KILL_AT: &str = "DEBRICK_TEST_DOOR_KILL_AT";

/// Makes the repair by a method, of the unit whose state this is.
pub type Repairs = fn(&str, UnitState) -> Repair;

fn repair_in(place: &Path, method: &str, repairs: Repairs) -> Repair {
    let mut repair = repairs(method, UnitState::open(&place.join("unit")).unwrap());
    repair.case_mut().vault = Some(place.join("vault"));
    repair
}

/// What a test named `child` does: where [`killed_and_finished`] has started it, it repairs the unit that it is told, and
/// kills itself.
pub fn be_killed(repairs: Repairs) {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let at: u64 = std::env::var(KILL_AT).unwrap().parse().unwrap();
    let mut repair = repair_in(Path::new(&place), &std::env::var(METHOD).unwrap(), repairs);
    repair.case_mut().attendant.on_event = Box::new(move |event| {
        if event.seq == at {
            nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL).unwrap();
            // The signal may take a moment; nothing may happen in it.
            loop {
                std::thread::park();
            }
        }
    });
    repair.run();
}

/// Has the test `child` of the same program killed at these events, one after the other, and goes on with what it left; there
/// are at least so many kills before a repair is over. Returns the journal that each of them left.
pub fn killed_and_finished(
    method: &str,
    moments: impl Iterator<Item = u64>,
    at_least: usize,
    repairs: Repairs,
) -> Vec<Vec<Event>> {
    let mut journals = Vec::new();
    for at in moments {
        let folder = quick_folder();
        let place = folder.path();
        std::fs::create_dir(place.join("unit")).unwrap();
        let before = broken(Brick::KernelBytesDamaged, SIZE);
        drop(before.clone().keep_in(&place.join("unit")).unwrap());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--quiet"])
            .envs([(PLACE, place.as_os_str()), (METHOD, method.as_ref())])
            .env(KILL_AT, at.to_string())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        if status.signal() != Some(9) {
            assert!(status.success(), "{status}");
            break;
        }
        let mut repair = repair_in(place, method, repairs);
        let vault = vault(repair.case().path());
        let session = vault.sessions().unwrap()[0].id.clone();
        let events = vault.read_session(&session).unwrap();
        if !matches!(events.last().map(|event| &event.body), Some(EventBody::SessionClosed { .. })) {
            let closed = repair.resume(&session);
            assert_eq!(closed.ending, Ending::Repaired, "{method} killed at {at}: {closed:?}");
        }
        assert!(vault.verify_session(&session).unwrap().is_intact(), "{method} killed at {at}");
        let case = repair.case();
        assert!(holds(&case.bench.state(), &case.image), "{method} killed at {at}");
        assert!(unique_is_unharmed(&before, &case.bench.state()), "{method} killed at {at}");
        assert!(at < 400, "a repair has no end");
        journals.push(events);
    }
    assert!(journals.len() >= at_least, "{method}: killed only {} times", journals.len());
    journals
}
