//! Find out what the unit is: claims from independent witnesses, compared with the device that the operator named.

use debrick_catalog::ObservationSource;
use debrick_model::{
    Answer, Discounted, EventBody, Gate, GateOutcome, GateResult, Identity, Observation, Property,
    RegionRole, Request, RequestKind, Step,
};
use debrick_target::{Silent, TargetError};

use crate::error::EngineError;
use crate::repair::Repair;
use crate::session::Done;
use crate::unit::claim;

/// How much of a region is read for its text, in bytes.
const TEXT: u64 = 1024;

impl Repair<'_> {
    /// Collects observations, asks the operator only when they do not suffice, and records the identity.
    pub(crate) fn identify(&mut self) -> Result<(), EngineError> {
        self.in_step(Step::Identify, |repair| {
            let mut observations = repair.observe()?;
            observations.extend(repair.overheard.clone());
            let mut identity = repair.judge(&observations);
            if !identity.is_established()
                && !identity.is_contradicted_by_the_unit()
                && let Some(label) = repair.ask_for_label()?
            {
                observations.push(label);
                identity = repair.judge(&observations);
            }
            for observation in observations {
                repair.session.record(EventBody::Observed { observation })?;
            }
            repair.session.record(EventBody::Identified { identity: identity.clone() })?;
            let summary = repair.identity_in_words(&identity);
            repair.gates.push(identity_gate(&identity, &summary));
            repair.identity = Some(identity);
            Ok(Done::with((), summary))
        })
    }

    /// Takes from the log of a start what it says about the device, as far as it bears on the one of this repair.
    pub(crate) fn overhear(&mut self, name: &str, log: &[u8]) {
        for sighting in debrick_diagnose::observe(name, log, &self.devices.ready_texts()) {
            let seen = sighting.observation;
            let bears = self.devices.agreement(&self.device.id, &seen).is_some();
            if bears && seen.property.names_the_device() && !self.overheard.contains(&seen) {
                self.overheard.push(seen);
            }
        }
    }

    fn observe(&mut self) -> Result<Vec<Observation>, EngineError> {
        let (mut observations, variables) = self.unit.ask_bootloader()?;
        observations.retain(|seen| seen.witness == "banner");
        let method = self.methods.first().cloned();
        let mut texts: Vec<(String, String)> = Vec::new();
        for rule in self.device.observe.clone() {
            match &rule.at {
                ObservationSource::Environment { variable } => {
                    if let Some(value) = variables.get(variable) {
                        let source = format!("the bootloader variable {variable:?}");
                        observations.push(claim(rule.property, value, source, "environment"));
                    }
                }
                ObservationSource::RegionText { region, key } => {
                    let Some(method) = &method else { continue };
                    if !texts.iter().any(|(name, _)| name == region) {
                        let text = self.read_text(method, region)?;
                        texts.push((region.clone(), text));
                    }
                    let text = texts.iter().find(|(name, _)| name == region).map(|(_, text)| text.as_str());
                    if let Some(value) = text.and_then(|text| value_of(text, key)) {
                        let source = format!("the line {key:?} in the region {region:?}");
                        observations.push(claim(rule.property, value, source, self.witness_of(region)));
                    }
                }
            }
        }
        Ok(observations)
    }

    /// Who speaks in a region. What other firmware replaces or writes speaks for the firmware.
    fn witness_of<'a>(&self, region: &'a str) -> &'a str {
        match self.device.region(region).map(|region| region.role) {
            Some(RegionRole::Unique | RegionRole::BootCritical) => region,
            _ => "firmware",
        }
    }

    fn read_text(
        &mut self,
        method: &debrick_catalog::ConsoleMethod,
        region: &str,
    ) -> Result<String, EngineError> {
        let Some(region) = self.device.region(region).cloned() else { return Ok(String::new()) };
        let mut bytes = vec![0; region.size.min(TEXT) as usize];
        let read = self
            .unit
            .with_storage(method, &region.name, |target| target.read(region.offset, &mut bytes, &mut Silent));
        match read {
            Ok(()) => {
                let end = bytes.iter().position(|byte| matches!(byte, 0 | 0xFF)).unwrap_or(bytes.len());
                Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
            }
            Err(EngineError::Target(error @ TargetError::Device { .. })) => {
                self.session.failed(Step::Identify, &EngineError::Target(error))?;
                Ok(String::new())
            }
            Err(error) => Err(error),
        }
    }

    fn ask_for_label(&mut self) -> Result<Option<Observation>, EngineError> {
        let request = Request {
            id: "label-model".into(),
            text: "Read the model name from the label on the unit's underside, letter by letter.".into(),
            kind: RequestKind::Question { choices: vec![] },
        };
        match self.session.ask(request)? {
            Answer::Text(text) if !text.trim().is_empty() => {
                let source = "the label, read by the operator".to_owned();
                Ok(Some(claim(Property::Model, &text, source, "operator")))
            }
            _ => Ok(None),
        }
    }

    /// Sorts observations into those that agree with the device and those that contradict it.
    fn judge(&self, observations: &[Observation]) -> Identity {
        let device = &self.device;
        let mut identity = Identity {
            device: device.id.clone(),
            serial: None,
            hardware_revision: None,
            region: None,
            agreeing: Vec::new(),
            contradicting: Vec::new(),
            discounted: Vec::new(),
        };
        for seen in observations {
            let one_of =
                |allowed: &[String]| allowed.is_empty() || allowed.iter().any(|one| same(one, &seen.value));
            let agrees = match seen.property {
                Property::Vendor => Some(same(&device.vendor, &seen.value)),
                // What the catalog can tell apart (a revision on the label) it tells better than letters do.
                Property::Model => self
                    .devices
                    .agreement(&device.id, seen)
                    .or_else(|| Some(names_model(&device.vendor, &device.model, &seen.value))),
                Property::Codename | Property::ReadyText => self.devices.agreement(&device.id, seen),
                Property::BoardId => {
                    Some(one_of(&device.board_ids) || self.devices.agreement(&device.id, seen) == Some(true))
                }
                Property::HardwareRevision => Some(one_of(&device.hardware_revisions)),
                Property::Region => Some(one_of(&device.sales_regions)),
                Property::Serial => {
                    identity.serial.get_or_insert_with(|| seen.value.clone());
                    Some(identity.serial.as_deref() == Some(seen.value.as_str()))
                }
                // A record of one device does not say these in a form that settles anything.
                Property::MacAddress
                | Property::Version
                | Property::Architecture
                | Property::Chip
                | Property::UsbId
                | Property::RequestedFile
                | Property::Mention => None,
            };
            match seen.property {
                Property::HardwareRevision => identity.hardware_revision = Some(seen.value.clone()),
                Property::Region => identity.region = Some(seen.value.clone()),
                _ => {}
            }
            match agrees {
                Some(true) => identity.agreeing.push(seen.clone()),
                Some(false) => identity.contradicting.push(seen.clone()),
                None => {}
            }
        }
        identity.weigh();
        identity
    }

    fn identity_in_words(&self, identity: &Identity) -> String {
        let name = format!("{} {}", self.device.vendor, self.device.model);
        if let Some(seen) = identity.contradicting.first() {
            return format!("It may not be the {name}: {} says {:?}.", seen.source, seen.value);
        }
        let serial =
            identity.serial.as_ref().map(|serial| format!(", serial number {serial}")).unwrap_or_default();
        match identity.independent_witnesses() {
            0 => format!("Nothing on the unit says that it is the {name}."),
            1 => format!("Only one witness says that it is the {name}; two are needed."),
            count => {
                let agree = format!("It is the {name}{serial}: {count} independent witnesses agree.");
                match identity.discounted.first() {
                    Some(Discounted { observation, because }) => format!(
                        "{agree} Firmware of another device is installed: {} says {:?}. {because}",
                        observation.source, observation.value
                    ),
                    None => agree,
                }
            }
        }
    }
}

