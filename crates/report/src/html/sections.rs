//! The sections behind the first screen, for a technician.

use debrick_model::{Effect, Observation, VerdictReport};
use debrick_vault::CANNOT_BE_DETECTED;
use maud::{Markup, html};

use super::parts::{
    digest, folded, gate_outcome, mark_class, mark_symbol, mark_word, outcome, paragraphs, sheet, show,
    table, verdict, word, yes,
};
use crate::model::{Image, Judgement, Mark, Report, Write};
use crate::text::{bytes, clock, duration, visible_lines};
use crate::timeline::{effect_text, property_text};

pub(super) fn all(report: &Report) -> Markup {
    html! {
        (archive(report))
        (diagnosis(report))
        (writes(report))
        (boots(report))
        (troubles(report))
        (images(report))
        (gates(report))
        (backups(report))
        (identity(report))
        (excerpt(report))
        (plan(report))
        (conversation(report))
        (evidence(report))
        (timeline(report))
        (chain(report))
    }
}

fn archive(report: &Report) -> Markup {
    let archive = &report.archive;
    sheet(
        "For the archive",
        html! {
            dl {
                dt { "Model" } dd { (optional(archive.model.as_deref())) }
                dt { "Hardware revision" } dd { (optional(archive.hardware_revision.as_deref())) }
                dt { "Serial number" } dd { (optional(archive.serial.as_deref())) }
                dt { "Firmware file" }
                dd {
                    (optional(archive.firmware_file.as_deref()))
                    @if let Some(firmware) = &archive.firmware { br; (digest(firmware)) }
                }
                dt { "Version that runs now" } dd { (optional(archive.final_version.as_deref())) }
                dt { "Ports" } dd { (show(&report.ports.join(", "))) }
                @if let Some(record) = &report.record { dt { "Device record" } dd { (digest(record)) } }
                @if report.resumed > 0 { dt { "Interruptions" } dd { (report.resumed) } }
            }
        },
    )
}

fn optional(text: Option<&str>) -> Markup {
    match text {
        Some(text) => html! { bdi { (show(text)) } },
        None => html! { span class="soft" { "not known" } },
    }
}

fn diagnosis(report: &Report) -> Markup {
    if report.judgements.is_empty() {
        return html! {};
    }
    sheet("Diagnosis", html! { @for judgement in &report.judgements { (one_diagnosis(judgement)) } })
}

fn one_diagnosis(judgement: &Judgement) -> Markup {
    let diagnosis = &judgement.diagnosis;
    html! {
        h3 {
            (diagnosis.state.meaning()) " " code { (diagnosis.state) }
            @if let Some(step) = judgement.step { span class="soft" { " in step " (step) } }
        }
        @for finding in &diagnosis.findings {
            p {
                strong { (finding.cause.meaning()) } " " code { (finding.cause) }
                span class="soft" { " likelihood " (format!("{:.0}", finding.likelihood * 100.0)) " %" }
            }
            ul {
                @for line in &finding.evidence {
                    li { code { (show(&line.text)) } " " (show(&line.says))
                        span class="soft" { " (" (show(&line.file)) ", line " (line.line) ")" } }
                }
            }
        }
        @if !diagnosis.actions.is_empty() {
            p { "Proposed:" }
            ul {
                @for action in &diagnosis.actions {
                    li { (action.action.meaning()) " " (show(&action.why))
                        @if !action.risk.is_empty() { " " span class="soft" { "Risk: " (show(&action.risk)) } } }
                }
            }
        }
        @if !diagnosis.next_evidence.is_empty() {
            p { "To be surer, look at: " (show(&diagnosis.next_evidence.join("; "))) }
        }
    }
}

