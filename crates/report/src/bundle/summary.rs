//! One page of plain text for a professional who sees the case for the first time.

use std::fmt::Write as _;

use debrick_model::{Effect, EvidenceKind, GateOutcome, Outcome};

use super::Guidance;
use crate::model::Report;
use crate::text::{bytes, duration, shortened, visible};
use crate::timeline::effect_text;

/// Characters in a line.
const WIDTH: usize = 78;

/// Items of a list that are shown.
const MOST: usize = 8;

/// Characters of an item that are shown.
const ITEM: usize = 300;

/// Writes the page.
pub(super) fn render(report: &Report, guidance: &Guidance) -> String {
    let mut page = Page(String::new());
    let archive = &report.archive;
    let unknown = "not known";
    page.line(&format!("DEBRICK CASE {}", report.session));
    let began = report.opened_at_ms.map(debrick_vault::utc_text).unwrap_or_default();
    page.line(&format!("{began}, took {}", duration(report.took_ms)));
    page.fact("Unit", archive.model.as_deref().unwrap_or(unknown));
    page.fact("Serial", archive.serial.as_deref().unwrap_or(unknown));
    page.fact("Revision", archive.hardware_revision.as_deref().unwrap_or(unknown));
    page.fact("Firmware", archive.firmware_file.as_deref().unwrap_or("none written"));
    page.fact("Version", archive.final_version.as_deref().unwrap_or(unknown));
    page.fact("Result", &report.headline.title);
    page.list("NOW", report.headline.now.iter().cloned());
    page.list("SYMPTOMS", symptoms(report));
    page.list("FAULT", fault(report));
    page.list("TRIED", tried(report));
    page.list("CHANGED ON THE UNIT", changed(report));
    page.list("KEPT BY THE OWNER", kept(report));
    page.list("WAIVED", waived(report));
    page.list("MUST NOT BE DONE", must_not(report, guidance));
    page.list("NEXT", report.headline.next.iter().cloned());
    page.list("WHO CAN HELP", guidance.helpers.iter().cloned());
    let state = if report.chain.is_intact() { "undamaged" } else { "DAMAGED: see the report" };
    page.list(
        "RECORD",
        std::iter::once(format!("{} events, {state}; last hash {}", report.chain.events, report.chain.head)),
    );
    page.0
}

/// What was seen before anything was done: the first judgement, and what people said.
fn symptoms(report: &Report) -> impl Iterator<Item = String> {
    let first = report.judgements.first().map(|judgement| {
        let state = judgement.diagnosis.state;
        format!("At the first look: {}", state.meaning())
    });
    let said = report
        .evidence
        .iter()
        .filter(|evidence| evidence.kind == EvidenceKind::Symptom)
        .map(|evidence| evidence.name.clone());
    let stages = report.judgements.first().and_then(|judgement| judgement.diagnosis.timeline.last());
    let last = stages.map(|stage| format!("It gets as far as {}.", stage.name));
    first.into_iter().chain(last).chain(said)
}

/// What its backups prove to be the unit's own, and what is known of the device.
fn must_not(report: &Report, guidance: &Guidance) -> impl Iterator<Item = String> {
    let kept: Vec<&str> = report.backups.iter().map(|backup| backup.region.as_str()).collect();
    let own = (!kept.is_empty()).then(|| {
        format!(
            "Do not write {} with anything but the backups of this session: what they hold is this unit's own.",
            kept.join(", ")
        )
    });
    let shut: Vec<&str> = report
        .gates
        .iter()
        .filter(|gate| gate.outcome == Some(GateOutcome::Fail) && gate.waived_because.is_none())
        .map(|gate| gate.gate.id())
        .collect();
    let shut = (!shut.is_empty()).then(|| {
        format!("Do not write past the gate {}: it was shut, and the report says why.", shut.join(", "))
    });
    own.into_iter().chain(shut).chain(guidance.must_not.iter().cloned())
}

fn fault(report: &Report) -> impl Iterator<Item = String> {
    report.judgements.iter().rev().take(2).rev().flat_map(|judgement| {
        let diagnosis = &judgement.diagnosis;
        let state = format!("State {}: {}", diagnosis.state, diagnosis.state.meaning());
        let findings = diagnosis.findings.iter().take(2).flat_map(|finding| {
            let cause = format!("Cause {} ({:.0} %)", finding.cause, finding.likelihood * 100.0);
            let lines = finding
                .evidence
                .iter()
                .take(3)
                .map(|line| format!("{}:{}: {}", line.file, line.line, line.text));
            std::iter::once(cause).chain(lines)
        });
        std::iter::once(state).chain(findings)
    })
}

fn tried(report: &Report) -> impl Iterator<Item = String> {
    let failed =
        report.attempts.iter().filter(|attempt| matches!(attempt.outcome, Some(Outcome::Failed) | None));
    let failed = failed.map(|attempt| {
        let how = if attempt.outcome.is_some() { "failed" } else { "did not end" };
        format!("Step {} (attempt {}) {how}. {}", attempt.step, attempt.attempt, attempt.summary)
    });
    let troubles =
        report.troubles.iter().map(|trouble| format!("{}: {}", trouble.problem.code, trouble.problem));
    let method = report.plan.iter().map(|plan| format!("Method {}", plan.method));
    method.chain(failed).chain(troubles)
}

fn changed(report: &Report) -> impl Iterator<Item = String> {
    let nothing = report.writes.is_empty().then(|| "Nothing.".to_owned());
    let writes = report.writes.iter().filter(|write| write.effect != Effect::Restart).map(|write| {
        let done = match &write.done {
            Some(done) => format!("{} sent", bytes(done.sent)),
            None if write.failed => "failed".into(),
            None => "NOT RECORDED AS FINISHED".into(),
        };
        let verified = match write.verified {
            Some(true) => "compared: right",
            Some(false) => "compared: WRONG",
            None => "not compared",
        };
        format!("{}: {done}, {verified}", effect_text(&write.effect))
    });
    nothing.into_iter().chain(writes)
}

fn kept(report: &Report) -> impl Iterator<Item = String> {
    report.backups.iter().map(|backup| {
        let proven = if backup.proven { "proven to restore" } else { "not proven" };
        format!(
            "{} at {:#x}, {}, {proven}, sha256 {}",
            backup.region,
            backup.offset,
            bytes(backup.size),
            backup.artifact
        )
    })
}

fn waived(report: &Report) -> impl Iterator<Item = String> {
    let waived =
        |gate: &crate::model::GateState| Some(format!("{}: {}", gate.gate, gate.waived_because.as_deref()?));
    report.gates.iter().filter_map(waived)
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "{}", visible(text));
    }

    fn fact(&mut self, name: &str, text: &str) {
        let text = visible(text);
        let _ = writeln!(self.0, "  {name:<9} {}", shortened(&text, WIDTH - 12));
    }

    fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            return;
        }
        let _ = writeln!(self.0, "\n{title}");
        for item in items.iter().take(MOST) {
            self.item(&shortened(&visible(item), ITEM));
        }
        if items.len() > MOST {
            let _ = writeln!(self.0, "  … and {} more in the report", items.len() - MOST);
        }
    }

    fn item(&mut self, text: &str) {
        let mut line = String::from("  -");
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if line.chars().count() + 1 + word.chars().count() > WIDTH && line.len() > 4 {
                let _ = writeln!(self.0, "{line}");
                line = "   ".into();
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(self.0, "{line}");
    }
}
