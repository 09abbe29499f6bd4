//! First boot, smoke tests, settings, soak: proof that the unit works, and goes on working.

use debrick_model::{EventBody, Step};

use crate::boot::{Assessment, Reached, Whereabouts};
use crate::error::EngineError;
use crate::repair::Repair;
use crate::session::Done;

use super::assess::in_words;

impl Repair<'_> {
    /// Restarts the unit and watches: the end of an upload proves nothing, a system that runs does.
    pub(crate) fn first_boot(&mut self) -> Result<Assessment, EngineError> {
        self.in_step(Step::FirstBoot, |repair| {
            let assessment = repair.restart_and_watch("first boot")?;
            if let Reached::Ready { version } = &assessment.boot.reached {
                let version = version.clone();
                repair.check_version(&version)?;
                repair.version = Some(version);
                repair.run_smoke_tests()?;
            }
            let summary = in_words(&assessment);
            Ok(Done::with(assessment, summary))
        })
    }

    pub(crate) fn restart_and_watch(&mut self, name: &str) -> Result<Assessment, EngineError> {
        if self.whereabouts == Whereabouts::Prompt {
            self.unit.restart()?;
        } else if !self.unit.restart_system(&self.session)? {
            self.power_cycle()?;
        }
        let assessment = self.watch_and_judge(name)?;
        if let Reached::Ready { version } = &assessment.boot.reached {
            self.session.record(EventBody::Booted {
                version: Some(version.clone()),
                took_ms: assessment.boot.took_ms,
            })?;
        }
        Ok(assessment)
    }

    /// The version that runs must be the one that was written.
    fn check_version(&mut self, version: &str) -> Result<(), EngineError> {
        let wrote_firmware = self.touched.contains(&self.device.firmware.region);
        let Some(expected) =
            self.facts.as_ref().and_then(|facts| facts.version.clone()).filter(|_| wrote_firmware)
        else {
            return Ok(());
        };
        let ok = expected == version;
        let detail = if ok {
            format!("The system says that it is {version}, as the image does.")
        } else {
            format!("The system says that it is {version}, and the image {expected}.")
        };
        self.session.record(EventBody::SmokeTested { name: "version".into(), ok, detail: detail.clone() })?;
        if ok { Ok(()) } else { Err(EngineError::SmokeTest { name: "version".into(), detail }) }
    }

    /// Asks the running system what only a running system answers.
    pub(crate) fn run_smoke_tests(&mut self) -> Result<(), EngineError> {
        let version = self.version.clone().unwrap_or_default();
        for test in self.device.smoke.clone() {
            let Some(shown) = self.unit.smoke_test(&test, &version) else {
                self.session.note(format!(
                    "The test {:?} needs a network cable to the unit; it was left out.",
                    test.name
                ))?;
                continue;
            };
            let (name, ok, detail) = (test.name.clone(), shown.ok, shown.detail);
            self.session.record(EventBody::SmokeTested { name: name.clone(), ok, detail: detail.clone() })?;
            if !ok {
                return Err(EngineError::SmokeTest { name, detail });
            }
        }
        Ok(())
    }

    /// Smoke tests of a unit that was found running.
    pub(crate) fn smoke_test(&mut self, step: Step) -> Result<(), EngineError> {
        match self.run_smoke_tests() {
            Err(error @ EngineError::SmokeTest { .. }) => {
                self.session.failed(step, &error)?;
                Err(error)
            }
            other => other,
        }
    }

    /// Restarts the unit as often as was wished, and watches every time.
    pub(crate) fn soak(&mut self) -> Result<(), EngineError> {
        let restarts = self.wishes.soak_restarts;
        self.in_step(Step::Soak, |repair| {
            if restarts == 0 {
                return Ok(Done::skipped((), "No restarts were wished for."));
            }
            for number in 1..=restarts {
                repair.session.stop_if_asked()?;
                let assessment = repair.restart_and_watch(&format!("soak restart {number}"))?;
                if !matches!(assessment.boot.reached, Reached::Ready { .. }) {
                    return Err(EngineError::Exhausted {
                        tried: format!("Restart {number} of the repaired unit"),
                    });
                }
                repair.run_smoke_tests()?;
            }
            Ok(Done::with((), format!("Restarts: {restarts}; it worked after each.")))
        })
    }
}
