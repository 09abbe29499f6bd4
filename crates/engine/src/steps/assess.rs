//! See what is wrong: watch the unit start, judge what it says, and look into it from its bootloader.

use std::time::Duration;

use debrick_diagnose::{Evidence, StorageSurvey, diagnose};
use debrick_model::{EventBody, EvidenceKind, Request, RequestKind, Sign, Step};
use debrick_target::survey::{self, Piece};
use debrick_target::{Silent, Source};

use crate::artifact_source::ArtifactSource;
use crate::boot::{Assessment, Boot, Reached};
use crate::error::EngineError;
use crate::plan::Inspection;
use crate::repair::Repair;
use crate::session::Done;
use crate::unit::Bearings;

/// How long the operator has to switch a unit off and on.
const SWITCHING: Duration = Duration::from_secs(180);

/// How many pieces the firmware region is looked at in.
const SURVEY_PIECES: u64 = 128;

impl Repair<'_> {
    /// Watches the unit start, from wherever it is now.
    pub(crate) fn assess(&mut self) -> Result<Assessment, EngineError> {
        self.in_step(Step::Assess, |repair| {
            match repair.unit.take_bearings()? {
                Bearings::Talking => {}
                Bearings::Prompt => {
                    repair.session.note(
                        "The bootloader waits at its prompt; it is restarted, to see how far it gets.",
                    )?;
                    repair.unit.restart()?;
                }
                Bearings::Quiet => repair.power_cycle()?,
            }
            let assessment = repair.watch_and_judge("first look")?;
            let summary = in_words(&assessment);
            Ok(Done::done(assessment, summary))
        })
    }

    /// Watches a start, keeps its log, and judges it.
    pub(crate) fn watch_and_judge(&mut self, name: &str) -> Result<Assessment, EngineError> {
        let boot = self.unit.watch_boot()?;
        self.at_prompt = boot.reached == Reached::Bootloader;
        self.session.keep_evidence(EvidenceKind::SerialLog, name, &boot.log)?;
        let diagnosis = diagnose(&[log_evidence(name, &boot)]);
        self.session.record(EventBody::Diagnosed { diagnosis: diagnosis.clone() })?;
        Ok(Assessment { boot, diagnosis })
    }

    /// Has the unit switched off and on, and waits for its first sign of life.
    pub(crate) fn power_cycle(&mut self) -> Result<(), EngineError> {
        let request = self.power_cycle_request();
        self.session.instruct(&request)?;
        if !self.unit.wait_for_activity(SWITCHING)? {
            return Err(EngineError::NotDone { request: request.id });
        }
        self.session.sensed(&request)
    }

    /// Brings the unit to its bootloader's prompt, from wherever its last start left it.
    pub(crate) fn reach_bootloader(&mut self, reached: &Reached) -> Result<(), EngineError> {
        if self.at_prompt {
            self.unit.sync()?;
            return Ok(());
        }
        if matches!(reached, Reached::Loop { .. }) {
            let next_start = Duration::from_secs(u64::from(self.device.console.boot_seconds));
            if self.unit.interrupt(next_start).is_ok() {
                self.at_prompt = true;
                return Ok(());
            }
        }
        let request = self.power_cycle_request();
        self.session.instruct(&request)?;
        match self.unit.interrupt(SWITCHING) {
            Ok(()) => self.at_prompt = true,
            Err(error) if error.is_link_lost() => return Err(error),
            Err(error) => {
                self.session.failed(Step::EnterRecovery, &error)?;
                return Err(EngineError::NotDone { request: request.id });
            }
        }
        self.session.sensed(&request)
    }

    fn power_cycle_request(&self) -> Request {
        Request {
            id: "power-cycle".into(),
            text: self.device.power.cycle.clone(),
            kind: RequestKind::Instruction {
                expect: Sign::ConsoleActivity,
                within_ms: u64::try_from(SWITCHING.as_millis()).unwrap_or(u64::MAX),
            },
        }
    }

    /// Looks into the unit from its bootloader: variables, and what the firmware region holds.
    pub(crate) fn inspect(
        &mut self,
        assessment: &Assessment,
    ) -> Result<(debrick_model::Diagnosis, Inspection), EngineError> {
        let (_, variables) = self.unit.ask_bootloader()?;
        let required = &self.device.environment.required;
        let wrong_variables: Vec<(String, String)> = required
            .iter()
            .filter(|(name, value)| variables.get(*name) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();

        let mut evidence = vec![log_evidence("first look", &assessment.boot)];
        let mut holds_image = None;
        if let Some(survey) = self.survey_firmware()? {
            let text = serde_json::to_vec(&survey).unwrap_or_default();
            self.session.keep_evidence(EvidenceKind::StorageSurvey, "firmware region by digest", &text)?;
            holds_image = Some(survey.holds_image());
            evidence.push(Evidence::survey("firmware region by digest", survey));
        }
        let diagnosis = diagnose(&evidence);
        self.session.record(EventBody::Diagnosed { diagnosis: diagnosis.clone() })?;
        Ok((diagnosis, Inspection { wrong_variables, holds_image }))
    }

    /// Compares the firmware region with the image that was given, by the unit's own digests.
    fn survey_firmware(&mut self) -> Result<Option<StorageSurvey>, EngineError> {
        let (Some((_, digest)), Some(method)) = (&self.image, self.methods.first().cloned()) else {
            return Ok(None);
        };
        let image = ArtifactSource(self.session.vault.artifact(*digest)?);
        let Some(region) = self.map.get(&self.device.firmware.region).cloned() else { return Ok(None) };
        if image.len() > region.size || image.is_empty() {
            return Ok(None);
        }
        let piece = (image.len() / SURVEY_PIECES).next_multiple_of(4096).max(4096);
        let size = image.len();
        let seen = self.unit.with_storage(&method, |target| {
            survey::survey(target, &region, size, piece, &image, &mut Silent)
        })?;
        Ok(Some(StorageSurvey::of(
            size,
            piece,
            seen.pieces.iter().map(|piece| match piece {
                Piece::Same => 's',
                Piece::Blank => 'b',
                Piece::Other => 'o',
            }),
        )))
    }
}

fn log_evidence(name: &str, boot: &Boot) -> Evidence {
    Evidence::log(name, &String::from_utf8_lossy(&boot.log))
}

/// What a start showed, in a sentence.
pub(crate) fn in_words(assessment: &Assessment) -> String {
    let reached = match &assessment.boot.reached {
        Reached::Ready { version } => format!("The system starts (version {version})"),
        Reached::Bootloader => "The bootloader runs, the system does not start".into(),
        Reached::Loop { starts } => format!("It starts over and over ({starts} starts seen)"),
        Reached::Stuck => "It starts, and stops on the way".into(),
        Reached::Silent => "It says nothing".into(),
    };
    format!("{reached}: {}", assessment.diagnosis.cause().meaning())
}
