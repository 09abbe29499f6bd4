//! Devices as data: the shape of a device record, how it is read, what makes it valid, and how it is found.
//!
//! Records are TOML files under `catalog/`: families of devices and devices written by hand, and devices imported from
//! collected facts. All of them are compiled into the program; a user's own lie on top. A record says what a device is,
//! where its parts lie, how it is entered, written, started and tested. No record holds code.
//!
//! [`Catalog`] is the way in: [`Catalog::search`] finds what a label means, [`Catalog::find`] gives the record on top of
//! its families, and [`Device::repairable`] what a repair over the console needs of it.

mod catalog;
mod device;
mod entry;
mod error;
mod file;
#[doc(hidden)]
pub mod fuzzing;
mod inherit;
mod lint;
mod method;
mod needs;
mod own;
mod pack;
mod recognise;
mod recoverable;
mod repairable;
mod search;
mod sources;

pub use catalog::Catalog;
pub use device::{
    ChipFacts, ConsoleFacts, Device, FirmwareFacts, Helper, Kind, LockFacts, PowerFacts, Signing, StopRule,
    StorageFacts, StoragePart, UsbMode, VersionRule, Who,
};
pub use entry::{Action, Entry, LightPattern, Sign, Step};
pub use error::CatalogError;
pub use lint::{Fault, LintReport, lint_folder};
pub use method::{Confidence, Method, Parameter, Protocol, Purpose};
pub use needs::{Connection, Tool};
pub use pack::{LONGEST_PACK, embedded};
pub use recognise::Recogniser;
pub use recoverable::{Door, DoorKind, Recoverable};
pub use repairable::{
    Console, ConsoleMethod, EnvironmentRecord, Firmware, NetworkRecord, ObservationRule, ObservationSource,
    OperationStatus, Power, RamWindow, Repairable, SettingsRecord, SmokeTest, SmokeTestKind, StopKey,
    Storage, StorageKind, TestStatus, Transfer,
};
pub use search::Hit;
pub use sources::Sources;

/// The version of the shape of a device record; `build.rs` names it, too.
pub const SCHEMA: &str = "debrick.device/1";

/// The longest record that is read, in bytes.
pub const LONGEST_RECORD: usize = 1 << 20;

/// The record of the program's own catalog with this id.
///
/// # Errors
/// [`CatalogError::UnknownDevice`] where there is none.
pub fn find(id: &str) -> Result<Device, CatalogError> {
    Catalog::builtin().find(id)
}

/// Reads one device record, and puts it on top of what the program's own catalog knows.
///
/// `name` is the file's name, for messages.
///
/// # Errors
/// What is wrong with the file.
pub fn parse(name: &str, text: &str) -> Result<Device, CatalogError> {
    Catalog::builtin().parse(name, text)
}
