//! One module a command.

mod care;
mod coach;
mod demo;
mod devices;
mod diagnose;
mod doctor;
mod explain;
mod identify;
mod image;
mod listen;
mod packed_catalog;
mod plan;
mod replay;
mod report;
mod rescue;
mod sessions;
mod trust;
mod unit;
mod watch_console;

use std::cell::Cell;
use std::path::PathBuf;

use debrick_catalog::{Catalog, Fault};
use debrick_engine::{Closed, EngineError, Operator, Ports, Wishes};
use debrick_link_os::give_back_left_over;
use debrick_model::{Ending, Event, EventBody, Problem, Step};
use debrick_vault::Vault;

use crate::answers::Answers;
use crate::args::{Args, Command};
use crate::commands::packed_catalog::InUse;
use crate::failure::Failure;
use crate::operators::{Attended, Script};
use crate::stop::Stop;
use crate::style::Style;
use crate::terminal::Terminal;
use crate::trace::Trace;
use crate::{ear, exit};
use crate::{json, out};

/// The most faults of the operator's own records that every command tells.
const MOST_WARNINGS: usize = 5;

/// What every command has at hand.
pub(crate) struct Context {
    pub(crate) json: bool,
    /// How what was asked for looks, on standard output.
    pub(crate) style: Style,
    /// How everything else looks, on standard error.
    pub(crate) notes: Style,
    state_dir: Option<PathBuf>,
    /// What the catalog has to be warned of is told once.
    is_warned: Cell<bool>,
}