fn identity_gate(identity: &Identity, summary: &str) -> GateResult {
    let outcome = if identity.is_established() {
        GateOutcome::Pass
    } else if identity.contradicting.is_empty() {
        GateOutcome::Unknown
    } else {
        GateOutcome::Fail
    };
    GateResult { gate: Gate::Identity, outcome, reasons: vec![summary.to_owned()] }
}

/// The value of a `key=value` line.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().take(256).find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::trim)
}

fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Whether a label's text names this model, with or without its vendor.
fn names_model(vendor: &str, model: &str, text: &str) -> bool {
    let (vendor, model, text) = (plain(vendor), plain(model), plain(text));
    text == model || text == format!("{vendor}{model}")
}

/// Letters and digits only, in lower case: labels, tables and variables differ in the rest.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_models() {
        assert!(names_model("ACME", "R1", "Acme R-1"));
        assert!(names_model("ACME", "R1", "r1"));
        assert!(!names_model("ACME", "R1", "ACME R10"));
        assert!(!names_model("ACME", "R1", ""));
    }

    #[test]
    fn text_regions_are_read_line_by_line() {
        assert_eq!(value_of("vendor=ACME\nmodel=R1\r\n", "model"), Some("R1"));
        assert_eq!(value_of("xmodel=R1", "model"), None);
    }
}
