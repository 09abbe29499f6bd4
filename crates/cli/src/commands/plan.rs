//! `debrick plan`: what a rescue of a device would do, in words, and what it takes.

mod passes;

use debrick_catalog::{
    Action, Confidence, Connection, Device, Method, Protocol, Repairable, TestStatus, Transfer,
};
use debrick_coach::Procedure;
use debrick_model::{Region, RegionRole, Step};
use serde::Serialize;

use crate::args::Plan as Arguments;
use crate::commands::Context;
use crate::commands::devices::find;
use crate::failure::Failure;
use crate::{json, out};

/// Signs on the line for each byte that is read at a bootloader's prompt: 16 bytes fill a line of 67.
const SIGNS_A_BYTE: f64 = 67.0 / 16.0;

/// Bits on a serial line for each sign.
const BITS_A_SIGN: f64 = 10.0;

/// Seconds for which a person is asked for something once: to find the plug, to read, to answer.
const SECONDS_OF_HANDS: f64 = 60.0;

/// How often a rescue starts the unit, at least: to see how it is, to stop it, to prove it, and once more.
const STARTS: f64 = 4.0;

/// Why a program is named.
const NOT_SPOKEN: &str = "this one does not speak it yet";

/// A plan, as it is printed and as JSON.
#[derive(Debug, Serialize)]
struct Plan {
    device: String,
    title: String,
    /// The method that would be taken.
    method: Option<String>,
    protocol: Option<&'static str>,
    /// How far this program was tried on this way, or on this device, where that was further.
    tried: TestStatus,
    /// Whether this program does it, or a person with what is named.
    done_by: DoneBy,
    needs: Vec<Need>,
    minutes_at_least: Option<u32>,
    steps: Vec<Planned>,
    written: Vec<String>,
    kept: Vec<String>,
    /// Regions that the program leaves alone, or that a person has to.
    never_written: Vec<String>,
    stop_when: Vec<String>,
    /// What the catalog would have to know so that the program does it.
    missing: Vec<String>,
    /// Further methods, best first.
    others: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum DoneBy {
    Program,
    Person,
    Nobody,
}

/// Something that has to be there before anything begins.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Need {
    what: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Planned {
    step: &'static str,
    does: String,
}

pub(super) fn plan(context: &Context, args: &Arguments) -> Result<i32, Failure> {
    let device = find(&context.catalog()?, &args.id)?;
    let plan = match device.repairable() {
        Ok(repairable) => by_program(&device, &repairable),
        Err(error) => by_door(&device).unwrap_or_else(|| by_person(&device, &error)),
    };
    if context.json {
        json::line("debrick.plan/1", &plan);
    } else {
        print(context, &plan);
    }
    Ok(0)
}

fn need(what: impl Into<String>, why: impl Into<String>) -> Need {
    Need { what: what.into(), why: why.into() }
}

fn step(step: Step, does: impl Into<String>) -> Planned {
    Planned { step: step.id(), does: does.into() }
}

fn names<'a>(regions: impl Iterator<Item = &'a Region>) -> Vec<String> {
    regions.map(|region| region.name.clone()).collect()
}

fn stop_rules(device: &Device) -> Vec<String> {
    let says = |rule: &debrick_catalog::StopRule| {
        format!("{}: {}. Instead: {}.", rule.when, rule.because, rule.instead)
    };
    device.stop.iter().map(says).collect()
}

