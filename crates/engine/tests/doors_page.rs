//! Whole repairs through the web page of a virtual router's bootloader, as `doors.rs` has them through TFTP: with pages that
//! lie, hang up, answer late or not at all, and want to be spoken to in their own way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use common::door::*;
use common::kills::*;
use common::repair::Repair;
use common::*;
use debrick_http_upload::Reason;
use debrick_http_upload::device::{Confirmation, HttpConfig, HttpEvent, HttpQuirks};
use debrick_link::{Clock as _, Deadline};
use debrick_model::{Answer, Ending, EventBody, EvidenceKind, Gate, Step, Waiver};
use debrick_virtual_bench::{Brick, Door, FirmwareOptions, Speech, UnitState, firmware};

/// A page that names its unit: that is the second witness.
const NAMED: &str = "ACME R1 recovery: choose the firmware";
const NAMELESS: &str = "Firmware update";

/// A page, and what is different about it.
fn page(change: impl FnOnce(&mut HttpConfig)) -> Speech {
    let Speech::Page(mut config) = Speech::page(NAMED) else { panic!("a page") };
    change(&mut config);
    Speech::Page(config)
}

fn quirk(quirks: HttpQuirks) -> Speech {
    page(|config| config.quirks = quirks)
}

fn usual() -> Door {
    Door::of(Speech::page(NAMED))
}

fn happened(case: &Case, wanted: impl Fn(&HttpEvent) -> bool) -> usize {
    case.bench.world.with_device(|router| router.page_events().iter().filter(|event| wanted(event)).count())
}

#[test]
fn a_router_is_repaired_through_its_page() {
    let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, usual());
    let before = case.bench.state();
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(unique_is_unharmed(&before, &case.bench.state()));
    assert_eq!((case.count("intent"), case.count("coached")), (1, 1));
    assert!(case.changes().is_empty());
    assert_eq!(happened(&case, |event| matches!(event, HttpEvent::Took { .. })), 1);
    let names = case.attendant.names();
    let place = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
    assert!(place("coached") < place("cleared") && place("cleared") < place("intent"));
    let by = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Coached { by, .. } => Some(by.clone()),
        _ => None,
    });
    assert_eq!(by.as_deref(), Some("its page can be opened"));
}

#[test]
fn a_page_that_names_the_unit_is_a_witness_and_one_that_does_not_is_none() {
    let nameless = || Door::of(Speech::page(NAMELESS));
    let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, nameless());
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!(case.count("intent"), 0);

    let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, nameless());
    case.log = Some("settings: ok\r\nREADY ACME R1 1.0.4\r\n");
    let closed = case.run();
    case.is_repaired(&closed);

    // Another model's page: this is not the unit that the operator named.
    let other = Door::of(Speech::page("D-Link DIR-645 recovery: choose the firmware"));
    let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, other);
    case.log = Some("settings: ok\r\nREADY ACME R1 1.0.4\r\n");
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!(case.count("intent"), 0);
    let contradicted = case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::Identified { identity } if !identity.contradicting.is_empty())
    });
    assert!(contradicted);
}

#[test]
fn a_button_that_is_let_go_too_early_is_noticed_and_tried_again() {
    let door = Door { least: Duration::from_secs(7), ..usual() };
    let mut case = Case::of(PAGE, Brick::FirmwareErased, door);
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
    let attempts = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Coached { reached: true, attempts, .. } => Some(*attempts),
        _ => None,
    });
    assert!(attempts.unwrap() >= 2, "{attempts:?}");

    // The same with a system that starts and has a page: that is not the bootloader's.
    let door = Door { least: Duration::from_secs(7), ..usual() };
    let mut case = Case::of(PAGE, Brick::OtherModelsFirmware, door);
    case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = case.run();
    case.is_repaired(&closed);
}

