//! Repairs through doors that open for some seconds at every start, without a button: Netgear's NMRP, and AVM's EVA.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use common::door::*;
use common::kills::*;
use common::repair::Repair;
use common::*;
use debrick_eva::device::{EvaConfig, EvaQuirks};
use debrick_link::Clock as _;
use debrick_model::{
    Answer, Ending, EventBody, EvidenceKind, Gate, MacAddress, Outcome, Property, RequestKind, Step, Waiver,
};
use debrick_nmrp::device::{NmrpConfig, NmrpQuirks};
use debrick_virtual_bench::{Brick, Door, FirmwareOptions, Speech, UnitState, firmware};

const BOTH: [&str; 2] = [NMRP, EVA];

fn speech(method: &str) -> Speech {
    if method == NMRP { Speech::nmrp() } else { Speech::eva() }
}

fn nmrp(change: impl FnOnce(&mut NmrpConfig)) -> Speech {
    let Speech::Nmrp { mut config, other } = Speech::nmrp() else { panic!("not NMRP") };
    change(&mut config);
    Speech::Nmrp { config, other }
}

fn eva(change: impl FnOnce(&mut EvaConfig)) -> Speech {
    let Speech::Eva { mut config, other } = Speech::eva() else { panic!("not EVA") };
    change(&mut config);
    Speech::Eva { config, other }
}

/// A unit that is switched off.
fn case(method: &'static str, brick: Brick, door: Door) -> Case {
    off(Case::of(method, brick, door))
}

fn off(case: Case) -> Case {
    case.bench.power_off();
    case
}

fn attempts(case: &Case) -> Vec<u32> {
    let coached = case.attendant.events.iter().filter_map(|event| match &event.body {
        EventBody::Coached { attempts, .. } => Some(*attempts),
        _ => None,
    });
    coached.collect()
}

fn observed(case: &Case, wanted: Property) -> Vec<String> {
    let observed = case.attendant.events.iter().filter_map(|event| match &event.body {
        EventBody::Observed { observation } if observation.property == wanted => {
            Some(observation.value.clone())
        }
        _ => None,
    });
    observed.collect()
}

#[test]
fn a_router_is_repaired_through_each_door() {
    for method in BOTH {
        let mut case = case(method, Brick::KernelBytesDamaged, Door::of(speech(method)));
        let before = case.bench.state();
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(unique_is_unharmed(&before, &case.bench.state()));
        assert_eq!((case.count("intent"), attempts(&case)), (1, vec![1]), "{method}");
        assert!(case.changes().is_empty());
        assert!(observed(&case, Property::MacAddress).contains(&"02:00:00:00:00:2a".to_owned()), "{method}");
        let names = case.attendant.names();
        let place = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
        assert!(place("coached") < place("cleared") && place("cleared") < place("intent"));
        assert!(place("intent") < place("booted"));
    }
}

#[test]
fn what_the_variables_say_is_a_witness_for_the_unit_and_against_another() {
    // The label and the number of its hardware.
    let mut case = case(EVA, Brick::FirmwareErased, Door::of(Speech::eva()));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(observed(&case, Property::Codename), ["HW990"]);

    // A FRITZ!Box 4020.
    let other = eva(|config| config.environment = config.environment.replace("990\n", "219\n"));
    let mut case = off(Case::of(EVA, Brick::FirmwareErased, Door::of(other)));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!(observed(&case, Property::Codename), ["HW219"]);
    assert_eq!(case.count("intent"), 0);
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
}

#[test]
fn a_window_that_is_missed_is_noticed_and_tried_again() {
    for method in BOTH {
        let door = Door { late_links: 1, ..Door::of(speech(method)) };
        let case_off = |door| off(Case::of(method, Brick::FirmwareErased, door));
        let mut case = case_off(door);
        // The first start was when it was put on the bench.
        let closed = case.run();
        case.is_repaired(&closed);
        assert_eq!(attempts(&case), [1], "{method}");

        let mut case = case_off(Door { late_links: 2, ..Door::of(speech(method)) });
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(attempts(&case)[0] >= 2, "{method}: {:?}", attempts(&case));
    }
}

