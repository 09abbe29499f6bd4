//! What can be done to a device, as two small capabilities, and the algorithms that are written once over them.
//!
//! [`Addressable`] devices let their storage be read, erased, written and, mostly, digested on the spot. [`Opaque`]
//! devices take an image and give a verdict. Nothing here knows a protocol.

pub mod capability;
pub mod error;
pub mod source;

pub use capability::{Addressable, BlockDigest, DigestKind, Extent, Geometry, Opaque, Silent, Watch};
pub use error::TargetError;
pub use source::{Source, SourceError};
