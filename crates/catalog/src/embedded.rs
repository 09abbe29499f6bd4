//! The catalog that is compiled into the program: what `build.rs` has packed.

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::error::CatalogError;

/// The packed records. Its form is described in `build.rs`.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));

/// The largest section, unpacked.
const LARGEST_SECTION: u64 = 16 << 20;

/// Bytes that the catalog takes in the program.
pub fn packed_size() -> usize {
    PACKED.len()
}

/// The index: a line for each record, with tabs between its fields.
pub(crate) fn index() -> Result<String, CatalogError> {
    section(0)
}

/// The families: a line for each, its id and its JSON with a tab between.
pub(crate) fn families() -> Result<String, CatalogError> {
    section(1)
}

/// The chunk of records with this number.
pub(crate) fn chunk(number: usize) -> Result<String, CatalogError> {
    section(2 + number)
}

fn section(number: usize) -> Result<String, CatalogError> {
    let damaged = || CatalogError::Damaged { place: format!("section {number}") };
    let word = |index: usize| {
        let bytes = PACKED.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    let sections = word(0).ok_or_else(damaged)?;
    if number >= sections {
        return Err(damaged());
    }
    let mut start = 4 + sections * 4;
    for before in 0..number {
        start += word(1 + before).ok_or_else(damaged)?;
    }
    let length = word(1 + number).ok_or_else(damaged)?;
    let packed = PACKED.get(start..start + length).ok_or_else(damaged)?;
    let mut text = String::with_capacity(length.saturating_mul(5));
    DeflateDecoder::new(packed).take(LARGEST_SECTION).read_to_string(&mut text).map_err(|_| damaged())?;
    Ok(text)
}
