//! Whether this computer can do what a device's methods need, and how to mend what it cannot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use debrick_catalog::{Connection, Device, Method, Protocol, Tool};
use debrick_link_os::host::{BindOutcome, HostFacts};

use super::{Finding, Level, add};

/// Where udev looks for rules, the operator's own first.
const RULES: &[&str] =
    &["/etc/udev/rules.d", "/run/udev/rules.d", "/lib/udev/rules.d", "/usr/lib/udev/rules.d"];

/// The longest rules file that is read, in bytes.
const LONGEST_RULES: u64 = 1 << 20;

/// The file that rules for a device would go to.
const RULES_FILE: &str = "/etc/udev/rules.d/70-debrick.rules";

/// Looks at what the methods of a device need, whichever of them are taken. A method that cannot be done from here is a
/// notice while another can, and bad when it is the only one.
pub(crate) fn judge(facts: &HostFacts, device: &Device) -> Vec<Finding> {
    let mut findings = Vec::new();
    if device.method.is_empty() {
        let says = format!("The catalog knows no way to recover {}.", device.title());
        let mend =
            "Its maker may; what it says can be described in a file of its own (docs/add-a-device.md).";
        add(&mut findings, "method", Level::Bad, says, mend);
        return findings;
    }
    let level = if device.method.len() > 1 { Level::Notice } else { Level::Bad };
    let rules = udev_rules();
    let mut connections = BTreeSet::new();
    let mut tools = BTreeSet::new();
    for method in &device.method {
        let Some(protocol) = method.protocol else { continue };
        for connection in protocol.connections() {
            if connections.insert(*connection) {
                connection_is_there(facts, *connection, level, &mut findings);
            }
        }
        for id in usb_ids(device, method) {
            usb_is_allowed(facts, &id, method, &rules, &mut findings);
        }
        serves(facts, protocol, method, level, &mut findings);
        if let Some(tool) = protocol.tool()
            && tools.insert(tool.program)
        {
            tool_is_there(tool, protocol, &mut findings);
        }
    }
    findings
}

fn connection_is_there(facts: &HostFacts, connection: Connection, level: Level, findings: &mut Vec<Finding>) {
    match connection {
        Connection::Serial => {
            let none = facts.serial.known().is_some_and(|serial| serial.ports.is_empty());
            if none {
                let mend = "Plug in a USB serial adapter of the right voltage.";
                add(findings, "for-serial", level, "There is no serial port for its console.", mend);
            } else {
                add(findings, "for-serial", Level::Good, "There is a serial port for its console.", "");
            }
        }
        Connection::Network => {
            let wired: Vec<_> = facts
                .interfaces
                .known()
                .into_iter()
                .flatten()
                .filter(|interface| interface.is_hardware && !interface.is_wireless)
                .collect();
            if wired.is_empty() {
                let mend = "Plug in a network adapter; Wi-Fi does not reach a bootloader.";
                add(findings, "for-network", level, "There is no wired network port for the cable.", mend);
            } else {
                add(findings, "for-network", Level::Good, "There is a wired network port for the cable.", "");
            }
        }
        _ => {}
    }
}

/// USB identities that the unit has in this method's mode, in small letters: `18d1:4ee0`.
fn usb_ids(device: &Device, method: &Method) -> Vec<String> {
    let of_device = device.usb.iter().filter(|_| method.usb.is_empty()).map(|mode| &mode.id);
    let uses_usb = method.protocol.is_some_and(|protocol| protocol.connections().contains(&Connection::Usb));
    let ids: BTreeSet<String> =
        method.usb.iter().chain(of_device).filter(|_| uses_usb).map(|id| id.to_ascii_lowercase()).collect();
    ids.into_iter().collect()
}

/// The text of all rules of udev that can be read, in small letters.
fn udev_rules() -> String {
    let mut text = String::new();
    let folders = RULES.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    for entry in folders.flatten().filter_map(Result::ok) {
        let path = entry.path();
        let is_rules = path.extension().is_some_and(|extension| extension == "rules");
        let is_small = entry.metadata().is_ok_and(|metadata| metadata.len() <= LONGEST_RULES);
        if is_rules && is_small {
            text += &String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).to_ascii_lowercase();
            text.push('\n');
        }
    }
    text
}

/// Whether this user may open the unit's USB device once it appears.
fn usb_is_allowed(facts: &HostFacts, id: &str, method: &Method, rules: &str, findings: &mut Vec<Finding>) {
    if facts.user.known().is_some_and(|user| user.uid == 0) {
        return;
    }
    let Some((vendor, product)) = id.split_once(':') else { return };
    let names = |line: &str| {
        line.contains(&format!("\"{vendor}\""))
            && (line.contains(&format!("\"{product}\"")) || !line.contains("idproduct"))
    };
    let opens = |line: &str| ["mode", "group", "uaccess"].iter().any(|word| line.contains(word));
    if rules.lines().any(|line| !line.trim_start().starts_with('#') && names(line) && opens(line)) {
        add(findings, "for-usb", Level::Good, format!("A rule of udev lets this user open {id}."), "");
        return;
    }
    let says = format!("This user may not open the USB device {id}, which the method {} needs.", method.name);
    let mend = format!(
        "echo 'SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor}\", ATTR{{idProduct}}==\"{product}\", TAG+=\"uaccess\"' | sudo tee -a {RULES_FILE} && sudo udevadm control --reload"
    );
    add(findings, "for-usb", Level::Notice, says, &mend);
}

/// Whether this computer can serve what the unit asks for.
fn serves(facts: &HostFacts, protocol: Protocol, method: &Method, level: Level, findings: &mut Vec<Finding>) {
    let pulls = matches!(
        protocol,
        Protocol::TftpPull | Protocol::BootpTftp | Protocol::MikrotikNetboot | Protocol::QnapRecovery
    );
    let bind = facts.tftp_port.known().and_then(|port| port.bind.as_ref());
    if pulls && matches!(bind, Some(BindOutcome::InUse | BindOutcome::NotPermitted | BindOutcome::Failed(_)))
    {
        let says = format!(
            "The method {} needs a TFTP server on UDP port 69, which cannot be opened here.",
            method.name
        );
        add(findings, "for-tftp", level, says, "What stands above about UDP port 69 says how to mend it.");
    }
    if let Some(host) = method.host {
        let wanted = format!("{host}/");
        let has = facts.interfaces.known().into_iter().flatten().any(|interface| {
            interface
                .addresses
                .iter()
                .any(|address| address.starts_with(&wanted) || *address == host.to_string())
        });
        if !has {
            let says =
                format!("No network port has the address {host}, which the method {} needs.", method.name);
            let mend =
                format!("sudo ip address add {host}/24 dev IFACE, where IFACE is the port with the cable");
            add(findings, "for-address", Level::Notice, says, &mend);
        }
    }
}

fn tool_is_there(tool: Tool, protocol: Protocol, findings: &mut Vec<Finding>) {
    if let Some(path) = in_path(tool.program) {
        let says = format!("`{}` is there ({}).", tool.program, path.display());
        add(findings, "for-tool", Level::Good, says, "");
    } else {
        let says = format!("`{}` is not there; it speaks {}.", tool.program, protocol.id());
        let mend = match tool.from.split_once(": ") {
            Some(("Debian", package)) => format!("sudo apt install {package}"),
            Some(("Python", package)) => format!("pipx install {package}"),
            _ => format!("It is {}.", tool.from),
        };
        add(findings, "for-tool", Level::Notice, says, &mend);
    }
}

/// Where a program stands, if it can be run by its name; servers are also looked for where administrators' programs are.
fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| Path::is_file(path))
}
