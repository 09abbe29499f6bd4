//! `debrick devices coverage`: what is known of how many devices.

use std::collections::BTreeMap;

use debrick_catalog::{Device, Kind, Protocol, TestStatus};
use serde_json::{Map, Value, json};

use crate::commands::Context;
use crate::failure::Failure;
use crate::{json, out};

/// A question that a record answers with yes or no.
type Question = (&'static str, fn(&Device) -> bool);

/// What is asked of every record.
const QUESTIONS: &[Question] = &[
    ("devices", |_| true),
    ("source", |device| !device.source.is_empty()),
    ("checked by hand", |device| device.checked.is_some()),
    ("board ids", |device| !device.board_ids.is_empty()),
    ("storage layout", |device| device.regions().next().is_some()),
    ("unique regions", |device| {
        device.regions().any(|region| region.role == debrick_model::RegionRole::Unique)
    }),
    ("console rate", |device| device.console.as_ref().is_some_and(|console| console.baud.is_some())),
    ("any method", |device| !device.method.is_empty()),
    ("method without wires", |device| {
        device.method.iter().any(|method| method.protocol.is_some_and(Protocol::needs_no_wires))
    }),
    ("way in, step by step", |device| device.method.iter().any(|method| method.entry.is_some())),
    ("keys or buttons", |device| device.method.iter().any(|method| !method.buttons.is_empty())),
    ("stop rules", |device| !device.stop.is_empty()),
    ("repaired over its console", |device| device.repairable().is_ok()),
    ("repaired over the network", |device| device.recoverable().is_ok()),
    ("by a simulated method", |device| {
        // Nobody counts whose methods could be driven but for what the record does not say.
        let is_complete = device.repairable().is_ok() || device.recoverable().is_ok();
        is_complete && device.method.iter().any(|method| device.tried(method) >= TestStatus::Simulated)
    }),
];

pub(super) fn coverage(context: &Context) -> Result<i32, Failure> {
    let in_use = context.packed_catalog();
    let devices = context.catalog()?.all()?;
    let by_kind = |kind: Kind| devices.iter().filter(move |device| device.kind() == kind);
    let count = |question: &Question, kind: Kind| by_kind(kind).filter(|device| (question.1)(device)).count();
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let mut protocols: BTreeMap<&str, usize> = BTreeMap::new();
    for device in &devices {
        for family in &device.families {
            *families.entry(family).or_default() += 1;
        }
        let mut used: Vec<&str> =
            device.method.iter().filter_map(|method| method.protocol.map(Protocol::id)).collect();
        used.sort_unstable();
        used.dedup();
        for protocol in used {
            *protocols.entry(protocol).or_default() += 1;
        }
    }
    if context.json {
        let mut kinds = Map::new();
        for kind in Kind::ALL {
            let answers: Map<String, Value> = QUESTIONS
                .iter()
                .map(|question| {
                    (question.0.replace([' ', ','], "_").replace("__", "_"), json!(count(question, kind)))
                })
                .collect();
            kinds.insert(kind.id().into(), Value::Object(answers));
        }
        let value = json!({
            "catalog": in_use.as_json(),
            "devices": devices.len(),
            "kinds": kinds,
            "families": families,
            "protocols": protocols,
            "status": statuses(&devices),
        });
        json::line("debrick.devices-coverage/1", &value);
        return Ok(0);
    }
    let mut head = format!("{:<24}", "");
    for kind in Kind::ALL {
        head += &format!("{:>12}", kind.id());
    }
    out::data(&context.style.strong(&head));
    for question in QUESTIONS {
        let mut line = format!("{:<24}", question.0);
        for kind in Kind::ALL {
            line += &format!("{:>12}", count(question, kind));
        }
        out::data(&line);
    }
    table("Devices by family", &families);
    table("Devices by protocol", &protocols);
    out::data("\nDevices by what was tried:");
    for (operation, counts) in statuses(&devices) {
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{status} {count}")).collect();
        out::data(&format!("  {operation:<12}{}", counts.join(", ")));
    }
    out::data(&out::harmless(&format!("\n{}", in_use.in_words())));
    Ok(0)
}

fn table(title: &str, counts: &BTreeMap<&str, usize>) {
    out::data(&format!("\n{title}:"));
    let mut rows: Vec<_> = counts.iter().collect();
    rows.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    for (name, count) in rows {
        out::data(&out::harmless(&format!("  {name:<32}{count:>6}")));
    }
}

fn statuses(devices: &[Device]) -> BTreeMap<&'static str, BTreeMap<&'static str, usize>> {
    let mut statuses: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut take = |operation: &'static str, status: TestStatus| {
        *statuses.entry(operation).or_default().entry(status.id()).or_default() += 1;
    };
    for Device { status, .. } in devices {
        take("identify", status.identify);
        take("backup", status.backup);
        take("flash", status.flash);
        take("first-boot", status.first_boot);
    }
    statuses
}
