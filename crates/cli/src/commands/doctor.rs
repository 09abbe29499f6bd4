//! `debrick doctor`.

use std::time::Duration;

use debrick_link_os::host::HostFacts;

use crate::args::Doctor;
use crate::commands::{Context, devices};
use crate::ear::{Ear, Noticed};
use crate::failure::Failure;
use crate::host::for_lan::{self, Watched};
use crate::host::{self, Finding, Level};
use crate::{exit, json, out};

pub(super) fn doctor(context: &Context, args: &Doctor) -> Result<i32, Failure> {
    let facts = host::facts(&context.state_dir()?);
    let mut findings = host::judge(&facts, args.console.as_deref());
    findings.extend(catalog(context));
    if let Some(id) = &args.device {
        let device = devices::find(&context.catalog()?, id)?;
        findings.extend(host::for_device::judge(&facts, &device));
    }
    if let Some(interface) = &args.lan {
        findings.extend(lan(context, &facts, interface, args.seconds));
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

/// Listens to a network port for some seconds, and judges it.
fn lan(context: &Context, facts: &HostFacts, interface: &str, seconds: u32) -> Vec<Finding> {
    let program = std::env::current_exe().unwrap_or_else(|_| "debrick".into());
    let mut findings = for_lan::rights(facts, &program);
    let watched = Ear::open(context, interface).and_then(|mut ear| {
        if !context.json {
            out::note(&format!("Listening on {} for {seconds} seconds.", out::harmless(interface)));
        }
        let mut changes = 0;
        while ear.elapsed() < Duration::from_secs(seconds.into()) {
            let noticed = ear.listen(Duration::from_millis(100))?;
            changes += noticed.iter().filter(|one| matches!(one, Noticed::Link(_))).count();
        }
        let watched = Watched { has_link: ear.has_link(), changes, seconds };
        let findings = for_lan::judge(facts, interface, watched, ear.stations());
        ear.close()?;
        Ok(findings)
    });
    // What keeps it from being listened to is the finding.
    findings.extend(watched.unwrap_or_else(|failure| {
        let (says, mend) = (failure.sentence(), failure.problem().next_step.clone());
        vec![Finding { check: "lan-listening", level: Level::Bad, says, mend }]
    }));
    findings
}

/// Which catalog is in use, whether one that was installed is not, and whether some of the operator's own records are not.
fn catalog(context: &Context) -> Vec<Finding> {
    let in_use = context.packed_catalog();
    let (level, says, mend) = match &in_use.passed_over {
        None => (Level::Good, in_use.in_words(), String::new()),
        Some(failure) => (
            Level::Notice,
            format!("{} {}", in_use.in_words(), failure.sentence()),
            failure.problem().next_step.clone(),
        ),
    };
    let mut findings = vec![Finding { check: "catalog", level, says, mend }];
    let own = context.state_dir().map(|dir| dir.join("devices"));
    let with_own = own.ok().and_then(|folder| in_use.catalog.with_folder(&folder).ok());
    if let Some(fault) = with_own.as_ref().and_then(|catalog| catalog.faults().first()) {
        let place = format!("{}:{}", fault.file, fault.line);
        let says =
            format!("There are faults in your own device records, the first at {place}: they are not used.");
        let mend = "`debrick devices lint` names every fault.".to_owned();
        findings.push(Finding { check: "own-records", level: Level::Notice, says, mend });
    }
    findings
}
