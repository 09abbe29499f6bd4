#![doc = include_str!("../README.md")]

pub mod device;
pub mod environment;
pub mod error;
pub mod host;
pub mod partition;
pub mod wire;

pub use environment::{Environment, Identity};
pub use error::EvaError;
pub use host::{FindOptions, MemoryPlace, Paused, Session, SessionOptions, Target, find, find_all};
pub use partition::Partition;
