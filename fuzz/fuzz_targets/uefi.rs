//! The readers of `formats/uefi`, and whatever else an image leads to.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_image::fuzzing::image("uefi", bytes));
