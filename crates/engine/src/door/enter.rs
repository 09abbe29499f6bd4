//! Bring the unit into its recovery mode: a person is led, and what can be sensed says when it is there.

use std::time::Duration;

use debrick_catalog::{Action, Door};
use debrick_coach::{Coach, Ending, Procedure};
use debrick_model::{Answer, EventBody, EvidenceKind, Request, Step};

use super::DoorRepair;
use super::sense::Sensing;
use super::ways::way_of;
use crate::error::EngineError;
use crate::session::Done;

/// A person who does nothing at all is waited for by the coach; this bounds all attempts together.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long the wire is listened to at most, before somebody's word counts.
const LISTENS_FOR: Duration = Duration::from_secs(30);

impl DoorRepair<'_> {
    /// Leads the operator into the mode of a door, unless the unit was found in it and nothing asks for a fresh entry.
    pub(super) fn enter(&mut self, door: &Door, fresh: bool) -> Result<(), EngineError> {
        let attempt = self.session.begin(Step::EnterRecovery)?;
        let result = self.lead(door, fresh);
        self.session.end(Step::EnterRecovery, attempt, result)
    }

    fn lead(&mut self, door: &Door, fresh: bool) -> Result<Done<()>, EngineError> {
        if !fresh && self.is_open {
            return Ok(Done::with((), "It is in its recovery mode already."));
        }
        self.is_open = false;
        self.kept = None;
        self.testimony.clear();
        if let Some(request) = way_of(door).word() {
            return self.take_word(door, request);
        }
        // The port was given its address before: nobody has to do it by hand.
        let mut device = self.record.device.clone();
        for entry in &mut device.entry {
            entry.steps.retain(|step| step.action != Action::SetAddress);
        }
        let procedure = self.record.method_of(door).and_then(|method| Procedure::of(&device, method));
        let Some(procedure) = procedure else {
            return Err(EngineError::NoEntry { method: door.name.clone() });
        };
        let mut sensing = Sensing::of(door, &mut *self.network)?;
        let mut coach = Coach::new(procedure, sensing.senses(self.console.is_some()));
        let clock = self.session.clock.clone();
        let began = clock.now();
        let mut by = String::new();
        let mut cues = coach.start(Duration::ZERO);
        loop {
            for cue in &cues {
                if let debrick_coach::Cue::Reached { by: proof } = cue {
                    by.clone_from(proof);
                }
                self.session.cue(cue);
            }
            let now = clock.now().since(began);
            if coach.ending().is_some() || now > LONGEST {
                break;
            }
            self.session.stop_if_asked()?;
            cues = Vec::new();
            for said in self.session.said() {
                cues.extend(coach.take(clock.now().since(began), said));
            }
            let seen = sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
            for one in seen {
                cues.extend(coach.take(clock.now().since(began), one));
            }
            cues.extend(coach.tick(clock.now().since(began)));
        }
        self.is_open = coach.ending() == Some(Ending::Reached);
        if !sensing.log.is_empty() {
            self.session.keep_evidence(EvidenceKind::SerialLog, "on the way into recovery", &sensing.log)?;
        }
        self.take_testimony(std::mem::take(&mut sensing.testimony));
        let attempts = coach.misses() + usize::from(self.is_open);
        let let_go = coach.let_go().filter(|_| self.is_open);
        self.session.record(EventBody::Coached {
            method: door.name.clone(),
            reached: self.is_open,
            by: by.clone(),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            let_go_ms: let_go.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
            misses: coach.misses_in_words(),
        })?;
        if self.is_open {
            sensing.gather(&mut *self.network, &*clock)?;
        }
        self.kept = sensing.keep().filter(|_| self.is_open);
        self.must_be_alone()?;
        if self.is_open {
            let summary = format!("It is in its recovery mode after {attempts} attempts: {by}.");
            return Ok(Done::with((), summary.replace("after 1 attempts", "at the first attempt")));
        }
        Err(EngineError::NotEntered { method: door.name.clone(), attempts: coach.misses() })
    }

    /// Has somebody give their word where nothing can be sensed, and listens whether anything speaks against it.
    fn take_word(&mut self, door: &Door, request: Request) -> Result<Done<()>, EngineError> {
        let id = request.id.clone();
        if self.session.ask(request)? != Answer::Yes {
            return Err(EngineError::Declined { request: id });
        }
        let mut sensing = Sensing::of(door, &mut *self.network)?;
        if !sensing.senses(false).network {
            return Ok(Done::with((), "Somebody has given their word for it: nothing of it can be heard."));
        }
        let clock = self.session.clock.clone();
        let began = clock.now();
        while !sensing.is_open && clock.now().since(began) < LISTENS_FOR {
            self.session.stop_if_asked()?;
            sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
        }
        self.is_open = sensing.is_open;
        self.kept = sensing.keep();
        self.must_be_alone()?;
        Ok(Done::with((), "Nobody else was heard on the cable, and somebody has given their word for it."))
    }

    /// Stops where several units were seen: which of them it is nobody knows.
    fn must_be_alone(&mut self) -> Result<(), EngineError> {
        let units = self.kept.as_ref().map(|kept| kept.several()).unwrap_or_default();
        if units.is_empty() {
            return Ok(());
        }
        (self.is_open, self.kept) = (false, None);
        Err(EngineError::SeveralUnits { units })
    }
}
