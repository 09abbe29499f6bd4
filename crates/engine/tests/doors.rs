//! Whole repairs through the doors of a virtual router's bootloader, led by the coach, judged by what the unit holds and runs
//! afterwards.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use common::door::*;
use common::kills::*;
use common::repair::Repair;
use common::*;
use debrick_link::Clock as _;
use debrick_model::{Answer, Ending, EventBody, EvidenceKind, Gate, Step, Waiver};
use debrick_tftp::device::{PullQuirks, PushQuirks};
use debrick_virtual_bench::{Brick, Door, FirmwareOptions, Speech, UnitState, firmware};

#[test]
fn a_router_is_repaired_through_each_door() {
    for (method, speech) in [(PULL, pull()), (PUSH, Speech::push())] {
        let mut case = Case::of(method, Brick::KernelBytesDamaged, Door::of(speech));
        let before = case.bench.state();
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(unique_is_unharmed(&before, &case.bench.state()));
        assert_eq!(case.count("intent"), 1);
        assert_eq!(case.count("coached"), 1);
        assert!(case.changes().is_empty());
        let names = case.attendant.names();
        let place = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
        assert!(place("plan-made") < place("backup-omitted") && place("gate-waived") < place("cleared"));
        assert!(place("coached") < place("cleared") && place("cleared") < place("intent"));
        assert!(place("intent") < place("booted"));
        let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
        assert_eq!(count("step-started"), count("step-ended"));
    }
}

#[test]
fn a_button_that_is_let_go_too_early_is_noticed_and_tried_again() {
    let door = Door { least: Duration::from_secs(7), ..Door::of(pull()) };
    let mut case = Case::of(PULL, Brick::FirmwareErased, door);
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
    let coached = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Coached { reached, attempts, let_go_ms, misses, .. } => {
            Some((*reached, *attempts, *let_go_ms, misses.len()))
        }
        _ => None,
    });
    let (reached, attempts, let_go_ms, misses) = coached.unwrap();
    assert!(reached && attempts >= 2 && misses as u32 == attempts - 1, "{coached:?}");
    assert!(let_go_ms.is_some_and(|ms| ms >= 6000), "{let_go_ms:?}");
}

