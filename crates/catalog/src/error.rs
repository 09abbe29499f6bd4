//! What can be wrong with a device record.

use debrick_model::Coded;

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
    /// It is not TOML of the right shape.
    #[error("{file} is not a device record")]
    Malformed {
        /// The file.
        file: String,
        /// Where and why.
        source: toml::de::Error,
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
    #[error("{file} contradicts itself: {}", faults.join("; "))]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong, one a line.
        faults: Vec<String>,
    },
    /// There is no such device.
    #[error("no device in the catalog is called {id:?}")]
    UnknownDevice {
        /// What was asked for.
        id: String,
    },
}

impl Coded for CatalogError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "device-file-too-large",
            Self::Malformed { .. } => "device-file-malformed",
            Self::OtherSchema { .. } => "device-file-schema",
            Self::Invalid { .. } => "device-file-invalid",
            Self::UnknownDevice { .. } => "device-unknown",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::TooLarge { .. } | Self::Malformed { .. } | Self::Invalid { .. } => {
                "Mend the file; docs/add-a-device.md describes every field. Nothing was done to the unit."
            }
            Self::OtherSchema { .. } => "Use the program that the file was made for, or convert the file.",
            Self::UnknownDevice { .. } => {
                "Check the name on the label, or describe the device in a file and pass it with --device-file."
            }
        }
        .to_owned()
    }
}