#[test]
fn an_image_that_the_unit_refuses_is_not_offered_again() {
    let tight = eva(|config| config.quirks.takes_at_most = Some(100_000));
    for (method, speech) in [(NMRP, Speech::nmrp()), (EVA, tight)] {
        let mut case = case(method, Brick::KernelBytesDamaged, Door::of(speech));
        // It fits by its board, and by a person's word; a bootloader with NMRP looks at model and region.
        case.image =
            firmware(NEWER, &FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() });
        case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
        let before = case.bench.state();
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{method}: {closed:?}");
        assert_eq!((case.count("intent"), case.changes().len()), (1, 0), "{method}");
        let codes = case.codes();
        let expected = ["tftp-rejected", "eva-not-stored"];
        assert!(!codes.is_empty() && codes.iter().all(|code| expected.contains(&code.as_str())), "{codes:?}");
        let kept = case.attendant.events.iter().any(|event| {
            matches!(&event.body, EventBody::EvidenceStored { kind: EvidenceKind::ToolOutput, .. })
        });
        assert!(kept, "what it said is kept and judged");
        assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    }
}

#[test]
fn a_unit_that_asks_for_the_image_again_and_again_does_not_want_it() {
    let twice = |asks_again| nmrp(|config| config.quirks = NmrpQuirks { asks_again, ..config.quirks });
    // Once more is a habit of some.
    let mut usual = case(NMRP, Brick::KernelBytesDamaged, Door::of(twice(1)));
    let closed = usual.run();
    usual.is_repaired(&closed);

    let mut case = case(NMRP, Brick::KernelBytesDamaged, Door::of(twice(9)));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().contains(&"nmrp-rejected".to_owned()), "{:?}", case.codes());
    assert_eq!(case.count("intent"), 1);
}

#[test]
fn a_bootloader_that_lies_is_found_out() {
    let lying = eva(|config| config.quirks.lies = true);
    let says_so = Door { lies: true, ..Door::of(Speech::nmrp()) };
    for (method, door) in [(NMRP, says_so), (EVA, Door::of(lying))] {
        let mut case = case(method, Brick::KernelBytesDamaged, door);
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
        assert!(case.codes().contains(&"first-boot-unproven".to_owned()), "{:?}", case.codes());
        assert_eq!((case.count("intent"), case.changes().len()), (2, 1), "{method}");
        assert_eq!(case.count("coached"), 2, "the second from a fresh entry");
    }
}

#[test]
fn five_silent_minutes_are_waited_for() {
    let mute = nmrp(|config| config.keep_alive_every = None);
    let mute = Door { writes_for: Duration::from_secs(300), ..Door::of(mute) };
    let watched = nmrp(|config| {
        config.quirks = NmrpQuirks { wants_keep_alive_acks: true, no_last_ack: true, ..config.quirks };
    });
    let watched = Door { writes_for: Duration::from_secs(300), ..Door::of(watched) };
    let slow = eva(|config| {
        config.writes_64k_in = Duration::from_secs(75);
        config.quirks.leaves_files_open = true;
    });
    for (method, door) in [(NMRP, mute), (NMRP, watched), (EVA, Door::of(slow))] {
        let mut case = case(method, Brick::FirmwareErased, door);
        let began = case.bench.clock.now();
        let closed = case.run();
        case.is_repaired(&closed);
        assert_eq!(case.count("intent"), 1, "{method}");
        assert!(case.bench.clock.now().since(began) >= Duration::from_secs(300), "{method}");
    }
}

#[test]
fn a_transfer_that_breaks_is_tried_once_more_from_a_fresh_entry() {
    let ends = nmrp(|config| config.quirks.closes_after_bytes = Some(20_000));
    let hangs_up = eva(|config| config.quirks.hangs_up_after = Some(20_000));
    for (method, speech, code) in [(NMRP, ends, "nmrp-closed-early"), (EVA, hangs_up, "eva-cut-off")] {
        let mut case = case(method, Brick::ImageCutShort, Door::of(speech));
        let closed = case.run();
        assert_eq!(closed.ending, Ending::StoppedSafely, "{method}: {closed:?}");
        assert!(case.codes().iter().any(|one| one == code), "{method}: {:?}", case.codes());
        assert_eq!((case.count("intent"), case.changes().len()), (2, 1), "{method}");
        assert_eq!(case.count("coached"), 2, "{method}");
    }
}

