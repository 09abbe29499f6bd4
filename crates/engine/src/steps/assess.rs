//! See what is wrong: watch the unit start, judge what it says, and look into it from its bootloader.

use std::time::Duration;

use debrick_diagnose::{Case, Evidence, OtherName, StorageSurvey, WrongVariable, diagnose_case};
use debrick_model::{Diagnosis, EventBody, EvidenceKind, Request, RequestKind, Sign, Step};
use debrick_target::survey::{self, Piece, Survey};
use debrick_target::{Silent, Source};

use crate::artifact_source::ArtifactSource;
use crate::boot::{Assessment, Boot, Reached, Whereabouts};
use crate::error::EngineError;
use crate::plan::Inspection;
use crate::repair::Repair;
use crate::session::Done;
use crate::unit::Bearings;

/// How long the operator has to switch a unit off and on.
const SWITCHING: Duration = Duration::from_secs(180);

/// How long nothing comes any more after our own typing.
const A_MOMENT: Duration = Duration::from_millis(300);

/// How many pieces the firmware region is looked at in.
const SURVEY_PIECES: u64 = 128;

impl Repair<'_> {
    /// Watches the unit start, from wherever it is now.
    pub(crate) fn assess(&mut self) -> Result<Assessment, EngineError> {
        self.in_step(Step::Assess, |repair| {
            // A bootloader that was left in the middle of a command is called back first.
            let called_back = repair.past.reached_bootloader && repair.unit.sync(&repair.session).is_ok();
            let bearings = if called_back { Bearings::Prompt } else { repair.take_bearings_afresh()? };
            match bearings {
                Bearings::Talking => {}
                Bearings::Prompt => {
                    repair.session.note(
                        "The bootloader waits at its prompt; it is restarted, to see how far it gets.",
                    )?;
                    repair.unit.restart()?;
                }
                Bearings::Quiet => repair.power_cycle()?,
            }
            let mut boot = repair.unit.watch_boot(&repair.session)?;
            if boot.is_end_of_a_start() {
                repair.session.keep_evidence(EvidenceKind::SerialLog, "end of a start", &boot.log)?;
                repair.session.note(
                    "It was on its way to a prompt when the watch began; it is restarted, to see a \
                     whole start.",
                )?;
                match repair.unit.sync(&repair.session) {
                    Ok(()) => repair.unit.restart()?,
                    Err(error) if error.is_link_lost() || error.is_cancellation() => return Err(error),
                    // The prompt was that of a running system's shell, whose start had been missed.
                    Err(_) => repair.power_cycle()?,
                }
                boot = repair.unit.watch_boot(&repair.session)?;
            }
            let mut assessment = repair.judge("first look", boot)?;
            if assessment.boot.shows_nothing() {
                repair.power_cycle()?;
                assessment = repair.watch_and_judge("first start")?;
            }
            let summary = in_words(&assessment);
            Ok(Done::with(assessment, summary))
        })
    }

    /// What our own typing brought about, at the shell of a running system say, is no sign of a start.
    fn take_bearings_afresh(&mut self) -> Result<Bearings, EngineError> {
        if self.past.reached_bootloader {
            for _ in 0..4 {
                if !self.unit.says_something(&self.session, A_MOMENT)? {
                    break;
                }
            }
        }
        self.unit.take_bearings(&self.session)
    }

    /// Watches a start, keeps its log, and judges it.
    pub(crate) fn watch_and_judge(&mut self, name: &str) -> Result<Assessment, EngineError> {
        let boot = self.unit.watch_boot(&self.session)?;
        self.judge(name, boot)
    }

    /// Keeps the log of a start, and judges it.
    fn judge(&mut self, name: &str, boot: Boot) -> Result<Assessment, EngineError> {
        self.whereabouts = boot.reached.whereabouts();
        self.session.keep_evidence(EvidenceKind::SerialLog, name, &boot.log)?;
        self.overhear(name, &boot.log);
        let diagnosis = self.judge_evidence(name, &boot, &[], &[]);
        self.session.record(EventBody::Diagnosed { diagnosis: diagnosis.clone() })?;
        Ok(Assessment { boot, diagnosis })
    }

    /// Has the unit switched off and on, and waits for its first sign of life.
    pub(crate) fn power_cycle(&mut self) -> Result<(), EngineError> {
        let request = self.power_cycle_request();
        self.unit.forget_log();
        self.session.instruct(&request)?;
        self.wait_for_sign_of_life(&request)?;
        self.session.sensed(&request)
    }

    /// Brings the unit to its bootloader's prompt, from wherever its last start left it.
    pub(crate) fn reach_bootloader(&mut self, reached: &Reached) -> Result<(), EngineError> {
        if self.whereabouts == Whereabouts::Prompt {
            self.unit.sync(&self.session)?;
            return Ok(());
        }
        if matches!(reached, Reached::Loop { .. }) {
            let next_start = Duration::from_secs(u64::from(self.device.console.boot_seconds));
            if self.unit.interrupt(&self.session, next_start).is_ok() {
                self.whereabouts = Whereabouts::Prompt;
                return Ok(());
            }
        }
        let request = self.power_cycle_request();
        self.session.instruct(&request)?;
        self.wait_for_sign_of_life(&request)?;
        let next_start = Duration::from_secs(u64::from(self.device.console.boot_seconds));
        match self.unit.interrupt(&self.session, next_start) {
            Ok(()) => self.whereabouts = Whereabouts::Prompt,
            Err(error) if error.is_link_lost() || error.is_cancellation() => return Err(error),
            Err(error) => {
                self.session.failed(Step::EnterRecovery, &error)?;
                return Err(EngineError::NotDone { request: request.id });
            }
        }
        self.session.sensed(&request)
    }

    /// Waits for the unit to say anything after an instruction; the operator may stop meanwhile.
    fn wait_for_sign_of_life(&mut self, request: &Request) -> Result<(), EngineError> {
        if self.unit.says_something(&self.session, SWITCHING)? {
            return Ok(());
        }
        Err(EngineError::NotDone { request: request.id.clone() })
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
    ) -> Result<(Diagnosis, Inspection), EngineError> {
        let (_, variables) = self.unit.ask_bootloader()?;
        let required = &self.device.environment.required;
        let wrong_variables: Vec<WrongVariable> = required
            .iter()
            .filter(|(name, value)| variables.get(*name) != Some(value))
            .map(|(name, value)| WrongVariable {
                name: name.clone(),
                found: variables.get(name).cloned(),
                needed: value.clone(),
            })
            .collect();

        let survey = self.survey_firmware()?;
        let holds_image = survey.as_ref().map(|survey| survey.equal == survey.blocks);
        if let Some(survey) = &survey {
            let text = serde_json::to_vec(survey).unwrap_or_default();
            self.session.keep_evidence(EvidenceKind::StorageSurvey, &survey.name, &text)?;
        }
        let diagnosis =
            self.judge_evidence("last start", &assessment.boot, survey.as_slice(), &wrong_variables);
        self.session.record(EventBody::Diagnosed { diagnosis: diagnosis.clone() })?;
        Ok((diagnosis, Inspection { wrong_variables, holds_image }))
    }

    /// Compares the firmware region with the image that was given, by the unit's own digests.
    fn survey_firmware(&mut self) -> Result<Option<StorageSurvey>, EngineError> {
        let (Some((_, digest)), Some(method)) = (&self.image, self.methods.first().cloned()) else {
            return Ok(None);
        };
        let image = ArtifactSource(self.session.vault.artifact(*digest)?);
        let Some(region) = self.device.region(&self.device.firmware.region).cloned() else { return Ok(None) };
        if image.len() > region.size || image.is_empty() {
            return Ok(None);
        }
        let piece = (image.len() / SURVEY_PIECES).next_multiple_of(4096).max(4096);
        let size = image.len();
        let seen = self.unit.with_storage(&method, &region.name, |target| {
            survey::survey(target, &region, size, piece, &image, &mut Silent)
        })?;
        Ok(Some(survey_of(&seen, size)))
    }

    fn judge_evidence(
        &self,
        name: &str,
        boot: &Boot,
        surveys: &[StorageSurvey],
        variables: &[WrongVariable],
    ) -> Diagnosis {
        let text = String::from_utf8_lossy(&boot.log).into_owned();
        let evidence = [Evidence { kind: EvidenceKind::SerialLog, name: name.into(), text }];
        let architecture = Some(self.device.architecture.as_str());
        let other_names = self.other_names();
        let other_names = &other_names;
        diagnose_case(&Case {
            evidence: &evidence,
            surveys,
            variables,
            other_names,
            architecture,
            is_watched: true,
            ..Case::default()
        })
    }

    /// What the installed firmware calls the unit, once the unit is known to be another device and until the firmware is
    /// replaced.
    fn other_names(&self) -> Vec<OtherName> {
        if self.touched.contains(&self.device.firmware.region) {
            return Vec::new();
        }
        let discounted = self.identity.iter().flat_map(|identity| &identity.discounted);
        let unit = format!("{} {}", self.device.vendor, self.device.model);
        discounted
            .map(|one| OtherName {
                value: one.observation.value.clone(),
                source: one.observation.source.clone(),
                unit: unit.clone(),
            })
            .collect()
    }
}

fn survey_of(seen: &Survey, size: u64) -> StorageSurvey {
    let blocks = seen.pieces.len() as u64;
    let tail = seen.blank_tail() as u64;
    StorageSurvey {
        name: "the firmware region, by the unit's own digests".into(),
        block_size: seen.piece_size,
        declared_size: Some(size),
        blocks,
        image_known: true,
        equal: seen.count(Piece::Same) as u64,
        equal_prefix: seen.same_head() as u64,
        different: seen.count(Piece::Other) as u64,
        blank: seen.count(Piece::Blank) as u64,
        blank_tail_from: (tail > 0).then(|| blocks - tail),
        equal_to_previous: None,
    }
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
