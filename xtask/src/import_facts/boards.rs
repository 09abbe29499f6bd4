//! The table of boards: which vendor, model and revision an id in a firmware header stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::in_repository;

const TABLE: &str = "crates/image/data/boards.tsv";

/// Which variables of OpenWrt's device definitions hold ids of which kind.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("ASUS_PRODUCTID", "asus-product"),
    ("PRODUCTID", "asus-product"),
    ("BOARDNAME", "other"),
    ("BOARD_NAME", "other"),
    ("BUFFALO_PRODUCT", "other"),
    ("CAMEO_BOARD_MODEL", "other"),
    ("CFE_BOARD_ID", "cfe-board"),
    ("DAP_SIGNATURE", "seama"),
    ("DEVICE_ID", "other"),
    ("DLINK_HWID", "dlink-rom"),
    ("DLINK_ROM_ID", "dlink-rom"),
    ("EDIMAX_HEADER_MODEL", "other"),
    ("ELECOM_HWID", "other"),
    ("ELECOM_HWNAME", "other"),
    ("H3C_DEVICE_ID", "other"),
    ("LINKSYS_HWNAME", "other"),
    ("LUXUL_BOARD", "other"),
    ("MOXA_HWID", "other"),
    ("NEC_FW_TYPE", "other"),
    ("NETGEAR_BOARD_ID", "netgear-board"),
    ("NETGEAR_ENC_HW_ID_LIST", "netgear-board"),
    ("NETGEAR_ENC_MODEL", "netgear-board"),
    ("NETGEAR_HW_ID", "netgear-board"),
    ("OPENMESH_CE_TYPE", "other"),
    ("RAS_BOARD", "zyxel-board"),
    ("SEAMA_SIGNATURE", "seama"),
    ("SENAO_IMGNAME", "other"),
    ("SERCOMM_HWID", "sercomm-hwid"),
    ("SERCOMM_HWNAME", "other"),
    ("SIGNATURE", "seama"),
    ("TPLINK_BOARD", "safeloader"),
    ("TPLINK_BOARD_ID", "safeloader"),
    ("UBNT_BOARD", "ubnt-board"),
    ("UBNT_TYPE", "ubnt-board"),
    ("WRGG_SIGNATURE", "seama"),
    ("ZYNFW_BOARD", "zyxel-board"),
    ("ZYXEL_MODEL_STRING", "zyxel-board"),
    ("ZYXEL_VERS", "zyxel-board"),
];

/// Names of makers that the definitions lack, or write in capitals only: device-tree prefix, or how an id begins.
pub(super) const MAKERS: &[(&str, &str)] = &[
    ("acer", "Acer"),
    ("allwinner", "Allwinner"),
    ("amlogic", "Amlogic"),
    ("asus", "Asus"),
    ("asrock", "ASRock"),
    ("avm", "AVM"),
    ("bananapi", "Banana Pi"),
    ("belkin", "Belkin"),
    ("brcm", "Broadcom"),
    ("buffalo", "Buffalo"),
    ("comtrend", "Comtrend"),
    ("cudy", "Cudy"),
    ("d-link", "D-Link"),
    ("dlink", "D-Link"),
    ("draytek", "DrayTek"),
    ("edimax", "Edimax"),
    ("engenius", "EnGenius"),
    ("espressif", "Espressif"),
    ("fsl", "Freescale"),
    ("glinet", "GL.iNet"),
    ("google", "Google"),
    ("hpe", "HPE"),
    ("huawei", "Huawei"),
    ("inteno", "Inteno"),
    ("iodata", "I-O DATA"),
    ("lenovo", "Lenovo"),
    ("linksys", "Linksys"),
    ("luxul", "Luxul"),
    ("marvell", "Marvell"),
    ("mediatek", "MediaTek"),
    ("mercusys", "Mercusys"),
    ("meraki", "Meraki"),
    ("mikrotik", "MikroTik"),
    ("motorola", "Motorola"),
    ("netgear", "Netgear"),
    ("nvidia", "NVIDIA"),
    ("nxp", "NXP"),
    ("pine64", "Pine64"),
    ("qcom", "Qualcomm"),
    ("raspberrypi", "Raspberry Pi"),
    ("rockchip", "Rockchip"),
    ("routerboard", "MikroTik"),
    ("sagem", "Sagem"),
    ("samsung", "Samsung"),
    ("st", "STMicroelectronics"),
    ("synology", "Synology"),
    ("t-com", "T-Com"),
    ("thomson", "Thomson"),
    ("ti", "Texas Instruments"),
    ("tp-link", "TP-Link"),
    ("tplink", "TP-Link"),
    ("ubiquiti", "Ubiquiti"),
    ("ubnt", "Ubiquiti"),
    ("xiaomi", "Xiaomi"),
    ("xlnx", "Xilinx"),
    ("zte", "ZTE"),
    ("zyxel", "Zyxel"),
];

