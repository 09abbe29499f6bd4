//! `debrick coach`: leads a person into a device's recovery mode, by what this computer can sense.

use std::time::Instant;

use debrick_catalog::{Device, Method};
use debrick_coach::{Coach, Ending as CoachEnding, Procedure};
use debrick_model::Ending;
use serde_json::json;

use crate::args::CoachArgs;
use crate::commands::Context;
use crate::commands::devices::find;
use crate::failure::Failure;
use crate::person::{CueView, Person};
use crate::senses::Sensors;
use crate::stop::Stop;
use crate::{exit, json, out};

pub(super) fn coach(context: &Context, args: &CoachArgs) -> Result<i32, Failure> {
    let device = find(&context.catalog()?, &args.device)?;
    let (method, procedure) = chosen(&device, args.method.as_deref())?;
    let mut sensors = Sensors::open(context, &device, method, args.lan.as_deref(), args.console.as_deref())?;
    let stop = Stop::listen()?;
    introduce(context, &device, method, &procedure, &sensors);
    let mut coach = Coach::new(procedure, sensors.senses());
    let mut person = Person::default();
    let began = Instant::now();
    let mut view = CueView::new(context.json, context.style);
    let mut cues = coach.start(began.elapsed());
    loop {
        cues.iter().for_each(|cue| view.show(cue));
        if coach.ending().is_some() || stop.is_wanted() {
            break;
        }
        cues = Vec::new();
        for said in person.says() {
            cues.extend(coach.take(began.elapsed(), said));
        }
        for seen in sensors.look() {
            cues.extend(coach.take(began.elapsed(), seen));
        }
        cues.extend(coach.tick(began.elapsed()));
    }
    Ok(match coach.ending() {
        Some(CoachEnding::Reached) => {
            if !context.json {
                out::data(&format!("`debrick plan {}` says what comes next.", device.id));
            }
            0
        }
        Some(CoachEnding::GaveUp) => exit::of(Ending::NeedsOperator),
        None => exit::of(Ending::Cancelled),
    })
}

/// The method that was asked for, or the first that has steps.
fn chosen<'a>(device: &'a Device, name: Option<&str>) -> Result<(&'a Method, Procedure), Failure> {
    let with_steps: Vec<(&Method, Procedure)> =
        device.method.iter().filter_map(|method| Some((method, Procedure::of(device, method)?))).collect();
    let names = || with_steps.iter().map(|(method, _)| format!("  {}", method.name)).collect::<Vec<_>>();
    let found = match name {
        Some(name) => with_steps.iter().find(|(method, _)| method.name == name),
        None => with_steps.first(),
    };
    match (found, name) {
        (Some(found), _) => Ok(found.clone()),
        (None, Some(name)) => Err(Failure::usage(
            format!("{} has no method {name:?} whose steps are known", device.title()),
            "Name one of these, or none.",
        )
        .with_choices(names())),
        (None, None) => Err(Failure::new(
            "no-known-steps",
            format!("the catalog knows no steps into a recovery mode of {}", device.title()),
            "Look at its ways with `debrick devices show`, or at its maker's instructions. Nothing was done to the unit.",
        )),
    }
}

fn introduce(context: &Context, device: &Device, method: &Method, procedure: &Procedure, sensors: &Sensors) {
    let senses = sensors.senses();
    if context.json {
        let value = json!({
            "cue": "begin", "device": device.id, "method": method.name, "reaches": procedure.reaches,
            "senses": { "link": senses.link, "network": senses.network, "usb": senses.usb, "console": senses.console },
        });
        json::line("debrick.coach/1", &value);
        return;
    }
    let style = context.style;
    out::data(&style.strong(&format!("{}: {}", device.title(), method.name)));
    out::data(&out::harmless(&format!("You are done when {}.", procedure.reaches)));
    let sensed: Vec<&str> = [
        (senses.link, "the network link"),
        (senses.network, "what the device asks for on the network"),
        (senses.usb, "USB"),
        (senses.console, "the console"),
    ]
    .into_iter()
    .filter_map(|(can, what)| can.then_some(what))
    .collect();
    if sensed.is_empty() {
        out::data(
            "Nothing can be sensed here, so you are asked what you see. --lan and --console let me look, too.",
        );
    } else {
        out::data(&format!("I watch {}.", sensed.join(", ")));
    }
    out::data("Read all of a step before you begin it. Ctrl-C stops; nothing is written to the device.");
}
