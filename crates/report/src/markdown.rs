//! The report as Markdown (CommonMark with tables), for tickets and forums.

use std::fmt::Write as _;

use debrick_model::{Effect, GateOutcome, VerdictReport};
use debrick_vault::CANNOT_BE_DETECTED;

use crate::model::{Mark, Report};
use crate::text::{bytes, clock, duration, markdown, markdown_block, visible_lines};
use crate::timeline::{effect_text, property_text};

/// Writes a report as Markdown.
pub fn render(report: &Report) -> String {
    let mut out = Document(String::new());
    first_screen(report, &mut out);
    archive(report, &mut out);
    diagnosis(report, &mut out);
    writes(report, &mut out);
    boots(report, &mut out);
    troubles(report, &mut out);
    images(report, &mut out);
    gates(report, &mut out);
    backups(report, &mut out);
    identity(report, &mut out);
    excerpt(report, &mut out);
    steps(report, &mut out);
    evidence(report, &mut out);
    timeline(report, &mut out);
    chain(report, &mut out);
    out.0
}

/// Markdown that is being written. Everything that comes from outside goes through [`markdown`].
struct Document(String);

impl Document {
    fn raw(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn head(&mut self, title: &str) {
        let _ = writeln!(self.0, "\n## {title}\n");
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.0, "- {}", text.trim_end());
    }

