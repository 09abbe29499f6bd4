//! Whole repairs in two passes: a system is started in the virtual router's memory, reads and keeps what the unit holds, and
//! writes the firmware; and repairs of a unit whose installed system still runs.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use common::door::{SIZE, upgrade_image};
use common::kills::*;
use common::passes::*;
use common::repair::Repair;
use common::*;
use debrick_model::{Effect, Ending, Event, EventBody, Gate, GateOutcome, Waiver};
use debrick_ssh::device::{Quirks, UpgradeQuirk};
use debrick_virtual_bench::{Brick, Fault, Faults, FirmwareOptions, Stranger, UnitState, firmware};

#[test]
fn a_unit_is_read_and_kept_from_its_memory_before_it_is_written() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    let before = two.case.bench.state();
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert!(unique_is_unharmed(&before, &two.case.bench.state()));
    assert_eq!(two.intents(), ["run", "offer"]);
    assert_eq!(two.kept(), ["boot", "factory", "settings", "firmware"]);
    assert_eq!(two.case.count("gate-waived"), 0, "the backup gate stands open by itself");
    let names = two.case.attendant.names();
    let last = |wanted: &str| names.iter().rposition(|name| *name == wanted).unwrap();
    assert!(last("backed-up") < last("cleared") && last("cleared") < last("intent"));
    assert!(last("intent") < last("booted"));
    let vault = vault(two.case.path());
    let factory = two.case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::BackedUp { region, artifact, .. } if region == "factory" => Some(*artifact),
        _ => None,
    });
    let kept = vault.artifact(factory.unwrap()).unwrap().read_all(1 << 20).unwrap();
    assert_eq!(kept, held(&before, "factory"));
    let plan = two.case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::PlanMade { summary, .. } => Some(summary.join(" ")),
        _ => None,
    });
    let plan = plan.unwrap();
    assert!(
        plan.contains("First pass") && plan.contains("Second pass") && plan.contains("Nothing is written")
    );
}

/// RouterBOOT asks by itself where it finds nothing to start.
#[test]
fn a_unit_that_asks_already_is_not_sent_into_its_mode_again_and_a_stranger_is_left_alone() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.case.enter();
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert_eq!(two.case.count("coached"), 0);

    let faults = Faults { stranger: Some(Stranger::Bootloader), ..Faults::default() };
    let state = broken(Brick::KernelBytesDamaged, SIZE);
    let mut two = Two::with_faults(state, in_memory(), Quirks::default(), faults, 1);
    two.case.attendant.hands.as_mut().unwrap().early = 1;
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert!(two.case.bench.faults.count(Fault::StrangerAsks) > 1);
    assert!(!two.case.bench.world.with_device(|router| router.stranger_was_served()));
}

#[test]
fn without_the_first_file_nobody_is_sent_to_the_button() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.first = None;
    let closed = two.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert_eq!(two.case.codes(), ["no-first-image"]);
    assert_eq!(two.case.count("coached"), 0);
}

#[test]
fn a_first_file_for_another_model_is_not_started() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.first = Some(firmware(
        "24.10.0",
        &FirmwareOptions { model: "R9".into(), board_id: "acme,r9".into(), size: SIZE, ..Default::default() },
    ));
    let closed = two.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((two.case.count("coached"), two.intents().len()), (0, 0));
}

#[test]
fn what_the_system_itself_refuses_is_not_written() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.case.image = upgrade_image(NEWER, NEWER, "acme,r9");
    two.case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
    let before = two.case.bench.state();
    let closed = two.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(two.intents(), ["run"], "{closed:?}");
    assert_eq!(two.case.codes(), ["openwrt-image-refused"]);
    assert_eq!(held(&before, "firmware"), held(&two.case.bench.state(), "firmware"));
    assert!(closed.summary.join(" ").contains("Nothing was written"), "{closed:?}");
}

#[test]
fn an_upgrade_counts_by_what_runs_and_not_by_how_it_ends() {
    let quirks = [UpgradeQuirk::AnnouncedAndFailed, UpgradeQuirk::AnnouncedAndSilent, UpgradeQuirk::HungUp];
    for upgrade in quirks {
        let quirks = Quirks { upgrade, ..Quirks::default() };
        let mut two = Two::with(Brick::FirmwareErased, in_memory(), quirks);
        let closed = two.run();
        two.case.is_repaired(&closed);
    }
}

#[test]
fn power_that_is_lost_while_it_writes_is_found_out_and_mended_by_going_on() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    let bench = two.case.bench.clone();
    let mut offered = false;
    two.case.attendant.on_event = Box::new(move |event| match &event.body {
        EventBody::Intent { effect: Effect::OfferImage { .. } } => offered = true,
        EventBody::EffectDone { .. } if offered => bench.power_cycle(),
        _ => {}
    });
    let closed = two.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(two.case.codes(), ["first-boot-unproven"]);
    assert!(!holds(&two.case.bench.state(), &two.case.image), "half of it was written");
    two.case.attendant.on_event = Box::new(|_| {});
    two.case.attendant.hands = Some(Hands::steady(&two.case.bench));
    two.case.attendant.events.clear();
    let closed = two.resume(&closed.session);
    two.case.is_repaired(&closed);
    assert_eq!(two.intents(), ["run", "offer"]);
}

