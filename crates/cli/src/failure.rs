//! An error on its way to a person or a script.

use debrick_model::{Coded, Problem};
use serde_json::json;

use crate::exit;
use crate::style::Style;

/// An error that ends the program.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Problem,
    exit_code: i32,
}

impl Failure {
    /// An error of the command line's own.
    pub(crate) fn new(code: &str, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        let problem =
            Problem { code: code.into(), what: what.into(), causes: vec![], next_step: next_step.into() };
        Self { problem, exit_code: exit::FAILED }
    }

    /// Something on the command line makes no sense.
    pub(crate) fn usage(what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { exit_code: exit::USAGE, ..Self::new("usage", what, next_step) }
    }

    /// A file of this computer could not be used.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let mut failure = Self::new(
            "file-unusable",
            format!("{doing} {} failed", path.display()),
            "Check the name of the file, its permissions, and the room on the disk.",
        );
        failure.problem.causes.push(error.to_string());
        failure
    }

    pub(crate) fn exit_code(&self) -> i32 {
        self.exit_code
    }

    /// Tells it: as text on standard error, or as a line of JSON on standard output.
    pub(crate) fn show(&self, json: bool, style: Style) {
        if json {
            let mut line = json!({ "schema": "debrick.error/1", "exit_code": self.exit_code });
            if let (Some(line), Ok(serde_json::Value::Object(problem))) =
                (line.as_object_mut(), serde_json::to_value(&self.problem))
            {
                line.extend(problem);
            }
            println!("{line}");
            return;
        }
        eprintln!("{} {}.", style.bad("error:"), self.problem);
        if !self.problem.next_step.is_empty() {
            eprintln!("{} {}", style.strong("next:"), self.problem.next_step);
        }
        eprintln!("{}", style.faint(&format!("({})", self.problem.code)));
    }
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { problem: Problem::from_error(&error), exit_code: exit::FAILED }
    }
}
