//! U-Boot's console over UDP: our unit is heard by socat, as people listen to it, and typed at by our host.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use debrick_announce::device::OverNetwork;
use debrick_announce::netconsole::{Console, PORT};
use debrick_link::{Deadline, Link, Moment};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_virtual_bench::{
    BOARD_ID, FirmwareOptions, HOST_ADDRESS, UNIT_ADDRESS, UnitState, VirtualRouter, firmware,
};

use super::wire::{HOST, Lan, in_full};
use super::{must, program, read};

/// How long the unit may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A healthy unit whose console goes to the host's port.
fn unit() -> OverNetwork<VirtualRouter> {
    let firmware = firmware("1.0.4", &FirmwareOptions { size: 128 << 10, ..FirmwareOptions::default() });
    let router = VirtualRouter::new(UnitState::healthy(&firmware));
    let at = |address: Ipv4Addr| SocketAddr::from((address, PORT));
    OverNetwork::new(router, at(UNIT_ADDRESS), at(HOST_ADDRESS))
}

fn power_on(unit: &mut OverNetwork<VirtualRouter>, now: Moment) {
    unit.device.power_on(now);
}

/// socat keeps what our unit says from its bootloader's first word to its system's last.
pub fn socat_hears_our_unit(folder: &Path) -> Result<String, String> {
    let log = folder.join("console.log");
    let lan = Lan::create(Some(HOST_ADDRESS))?;
    let mut command = lan.host_command(program("socat")?);
    let out = File::create(&log).map_err(|error| error.to_string())?;
    command.args(["-u", &format!("UDP4-RECV:{PORT}"), "STDOUT"]).stdin(Stdio::null()).stdout(out);
    let mut child = command.spawn().map_err(|error| format!("socat cannot start: {error}"))?;
    // Long enough to bind its port.
    std::thread::sleep(Duration::from_millis(500));
    let work = || {
        let began = Instant::now();
        loop {
            let heard = String::from_utf8_lossy(&read(&log)?).into_owned();
            if heard.contains("READY ACME R1 1.0.4") {
                return Ok(heard);
            }
            must(began.elapsed() < PATIENCE, || format!("socat heard {heard:?}"))?;
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let heard = lan.with_device(unit(), power_on, work);
    let _ = child.kill();
    let _ = child.wait();
    let (heard, _) = heard?;
    must(heard.contains("U-Boot 2") && heard.contains("Linux version"), || format!("it heard {heard:?}"))?;
    Ok(format!("{} bytes, from the bootloader's banner to the running system", heard.len()))
}

/// Our host stops the bootloader and asks it for a variable, over UDP alone.
pub fn our_host_types_at_our_unit(_folder: &Path) -> Result<String, String> {
    let lan = Lan::create(Some(HOST_ADDRESS))?;
    let work = || {
        let mut network = OsNetwork::on_interface(HOST);
        let local = SocketAddr::from((HOST_ADDRESS, PORT));
        let unit = SocketAddr::new(IpAddr::V4(UNIT_ADDRESS), PORT);
        let mut console = Console::open(&mut network, local, unit).map_err(|error| in_full(&error))?;
        until(&mut console, "autoboot")?;
        type_in(&mut console, " ")?;
        until(&mut console, "=> ")?;
        type_in(&mut console, "printenv board_id\r")?;
        until(&mut console, &format!("board_id={BOARD_ID}"))
    };
    lan.with_device(unit(), power_on, work)?;
    Ok(format!("autoboot stopped, board_id={BOARD_ID}"))
}

fn type_in(console: &mut Console, keys: &str) -> Result<(), String> {
    let deadline = Deadline::after(&OsClock, PATIENCE);
    console.write_all(keys.as_bytes(), deadline).map_err(|error| in_full(&error))
}

fn until(console: &mut Console, sign: &str) -> Result<(), String> {
    let deadline = Deadline::after(&OsClock, PATIENCE);
    let (mut said, mut buffer) = (String::new(), [0; 512]);
    while !said.contains(sign) {
        let count = console
            .read(&mut buffer, deadline)
            .map_err(|error| format!("{}; no {sign:?} in {said:?}", in_full(&error)))?;
        said.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    Ok(())
}
