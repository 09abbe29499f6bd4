//! Judge the firmware file: undamaged, from whom, and for this unit?

use debrick_image::{FitnessTarget, Label, fitness, inspect, label};
use debrick_model::{EventBody, Gate, GateOutcome, GateResult, Property, Step, Verdict, VerdictReport};
use debrick_target::Silent;

use crate::artifact_source::ArtifactSource;
use crate::error::EngineError;
use crate::repair::Repair;
use crate::session::Done;
use crate::unit::claim;

impl Repair<'_> {
    /// Judges the image that was given, and makes the integrity and fitness gates of it.
    pub(crate) fn obtain(&mut self) -> Result<(), EngineError> {
        if self.facts.is_some() {
            return Ok(());
        }
        self.in_step(Step::Obtain, |repair| {
            let Some((name, digest)) = repair.image.clone() else {
                return Err(EngineError::NoImage { origin: repair.device.firmware.origin.clone() });
            };
            repair.session.vault.verify(digest)?;
            let source = ArtifactSource(repair.session.vault.artifact(digest)?);
            let facts = inspect(&source)?;
            let installed = repair.installed_version()?;
            let fit = fitness(&facts, &repair.fitness_target(installed));
            repair.session.record(EventBody::ImageJudged {
                name: name.clone(),
                artifact: digest,
                size: facts.size,
                format: facts.format.clone(),
                version: facts.version.clone(),
                integrity: facts.undamaged(),
                provenance: facts.provenance.clone(),
                fitness: fit.clone(),
            })?;
            repair.gates.push(gate(Gate::Integrity, &facts.undamaged(), "The firmware file is undamaged."));
            repair.gates.push(gate(Gate::Fitness, &fit, "The firmware was made for this device."));
            let summary = format!(
                "{name}: integrity {}, provenance {}, fitness {}.",
                facts.undamaged().verdict.id(),
                facts.provenance.verdict.id(),
                fit.verdict.id()
            );
            repair.facts = Some(facts);
            Ok(Done::with((), summary))
        })
    }

    /// The version that the unit runs; of a unit that does not start, the one that its flash holds, if that is firmware of
    /// the same model. Flash that cannot be read tells nothing; what needs it will say so.
    fn installed_version(&mut self) -> Result<Option<String>, EngineError> {
        if self.version.is_some() {
            return Ok(self.version.clone());
        }
        let Some(region) = self.device.region(&self.device.firmware.region).cloned() else { return Ok(None) };
        let Some(method) = self.methods.first().cloned() else { return Ok(None) };
        let found = self.unit.with_storage(&method, &region.name, |target| {
            label(region.size, &mut |offset, buffer| target.read(region.offset + offset, buffer, &mut Silent))
        });
        let Ok(Some(Label { vendor, model, version: Some(version) })) = found else { return Ok(None) };
        let contradicts = |said: &Option<String>, known: &str| {
            said.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(known))
        };
        if contradicts(&vendor, &self.device.vendor) || contradicts(&model, &self.device.model) {
            return Ok(None);
        }
        let source = format!("the firmware in the region {:?}", region.name);
        let observation = claim(Property::Version, &version, source, "firmware");
        self.session.record(EventBody::Observed { observation })?;
        Ok(Some(version))
    }

    fn fitness_target(&self, current_version: Option<String>) -> FitnessTarget {
        let identity = self.identity.as_ref();
        let region = self.device.region(&self.device.firmware.region);
        FitnessTarget {
            board_ids: self.device.board_ids.clone(),
            vendor: Some(self.device.vendor.clone()),
            model: Some(self.device.model.clone()),
            architecture: Some(self.device.architecture.clone()),
            hardware_revision: identity.and_then(|identity| identity.hardware_revision.clone()),
            region: identity.and_then(|identity| identity.region.clone()),
            slot_size: region.map(|region| region.size),
            formats: self.device.firmware.formats.clone(),
            current_version,
            ..FitnessTarget::default()
        }
    }
}

fn gate(gate: Gate, report: &VerdictReport, passed: &str) -> GateResult {
    let outcome = match report.verdict {
        Verdict::Pass => GateOutcome::Pass,
        Verdict::Fail => GateOutcome::Fail,
        Verdict::Unknown => GateOutcome::Unknown,
    };
    let mut reasons: Vec<String> = report
        .checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| format!("{}: expected {}, found {}.", check.name, check.expected, check.actual))
        .collect();
    reasons.extend(report.reasons.iter().cloned());
    if outcome == GateOutcome::Pass {
        reasons = vec![passed.to_owned()];
    }
    GateResult { gate, outcome, reasons }
}
