//! `debrick sessions`.

use debrick_vault::SessionStatus;

use crate::commands::Context;
use crate::failure::Failure;
use crate::json;

pub(super) fn list(context: &Context) -> Result<i32, Failure> {
    let sessions = context.vault()?.sessions()?;
    if context.json {
        json::line("debrick.sessions/1", &serde_json::json!({ "sessions": sessions }));
        return Ok(0);
    }
    if sessions.is_empty() {
        eprintln!("There are no sessions yet. `debrick demo` makes one without a device.");
    }
    for session in sessions {
        let style = context.style;
        let status = match &session.status {
            SessionStatus::Closed { ending } if crate::exit::of(*ending) == 0 => style.good(ending.id()),
            SessionStatus::Closed { ending } => style.warn(ending.id()),
            SessionStatus::Running { pid: Some(pid) } => style.strong(&format!("running (process {pid})")),
            SessionStatus::Running { pid: None } => style.strong("running"),
            SessionStatus::Interrupted => style.warn("interrupted; `debrick resume` goes on"),
            SessionStatus::Damaged { problem } => style.bad(&format!("damaged: {problem}")),
        };
        let device = session.device.unwrap_or_else(|| "unknown device".into());
        let step = session.last_step.map(|step| format!(" at {step}")).unwrap_or_default();
        println!("{}  {device}  {status}{step}  ({} events)", session.id, session.events);
    }
    Ok(0)
}
