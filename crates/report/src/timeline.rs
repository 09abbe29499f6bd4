//! Every event in one sentence.

use debrick_model::{Answer, Effect, Event, EventBody, GateOutcome, Outcome, Property};

use crate::model::{Mark, Moment};
use crate::text::{bytes, duration};

/// The event as a line of the timeline. `began_ms` is the time of the session's first event, in milliseconds since 1970.
pub(crate) fn moment(event: &Event, began_ms: u64) -> Moment {
    let (mark, text) = sentence(&event.body);
    let text = text.trim_end().to_owned();
    Moment { seq: event.seq, at_ms: event.at_ms.saturating_sub(began_ms), mark, text }
}

/// A property in words.
pub(crate) fn property_text(property: Property) -> &'static str {
    match property {
        Property::Vendor => "Maker",
        Property::Model => "Model",
        Property::HardwareRevision => "Hardware revision",
        Property::Region => "Region",
        Property::BoardId => "Board id",
        Property::Serial => "Serial number",
        Property::MacAddress => "Ethernet address",
        Property::Version => "Version",
        Property::Architecture => "Architecture",
        Property::Chip => "Chip",
        Property::Codename => "Code name",
        Property::UsbId => "USB id",
        Property::RequestedFile => "File it asks for",
        Property::ReadyText => "Text of the running system",
        Property::Mention => "Name in passing",
    }
}

/// A change in words, as a noun.
pub(crate) fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::WriteRegion { region, offset, size, .. } => {
            format!("write of {} to {region} at {offset:#x}", bytes(*size))
        }
        Effect::EraseRegion { region, offset, size } => {
            format!("erasure of {} in {region} at {offset:#x}", bytes(*size))
        }
        Effect::SetEnvironment { variables } => {
            let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
            format!("change of the bootloader's variables {}", names.join(", "))
        }
        Effect::OfferImage { method, name, size, .. } => {
            format!("offer of {name} ({}) by {method}", bytes(*size))
        }
        Effect::RunImage { method, name, size, .. } => {
            format!("start of {name} ({}) in its memory by {method}", bytes(*size))
        }
        Effect::Restart => "restart".into(),
    }
}

/// An answer in words.
pub(crate) fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Done => "done".into(),
        Answer::Yes => "yes".into(),
        Answer::No => "no".into(),
        Answer::Text(text) => text.clone(),
        Answer::DontKnow => "not known".into(),
    }
}

