#![doc = include_str!("../README.md")]

pub mod alone;
pub mod device;
pub mod error;
pub mod host;
pub mod wire;

pub use alone::{AloneOnWire, Listening, listen};
pub use error::ZyxelError;
pub use host::{Cast, CastOptions, Caster};