/// The plan of `debrick rescue` over the console.
fn by_program(device: &Device, repairable: &Repairable) -> Plan {
    let console = &repairable.console;
    let kept: Vec<&Region> = repairable.regions().filter(|region| region.role.must_be_backed_up()).collect();
    let kept_bytes: u64 = kept.iter().map(|region| region.size).sum();
    let uses_network = repairable.method.iter().any(|method| method.transfer == Transfer::Tftp);
    let firmware = repairable.regions().find(|region| region.name == repairable.firmware.region);
    let mut needs = vec![
        need(
            format!("a serial adapter for {} bits a second", console.baud),
            format!("to talk to its bootloader; {}", console.wiring),
        ),
        need(repairable.power.supply.clone(), "to run the unit; a weak supply breaks writing off".to_owned()),
        need(
            format!("a firmware file ({})", repairable.firmware.formats.join(", ")),
            match &repairable.firmware.origin {
                Some(origin) => format!("if its firmware is what is damaged; from {origin}"),
                None => "if its firmware is what is damaged; from its maker".to_owned(),
            },
        ),
    ];
    if let (true, Some(network)) = (uses_network, &repairable.network) {
        needs.push(need(
            format!("a network cable, and the address {} on this computer's port", network.host),
            "to send the firmware in seconds; without it, it goes over the console, which takes far longer",
        ));
    }
    needs.push(need(format!("{} free here", mebibytes(2 * kept_bytes)), "to keep the backups and the log"));
    let restarts = STARTS * f64::from(console.boot_seconds);
    let reading = 2.0 * kept_bytes as f64 * SIGNS_A_BYTE * BITS_A_SIGN / f64::from(console.baud);
    let sending = match (uses_network, firmware) {
        (false, Some(region)) => region.size as f64 * BITS_A_SIGN / f64::from(console.baud),
        _ => 0.0,
    };
    let seconds = restarts + reading + sending + 2.0 * SECONDS_OF_HANDS;
    let kept_names = kept.iter().map(|region| region.name.as_str()).collect::<Vec<_>>().join(", ");
    let steps = vec![
        step(Step::Assess, format!("Watch it start, without typing anything. {}", repairable.power.cycle)),
        step(
            Step::Identify,
            "Stop its bootloader and compare what it says it is with this record; two claims have to agree, and none may speak against it.",
        ),
        step(Step::Preflight, "Check this computer, the line and the network. Nothing is written yet."),
        step(
            Step::Backup,
            format!(
                "Read {kept_names} until two readings agree, and restore them to a virtual unit as a proof."
            ),
        ),
        step(
            Step::Obtain,
            "Check the firmware file: undamaged, for this device, not older than what is there, and who made it.",
        ),
        step(
            Step::Flash,
            format!(
                "Show what would be written, and ask. Then mend the least that the evidence points to: variables, settings, or {}, of which only what differs is written.",
                repairable.firmware.region
            ),
        ),
        step(Step::Verify, "Read back what was written and compare it."),
        step(
            Step::FirstBoot,
            format!(
                "Restart it and wait up to {} seconds for \"{}\".",
                console.boot_seconds,
                console.ready.trim()
            ),
        ),
        step(Step::RestoreSettings, "Give the owner's settings back, if they had to be cleared."),
        step(Step::Soak, "Restart it once more and look again."),
        step(Step::Close, "Write the report."),
    ];
    let method = repairable.method.first();
    Plan {
        device: device.id.clone(),
        title: device.title(),
        method: method.map(|method| method.name.clone()),
        protocol: method.map(|_| Protocol::UbootConsole.id()),
        tried: tried(device, Protocol::UbootConsole),
        done_by: DoneBy::Program,
        needs,
        minutes_at_least: Some(minutes(seconds)),
        steps,
        written: {
            let mut written = vec![repairable.firmware.region.clone()];
            written.extend(repairable.settings.iter().map(|settings| settings.region.clone()));
            written
                .extend(names(repairable.regions().filter(|region| region.role == RegionRole::Environment)));
            written
        },
        kept: names(kept.into_iter()),
        never_written: names(repairable.regions().filter(|region| {
            matches!(region.role, RegionRole::Unique | RegionRole::Other | RegionRole::BootCritical)
        })),
        stop_when: stop_rules(device),
        missing: vec![],
        others: repairable.method.iter().skip(1).map(|method| method.name.clone()).collect(),
    }
}

