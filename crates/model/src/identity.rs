//! What is claimed about a unit, by whom, and which claims agree.

use serde::{Deserialize, Serialize};

/// What an observation speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Maker.
    Vendor,
    /// Model name.
    Model,
    /// Hardware revision.
    HardwareRevision,
    /// Sales region.
    Region,
    /// A board id that firmware uses, for example `acme,r1`.
    BoardId,
    /// Serial number of the unit.
    Serial,
    /// Ethernet address.
    MacAddress,
    /// Firmware version.
    Version,
    /// Processor architecture.
    Architecture,
    /// The main chip, by its name or by an id that it gives.
    Chip,
    /// The name that a phone's software has for the device: `taimen`.
    Codename,
    /// USB vendor and product: `05c6:9008`.
    UsbId,
    /// The name of a file that the unit asks for.
    RequestedFile,
    /// A text that the system prints once it runs.
    ReadyText,
    /// A name that stands in the evidence without being said of the unit: what a file is called, what a story tells, what a
    /// platform is known by. It points to devices, and settles nothing.
    Mention,
}

impl Property {
    /// Whether a claim of this property says which device it is, and not only something that fits it.
    pub fn names_the_device(self) -> bool {
        matches!(self, Self::Model | Self::BoardId | Self::Codename | Self::ReadyText)
    }
}

/// One claim about a unit with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What it speaks about.
    pub property: Property,
    /// The claim, verbatim.
    pub value: String,
    /// Where it comes from, in words: "the unit's factory region", "the label, read by the operator".
    pub source: String,
    /// What of the unit the claim is from: `environment`, `banner`, `bootloader`, `factory`, `operator`, `firmware`, `chip`,
    /// `usb`. Which of them are independent of each other says [`Observation::speaker`].
    pub witness: String,
}

impl Observation {
    /// Who speaks. Observations with the same speaker are not independent of each other, whatever their witnesses: the
    /// bootloader prints its banner, and writes its variables where they are missing.
    pub fn speaker(&self) -> &str {
        match self.witness.as_str() {
            "banner" | "environment" => "bootloader",
            other => other,
        }
    }
}

/// What a unit is, and how well that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The catalog id of the device.
    pub device: String,
    /// The unit's serial number, where it is known.
    pub serial: Option<String>,
    /// Hardware revision, where it is known.
    pub hardware_revision: Option<String>,
    /// Region, where it is known.
    pub region: Option<String>,
    /// Observations that agree with the device.
    pub agreeing: Vec<Observation>,
    /// Observations that contradict it.
    pub contradicting: Vec<Observation>,
}

impl Identity {
    /// The number of independent witnesses that agree on which device it is (a serial number alone says nothing).
    pub fn independent_witnesses(&self) -> usize {
        let mut witnesses: Vec<&str> = self
            .agreeing
            .iter()
            .filter(|seen| seen.property.names_the_device())
            .map(Observation::speaker)
            .collect();
        witnesses.sort_unstable();
        witnesses.dedup();
        witnesses.len()
    }

    /// Whether destructive steps may build on it: two independent witnesses agree, and nothing contradicts.
    pub fn is_established(&self) -> bool {
        self.contradicting.is_empty() && self.independent_witnesses() >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_says(witness: &str) -> Observation {
        let source = format!("the {witness}");
        Observation { property: Property::Model, value: "R1".into(), source, witness: witness.into() }
    }

    fn identity(agreeing: Vec<Observation>, contradicting: Vec<Observation>) -> Identity {
        Identity {
            device: "acme-r1".into(),
            serial: None,
            hardware_revision: None,
            region: None,
            agreeing,
            contradicting,
        }
    }

    #[test]
    fn one_witness_is_not_enough_however_often_it_speaks() {
        assert!(!identity(vec![model_says("factory"), model_says("factory")], vec![]).is_established());
        assert!(identity(vec![model_says("factory"), model_says("environment")], vec![]).is_established());
        let contradicted =
            identity(vec![model_says("factory"), model_says("environment")], vec![model_says("operator")]);
        assert!(!contradicted.is_established());
    }

    #[test]
    fn a_bootloader_and_its_variables_are_one_speaker() {
        assert!(!identity(vec![model_says("banner"), model_says("environment")], vec![]).is_established());
        assert!(identity(vec![model_says("banner"), model_says("firmware")], vec![]).is_established());
    }

    #[test]
    fn a_serial_number_does_not_tell_the_model() {
        let serial = Observation { property: Property::Serial, ..model_says("environment") };
        assert!(!identity(vec![model_says("factory"), serial], vec![]).is_established());
    }
}