fn writes(report: &Report) -> Markup {
    if report.writes.is_empty() {
        return sheet("What was written", html! { p { "Nothing was written to the unit." } });
    }
    let heads = ["Event", "What", "Sent", "Right already", "Done", "Compared"];
    let rows = html! { @for write in &report.writes { (write_row(write)) } };
    sheet(
        "What was written",
        html! {
            (table("What was written", &heads, rows))
            @if !report.verifications.is_empty() {
                h3 { "Comparisons" }
                (table("Comparisons", &["Event", "Part", "Result", "How", "Expected content"], html! {
                    @for check in &report.verifications {
                        tr {
                            td class="number" { (check.seq) }
                            th scope="row" { (show(&check.region)) }
                            td { (yes(check.ok, "right", "wrong")) @if !check.ok { " " (bytes(check.wrong)) } }
                            td { (show(&check.how)) }
                            td { (digest(&check.content)) }
                        }
                    }
                }))
            }
        },
    )
}

fn write_row(write: &Write) -> Markup {
    let sent = |of: fn(&crate::model::Done) -> u64| match &write.done {
        Some(done) => bytes(of(done)),
        None => "\u{2013}".into(),
    };
    html! {
        tr {
            td class="number" { (write.seq) }
            th scope="row" {
                (show(&effect_text(&write.effect)))
                @if let Effect::WriteRegion { content, .. } = &write.effect { br; (digest(content)) }
                @if let Effect::SetEnvironment { variables } = &write.effect {
                    ul { @for (name, value) in variables { li { code { (show(name)) "=" (show(value)) } } } }
                }
            }
            td class="number" { (sent(|done| done.sent)) }
            td class="number" { (sent(|done| done.unchanged)) }
            td {
                @if write.done.is_some() { (word(Mark::Good, "yes")) }
                @else if write.failed { (word(Mark::Bad, "failed")) }
                @else { (word(Mark::Attention, "not recorded")) }
            }
            td {
                @match write.verified {
                    Some(ok) => { (yes(ok, "right", "wrong")) }
                    None => { span class="soft" { "\u{2013}" } }
                }
            }
        }
    }
}

fn boots(report: &Report) -> Markup {
    if report.boots.is_empty() && report.tests.is_empty() {
        return html! {};
    }
    sheet(
        "First start and tests",
        html! {
            @for boot in &report.boots {
                p { (word(Mark::Good, "started")) " in " (duration(boot.took_ms))
                    @if let Some(version) = &boot.version { ", version " code { (show(version)) } }
                    @if let Some(step) = boot.step { span class="soft" { " (step " (step) ")" } } }
            }
            @if !report.tests.is_empty() {
                (table("Tests of the running system", &["Test", "Result", "Seen", "Step"], html! {
                    @for test in &report.tests {
                        tr {
                            th scope="row" { (show(&test.name)) }
                            td { (yes(test.ok, "passed", "failed")) }
                            td { (show(&test.detail)) }
                            td { @if let Some(step) = test.step { (step) } }
                        }
                    }
                }))
            }
        },
    )
}

fn troubles(report: &Report) -> Markup {
    if report.troubles.is_empty() && report.retries.is_empty() {
        return html! {};
    }
    sheet(
        "Failures and retries",
        html! {
            ul {
                @for trouble in &report.troubles {
                    li {
                        (word(Mark::Bad, "failed")) " in step " (trouble.step) " (event " (trouble.seq) "): "
                        (show(&trouble.problem.to_string())) " " code { (show(&trouble.problem.code)) }
                        @if !trouble.problem.next_step.is_empty() {
                            span class="soft" { " " (show(&trouble.problem.next_step)) }
                        }
                    }
                }
                @for retry in &report.retries {
                    li { (word(Mark::Attention, "tried again")) " step " (retry.step) " (event " (retry.seq) "): "
                        (show(&retry.change)) }
                }
            }
        },
    )
}

fn images(report: &Report) -> Markup {
    if report.images.is_empty() {
        return html! {};
    }
    sheet("Firmware file", html! { @for image in &report.images { (one_image(image)) } })
}

fn one_image(image: &Image) -> Markup {
    html! {
        h3 { bdi { (show(&image.name)) } @if image.cleared { " " (word(Mark::Good, "cleared to be written")) } }
        dl {
            dt { "Size" } dd { (bytes(image.size)) " (" (image.size) " bytes)" }
            dt { "Format" } dd { (optional(image.format.as_deref())) }
            dt { "Version" } dd { (optional(image.version.as_deref())) }
            dt { "SHA-256" } dd { (digest(&image.artifact)) }
            dt { "Undamaged?" } dd { (one_verdict(&image.integrity)) }
            dt { "From the vendor?" } dd { (one_verdict(&image.provenance)) }
            dt { "For this unit?" } dd { (one_verdict(&image.fitness)) }
        }
    }
}

