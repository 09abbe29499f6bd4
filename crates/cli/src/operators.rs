//! The operators that the command line knows: a script that reads JSON, and a person at a terminal.

use debrick_engine::Operator;
use debrick_model::{Answer, Event, Progress, Request};
use serde_json::json;

use crate::answers::Answers;
use crate::json;
use crate::stop::Stop;

/// A script: every event as a line of JSON, answers from a file.
pub(crate) struct Script {
    answers: Answers,
    stop: Stop,
    session: Option<String>,
}

impl Script {
    pub(crate) fn new(answers: Answers, stop: Stop) -> Self {
        Self { answers, stop, session: None }
    }
}

impl Operator for Script {
    fn event(&mut self, event: &Event) {
        if let debrick_model::EventBody::SessionOpened { session, .. } = &event.body {
            self.session = Some(session.clone());
        }
        json::line(debrick_model::event::SCHEMA, event);
    }

    fn progress(&mut self, progress: &Progress) {
        let mut value = json!(progress);
        value["bytes_per_second"] = json!(progress.rate());
        value["left_ms"] = json!(progress.left_ms());
        json::line("debrick.progress/1", &value);
    }

    fn ask(&mut self, request: &Request) -> Answer {
        self.answers.get(&request.id).unwrap_or(Answer::DontKnow)
    }

    fn cancelled(&self) -> bool {
        self.stop.is_wanted()
    }
}
