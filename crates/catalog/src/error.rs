//! What can be wrong with device records.

use debrick_model::Coded;

use crate::lint::Fault;

/// A device record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It is larger than any record can be.
    #[error("{file} has {size} bytes; no device record is that large")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size in bytes.
        size: usize,
    },
    /// A file or folder of records cannot be read.
    #[error("the device records in {file} could not be read")]
    Unreadable {
        /// The file or folder.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML of the right shape.
    #[error("this is not a device record: {fault}")]
    Malformed {
        /// Where and why.
        fault: Box<Fault>,
    },
    /// It has the shape of another version.
    #[error("{file} has the schema {schema:?}, and this program reads {:?}", crate::SCHEMA)]
    OtherSchema {
        /// The file.
        file: String,
        /// What it says.
        schema: String,
    },
    /// It contradicts itself.
    #[error("{file} contradicts itself: {}", in_words(faults))]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong.
        faults: Vec<Fault>,
    },
    /// There is no such device.
    #[error("no device in the catalog is called {id:?}")]
    UnknownDevice {
        /// What was asked for.
        id: String,
    },
    /// There is no such family.
    #[error("no family in the catalog is called {id:?}")]
    UnknownFamily {
        /// What was asked for.
        id: String,
    },
    /// Not everything is known that a repair over the console needs.
    #[error("the catalog does not know enough of {id} to repair it over its console; missing: {}", missing.join("; "))]
    Incomplete {
        /// The device.
        id: String,
        /// What is not known.
        missing: Vec<String>,
        /// Ways to recover it that a person can go, by name.
        other_ways: Vec<String>,
    },
    /// The user's own record of a device cannot be used.
    #[error("your own record of {id} cannot be used: {}", in_words(faults))]
    OwnBroken {
        /// The device.
        id: String,
        /// What is wrong.
        faults: Vec<Fault>,
    },
    /// The catalog in use cannot be read.
    #[error("the catalog in use is damaged at {place}")]
    Damaged {
        /// Where.
        place: String,
    },
    /// A file is no packed catalog.
    #[error("{file} is no packed catalog")]
    PackUnknown {
        /// The file.
        file: String,
    },
    /// A packed catalog was made for another version of the program.
    #[error("the catalog in {file} has the schema {schema:?}, and this program reads {:?}", crate::SCHEMA)]
    PackSchema {
        /// The file.
        file: String,
        /// What it says.
        schema: String,
    },
    /// A packed catalog cannot be read.
    #[error("the catalog in {file} is damaged at {place}")]
    PackDamaged {
        /// The file.
        file: String,
        /// Where.
        place: String,
    },
    /// A packed catalog is larger than any.
    #[error("the catalog in {file} is larger than any")]
    PackTooLarge {
        /// The file.
        file: String,
    },
}

impl Coded for CatalogError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "device-file-too-large",
            Self::Unreadable { .. } => "device-file-unreadable",
            Self::Malformed { .. } => "device-file-malformed",
            Self::OtherSchema { .. } => "device-file-schema",
            Self::Invalid { .. } => "device-file-invalid",
            Self::UnknownDevice { .. } => "device-unknown",
            Self::UnknownFamily { .. } => "family-unknown",
            Self::Incomplete { .. } => "device-incomplete",
            Self::OwnBroken { .. } => "device-own-record-broken",
            Self::Damaged { .. } => "catalog-damaged",
            Self::PackUnknown { .. } => "catalog-pack-unknown",
            Self::PackSchema { .. } => "catalog-pack-schema",
            Self::PackDamaged { .. } => "catalog-pack-damaged",
            Self::PackTooLarge { .. } => "catalog-pack-too-large",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::TooLarge { .. } | Self::Malformed { .. } | Self::Invalid { .. } => {
                "Mend the file; docs/add-a-device.md describes every field. Nothing was done to the unit.".into()
            }
            Self::Unreadable { .. } => "Check the name and the permissions of the file or folder.".into(),
            Self::OtherSchema { .. } => "Use the program that the file was made for, or convert the file.".into(),
            Self::UnknownFamily { .. } => {
                "Name the device instead with --device, which says its family; `debrick devices search TEXT` finds it.".into()
            }
            Self::UnknownDevice { .. } => {
                "Look for the name on the label with `debrick devices search TEXT`, or describe the device in a file and \
                 pass it with --device-file."
                    .into()
            }
            Self::Incomplete { id, other_ways, .. } if other_ways.is_empty() => format!(
                "Add what is missing to a record of your own with the id {id} (docs/add-a-device.md) and pass it with \
                 --device-file. Nothing was done to the unit."
            ),
            Self::Incomplete { id, .. } => format!(
                "`debrick devices show {id}` tells how the device is recovered by hand. For its console, add what is \
                 missing to a record of your own with this id (docs/add-a-device.md) and pass it with --device-file. \
                 Nothing was done to the unit."
            ),
            Self::OwnBroken { .. } => {
                "Mend the file, or move it away; `debrick devices lint` names every fault. Until then nothing is done \
                 with this device, because your record may say what the catalog does not know."
                    .into()
            }
            Self::Damaged { .. } => {
                "Where `debrick devices update` brought it, take it away with `debrick devices update --forget`; otherwise \
                 install the program anew."
                    .into()
            }
            Self::PackUnknown { .. } => {
                "Name the file that its maker signed, not its signature. Nothing was changed.".into()
            }
            Self::PackSchema { .. } => {
                "Get the catalog for this version of the program, or the program for this catalog. Nothing was changed."
                    .into()
            }
            Self::PackDamaged { .. } | Self::PackTooLarge { .. } => {
                "Do not use it: its signature is right, so that it was made wrong. Tell whoever signed it. Nothing was \
                 changed."
                    .into()
            }
        }
    }
}

fn in_words(faults: &[Fault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}
