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
