//! Packs the records of `catalog/` into one file that is compiled into the program: an index that searching reads, the
//! families, and the records in compressed chunks, of which only those are unpacked that somebody asks for.
//!
//! It looks at shapes no closer than it has to: `cargo xtask check-catalog` is there to find faults.

#![allow(clippy::disallowed_methods, reason = "a build script is told where things are by its environment")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use toml::{Table, Value};

/// Bytes of records that are packed together. Larger packs better, and takes longer to unpack.
const CHUNK: usize = 48 * 1024;

/// A record as JSON on one line, and what the index says of it.
struct Packed {
    /// `kind`, `vendor`, `model`, `variant` and other names.
    names: [String; 5],
    /// Lines of JSON: written by hand, then imported.
    json: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../catalog");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=build.rs");
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
    let packed = pack(&families, &records)?;
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
    ];
    let packed = records.entry(id).or_insert_with(|| Packed { names: Default::default(), json: Vec::new() });
    for (index, name) in names.into_iter().enumerate() {
        let field = &mut packed.names[index];
        // Other names add up; everything else is said by the first who says it.
        if index == 4 && !field.is_empty() && !name.is_empty() {
            field.push('|');
            field.push_str(&name);
        } else if field.is_empty() {
            *field = name;
        }
    }
    packed.json.push(json);
}

fn text_of(record: &Table, field: &str) -> String {
    record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts_of(record: &Table, field: &str) -> Vec<String> {
    let list = record.get(field).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The file: how many sections there are and how long each is, as 32-bit little-endian numbers, then the sections, each
/// deflated: the index, the families, and chunks of records.
fn pack(
    families: &BTreeMap<String, String>,
    records: &BTreeMap<String, Packed>,
) -> Result<Vec<u8>, Box<dyn Error>> {
    // Records that resemble each other lie next to each other.
    let mut order: Vec<(&String, &Packed)> = records.iter().collect();
    order.sort_by_key(|(id, packed)| (&packed.names[0], packed.names[1].to_lowercase(), *id));
    let mut index = String::new();
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
        let [kind, vendor, model, variant, others] = &packed.names;
        index.push_str(&format!(
            "{id}\t{}\t{kind}\t{vendor}\t{model}\t{variant}\t{others}\n",
            places.join(",")
        ));
    }
    let families: String = families.iter().map(|(id, json)| format!("{id}\t{json}\n")).collect();
    let mut sections = vec![deflate(&index)?, deflate(&families)?];
    for (chunk, _) in &chunks {
        sections.push(deflate(chunk)?);
    }
    let mut packed = u32::try_from(sections.len())?.to_le_bytes().to_vec();
    for section in &sections {
        packed.extend(u32::try_from(section.len())?.to_le_bytes());
    }
    for section in &sections {
        packed.extend(section);
    }
    Ok(packed)
}

fn deflate(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}