#[test]
fn nothing_happens_without_a_waiver_or_without_a_second_witness() {
    let mut case = Case::of(PULL, Brick::KernelBytesDamaged, Door::of(pull()));
    case.waivers.clear();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert!(case.attendant.hands.as_ref().unwrap().cues.is_empty(), "nobody was sent to the button");
    assert_eq!(case.count("intent"), 0);

    // A door that is mute, a label, and nothing else.
    let mut case = Case::of(PUSH, Brick::KernelBytesDamaged, Door::of(Speech::push()));
    case.log = None;
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!(case.count("intent"), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn a_label_of_another_device_ends_it_before_anybody_presses_a_button() {
    let mut case = Case::of(PULL, Brick::KernelBytesDamaged, Door::of(pull()));
    case.attendant.answers =
        Box::new(|request| (request.id == "label-model").then(|| Answer::Text("D-Link DIR-645".into())));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
}

#[test]
fn an_image_that_the_bootloader_refuses_is_not_offered_again() {
    for (method, speech) in [(PULL, pull()), (PUSH, Speech::push())] {
        let mut case = Case::of(method, Brick::KernelBytesDamaged, Door::of(speech));
        // It fits by its board, and by a person's word; the bootloader looks at the model.
        case.image =
            firmware(NEWER, &FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() });
        case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
        let before = case.bench.state();
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{method}: {closed:?}");
        assert_eq!(case.count("intent"), 1, "{method}");
        assert!(case.changes().is_empty());
        let codes = case.codes();
        assert!(
            codes.iter().all(|code| ["tftp-refused", "tftp-rejected"].contains(&code.as_str())),
            "{codes:?}"
        );
        let kept = case.attendant.events.iter().any(|event| {
            matches!(&event.body, EventBody::EvidenceStored { kind: EvidenceKind::ToolOutput, .. })
        });
        assert!(kept, "what it said is kept and judged");
        assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    }
}

#[test]
fn a_bootloader_that_lies_is_found_out_and_nothing_is_done_a_third_time() {
    for (method, speech) in [(PULL, pull()), (PUSH, Speech::push())] {
        let mut case = Case::of(method, Brick::KernelBytesDamaged, Door { lies: true, ..Door::of(speech) });
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
        assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
        assert_eq!(case.count("intent"), 2, "once, once more with a change, and no third time");
        assert_eq!(case.changes().len(), 1);
        assert_eq!(case.count("coached"), 2, "the second from a fresh entry");
        assert_eq!(
            closed.summary.last().unwrap(),
            "Firmware was offered to the unit: what it wrote of it is not known."
        );
    }
}

#[test]
fn the_version_that_runs_counts_and_not_that_something_answers() {
    // The unit runs an old version once the power comes back; the door writes nothing.
    let door = Door { lies: true, ..Door::of(pull()) };
    let mut case = Case::of(PULL, Brick::Healthy, door);
    // It is in its recovery mode when it is found.
    let bench = &case.bench;
    bench.power_off();
    bench.world.with_device(|router| router.hold_button(true, bench.clock.now()));
    bench.power_on();
    let mut console = bench.console();
    let soon = debrick_link::Deadline::after(&bench.clock, Duration::from_secs(8));
    let mut buffer = [0; 256];
    while console.read(&mut buffer, soon).is_ok() {}
    bench.world.with_device(|router| router.hold_button(false, bench.clock.now()));
    assert!(bench.world.with_device(|router| router.is_in_recovery()));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"smoke-test-failed".to_owned()), "{:?}", case.codes());
    assert_eq!(case.count("intent"), 2);
}

