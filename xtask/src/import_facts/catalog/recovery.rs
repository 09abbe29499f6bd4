//! Ways to recover routers, from OpenWrt's commit messages.
//!
//! They were drawn from text by rule. `high` is right nine times of ten or more; `medium` is a hint, and says so in the
//! record. A pair of addresses that no cable could join loses the address that the method needs less.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use debrick_catalog::{Confidence, Device, Method, Protocol, Purpose, Sign, Sources};
use serde_json::Value;

use super::{Facts, text, texts};

/// The most ways of one protocol that a record keeps.
const MOST_OF_A_KIND: usize = 2;

/// Families of one maker's way, by vendor and protocol.
const FAMILIES: &[(&str, Protocol, &str)] = &[
    ("TP-Link", Protocol::TftpPull, "tplink-tftp"),
    ("Netgear", Protocol::Nmrp, "netgear-nmrp"),
    ("Netgear", Protocol::TftpPush, "netgear-tftp"),
    ("Asus", Protocol::TftpPush, "asus-rescue"),
    ("Asus", Protocol::VendorTool, "asus-rescue"),
    ("D-Link", Protocol::HttpUpload, "dlink-http"),
    ("Ubiquiti", Protocol::TftpPush, "ubiquiti-tftp"),
    ("MikroTik", Protocol::MikrotikNetboot, "mikrotik-netboot"),
    ("AVM", Protocol::EvaFtp, "avm-eva"),
    ("GL.iNet", Protocol::HttpUpload, "glinet-http"),
    ("Keenetic", Protocol::TftpPull, "keenetic-tftp"),
    ("Netcraze", Protocol::TftpPull, "keenetic-tftp"),
    ("Cudy", Protocol::TftpPull, "cudy-tftp"),
    ("Buffalo", Protocol::TftpPull, "buffalo-tftp"),
    ("Xiaomi", Protocol::BootpTftp, "xiaomi-tftp"),
    ("Xiaomi", Protocol::TftpPull, "xiaomi-tftp"),
    ("Zyxel", Protocol::TftpPull, "zyxel-tftp"),
    ("Linksys", Protocol::TftpPush, "linksys-tftp"),
];

/// What is known, by OpenWrt's id of the device.
pub(super) struct Recoveries(BTreeMap<String, Vec<Value>>);

impl Recoveries {
    pub(super) fn read(facts: &Facts<'_>) -> Result<Self, String> {
        let mut by_device: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for fact in facts.table("openwrt-recovery.json")? {
            if let Some(device) = text(&fact["device"]) {
                by_device.entry(device).or_default().push(fact);
            }
        }
        // What is surer stands first, then what is newer.
        for list in by_device.values_mut() {
            list.sort_by_key(|fact| {
                (fact["confidence"] != "high", Reverse(text(&fact["date"])), fact.to_string())
            });
        }
        Ok(Self(by_device))
    }

    /// Adds what is known to the record of OpenWrt's device `id`.
    pub(super) fn add_to(&self, device: &mut Device, id: &str) {
        let mut methods: Vec<Method> = Vec::new();
        for fact in self.0.get(id).into_iter().flatten() {
            if fact["method"] == "serial" {
                add_console(device, fact);
                continue;
            }
            let Some(method) = method(&device.vendor, fact) else { continue };
            let alike = |other: &&Method| other.protocol == method.protocol;
            let is_said = methods.iter().any(|other| same_way(other, &method));
            if !is_said && methods.iter().filter(alike).count() < MOST_OF_A_KIND {
                methods.push(method);
            }
        }
        // Ways without a serial adapter come first, then those that are meant for recovery.
        methods.sort_by_key(|method| {
            let needs_wires = !method.protocol.is_some_and(Protocol::needs_no_wires);
            (
                needs_wires,
                method.confidence == Some(Confidence::Medium),
                method.purpose != Some(Purpose::Recovery),
            )
        });
        name(&mut methods);
        for method in &methods {
            let own = FAMILIES
                .iter()
                .find(|(vendor, protocol, _)| device.vendor == *vendor && method.protocol == Some(*protocol));
            if let Some((_, _, family)) = own
                && !device.families.iter().any(|known| known == family)
            {
                device.families.push((*family).to_owned());
            }
        }
        if methods.iter().any(|method| method.entry.is_some()) {
            device.families.push("router-recovery".into());
        }
        device.method = methods;
    }
}

