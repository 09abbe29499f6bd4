//! One module a command.

mod care;
mod demo;
mod doctor;
mod report;
mod rescue;
mod sessions;

use std::path::PathBuf;

use debrick_engine::{Closed, Operator};
use debrick_vault::Vault;

use crate::answers::Answers;
use crate::args::{Args, Command};
use crate::exit;
use crate::failure::Failure;
use crate::json;
use crate::operators::Script;
use crate::stop::Stop;
use crate::style::Style;
use crate::terminal::Terminal;

/// What every command has at hand.
pub(crate) struct Context {
    pub(crate) json: bool,
    pub(crate) style: Style,
    state_dir: Option<PathBuf>,
}

/// Runs the command and returns its exit code.
pub(crate) fn run(args: &Args, style: Style) -> Result<i32, Failure> {
    let context = Context { json: args.json, style, state_dir: args.state_dir.clone() };
    match &args.command {
        Command::Rescue(args) => rescue::rescue(&context, args),
        Command::Resume(args) => rescue::resume(&context, args),
        Command::Sessions => sessions::list(&context),
        Command::Report(args) => report::report(&context, args),
        Command::Bundle(args) => report::bundle(&context, args),
        Command::Backup(args) => care::back_up(&context, args),
        Command::Restore(args) => care::restore(&context, args),
        Command::VerifyBackup(args) => care::verify_backup(&context, args),
        Command::Doctor(args) => doctor::doctor(&context, args),
        Command::Demo(args) => demo::demo(&context, args),
    }
}

impl Context {
    /// Opens the vault, where the operator wants it or where the system keeps such things.
    pub(crate) fn vault(&self) -> Result<Vault, Failure> {
        Ok(Vault::open(self.state_dir()?)?)
    }

    pub(crate) fn state_dir(&self) -> Result<PathBuf, Failure> {
        if let Some(dir) = &self.state_dir {
            return Ok(dir.clone());
        }
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("XDG_STATE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".local/state")))
            .map(|dir| dir.join("debrick"))
            .ok_or_else(|| Failure::usage("there is no home folder to keep sessions in", "Name one with --state-dir."))
    }

    /// The operator: a script where JSON is wanted, otherwise a person.
    pub(crate) fn operator(&self, answers: Answers, stop: &Stop) -> Box<dyn Operator> {
        if self.json {
            Box::new(Script::new(answers, stop.clone()))
        } else {
            Box::new(Terminal::new(answers, stop.clone(), self.style))
        }
    }

    /// Writes the report of an ended session, tells how it ended, and returns the exit code.
    pub(crate) fn conclude(&self, vault: &Vault, closed: &Closed) -> Result<i32, Failure> {
        let code = exit::of(closed.ending);
        let path = report::write_html(vault, &closed.session)?;
        if self.json {
            let value = serde_json::json!({
                "session": closed.session,
                "ending": closed.ending,
                "summary": closed.summary,
                "next_step": closed.next_step,
                "report": path,
                "exit_code": code,
            });
            json::line("debrick.closed/1", &value);
            return Ok(code);
        }
        let style = self.style;
        let head = if code == 0 { style.good(closed.ending.id()) } else { style.bad(closed.ending.id()) };
        println!("\n{head}: {}", closed.summary.join(" "));
        if let Some(next) = &closed.next_step {
            println!("{} {next}", style.strong("next:"));
        }
        println!("{} {}", style.strong("report:"), path.display());
        Ok(code)
    }
}

/// A number that makes session ids of the same moment differ.
pub(crate) fn seed() -> u64 {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |span| u64::from(span.subsec_nanos()));
    nanos ^ (u64::from(std::process::id()) << 32)
}
