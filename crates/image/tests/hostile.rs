//! Files made to hurt: cut off anywhere, with lengths of zero or all ones, with bytes changed at random. Reading them
//! must end soon and without a panic, whatever it says.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![allow(clippy::disallowed_methods, reason = "how long reading takes is what is tested")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use debrick_image::inspect;
use proptest::prelude::*;
use support::{Huge, facts, noise};

/// How long any one file may take: far more than it needs, because machines are busy.
const PATIENCE: Duration = Duration::from_secs(6);

/// Headers are shorter than this.
const HEADER: usize = 160;

/// Small images of many formats, the same ones as fuzzing starts with.
fn samples() -> Vec<(String, Vec<u8>)> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpora");
    let folders = std::fs::read_dir(corpora).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let mut samples: Vec<_> =
        paths.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
    samples.sort();
    samples
}

#[track_caller]
fn read(name: &str, bytes: &[u8]) {
    let start = Instant::now();
    facts(bytes);
    let took = start.elapsed();
    assert!(took < PATIENCE, "{name}: {took:?} for {} bytes", bytes.len());
}

#[test]
fn files_end_anywhere() {
    for (name, bytes) in samples() {
        for len in (0..bytes.len().min(HEADER)).chain((HEADER..bytes.len()).step_by(389)) {
            read(&name, &bytes[..len]);
        }
    }
}

#[test]
fn every_field_lies() {
    for (name, bytes) in samples() {
        for at in (0..bytes.len().min(HEADER)).step_by(2) {
            for value in [0x00, 0xff] {
                let mut hostile = bytes.clone();
                let end = (at + 4).min(hostile.len());
                hostile[at..end].fill(value);
                read(&name, &hostile);
            }
        }
    }
}

/// Fields at the end: trailers, footers, directories.
#[test]
fn every_field_at_the_end_lies() {
    for (name, bytes) in samples() {
        for back in (4..=bytes.len().min(HEADER)).step_by(8) {
            for value in [0x00, 0xff] {
                let mut hostile = bytes.clone();
                let at = hostile.len() - back;
                hostile[at..at + 4].fill(value);
                read(&name, &hostile);
            }
        }
    }
}

/// A file in which nothing but the head is real: readers must not go over it again and again, nor want much of it at
/// once.
#[test]
fn sizes_are_not_believed() {
    for (name, head) in samples() {
        let huge = Huge { head, len: 8 << 20 };
        let start = Instant::now();
        inspect(&huge).unwrap();
        assert!(start.elapsed() < 4 * PATIENCE, "{name}: {:?}", start.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn bytes_change_at_random(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let samples = samples();
        let (name, mut bytes) = samples[which.index(samples.len())].clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        read(&name, &bytes);
    }

    /// Heads of two formats, one at a random place in the other.
    #[test]
    fn formats_meet(
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let (name, mut bytes) = samples[first.index(samples.len())].clone();
        let other = &samples[second.index(samples.len())].1;
        let at = at.index(bytes.len());
        bytes.truncate(at);
        bytes.extend(other);
        read(&name, &bytes);
    }

    #[test]
    fn noise_is_noise(seed in any::<u32>(), len in 0_usize..20_000) {
        read("noise", &noise(len, seed));
    }
}
