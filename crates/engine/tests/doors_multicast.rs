//! Repairs through a door that takes what is sent to everybody: only where one unit is on the wire, and somebody says so.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use common::door::*;
use common::kills::*;
use common::repair::Repair;
use common::*;
use debrick_link::Clock as _;
use debrick_model::{Answer, Ending, EventBody, Outcome, Step};
use debrick_virtual_bench::{Brick, Door, Speech, UnitState};
use debrick_zyxel_multicast::device::ZyxelConfig;

fn speech(change: impl FnOnce(&mut ZyxelConfig)) -> Speech {
    let Speech::Multicast { mut config, window } = Speech::multicast() else { panic!("another door") };
    change(&mut config);
    Speech::Multicast { config, window }
}

/// A unit that is switched off when somebody gives their word, and on when the image is being sent.
fn case(brick: Brick, door: Door) -> (Case, Rc<Cell<u32>>) {
    let mut case = Case::of(MULTICAST, brick, door).switched_on_while_sent();
    let words = Rc::new(Cell::new(0));
    let (mut answers, asked) = (case.attendant.answers, words.clone());
    case.attendant.answers = Box::new(move |request| {
        asked.set(asked.get() + u32::from(request.id == "alone-on-wire"));
        answers(request)
    });
    (case, words)
}

#[test]
fn a_router_is_repaired_once_the_wire_was_heard_and_somebody_gave_their_word() {
    let (mut case, words) = case(Brick::KernelBytesDamaged, Door::of(Speech::multicast()));
    let before = case.bench.state();
    let began = case.bench.clock.now();
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(unique_is_unharmed(&before, &case.bench.state()));
    assert_eq!((words.get(), case.count("intent"), case.count("coached")), (1, 1, 0));
    assert!(case.bench.clock.now().since(began) >= Duration::from_secs(15), "the wire is listened to");
    let mute = |event: &debrick_model::Event| {
        matches!(&event.body, EventBody::StepEnded { step: Step::Flash, outcome: Outcome::Done, summary, .. }
            if summary.contains("fell silent"))
    };
    assert!(case.attendant.events.iter().any(mute), "nobody has said that it has the image");
}

#[test]
fn nothing_is_sent_without_that_word() {
    let (mut case, _) = case(Brick::KernelBytesDamaged, Door::of(Speech::multicast()));
    case.attendant.answers = Box::new(|request| (request.id == "alone-on-wire").then_some(Answer::No));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(case.codes().contains(&"operator-declined".to_owned()), "{:?}", case.codes());
    assert_eq!(case.count("intent"), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn where_others_speak_they_are_named_and_nothing_is_sent() {
    let (mut case, _) = case(Brick::KernelBytesDamaged, Door::of(Speech::multicast()));
    case.wire = wires::with_two_speakers;
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(case.codes().contains(&"several-units".to_owned()), "{:?}", case.codes());
    let named = |mac: &str| closed.summary[0].contains(mac);
    assert!(named("2c:b0:5d:00:00:01") && named("2c:b0:5d:00:00:02"), "{:?}", closed.summary);
    assert_eq!(case.count("intent"), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn what_was_not_written_or_written_wrongly_is_found_out() {
    // It cannot keep up, so that it never has all of the image; and it writes a byte wrongly in the kernel.
    let slow = speech(|config| config.packet_takes = Duration::from_millis(50));
    let damaging = speech(|config| config.damages_byte = Some(100_000));
    let lying = Door { lies: true, ..Door::of(Speech::multicast()) };
    for door in [Door::of(slow), Door::of(damaging), lying] {
        let (mut case, words) = case(Brick::KernelBytesDamaged, door);
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
        assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
        assert_eq!((case.count("intent"), words.get()), (2, 2), "each time somebody looks at the cables");
        assert!(!holds(&case.bench.state(), &case.image));
    }
}

#[test]
fn a_unit_that_cannot_keep_up_is_sent_to_more_slowly() {
    let slow = speech(|config| config.packet_takes = Duration::from_millis(15));
    let (mut case, words) = case(Brick::KernelBytesDamaged, Door::of(slow));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((case.count("intent"), words.get()), (2, 2));
    assert!(case.changes()[0].contains("slowly"), "{:?}", case.changes());
}

#[test]
fn packets_that_are_lost_come_again_in_a_later_round() {
    let losing = speech(|config| config.loses = vec![3, 100, 200]);
    let (mut case, _) = case(Brick::FirmwareErased, Door::of(losing));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(case.count("intent"), 1);
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    let mut resumed = 0;
    for seq in (1..60).step_by(8) {
        let (mut case, _) = case(Brick::KernelBytesDamaged, Door::of(Speech::multicast()));
        case.attendant.cancel_after = Some(seq);
        let closed = case.run();
        if closed.ending == Ending::Repaired {
            continue;
        }
        // Who stops while it is sent is told that the unit may have heard all of it.
        let stopped = closed.ending == Ending::Cancelled
            || case.codes().iter().any(|code| code == "zyxel-cancelled" || code == "cancelled");
        assert!(stopped, "at {seq}: {closed:?}");
        resumed += 1;
        case.attendant.cancel_after = None;
        let closed = case.resume(&closed.session);
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(holds(&case.bench.state(), &case.image), "at {seq}");
    }
    assert!(resumed >= 3, "{resumed}");
}

fn repairs(_: &str, state: UnitState) -> Repair {
    Case::with_state(MULTICAST, state, Door::of(Speech::multicast())).switched_on_while_sent().into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    killed_and_finished(MULTICAST, (3..).step_by(8), 4, repairs);
}