#[test]
fn a_transfer_that_breaks_is_tried_again_in_plain_blocks_from_a_fresh_entry() {
    let quirks = PullQuirks { restarts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let Speech::Pull { server, file, .. } = pull() else { panic!("a pull") };
    let restarting = Speech::Pull { server, file: file.clone(), quirks };
    let mut case = Case::of(PULL, Brick::ImageCutShort, Door::of(restarting));
    let closed = case.run();
    case.is_repaired(&closed);

    // It does not answer requests with options: only the plain ones arrive.
    let quirks = PushQuirks { deaf_to_options: true, ..PushQuirks::default() };
    let deaf = Speech::Push { accepts: None, quirks };
    let mut case = Case::of(PUSH, Brick::ImageCutShort, Door::of(deaf));
    let closed = case.run();
    case.is_repaired(&closed);

    let quirks = PullQuirks { aborts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let aborting = Speech::Pull { server, file, quirks };
    let mut case = Case::of(PULL, Brick::ImageCutShort, Door::of(aborting));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.count("intent") <= 2);
}

#[test]
fn five_silent_minutes_are_waited_for() {
    for (method, speech) in [(PULL, pull()), (PUSH, Speech::push())] {
        let door = Door { writes_for: Duration::from_secs(300), ..Door::of(speech) };
        let mut case = Case::of(method, Brick::FirmwareErased, door);
        let closed = case.run();
        case.is_repaired(&closed);
        let took = case.attendant.events.iter().find_map(|event| match &event.body {
            EventBody::Booted { took_ms, .. } => Some(*took_ms),
            _ => None,
        });
        assert!(took.unwrap() >= 280_000, "{took:?}");
    }
}

#[test]
fn a_healthy_unit_is_left_alone() {
    let mut case = Case::of(PULL, Brick::Healthy, Door::of(pull()));
    case.bench.power_cycle();
    let mut console = case.bench.console();
    let soon = debrick_link::Deadline::after(&case.bench.clock, Duration::from_secs(20));
    let mut buffer = [0; 4096];
    while console.read(&mut buffer, soon).is_ok() {}
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NothingNeeded, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    let mut seqs: Vec<u64> = (2..60).step_by(4).collect();
    seqs.push(1);
    for seq in seqs {
        let mut case = Case::of(PULL, Brick::KernelBytesDamaged, Door::of(pull()));
        case.attendant.cancel_after = Some(seq);
        let closed = case.run();
        if closed.ending == Ending::Repaired {
            assert!(seq > 30, "at {seq}: over already");
            continue;
        }
        assert_eq!(closed.ending, Ending::Cancelled, "at {seq}: {closed:?}");
        case.attendant.cancel_after = None;
        case.attendant.hands = Some(Hands::steady(&case.bench));
        let closed = case.resume(&closed.session);
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(holds(&case.bench.state(), &case.image), "at {seq}");
    }
}

#[test]
fn a_unit_that_may_be_writing_is_not_switched_off_by_a_resume() {
    let door = Door { writes_for: Duration::from_secs(300), ..Door::of(pull()) };
    let mut case = Case::of(PULL, Brick::FirmwareErased, door);
    // Stops right after the file went over.
    case.attendant.on_event = Box::new(|_| {});
    let mut session = None;
    for seq in 20..80 {
        let mut one = Case::of(
            PULL,
            Brick::FirmwareErased,
            Door { writes_for: Duration::from_secs(300), ..Door::of(pull()) },
        );
        one.attendant.cancel_after = Some(seq);
        let closed = one.run();
        let ended_after_offer = one
            .attendant
            .events
            .iter()
            .any(|event| matches!(&event.body, EventBody::StepEnded { step: Step::Flash, .. }));
        if closed.ending == Ending::Cancelled && ended_after_offer {
            session = Some(closed.session);
            case = one;
            break;
        }
    }
    let session = session.unwrap();
    case.attendant.cancel_after = None;
    case.attendant.events.clear();
    let closed = case.resume(&session);
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert_eq!(case.count("coached"), 0, "nobody was told to take its power away");
    assert!(holds(&case.bench.state(), &case.image));
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    let journal = || {
        let mut case = Case::of(PULL, Brick::KernelBytesDamaged, Door::of(pull()));
        case.run();
        case.attendant.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(journal(), journal());
}

/// A hundred people and both doors: whatever their hands do, the unit is repaired, or it is no worse and its journal says so.
#[test]
fn whatever_the_hands_do_no_unit_is_left_worse() {
    let mut repaired = 0;
    const RUNS: u64 = 60;
    for seed in 0..RUNS {
        let (method, speech) = if seed % 2 == 0 { (PULL, pull()) } else { (PUSH, Speech::push()) };
        let bricks = [
            Brick::KernelBytesDamaged,
            Brick::FirmwareErased,
            Brick::OtherModelsFirmware,
            Brick::RamdiskDamaged,
        ];
        let brick = bricks[(seed / 2 % 4) as usize];
        let mut case = Case::of(method, brick, Door::of(speech));
        case.attendant.hands = Some(Hands::of(&case.bench, seed));
        let before: UnitState = case.bench.state();
        let closed = case.run();
        let after = case.bench.state();
        let name = format!("seed {seed}, {method}, {}", brick.name());
        assert!(unique_is_unharmed(&before, &after), "{name}");
        match closed.ending {
            Ending::Repaired => {
                repaired += 1;
                assert!(holds(&after, &case.image), "{name}");
            }
            Ending::NeedsOperator => {
                assert_eq!(held(&before, "firmware"), held(&after, "firmware"), "{name}")
            }
            other => panic!("{name}: {other:?} {closed:?}"),
        }
        assert!(case.count("intent") <= 2, "{name}");
    }
    assert!(repaired * 10 >= RUNS * 9, "{repaired} of {RUNS}");
}

fn repairs(_: &str, state: UnitState) -> Repair {
    Case::with_state(PULL, state, Door::of(pull())).into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    killed_and_finished(PULL, (1..).step_by(4), 10, repairs);
}
