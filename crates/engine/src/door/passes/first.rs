//! The first pass: a system is started in the unit's memory.

use std::time::Duration;

use debrick_catalog::Door;
use debrick_model::{Answer, Effect, EventBody, Gate, GateOutcome, GateResult, Request, RequestKind, Step};
use debrick_target::{Offer, Scope, clearance};

use super::MEMORY;
use crate::artifact_source::ArtifactSource;
use crate::door::{DoorRepair, ways};
use crate::error::EngineError;
use crate::session::Done;
use crate::steps::{judge_image, record_clearance};
use crate::tries::Try;

/// How long a system in memory may take until it answers.
const STARTS: Duration = Duration::from_secs(240);

/// How often it is looked for.
const ASKED_EVERY: Duration = Duration::from_secs(2);

const NOTHING_TO_LOSE: &str =
    "A start in memory writes nothing: there is nothing to lose, and switching it off undoes it.";

impl DoorRepair<'_> {
    /// Brings a system into the unit's memory, and waits until it answers.
    pub(super) fn first_pass(&mut self) -> Result<(), EngineError> {
        self.identify()?;
        self.preflight()?;
        self.obtain()?;
        self.obtain_first()?;
        self.look_ahead_in_memory()?;
        self.confirm_passes()?;
        // Somebody who asks before anybody was led to the button may be another unit.
        let stays_open =
            self.doors.first().is_some_and(|door| ways::way_of(door, &self.stations).stays_open());
        self.is_open = stays_open && self.is_at_its_door()?;
        self.write_with_retries()
    }

    /// Judges the image that is started in memory.
    fn obtain_first(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::Obtain, |repair| {
            let Some((name, digest)) = repair.running()?.first.clone() else {
                return Err(EngineError::NoFirstImage);
            };
            let mut target = repair.fitness_target();
            // It lies in memory, not in the flash.
            target.slot_size = None;
            target.formats =
                repair.doors.first().map(|door| repair.record.formats_of(door)).unwrap_or_default();
            let (evidence, trusted) = (&repair.past.evidence, &repair.wishes.trusted);
            let judged = judge_image(&mut repair.session, (&name, digest), evidence, trusted, &target)?;
            repair.running()?.first_gates = judged.gates.to_vec();
            Ok(Done::with((), format!("For the start in memory: {}", judged.summary)))
        })
    }

    /// The gates of a start in memory: those of its image; one witness of what the unit is, and none against it.
    fn memory_gates(&mut self) -> Result<Vec<GateResult>, EngineError> {
        let mut gates = self.running()?.first_gates.clone();
        let (outcome, reason) = match &self.identity {
            Some(identity) if !identity.contradicting.is_empty() => {
                (GateOutcome::Fail, "Something on the unit contradicts what it is taken for.")
            }
            Some(identity) if identity.independent_witnesses() >= 1 => (
                GateOutcome::Pass,
                "One witness is enough for a start in memory; two are needed before it is written to.",
            ),
            _ => (GateOutcome::Unknown, "Nothing says yet what the unit is."),
        };
        gates.push(GateResult { gate: Gate::Identity, outcome, reasons: vec![reason.to_owned()] });
        let reasons = vec![NOTHING_TO_LOSE.to_owned()];
        gates.push(GateResult { gate: Gate::Backup, outcome: GateOutcome::Pass, reasons });
        gates.extend(self.gates.iter().filter(|result| result.gate == Gate::Preflight).cloned());
        Ok(gates)
    }

    /// Stops before anybody presses a button, where a gate of either image is shut for good.
    fn look_ahead_in_memory(&mut self) -> Result<(), EngineError> {
        let first = self.memory_gates()?;
        let looked = [(first, vec![]), (self.gates.clone(), vec![Gate::Identity, Gate::Backup])];
        for (gates, later) in looked {
            if let Err(refusal) = clearance::look_ahead(&gates, &self.waivers, &later) {
                for result in &refusal.shut {
                    self.session.record(EventBody::GateChecked { result: result.clone() })?;
                }
                return Err(refusal.into());
            }
        }
        Ok(())
    }

    fn confirm_passes(&mut self) -> Result<(), EngineError> {
        let request = Request {
            id: "start-in-memory".into(),
            text: format!("Start a system in the memory of the {}?", self.title()),
            kind: RequestKind::Confirmation {
                consequence:
                    "Its storage stays as it is. You are asked again before anything is written to it.".into(),
            },
        };
        self.agree(request)
    }

    /// Has the operator agree, once a session.
    pub(super) fn agree(&mut self, request: Request) -> Result<(), EngineError> {
        let id = request.id.clone();
        if self.past.agreed.contains(&id) {
            return Ok(());
        }
        match self.session.ask(request)? {
            Answer::Yes => {
                self.past.agreed.push(id);
                Ok(())
            }
            _ => Err(EngineError::Declined { request: id }),
        }
    }

    /// Hands the first image over at the open door, and waits until its system answers.
    pub(in crate::door) fn start_in_memory(&mut self, one: &Try<Door>) -> Result<(), EngineError> {
        let gates = self.memory_gates()?;
        let Some((file, digest)) = self.running()?.first.clone() else {
            return Err(EngineError::NoFirstImage);
        };
        let scope = Scope { regions: vec![MEMORY.to_owned()], contents: vec![digest] };
        let waivers = self.waivers.clone();
        let recorded = &mut self.past.waivers;
        let clearance = record_clearance(&mut self.session, &gates, &waivers, recorded, scope)?;
        let door = &one.method;
        let name = ways::name_for(door, &file).to_owned();
        let content = ArtifactSource(self.session.vault.artifact(digest)?);
        let size = debrick_target::Source::len(&content);
        self.session_step(Step::EnterRecovery, |repair| {
            let effect =
                Effect::RunImage { method: door.name.clone(), name: name.clone(), size, content: digest };
            repair.session.record(EventBody::Intent { effect })?;
            repair.is_open = false;
            let kept = repair.kept.take();
            repair.running()?.is_ours = true;
            let part = Offer { region: MEMORY, name: &name, content: &content, digest };
            let mut meter = repair.session.meter(&format!("sending {name}"), Some(size));
            let (way, network) = (ways::way_of(door, &repair.stations), &mut *repair.network);
            let accepted =
                ways::hand_over(&*way, kept, one.condition, network, &clearance, &part, &mut meter);
            for notice in meter.into_notices() {
                repair.session.note(notice)?;
            }
            accepted?;
            repair.session.record(EventBody::EffectDone { sent: size, unchanged: 0 })?;
            repair.wait_until_up()?;
            Ok(Done::with((), "A system runs in its memory, and answers. Nothing was written."))
        })
    }

    fn wait_until_up(&mut self) -> Result<(), EngineError> {
        let clock = self.session.clock.clone();
        let began = clock.now();
        loop {
            self.session.stop_if_asked()?;
            if let Ok(mut shell) = self.log_in()
                && super::second::ask(&mut *shell).is_ok_and(|system| system.runs_from_memory())
            {
                self.running()?.is_up = true;
                return Ok(());
            }
            let waited = clock.now().since(began);
            if waited >= STARTS {
                return Err(EngineError::NotUp { waited_s: waited.as_secs() });
            }
            let mut meter = self.session.meter("waiting for the system in memory", Some(STARTS.as_secs()));
            debrick_target::Watch::advance(&mut meter, waited.as_secs());
            clock.sleep(ASKED_EVERY);
        }
    }
}
