//! The form of a packed catalog: what stands at its beginning, and sections behind that. `build.rs` writes it, the
//! program reads it, and both have this file.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `DBRKCAT` and a zero |
//! | 8 | 4 | version of this form |
//! | 12 | 4 | number of sections |
//! | 16 | 8 | serial number of the catalog; a newer one has a greater |
//! | 24 | 32 | schema of the records, filled up with zeros |
//! | 56 | 8 for each section | bytes in the file, bytes unpacked |
//!
//! All numbers are little-endian. Sections follow without gaps, to the end of the file. A section that is as long in the
//! file as unpacked stands there as it is; every other is deflated (RFC 1951).

/// What a packed catalog begins with.
pub(crate) const MAGIC: &[u8; 8] = b"DBRKCAT\0";

/// The version of this form.
pub(crate) const VERSION: u32 = 1;

/// Bytes before the table of sections.
const FIXED: usize = 56;

/// Bytes of the schema.
const SCHEMA: std::ops::Range<usize> = 24..56;

/// The most sections.
const MOST_SECTIONS: usize = 4096;

/// The largest section, unpacked, in bytes.
pub(crate) const LARGEST_SECTION: usize = 8 << 20;

/// The most bytes of all sections together, unpacked.
const LARGEST_WHOLE: usize = 32 << 20;

/// The index: a line for each record, with tabs between its fields.
pub(crate) const INDEX: usize = 0;

/// Where each line of the index begins, and where the last ends; 32 bits each.
pub(crate) const STARTS: usize = 1;

/// The lines of the index in the order of their ids; 32 bits each.
pub(crate) const BY_ID: usize = 2;

/// How many records have a word: the word's counter and how many, 16 bits each, in the order of the counters; those of
/// none are left out.
pub(crate) const COUNTS: usize = 3;

/// The records that have a pair of letters, by pair: where each list begins and the last ends, 32 bits each, then the
/// lists. Each says how many records are skipped before the next, in groups of seven bits, the lowest first; the top bit
/// says that more follow.
pub(crate) const PAIRS: usize = 4;

/// The families: a line for each, its id and its JSON with a tab between.
pub(crate) const FAMILIES: usize = 5;

/// The first chunk of records: lines of JSON.
pub(crate) const CHUNKS: usize = 6;

/// What stands at the beginning of a packed catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) serial: u64,
    pub(crate) schema: String,
    pub(crate) sections: Vec<Section>,
}

/// A section of a packed catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    /// Where it begins in the file, in bytes.
    pub(crate) offset: usize,
    /// Bytes in the file.
    pub(crate) packed: usize,
    /// Bytes unpacked.
    pub(crate) size: usize,
}

/// Why a file is no packed catalog that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadFault {
    /// It begins with something else.
    Foreign,
    /// It has another version of this form.
    Version(u32),
    /// It is shorter or longer than it says.
    Length,
    /// It unpacks to more than any catalog.
    TooLarge,
    /// The schema is no text.
    Schema,
}

impl Section {
    /// Whether it stands in the file as it is.
    pub(crate) fn is_plain(self) -> bool {
        self.packed == self.size
    }
}

impl Head {
    /// Reads the beginning of a packed catalog. Every section lies within the bytes, and none is larger than
    /// [`LARGEST_SECTION`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, HeadFault> {
        if !bytes.starts_with(MAGIC) {
            return Err(HeadFault::Foreign);
        }
        let word = |at: usize| word(bytes, at).ok_or(HeadFault::Length);
        let version = word(8)?;
        if version != VERSION {
            return Err(HeadFault::Version(version));
        }
        let count = word(12)? as usize;
        let serial = u64::from(word(16)?) | u64::from(word(20)?) << 32;
        let schema = bytes.get(SCHEMA).ok_or(HeadFault::Length)?;
        let end = schema.iter().position(|byte| *byte == 0).unwrap_or(schema.len());
        let schema = std::str::from_utf8(&schema[..end]).map_err(|_| HeadFault::Schema)?.to_owned();
        if count > MOST_SECTIONS {
            return Err(HeadFault::TooLarge);
        }
        let mut offset = FIXED + 8 * count;
        let mut whole = 0;
        let mut sections = Vec::with_capacity(count);
        for entry in 0..count {
            let packed = word(FIXED + 8 * entry)? as usize;
            let size = word(FIXED + 8 * entry + 4)? as usize;
            whole += size;
            if size > LARGEST_SECTION || packed > LARGEST_SECTION || whole > LARGEST_WHOLE {
                return Err(HeadFault::TooLarge);
            }
            sections.push(Section { offset, packed, size });
            offset += packed;
        }
        if offset != bytes.len() || count < CHUNKS {
            return Err(HeadFault::Length);
        }
        Ok(Self { serial, schema, sections })
    }
}

/// The little-endian number at an offset.
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

/// Puts a catalog together. Each section is its bytes in the file, and how many they are unpacked. `None` where a number
/// does not fit its field.
pub(crate) fn assemble(serial: u64, schema: &str, sections: &[(Vec<u8>, usize)]) -> Option<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(u32::try_from(sections.len()).ok()?.to_le_bytes());
    bytes.extend(serial.to_le_bytes());
    bytes.extend(schema.as_bytes());
    if bytes.len() > SCHEMA.end {
        return None;
    }
    bytes.resize(FIXED, 0);
    for (packed, size) in sections {
        bytes.extend(u32::try_from(packed.len()).ok()?.to_le_bytes());
        bytes.extend(u32::try_from(*size).ok()?.to_le_bytes());
    }
    for (packed, _) in sections {
        bytes.extend(packed);
    }
    Some(bytes)
}
