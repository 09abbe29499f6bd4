//! Whole repairs of a unit whose bootloader starts from the network: it asks for an address by BOOTP or DHCP, and then for
//! its file. Others on its cable ask, too, or answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::atomic::Ordering;
use std::time::Duration;

use common::door::*;
use common::kills::*;
use common::repair::Repair;
use common::*;
use debrick_bootp::device::BootpConfig;
use debrick_catalog::Recoverable;
use debrick_model::{Answer, Ending, EventBody, Gate, MacAddress, Property, Waiver};
use debrick_tftp::device::PullQuirks;
use debrick_virtual_bench::{
    Brick, Door, Fault, Faults, FirmwareOptions, Speech, Stranger, UnitState, firmware,
};

const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x77]);

fn boot() -> Speech {
    Speech::boot(UNIT)
}

/// A unit on whose cable somebody else asks for an address.
fn beside(stranger: Stranger) -> Case {
    let faults = Faults { stranger: Some(stranger), ..Faults::default() };
    Case::with_faults(BOOT, broken(Brick::KernelBytesDamaged, SIZE), Door::of(boot()), faults, 1)
}

/// Whether the stranger asked, and nobody answered.
fn is_left_alone(case: &Case) -> bool {
    case.bench.faults.count(Fault::StrangerAsks) > 1
        && !case.bench.world.with_device(|router| router.stranger_was_served())
}

fn with(quirks: PullQuirks) -> Speech {
    Speech::Boot { asks: BootpConfig::u_boot(UNIT), quirks }
}

#[test]
fn a_router_is_given_an_address_and_its_file() {
    for speech in [boot(), router_boot()] {
        let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(speech));
        let before = case.bench.state();
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(unique_is_unharmed(&before, &case.bench.state()));
        assert_eq!((case.count("intent"), case.count("coached")), (1, 1));
        assert!(case.changes().is_empty());
        let seen = case.attendant.events.iter().any(|event| match &event.body {
            EventBody::Observed { observation } => {
                observation.property == Property::MacAddress && observation.value == UNIT.to_string()
            }
            _ => false,
        });
        assert!(seen, "who asked is in the journal");
    }
}

#[test]
fn a_button_that_is_let_go_too_early_is_noticed_and_tried_again() {
    let door = Door { least: Duration::from_secs(7), ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::FirmwareErased, door);
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
    let misses = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Coached { misses, .. } => Some(misses.len()),
        _ => None,
    });
    assert!(misses.unwrap() >= 1, "it was let go too early");
}

#[test]
fn an_image_that_the_bootloader_refuses_is_not_offered_again() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
    case.image = firmware(NEWER, &FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() });
    case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(case.count("intent"), 1);
    assert_eq!(case.codes(), ["tftp-rejected"]);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn a_bootloader_that_lies_is_found_out() {
    let door = Door { lies: true, ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, door);
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
    assert_eq!((case.count("intent"), case.count("coached")), (2, 2));
}

