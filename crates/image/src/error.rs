//! What can go wrong while reading an image. Damage is not an error: it is a finding of the integrity verdict.

use debrick_model::Coded;
use debrick_target::SourceError;

/// An image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The bytes are there, but could not be had.
    #[error("could not read {wanted} bytes of the image at offset {offset}")]
    Unreadable {
        /// First byte.
        offset: u64,
        /// Bytes wanted.
        wanted: u64,
        /// Why.
        source: SourceError,
    },
    /// Reading the file would cost many times its size, as only crafted files do.
    #[error("the file makes its reader go over it again and again; it was given up")]
    TooMuchWork,
}

impl Coded for ImageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "image-unreadable",
            Self::TooMuchWork => "image-too-much-work",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "Nothing was written. Check the disk that holds the file, or fetch it again.".into()
            }
            Self::TooMuchWork => {
                "Nothing was written. Do not use this file; fetch it again from its maker.".into()
            }
        }
    }
}
