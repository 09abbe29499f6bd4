//! Repairs through every kind of door with faults drawn from a seed, on the network and in the unit: none is left worse, and
//! each fault has to have fired at each door that it can happen at. `DEBRICK_SWEEP` says how many.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that is told how long to sweep, and says what went wrong by failing there"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::door::*;
use common::passes::*;
use common::repair::Repair;
use common::*;
use debrick_link::{Clock as _, Rng};
use debrick_model::{Effect, Ending, EventBody};
use debrick_ssh::device::Quirks;
use debrick_virtual_bench::{Brick, Door, Fault, Faults, Lie, Speech, Stranger, UnitState};

const DOORS: [&str; 8] = [PULL, PUSH, PAGE, BOOT, NETBOOT, NMRP, EVA, MULTICAST];
/// The doors at which a file, or an address, comes in datagrams.
const BY_DATAGRAM: &[&str] = &[PULL, PUSH, BOOT, NETBOOT, NMRP, MULTICAST];
/// The doors at which a file comes over TCP.
const BY_TCP: &[&str] = &[PAGE, EVA];
/// The doors at which something is said in raw Ethernet.
const BY_FRAME: &[&str] = &[BOOT, NETBOOT, NMRP];

/// Kinds of faults that are drawn.
const KINDS: u64 = 13;
/// How many sessions the usual test run makes: each door with each kind.
const USUAL: u64 = DOORS.len() as u64 * KINDS;
/// No repair takes longer, on the virtual clock.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// What may happen on the way, by a seed; the network is bad in most.
fn faults(seed: u64) -> Faults {
    let mut rng = Rng::new(seed ^ 0xD008);
    // What is in any image.
    let size = 200 << 10;
    let network = Faults {
        datagrams_lost: 0.02,
        datagrams_duplicated: 0.02,
        datagrams_late: 0.02,
        ..Faults::default()
    };
    match seed / DOORS.len() as u64 % KINDS {
        0 => Faults { datagrams_lost: 0.05, ..Faults::default() },
        1 => Faults { datagrams_duplicated: 0.1, ..Faults::default() },
        2 => Faults { datagrams_late: 0.1, ..Faults::default() },
        3 => network,
        4 => Faults { power_cut_at_byte: Some(rng.below(size)), ..network },
        5 => Faults { restart_within: Some(Duration::from_secs(60)), ..network },
        6 => Faults { write_error_once: Some(rng.below(4)), ..network },
        7 => Faults { lying_write: Some(Lie::Once(rng.below(4))), ..network },
        8 => Faults { frames_lost: 0.3, frames_duplicated: 0.3, ..network },
        // Longer than any request without a file.
        9 => Faults { connection_lost_at: Some(4096 + rng.below(size - 4096)), ..network },
        10 => Faults { answers_late: 0.3, ..network },
        11 => Faults { stranger: Some(Stranger::System), ..network },
        _ => Faults { stranger: Some(Stranger::Bootloader), ..network },
    }
}

/// Where a fault has to have fired at least once.
fn wanted(fault: Fault) -> &'static [&'static str] {
    match fault {
        Fault::DatagramLost | Fault::DatagramDuplicated | Fault::DatagramLate => BY_DATAGRAM,
        Fault::PowerCut | Fault::SpontaneousRestart | Fault::WriteError | Fault::LyingWrite => &DOORS,
        Fault::FrameLost | Fault::FrameDuplicated => BY_FRAME,
        Fault::ConnectionLost | Fault::AnswerLate => BY_TCP,
        Fault::StrangerAsks => &DOORS,
        // What a console is needed for.
        _ => &[],
    }
}

/// The repair that belongs to a seed.
fn repair_of(seed: u64) -> Repair {
    let doors = DOORS.len() as u64;
    let method = DOORS[(seed % doors) as usize];
    let bricks = [Brick::KernelBytesDamaged, Brick::FirmwareErased, Brick::RamdiskDamaged];
    let state = broken(bricks[(seed / doors % 3) as usize], SIZE);
    let at = |speech| Case::with_faults(method, state.clone(), Door::of(speech), faults(seed), seed);
    let mut repair: Repair = match method {
        NETBOOT => {
            let door = Door { in_memory: true, ..Door::of(router_boot()) };
            Two::with_faults(state, door, Quirks::default(), faults(seed), seed).into()
        }
        PULL => at(pull()).into(),
        PUSH => at(Speech::push()).into(),
        PAGE => at(Speech::page("ACME R1 recovery: choose the firmware")).into(),
        BOOT => at(Speech::boot(UNIT)).into(),
        NMRP => at(Speech::nmrp()).into(),
        EVA => at(Speech::eva()).into(),
        _ => at(Speech::multicast()).switched_on_while_sent().into(),
    };
    let case = repair.case_mut();
    if [NMRP, EVA].contains(&method) {
        case.bench.power_off();
    }
    case.attendant.hands = Some(Hands::of(&case.bench, seed));
    repair
}

