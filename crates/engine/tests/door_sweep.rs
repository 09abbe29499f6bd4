//! Repairs through every kind of door with faults drawn from a seed, on the network and in the unit: none is left worse, and
//! each fault has to have fired.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::door::*;
use common::*;
use debrick_link::Rng;
use debrick_model::{Ending, EventBody};
use debrick_virtual_bench::{
    Bench, Brick, Door, Fault, Faults, Lie, RouterConfig, Speech, UnitState, VirtualRouter,
};

const NMRP: &str = "nmrp-recovery";
const EVA: &str = "eva-recovery";
const DOORS: [&str; 4] = [PULL, PUSH, NMRP, EVA];

const SEEDS: u64 = 64;

/// What may happen on the way, by a seed; the network is bad in most.
fn faults(seed: u64) -> Faults {
    let mut rng = Rng::new(seed ^ 0xD008);
    let size = SIZE as u64;
    let network = Faults {
        datagrams_lost: 0.02,
        datagrams_duplicated: 0.02,
        datagrams_late: 0.02,
        ..Faults::default()
    };
    match seed / 4 % 8 {
        0 => Faults { datagrams_lost: 0.05, ..Faults::default() },
        1 => Faults { datagrams_duplicated: 0.1, ..Faults::default() },
        2 => Faults { datagrams_late: 0.1, ..Faults::default() },
        3 => network,
        4 => Faults { power_cut_at_byte: Some(rng.below(size)), ..network },
        5 => Faults { restart_within: Some(Duration::from_secs(60)), ..network },
        6 => Faults { write_error_once: Some(rng.below(4)), ..network },
        _ => Faults { lying_write: Some(Lie::Once(rng.below(4))), ..network },
    }
}

fn case(seed: u64) -> Case {
    let method = DOORS[(seed % 4) as usize];
    let bricks = [Brick::KernelBytesDamaged, Brick::FirmwareErased, Brick::RamdiskDamaged];
    let state = broken(bricks[(seed / 4 % 3) as usize], SIZE);
    let door = Door::of(match method {
        PULL => pull(),
        PUSH => Speech::push(),
        NMRP => Speech::nmrp(),
        _ => Speech::eva(),
    });
    let config = RouterConfig { door: Some(door.clone()), ..RouterConfig::default() };
    let router = VirtualRouter::with_config(state.clone(), config);
    let bench = Bench::new(router, faults(seed), seed);
    let mut attendant = Attendant::new(&bench);
    attendant.hands = Some(Hands::of(&bench, seed));
    if [NMRP, EVA].contains(&method) {
        bench.power_off();
    }
    let log = (method != PULL && method != EVA).then_some("settings: ok\r\nREADY ACME R1 1.0.4\r\n");
    Case { bench, attendant, log, ..Case::with_state(method, state, door) }
}

/// The unit is repaired, or its firmware is as it was, or it is known that something was offered.
fn judge(name: &str, case: &Case, before: &UnitState, ending: Ending) {
    let after = case.bench.state();
    assert!(unique_is_unharmed(before, &after), "{name}");
    let intended = case.attendant.events.iter().any(|event| matches!(event.body, EventBody::Intent { .. }));
    match ending {
        Ending::Repaired => assert!(holds(&after, &case.image), "{name}"),
        Ending::NeedsOperator | Ending::StoppedSafely => {
            let same = held(before, "firmware") == held(&after, "firmware");
            assert!(same || intended, "{name}: changed unannounced");
        }
        other => panic!("{name}: {other:?}, {:?}", case.codes()),
    }
}

#[test]
fn no_fault_at_a_door_leaves_a_unit_worse() {
    let mut fired: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut repaired = 0;
    for seed in 0..SEEDS {
        let mut case = case(seed);
        let before = case.bench.state();
        let closed = case.run();
        let name = format!("seed {seed}, {}, {:?}", case.method, case.bench.plan().kinds());
        judge(&name, &case, &before, closed.ending);
        repaired += u64::from(closed.ending == Ending::Repaired);
        for fault in case.bench.faults.fired() {
            assert!(case.bench.plan().kinds().contains(&fault), "{name}: {} fired unasked", fault.name());
            *fired.entry(fault).or_default() += 1;
        }
    }
    let wanted = [
        Fault::DatagramLost,
        Fault::DatagramDuplicated,
        Fault::DatagramLate,
        Fault::PowerCut,
        Fault::SpontaneousRestart,
        Fault::WriteError,
        Fault::LyingWrite,
    ];
    for fault in wanted {
        assert!(fired.get(&fault).is_some_and(|count| *count >= 2), "{} of {fired:?}", fault.name());
    }
    assert!(repaired * 10 >= SEEDS * 8, "{repaired} of {SEEDS}, {fired:?}");
}