/// The plan of `debrick rescue` through a door; `None` where there is none whose steps are known.
fn by_door(device: &Device) -> Option<Plan> {
    let recoverable = device.recoverable().ok()?;
    let led = |method: &&Method| Procedure::of(device, method).is_some();
    let methods: Vec<&Method> =
        recoverable.doors.iter().filter_map(|door| recoverable.method_of(door)).filter(led).collect();
    let chosen = *methods.first()?;
    let protocol = chosen.protocol?;
    let mut needs = needs_of(device, chosen);
    needs.retain(|need| need.why != NOT_SPOKEN);
    let in_memory = recoverable.doors.iter().any(|door| door.name == chosen.name && door.in_memory);
    if in_memory {
        needs.push(passes::first_file());
    }
    let says = match protocol == Protocol::HttpUpload {
        true => "what its bootloader's page says is",
        false => "what its bootloader asks for is",
    };
    let compares = format!(
        "Ask for its label, and compare it with this record; {says} compared later. Two claims have to agree."
    );
    let before = vec![
        step(Step::Assess, look_for(protocol)),
        step(Step::Identify, compares),
        step(Step::Preflight, "Check this computer, its address on the port, and the cable."),
        step(Step::Backup, "Nothing: this way in cannot read. You have to waive the backup, and to say why."),
        step(Step::Obtain, "Check the firmware file: undamaged, for this device, and who made it. Then ask."),
    ];
    let mut steps = if in_memory { passes::before() } else { before };
    let entry = device.entry.iter().find(|entry| Some(&entry.name) == chosen.entry.as_ref());
    let mut moves = entry.map(|entry| entry.steps_for(chosen)).unwrap_or_default();
    let goes_to_everybody = protocol == Protocol::ZyxelMulticast;
    let has_to_wait = chosen.station.is_some();
    if goes_to_everybody || has_to_wait {
        // What the program does itself, and what comes after the power.
        moves.retain(|found| !matches!(found.action, Action::PowerOn | Action::Run | Action::Wait));
    }
    steps.extend(moves.iter().map(|found| step(Step::EnterRecovery, found.in_words(chosen))));
    let hands_over = match goes_to_everybody {
        true => {
            steps.push(step(
                Step::EnterRecovery,
                "Listen to the cable for 15 seconds, and ask you whether this unit is the only one on it: every unit that hears the \
                 file is overwritten.",
            ));
            "Send the file again and again; you switch the unit on meanwhile."
        }
        false if has_to_wait => {
            steps.push(step(Step::EnterRecovery, "Ask you whether the unit is off."));
            "Send the file to the station that the record names, again and again; you switch the unit on meanwhile."
        }
        false => "Hand the file over.",
    };
    let after = vec![
        step(Step::Flash, format!("{hands_over} {}", protocol.about())),
        step(
            Step::FirstBoot,
            "Leave the power on and wait for the version that was written to run, up to ten minutes. That the file went over proves nothing.",
        ),
        step(Step::Close, "Write the report."),
    ];
    steps.extend(if in_memory { passes::after(protocol) } else { after });
    Some(Plan {
        device: device.id.clone(),
        title: device.title(),
        method: Some(chosen.name.clone()),
        protocol: Some(protocol.id()),
        tried: tried(device, protocol),
        done_by: DoneBy::Program,
        needs,
        minutes_at_least: None,
        steps,
        written: vec![match in_memory {
            true => "firmware, by the system that was started in its memory".into(),
            false => "firmware, by its own bootloader and where that sees fit".into(),
        }],
        kept: if in_memory { vec!["every partition that its system shows".into()] } else { vec![] },
        never_written: vec![],
        stop_when: stop_rules(device),
        missing: vec![],
        others: device
            .method
            .iter()
            .filter(|one| one.name != chosen.name)
            .map(|one| one.name.clone())
            .collect(),
    })
}

