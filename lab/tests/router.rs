//! The lab router against real QEMU, U-Boot and Linux. Skips, and says why, on a host that cannot run it;
//! with `CI=true` that is a failure.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read where the lab's cache is, run in real time, and say why they skip"
)]

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use debrick_lab::router::environment::BOOT_COMMAND;
use debrick_lab::router::layout::NOR_ADDRESS;
use debrick_lab::router::{
    Brick, Console, EnvironmentState, Image, Lab, LabError, Model, SettingsState, Unit, UnitOptions,
};

const BOOT: Duration = Duration::from_secs(40);
const PROMPT: Duration = Duration::from_secs(20);

#[test]
fn a_healthy_unit_serves_its_version_and_reboots() {
    with_unit(UnitOptions::bricked(Brick::Healthy), |_, unit| {
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
fn every_brick_shows_its_sign() {
    // Two at a time: that is how many cores a small machine has, and a U-Boot at its prompt keeps one busy.
    let (odd, even): (Vec<_>, Vec<_>) = Brick::ALL.iter().copied().enumerate().partition(|(n, _)| n % 2 == 1);
    std::thread::scope(|scope| {
        for half in [odd, even] {
            scope.spawn(move || half.into_iter().for_each(|(_, brick)| shows_its_sign(Model::R1, brick)));
        }
    });
}

fn shows_its_sign(model: Model, brick: Brick) {
    let model = if brick.applies_to(model) { model } else { brick.usual_model() };
    with_unit(UnitOptions::of(model, brick), |_, unit| {
        unit.power_on()?;
        unit.wait_for(brick.sign(), 0, PROMPT).map(drop)
    });
}

#[test]
fn a_damaged_r1_is_repaired_over_tftp() {
    repaired_over_tftp(UnitOptions::bricked(Brick::KernelBytesDamaged), "0x48000000");
}

#[test]
fn a_damaged_r2v_is_repaired_over_tftp() {
    repaired_over_tftp(UnitOptions::of(Model::R2v, Brick::KernelBytesDamaged), "0x8c000000");
}

fn repaired_over_tftp(options: UnitOptions, address: &str) {
    with_unit(options, |lab, unit| {
        let firmware = lab.firmware(options.newer())?;
        let _server = serve_tftp(unit, firmware.folder());
        unit.power_on()?;
        unit.wait_for("Bad hash value for 'hash-1' hash node in 'kernel' image node", 0, PROMPT)?;
        unit.reset()?;
        let mut console = unit.console()?;
        console.stop_autoboot(PROMPT)?;
        for (name, value) in [("ipaddr", "192.168.1.1"), ("serverip", "192.168.1.2")] {
            console.command(&format!("setenv {name} {value}"), PROMPT)?;
        }
        let printed =
            console.command(&format!("tftpboot {address} {}", firmware.image.file_name()), PROMPT)?;
        assert!(printed.contains(&format!("Bytes transferred = {}", firmware.bytes.len())), "{printed}");
        let printed = console.command(&format!("crc32 {address} ${{filesize}}"), PROMPT)?;
        assert!(printed.ends_with(&format!("==> {:08x}", crc32fast::hash(&firmware.bytes))), "{printed}");
        let blocks = firmware.bytes.len().div_ceil(512);
        let printed = console.command(&format!("virtio write {address} 0x800 {blocks:x}"), PROMPT)?;
        assert!(printed.ends_with(&format!("{blocks} blocks written: OK")), "{printed}");
        assert!(unit.holds(unit.model().firmware(), &firmware)?);
        drop(console);

        let off_at = unit.mark();
        unit.power_cycle()?;
        unit.wait_for(&format!("READY {}", options.newer().banner()), off_at, BOOT)?;
        assert_eq!(unit.http_get("/")?, format!("{}\n", options.newer().banner()));
        assert!(unit.factory_untouched()?);
        Ok(())
    });
}

#[test]
fn a_lost_boot_command_can_be_saved() {
    with_unit(UnitOptions::bricked(Brick::BootCommandLost), |_, unit| {
        assert_eq!(unit.environment()?.get("bootcmd"), None);
        let mut console = at_prompt(unit)?;
        console.command(&format!("setenv bootcmd '{BOOT_COMMAND}'"), PROMPT)?;
        let printed = console.command("saveenv", PROMPT)?;
        assert!(printed.ends_with("OK"), "{printed}");
        assert_eq!(unit.environment()?.get("bootcmd"), Some(BOOT_COMMAND));
        assert_eq!(unit.environment()?.get("board_id"), Some("acme,r1"));
        unit.reset()?;
        unit.wait_for("READY ACME R1 1.0.4", 0, BOOT).map(drop)
    });
}

#[test]
fn an_environment_with_a_bad_crc_is_seen_from_outside() {
    with_unit(UnitOptions::bricked(Brick::BootEnvironmentBadCrc), |_, unit| {
        assert_eq!(unit.environment()?, EnvironmentState::BadCrc);
        Ok(())
    });
}

#[test]
fn erasing_garbage_settings_ends_the_boot_loop() {
    with_unit(UnitOptions::bricked(Brick::SettingsGarbage), |_, unit| {
        assert_eq!(unit.settings()?, SettingsState::Garbage);
        unit.power_on()?;
        let refused_at = unit.wait_for("settings: bad magic, rebooting", 0, BOOT)?;
        let mut console = unit.console()?;
        console.stop_autoboot(PROMPT)?;
        console.command("mw.b 0x48000000 ff 20000", PROMPT)?;
        console.command("virtio write 0x48000000 0x100 0x100", PROMPT)?;
        assert_eq!(unit.settings()?, SettingsState::Blank);
        unit.reset()?;
        unit.wait_for("READY ACME R1 1.0.4", refused_at, BOOT)?;
        assert!(
            matches!(unit.settings()?, SettingsState::Valid(body) if body.starts_with("hostname=acme-R1-000042"))
        );
        Ok(())
    });
}

#[test]
fn the_nor_that_lies_says_done_and_is_not() {
    let (printed, unit_holds_it) = written_to_nor(Brick::NorThatLies);
    if let Some(held) = unit_holds_it {
        assert_eq!(printed, "Copy to Flash... done");
        assert!(!held, "this QEMU's NOR keeps what is written; the fixture has lost its point");
    }
}

#[test]
fn the_honest_nor_is_repaired() {
    let (printed, unit_holds_it) = written_to_nor(Brick::NorKernelDamaged);
    if let Some(held) = unit_holds_it {
        assert_eq!(printed, "Copy to Flash... done");
        assert!(held);
    }
}

/// What `cp.b` of version 2 into R1n's NOR prints, and whether the flash then holds it; `None` when skipped.
fn written_to_nor(brick: Brick) -> (String, Option<bool>) {
    let mut outcome = (String::new(), None);
    with_unit(UnitOptions::bricked(brick), |lab, unit| {
        let firmware = lab.firmware(Image::R1nV2)?;
        let _server = serve_tftp(unit, firmware.folder());
        let mut console = at_prompt(unit)?;
        let address = NOR_ADDRESS + unit.model().firmware().offset;
        console.command(&format!("tftpboot 0x48000000 {}", firmware.image.file_name()), PROMPT)?;
        for command in [format!("protect off {address:#x} +20000"), format!("erase {address:#x} +20000")] {
            console.command(&command, PROMPT)?;
        }
        let printed = console.command(&format!("cp.b 0x48000000 {address:#x} ${{filesize}}"), PROMPT)?;
        let held = unit.holds(unit.model().firmware(), &firmware)?;
        if held {
            unit.reset()?;
            unit.wait_for("READY ACME R1n 2.0.1", 0, BOOT)?;
        }
        outcome = (printed, Some(held));
        Ok(())
    });
    outcome
}

/// Switches the unit on and stops at U-Boot's prompt, whether it would boot by itself or not.
fn at_prompt(unit: &mut Unit) -> Result<Console, LabError> {
    unit.power_on()?;
    let mut console = unit.console()?;
    // A key before the countdown ends stops it; without a bootcmd there is no countdown.
    console.wait_for("eth0: virtio-net", PROMPT)?;
    console.send(b" ")?;
    console.wait_for("\n=> ", PROMPT)?;
    console.send(b"\x03")?;
    console.wait_for("\n=> ", PROMPT)?;
    Ok(console)
}

/// Debian's tftpd-hpa on the host's end of the unit's wire.
fn serve_tftp(unit: &Unit, folder: &Path) -> Server {
    let mut command = unit.command("in.tftpd");
    command.args(["-L", "--address", "192.168.1.2:69", "--user", "root", "--secure"]).arg(folder);
    Server(command.spawn().expect("the namespace runs programs"))
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_unit(options: UnitOptions, check: impl FnOnce(&Lab, &mut Unit) -> Result<(), LabError>) {
    let cache =
        std::env::var_os("DEBRICK_LAB_CACHE").map_or_else(|| "/var/cache/debrick-lab".into(), PathBuf::from);
    let outcome = Lab::open(&cache).and_then(|lab| {
        let mut unit = lab.unit(options)?;
        check(&lab, &mut unit)
    });
    match outcome {
        Ok(()) => {}
        Err(error) if error.is_host_limitation() && std::env::var("CI").as_deref() != Ok("true") => {
            eprintln!("skipped: {error}");
        }
        Err(error) => panic!("{} {}: {error}", options.model.id(), options.brick.name()),
    }
}
