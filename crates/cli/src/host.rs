//! What this computer is like, as it bears on a repair: facts of `link-os`, judged.

pub(crate) mod for_device;
pub(crate) mod for_lan;

use std::path::Path;

use debrick_engine::HostCheck;
use debrick_link_os::Spec;
use debrick_link_os::host::{BindOutcome, Fact, HostFacts, HostQuery, Process, SerialPortFacts};
use serde::Serialize;

/// Below this much charge a computer on battery may die in the middle of a repair.
const LOW_BATTERY_PERCENT: u8 = 25;

/// Room that any repair needs, in bytes.
const ROOM: u64 = 64 << 20;

/// How a finding bears on a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// As it should be.
    Good,
    /// It may matter.
    Notice,
    /// It has to be mended first.
    Bad,
}

/// One judged fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Stable name.
    pub(crate) check: &'static str,
    /// How it bears on a repair.
    pub(crate) level: Level,
    /// What is so.
    pub(crate) says: String,
    /// How to mend it; empty where nothing needs mending.
    pub(crate) mend: String,
}

/// Looks at this computer.
pub(crate) fn facts(state_dir: &Path) -> HostFacts {
    HostFacts::collect(Path::new("/"), &HostQuery::new(state_dir))
}

/// Judges the facts. `port` is the console that is to be used, if there is one.
pub(crate) fn judge(facts: &HostFacts, port: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    power(facts, &mut findings);
    disk(facts, &mut findings);
    if let Some(port) = port {
        wanted_port(facts, port, &mut findings);
    }
    serial_ports(facts, &mut findings);
    other_programs(facts, &mut findings);
    network(facts, &mut findings);
    tftp(facts, &mut findings);
    firewall(facts, &mut findings);
    findings
}

/// What bears on a repair that is about to begin over `port`: only what can spoil it.
pub(crate) fn checks(state_dir: &Path, port: &str) -> Vec<HostCheck> {
    let facts = facts(state_dir);
    let relevant = ["disk", "power", "modem-manager"];
    let uses_serial_node = port.starts_with('/');
    judge(&facts, Some(port))
        .into_iter()
        .filter(|finding| relevant.contains(&finding.check))
        .filter(|finding| finding.check != "modem-manager" || uses_serial_node)
        .map(|finding| HostCheck {
            ok: finding.level != Level::Bad,
            says: format!("{} {}", finding.says, finding.mend).trim().to_owned(),
        })
        .collect()
}

fn add(findings: &mut Vec<Finding>, check: &'static str, level: Level, says: impl Into<String>, mend: &str) {
    findings.push(Finding { check, level, says: says.into(), mend: mend.to_owned() });
}

/// The fact, or a notice that it is not known.
fn known<'a, T>(
    fact: &'a Fact<T>,
    check: &'static str,
    what: &str,
    findings: &mut Vec<Finding>,
) -> Option<&'a T> {
    if let Fact::Unknown(reason) = fact {
        add(findings, check, Level::Notice, format!("{what} could not be looked at: {reason}."), "");
    }
    fact.known()
}

/// The serial ports of this computer, a line each, for somebody who has to name one.
pub(crate) fn port_list() -> Vec<String> {
    let facts = facts(Path::new("/"));
    let ports = facts.serial.known().map(|serial| serial.ports.as_slice()).unwrap_or_default();
    if ports.is_empty() {
        return vec!["This computer has no serial port: plug in the USB serial adapter.".to_owned()];
    }
    let named = ports.iter().map(|port| format!("  {}", port_name(port)));
    std::iter::once("Serial ports of this computer:".to_owned()).chain(named).collect()
}

fn port_name(port: &SerialPortFacts) -> String {
    match port.usb.as_ref().and_then(|usb| usb.product.as_ref()) {
        Some(product) => format!("{} ({product})", port.node),
        None => port.node.clone(),
    }
}

fn wanted_port(facts: &HostFacts, wanted: &str, findings: &mut Vec<Finding>) {
    let path = match Spec::parse(wanted) {
        Ok(Spec::Serial { path, .. }) => path,
        Ok(Spec::Unix { path }) if !path.exists() => {
            let mend = "Start the program that serves the console.";
            add(findings, "serial-port", Level::Bad, format!("There is no socket {}.", path.display()), mend);
            return;
        }
        Ok(_) => return,
        Err(error) => {
            let mend = "Name a port such as /dev/ttyUSB0, tcp:HOST:PORT or unix:PATH.";
            let causes =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            add(findings, "serial-port", Level::Bad, format!("{error}{causes}."), mend);
            return;
        }
    };
    let name = path.display().to_string();
    let ports = facts.serial.known().map(|serial| serial.ports.as_slice()).unwrap_or_default();
    if ports.iter().any(|port| port.node == name || port.stable_names.contains(&name)) {
        return;
    }
    if path.exists() {
        let says = format!("{name} is not among the serial ports that the system lists.");
        add(findings, "serial-port", Level::Notice, says, "Make sure that the unit is wired to it.");
    } else {
        let mend = "Plug the adapter in, and look at the list of ports.";
        add(findings, "serial-port", Level::Bad, format!("There is no serial port {name}."), mend);
    }
}

