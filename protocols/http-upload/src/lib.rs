#![doc = include_str!("../README.md")]

pub mod device;
pub mod error;
pub mod host;
pub mod page;
pub mod verdict;
pub mod wire;

mod choose;

pub use error::HttpUploadError;
pub use host::{UploadOptions, Uploaded, Uploader};
pub use page::{Form, Input, InputKind, Page};
pub use verdict::{Reason, Verdict};
