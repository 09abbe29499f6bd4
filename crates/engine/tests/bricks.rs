//! Every brick of the virtual router ends as it must, judged by what the unit holds afterwards.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::*;
use debrick_catalog::{Catalog, Recogniser};
use debrick_engine::{Closed, Ports};
use debrick_link::{Clock as _, Deadline, Moment};
use debrick_model::{Answer, Cause, Ending, EventBody, Gate, Waiver};
use debrick_virtual_bench::{
    Bench, Brick, Faults, FirmwareOptions, Identity, UnitState, VirtualRouter, firmware, region,
};

const SIZE: usize = 256 << 10;

/// Repairs a unit that is broken like this.
fn repair(brick: Brick) -> (Closed, Attendant, UnitState, UnitState) {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(brick, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
    assert!(vault.verify_session(&closed.session).unwrap().is_intact());
    let after = bench.state();
    (closed, attendant, before, after)
}

/// The last cause that was found before anything was written.
fn cause(attendant: &Attendant) -> Option<Cause> {
    let before = attendant.events.iter().take_while(|event| !matches!(event.body, EventBody::Intent { .. }));
    before
        .filter_map(|event| match &event.body {
            EventBody::Diagnosed { diagnosis } => Some(diagnosis.cause()),
            _ => None,
        })
        .last()
}

fn check(brick: Brick, ending: Ending, causes: &[Cause], version: Option<&str>) {
    let (closed, attendant, before, after) = repair(brick);
    let name = brick.name();
    assert_eq!(closed.ending, ending, "{name}: {closed:?}\n{:?}", attendant.names());
    assert!(causes.contains(&cause(&attendant).unwrap_or(Cause::Unknown)), "{name}: {:?}", cause(&attendant));
    assert!(unique_is_unharmed(&before, &after), "{name}");
    if let Some(version) = version {
        assert!(holds(&after, &image(version, SIZE)), "{name}");
        attendant.bench.world.with_device(|router| assert!(router.is_ready(), "{name}"));
    }
}

#[test]
fn damaged_firmware_is_written_again() {
    for brick in [Brick::KernelBytesDamaged, Brick::RamdiskDamaged] {
        check(brick, Ending::Repaired, &[Cause::ImageCorrupt, Cause::RootfsCorrupt], Some(NEWER));
    }
    for brick in [Brick::ImageCutShort, Brick::FirmwareErased] {
        check(brick, Ending::Repaired, &[Cause::ImageIncomplete, Cause::ImageCorrupt], Some(NEWER));
    }
    let interrupted = [Cause::UpdateInterrupted, Cause::ImageCorrupt, Cause::ImageIncomplete];
    check(Brick::InterruptedUpdate, Ending::Repaired, &interrupted, Some(NEWER));
    check(Brick::ImageOtherArchitecture, Ending::Repaired, &[Cause::ImageWrongDevice], Some(NEWER));
}

#[test]
fn what_is_not_broken_is_not_replaced() {
    check(Brick::Healthy, Ending::NothingNeeded, &[Cause::NoFault], Some(INSTALLED));
    for brick in [Brick::BootCommandLost, Brick::BootEnvironmentBadCrc] {
        check(brick, Ending::Repaired, &[Cause::BootEnvironmentCorrupt], Some(INSTALLED));
    }
    check(Brick::SettingsGarbage, Ending::Repaired, &[Cause::SettingsCorrupt], Some(INSTALLED));
}

/// A unit is switched on long before anybody listens. Whatever part of its start was missed, what is found first is right.
#[test]
fn a_watch_that_begins_in_the_middle_of_a_start() {
    let bricks: [(Brick, &[Cause]); 3] = [
        (Brick::BootCommandLost, &[Cause::BootEnvironmentCorrupt]),
        (Brick::ImageCutShort, &[Cause::ImageIncomplete, Cause::ImageCorrupt]),
        // It ends at a prompt of the system's shell, which looks like a bootloader's.
        (Brick::OtherModelsFirmware, &[Cause::NoFault]),
    ];
    for (brick, causes) in bricks {
        let mut restarted = 0;
        let mut missed = 0;
        loop {
            let folder = tempfile::tempdir().unwrap();
            let vault = vault(folder.path());
            let bench = Bench::new(VirtualRouter::new(broken(brick, SIZE)), Faults::default(), 1);
            let heard = hear(&bench, missed);
            let mut attendant = Attendant::new(&bench);
            let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
            let name = format!("{} after {missed} bytes", brick.name());
            assert_eq!(closed.ending, Ending::Repaired, "{name}: {closed:?}");
            let first = attendant.events.iter().find_map(|event| match &event.body {
                EventBody::Diagnosed { diagnosis } => Some(diagnosis.cause()),
                _ => None,
            });
            assert!(first.is_some_and(|first| causes.contains(&first)), "{name}: {first:?}");
            let restarts = attendant.events.iter().any(|event| {
                matches!(&event.body, EventBody::Noted { text } if text.contains("to see a whole start"))
            });
            assert!(missed > 0 || !restarts, "{name}: the whole start was there");
            restarted += usize::from(restarts);
            if heard < missed {
                break;
            }
            missed += 150;
        }
        assert!(restarted >= 2, "{}: {restarted} of {missed} bytes", brick.name());
    }
}

/// Takes this many bytes from a unit's console before the repair listens; returns how many there were.
fn hear(bench: &Bench, bytes: usize) -> usize {
    let mut console = bench.console();
    let mut heard = 0;
    let mut byte = [0];
    while heard < bytes {
        let deadline = Deadline::after(&bench.clock, Duration::from_secs(5));
        match console.read(&mut byte, deadline) {
            Ok(1..) => heard += 1,
            _ => break,
        }
    }
    heard
}

#[test]
fn what_cannot_be_repaired_ends_in_a_clear_stop() {
    let (closed, attendant, before, after) = repair(Brick::FlashThatLies);
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(attendant.events.iter().any(|event| matches!(
        &event.body,
        EventBody::Failed { problem, .. } if problem.code == "verify-mismatch"
    )));
    assert!(unique_is_unharmed(&before, &after));
    let writes = attendant.names().iter().filter(|name| **name == "intent").count();
    assert_eq!(writes, 2, "once, once more from a fresh state, and no third time");

    let (closed, ..) = repair(Brick::BootloaderNeverAnswers);
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    let (closed, _, before, after) = repair(Brick::BootRegionDamaged);
    assert!(matches!(closed.ending, Ending::StoppedSafely), "{closed:?}");
    assert_eq!(held(&before, "boot"), held(&after, "boot"));
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    let journal = || {
        let (_, attendant, ..) = repair(Brick::KernelBytesDamaged);
        attendant.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect::<Vec<_>>()
    };
    let (one, other) = (journal(), journal());
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn every_effect_is_announced_and_every_step_ends() {
    let (_, attendant, ..) = repair(Brick::KernelBytesDamaged);
    let names = attendant.names();
    assert_eq!(names.first(), Some(&"session-opened"));
    assert_eq!(names.last(), Some(&"session-closed"));
    let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
    assert_eq!(count("step-started"), count("step-ended"));
    assert_eq!(count("intent"), count("effect-done"));
    let place = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
    assert!(place("backup-proven") < place("cleared") && place("cleared") < place("intent"));
    assert!(place("intent") < place("verified"));
}

/// Everything that names another device than the one of the unit.
fn said_otherwise(attendant: &Attendant) -> (Vec<String>, Vec<String>) {
    let identity = attendant.events.iter().find_map(|event| match &event.body {
        EventBody::Identified { identity } => Some(identity.clone()),
        _ => None,
    });
    let identity = identity.unwrap();
    let counted = identity.contradicting.iter().map(|seen| seen.value.clone()).collect();
    let discounted = identity.discounted.iter().map(|one| one.observation.value.clone()).collect();
    (counted, discounted)
}

/// Ports with a catalog that knows the device whose firmware [`Brick::OtherModelsFirmware`] installs.
fn ports_that_know_the_other(bench: &Bench) -> Ports {
    let record = include_str!("../../../lab/router/acme-r1n.toml");
    let record = Catalog::builtin().parse("acme-r1n.toml", record).unwrap().repairable().unwrap();
    let devices = Arc::new(Recogniser::with_record(&Catalog::builtin(), &record).unwrap());
    Ports { devices, ..ports(bench) }
}

#[test]
fn a_unit_with_another_models_firmware_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(Brick::OtherModelsFirmware, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let digest = vault.put_bytes(&image(NEWER, SIZE)).unwrap();
    let ports = ports_that_know_the_other(&bench);
    let closed = debrick_engine::rescue(&vault, job(Some(digest)), ports, &mut attendant).unwrap();
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert_eq!(cause(&attendant), Some(Cause::ImageWrongDevice));
    let (counted, discounted) = said_otherwise(&attendant);
    assert!(counted.is_empty(), "{counted:?}");
    assert!(discounted.contains(&"ACME R1n".to_owned()), "{discounted:?}");
    assert!(discounted.contains(&"READY ACME R1n ".to_owned()), "{discounted:?}");
    assert!(holds(&bench.state(), &image(NEWER, SIZE)));
    assert!(unique_is_unharmed(&before, &bench.state()));
}

#[test]
fn a_contradiction_among_what_survives_a_flash_keeps_the_gate_shut() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    // The factory data is of another model: the bootloader and the firmware do not outvote it.
    let other = Identity { model: "R1n".into(), board_id: "acme,r1".into(), ..Identity::default() };
    let mut before = UnitState::healthy_as(&other, &image(INSTALLED, SIZE));
    let at = region("firmware").unwrap().offset;
    assert!(before.write(at, &vec![0xFF; SIZE]));
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let digest = vault.put_bytes(&image(NEWER, SIZE)).unwrap();
    let ports = ports_that_know_the_other(&bench);
    let closed = debrick_engine::rescue(&vault, job(Some(digest)), ports, &mut attendant).unwrap();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    let (counted, discounted) = said_otherwise(&attendant);
    assert_eq!((counted, discounted), (vec!["R1n".to_owned()], vec![]));
    assert_eq!(held(&before, "firmware"), held(&bench.state(), "firmware"));
}

fn refuse(image: &[u8], waivers: Vec<Waiver>) -> (Closed, Attendant, bool) {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(Brick::KernelBytesDamaged, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let digest = vault.put_bytes(image).unwrap();
    let mut job = job(Some(digest));
    job.wishes.waivers = waivers;
    let ports = ports(&bench);
    let closed = debrick_engine::rescue(&vault, job, ports, &mut attendant).unwrap();
    let untouched = held(&before, "firmware") == held(&bench.state(), "firmware");
    (closed, attendant, untouched)
}

#[test]
fn images_that_do_not_belong_are_refused() {
    let other_model = firmware(
        NEWER,
        &FirmwareOptions { model: "R2".into(), board_id: "acme,r2".into(), size: SIZE, ..Default::default() },
    );
    let (closed, attendant, untouched) = refuse(&other_model, vec![]);
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert!(untouched && !attendant.names().contains(&"intent"));

    let mut damaged = image(NEWER, SIZE);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for bad in [damaged, image(NEWER, SIZE)[..SIZE / 2].to_vec(), b"hello".to_vec()] {
        let (closed, _, untouched) = refuse(&bad, vec![]);
        assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
        assert!(untouched);
    }
}

#[test]
fn a_waiver_opens_one_gate_and_is_recorded() {
    let unknown = firmware(
        NEWER,
        &FirmwareOptions { board_id: "acme,r1-next".into(), size: SIZE, ..Default::default() },
    );
    let waiver = Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() };
    let (closed, attendant, _) = refuse(&unknown, vec![waiver]);
    assert!(attendant.names().contains(&"gate-waived"), "{closed:?}");
    assert_eq!(closed.ending, Ending::Repaired);

    let mut damaged = image(NEWER, SIZE);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let waiver = Waiver { gate: Gate::Integrity, because: "I like it".into() };
    let (closed, _, untouched) = refuse(&damaged, vec![waiver]);
    assert_eq!(closed.ending, Ending::RefusedByGate);
    assert!(untouched);
}

#[test]
fn a_downgrade_needs_a_waiver() {
    let older = image("1.0.3", SIZE);
    let (closed, attendant, untouched) = refuse(&older, vec![]);
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert!(untouched && !attendant.names().contains(&"intent"));
    let reasons: Vec<String> = attendant
        .events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::GateChecked { result } if result.gate == Gate::Fitness => {
                Some(result.reasons.join(" "))
            }
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [format!("not-a-downgrade: expected {INSTALLED} or newer, found 1.0.3.")]);

    let waiver = Waiver { gate: Gate::Fitness, because: "the newer one does not start".into() };
    let (closed, attendant, _) = refuse(&older, vec![waiver]);
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert!(attendant.names().contains(&"gate-waived"));
}

