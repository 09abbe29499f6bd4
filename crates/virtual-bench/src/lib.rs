//! A virtual router on a virtual clock: the device that `catalog/devices/acme-r1.toml` describes, with a bootloader,
//! a system behind it, ways to break it, and faults that happen while somebody repairs it.
//!
//! [`VirtualRouter`] is the device. [`Bench`] puts it on a virtual clock, with the faults of a [`Faults`] drawn from a
//! seed and counted in a [`FaultLog`]. [`serve`] runs the same router for a real client on a real stream.
//! [`Plug`] puts any device half on real Ethernet, among them
//! [`Netboot`], a bootloader that boots from the network.

mod bench;
mod board;
mod boot;
mod brick;
mod door;
mod error;
mod faults;
mod fdt;
mod firmware;
mod layout;
mod loading;
mod netboot;
mod network;
mod pages;
mod plug;
mod router;
mod running;
mod script;
mod serve;
mod state;
mod storage;
mod system;

pub use bench::Bench;
pub use brick::Brick;
pub use door::{Door, Speech};
pub use error::BenchError;
pub use faults::{ConsoleFaults, Fault, FaultLog, Faults, Lie, Stranger};
pub use firmware::{FirmwareOptions, firmware};
pub use layout::{
    BOARD_ID, BOOT_COMMAND, FLASH_SIZE, HOST_ADDRESS, Identity, MAC_ADDRESS, READY, REGIONS, Region, SERIAL,
    UNIT_ADDRESS, region, seal_settings,
};
pub use netboot::{Netboot, NetbootOutcome};
pub use plug::Plug;
pub use router::{Led, Leds, RouterConfig, VirtualRouter};
pub use running::BenchShell;
pub use serve::serve;
pub use state::{Hardware, UnitState};
