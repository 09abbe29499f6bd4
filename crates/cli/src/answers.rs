//! Answers for unattended work: a TOML file of request ids and answers.

use std::collections::BTreeMap;
use std::path::Path;

use debrick_model::Answer;

use crate::failure::Failure;
use crate::input;

/// The longest file of answers that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Answers by request id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(BTreeMap<String, Answer>);

impl Answers {
    /// Reads a file: `id = "yes" | "no" | "done" | any other text`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = input::text(path, LONGEST)?;
        let table: BTreeMap<String, String> = toml::from_str(&text).map_err(|error| {
            Failure::new(
                "answers-malformed",
                format!("{} is not a file of answers", path.display()),
                "Write lines such as `write-firmware = \"yes\"`; the ids are those of the requests in --json output. \
                 Nothing was done to the unit.",
            )
            .because(error.to_string().trim_end().to_owned())
        })?;
        Ok(Self::of(table))
    }

    /// Answers as texts.
    pub(crate) fn of(table: BTreeMap<String, String>) -> Self {
        Self(table.into_iter().map(|(id, text)| (id, parse(text))).collect())
    }

    /// The answer to a request, if there is one.
    pub(crate) fn get(&self, id: &str) -> Option<Answer> {
        self.0.get(id).cloned()
    }
}

fn parse(text: String) -> Answer {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" => Answer::Yes,
        "no" => Answer::No,
        "done" => Answer::Done,
        "" => Answer::DontKnow,
        _ => Answer::Text(text),
    }
}