fn serial_ports(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(serial) = known(&facts.serial, "serial-ports", "The serial ports", findings) else { return };
    if serial.ports.is_empty() {
        add(
            findings,
            "serial-ports",
            Level::Notice,
            "There is no serial port.",
            "Plug in the USB serial adapter.",
        );
    }
    for port in &serial.ports {
        let name = port_name(port);
        let holders: Vec<&Process> = port.held_by.iter().chain(&port.locked_by).collect();
        if !holders.is_empty() {
            let says = format!("{name} is held by {}.", processes(&holders));
            add(
                findings,
                "serial-port",
                Level::Bad,
                says,
                "Close that program: two must never drive one unit.",
            );
            continue;
        }
        match &port.access {
            Some(access) if !access.user_may_open => {
                let says = format!("This user may not open {name} (group {}).", access.group);
                let mend = format!("sudo usermod -aG {} $USER, then log out and in.", access.group);
                add(findings, "serial-port", Level::Bad, says, &mend);
            }
            _ => add(findings, "serial-port", Level::Good, format!("{name} can be opened."), ""),
        }
    }
}

fn other_programs(facts: &HostFacts, findings: &mut Vec<Finding>) {
    match known(&facts.modem_managers, "modem-manager", "Running programs", findings) {
        Some(running) if !running.is_empty() => {
            let says = format!(
                "{} is running; it types into serial ports.",
                processes(&running.iter().collect::<Vec<_>>())
            );
            add(findings, "modem-manager", Level::Bad, says, "sudo systemctl stop ModemManager");
        }
        None => {}
        Some(_) => add(findings, "modem-manager", Level::Good, "No ModemManager is running.", ""),
    }
}

fn tftp(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(port) = known(&facts.tftp_port, "tftp-port", "UDP port 69", findings) else { return };
    match &port.bind {
        Some(BindOutcome::Bound) => {
            add(
                findings,
                "tftp-port",
                Level::Good,
                "UDP port 69 is free, and this user may serve TFTP on it.",
                "",
            );
        }
        Some(BindOutcome::InUse) => {
            let holders: Vec<&Process> = port.sockets.iter().flat_map(|socket| &socket.held_by).collect();
            let says = format!("UDP port 69 is held by {}.", processes(&holders));
            add(
                findings,
                "tftp-port",
                Level::Notice,
                says,
                "Stop that TFTP server, or do without the network: --no-network is slower.",
            );
        }
        Some(BindOutcome::NotPermitted) => {
            let says = "This user may not serve TFTP on UDP port 69.";
            let mend = "sudo setcap cap_net_bind_service=+ep $(command -v debrick); without it the console is used, which is slower.";
            add(findings, "tftp-port", Level::Notice, says, mend);
        }
        Some(BindOutcome::Failed(reason)) => {
            add(findings, "tftp-port", Level::Notice, format!("UDP port 69 cannot be used: {reason}."), "");
        }
        None => {}
    }
}

fn firewall(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(firewall) = known(&facts.firewall, "firewall", "The firewall", findings) else { return };
    let active = !firewall.daemons.is_empty() || firewall.ufw_enabled == Some(true);
    if active {
        let says =
            format!("A firewall is active ({}).", processes(&firewall.daemons.iter().collect::<Vec<_>>()));
        let mend = "If the unit cannot fetch its firmware, let UDP port 69 in from it, for example: sudo ufw allow in on IFACE to any port 69 proto udp";
        add(findings, "firewall", Level::Notice, says, mend);
    } else {
        add(findings, "firewall", Level::Good, "No firewall daemon is running.", "");
    }
}

fn network(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(interfaces) = known(&facts.interfaces, "network", "The network", findings) else { return };
    for interface in interfaces.iter().filter(|interface| interface.is_hardware && !interface.is_wireless) {
        let addresses =
            if interface.addresses.is_empty() { "no address".into() } else { interface.addresses.join(", ") };
        let link = match interface.has_carrier {
            Some(true) => "has a link",
            Some(false) => "has no link",
            None => "is down",
        };
        add(findings, "network", Level::Good, format!("{} {link} ({addresses}).", interface.name), "");
    }
}

fn disk(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(disk) = known(&facts.disk, "disk", "The room on the disk", findings) else { return };
    let megabytes = disk.free_bytes >> 20;
    if disk.free_bytes < ROOM {
        let says = format!("Only {megabytes} MiB are free for {}.", disk.folder);
        add(findings, "disk", Level::Bad, says, "Free some room, or use another folder with --state-dir.");
    } else {
        add(findings, "disk", Level::Good, format!("{megabytes} MiB are free for sessions and backups."), "");
    }
}

fn power(facts: &HostFacts, findings: &mut Vec<Finding>) {
    let Some(power) = known(&facts.power, "power", "The power supply", findings) else { return };
    let on_mains = power.mains_online != Some(false);
    let lowest = power.batteries.iter().filter_map(|battery| battery.percent).min();
    match lowest {
        Some(percent) if !on_mains && percent < LOW_BATTERY_PERCENT => {
            let says = format!("This computer runs on a battery with {percent} % left.");
            add(findings, "power", Level::Bad, says, "Plug in its power supply before anything is written.");
        }
        Some(percent) if !on_mains => {
            let says = format!("This computer runs on a battery with {percent} % left.");
            add(findings, "power", Level::Notice, says, "It is better to plug in its power supply.");
        }
        _ => add(findings, "power", Level::Good, "This computer does not run on a battery.", ""),
    }
}

fn processes(list: &[&Process]) -> String {
    if list.is_empty() {
        return "another program".into();
    }
    let mut names: Vec<String> =
        list.iter().map(|process| format!("{} (process {})", process.name, process.pid)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}
