//! The plan for what a person does by hand.

use debrick_catalog::{Confidence, Connection, Device, Method, Protocol, TestStatus};
use debrick_model::{Region, RegionRole, Step};

use super::{DoneBy, Need, Plan, Planned, names, need, step, stop_rules};

/// Why a program is named.
pub(super) const NOT_SPOKEN: &str = "this one does not speak it yet";

/// The plan for what a person does, with what the program can do beside it.
pub(super) fn by_person(device: &Device, error: &debrick_catalog::CatalogError) -> Plan {
    // What needs no open case comes first, and what is known better.
    let rank = |method: &&Method| {
        let protocol = method.protocol;
        (
            protocol.is_none(),
            !protocol.is_some_and(Protocol::needs_no_wires),
            method.confidence == Some(Confidence::Medium),
        )
    };
    let mut methods: Vec<&Method> = device.method.iter().collect();
    methods.sort_by_key(rank);
    let chosen = methods.first().copied();
    let protocol = chosen.and_then(|method| method.protocol);
    let missing = match error {
        debrick_catalog::CatalogError::Incomplete { missing, .. } if device.console.is_some() => {
            missing.clone()
        }
        _ => vec![],
    };
    let kept: Vec<&Region> = device.regions().filter(|region| region.role == RegionRole::Unique).collect();
    Plan {
        device: device.id.clone(),
        title: device.title(),
        method: chosen.map(|method| method.name.clone()),
        protocol: protocol.map(Protocol::id),
        tried: TestStatus::Untested,
        done_by: if chosen.is_some() { DoneBy::Person } else { DoneBy::Nobody },
        needs: chosen.map(|method| needs_of(device, method)).unwrap_or_default(),
        minutes_at_least: None,
        steps: chosen.map(|method| steps_of(device, method)).unwrap_or_default(),
        written: vec![],
        kept: vec![],
        never_written: names(kept.into_iter()),
        stop_when: stop_rules(device),
        missing,
        others: methods.iter().skip(1).map(|method| method.name.clone()).collect(),
    }
}

/// What a method that a person does takes.
pub(super) fn needs_of(device: &Device, method: &Method) -> Vec<Need> {
    let mut needs = Vec::new();
    let Some(protocol) = method.protocol else { return needs };
    for connection in protocol.connections() {
        needs.push(match connection {
            Connection::Serial => {
                let baud = method.baud.or(device.console.as_ref().and_then(|console| console.baud));
                let volts = device.console.as_ref().and_then(|console| console.volts);
                let baud = baud.map(|baud| format!(" for {baud} bits a second")).unwrap_or_default();
                let why = match volts {
                    Some(volts) => format!("to talk to it; its signals have {volts} V, and more destroys it"),
                    None => "to talk to it; measure the voltage of its signals first: most have 3.3 V, and more destroys them".to_owned(),
                };
                need(format!("a serial adapter{baud}"), why)
            }
            Connection::Network => {
                let address = method.host.map(|host| format!(", and the address {host} on this computer's port"));
                let socket = method.socket.as_ref().map(|socket| format!(" to its port {socket}"));
                need(
                    format!("a network cable{}{}", socket.unwrap_or_default(), address.unwrap_or_default()),
                    "to send the firmware; straight to the unit, nothing else in between",
                )
            }
            Connection::Usb => need("a USB cable that carries data", "to send the firmware; straight into the computer, not a hub"),
            Connection::Stick => need("a USB stick with a FAT file system", "the unit reads its firmware from it"),
            Connection::Card => need("a memory card and a reader", "the unit starts from it"),
            Connection::Clip => need("a clip for its flash chip and a programmer of the chip's voltage", "to write the chip itself"),
            Connection::Probe => need("a probe or programmer for its debug port", "to write it from outside"),
        });
    }
    let supply = device.power.as_ref().and_then(|power| power.supply.clone());
    needs.push(need(
        supply.unwrap_or_else(|| "its own power supply".into()),
        "a weak supply breaks writing off",
    ));
    let formats = match method.formats.as_slice() {
        [] => device.firmware.as_ref().map(|firmware| firmware.formats.join(", ")).unwrap_or_default(),
        formats => formats.join(", "),
    };
    let formats = if formats.is_empty() { String::new() } else { format!(" ({formats})") };
    let named = method.file.as_ref().map(|file| format!(", named {file}")).unwrap_or_default();
    let origin = device.firmware.as_ref().and_then(|firmware| firmware.origin.clone());
    needs.push(need(
        format!("a firmware file{formats}{named}"),
        format!("from {}", origin.unwrap_or_else(|| "its maker, for exactly this model and revision".into())),
    ));
    if let Some(tool) = protocol.tool() {
        needs.push(need(format!("the program `{}` ({})", tool.program, tool.from), NOT_SPOKEN));
    }
    if let Some(tool) = &method.tool {
        needs.push(need(tool.clone(), "its maker's program does it"));
    }
    needs
}

/// What a person does, and what the program does beside it.
fn steps_of(device: &Device, method: &Method) -> Vec<Planned> {
    let mut steps = vec![step(
        Step::Obtain,
        format!("Check the file before it goes anywhere: debrick image check FILE --for {}", device.id),
    )];
    if let Some(entry) = device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref()) {
        steps.extend(
            entry.steps_for(method).iter().map(|found| step(Step::EnterRecovery, found.in_words(method))),
        );
        if let Some(reaches) = &entry.reaches {
            steps.push(step(Step::EnterRecovery, format!("Then {reaches}.")));
        }
    }
    if let Some(protocol) = method.protocol {
        let by = match (protocol.tool(), &method.tool) {
            (Some(tool), _) => format!("with `{}`", tool.program),
            (None, Some(tool)) => format!("with {tool}"),
            (None, None) => "with a browser, or what the method names".into(),
        };
        steps.push(step(Step::Flash, format!("Hand the file over {by}. {}", protocol.about())));
    }
    steps.push(step(
        Step::FirstBoot,
        "Leave it alone until it has started. That the file went over proves nothing: look at the version that it shows.",
    ));
    steps
}
