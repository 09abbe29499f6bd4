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
    /// The name that its maker's software has for the device: `taimen` of a phone, `HW219` of a FRITZ!Box.
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
        matches!(self, Self::Model | Self::BoardId | Self::Codename | Self::ReadyText | Self::RequestedFile)
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
    /// `usb`, `mac-prefix`. Which of them are independent of each other says [`Observation::speaker`].
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

    /// Whether who speaks is still the unit itself after other firmware was written to it: its boot ROM, its bootloader, its
    /// factory data, the label that the operator reads. What the running system says tells which firmware is installed, and
    /// what a firmware file says tells what the file is for.
    pub fn survives_firmware(&self) -> bool {
        !matches!(self.speaker(), "firmware" | "image")
    }
}

/// An observation that names another device, and does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discounted {
    /// What says otherwise.
    pub observation: Observation,
    /// Why it does not count, in a sentence.
    pub because: String,
}

/// How many independent witnesses make a device known.
pub const WITNESSES_NEEDED: usize = 2;

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
    /// Observations that say otherwise and do not count: what only the installed firmware says, where enough witnesses that
    /// no firmware changes agree. They tell that firmware of another device is installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounted: Vec<Discounted>,
}

impl Identity {
    /// The number of independent witnesses that agree on which device it is (a serial number alone says nothing).
    pub fn independent_witnesses(&self) -> usize {
        self.count_speakers(|_| true)
    }

    /// Those of them that are still the unit itself after other firmware was written to it.
    pub fn surviving_witnesses(&self) -> usize {
        self.count_speakers(Observation::survives_firmware)
    }

    fn count_speakers(&self, counts: impl Fn(&Observation) -> bool) -> usize {
        let mut witnesses: Vec<&str> = self
            .agreeing
            .iter()
            .filter(|seen| seen.property.names_the_device() && counts(seen))
            .map(Observation::speaker)
            .collect();
        witnesses.sort_unstable();
        witnesses.dedup();
        witnesses.len()
    }

    /// Whether something that no firmware changes contradicts it.
    pub fn is_contradicted_by_the_unit(&self) -> bool {
        self.contradicting.iter().any(Observation::survives_firmware)
    }

    /// Weighs contradictions: where enough witnesses agree that no firmware changes, and only the installed firmware says
    /// otherwise, what it says tells which firmware is installed, and not what the unit is.
    pub fn weigh(&mut self) {
        if self.surviving_witnesses() < WITNESSES_NEEDED || self.is_contradicted_by_the_unit() {
            return;
        }
        let because = format!(
            "Only the installed firmware says so; {} witnesses that no firmware changes agree on what the unit is.",
            self.surviving_witnesses()
        );
        let all = self.contradicting.drain(..);
        self.discounted.extend(all.map(|observation| Discounted { observation, because: because.clone() }));
    }

    /// Whether destructive steps may build on it: two independent witnesses agree, and nothing contradicts.
    pub fn is_established(&self) -> bool {
        self.contradicting.is_empty() && self.independent_witnesses() >= WITNESSES_NEEDED
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
            discounted: vec![],
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
    fn what_only_the_firmware_says_gives_way_to_two_that_survive_it() {
        let check = |agreeing: &[&str], contradicting: &[&str], is_established: bool| {
            let says = |witnesses: &[&str]| witnesses.iter().map(|witness| model_says(witness)).collect();
            let mut weighed = identity(says(agreeing), says(contradicting));
            weighed.weigh();
            assert_eq!(weighed.is_established(), is_established, "{agreeing:?} against {contradicting:?}");
            assert_eq!(weighed.discounted.len(), if is_established { contradicting.len() } else { 0 });
        };
        check(&["environment", "factory"], &["firmware"], true);
        check(&["banner", "operator"], &["firmware", "image"], true);
        // A bootloader and its variables are one; what the firmware says of both sides is none.
        check(&["banner", "environment"], &["firmware"], false);
        check(&["environment", "firmware"], &["firmware"], false);
        check(&["environment", "factory"], &["firmware", "operator"], false);
        check(&["operator", "factory"], &["banner"], false);
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
