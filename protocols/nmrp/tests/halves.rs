//! Our host against our unit, on a virtual clock: success, every quirk, lost frames, and other units on the wire.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::Ipv4Addr;
use std::time::Duration;

use common::{MAC, Run, Wire, bytes, mac, options, recover, recover_from};
use debrick_link::simulated::World;
use debrick_link::{Clock, VirtualClock};
use debrick_model::Coded;
use debrick_nmrp::device::{NmrpConfig, NmrpDevice, NmrpOutcome, NmrpQuirks};
use debrick_nmrp::{HostOptions, Neighbour, NmrpError, Region};
use debrick_tftp::device::Verdict;
use debrick_tftp::{ErrorCode, TftpError};

fn config() -> NmrpConfig {
    NmrpConfig::new(MAC)
}

fn quirky(quirks: NmrpQuirks) -> NmrpConfig {
    NmrpConfig { quirks, ..config() }
}

fn check_flashed(run: Run, image: &[u8]) -> Run {
    let done = run.result.as_ref().unwrap();
    assert_eq!((done.unit, done.bytes), (MAC, image.len() as u64));
    assert!(run.flash.as_deref() == Some(image), "what is in flash memory is not the image");
    let expected = NmrpOutcome::Flashed { bytes: image.len() as u64, acknowledged: true };
    assert_eq!(run.outcome, Some(expected));
    run
}

fn check_fails(config: NmrpConfig, code: &str) -> Run {
    let run = recover(config, options(), &bytes(20_000, 1));
    assert_eq!(run.result.as_ref().unwrap_err().code(), code, "{:?}", run.result);
    assert_eq!(run.flash, None);
    run
}

#[test]
fn an_image_is_written_and_the_unit_kept_alive_meanwhile() {
    for length in [1, 1455, 1456, 1457, 100_000] {
        let image = bytes(length, 1);
        let run = check_flashed(recover(config(), options(), &image), &image);
        assert_eq!(run.neighbours, [Neighbour { unit: MAC, address: Ipv4Addr::new(10, 164, 183, 252) }]);
        let done = run.result.unwrap();
        assert_eq!((done.uploads, done.acknowledged, done.keep_alives), (1, true, 5));
        assert_eq!((run.counts.keep_alives, run.counts.keep_alive_acks), (5, 5));
        assert!(
            done.took > Duration::from_secs(60) && done.took < Duration::from_secs(63),
            "{:?}",
            done.took
        );
        assert_eq!(run.region, None, "the region is left alone unless it is asked for");
    }
}

#[test]
fn loaders_without_options_and_with_a_name_of_their_own_are_served() {
    let image = bytes(3000, 1);
    let plain = NmrpConfig { block_size: None, file_name: Some("ntgr.chk".into()), ..config() };
    check_flashed(recover(plain, options(), &image), &image);
}

#[test]
fn a_region_is_set_only_where_it_is_asked_for() {
    let image = bytes(3000, 1);
    let options = HostOptions { region: Some(Region::Germany), ..options() };
    assert_eq!(check_flashed(recover(config(), options, &image), &image).region, Some(Region::Germany));
}

#[test]
fn the_window_of_three_seconds_is_met_whenever_it_opens() {
    let image = bytes(3000, 1);
    for switched_on_after in [0, 400, 999, 1700, 40_000] {
        let world = World::new(Wire::off(config()), VirtualClock::new());
        world.with_device(|wire| wire.switch_on_at = Some(Duration::from_millis(switched_on_after)));
        let run = check_flashed(recover_from(&world, options(), &image), &image);
        assert_eq!(run.counts.advertisements, 1);
    }
}

#[test]
fn a_wire_without_a_unit_is_told_after_a_while() {
    let world = World::new(Wire::off(config()), VirtualClock::new());
    let run = recover_from(&world, options(), &bytes(10, 1));
    assert!(matches!(run.result, Err(NmrpError::NoUnit { advertisements: 60, .. })), "{:?}", run.result);
    assert_eq!(run.outcome, None);
}

#[test]
fn a_unit_that_is_silent_for_five_minutes_is_waited_for() {
    let image = bytes(50_000, 1);
    let silent = NmrpConfig { writes_for: Duration::from_secs(300), keep_alive_every: None, ..config() };
    let run = check_flashed(recover(silent, options(), &image), &image);
    assert!(run.result.unwrap().took > Duration::from_secs(300));
}

#[test]
fn a_unit_that_is_silent_for_ever_is_told_with_what_not_to_do() {
    let never = NmrpConfig { writes_for: Duration::from_secs(7200), keep_alive_every: None, ..config() };
    let run = recover(never, options(), &bytes(20_000, 1));
    let error = run.result.unwrap_err();
    assert_eq!(error.code(), "nmrp-not-closed");
    assert!(error.next_step().contains("Do not switch it off"));
    assert!(run.took > Duration::from_secs(1800) && run.took < Duration::from_secs(1810), "{:?}", run.took);
}

