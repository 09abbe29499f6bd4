//! The person or program that attends a repair, as data: what is asked of them, and what they answer.
//!
//! A terminal, a web page and a script render the same requests; none of them is known to the engine.

use serde::{Deserialize, Serialize};

/// What proves that an instruction was carried out. The engine watches for it; nobody has to press a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "sign")]
pub enum Sign {
    /// The console shows this text.
    ConsoleText {
        /// The text.
        text: String,
    },
    /// The console shows anything at all.
    ConsoleActivity,
    /// Nothing can be sensed: the operator has to say so.
    OperatorSaysDone,
}

/// What is wanted of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RequestKind {
    /// Do something with your hands.
    Instruction {
        /// What proves that it was done.
        expect: Sign,
        /// How long it is watched for, in milliseconds.
        within_ms: u64,
    },
    /// Agree to something that cannot be undone, after its consequence was told.
    Confirmation {
        /// What will be changed or lost, in full sentences.
        consequence: String,
    },
    /// Tell something.
    Question {
        /// The answers to choose from; any text where there are none.
        choices: Vec<String>,
    },
}

/// Something that the engine wants of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Stable name, by which a script answers: `power-cycle`, `write-firmware`, `label-model`.
    pub id: String,
    /// The text for a person.
    pub text: String,
    /// What kind of answer is wanted.
    #[serde(flatten)]
    pub kind: RequestKind,
}

/// What the operator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer", content = "text")]
pub enum Answer {
    /// I did it.
    Done,
    /// I agree.
    Yes,
    /// I do not agree.
    No,
    /// This text.
    Text(String),
    /// I do not know, or nobody is there to tell.
    DontKnow,
}

/// How far something has come that a person waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, for example `writing firmware`.
    pub what: String,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where it is known.
    pub total: Option<u64>,
    /// Since it began, in milliseconds.
    pub elapsed_ms: u64,
}

impl Progress {
    /// Bytes a second so far.
    pub fn rate(&self) -> Option<u64> {
        (self.elapsed_ms > 0).then(|| self.done.saturating_mul(1000) / self.elapsed_ms)
    }

    /// Milliseconds left at the present rate.
    pub fn left_ms(&self) -> Option<u64> {
        let total = self.total?;
        if self.done == 0 {
            return None;
        }
        let left = total.saturating_sub(self.done);
        u64::try_from(u128::from(left) * u128::from(self.elapsed_ms) / u128::from(self.done)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_time_left() {
        let progress = Progress { what: String::new(), done: 250, total: Some(1000), elapsed_ms: 500 };
        assert_eq!(progress.rate(), Some(500));
        assert_eq!(progress.left_ms(), Some(1500));
        assert_eq!(Progress { done: 0, ..progress.clone() }.left_ms(), None);
        assert_eq!(Progress { done: u64::MAX, ..progress }.left_ms(), Some(0));
    }

    #[test]
    fn requests_read_as_flat_json() {
        let request = Request {
            id: "power-cycle".into(),
            text: "Switch it off and on.".into(),
            kind: RequestKind::Instruction { expect: Sign::ConsoleActivity, within_ms: 1000 },
        };
        let json = serde_json::to_value(&request).unwrap();
        assert_eq!(json["kind"], "instruction");
        assert_eq!(json["expect"]["sign"], "console-activity");
        assert_eq!(serde_json::from_value::<Request>(json).unwrap(), request);
    }
}
