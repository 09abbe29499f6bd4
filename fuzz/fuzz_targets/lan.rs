//! Ethernet frames, and pages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| debrick_lan::fuzzing::frames(bytes));