#[test]
fn a_no_is_a_no_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(Brick::KernelBytesDamaged, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    attendant.answers = Box::new(|request| (request.id == "write-firmware").then_some(Answer::No));
    let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
    assert_eq!(closed.ending, Ending::NeedsOperator);
    assert_eq!(held(&before, "firmware"), held(&bench.state(), "firmware"));

    attendant.answers = Box::new(|_| None);
    let closed = resume(&vault, &mut attendant, &closed.session).unwrap();
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert!(holds(&bench.state(), &image(NEWER, SIZE)));
    assert!(resume(&vault, &mut attendant, &closed.session).is_err(), "what is done is not done again");
}

#[test]
fn it_stops_at_a_safe_point_when_asked_and_goes_on() {
    for seq in [3, 12, 25, 40, 45, 50] {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let before = broken(Brick::KernelBytesDamaged, SIZE);
        let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
        let mut attendant = Attendant::new(&bench);
        attendant.cancel_after = Some(seq);
        let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
        assert_eq!(closed.ending, Ending::Cancelled, "at {seq}: {closed:?}");
        attendant.cancel_after = None;
        let closed = resume(&vault, &mut attendant, &closed.session).unwrap();
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(unique_is_unharmed(&before, &bench.state()));
    }
}

/// Ctrl-C at any moment of a repair, in the middle of a wait as well: of a unit that starts over and over, that stops on
/// its way, or that never says a word.
#[test]
fn it_stops_within_a_second_of_being_asked_and_goes_on() {
    let began = |brick| {
        let folder = quick_folder();
        let vault = vault(folder.path());
        let bench = Bench::new(VirtualRouter::new(broken(brick, SIZE)), Faults::default(), 1);
        (folder, vault, Attendant::new(&bench))
    };
    for (brick, moments) in [
        (Brick::KernelBytesDamaged, 13),
        (Brick::OtherModelsFirmware, 23),
        (Brick::SettingsGarbage, 23),
        (Brick::BootloaderNeverAnswers, 37),
    ] {
        let (_folder, vault, mut attendant) = began(brick);
        let ending = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap().ending;
        let took = attendant.bench.clock.now().since_start();
        for number in 0..moments {
            let shown = format!("{} at {number} of {moments} in {took:?}", brick.name());
            let (_folder, vault, mut attendant) = began(brick);
            let wanted = Moment::from_start(took * number / moments);
            attendant.cancel_at = Some(wanted);
            let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
            assert_eq!(closed.ending, Ending::Cancelled, "{shown}: {closed:?}");
            let late = attendant.bench.clock.now().since(wanted);
            // A hand that has pulled the plug puts it back first.
            let hand = if attendant.power_cycles > 0 { Duration::from_secs(2) } else { Duration::ZERO };
            assert!(late <= Duration::from_secs(1) + hand, "{shown}: {late:?} late");

            attendant.cancel_at = None;
            let closed = resume(&vault, &mut attendant, &closed.session).unwrap();
            assert_eq!(closed.ending, ending, "{shown}: {closed:?}");
            let state = attendant.bench.state();
            assert!(unique_is_unharmed(&broken(brick, SIZE), &state), "{shown}");
            assert!(vault.verify_session(&closed.session).unwrap().is_intact(), "{shown}");
        }
    }
}

