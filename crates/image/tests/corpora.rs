//! Every seed of the fuzz targets is read to its end, quickly and without a panic, as `cargo fuzz` would.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![allow(clippy::disallowed_methods, reason = "how long reading takes is what is tested")]

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::facts;

/// Seeds are small, so that fuzzing starts quickly and the repository stays small.
const LARGEST: u64 = 4096;

fn seeds() -> Vec<PathBuf> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpora");
    let folders = std::fs::read_dir(corpora).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn seeds_are_read() {
    let seeds = seeds();
    assert!(seeds.len() >= 20, "{} seeds", seeds.len());
    for path in seeds {
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() as u64 <= LARGEST, "{} is too large", path.display());
        let start = Instant::now();
        facts(&bytes);
        assert!(start.elapsed() < Duration::from_secs(5), "{} takes too long", path.display());
    }
}
