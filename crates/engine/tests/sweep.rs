//! Thousands of sessions over all bricks and all faults: none leaves a unit worse than it was, without a recorded stop
//! and a backup that can be restored. `DEBRICK_SWEEP` says how many; every fault must have fired.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that is told how long to sweep"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use common::*;
use debrick_engine::Closed;
use debrick_link::Rng;
use debrick_model::{Ending, EventBody};
use debrick_vault::Vault;
use debrick_virtual_bench::{Bench, Brick, Fault, Faults, UnitState, VirtualRouter};

const SIZE: usize = 128 << 10;
/// What happens at doors only: `door_sweep.rs` has it.
const AT_DOORS: [Fault; 5] =
    [Fault::FrameLost, Fault::FrameDuplicated, Fault::ConnectionLost, Fault::AnswerLate, Fault::StrangerAsks];
/// How many sessions the usual test run makes.
const USUAL: u64 = 600;

#[derive(Default)]
struct Tally {
    endings: BTreeMap<&'static str, u64>,
    fired: BTreeMap<Fault, u64>,
    /// Repaired only after the session was resumed.
    resumed: u64,
    /// Repairable, and not repaired: what stopped it.
    unrepaired: Vec<String>,
}

#[test]
fn no_fault_leaves_a_unit_worse() {
    let count = std::env::var("DEBRICK_SWEEP").ok().and_then(|text| text.parse().ok()).unwrap_or(USUAL);
    let bricks: Vec<(Brick, UnitState)> =
        Brick::ALL.into_iter().map(|brick| (brick, broken(brick, SIZE))).collect();
    let (installed, newer) = (image(INSTALLED, SIZE), image(NEWER, SIZE));
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(8));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        break;
                    }
                    let (brick, state) = &bricks[(seed % bricks.len() as u64) as usize];
                    session(seed, *brick, state, &installed, &newer, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    eprintln!("{count} sessions: {:?}", tally.endings);
    eprintln!("repaired after a resume: {}", tally.resumed);
    eprintln!("repairable and not repaired: {}", tally.unrepaired.len());
    tally.unrepaired.iter().take(40).for_each(|line| eprintln!("  {line}"));
    eprintln!("fired: {:?}", tally.fired);
    if count >= USUAL {
        for fault in Fault::ALL.into_iter().filter(|fault| !AT_DOORS.contains(fault)) {
            assert!(tally.fired.contains_key(&fault), "{} never fired", fault.name());
        }
    }
}

fn session(
    seed: u64,
    brick: Brick,
    before: &UnitState,
    installed: &[u8],
    newer: &[u8],
    tally: &Mutex<Tally>,
) {
    let folder = quick_folder();
    let vault = vault(folder.path());
    let faults = faults_for(seed);
    let bench = Bench::new(VirtualRouter::new(before.clone()), faults, seed);
    let mut attendant = Attendant::new(&bench);
    let name = format!("seed {seed}, {}, {:?}", brick.name(), bench.plan().kinds());

    let closed = rescue(&vault, &mut attendant, newer).unwrap_or_else(|error| panic!("{name}: {error}"));
    judge(&name, &vault, &closed, before, &bench, installed, newer);
    let mut last = closed.clone();
    for _ in 0..2 {
        if is_good(&last) || last.ending == Ending::RefusedByGate {
            break;
        }
        last =
            resume(&vault, &mut attendant, &closed.session).unwrap_or_else(|error| panic!("{name}: {error}"));
        judge(&name, &vault, &last, before, &bench, installed, newer);
    }

    let mut tally = tally.lock().unwrap();
    *tally.endings.entry(closed.ending.id()).or_default() += 1;
    for fault in bench.faults.fired() {
        assert!(bench.plan().kinds().contains(&fault), "{name}: {} fired unasked", fault.name());
        *tally.fired.entry(fault).or_default() += 1;
    }
    tally.resumed += u64::from(!is_good(&closed) && is_good(&last));
    let unrepaired = brick.is_repairable() && !is_good(&last);
    if unrepaired {
        tally.unrepaired.push(format!("{name}: {}", last.summary.first().map_or("", String::as_str)));
    }
}

fn is_good(closed: &Closed) -> bool {
    matches!(closed.ending, Ending::Repaired | Ending::NothingNeeded)
}

/// Faults at random; the first seeds go through all of them, so that each has its turn.
fn faults_for(seed: u64) -> Faults {
    let mut faults = Faults::random(seed, SIZE as u64);
    match seed % 40 {
        0 => faults.console.flipped_to_host = 0.0005,
        1 => faults.console.lost_to_unit = 0.0005,
        2 => faults.power_cut_at_byte = Some(Rng::new(seed).below(SIZE as u64)),
        _ => {}
    }
    faults
}

/// The unit is repaired, or it is no worse than it was, and what was changed can be given back.
fn judge(
    name: &str,
    vault: &Vault,
    closed: &Closed,
    before: &UnitState,
    bench: &Bench,
    installed: &[u8],
    newer: &[u8],
) {
    let after = bench.state();
    let chain = vault.verify_session(&closed.session).unwrap();
    assert!(chain.is_intact(), "{name}: {chain:?}");
    let events = vault.read_session(&closed.session).unwrap();
    assert_eq!(events.last().map(|event| event.body.name()), Some("session-closed"), "{name}");
    assert!(unique_is_unharmed(before, &after), "{name}: unique data changed; {closed:?}");

    let announced = |region: &str| {
        events.iter().any(|event| {
            matches!(&event.body, EventBody::Intent { effect } if format!("{effect:?}").contains(&format!("{region:?}")))
        })
    };
    for region in ["firmware", "settings"] {
        // A system that starts writes default settings by itself.
        let own_doing = region == "settings" && held(before, region).iter().all(|byte| *byte == 0);
        if held(before, region) != held(&after, region) && !own_doing {
            assert!(announced(region), "{name}: {region} changed unannounced");
        }
    }
    if announced("settings") {
        let kept = events.iter().find_map(|event| match &event.body {
            EventBody::BackedUp { region, artifact, .. } if region == "settings" => Some(*artifact),
            _ => None,
        });
        let kept = vault.artifact(kept.unwrap()).unwrap().read_all(1 << 20).unwrap();
        assert_eq!(kept, held(before, "settings"), "{name}: the backup is not what was there");
    }
    if is_good(closed) {
        assert!(holds(&after, newer) || holds(&after, installed), "{name}: said to be repaired, and is not");
        let fresh = Bench::new(VirtualRouter::new(after), Faults::default(), 1);
        let mut console = fresh.console();
        let deadline = debrick_link::Deadline::after(&fresh.clock, std::time::Duration::from_secs(60));
        let mut buffer = [0; 4096];
        while !fresh.world.with_device(|router| router.is_ready()) {
            assert!(
                console.read(&mut buffer, deadline).is_ok(),
                "{name}: said to be repaired, and does not start"
            );
        }
    }
}
