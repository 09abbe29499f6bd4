//! The plan of a repair through a mode of the bootloader that takes firmware over the network.

use debrick_catalog::{Action, Device, Method, Protocol};
use debrick_coach::Procedure;
use debrick_model::Step;

use super::person::{NOT_SPOKEN, needs_of};
use super::{DoneBy, Plan, passes, step, stop_rules, tried};

/// The plan of `debrick rescue` through a door; `None` where there is none whose steps are known.
pub(super) fn by_door(device: &Device) -> Option<Plan> {
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