#[test]
fn of_several_units_on_one_wire_all_are_named_and_left_alone() {
    let other = Some(MacAddress::new([0x2c, 0xb0, 0x5d, 0, 0, 7]));
    for method in BOTH {
        let speech = match speech(method) {
            Speech::Nmrp { config, .. } => Speech::Nmrp { config, other },
            Speech::Eva { config, .. } => Speech::Eva { config, other },
            one => one,
        };
        let mut case = case(method, Brick::KernelBytesDamaged, Door::of(speech));
        case.attendant.answers = Box::new(|request| (request.id == "which-unit").then_some(Answer::DontKnow));
        let before = case.bench.state();
        let closed = case.run();
        assert_eq!(closed.ending, Ending::NeedsOperator, "{method}: {closed:?}");
        assert!(case.codes().contains(&"several-units".to_owned()), "{:?}", case.codes());
        let named = |mac: &str| closed.summary[0].contains(mac);
        assert!(named("2c:b0:5d:00:00:07") && named("02:00:00:00:00:2a"), "{:?}", closed.summary);
        assert_eq!(case.count("intent"), 0);
        assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    }
}

#[test]
fn of_several_units_the_one_is_repaired_that_the_label_says() {
    let beside = |state| {
        let Speech::Nmrp { config, .. } = Speech::nmrp() else { panic!("not NMRP") };
        let other = Some(MacAddress::new([0x2c, 0xb0, 0x5d, 0, 0, 7]));
        off(Case::with_state(NMRP, state, Door::of(Speech::Nmrp { config, other })))
    };
    let asked = |case: &Case| {
        let asked = case.attendant.events.iter().find_map(|event| match &event.body {
            EventBody::Asked { request } if request.id == "which-unit" => Some(request.kind.clone()),
            _ => None,
        });
        let Some(RequestKind::Question { choices }) = asked else { panic!("nobody was asked") };
        choices
    };
    let mut one = beside(broken(Brick::KernelBytesDamaged, SIZE));
    let closed = one.run();
    one.is_repaired(&closed);
    assert_eq!(asked(&one), ["02:00:00:00:00:2a", "2c:b0:5d:00:00:07"]);
    // Once as they are, and once more for the one that was chosen.
    assert_eq!((one.count("intent"), one.count("coached")), (1, 2));

    // It is asked once a session.
    let answered =
        one.attendant.events.iter().find(
            |event| matches!(&event.body, EventBody::Answered { request, .. } if request == "which-unit"),
        );
    let answered = answered.unwrap().seq;
    let mut one = beside(broken(Brick::KernelBytesDamaged, SIZE));
    one.attendant.cancel_after = Some(answered + 1);
    let closed = one.run();
    assert_eq!(closed.ending, Ending::Cancelled, "{closed:?}");
    one.attendant.cancel_after = None;
    one.attendant.hands = Some(Hands::steady(&one.bench));
    one.attendant.events.clear();
    let closed = one.resume(&closed.session);
    one.is_repaired(&closed);
    assert_eq!(one.count("coached"), 1);

    // Another address than those that were heard is none.
    let mut one = beside(broken(Brick::KernelBytesDamaged, SIZE));
    one.attendant.answers = Box::new(|request| {
        (request.id == "which-unit").then(|| Answer::Text("02:00:00:00:00:2b".to_owned()))
    });
    let closed = one.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(closed.next_step.unwrap().contains("on its label"));
    assert_eq!(one.count("intent"), 0);
}

#[test]
fn eva_that_is_found_waiting_is_kept_waiting_until_it_has_its_image() {
    // It was just switched on, and somebody takes a minute to read the label.
    let mut case = Case::of(EVA, Brick::KernelBytesDamaged, Door::of(Speech::eva()));
    let clock = case.bench.clock.clone();
    case.attendant.answers = Box::new(move |request| {
        if request.id == "label-model" {
            clock.advance(Duration::from_secs(60));
        }
        None
    });
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!((case.count("coached"), case.count("intent")), (0, 1));
}

