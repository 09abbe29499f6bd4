//! The readers of `formats/filesystem`, and whatever else an image leads to.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_image::fuzzing::image("filesystem", bytes));
