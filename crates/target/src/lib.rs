//! What can be done to a device, as two small capabilities, and the algorithms that are written once over them.
//!
//! [`Addressable`] devices let their storage be read, erased, written and, mostly, digested on the spot. [`Opaque`]
//! devices take an image and give a verdict. Nothing here knows a protocol.
//!
//! | algorithm | module |
//! |---|---|
//! | read until two readings agree | [`backup`] |
//! | what a backup must hold, and proof that it restores | [`backup`] |
//! | compare by digest, send only what differs, resume, boot-critical region last | [`flash`] |
//! | compare what is there with what should be | [`verify`] |
//! | what a damaged storage looks like | [`survey`] |
//! | offer an image to a device that takes it whole | [`mod@offer`] |
//! | leave to write | [`clearance`] |

pub mod backup;
pub mod capability;
pub mod clearance;
pub mod digest;
pub mod error;
pub mod flash;
pub mod offer;
pub mod source;
pub mod survey;
pub mod verify;
pub mod virtual_unit;

pub use capability::{Addressable, BlockDigest, DigestKind, Extent, Geometry, Opaque, Silent, Watch};
pub use clearance::{Clearance, Refusal, Scope};
pub use error::TargetError;
pub use offer::{Offer, offer};
pub use source::{Source, SourceError};
pub use virtual_unit::VirtualUnit;