fn add_console(device: &mut Device, fact: &Value) {
    let console = device.console.get_or_insert_default();
    let number = |name: &str| fact[name].as_u64().and_then(|number| u32::try_from(number).ok());
    console.baud = console.baud.or(number("serial_baud"));
    console.volts = console.volts.or(fact["serial_volts"].as_f64());
    console.header = console.header.take().or_else(|| text(&fact["serial_header"]));
    if console.pins.is_empty() {
        // A pin may stand there twice.
        let pins = fact["serial_pins"].as_array().into_iter().flatten();
        console.pins = pins.filter_map(text).collect();
    }
    device.source.add(source(fact));
}

fn source(fact: &Value) -> Sources {
    Sources(text(&fact["source"]).map(|commit| format!("openwrt commit {commit}")).into_iter().collect())
}

fn method(vendor: &str, fact: &Value) -> Option<Method> {
    let trigger = fact["trigger"].as_str().unwrap_or_default();
    let protocol = protocol(vendor, fact["method"].as_str()?, trigger)?;
    let (unit, host) = addresses(fact, protocol);
    let buttons: Vec<String> =
        text(&fact["button"]).map(|names| names.split('+').map(str::to_owned).collect()).unwrap_or_default();
    let number = |name: &str| fact[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let file = text(&fact["filename"]).filter(|name| is_file_name(name));
    let load_address = text(&fact["load_addr"])
        .and_then(|address| u64::from_str_radix(address.trim_start_matches("0x"), 16).ok());
    let sign = (fact["hold_until"] == "led")
        .then(|| Sign::Light { light: None, does: "changes what it shows".into() });
    let mut method = Method {
        protocol: Some(protocol),
        purpose: match fact["purpose"].as_str() {
            Some("recovery") => Some(Purpose::Recovery),
            Some("install") => Some(Purpose::Install),
            Some("restore-stock") => Some(Purpose::RestoreStock),
            _ => None,
        },
        confidence: match fact["confidence"].as_str() {
            Some("high") => Some(Confidence::High),
            _ => Some(Confidence::Medium),
        },
        source: source(fact),
        entry: entry(protocol, trigger, !buttons.is_empty()).map(str::to_owned),
        buttons,
        hold_seconds: number("hold_seconds"),
        hold_seconds_at_most: number("hold_seconds_max"),
        sign,
        unit,
        host,
        file,
        more_files: texts(&fact["extra_files"]).into_iter().filter(|name| is_file_name(name)).collect(),
        load_address,
        ..Method::default()
    };
    drop_what_does_nothing(&mut method, protocol);
    Some(method)
}

fn protocol(vendor: &str, method: &str, trigger: &str) -> Option<Protocol> {
    Some(match (method, trigger) {
        ("tftp-client", "console") => Protocol::ConsoleTftp,
        ("tftp-client", _) => Protocol::TftpPull,
        ("tftp-server", _) => Protocol::TftpPush,
        ("http", "console") => Protocol::ConsoleHttp,
        ("http", _) => Protocol::HttpUpload,
        ("nmrp", _) => Protocol::Nmrp,
        ("bootp-tftp", _) if vendor == "MikroTik" => Protocol::MikrotikNetboot,
        ("bootp-tftp", _) => Protocol::BootpTftp,
        ("xmodem", _) => Protocol::ConsoleXmodem,
        ("ftp-eva", _) => Protocol::EvaFtp,
        ("vendor-tool", _) => Protocol::VendorTool,
        ("mtk-uart", _) => Protocol::MtkUart,
        ("sercomm-recovery", _) => Protocol::SercommRecovery,
        ("marvell-uart", _) => Protocol::Kwboot,
        ("usb-storage", _) => Protocol::UsbStick,
        _ => return None,
    })
}

/// The procedure of the family `router-recovery` that leads there.
fn entry(protocol: Protocol, trigger: &str, has_button: bool) -> Option<&'static str> {
    Some(match (protocol, trigger, has_button) {
        (Protocol::TftpPull, "button", true) => "button-tftp-pull",
        (Protocol::TftpPush, "button", true) => "button-tftp-push",
        (Protocol::HttpUpload, "button", true) => "button-http",
        (Protocol::BootpTftp | Protocol::MikrotikNetboot, "button", true) => "button-bootp",
        (Protocol::UsbStick | Protocol::VendorTool, "button", true) => "button-at-power-on",
        (Protocol::TftpPush, "boot", _) => "boot-tftp-push",
        (Protocol::TftpPull, "boot", _) => "boot-tftp-pull",
        (Protocol::HttpUpload, "boot", _) => "boot-http",
        (Protocol::Nmrp, _, _) => "boot-nmrp",
        (Protocol::EvaFtp, _, _) => "boot-eva",
        (Protocol::SercommRecovery, _, _) => "boot-sercomm",
        _ => return None,
    })
}