    fn table(&mut self, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let _ = writeln!(self.0, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
        for row in rows {
            let _ = writeln!(self.0, "| {} |", row.join(" | "));
        }
    }
}

fn first_screen(report: &Report, out: &mut Document) {
    let headline = &report.headline;
    let _ = writeln!(out.0, "# {}\n", markdown(&headline.title));
    let began = report.opened_at_ms.map(debrick_vault::utc_text).unwrap_or_default();
    let _ = writeln!(
        out.0,
        "Repair report of session {}, {began}, took {}.\n",
        markdown(&report.session),
        duration(report.took_ms)
    );
    for line in &report.summary {
        let _ = writeln!(out.0, "{}\n", markdown(line));
    }
    for (title, lines) in [
        ("What was wrong", &headline.wrong),
        ("What was done", &headline.done),
        ("How it is now", &headline.now),
        ("What to do next", &headline.next),
    ] {
        out.head(title);
        lines.iter().for_each(|line| out.item(&markdown(line)));
    }
}

fn archive(report: &Report, out: &mut Document) {
    let archive = &report.archive;
    let known = |text: &Option<String>| text.as_deref().map_or("not known".into(), markdown);
    out.head("For the archive");
    out.item(&format!("Model: {}", known(&archive.model)));
    out.item(&format!("Hardware revision: {}", known(&archive.hardware_revision)));
    out.item(&format!("Serial number: {}", known(&archive.serial)));
    out.item(&format!("Firmware file: {}", known(&archive.firmware_file)));
    if let Some(firmware) = archive.firmware {
        out.item(&format!("Firmware SHA-256: `{firmware}`"));
    }
    out.item(&format!("Version that runs now: {}", known(&archive.final_version)));
    out.item(&format!("Ports: {}", markdown(&report.ports.join(", "))));
    if let Some(record) = report.record {
        out.item(&format!("Device record: `{record}`"));
    }
}

fn diagnosis(report: &Report, out: &mut Document) {
    for judgement in &report.judgements {
        let diagnosis = &judgement.diagnosis;
        out.head("Diagnosis");
        let _ = writeln!(out.0, "{} (`{}`)\n", diagnosis.state.meaning(), diagnosis.state);
        for finding in &diagnosis.findings {
            let likelihood = finding.likelihood * 100.0;
            out.item(&format!("{} (`{}`, {likelihood:.0} %)", finding.cause.meaning(), finding.cause));
            for line in &finding.evidence {
                let (file, says, text) = (markdown(&line.file), markdown(&line.says), markdown(&line.text));
                let _ = writeln!(out.0, "  - {file}, line {}: “{}” {says}", line.line, text.trim());
            }
        }
        for action in &diagnosis.actions {
            out.item(&format!(
                "Proposed: {} {} {}",
                action.action.meaning(),
                markdown(&action.why),
                markdown(&action.risk)
            ));
        }
    }
}

fn writes(report: &Report, out: &mut Document) {
    out.head("What was written");
    if report.writes.is_empty() {
        return out.raw("Nothing was written to the unit.");
    }
    let rows = report.writes.iter().map(|write| {
        let done = |of: fn(&crate::model::Done) -> u64| {
            write.done.as_ref().map_or("–".into(), |done| bytes(of(done)))
        };
        let content = match &write.effect {
            Effect::WriteRegion { content, .. } => format!("`{content}`"),
            Effect::SetEnvironment { variables } => {
                let all: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                markdown(&all.join("; "))
            }
            _ => String::new(),
        };
        vec![
            write.seq.to_string(),
            markdown(&effect_text(&write.effect)),
            done(|done| done.sent),
            done(|done| done.unchanged),
            match (&write.done, write.failed) {
                (Some(_), _) => "yes",
                (None, true) => "**failed**",
                (None, false) => "**not recorded**",
            }
            .into(),
            write.verified.map_or("–", |ok| if ok { "right" } else { "**wrong**" }).into(),
            content,
        ]
    });
    out.table(&["Event", "What", "Sent", "Right already", "Done", "Compared", "Content"], rows);
    for check in &report.verifications {
        let result = if check.ok { "right".into() } else { format!("**wrong**, {}", bytes(check.wrong)) };
        let (region, how) = (markdown(&check.region), markdown(&check.how));
        let _ = writeln!(
            out.0,
            "\nCompared (event {}): {region}, {result}, {how}, `{}`",
            check.seq, check.content
        );
    }
}

fn boots(report: &Report, out: &mut Document) {
    if report.boots.is_empty() && report.tests.is_empty() {
        return;
    }
    out.head("First start and tests");
    for boot in &report.boots {
        let version = boot.version.as_deref().map_or("not known".into(), markdown);
        out.item(&format!("Started in {}, version {version}", duration(boot.took_ms)));
    }
    for test in &report.tests {
        let result = if test.ok { "Passed" } else { "**Failed**" };
        out.item(&format!("{result}: {}. {}", markdown(&test.name), markdown(&test.detail)));
    }
}

fn troubles(report: &Report, out: &mut Document) {
    if report.troubles.is_empty() && report.retries.is_empty() {
        return;
    }
    out.head("Failures and retries");
    for trouble in &report.troubles {
        let (what, code) = (markdown(&trouble.problem.to_string()), markdown(&trouble.problem.code));
        out.item(&format!("Failed in {} (event {}): {what} ({code})", trouble.step, trouble.seq));
    }
    for retry in &report.retries {
        out.item(&format!("Tried {} again (event {}): {}", retry.step, retry.seq, markdown(&retry.change)));
    }
}

fn images(report: &Report, out: &mut Document) {
    for image in &report.images {
        out.head("Firmware file");
        let known = |text: &Option<String>| text.as_deref().map_or("not known".into(), markdown);
        let cleared = if image.cleared { ", cleared to be written" } else { "" };
        out.item(&format!("{}, {} bytes{cleared}", markdown(&image.name), image.size));
        out.item(&format!("Format {}, version {}", known(&image.format), known(&image.version)));
        out.item(&format!("SHA-256: `{}`", image.artifact));
        for (question, verdict) in [
            ("Undamaged", &image.integrity),
            ("From the vendor", &image.provenance),
            ("For this unit", &image.fitness),
        ] {
            one_verdict(question, verdict, out);
        }
    }
}

fn one_verdict(question: &str, report: &VerdictReport, out: &mut Document) {
    out.item(&format!("{question}: **{}** {}", report.verdict.id(), markdown(&report.reasons.join(" "))));
    for check in &report.checks {
        let (name, expected, actual) =
            (markdown(&check.name), markdown(&check.expected), markdown(&check.actual));
        let line = if check.ok {
            format!("agrees: {name}: {actual}")
        } else {
            format!("**differs**: {name}: expected {expected}, found {actual}")
        };
        let _ = writeln!(out.0, "  - {line}");
    }
}

fn gates(report: &Report, out: &mut Document) {
    if report.gates.is_empty() {
        return;
    }
    out.head("Safety checks before writing");
    let rows = report.gates.iter().map(|gate| {
        let state = match gate.outcome {
            Some(GateOutcome::Pass) => "open",
            Some(GateOutcome::Fail) => "**shut**",
            Some(GateOutcome::Unknown) => "**shut**: not known",
            None => "not looked at",
        };
        let waived =
            gate.waived_because.as_deref().map(|because| format!("**waived**: {}", markdown(because)));
        vec![
            gate.gate.to_string(),
            state.into(),
            markdown(&gate.reasons.join(" ")),
            waived.unwrap_or_default(),
        ]
    });
    out.table(&["Gate", "State", "Why", "Waived"], rows);
}

fn backups(report: &Report, out: &mut Document) {
    if report.backups.is_empty() && report.omissions.is_empty() {
        return;
    }
    out.head("Copies made before writing");
    for backup in &report.backups {
        out.item(&format!(
            "{} at {:#x}, {}, {} readings, proven to restore: {}, `{}`",
            markdown(&backup.region),
            backup.offset,
            bytes(backup.size),
            backup.readings,
            if backup.proven { "yes" } else { "**no**" },
            backup.artifact
        ));
    }
    for omission in &report.omissions {
        out.item(&format!("Not copied: {}. {}", markdown(&omission.region), markdown(&omission.because)));
    }
}

fn identity(report: &Report, out: &mut Document) {
    if report.identity.is_none() && report.observations.is_empty() {
        return;
    }
    out.head("What the unit is");
    if let Some(identity) = &report.identity {
        let _ = writeln!(
            out.0,
            "{}{}: {} independent witnesses, {} contradictions.\n",
            markdown(&identity.device),
            if identity.is_established() { "" } else { ", **not established**" },
            identity.independent_witnesses(),
            identity.contradicting.len()
        );
    }
    for seen in &report.observations {
        let (value, source) = (markdown(&seen.value), markdown(&seen.source));
        let (property, witness) = (property_text(seen.property), markdown(&seen.witness));
        let discounted = report.identity.iter().flat_map(|identity| &identity.discounted);
        let because = discounted.into_iter().find(|one| one.observation == *seen).map(|one| &one.because);
        let aside = because.map_or_else(String::new, |because| {
            format!("; says otherwise and does not count: {}", markdown(because))
        });
        out.item(&format!("{property}: {value}, from {source} (witness {witness}){aside}"));
    }
}

fn excerpt(report: &Report, out: &mut Document) {
    let Some(excerpt) = &report.excerpt else { return };
    out.head("What it said on its console");
    let _ = writeln!(out.0, "{}; whole log: `{}`\n", markdown(&excerpt.name), excerpt.artifact);
    let lines: Vec<_> =
        excerpt.lines.iter().map(|line| visible_lines(line).next().unwrap_or_default()).collect();
    out.0.push_str(&markdown_block(&lines));
}

fn steps(report: &Report, out: &mut Document) {
    if report.attempts.is_empty() {
        return;
    }
    out.head("Steps");
    if let Some(plan) = &report.plan {
        let _ = writeln!(out.0, "Method: {}\n", markdown(&plan.method));
    }
    let rows = report.attempts.iter().map(|attempt| {
        let outcome = attempt
            .outcome
            .map_or("**not finished**".into(), |outcome| format!("{outcome:?}").to_lowercase());
        vec![
            clock(attempt.started_ms),
            attempt.step.title().into(),
            attempt.attempt.to_string(),
            outcome,
            attempt.took_ms.map(duration).unwrap_or_default(),
            markdown(&attempt.summary),
        ]
    });
    out.table(&["Begun", "Step", "Attempt", "Result", "Took", ""], rows);
}

fn evidence(report: &Report, out: &mut Document) {
    if report.evidence.is_empty() {
        return;
    }
    out.head("Evidence");
    for one in &report.evidence {
        out.item(&format!("{} (event {}): `{}`", markdown(&one.name), one.seq, one.artifact));
    }
}

fn timeline(report: &Report, out: &mut Document) {
    out.head("Everything that happened");
    for moment in &report.timeline {
        let mark = match moment.mark {
            Mark::Note => "·",
            Mark::Good => "✓",
            Mark::Bad => "✗",
            Mark::Attention => "!",
            Mark::Change => "✎",
        };
        out.item(&format!("{} {mark} {}", clock(moment.at_ms), markdown(&moment.text)));
    }
}

fn chain(report: &Report, out: &mut Document) {
    let chain = &report.chain;
    out.head("Can this record be trusted?");
    let state = if chain.is_intact() { "Undamaged" } else { "**Damaged**" };
    let _ = writeln!(out.0, "{state}: {} events, {} stored files checked.\n", chain.events, chain.artifacts);
    for fault in &chain.faults {
        let place = fault.seq.map(|seq| format!("Event {seq}: ")).unwrap_or_default();
        out.item(&format!("{place}{}", markdown(&fault.what)));
    }
    let _ = writeln!(out.0, "\nLast hash: `{}`\n\n{CANNOT_BE_DETECTED}", chain.head);
}
