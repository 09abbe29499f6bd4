//! Prints what `debrick-image` makes of files, as JSON: `cargo run -p debrick-image --example inspect -- FILE...`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use debrick_image::inspect;
use debrick_target::{Source, SourceError};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let file = File::open(&path)?;
        let len = file.metadata()?.len();
        let facts = inspect(&OpenFile { file, len })?;
        println!("{}", serde_json::json!({ "file": path, "facts": facts }));
    }
    Ok(())
}

/// A file that is read where it is needed.
struct OpenFile {
    file: File,
    len: u64,
}

impl Source for OpenFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let read = if offset.checked_add(buffer.len() as u64).is_some_and(|end| end <= self.len) {
            self.file.read_exact_at(buffer, offset)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        };
        read.map_err(|source| SourceError { offset, source })
    }
}
