//! The lab router: ACME's R1 and its relatives, which do not exist outside this folder.
//!
//! ```no_run
//! # fn main() -> Result<(), debrick_lab::router::LabError> {
//! use debrick_lab::router::{Brick, Image, Lab, UnitOptions};
//! use std::time::Duration;
//!
//! let lab = Lab::open("/var/cache/debrick-lab".as_ref())?;
//! let mut unit = lab.unit(UnitOptions::bricked(Brick::KernelBytesDamaged))?;
//! unit.power_on()?;
//! unit.wait_for("Bad Data Hash", 0, Duration::from_secs(20))?;
//! // … run the program under test with `unit.command("debrick")` …
//! assert!(unit.holds(unit.model().firmware(), &lab.firmware(Image::R1V2)?)?);
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`parts`] | what the lab needs from the host, and the typed answer when something is missing |
//! | [`layout`] | models, regions, the factory and settings partitions |
//! | [`environment`] | U-Boot's environment, written by `mkenvimage`, read by us |
//! | [`firmware`] | the images, built once and cached by the digest of their inputs |
//! | [`bricks`] | the ways to break a unit, by stable name |
//! | [`namespace`] | a network of one unit and one host |
//! | [`console`], [`qmp`] | the serial console and the power switch |
//! | [`mod@unit`] | one unit: prepared, switched on and off, inspected |

pub mod bricks;
pub mod console;
pub mod environment;
pub mod firmware;
pub mod layout;
pub mod namespace;
pub mod parts;
pub mod qmp;
pub mod unit;

mod boot_partition;
pub(crate) mod initramfs;
mod payload;
mod tool;

pub use bricks::Brick;
pub use console::Console;
pub use environment::EnvironmentState;
pub use firmware::{Firmware, Image};
pub use layout::{Model, Region, SettingsState, Storage};
pub use parts::{Lab, LabError, Qemu};
pub use unit::{Unit, UnitOptions};
