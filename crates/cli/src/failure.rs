//! An error on its way to a person or a script.

use debrick_model::{Coded, Ending, Problem};
use serde_json::json;

use crate::style::Style;
use crate::{exit, json, out};

/// An error that ends the program.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Box<Problem>,
    exit_code: i32,
    /// What may be chosen from, a line each.
    choices: Vec<String>,
    /// The session that had begun, if one had.
    session: Option<String>,
}

impl Failure {
    /// An error of the command line's own.
    pub(crate) fn new(code: &str, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        let problem =
            Problem { code: code.into(), what: what.into(), causes: vec![], next_step: next_step.into() };
        Self { problem: Box::new(problem), exit_code: exit::FAILED, choices: vec![], session: None }
    }

    /// Something on the command line makes no sense.
    pub(crate) fn usage(what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { exit_code: exit::USAGE, ..Self::new("usage", what, next_step) }
    }

    /// A file of this computer could not be used.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            "file-unusable",
            format!("{doing} {} failed", path.display()),
            "Check the name of the file, its permissions, and the room on the disk.",
        )
        .because(error.to_string())
    }

    /// Adds a cause.
    pub(crate) fn because(mut self, cause: String) -> Self {
        self.problem.causes.push(cause);
        self
    }

    /// Adds what may be chosen from.
    pub(crate) fn with_choices(mut self, choices: Vec<String>) -> Self {
        self.choices = choices;
        self
    }

    /// It happened after a session had begun: nothing more could be recorded, so that the work stopped before its next
    /// effect.
    pub(crate) fn in_session(mut self, session: String) -> Self {
        self.exit_code = exit::of(Ending::StoppedSafely);
        let go_on = format!("Then go on with `debrick resume {session}`.");
        self.problem.next_step = format!("{} {go_on}", self.problem.next_step).trim().to_owned();
        self.session = Some(session);
        self
    }

    /// What went wrong, as data.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    pub(crate) fn exit_code(&self) -> i32 {
        self.exit_code
    }

    /// The error in one sentence.
    pub(crate) fn sentence(&self) -> String {
        out::harmless(&out::sentence(&self.problem.to_string()))
    }

    /// Tells it: as text on standard error, or as a line of JSON on standard output.
    pub(crate) fn show(&self, json: bool, style: Style) {
        if json {
            let mut value = json!(*self.problem);
            value["exit_code"] = json!(self.exit_code);
            if !self.choices.is_empty() {
                value["choices"] = json!(self.choices);
            }
            if let Some(session) = &self.session {
                value["session"] = json!(session);
            }
            json::line("debrick.error/1", &value);
            return;
        }
        out::note(&format!("{} {}", style.bad("error:"), self.sentence()));
        for choice in &self.choices {
            out::note(&out::harmless(choice));
        }
        if !self.problem.next_step.is_empty() {
            out::note(&format!("{} {}", style.strong("next:"), out::harmless(&self.problem.next_step)));
        }
        out::note(&style.faint(&format!("({})", self.problem.code)));
    }
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        let problem = Problem::from_error(&error);
        Self { problem: Box::new(problem), exit_code: exit::FAILED, choices: vec![], session: None }
    }
}