/// Vendor, model and revision.
type Board = (String, String, String);

/// What is said of each kind and id.
#[derive(Default)]
struct Boards(BTreeMap<(&'static str, String), BTreeSet<Board>>);

pub(super) fn import(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let devices: Vec<Value> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let makers = makers(&devices);
    let mut boards = Boards::default();
    for device in &devices {
        if let Some(board) = board(device, &makers) {
            boards.take(device, &board);
        }
    }
    let table = boards.write(&makers);
    std::fs::write(in_repository(TABLE), &table).map_err(|error| format!("{TABLE}: {error}"))?;
    println!("{TABLE}: {} lines, {} bytes", table.lines().count(), table.len());
    Ok(())
}

/// The name of each maker by its device-tree prefix: the one that most devices write.
pub(super) fn makers(devices: &[Value]) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for device in devices {
        let Some(vendor) = device["vendor"].as_str() else { continue };
        let ids = [device["compatible"][0].as_str(), device["id"].as_str().filter(|id| id.contains('_'))];
        for prefix in ids.into_iter().flatten().filter_map(|id| id.split([',', '_']).next()) {
            *counts.entry(prefix.into()).or_default().entry(vendor.into()).or_default() += 1;
        }
    }
    let most = |names: &BTreeMap<String, u32>| {
        names.iter().rev().max_by_key(|(_, count)| **count).map(|(name, _)| name.clone())
    };
    let mut makers: BTreeMap<String, String> =
        counts.iter().filter_map(|(prefix, names)| Some((prefix.clone(), most(names)?))).collect();
    makers.extend(MAKERS.iter().map(|(prefix, name)| ((*prefix).to_owned(), (*name).to_owned())));
    makers
}

fn board(device: &Value, makers: &BTreeMap<String, String>) -> Option<Board> {
    let prefix = device["compatible"][0].as_str().and_then(|id| id.split(',').next());
    if let (Some(vendor), Some(model)) = (device["vendor"].as_str(), device["model"].as_str()) {
        // A maker's name in our spelling, unless the device is sold under another one than its id says.
        let known =
            prefix.and_then(|prefix| makers.get(prefix)).filter(|name| name.eq_ignore_ascii_case(vendor));
        let spelled = MAKERS.iter().map(|(_, name)| *name).find(|name| name.eq_ignore_ascii_case(vendor));
        let vendor = spelled.map_or_else(|| known.cloned().unwrap_or(vendor.into()), str::to_owned);
        let (model, in_model) = split_revision(model);
        let revision = device["variant"].as_str().and_then(revision).or(in_model).unwrap_or_default();
        return Some((vendor, model, revision));
    }
    board_of_id(device["id"].as_str()?, makers)
}

/// A model whose last word is its revision, as two values: `EAP620 HD v2`.
fn split_revision(model: &str) -> (String, Option<String>) {
    match model.rsplit_once(' ') {
        Some((name, word)) if word.starts_with(['v', 'V']) && revision(word).is_some() => {
            (name.to_owned(), revision(word))
        }
        _ => (model.to_owned(), None),
    }
}

/// The hardware revision in a variant, where it is one: `v2`, `A1`, `v2.0 (EU)`; not `UBI` or `16M`.
pub(super) fn revision(variant: &str) -> Option<String> {
    let word = variant.split_whitespace().next()?;
    let digits = word.trim_start_matches(|symbol: char| symbol.is_ascii_alphabetic());
    let letters = &word[..word.len() - digits.len()];
    let numbered = digits.starts_with(|symbol: char| symbol.is_ascii_digit())
        && digits.chars().all(|symbol| symbol.is_ascii_alphanumeric() || "./".contains(symbol));
    let is_version = letters.eq_ignore_ascii_case("v") && numbered;
    let is_letter = letters.len() == 1 && (digits.is_empty() || (numbered && digits.len() <= 2));
    let is_pair = letters.len() == 1 && numbered && digits.contains('/');
    (is_version || is_letter || is_pair).then(|| match is_version {
        true => word.to_ascii_lowercase(),
        false => word.to_owned(),
    })
}

/// What an old definition's id says, where it begins with a maker: `netgear-r6300-v2`.
pub(super) fn board_of_id(id: &str, makers: &BTreeMap<String, String>) -> Option<Board> {
    let (vendor, rest) = match id {
        _ if id.starts_with("tl-") || id.starts_with("archer-") => ("TP-Link", id),
        _ => {
            let (prefix, rest) = id.split_once(['-', '_'])?;
            (makers.get(prefix)?.as_str(), rest)
        }
    };
    let (rest, revision) = match rest.rsplit_once('-') {
        Some((model, word)) if word.starts_with('v') && self::revision(word).is_some() => (model, word),
        _ => (rest, ""),
    };
    if !rest.contains(|symbol: char| symbol.is_ascii_digit()) {
        return None;
    }
    let model = match rest.strip_prefix("archer-") {
        Some(number) => format!("Archer {}", number.to_ascii_uppercase()),
        None => rest.to_ascii_uppercase(),
    };
    Some((vendor.to_owned(), model, revision.to_owned()))
}

impl Boards {
    fn take(&mut self, device: &Value, board: &Board) {
        let texts = |list: &Value| -> Vec<String> {
            let texts = list.as_array().into_iter().flatten();
            texts.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let own = texts(&device["compatible"]).into_iter().next();
        let id = device["id"].as_str().filter(|_| device["model"].is_string()).map(str::to_owned);
        for id in texts(&device["supported"]).into_iter().chain(own).chain(id) {
            self.add("compatible", &id, board, device);
        }
        let header = |name: &str| device["header_ids"][name].as_str();
        for (name, kind) in SOURCES {
            for id in header(name).into_iter().flat_map(|ids| ids.split(';')) {
                self.add(kind, id.trim_matches([' ', '"']), board, device);
            }
        }
        if let Some(hwid) = header("TPLINK_HWID").and_then(number).filter(|hwid| *hwid != 0) {
            let mut board = board.clone();
            if board.0 == "TP-Link" && board.2.is_empty() && (1..32).contains(&(hwid & 0xff)) {
                board.2 = format!("v{}", hwid & 0xff);
            }
            self.add("tplink-hwid", &format!("{hwid:08x}"), &board, device);
            if let Some(revision) = header("TPLINK_HWREV").and_then(number) {
                self.add("tplink-hwid", &format!("{hwid:08x}:{revision:08x}"), &board, device);
            }
        }
    }

    fn add(&mut self, kind: &'static str, id: &str, board: &Board, device: &Value) {
        // A definition that was dropped says less than one that is kept.
        let is_old = device["model"].is_null();
        if id.len() < 3 && kind != "ubnt-board" || id.contains(['\t', '\n']) {
            return;
        }
        let boards = self.0.entry((kind, id.to_ascii_lowercase())).or_default();
        if !is_old || boards.is_empty() {
            boards.insert(board.clone());
        }
    }

    /// One line for each kind and id: what all that is said of it agrees in.
    fn write(&self, makers: &BTreeMap<String, String>) -> String {
        let mut lines = Vec::new();
        for ((kind, id), boards) in &self.0 {
            let agreed = |part: fn(&Board) -> &String| {
                let mut parts: Vec<&String> = boards.iter().map(part).collect();
                parts.dedup();
                if parts.len() == 1 { parts[0].as_str() } else { "" }
            };
            let (vendor, model) = (agreed(|board| &board.0), agreed(|board| &board.1));
            let revision = if model.is_empty() { "" } else { agreed(|board| &board.2) };
            if !vendor.is_empty() || !model.is_empty() {
                lines.push(((*kind, id.as_str()), format!("{kind}\t{id}\t{vendor}\t{model}\t{revision}\n")));
            }
        }
        for (prefix, name) in makers {
            lines.push((("vendor", prefix), format!("vendor\t{prefix}\t{name}\t\t\n")));
        }
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// A number as make files write it.
pub(super) fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
