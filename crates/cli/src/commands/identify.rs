//! `debrick identify`: which device the unit is, from all that is seen of it.

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
        for one in &recognition.stated {
            show_stated(recognition, one);
        }
    }
    let told = |index: &&usize| recognition.candidates.is_empty() && is_told(recognition, **index);
    for index in recognition.unmatched.iter().filter(|index| !told(index)) {
        out::data(&out::harmless(&format!(
            "not in the catalog: {}",
            in_words(&recognition.observations[*index])
        )));
    }
    for next in &recognition.next {
        out::note(&format!("Next: {next}"));
    }
}

fn show_candidate(recognition: &Recognition, one: &Candidate) {
    out::data(&out::harmless(&format!("{}  {}", one.device, one.title)));
    for (word, indices) in [("agrees", &one.agreeing), ("contradicts", &one.contradicting)] {
        for index in indices {
            let line = format!("  {word:<11}  {}", in_words(&recognition.observations[*index]));
            out::data(&out::harmless(&line));
        }
    }
}

/// A name that the evidence has for the unit, and the lines that say it.
fn show_stated(recognition: &Recognition, one: &Stated) {
    out::data(&out::harmless(&name(one)));
    for index in &one.observations {
        out::data(&out::harmless(&format!("  says it      {}", in_words(&recognition.observations[*index]))));
    }
}

/// Whether an observation stands under a name of the evidence's own.
fn is_told(recognition: &Recognition, index: usize) -> bool {
    recognition.stated.iter().any(|one| one.observations.contains(&index))
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
