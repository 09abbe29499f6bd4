//! Noise on the line, resets and power cuts.

use std::time::Duration;

use debrick_link::fault::{FaultPlan, StreamFault, When};
use debrick_link::{Direction, VirtualClock};
use debrick_target::Silent;
use debrick_uboot_console::device::{TestBoard, UbootConfig};
use debrick_uboot_console::host::Storage;

use crate::bench::{Bench, DISK, Event, FIRMWARE, content};

#[test]
fn noise_never_makes_anything_wrong_that_looks_right() {
    let image = content(7, 4096);
    let (mut good, mut fired) = (0, 0);
    for seed in 0..12 {
        let bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
        bench.poke(FIRMWARE, &image);
        let plan = FaultPlan::seeded(seed)
            .with(Direction::Received, StreamFault::Flip, When::Chance(0.00005))
            .with(Direction::Received, StreamFault::Drop, When::Chance(0.00005))
            .with(Direction::Sent, StreamFault::Drop, When::Chance(0.00005));
        let (mut bench, log) = bench.with_faults(&plan);
        let deadline = bench.within(120);
        let found = bench.console.interrupt(deadline);
        let mut changed = image.clone();
        changed[100..160].copy_from_slice(&content(seed, 60));
        let flashed = found.is_ok() && bench.flash(Storage::Virtio { device: 0 }, DISK, &changed).is_ok();
        if flashed {
            good += 1;
            assert_eq!(bench.disk(FIRMWARE, changed.len()), changed, "seed {seed}");
            let mut held = vec![0; 700];
            let read = bench.target(Storage::Virtio { device: 0 }, DISK, |target| {
                target.read(FIRMWARE, &mut held, &mut Silent)
            });
            assert!(read.is_err() || held == changed[..700], "seed {seed}");
        }
        // Whatever happened, nothing outside the region changed.
        assert_eq!(bench.disk(0, 4096), vec![0; 4096], "seed {seed}");
        assert_eq!(bench.disk(FIRMWARE + (1 << 20), 4096), vec![0; 4096], "seed {seed}");
        fired += log.total();
    }
    assert!(fired > 30, "{fired} faults fired");
    assert!(good >= 9, "{good} of 12 came through");
}

#[test]
fn a_reset_or_power_cut_in_the_middle_is_repaired_by_doing_it_again() {
    let old = content(8, 16 << 10);
    let mut image = content(9, 16 << 10);
    image[4096..].copy_from_slice(&old[4096..]);
    image[12_000..12_300].fill(0x11);
    // How long it takes undisturbed.
    let run = |events: &[(Duration, Event)]| {
        let mut bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
        bench.poke(FIRMWARE, &old);
        for (after, event) in events {
            bench.happens(*after, *event);
        }
        let began = now(bench.world.clock());
        let result = bench.flash(Storage::Virtio { device: 0 }, DISK, &image);
        let took = now(bench.world.clock()).saturating_sub(began);
        (bench, result, took)
    };
    let (_, result, whole) = run(&[]);
    result.unwrap();
    let mut disturbed = 0;
    for part in 1..8 {
        let when = whole * part / 8;
        for events in [
            vec![(when, Event::Reset)],
            vec![(when, Event::PowerOff), (when + Duration::from_secs(3), Event::PowerOn)],
        ] {
            let (mut bench, result, _) = run(&events);
            disturbed += u32::from(result.is_err());
            bench.world.clock().advance(Duration::from_secs(1));
            bench.interrupt();
            bench.flash(Storage::Virtio { device: 0 }, DISK, &image).unwrap();
            assert_eq!(bench.disk(FIRMWARE, image.len()), image, "{events:?}");
        }
    }
    assert!(disturbed > 6, "{disturbed} runs were disturbed");
}

fn now(clock: &VirtualClock) -> Duration {
    debrick_link::Clock::now(clock).since_start()
}

#[test]
fn a_unit_without_power_is_told_and_found_once_it_has_some() {
    let mut bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
    bench.happens(Duration::ZERO, Event::PowerOff);
    let deadline = bench.within(10);
    bench.console.interrupt(deadline).unwrap_err();
    bench.happens(Duration::from_secs(5), Event::PowerOn);
    bench.interrupt();
}
