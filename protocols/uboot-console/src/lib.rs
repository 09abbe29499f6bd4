//! The U-Boot console: interrupt, learn, command, read, write and digest; and a device half.
//!
//! `wire` holds the text on the line that both halves share; [`host`] drives a real or virtual bootloader; [`device`] is
//! one. [`messages`] tells what a bootloader's messages mean.

pub mod device;
pub mod host;
pub mod messages;
pub mod wire;