/// How a unit is looked for before anything is done to it.
fn look_for(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Nmrp | Protocol::EvaFtp => {
            "Call it on the network, as its maker's own programs do, and read the logs that you give. Nothing is written."
        }
        Protocol::HttpUpload => {
            "Look whether its page can be opened, and read the logs that you give. Nothing is changed."
        }
        _ => "Listen for it on the network, and read the logs that you give. Nothing is sent to it.",
    }
}

/// How far the program was tried on a way of this device.
fn tried(device: &Device, protocol: Protocol) -> TestStatus {
    let ways = device.method.iter().filter(|method| method.protocol == Some(protocol));
    ways.map(|method| device.tried(method)).max().unwrap_or_default().max(device.status.flash)
}

fn tried_in_words(status: TestStatus) -> Option<&'static str> {
    match status {
        TestStatus::Untested => None,
        TestStatus::Simulated => {
            Some("on virtual units with this way in; on a real one of this model you may be the first")
        }
        TestStatus::Lab => Some("in the lab, on a real bootloader"),
        TestStatus::Field => Some("on real units"),
    }
}

/// The plan for what a person does, with what the program can do beside it.
fn by_person(device: &Device, error: &debrick_catalog::CatalogError) -> Plan {
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
fn needs_of(device: &Device, method: &Method) -> Vec<Need> {
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

fn minutes(seconds: f64) -> u32 {
    (seconds / 60.0).ceil() as u32
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20).max(1))
}

fn print(context: &Context, plan: &Plan) {
    let style = context.style;
    let line = |text: &str| out::data(&out::harmless(text));
    let verdict = match plan.done_by {
        DoneBy::Program => "`debrick rescue` does this; it asks before anything is written",
        DoneBy::Person => {
            "you do this by hand: the program does not speak this method yet, but checks your file"
        }
        DoneBy::Nobody => "no way to recover it is known to the catalog",
    };
    out::data(&format!("{}: {verdict}.", style.strong(&out::harmless(&plan.title))));
    if let Some(method) = &plan.method {
        line(&format!("  method   {method}"));
    }
    if let Some(tried) = tried_in_words(plan.tried) {
        line(&format!("  tried    {tried}"));
    }
    if let Some(minutes) = plan.minutes_at_least {
        line(&format!("  time     at least {minutes} minutes"));
    }
    let list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            out::data(&format!("\n{}", style.strong(title)));
            items.iter().for_each(|item| line(&format!("  {item}")));
        }
    };
    let needs: Vec<String> = plan.needs.iter().map(|need| format!("{}: {}", need.what, need.why)).collect();
    list("On the table before you begin", &needs);
    let steps: Vec<String> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| format!("{:>2}. {}", index + 1, step.does))
        .collect();
    list("What is done", &steps);
    list("May be written", &plan.written);
    list("Kept first, and proven to restore", &plan.kept);
    match plan.done_by {
        DoneBy::Program => list("Never written", &plan.never_written),
        _ => list("Unlike any other unit's: never write or erase it", &plan.never_written),
    }
    list("Stop when", &plan.stop_when);
    list("For `debrick rescue` over its console, the catalog would have to know", &plan.missing);
    list("Other methods", &plan.others);
    if plan.done_by == DoneBy::Nobody {
        line(
            "\nIts maker, or a shop that can write the flash chip, can help. If you know a way, describe it: docs/add-a-device.md.",
        );
    }
    if plan.done_by == DoneBy::Program && plan.protocol != Some(Protocol::UbootConsole.id()) {
        line(&format!(
            "\nTo begin: debrick rescue --lan INTERFACE --device {} --image FILE --waive backup --because TEXT",
            plan.device
        ));
    } else if plan.done_by == DoneBy::Program {
        line(&format!("\nTo begin: debrick rescue --console PORT --device {} --image FILE", plan.device));
    } else {
        line(&format!("\nWhether this computer is ready: debrick doctor --for {}", plan.device));
    }
}
