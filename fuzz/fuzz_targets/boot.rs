//! The readers of `formats/boot`, and whatever else an image leads to.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_image::fuzzing::image("boot", bytes));
