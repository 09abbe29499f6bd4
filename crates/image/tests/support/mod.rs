//! What the tests share: real tools where they are installed, and ways to damage what they made.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod signed;

use std::path::Path;
use std::process::Command;

use debrick_image::{ImageFacts, inspect};
use debrick_model::Verdict;
use debrick_target::{Source, SourceError};

/// Whether a tool can be run. Without it a test ends early, except in continuous integration, where it fails.
pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    assert!(found || option_env!("CI").is_none(), "{tool} is not installed");
    if !found {
        #[allow(
            clippy::print_stderr,
            reason = "the reason for skipping is for the person who runs the tests"
        )]
        {
            eprintln!("skipped: {tool} is not installed");
        }
    }
    found
}

/// Runs a tool in a folder and returns whether it succeeded.
pub(crate) fn run(folder: &Path, tool: &str, arguments: &[&str]) -> bool {
    let output = Command::new(tool).args(arguments).current_dir(folder).output().unwrap();
    output.status.success()
}

/// Runs a tool that must succeed.
#[track_caller]
pub(crate) fn make(folder: &Path, tool: &str, arguments: &[&str]) {
    let output = Command::new(tool).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The facts of some bytes.
pub(crate) fn facts(bytes: &[u8]) -> ImageFacts {
    inspect(&bytes.to_vec()).unwrap()
}

/// The integrity of some bytes.
pub(crate) fn integrity(bytes: &[u8]) -> Verdict {
    facts(bytes).integrity.verdict
}

/// The names of the checks that failed.
pub(crate) fn failures(bytes: &[u8]) -> Vec<String> {
    let report = facts(bytes).integrity;
    report.checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

/// The bytes with one of them changed.
pub(crate) fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[at] ^= 0x10;
    damaged
}

/// Changing a byte makes the named check fail.
#[track_caller]
pub(crate) fn covers(image: &[u8], at: usize, check: &str) {
    assert!(failures(image).is_empty());
    let failed = failures(&flipped(image, at));
    assert!(failed.iter().any(|name| name.contains(check)), "byte {at}: {check} is not in {failed:?}");
}

/// A field of the first container of a format.
#[track_caller]
pub(crate) fn told(facts: &ImageFacts, format: &str, field: &str) -> String {
    let container = facts.container(format).unwrap();
    container.fields.get(field).cloned().unwrap_or_else(|| panic!("no {field} in {:?}", container.fields))
}

/// What must hold for an image: its format is known whatever bit of its header is flipped, each length can be read, and
/// junk behind it is noticed.
#[track_caller]
pub(crate) fn check(image: &[u8], format: &str, verdict: Verdict, header: std::ops::Range<usize>) {
    let found = facts(image);
    assert_eq!(found.format.as_deref(), Some(format));
    assert_eq!(found.integrity.verdict, verdict, "{:?}", found.integrity);
    assert_eq!(found.warnings, [""; 0]);
    for at in header.clone() {
        let mut damaged = image.to_vec();
        damaged[at] ^= 1 << (at % 8);
        assert_eq!(facts(&damaged).format.as_deref(), Some(format), "bit of byte {at}");
    }
    for len in (0..header.end).chain([image.len() / 2]) {
        facts(&image[..len.min(image.len())]);
    }
    for tenths in [5, 6, 9] {
        let (left, missing) = image.split_at(image.len() * tenths / 10);
        // Without its last padding an image is whole.
        if missing.iter().all(|byte| *byte == missing[0]) {
            continue;
        }
        let cut = facts(left);
        assert_eq!(cut.integrity.verdict, Verdict::Fail, "cut off to {tenths} tenths");
    }
    let junk = facts(&[image, &noise(1337, 7)].concat());
    assert!(junk.integrity.verdict == Verdict::Fail || !junk.warnings.is_empty(), "junk");
}

/// A little-endian header: offsets, sizes and values of fields.
pub(crate) fn header(len: usize, fields: &[(usize, usize, u64)]) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (at, size, value) in fields {
        bytes[*at..at + size].copy_from_slice(&value.to_le_bytes()[..*size]);
    }
    bytes
}

/// Bytes that do not compress and hold no magic number.
pub(crate) fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// A source that starts with some bytes and goes on with zeros, and panics when too much is wanted at once.
pub(crate) struct Huge {
    pub(crate) head: Vec<u8>,
    pub(crate) len: u64,
}

impl Source for Huge {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        assert!(buffer.len() <= 1 << 20, "{} bytes at once", buffer.len());
        assert!(offset + buffer.len() as u64 <= self.len, "behind the end");
        buffer.fill(0);
        let start = (offset as usize).min(self.head.len());
        let known = &self.head[start..];
        let size = known.len().min(buffer.len());
        buffer[..size].copy_from_slice(&known[..size]);
        Ok(())
    }
}
