//! Packed catalogs: the one that is compiled into the program, and those that come as files.

pub(crate) mod head;
pub(crate) mod index;
pub(crate) mod letters;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::device::Device;
use crate::error::CatalogError;
use crate::inherit::{over, resolve};
use crate::lint;

use head::{Head, HeadFault};
use index::{Index, Line};

/// The packed records of the program, as `build.rs` makes them.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));

/// The longest file with a packed catalog that is read, in bytes.
pub const LONGEST_PACK: usize = 16 << 20;

/// The program's own packed catalog.
pub fn embedded() -> &'static [u8] {
    EMBEDDED
}

/// A packed catalog, of which only the beginning is known to make sense.
pub(crate) struct Pack {
    bytes: Cow<'static, [u8]>,
    head: Head,
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("serial", &self.head.serial).field("bytes", &self.bytes.len()).finish()
    }
}

impl Pack {
    /// The one that is compiled into the program. Were it damaged, nothing would be found in it.
    pub(crate) fn embedded() -> Self {
        let nothing = Head { serial: 0, schema: crate::SCHEMA.to_owned(), sections: Vec::new() };
        Self { bytes: Cow::Borrowed(EMBEDDED), head: Head::read(EMBEDDED).unwrap_or(nothing) }
    }

    /// A packed catalog by the bytes of its file, which is called `name` in messages.
    pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<Self, CatalogError> {
        let file = name.to_owned();
        if bytes.len() > LONGEST_PACK {
            return Err(CatalogError::PackTooLarge { file });
        }
        let head = Head::read(&bytes).map_err(|fault| match fault {
            HeadFault::Foreign => CatalogError::PackUnknown { file: file.clone() },
            HeadFault::Version(version) => {
                CatalogError::PackSchema { file: file.clone(), schema: format!("form {version}") }
            }
            HeadFault::Length => {
                CatalogError::PackDamaged { file: file.clone(), place: "its length".to_owned() }
            }
            HeadFault::Schema => {
                CatalogError::PackDamaged { file: file.clone(), place: "its schema".to_owned() }
            }
            HeadFault::TooLarge => CatalogError::PackTooLarge { file: file.clone() },
        })?;
        if head.schema != crate::SCHEMA {
            return Err(CatalogError::PackSchema { file, schema: head.schema });
        }
        Ok(Self { bytes: Cow::Owned(bytes), head })
    }

    pub(crate) fn serial(&self) -> u64 {
        self.head.serial
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// What its records are called.
    pub(crate) fn index(&self) -> Result<Index<'_>, CatalogError> {
        let text = std::str::from_utf8(self.plain(head::INDEX)?).map_err(|_| damaged("the index"))?;
        Ok(Index {
            text,
            starts: self.plain(head::STARTS)?,
            by_id: self.plain(head::BY_ID)?,
            counts: self.plain(head::COUNTS)?,
            pairs: self.plain(head::PAIRS)?,
        })
    }

    /// The family with this id, as it is written.
    pub(crate) fn family(&self, id: &str) -> Option<Device> {
        let families = self.text(head::FAMILIES).ok()?;
        let line = families.lines().find(|line| line.split('\t').next() == Some(id))?;
        serde_json::from_str(line.split_once('\t')?.1).ok()
    }

    /// All families, as they are written, by their ids.
    pub(crate) fn families(&self) -> Result<BTreeMap<String, Device>, CatalogError> {
        let mut families = BTreeMap::new();
        for line in self.text(head::FAMILIES)?.lines() {
            let (id, json) = line.split_once('\t').unwrap_or_default();
            let family = serde_json::from_str(json).map_err(|_| damaged(&format!("the family {id}")))?;
            families.insert(id.to_owned(), family);
        }
        Ok(families)
    }

    /// The record of a line of the index: what was written by hand over what was imported, without its families.
    pub(crate) fn record(&self, line: &Line<'_>) -> Result<Device, CatalogError> {
        self.record_by(line, &mut Chunks::default())
    }

    /// The record of a line of the index, with chunks that were unpacked before.
    pub(crate) fn record_by(&self, line: &Line<'_>, chunks: &mut Chunks) -> Result<Device, CatalogError> {
        let broken = || damaged(&format!("the record {}", line.id));
        let mut whole: Option<Device> = None;
        for (chunk, number) in line.places() {
            let json = chunks.line(self, chunk, number)?.ok_or_else(broken)?;
            let layer: Device = serde_json::from_str(json).map_err(|_| broken())?;
            whole = Some(match whole {
                Some(above) => over(above, layer),
                None => layer,
            });
        }
        whole.filter(|device| device.id == line.id).ok_or_else(broken)
    }

