//! The records that are compiled into the program.

use crate::device::Device;
use crate::error::CatalogError;

/// File names and contents of the records in `catalog/devices/`.
const RECORDS: &[(&str, &str)] = &[("acme-r1.toml", include_str!("../../../catalog/devices/acme-r1.toml"))];

/// All records of the program's own catalog.
pub fn builtin() -> Result<Vec<Device>, CatalogError> {
    RECORDS.iter().map(|(name, text)| crate::parse(name, text)).collect()
}

/// The built-in record with this id.
pub fn find(id: &str) -> Result<Device, CatalogError> {
    let found = builtin()?.into_iter().find(|device| device.id == id);
    found.ok_or_else(|| CatalogError::UnknownDevice { id: id.into() })
}
