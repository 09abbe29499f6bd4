//! One repair's journal, operator and clock, held together so that nothing happens without being recorded.

use std::sync::Arc;

use debrick_link::{Clock, Moment};
use debrick_model::{
    Answer, Digest, EventBody, EvidenceKind, Outcome, Problem, Progress, Request, RequestKind, Step,
};
use debrick_target::Watch;
use debrick_vault::{Journal, Vault};

use crate::error::EngineError;
use crate::operator::Operator;

/// What came of a step.
pub(crate) struct Done<T> {
    value: T,
    outcome: Outcome,
    summary: String,
}

impl<T> Done<T> {
    /// It was done.
    pub(crate) fn with(value: T, summary: impl Into<String>) -> Self {
        Self { value, outcome: Outcome::Done, summary: summary.into() }
    }

    /// It was not needed.
    pub(crate) fn skipped(value: T, summary: impl Into<String>) -> Self {
        Self { value, outcome: Outcome::Skipped, summary: summary.into() }
    }
}

/// A session in progress.
pub(crate) struct Session<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) clock: Arc<dyn Clock>,
    journal: Journal,
    operator: &'a mut dyn Operator,
    attempts: Vec<(Step, u32)>,
}

impl<'a> Session<'a> {
    /// Goes on with a journal.
    pub(crate) fn new(
        vault: &'a Vault,
        journal: Journal,
        operator: &'a mut dyn Operator,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { vault, clock, journal, operator, attempts: Vec::new() }
    }

    /// Its id.
    pub(crate) fn id(&self) -> String {
        self.journal.id().to_owned()
    }

    /// Records an event; it is on disk when this returns.
    pub(crate) fn record(&mut self, body: EventBody) -> Result<(), EngineError> {
        let event = self.journal.append(self.clock.wall_ms(), body)?;
        self.operator.event(&event);
        Ok(())
    }

    /// Records a sentence.
    pub(crate) fn note(&mut self, text: impl Into<String>) -> Result<(), EngineError> {
        self.record(EventBody::Noted { text: text.into() })
    }

    /// Records a failure that the repair goes on from.
    pub(crate) fn failed(&mut self, step: Step, error: &EngineError) -> Result<(), EngineError> {
        self.record(EventBody::Failed { step, problem: Problem::from_error(error) })
    }

    /// Records that a step begins, and returns which attempt at it this is.
    pub(crate) fn begin(&mut self, step: Step) -> Result<u32, EngineError> {
        self.stop_if_asked()?;
        let attempt = self.next_attempt(step);
        self.record(EventBody::StepStarted { step, attempt })?;
        Ok(attempt)
    }

    /// Records how a step ended, and hands its value or error on.
    pub(crate) fn end<T>(
        &mut self,
        step: Step,
        attempt: u32,
        result: Result<Done<T>, EngineError>,
    ) -> Result<T, EngineError> {
        match result {
            Ok(done) => {
                let Done { value, outcome, summary } = done;
                self.record(EventBody::StepEnded { step, attempt, outcome, summary })?;
                Ok(value)
            }
            Err(error) if error.is_journal() => Err(error),
            Err(error) => {
                let outcome = if error.is_cancellation() { Outcome::Cancelled } else { Outcome::Failed };
                self.record(EventBody::StepEnded { step, attempt, outcome, summary: error.to_string() })?;
                Err(error)
            }
        }
    }

    fn next_attempt(&mut self, step: Step) -> u32 {
        match self.attempts.iter_mut().find(|(of, _)| *of == step) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.attempts.push((step, 1));
                1
            }
        }
    }

    /// Asks a question or a confirmation, and records both.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Answer, EngineError> {
        self.stop_if_asked()?;
        self.record(EventBody::Asked { request: request.clone() })?;
        let answer = self.operator.ask(&request);
        self.stop_if_asked()?;
        self.record(EventBody::Answered { request: request.id, answer: answer.clone(), sensed: false })?;
        Ok(answer)
    }

    /// Shows an instruction; the caller watches for its sign and then calls [`Session::sensed`].
    pub(crate) fn instruct(&mut self, request: &Request) -> Result<(), EngineError> {
        debug_assert!(matches!(request.kind, RequestKind::Instruction { .. }));
        self.stop_if_asked()?;
        self.record(EventBody::Asked { request: request.clone() })?;
        match self.operator.ask(request) {
            Answer::No => Err(EngineError::NotDone { request: request.id.clone() }),
            _ => Ok(()),
        }
    }

    /// Records that an instruction's sign was seen.
    pub(crate) fn sensed(&mut self, request: &Request) -> Result<(), EngineError> {
        self.record(EventBody::Answered { request: request.id.clone(), answer: Answer::Done, sensed: true })
    }

    /// Shows a cue.
    pub(crate) fn cue(&mut self, cue: &debrick_coach::Cue) {
        self.operator.cue(cue);
    }

    /// What the person has said while they are led.
    pub(crate) fn said(&mut self) -> Vec<debrick_coach::Seen> {
        self.operator.said()
    }

    /// Keeps a text as evidence.
    pub(crate) fn keep_evidence(
        &mut self,
        kind: EvidenceKind,
        name: &str,
        text: &[u8],
    ) -> Result<Digest, EngineError> {
        let artifact = self.vault.put_bytes(text)?;
        self.record(EventBody::EvidenceStored { kind, name: name.into(), artifact })?;
        Ok(artifact)
    }

    /// Fails with [`EngineError::Cancelled`] once the operator wants to stop.
    pub(crate) fn stop_if_asked(&self) -> Result<(), EngineError> {
        if self.is_stop_wanted() { Err(EngineError::Cancelled) } else { Ok(()) }
    }

    /// Whether the operator wants to stop.
    pub(crate) fn is_stop_wanted(&self) -> bool {
        self.operator.cancelled()
    }

    /// Follows something that takes time.
    pub(crate) fn meter(&mut self, what: &str, total: Option<u64>) -> Meter<'_> {
        let started = self.clock.now();
        Meter {
            operator: &mut *self.operator,
            clock: self.clock.clone(),
            what: what.into(),
            total,
            done: 0,
            started,
            shown: None,
            notices: Vec::new(),
        }
    }
}

/// Tells the operator how far something has come, and passes on the wish to stop.
pub(crate) struct Meter<'a> {
    operator: &'a mut dyn Operator,
    clock: Arc<dyn Clock>,
    what: String,
    total: Option<u64>,
    done: u64,
    started: Moment,
    shown: Option<Moment>,
    notices: Vec<String>,
}

impl Meter<'_> {
    /// What came up meanwhile that a person should know.
    pub(crate) fn into_notices(self) -> Vec<String> {
        self.notices
    }
}

/// How often progress is shown, at most.
const SHOW_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// The most notices that are kept of one thing.
const MOST_NOTICES: usize = 16;

impl Watch for Meter<'_> {
    fn notice(&mut self, what: String) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(what);
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        let now = self.clock.now();
        let complete = self.total.is_some_and(|total| self.done >= total);
        if complete || self.shown.is_none_or(|shown| now.since(shown) >= SHOW_EVERY) {
            self.shown = Some(now);
            let elapsed_ms = u64::try_from(now.since(self.started).as_millis()).unwrap_or(u64::MAX);
            self.operator.progress(&Progress {
                what: self.what.clone(),
                done: self.total.map_or(self.done, |total| self.done.min(total)),
                total: self.total,
                elapsed_ms,
            });
        }
    }

    fn cancelled(&self) -> bool {
        self.operator.cancelled()
    }
}
