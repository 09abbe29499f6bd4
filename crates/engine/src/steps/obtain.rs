//! Judge the firmware file: undamaged, from whom, and for this unit?

use debrick_image::{
    Evidence, FitnessTarget, ImageFacts, LONGEST_EVIDENCE, Label, ListedSum, TrustStore, fitness, inspect,
    label, verify,
};
use debrick_model::{
    Digest, EventBody, EvidenceKind, Gate, GateOutcome, GateResult, Property, Step, Verdict, VerdictReport,
};
use debrick_target::Silent;

use crate::artifact_source::ArtifactSource;
use crate::error::EngineError;
use crate::identity::claim;
use crate::job::ImageEvidence;
use crate::repair::Repair;
use crate::session::{Done, Session};

impl Repair<'_> {
    /// Judges the image that was given, and makes the integrity, provenance and fitness gates of it.
    pub(crate) fn obtain(&mut self) -> Result<(), EngineError> {
        if self.facts.is_some() {
            return Ok(());
        }
        self.in_step(Step::Obtain, |repair| {
            let Some((name, digest)) = repair.image.clone() else {
                return Err(EngineError::NoImage { origin: repair.device.firmware.origin.clone() });
            };
            let installed = repair.installed_version()?;
            let target = repair.fitness_target(installed);
            let (evidence, trusted) = (&repair.past.evidence, &repair.wishes.trusted);
            let judged = judge_image(&mut repair.session, (&name, digest), evidence, trusted, &target)?;
            repair.gates.extend(judged.gates);
            repair.facts = Some(judged.facts);
            Ok(Done::with((), judged.summary))
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

/// An image that was judged.
pub(crate) struct Judged {
    /// What it is.
    pub(crate) facts: ImageFacts,
    /// Integrity, provenance and fitness.
    pub(crate) gates: [GateResult; 3],
    /// In a sentence.
    pub(crate) summary: String,
}

/// Judges an image of the vault for a unit, with what came with it, and records it.
pub(crate) fn judge_image(
    session: &mut Session<'_>,
    (name, digest): (&str, Digest),
    evidence: &[ImageEvidence],
    trusted: &TrustStore,
    target: &FitnessTarget,
) -> Result<Judged, EngineError> {
    session.vault.verify(digest)?;
    let source = ArtifactSource(session.vault.artifact(digest)?);
    let mut facts = inspect(&source)?;
    let evidence = evidence_of(session, name, evidence, &mut facts)?;
    facts.provenance = verify(&source, &facts, &evidence, trusted, session.clock.wall_ms())?;
    let fit = fitness(&facts, target);
    session.record(EventBody::ImageJudged {
        name: name.to_owned(),
        artifact: digest,
        size: facts.size,
        format: facts.format.clone(),
        version: facts.version.clone(),
        integrity: facts.undamaged(),
        provenance: facts.provenance.clone(),
        fitness: fit.clone(),
    })?;
    let gates = [
        gate(Gate::Integrity, &facts.undamaged(), "The firmware file is undamaged."),
        provenance_gate(&facts.provenance),
        gate(Gate::Fitness, &fit, "The firmware was made for this device."),
    ];
    let summary = format!(
        "{name}: integrity {}, provenance {}, fitness {}.",
        facts.undamaged().verdict.id(),
        facts.provenance.verdict.id(),
        fit.verdict.id()
    );
    Ok(Judged { facts, gates, summary })
}

/// What came with the image, read from the vault. A list of sums is compared with it on the way.
fn evidence_of(
    session: &Session<'_>,
    image: &str,
    given: &[ImageEvidence],
    facts: &mut ImageFacts,
) -> Result<Vec<Evidence>, EngineError> {
    let mut evidence = Vec::new();
    for ImageEvidence { kind, name, artifact } in given {
        let artifact = session.vault.artifact(*artifact)?;
        artifact.verify()?;
        let bytes = artifact.read_all(LONGEST_EVIDENCE as u64)?;
        if *kind == EvidenceKind::ImageSums
            && let Some(listed) = ListedSum::find(&String::from_utf8_lossy(&bytes), image, facts.sha256)
        {
            listed.compare(name, facts);
        }
        evidence.push(Evidence { name: name.clone(), bytes });
    }
    Ok(evidence)
}

/// Only a signature that is wrong, or by a key that is not to be believed, shuts it: most makers sign nothing, and whoever
/// signed with a key that the operator does not know did nothing wrong.
fn provenance_gate(report: &VerdictReport) -> GateResult {
    match report.verdict {
        Verdict::Fail => gate(Gate::Provenance, report, ""),
        _ => GateResult {
            gate: Gate::Provenance,
            outcome: GateOutcome::Pass,
            reasons: vec![provenance_in_words(report)],
        },
    }
}

/// Who made the firmware, in sentences for a person.
pub(crate) fn provenance_in_words(report: &VerdictReport) -> String {
    let of = |ok: bool| {
        let checks = report.checks.iter().filter(move |check| check.ok == ok);
        checks.map(|check| format!("The {}: {}.", check.name, check.actual)).collect::<Vec<_>>()
    };
    let (lead, checks) = match report.verdict {
        Verdict::Pass => ("It is signed by a key that you trust.", of(true)),
        Verdict::Fail => ("Its signature is NOT to be believed.", of(false)),
        Verdict::Unknown => ("Who made it cannot be told.", of(true)),
    };
    let said = [vec![lead.to_owned()], checks, report.reasons.clone()].concat();
    said.join(" ")
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
