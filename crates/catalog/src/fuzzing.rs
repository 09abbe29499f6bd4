//! What the fuzz target calls. Not for programs: it changes as the form of packed catalogs does.

use crate::catalog::Catalog;
use crate::pack::head::assemble;

/// Stands between the sections in what [`pack`] is given.
const FENCE: &[u8] = b"\n====\n";

/// Reads bytes as a packed catalog, and once more as the sections of one with `\n====\n` between them, which get a right
/// beginning: so what lies behind it is reached at once.
pub fn pack(bytes: &[u8]) {
    read(bytes.to_vec());
    let mut sections = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(FENCE.len()).position(|window| window == FENCE) {
        sections.push((rest[..at].to_vec(), at));
        rest = &rest[at + FENCE.len()..];
    }
    sections.push((rest.to_vec(), rest.len()));
    if let Some(assembled) = assemble(1, crate::SCHEMA, &sections) {
        read(assembled);
    }
}

/// Everything that is done with a packed catalog, whether it was checked or not.
fn read(bytes: Vec<u8>) {
    let Ok(catalog) = Catalog::of_pack("fuzzed", bytes) else { return };
    let is_whole = catalog.check("fuzzed").is_ok();
    let count = catalog.count();
    let hits = catalog.search("Acme R1 (EU) v2.0 acme,r1", 5).unwrap_or_default();
    for hit in &hits {
        let found = catalog.find(&hit.id);
        assert!(found.is_ok() || !is_whole, "a catalog that was checked has what it finds: {found:?}");
    }
    let all = catalog.all();
    let _ = catalog.family("family");
    if is_whole {
        assert_eq!(
            all.map(|all| all.len()).ok(),
            count.ok(),
            "a catalog that was checked has all of its records"
        );
    }
}