#[test]
fn units_that_want_to_hear_that_the_host_is_alive_hear_it() {
    let image = bytes(20_000, 1);
    let quirks = NmrpQuirks { wants_keep_alive_acks: true, ..NmrpQuirks::default() };
    let slow = NmrpConfig { writes_for: Duration::from_secs(900), ..quirky(quirks) };
    let run = check_flashed(recover(slow, options(), &image), &image);
    assert_eq!(run.counts.keep_alive_acks, 89);
}

#[test]
fn a_unit_that_asks_again_gets_the_image_again_but_not_for_ever() {
    let image = bytes(20_000, 1);
    let asks = |asks_again| quirky(NmrpQuirks { asks_again, ..NmrpQuirks::default() });
    let run = check_flashed(recover(asks(2), options(), &image), &image);
    assert_eq!(run.result.unwrap().uploads, 3);
    let run = check_fails(asks(3), "nmrp-rejected");
    assert!(matches!(run.result, Err(NmrpError::Rejected { uploads: 3, .. })));
    assert_eq!(run.outcome, Some(NmrpOutcome::HostGone), "the unit is told that nothing more comes");
}

#[test]
fn every_way_to_reject_an_image_is_understood() {
    let verdict = |verdict| NmrpConfig { verdict, ..config() };
    let words = "Error: checksum of the image is wrong\r\n".to_owned();
    let run = check_fails(verdict(Verdict::RejectInWords(words)), "tftp-rejected");
    assert!(matches!(
        &run.result,
        Err(NmrpError::Upload { source: TftpError::Rejected { text, .. }, .. })
            if text == "Error: checksum of the image is wrong"
    ));
    assert_eq!(run.outcome, Some(NmrpOutcome::Rejected { bytes: 20_000 }));
    let text = "bad image".to_owned();
    check_fails(verdict(Verdict::RejectWithError(ErrorCode::UNDEFINED, text.clone())), "tftp-refused");
    check_fails(verdict(Verdict::RejectAfterAck(ErrorCode::UNDEFINED, text)), "tftp-refused");
    check_fails(NmrpConfig { most_bytes: 5000, ..config() }, "tftp-refused");
}

#[test]
fn a_unit_that_ends_it_early_is_noticed_at_once() {
    let quirks = NmrpQuirks { closes_after_bytes: Some(5000), ..NmrpQuirks::default() };
    let run = check_fails(quirky(quirks), "nmrp-closed-early");
    assert!(matches!(run.result, Err(NmrpError::ClosedEarly { bytes: 4368..=7280, .. })), "{:?}", run.result);
    assert_eq!(run.outcome, Some(NmrpOutcome::GaveUp));
    assert!(run.took < Duration::from_secs(5), "{:?}", run.took);
}

#[test]
fn a_unit_that_writes_without_the_last_ack_is_followed() {
    let image = bytes(20_000, 1);
    let quirks = NmrpQuirks { no_last_ack: true, ..NmrpQuirks::default() };
    let slow = NmrpConfig { writes_for: Duration::from_secs(400), ..quirky(quirks) };
    let run = check_flashed(recover(slow, options(), &image), &image);
    assert!(!run.result.unwrap().acknowledged);
}

#[test]
fn lost_and_doubled_frames_only_make_it_slower() {
    let image = bytes(5000, 1);
    let mut lost = 0;
    for seed in 0..60 {
        let world = World::new(Wire::on(config()), VirtualClock::new());
        world.with_device(|wire| {
            wire.faults(seed, 0.15, 0.1);
            wire.device.power_on(debrick_link::Moment::default());
        });
        // A lost CONF_REQ costs a second of the window, so that two in a row can cost the unit its chance.
        let run = recover_from(
            &world,
            HostOptions { advertise_within: Duration::from_secs(5), ..options() },
            &image,
        );
        let (dropped, doubled) = world.with_device(|wire| (wire.dropped, wire.doubled));
        lost += dropped;
        match run.result {
            Ok(_) => assert!(run.flash.as_deref() == Some(&image[..]), "seed {seed}"),
            Err(NmrpError::NotClosed { .. }) => {
                assert!(run.flash.as_deref() == Some(&image[..]) && dropped >= 3, "seed {seed}");
            }
            Err(NmrpError::NoUnit { .. }) => {
                assert!(run.outcome == Some(NmrpOutcome::NobodyCame) && dropped >= 3, "seed {seed}");
            }
            Err(other) => panic!("seed {seed}: {other:?} after {dropped} lost and {doubled} doubled frames"),
        }
    }
    assert!(lost > 60, "{lost} frames were lost");
}

