//! Keys, signatures and signed lists of every kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_image::fuzzing::provenance(bytes));
