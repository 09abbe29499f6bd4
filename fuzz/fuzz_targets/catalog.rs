//! Packed catalogs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_catalog::fuzzing::pack(bytes));
