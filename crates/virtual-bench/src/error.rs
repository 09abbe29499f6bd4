//! What can go wrong with a unit that is kept in files.

use std::path::PathBuf;

use debrick_model::Coded;

/// A unit's files could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file could not be used.
    #[error("could not {action} {}", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file does not hold a unit.
    #[error("{} does not hold a virtual unit: {reason}", path.display())]
    NotAUnit {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Coded for BenchError {
    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "virtual-unit-file",
            Self::NotAUnit { .. } => "virtual-unit-unreadable",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::File { path, .. } => {
                format!("Check that {} exists and may be read and written.", path.display())
            }
            Self::NotAUnit { .. } => "Make the virtual unit anew in another folder.".to_owned(),
        }
    }
}