/// The unit is repaired, or its firmware is as it was, or it is known that something was offered.
fn judge(name: &str, case: &Case, before: &UnitState, ending: Ending) {
    let after = case.bench.state();
    assert!(unique_is_unharmed(before, &after), "{name}");
    let events = &case.attendant.events;
    let last = events.last().map(|event| &event.body);
    assert!(
        matches!(last, Some(EventBody::SessionClosed { ending: told, .. }) if *told == ending),
        "{name}: {last:?}"
    );
    assert!(case.bench.clock.now().since_start() < LONGEST, "{name}: {:?}", case.bench.clock.now());
    assert!(!case.bench.world.with_device(|router| router.stranger_was_served()), "{name}: a stranger");
    let offered = events
        .iter()
        .any(|event| matches!(&event.body, EventBody::Intent { effect: Effect::OfferImage { .. } }));
    let same = held(before, "firmware") == held(&after, "firmware");
    match ending {
        Ending::Repaired => assert!(holds(&after, &case.image), "{name}"),
        Ending::NeedsOperator | Ending::StoppedSafely => {
            assert!(same || offered, "{name}: changed unannounced");
        }
        other => panic!("{name}: {other:?}, {:?}", case.codes()),
    }
}

#[derive(Default)]
struct Tally {
    fired: BTreeMap<(&'static str, Fault), u64>,
    repaired: BTreeMap<&'static str, u64>,
    sessions: BTreeMap<&'static str, u64>,
    unrepaired: Vec<String>,
}

fn session(seed: u64, tally: &Mutex<Tally>) {
    let mut repair = repair_of(seed);
    let before = repair.case().bench.state();
    let closed = repair.run();
    let case = repair.case();
    let name = format!("seed {seed}, {}, {:?}", case.method, case.bench.plan().kinds());
    judge(&name, case, &before, closed.ending);
    let first = (closed.ending, case.codes());
    let mut ending = closed.ending;
    if ending != Ending::Repaired {
        // What happened once does not happen again.
        ending = repair.resume(&closed.session).ending;
        judge(&name, repair.case(), &before, ending);
    }
    let case = repair.case();
    let mut tally = tally.lock().unwrap();
    *tally.sessions.entry(case.method).or_default() += 1;
    *tally.repaired.entry(case.method).or_default() += u64::from(first.0 == Ending::Repaired);
    if ending != Ending::Repaired {
        tally.unrepaired.push(format!("{name}: {first:?}, then {ending:?}"));
    }
    for fault in case.bench.faults.fired() {
        assert!(case.bench.plan().kinds().contains(&fault), "{name}: {} fired unasked", fault.name());
        *tally.fired.entry((case.method, fault)).or_default() += 1;
    }
}

#[test]
fn no_fault_at_a_door_leaves_a_unit_worse() {
    let count = std::env::var("DEBRICK_SWEEP").ok().and_then(|text| text.parse().ok()).unwrap_or(USUAL);
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().min(8));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        break;
                    }
                    session(seed, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    eprintln!("repaired at once {:?} of {:?}, not even by a resume:", tally.repaired, tally.sessions);
    tally.unrepaired.iter().take(60).for_each(|line| eprintln!("  {line}"));
    if count < USUAL {
        return;
    }
    for fault in Fault::ALL {
        for door in wanted(fault) {
            let fired = tally.fired.get(&(*door, fault)).copied().unwrap_or_default();
            assert!(fired > 0, "{} never fired at {door}: {:?}", fault.name(), tally.fired);
        }
    }
    for (door, sessions) in &tally.sessions {
        let repaired = tally.repaired.get(door).copied().unwrap_or_default();
        assert!(repaired * 10 >= sessions * 7, "{door}: {repaired} of {sessions} at once");
    }
    assert!(tally.unrepaired.len() as u64 * 20 <= count, "{:?}", tally.unrepaired);
}