fn one_verdict(report: &VerdictReport) -> Markup {
    html! {
        (verdict(report.verdict))
        @for reason in &report.reasons { " " (show(reason)) }
        @if !report.checks.is_empty() {
            ul {
                @for check in &report.checks {
                    li {
                        (yes(check.ok, "agrees", "differs")) ": " (show(&check.name))
                        @if let Some(offset) = check.offset { span class="soft" { " at " (format!("{offset:#x}")) } }
                        @if check.ok { " " code { (show(&check.actual)) } }
                        @else { ": expected " code { (show(&check.expected)) } ", found " code { (show(&check.actual)) } }
                    }
                }
            }
        }
    }
}

fn gates(report: &Report) -> Markup {
    if report.gates.is_empty() {
        return html! {};
    }
    sheet(
        "Safety checks before writing",
        table(
            "Safety checks",
            &["Gate", "State", "Why", "Waived"],
            html! {
                @for gate in &report.gates {
                    tr {
                        th scope="row" { (gate.gate) }
                        td { (gate_outcome(gate.outcome)) }
                        td { (show(&gate.reasons.join(" "))) }
                        td {
                            @if let Some(because) = &gate.waived_because {
                                (word(Mark::Attention, "waived")) ": \u{201c}" bdi { (show(because)) } "\u{201d}"
                            }
                        }
                    }
                }
            },
        ),
    )
}

fn backups(report: &Report) -> Markup {
    if report.backups.is_empty() && report.omissions.is_empty() {
        return html! {};
    }
    sheet(
        "Copies made before writing",
        html! {
            @if !report.backups.is_empty() {
                (table("Copies", &["Part", "Place", "Size", "Readings", "Proven to restore", "SHA-256"], html! {
                    @for backup in &report.backups {
                        tr {
                            th scope="row" { (show(&backup.region)) }
                            td class="number" { (format!("{:#x}", backup.offset)) }
                            td class="number" { (bytes(backup.size)) }
                            td class="number" { (backup.readings) }
                            td { (yes(backup.proven, "yes", "no")) }
                            td { (digest(&backup.artifact)) }
                        }
                    }
                }))
            }
            @for omission in &report.omissions {
                p { (word(Mark::Attention, "not copied")) ": " strong { (show(&omission.region)) } ". "
                    (show(&omission.because)) }
            }
        },
    )
}

fn identity(report: &Report) -> Markup {
    if report.identity.is_none() && report.observations.is_empty() {
        return html! {};
    }
    let contradicting = |seen: &Observation| {
        report.identity.as_ref().is_some_and(|identity| identity.contradicting.contains(seen))
    };
    let discounted = |seen: &Observation| {
        let identity = report.identity.as_ref()?;
        identity.discounted.iter().find(|one| one.observation == *seen)
    };
    sheet(
        "What the unit is",
        html! {
            @if let Some(identity) = &report.identity {
                p {
                    (yes(identity.is_established(), "established", "not established")) ": "
                    code { (show(&identity.device)) } ", " (identity.independent_witnesses())
                    " independent witnesses, " (identity.contradicting.len()) " contradictions."
                }
            }
            @if !report.observations.is_empty() {
                (table("Observations", &["Property", "Value", "Source", "Witness"], html! {
                    @for seen in &report.observations {
                        tr {
                            th scope="row" { (property_text(seen.property)) }
                            td { bdi { (show(&seen.value)) } @if contradicting(seen) { " " (word(Mark::Bad, "contradicts")) }
                                @if let Some(one) = discounted(seen) {
                                    " " (word(Mark::Attention, "says otherwise, does not count")) ": " (show(&one.because))
                                } }
                            td { (show(&seen.source)) }
                            td { (show(&seen.witness)) }
                        }
                    }
                }))
            }
        },
    )
}

