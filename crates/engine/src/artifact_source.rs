//! A file of the vault as a source of bytes.

use debrick_target::{Source, SourceError};
use debrick_vault::Artifact;

/// A file of the vault, read where it is needed.
pub(crate) struct ArtifactSource(pub(crate) Artifact);

impl Source for ArtifactSource {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        match self.0.read_at(offset, buffer) {
            Ok(count) if count == buffer.len() => Ok(()),
            Ok(_) => Err(SourceError { offset, source: std::io::ErrorKind::UnexpectedEof.into() }),
            Err(error) => Err(SourceError { offset, source: std::io::Error::other(error) }),
        }
    }
}
