//! `debrick report` and `debrick bundle`.

use std::path::{Path, PathBuf};

use debrick_model::EventBody;
use debrick_report::{Guidance, Redaction, Redactor, Report, html, json as report_json, markdown};
use debrick_vault::Vault;
use serde_json::json;

use crate::args;
use crate::args::ReportFormat;
use crate::commands::Context;
use crate::failure::Failure;
use crate::{json, out};

/// How much of one piece of evidence is searched for secrets, in bytes. Console logs are shorter.
const LONGEST_LOG: u64 = 4 << 20;

pub(super) fn report(context: &Context, args: &args::Report) -> Result<i32, Failure> {
    let vault = context.vault()?;
    let session = session(&vault, args.session.as_deref())?;
    if args.verify {
        return verify(context, &vault, &session);
    }
    let report =
        if args.redact { redacted(&vault, &session)? } else { Report::from_vault(&vault, &session)? };
    let to_stdout = args.output.as_deref() == Some(Path::new("-"));
    if context.json && (args.output.is_none() || to_stdout) {
        json::line(report_json::SCHEMA, &report);
        return Ok(0);
    }
    let format = args.format;
    let (text, extension) = match format {
        ReportFormat::Html => (html::render(&report), "html"),
        ReportFormat::Markdown => (markdown::render(&report), "md"),
        ReportFormat::Json => (report_json::render(&report), "json"),
    };
    if to_stdout {
        out::data(text.trim_end());
        return Ok(0);
    }
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("debrick-{session}.{extension}")));
    write_file(&path, text.as_bytes())?;
    if context.json {
        json::line(
            "debrick.report-file/1",
            &json!({ "session": session, "file": path, "redacted": args.redact }),
        );
    } else {
        out::data(&path.display().to_string());
    }
    Ok(0)
}

/// The session without its secrets, as it may leave this computer.
fn redacted(vault: &Vault, session: &str) -> Result<Report, Failure> {
    let chain = vault.verify_session(session)?;
    let events: Vec<_> = vault.read_session_as_found(session)?.into_iter().map(|entry| entry.event).collect();
    let found = Report::from_events(session, &events, &chain);

    let mut redactor = Redactor::new(Redaction::default());
    events.iter().for_each(|event| redactor.learn_event(event));
    // What a log shows to be a secret is one elsewhere, too.
    for evidence in &found.evidence {
        let bytes = vault.artifact(evidence.artifact).and_then(|artifact| artifact.read_all(LONGEST_LOG));
        if let Ok(bytes) = bytes {
            redactor.learn_text(&String::from_utf8_lossy(&bytes));
        }
    }
    let events: Vec<_> = events.iter().map(|event| redactor.event(event)).collect();
    Ok(Report::from_events(session, &events, &chain))
}

fn verify(context: &Context, vault: &Vault, session: &str) -> Result<i32, Failure> {
    let chain = vault.verify_session(session)?;
    let intact = chain.is_intact();
    if context.json {
        json::line("debrick.chain/1", &json!({ "session": session, "intact": intact, "chain": chain }));
    } else if intact {
        out::data(&format!(
            "{} {} events, {} artifacts; the last hash is {}",
            context.style.good("intact:"),
            chain.events,
            chain.artifacts,
            chain.head
        ));
    } else {
        let head = context.style.bad("damaged:");
        out::data(&format!("{head} the journal of session {session} cannot be trusted:"));
        for fault in &chain.faults {
            let place = fault.seq.map_or_else(|| "journal".to_owned(), |seq| format!("event {seq}"));
            out::data(&format!("  {place}: {}", out::harmless(&fault.what)));
        }
        out::note("Do not go on with this session. What can still be read of it is in `debrick report`.");
    }
    Ok(if intact { 0 } else { crate::exit::FAILED })
}

pub(super) fn bundle(context: &Context, args: &args::Bundle) -> Result<i32, Failure> {
    let vault = context.vault()?;
    let session = session(&vault, args.session.as_deref())?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("debrick-{session}.tar.gz")));
    let mut bytes = Vec::new();
    let guidance = guidance(context, &vault, &session);
    let packed = debrick_report::bundle(&vault, &session, Redaction::default(), &guidance, &mut bytes)?;
    write_file(&path, &bytes)?;
    if context.json {
        let value =
            json!({ "session": session, "file": path, "bytes": bytes.len(), "left_out": packed.left_out });
        json::line("debrick.bundle/1", &value);
    } else {
        out::data(&path.display().to_string());
        for piece in &packed.left_out {
            out::note(&out::harmless(&format!("Not in it: {}. {}", piece.name, piece.because)));
        }
        out::note(
            "Keys, passphrases and addresses that could be recognised were taken out. Look through summary.txt in it before you hand it on.",
        );
    }
    Ok(0)
}

/// What the catalog knows of the session's device that whoever helps should know, too.
fn guidance(context: &Context, vault: &Vault, session: &str) -> Guidance {
    let events = vault.read_session_as_found(session).unwrap_or_default();
    let device = events.first().and_then(|entry| match &entry.event.body {
        EventBody::SessionOpened { device, .. } => context.catalog().ok()?.find(device).ok(),
        _ => None,
    });
    let Some(device) = device else { return Guidance::default() };
    let stop = device.stop.iter();
    let stop = stop.map(|rule| format!("When {}: {}. Instead: {}.", rule.when, rule.because, rule.instead));
    let helpers = device.help.iter().map(|helper| {
        let at = helper.at.as_ref().map(|at| format!(", {at}")).unwrap_or_default();
        format!("{} ({}{at}): {}", helper.name, helper.who.id(), helper.does)
    });
    Guidance { must_not: stop.collect(), helpers: helpers.collect() }
}

/// Writes the report of a session beside its journal, and returns its path.
pub(crate) fn write_html(vault: &Vault, session: &str) -> Result<PathBuf, Failure> {
    let path = vault.path().join("sessions").join(session).join("report.html");
    let report = Report::from_vault(vault, session)?;
    write_file(&path, html::render(&report).as_bytes())?;
    Ok(path)
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::file("writing", path, &error))
}

/// The session that was named, or the last one.
fn session(vault: &Vault, named: Option<&str>) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let last = vault.sessions()?.into_iter().next_back();
    last.map(|session| session.id).ok_or_else(|| {
        Failure::usage("there are no sessions yet", "Start with `debrick rescue`, or try `debrick demo`.")
    })
}
