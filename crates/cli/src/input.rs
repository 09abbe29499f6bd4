//! Files that the operator names: bounded, and only real files, so that neither a pipe nor a device can hang or flood.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use crate::failure::Failure;

/// Opens a file for reading; a pipe, a device or a folder is refused. Returns its size, too.
pub(crate) fn open(path: &Path) -> Result<(File, u64), Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    // Opening a pipe would wait for its other end.
    let file =
        File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        return Err(Failure::new(
            "file-unusable",
            format!("{} is {kind}, and not a file", path.display()),
            "Name a file. Nothing was done to the unit.",
        ));
    }
    Ok((file, metadata.len()))
}

/// Reads a file of at most `most` bytes.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Failure::file("reading", path, &error))?;
    if bytes.len() as u64 > most {
        return Err(Failure::new(
            "file-too-large",
            format!("{} is larger than {most} bytes, and no such file is", path.display()),
            "Check that it is the right file. Nothing was done to the unit.",
        ));
    }
    Ok(bytes)
}

/// Reads a text of at most `most` bytes.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Failure> {
    String::from_utf8(bytes(path, most)?).map_err(|error| {
        Failure::new(
            "file-not-text",
            format!("{} is not a text file", path.display()),
            "Check that it is the right file, and that it is stored as UTF-8. Nothing was done to the unit.",
        )
        .because(error.to_string())
    })
}