    /// Reads everything, and checks every record by the rules that a user's own keep to. Returns how many there are.
    ///
    /// Takes a tenth of a second: it is done once, before a catalog is put into use.
    pub(crate) fn check(&self, name: &str) -> Result<usize, CatalogError> {
        let broken = |place: String| CatalogError::PackDamaged { file: name.to_owned(), place };
        let named = |error: CatalogError| match error {
            CatalogError::Damaged { place } => broken(place),
            other => other,
        };
        let index = self.index().map_err(named)?;
        let count = index.len();
        if count == 0 || index.by_id.len() != 4 * count || index.starts.len() != 4 * (count + 1) {
            return Err(broken("the index".into()));
        }
        if index.counts.is_empty() || index.pairs.len() < 4 * (letters::PAIRS + 1) {
            return Err(broken("what the search reads".into()));
        }
        let families = self.families().map_err(named)?;
        let family = |id: &str| families.get(id).cloned();
        let mut chunks = Chunks::default();
        let mut last = None;
        for record in 0..count {
            let line = index.line(record).ok_or_else(|| broken(format!("line {record} of the index")))?;
            if index.find(line.id).is_none() {
                return Err(broken(format!("the place of {} among the ids", line.id)));
            }
            // In this order nothing is unpacked twice.
            for place in line.places() {
                if last.replace(place).is_some_and(|last| last >= place) {
                    return Err(broken(format!("the place of {}", line.id)));
                }
            }
            let device = self.record_by(&line, &mut chunks).map_err(named)?;
            let whole =
                resolve(device, &family).map_err(|_| broken(format!("the families of {}", line.id)))?;
            if let Some(fault) = lint::faults(&whole, false).into_iter().next() {
                return Err(broken(format!("the record {}: {}", line.id, fault.what)));
            }
        }
        Ok(count)
    }

    /// A section that stands in the file as it is.
    fn plain(&self, number: usize) -> Result<&[u8], CatalogError> {
        let section = self.head.sections.get(number).filter(|section| section.is_plain());
        let bytes =
            section.and_then(|section| self.bytes.get(section.offset..section.offset + section.packed));
        bytes.ok_or_else(|| damaged(&format!("section {number}")))
    }

    /// A section of text, unpacked.
    fn text(&self, number: usize) -> Result<Cow<'_, str>, CatalogError> {
        let broken = || damaged(&format!("section {number}"));
        let section = *self.head.sections.get(number).ok_or_else(broken)?;
        if section.is_plain() {
            return std::str::from_utf8(self.plain(number)?).map(Cow::Borrowed).map_err(|_| broken());
        }
        let packed = self.bytes.get(section.offset..section.offset + section.packed).ok_or_else(broken)?;
        let mut bytes = Vec::with_capacity(section.size);
        // One byte more than it should have tells that it has too many.
        let most = section.size as u64 + 1;
        DeflateDecoder::new(packed).take(most).read_to_end(&mut bytes).map_err(|_| broken())?;
        if bytes.len() != section.size {
            return Err(broken());
        }
        String::from_utf8(bytes).map(Cow::Owned).map_err(|_| broken())
    }
}

/// The chunk of records that was unpacked last: records that are asked for in a row lie in a row.
#[derive(Default)]
pub(crate) struct Chunks {
    number: Option<usize>,
    text: String,
    /// Where its lines begin and end.
    lines: Vec<(usize, usize)>,
}

impl Chunks {
    /// A line of a chunk.
    fn line(&mut self, pack: &Pack, chunk: usize, number: usize) -> Result<Option<&str>, CatalogError> {
        if self.number != Some(chunk) {
            self.number = None;
            self.text = pack.text(head::CHUNKS.saturating_add(chunk))?.into_owned();
            self.lines.clear();
            let mut start = 0;
            for line in self.text.split_inclusive('\n') {
                self.lines.push((start, start + line.trim_end_matches('\n').len()));
                start += line.len();
            }
            self.number = Some(chunk);
        }
        Ok(self.lines.get(number).and_then(|(start, end)| self.text.get(*start..*end)))
    }
}

fn damaged(place: &str) -> CatalogError {
    CatalogError::Damaged { place: place.to_owned() }
}
