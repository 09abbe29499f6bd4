//! The host half: plain blocking code over a link.
//!
//! [`Console`] finds a prompt and proves it, types commands and waits for their end; [`UbootTarget`] makes a storage of
//! the unit addressable through it, with a [`RamLoader`] that brings bytes into the unit's memory.

mod checksums;
mod command;
mod console;
mod environment;
mod error;
mod features;
mod identity;
mod loader;
mod log;
mod memory;
mod storage;
mod sync;
mod target;
mod terminal;
mod typing;
mod watch;

#[cfg(test)]
mod tests;

pub use command::Reply;
pub use console::{Console, ConsoleConfig};
pub use error::ConsoleError;
pub use features::Features;
pub use identity::observations;
pub use loader::{MemoryWriter, RamLoader};
pub use storage::Storage;
pub use sync::Synced;
pub use target::UbootTarget;
pub use watch::{Reached, Until, Watched};

pub use crate::messages::{DeviceMessage, classify};
