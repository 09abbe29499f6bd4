//! `debrick identify`: which device the unit is, from all that is seen of it.

pub(super) mod over_ssh;
mod sources;

use debrick_catalog::Recogniser;
use debrick_model::{Candidate, Certainty, Ending, Observation, Recognition, Sighting, Stated};
use serde_json::json;

use crate::args::Identify;
use crate::commands::Context;
use crate::failure::Failure;
use crate::{exit, json, out};

/// How many candidates people are shown.
const SHOWN: usize = 5;

pub(super) fn identify(context: &Context, args: &Identify) -> Result<i32, Failure> {
    let recogniser = Recogniser::new(&context.catalog()?)?;
    let observations = sources::collect(context, &recogniser, args)?;
    let recognition = recogniser.recognise(observations);
    let code = match recognition.certainty {
        Certainty::Known => 0,
        Certainty::Likely | Certainty::Unknown => exit::of(Ending::NeedsOperator),
        Certainty::Contradicted => exit::of(Ending::RefusedByGate),
    };
    if context.json {
        json::line("debrick.identify/1", &json!({ "recognition": recognition, "exit_code": code }));
    } else {
        show(context, &recognition);
    }
    Ok(code)
}

fn show(context: &Context, recognition: &Recognition) {
    let style = context.style;
    let verdict = match (recognition.certainty, recognition.candidates.first()) {
        (Certainty::Known, Some(one)) => style.good(&format!(
            "known: {} ({}); {} independent witnesses agree",
            one.title, one.device, one.independent_witnesses
        )),
        (Certainty::Likely, Some(one)) if recognition.device.is_some() => {
            format!("likely: {} ({}); not enough to write to it", one.title, one.device)
        }
        (Certainty::Likely, _) => "likely: one model, of which it may be any of these".into(),
        (Certainty::Contradicted, _) => style.bad("contradicted: observations name different devices"),
        _ => match recognition.stated.first() {
            Some(one) => format!("unknown to the catalog: the evidence calls it {}", name(one)),
            None => "unknown: nothing that was seen settles which device it is".into(),
        },
    };
    out::data(&out::harmless(&verdict));
    for one in recognition.candidates.iter().take(SHOWN) {
        show_candidate(recognition, one);
    }
    let more = recognition.candidates.len().saturating_sub(SHOWN);
    if more > 0 {
        out::data(&format!("and {more} more"));
    }
    if recognition.candidates.is_empty() {
        show_what_there_is(recognition);
    } else {
        for index in &recognition.unmatched {
            let seen = in_words(&recognition.observations[*index]);
            out::data(&out::harmless(&format!("not in the catalog: {seen}")));
        }
    }
    for next in &recognition.next {
        out::note(&out::harmless(&format!("Next: {next}")));
    }
}

fn show_candidate(recognition: &Recognition, one: &Candidate) {
    out::data(&out::harmless(&format!("{}  {}", one.device, one.title)));
    let kinds =
        [("agrees", &one.agreeing), ("contradicts", &one.contradicting), ("not counted", &one.discounted)];
    for (word, indices) in kinds {
        for index in indices {
            let line = format!("  {word:<11}  {}", in_words(&recognition.observations[*index]));
            out::data(&out::harmless(&line));
        }
    }
}

/// Where no device of the catalog comes into question: the evidence's own names for the unit, and what else was seen.
fn show_what_there_is(recognition: &Recognition) {
    for one in &recognition.stated {
        out::data(&out::harmless(&name(one)));
        for index in &one.observations {
            let seen = in_words(&recognition.observations[*index]);
            out::data(&out::harmless(&format!("  says it      {seen}")));
        }
    }
    let is_told = |index: &usize| recognition.stated.iter().any(|one| one.observations.contains(index));
    let rest = recognition.observations.iter().enumerate().filter(|(index, _)| !is_told(index));
    for (_, seen) in rest.take(SHOWN) {
        out::data(&out::harmless(&format!("seen: {}", in_words(seen))));
    }
}

fn name(one: &Stated) -> String {
    match &one.vendor {
        Some(vendor) => format!("{vendor} {}", one.model),
        None => one.model.clone(),
    }
}

/// `"D-Link DIR-645", boot.log:12, the device tree that the kernel was given`.
fn in_words(seen: &Sighting) -> String {
    let line = seen.line.map(|line| format!(":{line}")).unwrap_or_default();
    let Observation { value, source, witness, .. } = &seen.observation;
    format!("{value:?}, {}{line}, {source} (witness: {witness})", seen.input)
}
