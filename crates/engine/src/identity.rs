//! What observations say of a unit: which of them agree with the device that the operator named.

use debrick_catalog::{Device, Recogniser, Repairable};
use debrick_model::{
    Discounted, Gate, GateOutcome, GateResult, Identity, Observation, Property, Request, RequestKind,
};

/// The names of the device that the operator named.
pub(crate) struct Named<'a> {
    id: &'a str,
    vendor: &'a str,
    model: &'a str,
    board_ids: &'a [String],
    hardware_revisions: &'a [String],
    sales_regions: &'a [String],
}

impl<'a> From<&'a Repairable> for Named<'a> {
    fn from(device: &'a Repairable) -> Self {
        Self {
            id: &device.id,
            vendor: &device.vendor,
            model: &device.model,
            board_ids: &device.board_ids,
            hardware_revisions: &device.hardware_revisions,
            sales_regions: &device.sales_regions,
        }
    }
}

impl<'a> From<&'a Device> for Named<'a> {
    fn from(device: &'a Device) -> Self {
        Self {
            id: &device.id,
            vendor: &device.vendor,
            model: &device.model,
            board_ids: &device.board_ids,
            hardware_revisions: &device.hardware_revisions,
            sales_regions: &device.sales_regions,
        }
    }
}

impl Named<'_> {
    /// Sorts observations into those that agree with the device and those that contradict it.
    pub(crate) fn judge(&self, devices: &Recogniser, observations: &[Observation]) -> Identity {
        let mut identity = Identity {
            device: self.id.to_owned(),
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
                Property::Vendor => Some(same(self.vendor, &seen.value)),
                // What the catalog can tell apart (a revision on the label) it tells better than letters do.
                Property::Model => devices
                    .agreement(self.id, seen)
                    .or_else(|| Some(names_model(self.vendor, self.model, &seen.value))),
                Property::Codename | Property::ReadyText => devices.agreement(self.id, seen),
                // Many devices ask for files of the same name: such a name speaks for none of them.
                Property::RequestedFile => devices
                    .agreement(self.id, seen)
                    .filter(|agrees| !agrees || devices.names_alone(self.id, seen)),
                Property::BoardId => {
                    Some(one_of(self.board_ids) || devices.agreement(self.id, seen) == Some(true))
                }
                Property::HardwareRevision => Some(one_of(self.hardware_revisions)),
                Property::Region => Some(one_of(self.sales_regions)),
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

    /// What an identity means, in a sentence.
    pub(crate) fn in_words(&self, identity: &Identity) -> String {
        let name = format!("{} {}", self.vendor, self.model);
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

/// What the log of a start says about which device it is, as far as it bears on this one.
pub(crate) fn overheard(devices: &Recogniser, device: &str, name: &str, log: &[u8]) -> Vec<Observation> {
    let sightings = debrick_diagnose::observe(name, log, &devices.ready_texts());
    let seen = sightings.into_iter().map(|sighting| sighting.observation);
    // What file it asks for at some start may be anybody's wish.
    let names =
        |seen: &Observation| seen.property.names_the_device() && seen.property != Property::RequestedFile;
    seen.filter(|seen| names(seen) && devices.agreement(device, seen).is_some()).collect()
}

/// What words that a unit shows say about which device it is, as far as they bear on this one: each name of a device of the
/// catalog in them.
pub(crate) fn read(devices: &Recogniser, device: &str, words: &Observation) -> Vec<Observation> {
    let names = devices.mentions(&words.source, words.value.as_bytes(), &[]).into_iter();
    let claims = names
        .map(|name| claim(Property::Model, &name.observation.value, words.source.clone(), &words.witness));
    claims.filter(|seen| devices.agreement(device, seen).is_some()).collect()
}

/// The gate of an identity.
pub(crate) fn gate(identity: &Identity, summary: &str) -> GateResult {
    let outcome = if identity.is_established() {
        GateOutcome::Pass
    } else if identity.contradicting.is_empty() {
        GateOutcome::Unknown
    } else {
        GateOutcome::Fail
    };
    GateResult { gate: Gate::Identity, outcome, reasons: vec![summary.to_owned()] }
}

/// Asks for the label.
pub(crate) fn label_request() -> Request {
    Request {
        id: "label-model".into(),
        text: "Read the model name from the label on the unit's underside, letter by letter.".into(),
        kind: RequestKind::Question { choices: vec![] },
    }
}

/// An observation of a unit.
pub(crate) fn claim(property: Property, value: &str, source: String, witness: &str) -> Observation {
    Observation { property, value: value.trim().to_owned(), source, witness: witness.to_owned() }
}

/// The operator as a witness.
pub(crate) const OPERATOR: &str = "operator";

/// What the operator read from the label.
pub(crate) fn label(text: &str) -> Observation {
    claim(Property::Model, text, "the label, read by the operator".to_owned(), OPERATOR)
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
}
