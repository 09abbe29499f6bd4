//! Every seed of the fuzz targets is read to its end, quickly and without a panic, as the targets would.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![allow(clippy::disallowed_methods, reason = "how long reading takes is what is tested")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Seeds are small, so that fuzzing starts quickly and the repository stays small.
const LARGEST: u64 = 8192;

fn seeds() -> Vec<PathBuf> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpora");
    let folders = std::fs::read_dir(corpora).unwrap().map(|folder| folder.unwrap().path());
    // Other crates read the others, and have tests of their own.
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
    let folders = folders.filter(|folder| {
        folder.ends_with("provenance") || folder.file_name().is_some_and(|name| formats.join(name).is_dir())
    });
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn seeds_are_read() {
    let seeds = seeds();
    assert!(seeds.len() >= 200, "{} seeds", seeds.len());
    for path in seeds {
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() as u64 <= LARGEST, "{} is too large", path.display());
        let start = Instant::now();
        match path.parent().and_then(Path::file_name).and_then(|folder| folder.to_str()).unwrap() {
            "provenance" => debrick_image::fuzzing::provenance(&bytes),
            folder => debrick_image::fuzzing::image(folder, &bytes),
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{} takes too long", path.display());
    }
}