/// The addresses of unit and computer, as far as they can both be right.
fn addresses(fact: &Value, protocol: Protocol) -> (Option<Ipv4Addr>, Option<Ipv4Addr>) {
    let address = |name: &str| {
        let address: Ipv4Addr = fact[name].as_str()?.parse().ok()?;
        let last = address.octets()[3];
        (last != 0 && last != 255 && !address.is_loopback() && !address.is_multicast()).then_some(address)
    };
    let (unit, host) = (address("device_ip"), address("host_ip"));
    match (unit, host) {
        (Some(own), Some(other)) if own == other || own.octets()[..3] != other.octets()[..3] => {
            // Who is spoken to matters more: the unit where it serves, this computer where the unit asks.
            let unit_serves =
                matches!(protocol, Protocol::TftpPush | Protocol::HttpUpload | Protocol::ConsoleHttp);
            if unit_serves { (unit, None) } else { (None, host) }
        }
        pair => pair,
    }
}

fn is_file_name(name: &str) -> bool {
    let plain = |symbol: char| symbol.is_ascii_alphanumeric() || "._-+/".contains(symbol);
    !name.is_empty() && name.chars().all(plain) && !name.contains("..")
}

/// Takes away parameters that the protocol does not know.
fn drop_what_does_nothing(method: &mut Method, protocol: Protocol) {
    use debrick_catalog::Parameter;
    let (needed, allowed) = protocol.parameters();
    let knows = |parameter| needed.contains(&parameter) || allowed.contains(&parameter);
    if !knows(Parameter::LoadAddress) {
        method.load_address = None;
    }
    if !knows(Parameter::File) {
        method.file = None;
    }
    if !knows(Parameter::MoreFiles) {
        method.more_files.clear();
    }
    if !knows(Parameter::Unit) {
        method.unit = None;
    }
    if !knows(Parameter::Host) {
        method.host = None;
    }
}

/// Whether two methods differ in nothing but where they are from.
fn same_way(a: &Method, b: &Method) -> bool {
    let bare = |method: &Method| Method {
        source: Sources::default(),
        purpose: None,
        confidence: None,
        ..method.clone()
    };
    bare(a) == bare(b)
}

/// Methods are named after their protocol, and numbered where there are several.
fn name(methods: &mut [Method]) {
    let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
    for method in methods {
        let id = method.protocol.map_or("method", Protocol::id);
        let count = counts.entry(id).or_default();
        *count += 1;
        method.name = if *count == 1 { id.to_owned() } else { format!("{id}-{count}") };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_that_cannot_meet_are_not_both_kept() {
        let fact = json!({ "device_ip": "192.168.1.1", "host_ip": "192.168.0.66" });
        let (unit, host) = ("192.168.1.1".parse().ok(), "192.168.0.66".parse().ok());
        assert_eq!(addresses(&fact, Protocol::TftpPull), (None, host));
        assert_eq!(addresses(&fact, Protocol::HttpUpload), (unit, None));
        assert_eq!(addresses(&json!({ "device_ip": "192.168.1.255" }), Protocol::TftpPush), (None, None));
    }

    #[test]
    fn hints_come_last_and_say_so() {
        let fact = |method: &str, trigger: &str, confidence: &str| {
            json!({ "device": "d", "method": method, "trigger": trigger, "confidence": confidence,
                    "source": "abc", "button": "reset" })
        };
        let facts = vec![
            fact("tftp-client", "console", "medium"),
            fact("http", "button", "medium"),
            fact("tftp-client", "button", "high"),
            fact("tftp-client", "button", "high"),
        ];
        let recoveries = Recoveries(BTreeMap::from([("d".to_owned(), facts)]));
        let mut device = Device { vendor: "TP-Link".into(), ..Device::default() };
        recoveries.add_to(&mut device, "d");
        let names: Vec<&str> = device.method.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(names, ["tftp-pull", "http-upload", "console-tftp"]);
        assert_eq!(device.method[1].confidence, Some(Confidence::Medium));
        assert_eq!(device.families, ["tplink-tftp", "router-recovery"]);
    }
}
