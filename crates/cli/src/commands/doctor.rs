//! `debrick doctor`.

use crate::args::Doctor;
use crate::commands::{Context, devices};
use crate::failure::Failure;
use crate::host::{self, Finding, Level};
use crate::{exit, json, out};

pub(super) fn doctor(context: &Context, args: &Doctor) -> Result<i32, Failure> {
    let facts = host::facts(&context.state_dir()?);
    let mut findings = host::judge(&facts, args.console.as_deref());
    findings.push(catalog(context));
    if let Some(id) = &args.device {
        let device = devices::find(&context.catalog()?, id)?;
        findings.extend(host::for_device::judge(&facts, &device));
    }
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (bad, notices) = (count(Level::Bad), count(Level::Notice));
    let code = if bad == 0 { 0 } else { exit::FAILED };
    if context.json {
        let value =
            serde_json::json!({ "ready": bad == 0, "findings": findings, "facts": facts, "exit_code": code });
        json::line("debrick.doctor/1", &value);
        return Ok(code);
    }
    let style = context.style;
    for finding in &findings {
        let mark = match finding.level {
            Level::Good => style.good("good  "),
            Level::Notice => style.warn("notice"),
            Level::Bad => style.bad("bad   "),
        };
        out::data(&format!("{mark}  {}", out::harmless(&finding.says)));
        if !finding.mend.is_empty() {
            out::data(&format!("        {}", out::harmless(&finding.mend)));
        }
    }
    let verdict = match (bad, notices) {
        (0, 0) => "This computer is ready.",
        (0, _) => "This computer is ready. What is marked as a notice matters only where it is used.",
        (1, _) => "One thing, marked as bad, has to be mended before a repair.",
        _ => "Some things, marked as bad, have to be mended before a repair.",
    };
    out::data(&format!("\n{}", style.strong(verdict)));
    Ok(code)
}

/// Which catalog is in use, and whether one that was installed is not.
fn catalog(context: &Context) -> Finding {
    let in_use = context.packed_catalog();
    let (level, says, mend) = match &in_use.passed_over {
        None => (Level::Good, in_use.in_words(), String::new()),
        Some(failure) => (
            Level::Notice,
            format!("{} {}", in_use.in_words(), failure.sentence()),
            failure.problem().next_step.clone(),
        ),
    };
    Finding { check: "catalog", level, says, mend }
}