#[test]
fn without_a_network_everything_goes_over_the_console() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = Brick::KernelBytesDamaged.apply(&image(NEWER, SIZE));
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let digest = vault.put_bytes(&image(NEWER, SIZE)).unwrap();
    let mut ports = ports(&bench);
    ports.network = None;
    ports.console = bench.paced_console(115_200);
    let closed = debrick_engine::rescue(&vault, job(Some(digest)), ports, &mut attendant).unwrap();
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert!(holds(&bench.state(), &image(NEWER, SIZE)));
    let sent = attendant.events.iter().find_map(|event| match event.body {
        EventBody::EffectDone { sent, .. } => Some(sent),
        _ => None,
    });
    assert!(sent.unwrap() <= 8192, "only what differs is sent");
    let minutes = bench.clock.now().since_start().as_secs() / 60;
    assert!(minutes < 5, "{minutes} minutes");
}

#[test]
fn a_higher_line_rate_is_used_where_the_record_has_one() {
    let seconds = |rate: Option<u32>| {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let bench = Bench::new(VirtualRouter::new(broken(Brick::FirmwareErased, SIZE)), Faults::default(), 1);
        let mut attendant = Attendant::new(&bench);
        let digest = vault.put_bytes(&image(NEWER, SIZE)).unwrap();
        let mut job = job(Some(digest));
        job.device.method.retain(|method| method.name == "console-ymodem");
        job.device.method[0].transfer_baud = rate;
        let mut ports = ports(&bench);
        ports.console = bench.paced_console(115_200);
        let closed = debrick_engine::rescue(&vault, job, ports, &mut attendant).unwrap();
        assert_eq!(closed.ending, Ending::Repaired, "{rate:?}: {closed:?}");
        assert!(holds(&bench.state(), &image(NEWER, SIZE)));
        bench.clock.now().since_start().as_secs()
    };
    let (usual, fast) = (seconds(None), seconds(Some(921_600)));
    assert!(fast + 10 < usual, "{fast} s at the higher rate, {usual} s at the usual one");
}

