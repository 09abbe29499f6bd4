//! A file of the operator's as a source of bytes: read where it is needed. Only what is small is held in memory as a
//! whole: formats are told by thousands of short looks, each of which would be a call to the system.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use debrick_target::{Source, SourceError};

use crate::failure::Failure;
use crate::input;

/// Files of at most this many bytes are read at once.
const SMALL: u64 = 1 << 20;

/// A file that is open for reading.
pub(crate) struct FileSource {
    file: File,
    len: u64,
    /// All of it, where it is small.
    whole: Option<Vec<u8>>,
}

impl FileSource {
    /// Opens a file; a pipe, a device or a folder is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let (file, len) = input::open(path)?;
        let mut whole = None;
        if len <= SMALL {
            let mut bytes = vec![0; len as usize];
            file.read_exact_at(&mut bytes, 0).map_err(|error| Failure::file("reading", path, &error))?;
            whole = Some(bytes);
        }
        Ok(Self { file, len, whole })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.len);
        let read = match (end, &self.whole) {
            (Some(end), Some(whole)) => {
                buffer.copy_from_slice(&whole[offset as usize..end as usize]);
                Ok(())
            }
            (Some(_), None) => self.file.read_exact_at(buffer, offset),
            (None, _) => Err(io::ErrorKind::UnexpectedEof.into()),
        };
        read.map_err(|source| SourceError { offset, source })
    }
}
