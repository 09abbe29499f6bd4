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
    let files = make(folder)?;
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

/// The files that the facts in a folder make: how many records each holds, and its text, by its name.
fn make(folder: &Path) -> Result<BTreeMap<String, (usize, String)>, String> {
    let facts = Facts::open(folder)?;
    let mut devices = routers::records(&facts)?;
    devices.extend(phones::records(&facts)?);
    devices.extend(chips::records(&facts)?);
    devices.extend(uf2_boards::records(&facts)?);
    files(devices)
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

    /// A folder with small tables of every kind.
    fn fixture() -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        for (name, table) in [
            (
                "sources.json",
                r#"[{"name": "openwrt/openwrt", "revision": "0123456789abcdef0123456789abcdef01234567",
                "branches": {"openwrt-19.07": "fedcba9876543210fedcba9876543210fedcba98"}}]"#,
            ),
            (
                "openwrt-devices.json",
                r#"[
                {"id": "maker_x1-v2", "targets": ["ath79/generic"], "vendor": "MAKER", "model": "X1", "variant": "v2",
                 "supported": ["maker,x1-v2"], "compatible": ["maker,x1-v2"], "dts": "x1.dts", "serial_baud": 115200,
                 "alt_names": ["Maker Y1 v1", "Nobody Z1"],
                 "flash": [{"flash": "spi-nor", "partitions": [
                    {"label": "u-boot", "offset": 0, "size": 131072}, {"label": "firmware", "offset": 131072, "size": 1048576},
                    {"label": "kernel", "offset": 131072, "size": 65536}, {"label": "art", "offset": 1179648, "size": 65536}]}]},
                {"id": "x1-v2", "targets": ["ar71xx/generic"], "last_branch": "19.07", "vendor": "Maker", "model": "X1 old"},
                {"id": "maker_x0", "targets": ["ar71xx/generic"], "last_branch": "19.07", "vendor": "Maker", "model": "X0"},
                {"id": "nameless", "targets": ["x86/64"]}]"#,
            ),
            (
                "openwrt-recovery.json",
                r#"[
                {"device": "maker_x1-v2", "method": "tftp-client", "trigger": "button", "button": "reset", "hold_seconds": 10,
                 "host_ip": "192.168.0.66", "filename": "x1.bin", "confidence": "high", "source": "abcdef"},
                {"device": "maker_x1-v2", "method": "serial", "trigger": "console", "serial_volts": 3.3, "confidence": "high",
                 "source": "123456"}]"#,
            ),
            (
                "lineage-phones.json",
                r#"[{"id": "fish", "codename": "fish", "vendor": "Maker", "vendor_short": "maker", "name": "Fish 1",
                "models": ["F-1"], "type": "phone", "soc": ["S"], "arch": "arm64", "ab": true, "unlock": {"possible": true},
                "keys": {"bootloader": {"from": "off", "keys": ["VOL_DOWN", "POWER"], "mode": "fastboot"}}}]"#,
            ),
            (
                "esp-chips.json",
                r#"[{"name": "ESP32", "key": "esp32", "rom_baud": 115200, "bootloader_offset": 4096}]"#,
            ),
            (
                "stm32-dfu.json",
                r#"[{"pid": "0x415", "name": "STM32L47", "flash_base": 134217728, "sources": ["stm32flash"]}]"#,
            ),
            (
                "avr-parts.json",
                r#"[{"name": "ATmega328P", "id": "m328p", "signature": "1e950f", "flash": 32768}]"#,
            ),
            ("mtk-chips.json", r#"[{"hwcode": "0x0279", "name": "MT6797/MT6767", "da_mode": "xflash"}]"#),
            ("qualcomm-msm.json", r#"[{"type": "msm-id", "id": "0x0460e1", "name": "MSM8953"}]"#),
            (
                "usb-ids.json",
                r#"[
                {"vid": "2207", "pid": "330c", "mode": "rockusb", "note": "RK3399 in Mask ROM mode", "sources": ["xrock"]},
                {"vid": "239a", "pid": "0001", "mode": "uf2", "vendor": "Adafruit", "note": "Feather", "board_id": "F-1",
                 "sources": ["tinyuf2"]}]"#,
            ),
        ] {
            std::fs::write(folder.path().join(name), table).unwrap();
        }
        folder
    }

    #[test]
    fn facts_make_the_same_files_every_time() {
        let folder = fixture();
        let files = make(folder.path()).unwrap();
        assert_eq!(files, make(folder.path()).unwrap());
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "boards/adafruit.toml",
                "chips/espressif.toml",
                "chips/mediatek.toml",
                "chips/microchip.toml",
                "chips/qualcomm.toml",
                "chips/rockchip.toml",
                "chips/stmicroelectronics.toml",
                "phones/maker.toml",
                "routers/maker.toml",
            ]
        );
        let (records, text) = &files["routers/maker.toml"];
        // The device, its twin under another name, and the one that was dropped; not the old name of the first.
        assert_eq!(*records, 3, "{text}");
        for line in [
            "id = \"maker-x1-v2\"",
            "id = \"maker-y1-v1\"",
            "aliases = [\"Nobody Z1\"]",
            "families = [\"router-recovery\"]",
            "source = [\"openwrt 0123456789 x1.dts\", \"openwrt commit 123456\"]",
            "{ name = \"art\", offset = 0x120000, size = 0x10000, role = \"unique\" },",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("kernel") && !text.contains("X1 old"), "{text}");
        assert!(text.contains("source = \"openwrt-19.07 fedcba9876 definition maker_x0\""), "{text}");
    }

    #[test]
    fn what_is_made_keeps_to_the_rules() {
        let folder = fixture();
        let written = tempfile::TempDir::new().unwrap();
        for (name, (_, text)) in make(folder.path()).unwrap() {
            std::fs::write(written.path().join(name.replace('/', "-")), text).unwrap();
        }
        let builtin = debrick_catalog::Catalog::builtin();
        let report = debrick_catalog::lint_folder(written.path(), &|id| builtin.family(id)).unwrap();
        assert_eq!((report.records, report.faults), (11, vec![]));
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
