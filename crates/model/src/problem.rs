//! How an error reaches a person or a script: a stable code, what happened, and the next safe action.

use serde::{Deserialize, Serialize};

/// An error that a user may see. Its code never changes; docs/errors.md tells more.
///
/// `Display` names the operation that failed and its context; the source chain holds the causes, which `Display`
/// does not repeat.
pub trait Coded: std::error::Error {
    /// Stable, kebab-case, unique over the program, for example `link-timed-out`.
    fn code(&self) -> &'static str;

    /// The next safe action, as one or two full sentences.
    fn next_step(&self) -> String;
}

/// A boxed [`Coded`] error can be another error's source.
impl std::error::Error for Box<dyn Coded + Send + Sync> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        (**self).source()
    }
}

/// An error as data, for the journal, the report and `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// What happened, without its causes.
    pub what: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// The next safe action.
    pub next_step: String,
}

impl Problem {
    /// Flattens an error and its chain of sources (at most 16).
    pub fn from_error(error: &dyn Coded) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            if causes.len() == 16 {
                break;
            }
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { code: error.code().to_owned(), what: error.to_string(), causes, next_step: error.next_step() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.what)?;
        for cause in &self.causes {
            write!(out, ": {cause}")?;
        }
        Ok(())
    }
}
