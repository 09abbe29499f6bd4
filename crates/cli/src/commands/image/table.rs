//! How what is known of an image looks to a person.

use debrick_image::{Container, Coverage, ImageFacts};
use debrick_model::{Verdict, VerdictReport};
use debrick_report::text;

use crate::out::harmless;
use crate::style::Style;

/// The most checks, containers or warnings that are listed; `--json` has all.
const MOST_LINES: usize = 40;

/// Fields of a container that are shown beside it.
const MOST_FIELDS: usize = 6;

/// The file in one line: what it is, for what, and whether it is whole.
pub(super) fn headline(name: &str, facts: &ImageFacts, style: Style) -> String {
    let Some(format) = &facts.format else {
        return format!(
            "{}: {}",
            style.strong(&harmless(name)),
            style.warn("not a firmware file that is known")
        );
    };
    let mut what = vec![format.clone()];
    let device: Vec<&str> = [&facts.vendor, &facts.model, &facts.hardware_revision, &facts.region]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if !device.is_empty() {
        what.push(format!("for {}", device.join(" ")));
    }
    if let Some(version) = &facts.version {
        what.push(format!("version {version}"));
    }
    format!("{}: {}: {}", style.strong(&harmless(name)), harmless(&what.join(", ")), condition(facts, style))
}

/// Whether an image is whole, in a few words.
fn condition(facts: &ImageFacts, style: Style) -> String {
    let failed = facts.integrity.checks.iter().filter(|check| !check.ok).count();
    match (facts.integrity.verdict, facts.coverage) {
        (Verdict::Fail, _) if failed == 1 => style.bad("DAMAGED: a check fails"),
        (Verdict::Fail, _) => style.bad(&format!("DAMAGED: {failed} checks fail")),
        (Verdict::Pass, Coverage::Contents) => style.good("undamaged"),
        (Verdict::Pass, _) => style.good("undamaged as far as its checksums reach, which is not everywhere"),
        (Verdict::Unknown, _) => style.warn("whether it is damaged cannot be told: it carries no checksum"),
    }
}

/// Everything that is known of an image, a line each.
pub(super) fn details(facts: &ImageFacts, style: Style) -> Vec<String> {
    let mut lines = vec![
        format!("  size        {} ({})", facts.size, text::bytes(facts.size)),
        format!("  sha256      {}", facts.sha256),
    ];
    for (label, value) in [
        ("vendor", &facts.vendor),
        ("model", &facts.model),
        ("revision", &facts.hardware_revision),
        ("region", &facts.region),
        ("version", &facts.version),
        ("processor", &facts.architecture),
    ] {
        lines.extend(value.as_ref().map(|value| format!("  {label:<11} {}", harmless(value))));
    }
    if !facts.board_ids.is_empty() {
        lines.push(format!("  boards      {}", harmless(&facts.board_ids.join(", "))));
    }
    lines.extend(verdict("integrity", &facts.integrity, style));
    lines.extend(verdict("provenance", &facts.provenance, style));
    lines.push(format!("  {:<34} {:>12} {:>12}", "contents", "offset", "size"));
    lines.extend(facts.containers.iter().take(MOST_LINES).map(container));
    if facts.containers.len() > MOST_LINES {
        lines.push(format!("    and {} more", facts.containers.len() - MOST_LINES));
    }
    for warning in facts.warnings.iter().take(MOST_LINES) {
        lines.push(format!("  {} {}", style.warn("warning:"), harmless(warning)));
    }
    lines
}

/// A verdict with its checks and reasons, a line each.
pub(super) fn verdict(question: &str, report: &VerdictReport, style: Style) -> Vec<String> {
    let word = match report.verdict {
        Verdict::Pass => style.good("pass"),
        Verdict::Fail => style.bad("FAIL"),
        Verdict::Unknown => style.warn("unknown"),
    };
    let mut lines = vec![format!("  {question:<11} {word}")];
    // What fails is what a person looks for.
    let failures = report.checks.iter().filter(|check| !check.ok);
    let successes = report.checks.iter().filter(|check| check.ok);
    for check in failures.chain(successes).take(MOST_LINES) {
        let at = check.offset.map(|offset| format!(" at {offset:#x}")).unwrap_or_default();
        lines.push(harmless(&match check.ok {
            true => format!("    ok     {}{at}: {}", check.name, text::shortened(&check.actual, 64)),
            false => format!(
                "    FAILS  {}{at}: expected {}, found {}",
                check.name,
                text::shortened(&check.expected, 130),
                text::shortened(&check.actual, 130)
            ),
        }));
    }
    if report.checks.len() > MOST_LINES {
        lines.push(format!("    and {} more checks", report.checks.len() - MOST_LINES));
    }
    lines.extend(report.reasons.iter().take(MOST_LINES).map(|reason| format!("    {}", harmless(reason))));
    lines
}

fn container(container: &Container) -> String {
    let indent = "  ".repeat(container.depth.min(12) as usize);
    let name = format!("    {indent}{}", container.format);
    let mark = if container.unpacked { "+" } else { " " };
    let fields: Vec<String> = container
        .fields
        .iter()
        .take(MOST_FIELDS)
        .map(|(key, value)| format!("{key}={}", text::shortened(value, 40)))
        .collect();
    harmless(&format!(
        "{name:<36}{mark}{:>12} {:>12}  {}",
        format!("{:#x}", container.offset),
        container.size,
        fields.join(" ")
    ))
    .trim_end()
    .to_owned()
}
