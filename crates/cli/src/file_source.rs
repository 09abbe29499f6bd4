//! A file of the operator's as a source of bytes: read where it is needed, never held in memory as a whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use debrick_target::{Source, SourceError};

use crate::failure::Failure;
use crate::input;

/// A file that is open for reading.
pub(crate) struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens a file; a pipe, a device or a folder is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let (file, len) = input::open(path)?;
        Ok(Self { file, len })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let is_inside = offset.checked_add(buffer.len() as u64).is_some_and(|end| end <= self.len);
        let read = match is_inside {
            true => self.file.read_exact_at(buffer, offset),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        read.map_err(|source| SourceError { offset, source })
    }
}
