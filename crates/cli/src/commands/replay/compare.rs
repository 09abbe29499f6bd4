//! Whether two runs came out the same: what happened, in which order; not when, and nothing that was redacted.

use debrick_model::{Diagnosis, Effect, Event, EventBody};
use serde::Serialize;
use serde_json::{Value, json};

/// Where two runs part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Divergence {
    /// The number of the event, counted from 1.
    pub(super) event: usize,
    /// What happened there, and what happens now.
    pub(super) recorded: String,
    pub(super) replayed: String,
    /// What the links say, where they do.
    pub(super) because: Option<String>,
}

/// The first event that differs. What a run that was killed would have done more is not looked at.
pub(super) fn first_divergence(recorded: &[Event], replayed: &[Event]) -> Option<Divergence> {
    let is_closed = recorded.iter().any(|event| matches!(event.body, EventBody::SessionClosed { .. }));
    let length = if is_closed { recorded.len().max(replayed.len()) } else { recorded.len() };
    let differs = |index: &usize| essence(recorded.get(*index)) != essence(replayed.get(*index));
    let index = (0..length).find(differs)?;
    let because = replayed.iter().skip(index.saturating_sub(2)).find_map(|event| match &event.body {
        EventBody::Failed { problem, .. } => {
            let texts = std::iter::once(&problem.what).chain(&problem.causes);
            texts.into_iter().find(|text| text.contains("than its recording")).cloned()
        }
        _ => None,
    });
    Some(Divergence {
        event: index + 1,
        recorded: words(recorded.get(index)),
        replayed: words(replayed.get(index)),
        because,
    })
}

fn words(event: Option<&Event>) -> String {
    const MOST: usize = 400;

    let Some(event) = event else { return "nothing more".into() };
    format!("{} {}", event.body.name(), essence(Some(event))).chars().take(MOST).collect()
}

/// What has to be the same about an event.
fn essence(event: Option<&Event>) -> Value {
    let Some(event) = event else { return Value::Null };
    let body = &event.body;
    let essence = match body {
        EventBody::SessionOpened { device, .. } => json!(device),
        EventBody::SessionResumed { .. } | EventBody::Noted { .. } => Value::Null,
        EventBody::PlanMade { method, steps, summary } => json!([method, steps, summary]),
        EventBody::StepStarted { step, attempt } => json!([step, attempt]),
        EventBody::StepEnded { step, attempt, outcome, .. } => json!([step, attempt, outcome]),
        EventBody::Observed { observation } => json!([observation.property, observation.witness]),
        EventBody::EvidenceStored { kind, name, .. } => json!([kind, name]),
        EventBody::Diagnosed { diagnosis } => of_diagnosis(diagnosis),
        EventBody::Identified { identity } => {
            json!([
                identity.device,
                identity.is_established(),
                identity.agreeing.len(),
                identity.contradicting.len()
            ])
        }
        EventBody::ImageJudged { name, artifact, size, format, version, integrity, fitness, .. } => {
            json!([name, artifact, size, format, version, integrity.verdict, fitness.verdict])
        }
        EventBody::GateChecked { result } => json!([result.gate, result.outcome]),
        EventBody::GateWaived { waiver } => json!(waiver.gate),
        EventBody::Cleared { regions, image } => json!([regions, image]),
        EventBody::Asked { request } => json!(request.id),
        EventBody::Answered { request, sensed, .. } => json!([request, sensed]),
        EventBody::Coached { method, reached, attempts, .. } => json!([method, reached, attempts]),
        EventBody::BackedUp { region, offset, size, readings, .. } => json!([region, offset, size, readings]),
        EventBody::BackupProven { regions } => json!(regions),
        EventBody::BackupOmitted { region, .. } => json!(region),
        EventBody::Intent { effect } => of_effect(effect),
        EventBody::EffectDone { sent, unchanged } => json!([sent, unchanged]),
        EventBody::Verified { region, ok, wrong, .. } => json!([region, ok, wrong]),
        EventBody::Booted { version, .. } => json!(version),
        EventBody::SmokeTested { name, ok, .. } => json!([name, ok]),
        EventBody::Failed { step, problem } => json!([step, problem.code]),
        EventBody::Retrying { step, change } => json!([step, change]),
        EventBody::SessionClosed { ending, version, .. } => json!([ending, version]),
    };
    json!([body.name(), essence])
}

/// State, causes with the places of their evidence, actions, and the boot.
fn of_diagnosis(diagnosis: &Diagnosis) -> Value {
    let findings = diagnosis.findings.iter().map(|finding| {
        let lines = finding.evidence.iter().map(|line| json!([line.file, line.line]));
        json!([finding.cause, format!("{:.2}", finding.likelihood), lines.collect::<Vec<_>>()])
    });
    let actions = diagnosis.actions.iter().map(|proposed| proposed.action);
    json!([
        diagnosis.state,
        findings.collect::<Vec<_>>(),
        actions.collect::<Vec<_>>(),
        diagnosis.timeline.len()
    ])
}

/// The content of a backup that is given back is the owner's, and differs.
fn of_effect(effect: &Effect) -> Value {
    match effect {
        Effect::WriteRegion { region, offset, size, .. } => json!(["write", region, offset, size]),
        Effect::EraseRegion { region, offset, size } => json!(["erase", region, offset, size]),
        Effect::SetEnvironment { variables } => {
            json!(["variables", variables.iter().map(|(name, _)| name).collect::<Vec<_>>()])
        }
        Effect::OfferImage { method, name, size, .. } => json!(["offer", method, name, size]),
        Effect::RunImage { method, name, size, .. } => json!(["run", method, name, size]),
        Effect::Restart => json!("restart"),
    }
}
