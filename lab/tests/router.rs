//! The lab router against real QEMU, U-Boot and Linux. Skips, and says why, on a host that cannot run it;
//! with `CI=true` that is a failure.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read where the lab's cache is, run in real time, and say why they skip"
)]

use std::path::PathBuf;
use std::time::Duration;

use debrick_lab::router::{Brick, EnvironmentState, Image, Lab, LabError, Model, SettingsState, Unit, UnitOptions};

const BOOT: Duration = Duration::from_secs(40);
const PROMPT: Duration = Duration::from_secs(20);

#[test]
fn a_healthy_unit_serves_its_version_and_reboots() {
    with_unit(UnitOptions::bricked(Brick::Healthy), |unit| {
        unit.power_on()?;
        let ready = unit.wait_for("READY ACME R1 1.0.4", 0, BOOT)?;
        assert_eq!(unit.http_get("/")?, "ACME R1 1.0.4\n");
        let version = unit.http_get("/version")?;
        assert!(version.contains(r#""version":"1.0.4","serial":"R1-000042","uptime":"#), "{version}");
        assert!(unit.http_get("/settings")?.starts_with("hostname=attic-router\n"));
        assert!(unit.factory_untouched()?);
        assert!(matches!(unit.settings()?, SettingsState::Valid(_)));

        unit.console()?.send(b"reboot -f\r")?;
        unit.wait_for("Hit any key to stop autoboot", ready, PROMPT).map(drop)
    });
}

#[test]
fn a_damaged_kernel_is_refused_by_its_hash() {
    with_unit(UnitOptions::bricked(Brick::KernelBytesDamaged), |unit| {
        unit.power_on()?;
        unit.wait_for("Bad hash value for 'hash-1' hash node in 'kernel' image node", 0, PROMPT)?;
        let lost_at = unit.wait_for("ERROR: can't get kernel image!", 0, PROMPT)?;
        unit.reset()?;
        unit.wait_for("Bad Data Hash", lost_at, PROMPT).map(drop)
    });
}

fn with_unit(options: UnitOptions, check: impl FnOnce(&mut Unit) -> Result<(), LabError>) {
    let cache = std::env::var_os("DEBRICK_LAB_CACHE").map_or_else(|| "/var/cache/debrick-lab".into(), PathBuf::from);
    let unit = Lab::open(&cache).and_then(|lab| lab.unit(options));
    let outcome = unit.and_then(|mut unit| check(&mut unit));
    match outcome {
        Ok(()) => {}
        Err(error) if error.is_host_limitation() && std::env::var("CI").as_deref() != Ok("true") => {
            eprintln!("skipped: {error}");
        }
        Err(error) => panic!("{}: {error}", options.brick.name()),
    }
}

#[test]
#[ignore = "all bricks"]
fn every_brick_shows_its_sign() {
    let mut failures = Vec::new();
    for brick in Brick::ALL {
        with_unit(UnitOptions::bricked(brick), |unit| {
            let t = std::time::Instant::now();
            unit.power_on()?;
            if let Err(error) = unit.wait_for(brick.sign(), 0, Duration::from_secs(15)) {
                failures.push(format!("{}: {error}", brick.name()));
            }
            eprintln!("{} {:?}", brick.name(), t.elapsed());
            std::thread::sleep(Duration::from_secs(3));
            std::fs::write(format!("/tmp/labw/brick-{}.log", brick.name()), unit.console_log()?).unwrap();
            Ok(())
        });
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let _ = (EnvironmentState::Blank, Image::ALL, Model::R1);
}

#[test]
#[ignore = "r2v"]
fn r2v() {
    for brick in [Brick::Healthy, Brick::KernelBytesDamaged] {
        with_unit(UnitOptions::of(Model::R2v, brick), |unit| {
            let t = std::time::Instant::now();
            unit.power_on()?;
            let r = unit.wait_for(brick.sign(), 0, Duration::from_secs(30));
            eprintln!("{} {:?}", brick.name(), t.elapsed());
            std::fs::write(format!("/tmp/labw/r2v-{}.log", brick.name()), unit.console_log()?).unwrap();
            r.map(drop)
        });
    }
}