fn sentence(body: &EventBody) -> (Mark, String) {
    use Mark::{Attention, Bad, Change, Good, Note};

    match body {
        EventBody::SessionOpened { program, device, .. } => {
            (Note, format!("The session began: {device}, with version {program} of the program."))
        }
        EventBody::SessionResumed { after_seq, .. } => {
            (Attention, format!("The session went on after an interruption behind event {after_seq}."))
        }
        EventBody::PlanMade { method, steps, .. } => {
            (Note, format!("The plan was made: {method}, {} steps.", steps.len()))
        }
        EventBody::StepStarted { step, attempt: 1 } => (Note, format!("Step begun: {}.", step.title())),
        EventBody::StepStarted { step, attempt } => {
            (Note, format!("Step begun, attempt {attempt}: {}.", step.title()))
        }
        EventBody::StepEnded { step, outcome, summary, .. } => {
            let (mark, word) = match outcome {
                Outcome::Done => (Good, "done"),
                Outcome::Skipped => (Note, "skipped"),
                Outcome::Failed => (Bad, "failed"),
                Outcome::Cancelled => (Attention, "stopped"),
            };
            (mark, format!("Step {word}: {}. {summary}", step.title()))
        }
        EventBody::Observed { observation } => (
            Note,
            format!(
                "Observed: {} {}, from {}.",
                property_text(observation.property),
                observation.value,
                observation.source
            ),
        ),
        EventBody::EvidenceStored { name, .. } => (Note, format!("Evidence stored: {name}.")),
        EventBody::Diagnosed { diagnosis } => {
            (Note, format!("Diagnosis: {} {}", diagnosis.state.meaning(), diagnosis.cause().meaning()))
        }
        EventBody::Identified { identity } if identity.is_established() => {
            (Good, format!("Identified: {}.", identity.device))
        }
        EventBody::Identified { identity } => {
            (Attention, format!("Not identified for certain: {}.", identity.device))
        }
        EventBody::ImageJudged { name, integrity, provenance, fitness, .. } => {
            let verdicts = [integrity, provenance, fitness].map(|report| report.verdict.id());
            let [integrity, provenance, fitness] = verdicts;
            (
                Note,
                format!("Image {name}: integrity {integrity}, provenance {provenance}, fitness {fitness}."),
            )
        }
        EventBody::GateChecked { result } => {
            let (mark, word) = match result.outcome {
                GateOutcome::Pass => (Good, "is open"),
                GateOutcome::Fail => (Bad, "is shut"),
                GateOutcome::Unknown => (Bad, "stays shut, because too little is known"),
            };
            (mark, format!("The gate {} {word}. {}", result.gate, result.reasons.join(" ")))
        }
        EventBody::GateWaived { waiver } => {
            (Attention, format!("The gate {} was waived by a person: {}", waiver.gate, waiver.because))
        }
        EventBody::Cleared { regions, .. } => {
            (Good, format!("Cleared to be written: {}.", regions.join(", ")))
        }
        EventBody::Asked { request } => (Attention, format!("Asked: {}", request.text)),
        EventBody::Answered { request, answer, sensed } => {
            let how = if *sensed { "Seen by the program" } else { "Answered" };
            (Note, format!("{how} ({request}): {}.", answer_text(answer)))
        }
        EventBody::BackedUp { region, size, readings, .. } => {
            (Good, format!("Copied: {region}, {}, {readings} readings.", bytes(*size)))
        }
        EventBody::Coached { reached: true, by, attempts, .. } => {
            (Good, format!("In its recovery mode: {by} (attempt {attempts})."))
        }
        EventBody::Coached { attempts, misses, .. } => {
            let why = misses.join(" ");
            (Attention, format!("Not brought into its recovery mode in {attempts} attempts. {why}"))
        }
        EventBody::BackupProven { regions } => {
            (Good, format!("The copies were proven to restore: {}.", regions.join(", ")))
        }
        EventBody::BackupOmitted { region, because } => {
            (Attention, format!("Not copied: {region}. {because}"))
        }
        EventBody::Intent { effect } => (Change, format!("Announced: {}.", effect_text(effect))),
        EventBody::EffectDone { sent, unchanged } => (
            Good,
            format!("The unit says it is done: {} sent, {} right already.", bytes(*sent), bytes(*unchanged)),
        ),
        EventBody::Verified { region, ok: true, how, .. } => {
            (Good, format!("Compared by {how}: {region} is right."))
        }
        EventBody::Verified { region, how, wrong, .. } => {
            (Bad, format!("Compared by {how}: {} of {region} are wrong.", bytes(*wrong)))
        }
        EventBody::Booted { version, took_ms } => {
            let version =
                version.as_deref().map(|version| format!(", version {version}")).unwrap_or_default();
            (Good, format!("The system started in {}{version}.", duration(*took_ms)))
        }
        EventBody::SmokeTested { name, ok: true, detail } => (Good, format!("Test passed: {name}. {detail}")),
        EventBody::SmokeTested { name, detail, .. } => (Bad, format!("Test failed: {name}. {detail}")),
        EventBody::Noted { text } => (Note, text.clone()),
        EventBody::Failed { step, problem } => {
            (Bad, format!("Failed in {step}: {problem} ({}).", problem.code))
        }
        EventBody::Retrying { step, change } => (Attention, format!("Trying {step} again: {change}")),
        EventBody::SessionClosed { ending, .. } => (Note, format!("The session ended: {}.", ending.id())),
    }
}
