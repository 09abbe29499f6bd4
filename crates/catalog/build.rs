//! Packs the records of `catalog/` into one file that is compiled into the program: an index that searching reads as it
//! stands, the families, and the records in compressed chunks, of which only those are unpacked that somebody asks for.
//! `src/pack/head.rs` describes its form.
//!
//! It looks at shapes no closer than it has to: `cargo xtask check-catalog` is there to find faults.

#![allow(clippy::disallowed_methods, reason = "a build script is told where things are by its environment")]

#[path = "src/pack/head.rs"]
#[allow(dead_code, reason = "what is read there is written here")]
mod head;
#[path = "src/pack/letters.rs"]
mod letters;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use toml::{Table, Value};

/// The schema of the records.
const SCHEMA: &str = "debrick.device/1";

/// Bytes of records that are packed together. Larger packs better, and takes longer to unpack.
const CHUNK: usize = 48 * 1024;

/// A record as JSON on one line, and what the index says of it.
struct Packed {
    /// `kind`, `vendor`, `model`, `variant`, other names, and codes.
    names: [String; 6],
    /// Lines of JSON: written by hand, then imported.
    json: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../catalog");
    for file in [&root.display().to_string(), "build.rs", "src/pack/head.rs", "src/pack/letters.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let serial = std::fs::read_to_string(root.join("serial"))?;
    let serial: u64 = serial.trim().parse().map_err(|error| format!("catalog/serial: {error}"))?;
    let mut families = BTreeMap::new();
    let mut records: BTreeMap<String, Packed> = BTreeMap::new();
    // Those written by hand come first: "devices" and "families" before "imported".
    for file in toml_files(&root)? {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = std::fs::read_to_string(&file)?;
        let table: Table = text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        let schema = table.get("schema").and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_of_families = schema.starts_with("debrick.family");
        for record in records_of(table) {
            let id = text_of(&record, "id");
            if id.is_empty() {
                return Err(format!("{}: a record has no id", file.display()).into());
            }
            let json = serde_json::to_string(&record)?;
            if is_of_families {
                families.insert(id, json);
            } else {
                add(&mut records, id, &record, json);
            }
        }
    }
    let packed = pack(serial, &families, &records)?;
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("catalog.bin"), packed)?;
    Ok(())
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut entries = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            println!("cargo::rerun-if-changed={}", entry.display());
            files.extend(toml_files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "toml") {
            files.push(entry);
        }
    }
    Ok(files)
}

/// The records of a file: those of its list, or the file itself.
fn records_of(mut table: Table) -> Vec<Table> {
    let list = table.remove("device").or_else(|| table.remove("family"));
    match list {
        Some(Value::Array(records)) => {
            records.into_iter().filter_map(|record| record.try_into::<Table>().ok()).collect()
        }
        _ => vec![table],
    }
}

fn add(records: &mut BTreeMap<String, Packed>, id: String, record: &Table, json: String) {
    let names = [
        text_of(record, "kind"),
        text_of(record, "vendor"),
        text_of(record, "model"),
        text_of(record, "variant"),
        [texts_of(record, "aliases"), texts_of(record, "model_numbers")].concat().join("|"),
        codes(record).join("|"),
    ];
    let packed = records.entry(id).or_insert_with(|| Packed { names: Default::default(), json: Vec::new() });
    for (index, name) in names.into_iter().enumerate() {
        let name = name.replace(char::is_control, " ");
        let field = &mut packed.names[index];
        // Other names and codes add up; everything else is said by the first who says it.
        if index >= 4 && !field.is_empty() && !name.is_empty() {
            field.push('|');
            field.push_str(&name);
        } else if field.is_empty() {
            *field = name;
        }
    }
    packed.json.push(json);
}

/// What firmware calls a record's board.
fn codes(record: &Table) -> Vec<String> {
    let headers = record.get("header_ids").and_then(Value::as_table).into_iter().flatten();
    let headers = headers.flat_map(|(_, ids)| ids.as_array().into_iter().flatten());
    texts_of(record, "board_ids")
        .into_iter()
        .chain(headers.filter_map(Value::as_str).map(str::to_owned))
        .collect()
}

