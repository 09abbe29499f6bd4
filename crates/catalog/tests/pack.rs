//! Packed catalogs that come as files: what is refused, and that nothing in them can do harm.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use debrick_catalog::{Catalog, embedded, fuzzing};
use debrick_model::Coded;

/// Where fields of the beginning stand.
const VERSION: usize = 8;
const SECTIONS: usize = 12;
const SERIAL: usize = 16;
const SCHEMA: usize = 24;
const TABLE: usize = 56;

/// The code of what is wrong with the program's own packed catalog after a change; `None` where nothing is.
fn code(change: impl FnOnce(&mut Vec<u8>)) -> Option<&'static str> {
    let mut bytes = embedded().to_vec();
    change(&mut bytes);
    let checked = Catalog::of_pack("changed.bin", bytes).and_then(|catalog| catalog.check("changed.bin"));
    checked.err().map(|error| {
        assert!(error.to_string().contains("changed.bin"), "{error}");
        assert!(!error.next_step().is_empty());
        error.code()
    })
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn the_embedded_catalog_is_a_pack() {
    let catalog = Catalog::of_pack("own", embedded().to_vec()).unwrap();
    let builtin = Catalog::builtin();
    assert_eq!(catalog.check("own").unwrap(), builtin.count().unwrap());
    assert_eq!((catalog.serial(), catalog.packed_size()), (builtin.serial(), builtin.packed_size()));
    assert_eq!(catalog.search("archer c7 v5", 3).unwrap(), builtin.search("archer c7 v5", 3).unwrap());
    assert_eq!(catalog.all().unwrap(), builtin.all().unwrap());
    let serial = std::fs::read_to_string("../../catalog/serial").unwrap();
    assert_eq!(serial.trim(), builtin.serial().to_string());
}

#[test]
fn other_versions_and_damage_are_told_apart() {
    assert_eq!(code(|_| {}), None);
    assert_eq!(code(|bytes| put(bytes, SERIAL, 7)), None);
    assert_eq!(code(|bytes| bytes[0] ^= 1), Some("catalog-pack-unknown"));
    assert_eq!(code(Vec::clear), Some("catalog-pack-unknown"));
    assert_eq!(code(|bytes| put(bytes, VERSION, 2)), Some("catalog-pack-schema"));
    assert_eq!(
        code(|bytes| bytes[SCHEMA..SCHEMA + 16].copy_from_slice(b"debrick.device/2")),
        Some("catalog-pack-schema")
    );
    assert_eq!(code(|bytes| bytes[SCHEMA] = 0xff), Some("catalog-pack-damaged"));
    assert_eq!(code(|bytes| bytes.push(0)), Some("catalog-pack-damaged"));
    assert_eq!(code(|bytes| bytes.truncate(40)), Some("catalog-pack-damaged"));
    assert_eq!(code(|bytes| bytes.truncate(100_000)), Some("catalog-pack-damaged"));
    // What would unpack to gigabytes is refused by what it says of itself.
    assert_eq!(code(|bytes| put(bytes, SECTIONS, u32::MAX)), Some("catalog-pack-too-large"));
    assert_eq!(code(|bytes| put(bytes, TABLE + 4, u32::MAX)), Some("catalog-pack-too-large"));
    assert_eq!(code(|bytes| bytes.resize(17 << 20, 0)), Some("catalog-pack-too-large"));
    // What unpacks to more or less than it says is damaged.
    let families = TABLE + 8 * 5 + 4;
    for change in [1_u32.wrapping_neg(), 1] {
        let result = code(|bytes| {
            let size = u32::from_le_bytes(*bytes[families..].first_chunk().unwrap());
            put(bytes, families, size.wrapping_add(change));
        });
        assert_eq!(result, Some("catalog-pack-damaged"));
    }
}

/// Whatever byte is changed, a catalog is refused or can be used; nothing panics, and nothing is endless.
#[test]
fn any_byte_may_be_wrong() {
    let seed = std::fs::read("../../fuzz/corpora/catalog/small").unwrap();
    assert!(Catalog::of_pack("small", seed.clone()).unwrap().check("small").unwrap() > 0);
    let mut refused = 0;
    for at in (0..seed.len()).step_by(7) {
        let mut bytes = seed.clone();
        bytes[at] ^= 1 << (at % 8);
        refused += usize::from(
            Catalog::of_pack("small", bytes.clone()).and_then(|catalog| catalog.check("small")).is_err(),
        );
        fuzzing::pack(&bytes);
        fuzzing::pack(&seed[..at]);
    }
    assert!(refused > 50, "{refused}");
}
