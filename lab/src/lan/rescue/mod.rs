//! `debrick rescue --lan` on a real interface: the program on one end of the wire, a virtual router with a recovery mode on
//! the other, and somebody at its button who does what the program says. What came of it is judged by what the unit holds
//! and runs, and by what the kernel says of the interface before and afterwards.

mod computer;
mod many;
mod program;
mod rights;
mod unit;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_virtual_bench::{
    Brick, Door, FirmwareOptions, HOST_ADDRESS, READY, RouterConfig, Speech, VirtualRouter, firmware, region,
};

pub use many::repair_many;
pub use rights::nobody_repairs_a_unit_without_arp;

use super::wire::{Lan, UNIT_MAC};
use super::{must, write};
use computer::Computer;
use program::{Kill, Program, Run};
use unit::{Hands, with_router};

/// The record of the virtual router, whose button is held for seconds that nobody has to wait for here.
const RECORD: &str = include_str!("../../../../catalog/devices/acme-r1.toml");

/// The station in it, which is another one on this wire.
const STATION: &str = "02:00:00:00:00:2b";

const INSTALLED: &str = "1.0.4";
const NEWER: &str = "2.0.1";
const SIZE: usize = 1 << 20;

/// A door with the times of a lab.
fn door(speech: Speech) -> Door {
    Door {
        looks: Duration::from_millis(100),
        least: Duration::from_millis(300),
        most: Duration::from_secs(8),
        link_after: Duration::from_millis(200),
        writes_for: Duration::from_millis(500),
        ..Door::of(speech)
    }
}

fn pull() -> Speech {
    Speech::pull(SocketAddr::new(IpAddr::V4(HOST_ADDRESS), 69), "acme-r1-recovery.itb")
}

/// A bricked router with a door, switched off.
fn router(speech: Speech) -> VirtualRouter {
    router_with(door(speech))
}

/// One whose bootloader answers no ARP, and listens for some seconds after each start.
fn router_without_arp() -> VirtualRouter {
    let times = door(Speech::push());
    router_with(Door {
        looks: times.looks,
        link_after: times.link_after,
        writes_for: times.writes_for,
        ..Door::at_station(UNIT_MAC)
    })
}

fn router_with(door: Door) -> VirtualRouter {
    let installed = firmware(INSTALLED, &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
    let state = Brick::KernelBytesDamaged.apply(&installed);
    VirtualRouter::with_config(state, RouterConfig { door: Some(door), ..RouterConfig::default() })
}

/// A computer with the program and a file for the unit, and nothing borrowed.
struct Stage<'a> {
    computer: Computer<'a>,
    program: Program<'a>,
    image: Vec<u8>,
    file: PathBuf,
    log: PathBuf,
}

impl<'a> Stage<'a> {
    fn set(lan: &'a Lan, program: &Path, folder: &Path, options: &FirmwareOptions) -> Result<Self, String> {
        let image = firmware(NEWER, options);
        let (file, log) = (folder.join("acme-r1-2.0.1.itb"), folder.join("before.log"));
        write(&file, &image)?;
        // A bootloader that only listens says nothing of itself.
        write(&log, format!("settings: ok\r\n{READY}{INSTALLED}\r\n").as_bytes())?;
        let program = Program::new(lan, program, folder)?;
        let record = RECORD
            .replace("hold_seconds = 6", "hold_seconds = 1")
            .replace("hold_seconds_at_most = 10", "hold_seconds_at_most = 3");
        must(record != RECORD, || "the record of the virtual router holds its button otherwise now".into())?;
        let here = record.replace(STATION, &UNIT_MAC.to_string());
        must(here != record, || "the record's station is another one now".into())?;
        let record = here;
        program.add_record("acme-r1", &record)?;
        Ok(Self { computer: Computer::new(lan)?, program, image, file, log })
    }

    fn rescue(&self, method: &str, more: &[&str], hands: &Hands, kill: Option<Kill>) -> Result<Run, String> {
        let (file, log) = (self.file.display().to_string(), self.log.display().to_string());
        let mut arguments =
            vec!["rescue", "--lan", super::wire::HOST, "--device", "acme-r1", "--image", &file];
        arguments.extend(["--method", method, "--log", &log, "--soak", "0", "--waive", "backup"]);
        arguments.extend(["--because", "its console is not wired"]);
        arguments.extend_from_slice(more);
        self.program.run(&arguments, hands, kill)
    }

    fn is_repaired(&self, router: &mut VirtualRouter) -> Result<(), String> {
        is_repaired(router, &self.image)
    }
}

/// Fails unless a router holds the image, and runs.
fn is_repaired(router: &mut VirtualRouter, image: &[u8]) -> Result<(), String> {
    let firmware = region("firmware").ok_or("there is no firmware region")?;
    let held = router.state().read(firmware.offset, image.len());
    must(held == image, || "its flash does not hold the image".into())?;
    must(router.is_ready(), || "it does not run".into())
}

