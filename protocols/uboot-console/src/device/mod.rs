//! The device half: a bootloader as a pure state machine.
//!
//! [`UbootDevice`] is the console of a U-Boot 2023.01 on virtual time, on a [`Board`] that its owner brings;
//! [`UbootConfig`] says how it was built. [`TestBoard`] is a small board to test with.

mod autoboot;
mod board;
mod commands;
mod config;
mod context;
mod environment;
mod help;
mod hush;
mod jobs;
mod line;
mod load;
mod machine;
mod number;
mod program;
mod simple_shell;
mod test_board;
mod uboot;

pub use board::{
    AddressableStorage, Board, BootOutcome, BootRequest, BusError, Modem, Saved, Storage, StorageError,
    StorageInfo, StorageKind, TftpRequest, Transfer,
};
pub use config::{NetworkText, StopPolicy, UbootConfig};
pub use load::Hashes;
pub use test_board::{LyingFlash, Memory, TestBoard, stored_environment};
pub use uboot::{Standing, UbootDevice};
