//! The plan of a repair over the console.

use debrick_catalog::{Device, Protocol, Repairable, Transfer};
use debrick_model::{Region, RegionRole, Step};

use super::{DoneBy, Plan, names, need, step, stop_rules, tried};

/// Signs on the line for each byte that is read at a bootloader's prompt: 16 bytes fill a line of 67.
const SIGNS_A_BYTE: f64 = 67.0 / 16.0;

/// Bits on a serial line for each sign.
const BITS_A_SIGN: f64 = 10.0;

/// Seconds for which a person is asked for something once: to find the plug, to read, to answer.
const SECONDS_OF_HANDS: f64 = 60.0;

/// How often a rescue starts the unit, at least: to see how it is, to stop it, to prove it, and once more.
const STARTS: f64 = 4.0;

/// The plan of `debrick rescue` over the console.
pub(super) fn by_program(device: &Device, repairable: &Repairable) -> Plan {
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

fn minutes(seconds: f64) -> u32 {
    (seconds / 60.0).ceil() as u32
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20).max(1))
}