#[test]
fn an_image_that_the_page_refuses_is_explained_and_not_offered_again() {
    // It fits by its board, and by a person's word; the bootloader looks at the model.
    let other = firmware(NEWER, &FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() });
    let usual_image = image(NEWER, SIZE);
    let wants = |reason| page(move |config| config.wants = Some((b"EU-R1".to_vec(), reason)));
    for (speech, image, code) in [
        (Speech::page(NAMED), &other, "http-rejected-header"),
        (wants(Reason::Region), &usual_image, "http-rejected-region"),
        (wants(Reason::Signature), &usual_image, "http-rejected-signature"),
        (page(|config| config.most_bytes = 100_000), &usual_image, "http-rejected-size"),
    ] {
        let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, Door::of(speech));
        case.image = image.clone();
        case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
        let before = case.bench.state();
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{code}: {closed:?}");
        assert_eq!(case.count("intent"), 1, "{code}");
        assert!(case.changes().is_empty());
        assert!(case.codes().iter().all(|one| one == code), "{code}: {:?}", case.codes());
        assert!(happened(&case, |event| matches!(event, HttpEvent::Refused(_))) == 1, "{code}");
        let kept = case.attendant.events.iter().any(|event| {
            matches!(&event.body, EventBody::EvidenceStored { kind: EvidenceKind::ToolOutput, .. })
        });
        assert!(kept, "what it said is kept and judged");
        assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    }
}

#[test]
fn a_page_that_says_success_and_writes_nothing_is_found_out() {
    let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, Door { lies: true, ..usual() });
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
    assert_eq!(case.count("intent"), 2, "once, once more with a change, and no third time");
    assert_eq!(case.count("coached"), 2, "the second from a fresh entry");

    // The unit runs what it ran before.
    let mut case = Case::of(PAGE, Brick::Healthy, Door { lies: true, ..usual() });
    case.enter();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"smoke-test-failed".to_owned()), "{:?}", case.codes());
}

#[test]
fn however_a_page_ends_an_upload_the_first_boot_tells() {
    let late = page(|config| config.silent_for = Duration::from_secs(280));
    let resets = quirk(HttpQuirks { resets: true, ..HttpQuirks::default() });
    let mute = quirk(HttpQuirks { mute: true, ..HttpQuirks::default() });
    for (name, speech, fired) in [
        ("closes at 100 %", resets, Some(HttpEvent::Reset)),
        ("never answers", mute, Some(HttpEvent::Mute)),
        ("answers minutes later", late, None),
    ] {
        let door = Door { writes_for: Duration::from_secs(300), ..Door::of(speech) };
        let mut case = Case::of(PAGE, Brick::FirmwareErased, door);
        let closed = case.run();
        case.is_repaired(&closed);
        assert_eq!(case.count("intent"), 1, "{name}");
        if let Some(fired) = fired {
            assert_eq!(happened(&case, |event| *event == fired), 1, "{name}");
        }
        let wrote = happened(&case, |event| matches!(event, HttpEvent::Wrote { .. }));
        assert_eq!(wrote, 1, "{name}: it had its say while it wrote");
        assert!(case.bench.clock.now().since_start() >= Duration::from_secs(300), "{name}");
    }
}

