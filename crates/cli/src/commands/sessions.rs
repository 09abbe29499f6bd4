//! `debrick sessions`.

use debrick_vault::{SessionStatus, SessionSummary, utc_text};

use crate::commands::Context;
use crate::failure::Failure;
use crate::style::Style;
use crate::{json, out};

pub(super) fn list(context: &Context) -> Result<i32, Failure> {
    let sessions = context.vault()?.sessions()?;
    if context.json {
        json::line("debrick.sessions/1", &serde_json::json!({ "sessions": sessions }));
        return Ok(0);
    }
    if sessions.is_empty() {
        out::note("There are no sessions yet. `debrick demo` makes one without a device.");
        return Ok(0);
    }
    let heads = ["SESSION", "BEGAN (UTC)", "DEVICE", "EVENTS"].map(str::to_owned);
    let rows: Vec<[String; 4]> = sessions.iter().map(cells).collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        rows.iter().chain([&heads]).map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    out::data(&context.style.strong(&line(&heads, widths, "HOW IT STANDS")));
    for (session, row) in sessions.iter().zip(&rows) {
        out::data(&line(row, widths, &status(session, context.style)));
    }
    if sessions.iter().any(|session| session.status == SessionStatus::Interrupted) {
        out::note("\nAn interrupted session goes on with `debrick resume SESSION`.");
    }
    Ok(0)
}

fn cells(session: &SessionSummary) -> [String; 4] {
    let began = session.opened_at_ms.map(utc_text);
    let began = began.as_deref().map_or("unknown", |text| text.trim_end_matches(" UTC"));
    let device = session.device.as_deref().unwrap_or("unknown");
    [session.id.clone(), began.to_owned(), out::harmless(device), session.events.to_string()]
}

fn line([id, began, device, events]: &[String; 4], widths: [usize; 4], status: &str) -> String {
    let [a, b, c, d] = widths;
    format!("{id:a$}  {began:b$}  {device:c$}  {events:>d$}  {status}")
}

fn status(session: &SessionSummary, style: Style) -> String {
    let step = session.last_step.map(|step| format!(", in the step {step}")).unwrap_or_default();
    match &session.status {
        SessionStatus::Closed { ending } if crate::exit::of(*ending) == 0 => style.good(ending.id()),
        SessionStatus::Closed { ending } => style.warn(ending.id()),
        SessionStatus::Running { pid: Some(pid) } => style.strong(&format!("running (process {pid}){step}")),
        SessionStatus::Running { pid: None } => style.strong(&format!("running{step}")),
        SessionStatus::Interrupted => style.warn(&format!("interrupted{step}")),
        SessionStatus::Damaged { problem } => style.bad(&out::harmless(&format!("damaged: {problem}"))),
    }
}