fn excerpt(report: &Report) -> Markup {
    let Some(excerpt) = &report.excerpt else { return html! {} };
    let lines: Vec<_> =
        excerpt.lines.iter().map(|line| visible_lines(line).next().unwrap_or_default()).collect();
    sheet(
        "What it said on its console",
        html! {
            p {
                (show(&excerpt.name))
                @if let Some(step) = excerpt.step { span class="soft" { " (step " (step) ")" } }
                @if excerpt.shortened { ", the last " (lines.len()) " lines" }
                ". Whole log: " (digest(&excerpt.artifact))
            }
            pre tabindex="0" role="region" aria-label="Console log" { @for line in &lines { bdi { (line) } "\n" } }
        },
    )
}

fn plan(report: &Report) -> Markup {
    if report.plan.is_none() && report.attempts.is_empty() {
        return html! {};
    }
    sheet(
        "Steps",
        html! {
            @if let Some(plan) = &report.plan {
                p { "Method: " code { (show(&plan.method)) } }
                (paragraphs(&plan.summary))
            }
            (table("Steps", &["Begun", "Step", "Attempt", "Result", "Took", ""], html! {
                @for attempt in &report.attempts {
                    tr {
                        td class="number" { (clock(attempt.started_ms)) }
                        th scope="row" { (attempt.step.title()) }
                        td class="number" { (attempt.attempt) }
                        td { (outcome(attempt.outcome)) }
                        td class="number" { @if let Some(took_ms) = attempt.took_ms { (duration(took_ms)) } }
                        td { (show(&attempt.summary)) }
                    }
                }
            }))
        },
    )
}

fn conversation(report: &Report) -> Markup {
    if report.conversation.is_empty() {
        return html! {};
    }
    folded(
        "Asked and answered",
        html! {
            dl {
                @for one in &report.conversation {
                    dt { code { (show(&one.request)) } }
                    dd {
                        (show(&one.text)) " \u{2014} "
                        @match &one.answer {
                            Some(answer) => { strong { (show(answer)) } @if one.sensed { " (seen by the program)" } }
                            None => { (word(Mark::Attention, "no answer")) }
                        }
                    }
                }
            }
        },
    )
}

fn evidence(report: &Report) -> Markup {
    if report.evidence.is_empty() {
        return html! {};
    }
    folded(
        "Evidence",
        table(
            "Evidence",
            &["Event", "Name", "Step", "SHA-256"],
            html! {
                @for one in &report.evidence {
                    tr {
                        td class="number" { (one.seq) }
                        th scope="row" { (show(&one.name)) }
                        td { @if let Some(step) = one.step { (step) } }
                        td { (digest(&one.artifact)) }
                    }
                }
            },
        ),
    )
}

fn timeline(report: &Report) -> Markup {
    folded(
        &format!("Everything that happened ({} events)", report.timeline.len()),
        html! {
            ol class="moments" {
                @for moment in &report.timeline {
                    li {
                        time { (clock(moment.at_ms)) }
                        span class=(mark_class(moment.mark)) role="img" aria-label=(mark_word(moment.mark)) {
                            (mark_symbol(moment.mark))
                        }
                        span class="line" { (show(&moment.text)) }
                    }
                }
            }
        },
    )
}

fn chain(report: &Report) -> Markup {
    let chain = &report.chain;
    sheet(
        "Can this record be trusted?",
        html! {
            p {
                (yes(chain.is_intact(), "undamaged", "damaged")) ": " (chain.events) " events, " (chain.artifacts)
                " stored files checked."
            }
            @if !chain.faults.is_empty() {
                ul {
                    @for fault in &chain.faults {
                        li { @if let Some(seq) = fault.seq { "Event " (seq) ": " } (show(&fault.what)) }
                    }
                    @if chain.faults_left_out > 0 { li { "and " (chain.faults_left_out) " more" } }
                }
            }
            p { "Last hash: " (digest(&chain.head)) }
            p class="soft" { (CANNOT_BE_DETECTED) }
        },
    )
}
