//! `debrick identify`: which device the unit is, from logs and from its label. Nothing is sent to the unit.

use std::io::Read;
use std::path::Path;

use debrick_catalog::Recogniser;
use debrick_model::{Candidate, Certainty, Ending, Observation, Property, Recognition, Sighting};
use serde_json::json;

use crate::args::Identify;
use crate::commands::Context;
use crate::failure::Failure;
use crate::{exit, input, json, out};

/// The largest log that is read, in bytes.
const LARGEST_LOG: u64 = 256 << 20;

/// How many candidates people are shown.
const SHOWN: usize = 5;

pub(super) fn identify(context: &Context, args: &Identify) -> Result<i32, Failure> {
    let recogniser = Recogniser::new(&context.catalog()?)?;
    let ready_texts = recogniser.ready_texts();
    let mut observations: Vec<Sighting> = args.label.iter().map(|text| label(text)).collect();
    for path in &args.log {
        let log = read_log(path)?;
        observations.extend(debrick_diagnose::observe(&path.display().to_string(), &log, &ready_texts));
    }
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

fn label(text: &str) -> Sighting {
    let observation = Observation {
        property: Property::Model,
        value: text.to_owned(),
        source: "the label, read by the operator".into(),
        witness: "operator".into(),
    };
    Sighting { observation, input: "--label".into(), line: None }
}

/// A log, as bytes; `-` is standard input.
fn read_log(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new("-") {
        return input::bytes(path, LARGEST_LOG);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST_LOG + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::file("reading", path, &error))?;
    if bytes.len() as u64 > LARGEST_LOG {
        return Err(Failure::new(
            "file-too-large",
            format!("standard input holds more than {LARGEST_LOG} bytes"),
            "Give the part of the log from power-on to the running system. Nothing was done to the unit.",
        ));
    }
    Ok(bytes)
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
        _ => "unknown: nothing that was seen settles which device it is".into(),
    };
    out::data(&out::harmless(&verdict));
    for one in recognition.candidates.iter().take(SHOWN) {
        show_candidate(recognition, one);
    }
    let more = recognition.candidates.len().saturating_sub(SHOWN);
    if more > 0 {
        out::data(&format!("and {more} more"));
    }
    for index in &recognition.unmatched {
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

/// `"D-Link DIR-645", boot.log:12, the device tree that the kernel was given`.
fn in_words(seen: &Sighting) -> String {
    let line = seen.line.map(|line| format!(":{line}")).unwrap_or_default();
    let Observation { value, source, witness, .. } = &seen.observation;
    format!("{value:?}, {}{line}, {source} (witness: {witness})", seen.input)
}