#[test]
fn what_cannot_be_kept_keeps_the_gate_shut() {
    let quirks = Quirks { wrong_readings: 100, no_sha256sum: true, no_md5sum: true, ..Quirks::default() };
    let mut two = Two::with(Brick::KernelBytesDamaged, in_memory(), quirks);
    let before = two.case.bench.state();
    let closed = two.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}\n{:?}", two.case.codes());
    assert!(two.case.bench.world.with_device(|router| router.openwrt_fired("wrong_readings")) > 0);
    assert_eq!(held(&before, "firmware"), held(&two.case.bench.state(), "firmware"));
    let shut = two.case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::GateChecked { result }
            if result.gate == Gate::Backup && result.outcome == GateOutcome::Unknown)
    });
    assert!(shut);
}

#[test]
fn it_is_gone_on_with_from_wherever_it_was_stopped() {
    let mut with_power_cut = 0;
    for seq in (3..120).step_by(9) {
        let mut two = Two::of(Brick::KernelBytesDamaged);
        two.case.attendant.cancel_after = Some(seq);
        let closed = two.run();
        if closed.ending == Ending::Repaired {
            assert!(seq > 50, "at {seq}: over already");
            break;
        }
        assert_eq!(closed.ending, Ending::Cancelled, "at {seq}: {closed:?}");
        let ran = two.case.bench.world.with_device(|router| router.runs_from_memory());
        let offered = two.intents().contains(&"offer");
        two.case.attendant.cancel_after = None;
        two.case.attendant.events.clear();
        two.case.attendant.hands = Some(Hands::steady(&two.case.bench));
        // What ran in memory is gone with the power.
        if ran && !offered && seq % 2 == 0 {
            two.case.bench.power_cycle();
            with_power_cut += 1;
        }
        let closed = two.resume(&closed.session);
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(holds(&two.case.bench.state(), &two.case.image), "at {seq}");
        if ran && !offered && seq % 2 == 1 {
            assert_eq!(two.case.count("coached"), 0, "at {seq}: the system in memory was still there");
        }
    }
    assert!(with_power_cut > 0);
}

#[test]
fn a_system_that_runs_is_replaced_and_keeps_what_fits_every_release() {
    let mut two = Two::running(Quirks::default());
    two.soak = 2;
    let place = |path: &str, content: &[u8]| {
        two.case.bench.world.with_device(|router| router.place_openwrt_file(path, content));
    };
    place("/etc/shadow", b"root:hash");
    place("/etc/config/network", b"config interface 'lan'\n\toption ifname 'eth0'\n");
    two.case.image = upgrade_image(NEWER, NEWER, "acme,r1");
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert_eq!(two.intents(), ["offer"]);
    assert_eq!(two.kept(), ["boot", "factory", "settings"]);
    assert_eq!((two.case.count("coached"), two.case.attendant.power_cycles), (0, 0));
    let file = |path: &str| two.case.bench.world.with_device(|router| router.openwrt_file(path));
    assert_eq!(file("/etc/shadow").unwrap(), b"root:hash");
    assert!(!String::from_utf8(file("/etc/config/network").unwrap()).unwrap().contains("eth0"));
    let booted = two.case.attendant.events.iter().filter(|event| event.body.name() == "booted").count();
    assert!(booted >= 2, "it was seen to start again with its settings");
}

#[test]
fn within_a_release_line_the_settings_stay() {
    let mut two = Two::running(Quirks::default());
    let network = b"config interface 'lan'\n\toption ipaddr '192.168.1.1'\n\toption proto 'static'\n";
    two.case.bench.world.with_device(|router| router.place_openwrt_file("/etc/config/network", network));
    two.case.image = upgrade_image("1.0.9", "1.0.9", "acme,r1");
    let closed = two.run();
    two.case.is_repaired(&closed);
    let file = two.case.bench.world.with_device(|router| router.openwrt_file("/etc/config/network"));
    assert_eq!(file.unwrap(), network);
}

#[test]
fn a_unit_that_works_is_left_alone_by_two_passes() {
    let mut two = Two::running(Quirks::default());
    two.alone = false;
    let closed = two.run();
    assert_eq!(closed.ending, Ending::NothingNeeded, "{closed:?}");
    assert!(two.intents().is_empty());
}

fn repairs(_: &str, state: UnitState) -> Repair {
    Two::with_faults(state, in_memory(), Quirks::default(), Faults::default(), 1).into()
}

/// Not a test by itself: what the test below starts, and kills.
#[test]
fn child() {
    be_killed(repairs);
}

/// With the program the unit's memory goes, too: what was only started there has to be started again.
#[test]
fn killed_in_either_pass_or_between_it_is_finished_by_a_resume() {
    let journals = killed_and_finished(NETBOOT, (4..).step_by(9), 9, repairs);
    let in_pass = |journal: &Vec<Event>| {
        let has = |wanted: fn(&EventBody) -> bool| journal.iter().any(|event| wanted(&event.body));
        let offered = has(|body| matches!(body, EventBody::Intent { effect: Effect::OfferImage { .. } }));
        let kept = has(|body| matches!(body, EventBody::BackedUp { .. }));
        let ran = has(|body| matches!(body, EventBody::Intent { effect: Effect::RunImage { .. } }));
        match (ran, kept, offered) {
            (false, ..) => "before anything was started",
            (true, false, false) => "between the passes",
            (true, true, false) => "while it was kept",
            (_, _, true) => "once it was offered",
        }
    };
    let places: Vec<&str> = journals.iter().map(in_pass).collect();
    for place in
        ["before anything was started", "between the passes", "while it was kept", "once it was offered"]
    {
        assert!(places.contains(&place), "{places:?}");
    }
}