fn text_of(record: &Table, field: &str) -> String {
    record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts_of(record: &Table, field: &str) -> Vec<String> {
    let list = record.get(field).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The names of all records, and where they are found.
#[derive(Default)]
struct Index {
    text: String,
    /// Where each line begins.
    starts: Vec<u32>,
    ids: Vec<String>,
    counts: Vec<u16>,
    /// The records that have each pair of letters.
    pairs: Vec<Vec<u32>>,
}

impl Index {
    fn new() -> Self {
        Self {
            counts: vec![0; letters::COUNTERS],
            pairs: vec![Vec::new(); letters::PAIRS],
            ..Self::default()
        }
    }

    fn add(&mut self, id: &str, packed: &Packed, places: &[String]) -> Result<(), Box<dyn Error>> {
        let record = u32::try_from(self.ids.len())?;
        let [kind, vendor, model, variant, others, codes] = &packed.names;
        let (others, codes) = (distinct(others, id), distinct(codes, id));
        self.starts.push(u32::try_from(self.text.len())?);
        let places = places.join(",");
        self.text += &format!("{id}\t{places}\t{kind}\t{vendor}\t{model}\t{variant}\t{others}\t{codes}\n");
        self.ids.push(id.to_owned());
        let names = letters::names(vendor, model, variant, &others, id);
        // A word counts once a record, however often its names have it.
        let counters: BTreeSet<usize> = letters::words(&names).map(letters::counter).collect();
        for counter in counters {
            self.counts[counter] = self.counts[counter].saturating_add(1);
        }
        letters::pairs(&letters::with_codes(names, &codes), |pair| {
            if self.pairs[pair].last() != Some(&record) {
                self.pairs[pair].push(record);
            }
        });
        Ok(())
    }

    /// The sections that an index consists of, in the order of their numbers.
    fn sections(mut self) -> Result<[Vec<u8>; 5], Box<dyn Error>> {
        self.starts.push(u32::try_from(self.text.len())?);
        let mut by_id: Vec<u32> = (0..u32::try_from(self.ids.len())?).collect();
        by_id.sort_by_key(|record| &self.ids[*record as usize]);
        let mut lists = Vec::new();
        let mut ends = Vec::new();
        for list in &self.pairs {
            ends.push(u32::try_from(lists.len())?);
            let mut next = 0;
            for record in list {
                let mut distance = record - next;
                next = record + 1;
                while distance > 0x7f {
                    lists.push(distance as u8 & 0x7f | 0x80);
                    distance >>= 7;
                }
                lists.push(distance as u8);
            }
        }
        ends.push(u32::try_from(lists.len())?);
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let mut counts = Vec::new();
        for (counter, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            counts.extend(u16::try_from(counter)?.to_le_bytes());
            counts.extend(count.to_le_bytes());
        }
        let pairs = [words(&ends), lists].concat();
        Ok([self.text.into_bytes(), words(&self.starts), words(&by_id), counts, pairs])
    }
}

/// Names that say something that the id, or one before, does not.
fn distinct(others: &str, id: &str) -> String {
    let plain = |name: &str| {
        let mut text = String::new();
        letters::normalise(name, &mut text);
        text.trim().to_owned()
    };
    let mut seen = BTreeSet::from([plain(id)]);
    let names = others.split('|').filter(|name| !name.is_empty() && seen.insert(plain(name)));
    names.collect::<Vec<_>>().join("|")
}

/// The file: the index as it is, then, deflated, the families and chunks of records.
fn pack(
    serial: u64,
    families: &BTreeMap<String, String>,
    records: &BTreeMap<String, Packed>,
) -> Result<Vec<u8>, Box<dyn Error>> {
    // Records that resemble each other lie next to each other.
    let mut order: Vec<(&String, &Packed)> = records.iter().collect();
    order.sort_by_key(|(id, packed)| (&packed.names[0], packed.names[1].to_lowercase(), *id));
    let mut index = Index::new();
    let mut chunks: Vec<(String, usize)> = vec![(String::new(), 0)];
    for (id, packed) in order {
        let mut places = Vec::new();
        for json in &packed.json {
            if chunks.last().is_some_and(|(chunk, _)| chunk.len() > CHUNK) {
                chunks.push((String::new(), 0));
            }
            let number = chunks.len() - 1;
            if let Some((chunk, lines)) = chunks.last_mut() {
                places.push(format!("{number}:{lines}"));
                chunk.push_str(json);
                chunk.push('\n');
                *lines += 1;
            }
        }
        index.add(id, packed, &places)?;
    }
    let families: String = families.iter().map(|(id, json)| format!("{id}\t{json}\n")).collect();
    let mut sections: Vec<(Vec<u8>, usize)> = Vec::new();
    for plain in index.sections()? {
        let size = plain.len();
        sections.push((plain, size));
    }
    for text in std::iter::once(&families).chain(chunks.iter().map(|(chunk, _)| chunk)) {
        sections.push((deflate(text)?, text.len()));
    }
    let packed = head::assemble(serial, SCHEMA, &sections).ok_or("the catalog is too large to be packed")?;
    // What the program would not read is found here.
    head::Head::read(&packed).map_err(|fault| format!("the packed catalog: {fault:?}"))?;
    Ok(packed)
}

/// The text deflated; as it is where that would be as long.
fn deflate(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    let packed = encoder.finish()?;
    Ok(if packed.len() < text.len() { packed } else { text.as_bytes().to_vec() })
}
