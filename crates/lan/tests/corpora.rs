//! The seeds of the fuzz target, and what it found, without libFuzzer.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test reads files")]

use std::path::Path;

#[test]
fn every_seed_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpora/lan");
    let mut seeds = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        debrick_lan::fuzzing::frames(&std::fs::read(seed.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 11);
}