#[test]
fn a_transfer_that_breaks_is_tried_again_in_plain_blocks() {
    let restarts = PullQuirks { restarts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let mut case = Case::of(BOOT, Brick::ImageCutShort, Door::of(with(restarts)));
    let closed = case.run();
    case.is_repaired(&closed);

    let aborts = PullQuirks { aborts_after_bytes: Some(10_000), ..PullQuirks::default() };
    let mut case = Case::of(BOOT, Brick::ImageCutShort, Door::of(with(aborts)));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(case.count("intent"), 1, "what the unit breaks off with words is its refusal");
}

/// U-Boot waits five seconds for a block that is lost, and says nothing meanwhile.
#[test]
fn a_transfer_that_takes_minutes_is_waited_for_as_long_as_it_goes_on() {
    let faults = Faults { datagrams_lost: 0.1, ..Faults::default() };
    let state = broken(Brick::FirmwareErased, SIZE);
    let mut case = Case::with_faults(BOOT, state, Door::of(boot()), faults, 1);
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(case.count("intent"), 1);
    assert!(case.bench.faults.count(Fault::DatagramLost) > 10);
    let at = |name: &str| {
        let event = case.attendant.events.iter().find(|event| event.body.name() == name);
        event.unwrap().at_ms
    };
    assert!(at("effect-done") - at("intent") > 60_000, "{}", at("effect-done") - at("intent"));
}

#[test]
fn five_silent_minutes_are_waited_for() {
    let door = Door { writes_for: Duration::from_secs(300), ..Door::of(boot()) };
    let mut case = Case::of(BOOT, Brick::FirmwareErased, door);
    let closed = case.run();
    case.is_repaired(&closed);
}

#[test]
fn a_system_that_asks_on_the_same_cable_is_left_alone() {
    let mut case = beside(Stranger::System);
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(is_left_alone(&case));
}

#[test]
fn somebody_who_asks_before_the_unit_is_in_its_mode_is_not_taken_for_it() {
    for answer in [Answer::DontKnow, Answer::No, Answer::Text(UNIT.to_string())] {
        let mut case = beside(Stranger::Bootloader);
        let said = answer.clone();
        case.attendant.answers = Box::new(move |request| (request.id == "which-unit").then(|| said.clone()));
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(is_left_alone(&case), "{answer:?}");
    }
}

/// How often somebody was asked which unit is meant.
fn asked_which(case: &Case) -> usize {
    let asks = |body: &EventBody| matches!(body, EventBody::Asked { request } if request.id == "which-unit");
    case.attendant.events.iter().filter(|event| asks(&event.body)).count()
}

#[test]
fn somebody_of_another_maker_who_asks_where_the_unit_does_not_is_asked_about_and_left_alone() {
    let mut case = beside(Stranger::BootloaderOfNetgear);
    // Nobody is heard before the unit is switched on, and then it misses its button.
    case.bench.power_off();
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(is_left_alone(&case));
    assert_eq!(asked_which(&case), 1);
    assert!(case.count("coached") >= 2);
}

#[test]
fn a_unit_whose_ethernet_address_is_of_another_maker_is_served_once_somebody_says_that_it_is_the_one() {
    let netgears = MacAddress::new([0xA0, 0x63, 0x91, 0, 0, 0x2a]);
    let of = |vendor: fn(&mut Recoverable)| {
        let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(Speech::boot(netgears)));
        case.bench.power_off();
        case.adapt = vendor;
        case
    };
    let mut case = of(|_| {});
    case.attendant.answers =
        Box::new(move |request| (request.id == "which-unit").then(|| Answer::Text(netgears.to_string())));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((asked_which(&case), case.count("coached")), (1, 1));

    // Nobody says so: it is left alone, and nobody asks again.
    let mut case = of(|_| {});
    case.attendant.answers = Box::new(|request| (request.id == "which-unit").then_some(Answer::DontKnow));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert_eq!((asked_which(&case), case.count("intent")), (1, 0));
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));

    // Its maker is the one of the record: nothing is asked.
    let mut case = of(|record| record.device.vendor = "Netgear".into());
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((asked_which(&case), case.count("coached")), (0, 1));
}

#[test]
fn of_two_units_in_recovery_neither_is_answered_until_one_is_chosen() {
    let mut case = beside(Stranger::Bootloader);
    case.enter();
    case.attendant.answers = Box::new(|request| (request.id == "which-unit").then_some(Answer::DontKnow));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(case.codes().iter().all(|code| code == "several-units"), "{:?}", case.codes());
    let told = closed.summary.join(" ");
    assert!(told.contains(&UNIT.to_string()) && told.contains(&OTHER.to_string()), "{told}");
    assert_eq!(case.count("intent"), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    assert!(is_left_alone(&case));

    case.attendant.answers = Box::new(|_| None);
    case.attendant.hands = Some(Hands::steady(&case.bench));
    let closed = case.resume(&closed.session);
    case.is_repaired(&closed);
    assert!(is_left_alone(&case));
}

#[test]
fn who_asks_in_the_place_of_the_unit_that_was_heard_on_entry_is_not_served() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
    case.wire = wires::with_another_who_asks;
    let bench = case.bench.clone();
    let mut is_first = true;
    case.attendant.on_event = Box::new(move |event| {
        // The unit loses its power when it is about to be served, and somebody else is there.
        if matches!(event.body, EventBody::Intent { .. }) && std::mem::take(&mut is_first) {
            bench.power_off();
            wires::ANOTHER_ASKS.store(true, Ordering::SeqCst);
        }
    });
    let closed = case.run();
    assert_eq!(case.codes(), ["door-two-units"]);
    let named = case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::Failed { problem, .. }
            if [UNIT, OTHER].iter().all(|unit| problem.causes.join(" ").contains(&unit.to_string())))
    });
    assert!(named, "{:?}", case.attendant.names());
    // On the next entry both ask, and somebody says which one is meant.
    assert_eq!(asked_which(&case), 1);
    assert!(case.count("coached") >= 2);
    case.is_repaired(&closed);
}

#[test]
fn a_unit_that_asks_already_is_repaired_once_somebody_says_that_it_is_the_one() {
    let mut case = Case::of(BOOT, Brick::FirmwareErased, Door::of(boot()));
    case.enter();
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((case.count("coached"), case.count("intent")), (0, 1));
}

#[test]
fn beside_another_server_of_addresses_nobody_is_sent_to_the_button() {
    let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
    case.wire = wires::with_address_server;
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
    let told = closed.next_step.unwrap();
    assert!(told.contains("192.168.1.254") && told.contains("gives out addresses"), "{told}");
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    for seq in (1..60).step_by(9) {
        let mut case = Case::of(BOOT, Brick::KernelBytesDamaged, Door::of(boot()));
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

fn repairs(_: &str, state: UnitState) -> Repair {
    Case::with_state(BOOT, state, Door::of(boot())).into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    killed_and_finished(BOOT, (3..).step_by(13), 3, repairs);
}
