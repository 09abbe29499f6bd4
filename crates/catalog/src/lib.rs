//! Devices as data: the shape of a device record, how it is read, and what makes it valid.
//!
//! Records are TOML files under `catalog/devices/`; those are compiled into the program. A user's own record is read
//! with [`parse`] and overlays them. A record says what a device is, where its parts lie, how it is entered, written,
//! started and tested. No record holds code.

mod builtin;
mod device;
mod error;
mod validate;

pub use builtin::{builtin, find};
pub use device::{
    Console, Device, EnvironmentRecord, Firmware, Method, NetworkRecord, ObservationRule, ObservationSource,
    OperationStatus, Power, Protocol, RamWindow, SettingsRecord, SmokeTest, SmokeTestKind, StopKey, Storage,
    StorageKind, TestStatus, Transfer,
};
pub use error::CatalogError;

/// The version of the shape of a device record.
pub const SCHEMA: &str = "debrick.device/1";

/// The longest record that is read, in bytes.
pub const LONGEST_RECORD: usize = 1 << 20;

/// Reads one device record and checks it.
///
/// `name` is the file's name, for messages.
pub fn parse(name: &str, text: &str) -> Result<Device, CatalogError> {
    if text.len() > LONGEST_RECORD {
        return Err(CatalogError::TooLarge { file: name.into(), size: text.len() });
    }
    let schema = toml::from_str::<SchemaOnly>(text)
        .map_err(|source| CatalogError::Malformed { file: name.into(), source })?
        .schema;
    if schema != SCHEMA {
        return Err(CatalogError::OtherSchema { file: name.into(), schema });
    }
    let device: Device =
        toml::from_str(text).map_err(|source| CatalogError::Malformed { file: name.into(), source })?;
    let faults = validate::faults(&device);
    if faults.is_empty() { Ok(device) } else { Err(CatalogError::Invalid { file: name.into(), faults }) }
}

/// The only thing that every version of a record has in common.
#[derive(serde::Deserialize)]
struct SchemaOnly {
    schema: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use debrick_model::Coded;

    const GOOD: &str = include_str!("../../../catalog/devices/acme-r1.toml");

    fn check(change: (&str, &str), expected: Result<(), &str>) {
        assert!(GOOD.contains(change.0), "the record has no {:?}", change.0);
        let text = GOOD.replacen(change.0, change.1, 1);
        let got = parse("test.toml", &text).map(|_| ()).map_err(|error| error.code());
        assert_eq!(got, expected, "{change:?}");
    }

    #[test]
    fn records_are_checked() {
        check(("", ""), Ok(()));
        check(("debrick.device/1", "debrick.device/2"), Err("device-file-schema"));
        check(("vendor =", "vendr ="), Err("device-file-malformed"));
        check(("board_ids = [\"acme,r1\"]", "board_ids = []"), Err("device-file-invalid"));
        check(("size = 0x1800000", "size = 0x1800001"), Err("device-file-invalid"));
        check(("size = 0x1800000", "size = 0x8000000"), Err("device-file-invalid"));
        check(("offset = 0x20000", "offset = 0x1fe00"), Err("device-file-invalid"));
        check(("region = \"firmware\"", "region = \"kernel\""), Err("device-file-invalid"));
        check(("write_block = 512", "write_block = 0"), Err("device-file-invalid"));
        check(("size = 0x2000000", "size = -1"), Err("device-file-malformed"));
        check(("id = \"acme-r1\"", "id = \"../r1\""), Err("device-file-invalid"));
    }

    #[test]
    fn the_builtin_catalog_is_valid() {
        assert!(builtin().unwrap().iter().any(|device| device.id == "acme-r1"));
        assert_eq!(find("acme-r9").unwrap_err().code(), "device-unknown");
    }

    #[test]
    fn a_record_survives_json() {
        let device = find("acme-r1").unwrap();
        let json = serde_json::to_string(&device).unwrap();
        assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), device);
    }
}
