//! `debrick diagnose`: what logs, tool output and words of the operator say about a device. Nothing is sent to it.

mod ask;
mod device;

use debrick_diagnose::{Case, Evidence};
use debrick_model::{Cause, Diagnosis, Ending, EvidenceKind, Finding, State};
use serde_json::json;

use crate::args::Diagnose;
use crate::commands::Context;
use crate::commands::diagnose::device::Known;
use crate::evidence::{self, Reading};
use crate::failure::Failure;
use crate::{exit, json, out};

/// How many lines of evidence people are shown for a finding, how many other causes, and signs of a line.
const SHOWN_LINES: usize = 4;
const SHOWN_CAUSES: usize = 4;
const SHOWN_SIGNS: usize = 110;

pub(super) fn diagnose(context: &Context, args: &Diagnose) -> Result<i32, Failure> {
    let known = Known::of(context, args)?;
    let diagnosis = match &args.answers {
        Some(path) => ask::from_file(path)?.conclude(),
        None if args.log.is_empty() && args.tool_output.is_empty() && args.symptom.is_empty() => {
            ask::at_terminal(context)?.conclude()
        }
        None => from_evidence(args, known.as_ref())?,
    };
    let code = match &known {
        Some(known) if context.json => {
            let mut value = json!(diagnosis);
            value["device"] = json!(known.advice(&diagnosis));
            json::line(SCHEMA, &value);
            code_of(&diagnosis)
        }
        known => {
            let code = conclude(context, &diagnosis);
            known.iter().for_each(|known| known.show(context, &diagnosis));
            code
        }
    };
    Ok(code)
}

/// The version of what `--json` prints.
const SCHEMA: &str = "debrick.diagnosis/1";

/// Prints what was concluded, and returns the exit code.
pub(super) fn conclude(context: &Context, diagnosis: &Diagnosis) -> i32 {
    if context.json {
        json::line(SCHEMA, diagnosis);
    } else {
        show(context, diagnosis);
    }
    code_of(diagnosis)
}

fn code_of(diagnosis: &Diagnosis) -> i32 {
    if diagnosis.cause() == Cause::Unknown { exit::of(Ending::NeedsOperator) } else { 0 }
}

fn from_evidence(args: &Diagnose, known: Option<&Known>) -> Result<Diagnosis, Failure> {
    let mut read = Vec::new();
    for (paths, kind) in [(&args.log, EvidenceKind::SerialLog), (&args.tool_output, EvidenceKind::ToolOutput)]
    {
        for path in paths {
            read.push(evidence::read(path, kind)?);
        }
    }
    for (index, text) in args.symptom.iter().enumerate() {
        let name = format!("symptom {}", index + 1);
        let evidence = Evidence { kind: EvidenceKind::Symptom, name, text: text.clone() };
        read.push(Reading { evidence, skipped: None });
    }
    for remark in read.iter().filter_map(Reading::remark) {
        out::note(&out::harmless(&remark));
    }
    let mut pieces: Vec<Evidence> = read.iter().map(|one| one.evidence.clone()).collect();
    pieces.extend(known.iter().flat_map(|known| known.lights()));
    let mut diagnosis = debrick_diagnose::diagnose_case(&Case {
        evidence: &pieces,
        architecture: known.and_then(Known::architecture),
        implausible: known.map_or(&[], Known::implausible),
        ..Case::default()
    });
    evidence::renumber(&mut diagnosis, &read);
    Ok(diagnosis)
}

fn show(context: &Context, diagnosis: &Diagnosis) {
    let style = context.style;
    let say = |text: &str| out::data(&out::harmless(text));
    let is_guess = diagnosis
        .findings
        .first()
        .is_none_or(|finding| finding.cause == Cause::Unknown || finding.likelihood < UNSURE_BELOW);
    let headline = match diagnosis.findings.first().filter(|finding| finding.cause != Cause::Unknown) {
        // Somebody came with it because something does not work.
        Some(finding) if is_guess && finding.cause == Cause::NoFault => style.strong(&format!(
            "This shows no fault, as far as it goes; whether the unit works, it does not tell. {}",
            sure(finding)
        )),
        Some(finding) if is_guess => style.strong(&format!(
            "This cannot be told for sure. Perhaps: {} {}",
            finding.cause.meaning(),
            sure(finding)
        )),
        Some(finding) if finding.cause == Cause::NoFault => {
            style.good(&format!("{} {}", finding.cause.meaning(), sure(finding)))
        }
        Some(finding) => style.strong(&format!("{} {}", finding.cause.meaning(), sure(finding))),
        None => style.strong("The evidence does not decide what is wrong."),
    };
    out::data(&headline);
    let perhaps = if is_guess && diagnosis.state != State::Unknown { "Perhaps: " } else { "" };
    say(&format!("{perhaps}{} ({})", diagnosis.state.meaning(), diagnosis.state.id()));
    let causes = || diagnosis.findings.iter().filter(|finding| finding.cause != Cause::Unknown);
    if let Some(finding) = causes().next() {
        let mut said = "";
        for line in finding.evidence.iter().take(SHOWN_LINES) {
            let place =
                if line.line > 0 { format!("{}:{}", line.file, line.line) } else { line.file.clone() };
            // What an account says as a whole stands in no single line.
            match shortened(&line.text) {
                text if text.is_empty() => say(&format!("  {place}")),
                text => say(&format!("  {place}: {text}")),
            }
            if line.says != said {
                say(&format!("    {}", out::sentence(&line.says)));
            }
            said = &line.says;
        }
    }
    if !diagnosis.actions.is_empty() {
        out::data(&style.strong("What to do, best first:"));
    }
    for (index, action) in diagnosis.actions.iter().enumerate() {
        say(&format!("  {}. {} ({})", index + 1, action.action.meaning(), action.action.id()));
        say(&format!("     {}", action.why));
        if !action.risk.is_empty() {
            say(&format!("     {} {}", style.warn("Risk:"), action.risk));
        }
    }
    let others: Vec<String> = causes()
        .skip(usize::from(diagnosis.cause() != Cause::Unknown))
        .take(SHOWN_CAUSES)
        .map(|finding| format!("{} {:.0} %", finding.cause.id(), finding.likelihood * 100.0))
        .collect();
    if !others.is_empty() {
        say(&format!("{} {}", style.strong("It could also be:"), others.join(", ")));
    }
    if !diagnosis.next_evidence.is_empty() {
        out::data(&style.strong("To be surer, look at:"));
        diagnosis.next_evidence.iter().for_each(|next| say(&format!("  - {next}")));
    }
    if is_guess {
        out::data("To be led by questions: debrick diagnose");
    }
    if let Some(cause) = causes().next() {
        say(&format!("More: debrick explain {}", cause.cause.id()));
    }
}

/// Below this likelihood a cause is a guess, and called one.
const UNSURE_BELOW: f64 = 0.4;

/// `(image-corrupt, 86 % likely)`
fn sure(finding: &Finding) -> String {
    format!("({}, {:.0} % likely)", finding.cause.id(), finding.likelihood * 100.0)
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(SHOWN_SIGNS) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