#[test]
fn two_units_on_one_wire_are_named_and_left_alone_until_one_is_chosen() {
    let image = bytes(3000, 1);
    let second = mac(2);
    let world = || {
        let world = World::new(Wire::on(config()), VirtualClock::new());
        world.with_device(|wire| {
            let mut other = NmrpDevice::new(NmrpConfig::new(second));
            other.power_on(debrick_link::Moment::default());
            wire.second = Some(other);
        });
        world
    };
    let both = world();
    let run = recover_from(&both, options(), &image);
    assert!(matches!(&run.result, Err(NmrpError::SeveralUnits { units }) if *units == [MAC, second]));
    assert_eq!(run.neighbours, []);

    let chosen = world();
    let options = HostOptions { unit: Some(MAC), ..options() };
    let run = check_flashed(recover_from(&chosen, options, &image), &image);
    assert_eq!(run.result.unwrap().others, [second]);
    let untouched = chosen.with_device(|wire| wire.second.as_ref().unwrap().flash().is_none());
    assert!(untouched, "the other unit got nothing");
}

/// The image is on its way already when the second one is heard; its end is not.
#[test]
fn a_second_unit_that_answers_late_stops_the_transfer_before_its_end() {
    for (length, takes_ms) in [(1, 100), (1456, 250), (3000, 290), (2_000_000, 50), (2_000_000, 290)] {
        let world = World::new(Wire::on(config()), VirtualClock::new());
        world.with_device(|wire| {
            let mut other = NmrpDevice::new(NmrpConfig::new(mac(2)));
            other.power_on(debrick_link::Moment::default());
            wire.second = Some(other);
            wire.second_takes = Duration::from_millis(takes_ms);
        });
        let run = recover_from(&world, options(), &bytes(length, 1));
        let named = matches!(&run.result, Err(NmrpError::SeveralUnits { units }) if *units == [MAC, mac(2)]);
        assert!(named, "{length}, {takes_ms} ms: {:?}", run.result);
        assert_eq!(run.flash, None, "{length}, {takes_ms} ms");
        assert!(world.with_device(|wire| wire.second.as_ref().unwrap().flash().is_none()));
    }
    // A region is stored at once: nothing of that before it is clear who is meant.
    let world = World::new(Wire::on(config()), VirtualClock::new());
    world.with_device(|wire| {
        let mut other = NmrpDevice::new(NmrpConfig::new(mac(2)));
        other.power_on(debrick_link::Moment::default());
        (wire.second, wire.second_takes) = (Some(other), Duration::from_millis(290));
    });
    let options = HostOptions { region: Some(Region::Germany), ..options() };
    let run = recover_from(&world, options, &bytes(3000, 1));
    assert!(matches!(run.result, Err(NmrpError::SeveralUnits { .. })), "{:?}", run.result);
    assert_eq!((run.region, run.neighbours), (None, vec![]));
}

#[test]
fn a_unit_that_was_not_chosen_is_left_alone() {
    let options = HostOptions { unit: Some(mac(9)), ..options() };
    let run = recover(config(), options, &bytes(10, 1));
    let error = run.result.unwrap_err();
    assert_eq!(error.code(), "nmrp-other-unit");
    assert!(error.to_string().contains(&MAC.to_string()), "{error}");
}

#[test]
fn a_neighbour_that_cannot_be_noted_ends_it_before_anything_is_sent() {
    let world = World::new(Wire::on(config()), VirtualClock::new());
    world.with_device(|wire| wire.refuse_neighbour = true);
    let run = recover_from(&world, options(), &bytes(10, 1));
    assert_eq!(run.result.unwrap_err().code(), "nmrp-neighbour");
    assert_eq!(run.flash, None);
}

#[test]
fn it_stops_when_asked_but_not_once_the_unit_writes() {
    let image = bytes(20_000, 1);
    let stopped = |after: u64| {
        let world = World::new(Wire::on(config()), VirtualClock::new());
        world.with_device(|wire| wire.stop_after = Some(after));
        recover_from(&world, options(), &image)
    };
    let run = stopped(5000);
    assert!(matches!(run.result, Err(NmrpError::Cancelled)), "{:?}", run.result);
    assert_eq!(run.outcome, Some(NmrpOutcome::HostGone), "the unit is told");
    check_flashed(stopped(20_000), &image);
}

#[test]
fn a_unit_that_was_configured_by_an_earlier_run_is_taken_up() {
    let image = bytes(20_000, 1);
    let world = World::new(Wire::on(config()), VirtualClock::new());
    world.with_device(|wire| wire.stop_after = Some(5000));
    // The first run dies: its last word to the unit is lost too.
    world.with_device(|wire| wire.mute_close = true);
    assert!(recover_from(&world, options(), &image).result.is_err());
    world.with_device(|wire| wire.stop_after = None);
    world.clock().sleep(Duration::from_secs(25));
    check_flashed(recover_from(&world, options(), &image), &image);
}
