//! `debrick plan`: what a rescue of a device would do, in words, and what it takes.

mod console;
mod door;
mod passes;
mod person;

use debrick_catalog::{Device, Protocol, TestStatus};
use debrick_model::{Region, Step};
use serde::Serialize;

use crate::args::Plan as Arguments;
use crate::commands::Context;
use crate::commands::devices::find;
use crate::failure::Failure;
use crate::{json, out};

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
        Ok(repairable) => console::by_program(&device, &repairable),
        Err(error) => door::by_door(&device).unwrap_or_else(|| person::by_person(&device, &error)),
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
