//! Find out what the unit is: claims from independent witnesses, compared with the device that the operator named.

use debrick_catalog::ObservationSource;
use debrick_model::{Answer, EventBody, Observation, RegionRole, Step};
use debrick_target::{Silent, TargetError};

use crate::error::EngineError;
use crate::identity::{self, Named, claim};
use crate::repair::Repair;
use crate::session::Done;

/// How much of a region is read for its text, in bytes.
const TEXT: u64 = 1024;

impl Repair<'_> {
    /// Collects observations, asks the operator only when they do not suffice, and records the identity.
    pub(crate) fn identify(&mut self) -> Result<(), EngineError> {
        self.in_step(Step::Identify, |repair| {
            let mut observations = repair.observe()?;
            observations.extend(repair.overheard.clone());
            let named = Named::from(&repair.device);
            let mut identity = named.judge(&repair.devices, &observations);
            if !identity.is_established()
                && !identity.is_contradicted_by_the_unit()
                && let Some(label) = repair.ask_for_label()?
            {
                observations.push(label);
                identity = Named::from(&repair.device).judge(&repair.devices, &observations);
            }
            for observation in observations {
                repair.session.record(EventBody::Observed { observation })?;
            }
            repair.session.record(EventBody::Identified { identity: identity.clone() })?;
            let summary = Named::from(&repair.device).in_words(&identity);
            repair.gates.push(identity::gate(&identity, &summary));
            repair.identity = Some(identity);
            Ok(Done::with((), summary))
        })
    }

    /// Takes from the log of a start what it says about the device, as far as it bears on the one of this repair.
    pub(crate) fn overhear(&mut self, name: &str, log: &[u8]) {
        for seen in identity::overheard(&self.devices, &self.device.id, name, log) {
            if !self.overheard.contains(&seen) {
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
        match self.session.ask(identity::label_request())? {
            Answer::Text(text) if !text.trim().is_empty() => Ok(Some(identity::label(&text))),
            _ => Ok(None),
        }
    }
}

/// The value of a `key=value` line.
pub(crate) fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().take(256).find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_regions_are_read_line_by_line() {
        assert_eq!(value_of("vendor=ACME\nmodel=R1\r\n", "model"), Some("R1"));
        assert_eq!(value_of("xmodel=R1", "model"), None);
    }
}