#[test]
fn a_transfer_that_breaks_is_tried_again_slowly_from_a_fresh_entry() {
    let overrun = HttpQuirks { overrun_above: Some(200 << 10), ..HttpQuirks::default() };
    let mut case = Case::of(PAGE, Brick::ImageCutShort, Door::of(quirk(overrun)));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(happened(&case, |event| *event == HttpEvent::Overrun), 1);
    assert_eq!((case.count("intent"), case.count("coached")), (2, 2));
    assert!(case.changes()[0].contains("slowly"), "{:?}", case.changes());
    assert!(case.codes().contains(&"http-cut-off".to_owned()), "{:?}", case.codes());

    // What arrived is not what was sent, each time: it is never told to go on.
    let damaging = page(|config| {
        config.quirks = HttpQuirks { damages_byte: Some(5000), ..HttpQuirks::default() };
        config.confirms = Confirmation::Form;
    });
    let mut case = Case::of(PAGE, Brick::ImageCutShort, Door::of(damaging));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(case.count("intent"), 2);
    assert_eq!(happened(&case, |event| *event == HttpEvent::Damaged), 2);
    assert_eq!(happened(&case, |event| *event == HttpEvent::Confirmed), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn pages_are_spoken_to_as_each_of_them_wants_it() {
    let took = |field: &'static str| move |event: &HttpEvent| matches!(event, HttpEvent::Took { field: of, .. } if of == field);
    // Its own name for the field, and fields beside it that would end the unit.
    let own_form = page(|config| {
        config.field = "fw_Image".into();
        config.other_fields = vec!["uboot".into(), "art".into()];
        config.hidden = vec![("token".into(), "1234".into())];
        config.action = Some("/cgi-bin/recover.cgi".into());
    });
    let mut case = Case::of(PAGE, Brick::FirmwareErased, Door::of(own_form));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(happened(&case, took("fw_Image")), 1);

    // One connection, which takes its time to be forgotten.
    let one = HttpQuirks { one_connection_after: Some(Duration::from_millis(1500)), ..HttpQuirks::default() };
    let mut case = Case::of(PAGE, Brick::FirmwareErased, Door::of(quirk(one)));
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(happened(&case, |event| *event == HttpEvent::TurnedAway) > 0);
    assert_eq!(case.count("intent"), 1);

    let asks = page(|config| {
        (config.confirms, config.quirks) = (Confirmation::Form, HttpQuirks::default());
    });
    let scripted = page(|config| {
        *config = HttpConfig { title: NAMED.into(), ..HttpConfig::mediatek(config.listen) };
    });
    for (speech, confirmed) in [
        (asks, 1),
        (scripted, 1),
        (quirk(HttpQuirks { bare_pages: true, ..HttpQuirks::default() }), 0),
        (quirk(HttpQuirks { wrong_heads: true, ..HttpQuirks::default() }), 0),
        (quirk(HttpQuirks { short_pages: true, ..HttpQuirks::default() }), 0),
        (quirk(HttpQuirks { one_segment: Some(Duration::from_millis(1)), ..HttpQuirks::default() }), 0),
        (quirk(HttpQuirks { answers_early: true, ..HttpQuirks::default() }), 0),
        (quirk(HttpQuirks { works_off: Some(20 << 10), ..HttpQuirks::default() }), 0),
    ] {
        let mut case = Case::of(PAGE, Brick::FirmwareErased, Door::of(speech.clone()));
        let closed = case.run();
        assert_eq!(closed.ending, Ending::Repaired, "{speech:?} {closed:?}");
        case.is_repaired(&closed);
        assert_eq!(happened(&case, |event| *event == HttpEvent::Confirmed), confirmed, "{speech:?}");
        assert_eq!(case.count("intent"), 1, "{speech:?}");
    }
}

#[test]
fn a_page_for_bootloaders_only_is_left_alone() {
    let only = page(|config| config.field = "uboot".into());
    let mut case = Case::of(PAGE, Brick::FirmwareErased, Door::of(only));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!((case.count("intent"), case.count("coached")), (0, 1));
    assert!(case.codes().iter().all(|code| code == "http-boot-critical"), "{:?}", case.codes());
    assert_eq!(closed.summary.last().unwrap(), "Nothing was written: the unit is as it was.");
    assert_eq!(happened(&case, |event| matches!(event, HttpEvent::Took { .. })), 0);
}

#[test]
fn a_second_unit_with_the_same_address_is_named_and_left_alone() {
    let mut case = Case::of(PAGE, Brick::FirmwareErased, usual());
    case.wire = wires::with_two_of_an_address;
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert_eq!(case.count("intent"), 0);
    assert!(case.codes().iter().all(|code| code == "several-units"), "{:?}", case.codes());
    assert!(closed.summary[0].contains("02:00:00:00:00:aa"), "{:?}", closed.summary);
    assert!(closed.next_step.unwrap().contains("only the unit on the cable"));
    // Once the other is gone, it goes on.
    case.wire = |network| network;
    case.attendant.hands = Some(Hands::steady(&case.bench));
    let closed = case.resume(&closed.session);
    case.is_repaired(&closed);
}

#[test]
fn a_healthy_unit_is_left_alone() {
    let mut case = Case::of(PAGE, Brick::Healthy, usual());
    case.bench.power_cycle();
    let mut console = case.bench.console();
    let soon = Deadline::after(&case.bench.clock, Duration::from_secs(20));
    while console.read(&mut [0; 4096], soon).is_ok() {}
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NothingNeeded, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
}

#[test]
fn the_page_of_a_running_system_is_named_and_nothing_is_sent_to_it() {
    let mut case = Case::of(PAGE, Brick::OtherModelsFirmware, usual());
    case.wire = wires::with_login_page;
    let closed = case.run();
    case.is_repaired(&closed);
    let assessed = case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::StepEnded { step: Step::Assess, summary, .. } => Some(summary.clone()),
        _ => None,
    });
    assert!(assessed.as_ref().unwrap().contains("asks for a password"), "{assessed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (1, 1));
}

#[test]
fn a_unit_that_is_found_at_its_page_is_not_sent_into_it_again() {
    let mut case = Case::of(PAGE, Brick::FirmwareErased, usual());
    case.enter();
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((case.count("coached"), case.count("intent")), (0, 1));
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    for seq in (1..60).step_by(5) {
        let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, usual());
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
    let mut found = None;
    for seq in 20..80 {
        let door = Door { writes_for: Duration::from_secs(300), ..usual() };
        let mut case = Case::of(PAGE, Brick::FirmwareErased, door);
        case.attendant.cancel_after = Some(seq);
        let closed = case.run();
        let is_offered = case
            .attendant
            .events
            .iter()
            .any(|event| matches!(&event.body, EventBody::StepEnded { step: Step::Flash, .. }));
        if closed.ending == Ending::Cancelled && is_offered {
            found = Some((case, closed.session));
            break;
        }
    }
    let (mut case, session) = found.unwrap();
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
        let mut case = Case::of(PAGE, Brick::KernelBytesDamaged, usual());
        case.run();
        case.attendant.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(journal(), journal());
}

#[test]
fn whatever_the_hands_do_no_unit_is_left_worse() {
    const RUNS: u64 = 24;
    let mut repaired = 0;
    for seed in 0..RUNS {
        let bricks = [Brick::KernelBytesDamaged, Brick::FirmwareErased, Brick::OtherModelsFirmware];
        let brick = bricks[(seed % 3) as usize];
        let mut case = Case::of(PAGE, brick, usual());
        case.attendant.hands = Some(Hands::of(&case.bench, seed));
        case.attendant.answers =
            Box::new(|request| (request.id == "label-model").then(|| Answer::Text("acme r1".into())));
        let before: UnitState = case.bench.state();
        let closed = case.run();
        let (after, name) = (case.bench.state(), format!("seed {seed}, {}", brick.name()));
        assert!(unique_is_unharmed(&before, &after), "{name}");
        match closed.ending {
            Ending::Repaired => {
                repaired += 1;
                assert!(holds(&after, &case.image), "{name}");
            }
            Ending::NeedsOperator => {
                assert_eq!(held(&before, "firmware"), held(&after, "firmware"), "{name}");
            }
            other => panic!("{name}: {other:?} {closed:?}"),
        }
        assert!(case.count("intent") <= 2, "{name}");
    }
    assert!(repaired * 10 >= RUNS * 9, "{repaired} of {RUNS}");
}

fn repairs(_: &str, state: UnitState) -> Repair {
    Case::with_state(PAGE, state, usual()).into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    killed_and_finished(PAGE, (3..).step_by(8), 5, repairs);
}