/// Runs the command and returns its exit code.
pub(crate) fn run(args: &Args, style: Style, notes: Style) -> Result<i32, Failure> {
    let is_warned = Cell::new(false);
    let context = Context { json: args.json, style, notes, state_dir: args.state_dir.clone(), is_warned };
    context.give_back_interfaces();
    match &args.command {
        Command::Rescue(args) => rescue::rescue(&context, args),
        Command::Resume(args) => rescue::resume(&context, args),
        Command::Sessions => sessions::list(&context),
        Command::Report(args) => report::report(&context, args),
        Command::Bundle(args) => report::bundle(&context, args),
        Command::Replay(args) => replay::replay(&context, args),
        Command::Backup(args) => care::back_up(&context, args),
        Command::Restore(args) => care::restore(&context, args),
        Command::VerifyBackup(args) => care::verify_backup(&context, args),
        Command::Doctor(args) => doctor::doctor(&context, args),
        Command::Demo(args) => demo::demo(&context, args),
        Command::Image(args) => image::run(&context, args),
        Command::Trust(args) => trust::run(&context, args),
        Command::Devices(args) => devices::run(&context, args),
        Command::Identify(args) => identify::identify(&context, args),
        Command::Listen(args) => listen::listen(&context, args),
        Command::Plan(args) => plan::plan(&context, args),
        Command::Diagnose(args) => diagnose::diagnose(&context, args),
        Command::WatchConsole(args) => watch_console::watch(&context, args),
        Command::Coach(args) => coach::coach(&context, args),
        Command::Explain(args) => explain::explain(&context, args),
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
            .ok_or_else(|| {
                Failure::usage("there is no home folder to keep sessions in", "Name one with --state-dir.")
            })
    }

    /// The catalog in use, with the records of the operator's own folder on top. What is wrong with either is told, and
    /// left out.
    pub(crate) fn catalog(&self) -> Result<Catalog, Failure> {
        let InUse { catalog, passed_over, .. } = self.packed_catalog();
        let catalog = match self.state_dir() {
            Ok(dir) => catalog.with_folder(&dir.join("devices"))?,
            // Without a home there is no folder, and the packed records do.
            Err(_) => catalog,
        };
        if !self.is_warned.replace(true) {
            if let Some(failure) = passed_over {
                self.warn(&format!("{} The program's own catalog is used.", failure.sentence()));
            }
            for fault in catalog.faults().iter().take(MOST_WARNINGS) {
                // The list of everything that would be right is for `debrick devices lint`.
                let what = fault.what.split(", expected one of").next().unwrap_or_default().to_owned();
                self.warn(&format!("{}. It is left out.", Fault { what, ..fault.clone() }));
            }
            if let Some(more) = catalog.faults().len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
                self.warn(&format!("{more} more faults: `debrick devices lint` names them all."));
            }
        }
        Ok(catalog)
    }

    /// Gives back the network ports that a run which was killed had borrowed.
    fn give_back_interfaces(&self) {
        let Ok(folder) = ear::interfaces(self) else { return };
        match give_back_left_over(&folder) {
            Ok(left) => {
                for one in left {
                    match one.outcome {
                        Ok(()) => out::note(&format!(
                            "{} was given back as an earlier run, which was ended, had found it.",
                            out::harmless(&one.interface)
                        )),
                        Err(error) => self.warn(&Failure::from(error).sentence()),
                    }
                }
            }
            Err(error) => self.warn(&Failure::from(error).sentence()),
        }
    }

    fn warn(&self, text: &str) {
        out::note(&format!("{} {}", self.notes.warn("warning:"), out::harmless(text)));
    }

    /// The operator: a script where JSON is wanted, otherwise a person.
    pub(crate) fn operator(&self, answers: Answers, stop: &Stop) -> Box<dyn Operator> {
        if self.json {
            Box::new(Script::new(answers, stop.clone()))
        } else {
            Box::new(Terminal::new(answers, stop.clone(), self.notes))
        }
    }

    /// Lets the engine work for the operator, and tells how it ended. `session` is the one that is gone on with.
    pub(crate) fn attend(
        &self,
        vault: &Vault,
        session: Option<&str>,
        answers: Answers,
        stop: &Stop,
        work: impl FnOnce(&mut dyn Operator) -> Result<Closed, EngineError>,
    ) -> Result<i32, Failure> {
        let mut operator = Attended::new(self.operator(answers, stop), session);
        let result = work(&mut operator);
        match (result, operator.leave()) {
            (Ok(closed), _) => self.conclude(vault, &closed),
            (Err(error), Some(session)) => Err(Failure::from(error).in_session(session)),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Lets the engine work with these ports, and keeps what passes through them beside the session's journal.
    pub(crate) fn work_traced(
        &self,
        vault: &Vault,
        run: Traced<'_>,
        ports: Ports,
        operator: &mut dyn Operator,
        work: impl FnOnce(Ports, &mut dyn Operator) -> Result<Closed, EngineError>,
    ) -> Result<Closed, EngineError> {
        match Trace::begin(vault, run.command, run.wishes, &ports) {
            Some(trace) => {
                let ports = trace.of_ports(ports);
                work(ports, &mut trace.following(vault, operator, run.resumed))
            }
            None => work(ports, operator),
        }
    }

    /// Writes the report of an ended session, tells how it ended, and returns the exit code.
    pub(crate) fn conclude(&self, vault: &Vault, closed: &Closed) -> Result<i32, Failure> {
        let code = exit::of(closed.ending);
        let report = report::write_html(vault, &closed.session);
        let events = vault.read_session(&closed.session).unwrap_or_default();
        let offers = self.offers(closed, &events);
        if self.json {
            let commands: serde_json::Map<_, _> =
                offers.iter().map(|offer| (offer.name.to_owned(), offer.command.as_str().into())).collect();
            let value = serde_json::json!({
                "session": closed.session,
                "ending": closed.ending,
                "summary": closed.summary,
                "next_step": closed.next_step,
                "problem": last_problem(&events),
                "commands": commands,
                "report": report.ok(),
                "exit_code": code,
            });
            json::line("debrick.closed/1", &value);
            return Ok(code);
        }
        let style = self.style;
        let head = if code == 0 { style.good(closed.ending.id()) } else { style.bad(closed.ending.id()) };
        let summary: Vec<String> = closed.summary.iter().map(|text| out::sentence(text)).collect();
        out::data(&format!("\n{head}: {}", out::harmless(&summary.join(" "))));
        if let Some(next) = &closed.next_step {
            out::data(&format!("{} {}", style.strong("next:"), out::harmless(next)));
        }
        for offer in &offers {
            out::data(&format!("{} {}", style.strong(&format!("{}:", offer.says)), offer.command));
        }
        match report {
            Ok(path) => out::data(&format!("{} {}", style.strong("report:"), path.display())),
            Err(failure) => out::note(&format!("There is no report: {}", failure.sentence())),
        }
        Ok(code)
    }

    /// What may be done after an ending that is not a happy one.
    fn offers(&self, closed: &Closed, events: &[Event]) -> Vec<Offer> {
        let program = match &self.state_dir {
            Some(dir) => format!("debrick --state-dir {}", dir.display()),
            None => "debrick".to_owned(),
        };
        let session = &closed.session;
        let resume =
            Offer { name: "resume", says: "to go on", command: format!("{program} resume {session}") };
        let bundle = Offer {
            name: "bundle",
            says: "to ask somebody (packs the session without its secrets)",
            command: format!("{program} bundle {session}"),
        };
        let (device, port) = match events.first().map(|event| &event.body) {
            Some(EventBody::SessionOpened { device, ports, .. }) => (device.as_str(), ports.first()),
            _ => ("ID", None),
        };
        let is_known = self.catalog().is_ok_and(|catalog| catalog.find(device).is_ok());
        let device = if is_known { format!("--device {device}") } else { "--device-file TOML".to_owned() };
        let restore = Offer {
            name: "restore",
            says: "to write the backups back",
            command: format!(
                "{program} restore --session {session} --console {} {device}",
                port.map_or("SPEC", String::as_str)
            ),
        };
        match closed.ending {
            Ending::Repaired | Ending::NothingNeeded | Ending::Done => vec![],
            Ending::Cancelled => vec![resume],
            Ending::NeedsOperator | Ending::StoppedSafely | Ending::RefusedByGate => vec![resume, bundle],
            Ending::FailedRestoreOffered => vec![restore, resume, bundle],
        }
    }
}

/// What is known of a run that is traced.
pub(crate) struct Traced<'a> {
    /// `rescue`, `resume`, `backup`, `restore`.
    pub(crate) command: &'a str,
    pub(crate) wishes: &'a Wishes,
    /// The session that is gone on with.
    pub(crate) resumed: Option<&'a str>,
}

/// A command that may help.
struct Offer {
    name: &'static str,
    says: &'static str,
    command: String,
}

/// What the last run of a session failed with.
fn last_problem(events: &[Event]) -> Option<&Problem> {
    let of_last_run =
        events.iter().rev().take_while(|event| !matches!(event.body, EventBody::SessionResumed { .. }));
    of_last_run.into_iter().find_map(|event| match &event.body {
        EventBody::Failed { step: Step::Close, problem } => Some(problem),
        _ => None,
    })
}

/// A number that makes session ids of the same moment differ.
pub(crate) fn seed() -> u64 {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |span| u64::from(span.subsec_nanos()));
    nanos ^ (u64::from(std::process::id()) << 32)
}
