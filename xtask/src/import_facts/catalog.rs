//! `catalog/imported/`: records made of collected facts.
//!
//! Each table of facts has its own module, which turns a row into a record. Records are written by kind and vendor, in
//! the order of their ids. Files that no record goes to any more are taken away, so that what lies there is what the
//! facts say. Records written by hand lie elsewhere and are never touched.

mod chips;
mod phones;
mod recovery;
mod regions;
mod routers;
mod toml;
mod uf2_boards;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use debrick_catalog::{Device, Kind};
use serde_json::Value;

use super::in_repository;

const FOLDER: &str = "catalog/imported";

/// The facts that records are made of, and where they are from.
struct Facts<'a> {
    folder: &'a Path,
    /// Revisions by repository, as a citation has them.
    revisions: BTreeMap<String, String>,
}

pub(super) fn import(folder: &Path) -> Result<(), String> {
    let facts = Facts::open(folder)?;
    let mut devices = routers::records(&facts)?;
    devices.extend(phones::records(&facts)?);
    devices.extend(chips::records(&facts)?);
    devices.extend(uf2_boards::records(&facts)?);
    let files = files(devices)?;
    let root = in_repository(FOLDER);
    std::fs::create_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut wanted = BTreeSet::new();
    let mut bytes = 0;
    for (name, (records, text)) in &files {
        let path = root.join(name);
        let kind = path.parent().unwrap_or(&root);
        std::fs::create_dir_all(kind).map_err(|error| format!("{}: {error}", kind.display()))?;
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{FOLDER}/{name}: {records} records");
        }
        bytes += text.len();
        wanted.insert(path);
    }
    remove_others(&root, &wanted)?;
    let records: usize = files.values().map(|(records, _)| records).sum();
    println!("{FOLDER}: {records} records in {} files, {bytes} bytes", files.len());
    Ok(())
}

/// The text of each file, by its name: a folder for each kind, a file for each vendor.
fn files(devices: Vec<Device>) -> Result<BTreeMap<String, (usize, String)>, String> {
    let mut by_file: BTreeMap<String, BTreeMap<String, Device>> = BTreeMap::new();
    for device in devices {
        let folder = match device.kind() {
            Kind::Router => "routers",
            Kind::Phone | Kind::Tablet => "phones",
            Kind::Nas => "nas",
            Kind::Board => "boards",
            Kind::ChipFamily => "chips",
        };
        let name = format!("{folder}/{}.toml", slug(&device.vendor));
        if let Some(twin) = by_file.entry(name).or_default().insert(device.id.clone(), device) {
            return Err(format!("two records have the id {}", twin.id));
        }
    }
    let mut files = BTreeMap::new();
    for (name, devices) in by_file {
        let mut text =
            String::from("# Written by `cargo xtask import-facts catalog`; changes made here are lost.\n");
        text += "schema = \"debrick.device-list/1\"\n";
        for device in devices.values() {
            text += "\n[[device]]\n";
            text += &toml::record(device)?;
        }
        files.insert(name, (devices.len(), text));
    }
    Ok(files)
}

fn remove_others(folder: &Path, wanted: &BTreeSet<std::path::PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{}: taken away", path.display());
        }
    }
    Ok(())
}

impl<'a> Facts<'a> {
    fn open(folder: &'a Path) -> Result<Self, String> {
        let mut facts = Self { folder, revisions: BTreeMap::new() };
        for source in facts.table("sources.json")? {
            let (Some(name), Some(revision)) = (source["name"].as_str(), source["revision"].as_str()) else {
                continue;
            };
            facts.revisions.insert(short_name(name), short_revision(revision));
            for (branch, revision) in source["branches"].as_object().into_iter().flatten() {
                let revision = short_revision(revision.as_str().unwrap_or_default());
                facts.revisions.insert(branch.clone(), revision);
            }
        }
        Ok(facts)
    }

    fn table(&self, name: &str) -> Result<Vec<Value>, String> {
        let path = self.folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// A citation: the source, its revision, and the place in it.
    fn cite(&self, source: &str, place: &str) -> String {
        let revision = self.revisions.get(source).map(String::as_str).unwrap_or_default();
        [source, revision, place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// `openwrt/openwrt (mirror …)` is `openwrt`.
fn short_name(name: &str) -> String {
    let repository = name.split_whitespace().next().unwrap_or(name);
    repository.rsplit('/').next().unwrap_or(repository).to_owned()
}

fn short_revision(revision: &str) -> String {
    let is_hash = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { revision[..10].to_owned() } else { revision.to_owned() }
}

/// A name as an id: lower-case letters, digits and single hyphens.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for symbol in name.chars() {
        match symbol.to_ascii_lowercase() {
            plain @ ('a'..='z' | '0'..='9') => slug.push(plain),
            '+' => slug.push_str("plus"),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// A text of a fact, without space around it.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The texts of a list, each once.
fn texts(value: &Value) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for item in value.as_array().into_iter().flatten().filter_map(text) {
        if !texts.contains(&item) {
            texts.push(item);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        for (name, id) in
            [("TP-Link Archer C7 v5", "tp-link-archer-c7-v5"), ("F(x)tec", "f-x-tec"), ("S10+", "s10plus")]
        {
            assert_eq!(slug(name), id);
        }
    }

    #[test]
    fn citations_name_revision_and_place() {
        let revisions = BTreeMap::from([("openwrt".to_owned(), "3d1645ee26".to_owned())]);
        let facts = Facts { folder: Path::new("."), revisions };
        assert_eq!(facts.cite("openwrt", "a.dts"), "openwrt 3d1645ee26 a.dts");
        assert_eq!(facts.cite("elsewhere", ""), "elsewhere");
        assert_eq!(short_name("openwrt/openwrt (mirror x)"), "openwrt");
    }
}
