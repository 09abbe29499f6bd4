//! Small files of the kernel, read with a bound.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;

use nix::libc;

/// Longest file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Longest value that is passed on; strings of USB devices have at most 126 characters.
const MOST_CHARS: usize = 128;

/// How many entries of a folder are looked at.
const MOST_ENTRIES: usize = 1024;

/// The whole text; `None` where it cannot be read.
pub(super) fn text(path: &Path) -> Option<String> {
    // A pipe in a fake tree, or a device in a strange one, must not block.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first line, without control characters; `None` where it is empty.
pub(super) fn value(path: &Path) -> Option<String> {
    let text = text(path)?;
    let line = text.lines().next()?.trim();
    let value: String = line.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect();
    (!value.is_empty()).then_some(value)
}

/// The first line as a number or the like.
pub(super) fn parsed<T: FromStr>(path: &Path) -> Option<T> {
    value(path)?.parse().ok()
}

/// The last part of what a link points to.
pub(super) fn link_name(path: &Path) -> Option<String> {
    fs::read_link(path).ok()?.file_name().and_then(OsStr::to_str).map(str::to_owned)
}

/// The names in a folder, sorted; none where it cannot be read.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