/// The firmware that a router holds, up to the end of its region.
fn held(router: &mut VirtualRouter) -> Result<Vec<u8>, String> {
    let firmware = region("firmware").ok_or("there is no firmware region")?;
    Ok(router.state().read(firmware.offset, firmware.size as usize))
}

/// The program leads a person to the button, pushes the firmware, and sees it run; the interface is as it was.
pub fn a_unit_is_led_into_recovery_and_repaired(folder: &Path, program: &Path) -> Result<String, String> {
    let lan = Lan::create(None)?;
    let stage = Stage::set(&lan, program, folder, &FirmwareOptions { size: SIZE, ..Default::default() })?;
    let (run, mut router) = with_router(&lan, router(Speech::push()), |hands| {
        hands.switch_on()?;
        let before = stage.computer.look()?;
        let run = stage.rescue("tftp-receive", &[], hands, None)?;
        run.must_end(0)?;
        hands.wait_until("it runs", VirtualRouter::is_ready)?;
        must(run.cues("now") > 0, || "nobody was told to let the button go".into())?;
        before.is_as(&stage.computer.look()?)?;
        Ok(run)
    })?;
    stage.is_repaired(&mut router)?;
    Ok(format!(
        "{} bytes pushed, led in {} moves, in {:.1} s; the interface is as before",
        stage.image.len(),
        run.cues("do"),
        run.took()
    ))
}

/// The unit refuses the firmware; it keeps what it had, and the interface is as it was.
pub fn a_unit_that_refuses_is_left_alone(folder: &Path, program: &Path) -> Result<String, String> {
    let lan = Lan::create(None)?;
    // It fits by its board, and by a person's word; the bootloader looks at the model.
    let options = FirmwareOptions { model: "R9".into(), size: SIZE, ..Default::default() };
    let stage = Stage::set(&lan, program, folder, &options)?;
    let mut unit = router(pull());
    let before_all = held(&mut unit)?;
    let (run, mut router) = with_router(&lan, unit, |hands| {
        hands.enter_recovery()?;
        let before = stage.computer.look()?;
        let run = stage.rescue("tftp-recovery", &["--waive", "fitness"], hands, None)?;
        run.must_end(10)?;
        must(run.failed_with("tftp-rejected"), || format!("it ended otherwise: {}", run.last_words()))?;
        before.is_as(&stage.computer.look()?)?;
        Ok(run)
    })?;
    must(held(&mut router)? == before_all, || "something was written".into())?;
    Ok(format!("exit 10 in {:.1} s, nothing written; the interface is as before", run.took()))
}

/// The program is killed while the file goes over. The next start gives the interface back, and a resume repairs the unit.
pub fn a_killed_rescue_gives_back_and_resumes(folder: &Path, program: &Path) -> Result<String, String> {
    let lan = Lan::create(None)?;
    let stage = Stage::set(&lan, program, folder, &FirmwareOptions { size: SIZE, ..Default::default() })?;
    let mut unit = router(pull());
    let before_all = held(&mut unit)?;
    let ((sent, resumed), mut router) = with_router(&lan, unit, |hands| {
        hands.enter_recovery()?;
        let before = stage.computer.look()?;
        // A unit that takes its time, so that the kill comes in the middle.
        hands.slow_down(Duration::from_millis(2));
        let killed = stage.rescue("tftp-recovery", &[], hands, Some(Kill { after_bytes: 100_000 }))?;
        hands.slow_down(Duration::ZERO);
        let sent =
            killed.killed_after.ok_or_else(|| format!("it was not killed: {}", killed.last_words()))?;
        must(sent < stage.image.len() as u64, || "it was killed too late".into())?;
        let borrowed = stage.computer.look()?;
        must(borrowed.is_as(&before).is_err(), || "nothing was borrowed".into())?;
        must(borrowed.has(HOST_ADDRESS), || "its address is gone already".into())?;
        must(borrowed.pins(UNIT_MAC), || "the file was served to whoever has the unit's address".into())?;
        must(hands.look(held)? == before_all, || "it has written already".into())?;

        stage.program.run(&["sessions"], hands, None)?.must_end(0)?;
        before.is_as(&stage.computer.look()?)?;
        let waive = ["resume", "--method", "tftp-recovery", "--soak", "0"];
        let resumed = stage.program.run(&waive, hands, None)?;
        resumed.must_end(0)?;
        hands.wait_until("it runs", VirtualRouter::is_ready)?;
        before.is_as(&stage.computer.look()?)?;
        Ok((sent, resumed))
    })?;
    stage.is_repaired(&mut router)?;
    let whole = stage.image.len();
    Ok(format!(
        "killed after {sent} of {whole} bytes; given back at the next start; resumed in {:.1} s",
        resumed.took()
    ))
}