#[test]
fn what_units_do_otherwise_is_dealt_with() {
    let quirks = [
        EvaQuirks { no_p_at_sw: true, deaf_to_discovery: true, ..EvaQuirks::default() },
        EvaQuirks { erases_first: true, leaves_files_open: true, ..EvaQuirks::default() },
        EvaQuirks { keeps_address: true, value_behind: true, ..EvaQuirks::default() },
    ];
    for quirks in quirks {
        let mut case = case(EVA, Brick::KernelBytesDamaged, Door::of(eva(|config| config.quirks = quirks)));
        let closed = case.run();
        case.is_repaired(&closed);
    }
    // It has all of it, and says nothing: the version that runs afterwards tells.
    let mute = eva(|config| {
        config.quirks.never_confirms = true;
        config.environment = config.environment.replace("linux_fs_start        1", "linux_fs_start        0");
    });
    let mut silent = case(EVA, Brick::KernelBytesDamaged, Door::of(mute));
    let closed = silent.run();
    silent.is_repaired(&closed);
    assert_eq!(silent.count("intent"), 1);
    let fell_silent = |event: &debrick_model::Event| matches!(&event.body, EventBody::StepEnded { step: Step::Flash, summary, .. } if summary.contains("fell silent"));
    assert!(silent.attendant.events.iter().any(fell_silent));

    let plain = nmrp(|config| (config.block_size, config.file_name) = (None, Some("other.img".into())));
    let mut case = case(NMRP, Brick::KernelBytesDamaged, Door::of(plain));
    let closed = case.run();
    case.is_repaired(&closed);
}

#[test]
fn a_missing_right_is_named_before_anybody_presses_a_button() {
    let mut case = case(NMRP, Brick::KernelBytesDamaged, Door::of(Speech::nmrp()));
    case.wire = wires::without_right;
    let closed = case.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((case.count("coached"), case.count("intent")), (0, 0));
    let reasons: Vec<String> = case
        .attendant
        .events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::GateChecked { result } if result.gate == Gate::Preflight => {
                Some(result.reasons.join(" "))
            }
            _ => None,
        })
        .collect();
    assert!(
        reasons.iter().any(|text| text.contains("CAP_NET_RAW") && text.contains("setcap")),
        "{reasons:?}"
    );
}

#[test]
fn it_stops_when_asked_and_goes_on_from_what_the_unit_shows() {
    for method in BOTH {
        let mut resumed = 0;
        for seq in (1..60).step_by(5) {
            let mut case = case(method, Brick::KernelBytesDamaged, Door::of(speech(method)));
            case.attendant.cancel_after = Some(seq);
            let closed = case.run();
            if closed.ending == Ending::Repaired {
                assert!(seq > 25, "{method} at {seq}: over already");
                continue;
            }
            assert_eq!(closed.ending, Ending::Cancelled, "{method} at {seq}: {closed:?}");
            resumed += 1;
            case.attendant.cancel_after = None;
            case.attendant.hands = Some(Hands::steady(&case.bench));
            let closed = case.resume(&closed.session);
            assert_eq!(closed.ending, Ending::Repaired, "{method} at {seq}: {closed:?}");
            assert!(holds(&case.bench.state(), &case.image), "{method} at {seq}");
        }
        assert!(resumed >= 4, "{method}: {resumed}");
    }
}

#[test]
fn a_unit_that_may_be_writing_is_not_switched_off_by_a_resume() {
    for method in BOTH {
        let run = |seq| {
            let mut case = case(method, Brick::FirmwareErased, Door::of(speech(method)));
            case.attendant.cancel_after = Some(seq);
            let closed = case.run();
            let is_after = |event: &debrick_model::Event| {
                matches!(&event.body, EventBody::StepEnded { step: Step::Flash, outcome: Outcome::Done, .. })
            };
            let is_after = case.attendant.events.iter().any(is_after);
            (closed.ending == Ending::Cancelled && is_after).then_some((case, closed.session))
        };
        let (mut case, session) = (20..80).find_map(run).unwrap();
        case.attendant.cancel_after = None;
        case.attendant.events.clear();
        let closed = case.resume(&session);
        assert_eq!(closed.ending, Ending::Repaired, "{method}: {closed:?}");
        assert_eq!(case.count("coached"), 0, "nobody was told to take its power away");
    }
}

fn repairs(method: &str, state: UnitState) -> Repair {
    let method = BOTH.into_iter().find(|known| *known == method).unwrap();
    off(Case::with_state(method, state, Door::of(speech(method)))).into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

#[test]
fn killed_at_its_events_it_is_finished_by_a_resume() {
    for method in BOTH {
        // Before the third event the log is not kept yet.
        killed_and_finished(method, (3..).step_by(11), 3, repairs);
    }
}
