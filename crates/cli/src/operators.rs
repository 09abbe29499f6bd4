//! The operators that the command line knows: a script that reads JSON, and a person at a terminal.

use debrick_coach::{Cue, Seen};
use debrick_engine::Operator;
use debrick_model::{Answer, Event, EventBody, Progress, Request};
use serde_json::json;

use crate::answers::Answers;
use crate::json;
use crate::person::Person;
use crate::stop::Stop;

/// A script: every event as a line of JSON, answers from a file.
pub(crate) struct Script {
    answers: Answers,
    stop: Stop,
    person: Person,
}

impl Script {
    pub(crate) fn new(answers: Answers, stop: Stop) -> Self {
        Self { answers, stop, person: Person::default() }
    }
}

impl Operator for Script {
    fn event(&mut self, event: &Event) {
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

    fn cue(&mut self, cue: &Cue) {
        json::line("debrick.coach/1", cue);
    }

    fn said(&mut self) -> Vec<Seen> {
        self.person.says()
    }

    fn cancelled(&self) -> bool {
        self.stop.is_wanted()
    }
}

/// An operator who remembers which session began, should it not end.
pub(crate) struct Attended {
    operator: Box<dyn Operator>,
    resumed: Option<String>,
    session: Option<String>,
}

impl Attended {
    /// `resumed` is the session that is gone on with, if it is not a new one.
    pub(crate) fn new(operator: Box<dyn Operator>, resumed: Option<&str>) -> Self {
        Self { operator, resumed: resumed.map(str::to_owned), session: None }
    }

    /// Lets the operator go; the session, if one had begun.
    pub(crate) fn leave(self) -> Option<String> {
        self.session
    }
}

impl Operator for Attended {
    fn event(&mut self, event: &Event) {
        match &event.body {
            EventBody::SessionOpened { session, .. } => self.session = Some(session.clone()),
            EventBody::SessionResumed { .. } => self.session.clone_from(&self.resumed),
            _ => {}
        }
        self.operator.event(event);
    }

    fn progress(&mut self, progress: &Progress) {
        self.operator.progress(progress);
    }

    fn ask(&mut self, request: &Request) -> Answer {
        self.operator.ask(request)
    }

    fn cue(&mut self, cue: &Cue) {
        self.operator.cue(cue);
    }

    fn said(&mut self) -> Vec<Seen> {
        self.operator.said()
    }

    fn cancelled(&self) -> bool {
        self.operator.cancelled()
    }
}
