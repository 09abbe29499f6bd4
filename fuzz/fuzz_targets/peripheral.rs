//! Images, starting with the seeds of `formats/peripheral`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let facts = debrick_image::inspect(&bytes.to_vec());
    assert!(facts.is_ok(), "bytes in memory are always readable");
});