#[test]
fn backups_are_made_checked_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let before = broken(Brick::Healthy, SIZE);
    let bench = Bench::new(VirtualRouter::new(before.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let kept = debrick_engine::back_up(&vault, job(None), ports(&bench), &mut attendant).unwrap();
    assert_eq!(kept.ending, Ending::Done, "{kept:?}");
    let regions = debrick_engine::prove_backup(&vault, &kept.session).unwrap();
    assert_eq!(regions, ["boot", "factory", "settings"]);

    let settings = held(&before, "settings");
    bench.world.with_device(|router| {
        router.change_state(|state| state.write(0x20000, &[0xA5; 1000]));
    });
    let wanted = ["settings".to_owned()];
    let closed =
        debrick_engine::restore(&vault, &kept.session, &wanted, job(None), ports(&bench), &mut attendant)
            .unwrap();
    assert_eq!(closed.ending, Ending::Done, "{closed:?}");
    assert_eq!(held(&bench.state(), "settings"), settings);
    assert!(unique_is_unharmed(&before, &bench.state()));
}

#[test]
fn settings_come_back_from_an_earlier_session() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let good = broken(Brick::Healthy, SIZE);
    let bench = Bench::new(VirtualRouter::new(good.clone()), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    debrick_engine::back_up(&vault, job(None), ports(&bench), &mut attendant).unwrap();

    let bench = Bench::new(VirtualRouter::new(broken(Brick::SettingsGarbage, SIZE)), Faults::default(), 1);
    let mut attendant = Attendant::new(&bench);
    let closed = rescue(&vault, &mut attendant, &image(NEWER, SIZE)).unwrap();
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert_eq!(held(&bench.state(), "settings"), held(&good, "settings"));
}
