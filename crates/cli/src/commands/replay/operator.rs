//! An operator who says what was said before.

use std::collections::{BTreeMap, VecDeque};

use debrick_engine::Operator;
use debrick_model::{Answer, Event, EventBody, Outcome, Progress, Request, RequestKind};

/// So many events more than there were, and it will not come out the same any more.
const TOO_MANY: usize = 200;

/// Answers from a journal, and wants to stop where that stopped.
pub(super) struct Remembering {
    answers: BTreeMap<String, VecDeque<Answer>>,
    events: Vec<Event>,
    stop_after: usize,
}

impl Remembering {
    pub(super) fn new(recorded: &[Event]) -> Self {
        let mut answers: BTreeMap<String, VecDeque<Answer>> = BTreeMap::new();
        for event in recorded {
            if let EventBody::Answered { request, answer, sensed: false } = &event.body {
                answers.entry(request.clone()).or_default().push_back(answer.clone());
            }
        }
        let was_stopped =
            |event: &Event| matches!(event.body, EventBody::StepEnded { outcome: Outcome::Cancelled, .. });
        let is_closed = recorded.iter().any(|event| matches!(event.body, EventBody::SessionClosed { .. }));
        let stop_after = match recorded.iter().position(was_stopped) {
            Some(at) => at,
            None if is_closed => recorded.len() + TOO_MANY,
            // It was killed: what would have come is not known.
            None => recorded.len(),
        };
        Self { answers, events: Vec::new(), stop_after }
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

impl Operator for Remembering {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn progress(&mut self, _: &Progress) {}

    fn ask(&mut self, request: &Request) -> Answer {
        // An instruction is not answered but sensed.
        if matches!(request.kind, RequestKind::Instruction { .. }) {
            return Answer::DontKnow;
        }
        self.answers.get_mut(&request.id).and_then(VecDeque::pop_front).unwrap_or(Answer::DontKnow)
    }

    // What was recorded is a repair over the console: nobody was led.
    fn cue(&mut self, _: &debrick_coach::Cue) {}

    fn said(&mut self) -> Vec<debrick_coach::Seen> {
        Vec::new()
    }

    fn cancelled(&self) -> bool {
        self.events.len() >= self.stop_after
    }
}
