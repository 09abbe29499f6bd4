//! What an id in a header says about the unit.

use crate::boards::{Board, Kind, lookup};
use crate::reading::Reading;

/// Records vendor, model and revision as far as they are known.
fn record(board: Option<Board>, reading: &mut Reading<'_>) {
    let Some(board) = board else { return };
    reading.set_vendor(board.vendor);
    if reading.model.is_none() {
        reading.set_hardware_revision(board.revision);
    }
    reading.set_model(board.model);
}

/// Records vendor and model of the unit that a signature of Alpha Networks names: `wrgac65_dlink.2015_dir842` is a
/// DIR-842 of D-Link. Platform, customer and product are separated by underscores.
pub(super) fn record_signature(signature: &str, reading: &mut Reading<'_>) {
    reading.board(signature);
    record(lookup(Kind::Seama, signature), reading);
    let mut words = signature.split('_');
    let (Some(_platform), Some(customer)) = (words.next(), words.next()) else { return };
    let product = words.next().unwrap_or_default();
    let is_airlink = customer.contains("airlink");
    reading.set_vendor(if is_airlink { "Airlink101" } else { "D-Link" });
    let letters = product.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = product.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    if letters == 0 || digits == 0 {
        return;
    }
    let (series, number) = product.split_at(letters);
    let dash = if is_airlink { "" } else { "-" };
    reading.set_model(format!("{series}{dash}{number}").to_uppercase());
}

/// Records the unit that hardware id and revision of TP-Link stand for.
pub(super) fn record_tplink(id: &str, revision: u32, reading: &mut Reading<'_>) {
    reading.board(id);
    let known = lookup(Kind::TplinkHwid, &format!("{id}:{revision:08x}"));
    record(known.or_else(|| lookup(Kind::TplinkHwid, id)), reading);
    reading.set_vendor("TP-Link");
}

/// Records a unit of a TP-Link support list: `{product_name:Archer C7,product_ver:5.0.0,special_id:45550000}`, or
/// `CPE510(TP-LINK|UN|N300-5):1.0`. The first one gives the model.
pub(super) fn record_supported(line: &str, reading: &mut Reading<'_>) {
    let line = line.trim().trim_start_matches("SupportList:").trim();
    let entry = line.trim_start_matches('{').trim_end_matches('}');
    let value = |name: &str| {
        let field = entry.split(',').find_map(|field| field.trim().strip_prefix(name))?;
        field.strip_prefix(':').map(str::trim)
    };
    let (name, version) = match (value("product_name"), entry.split_once('(')) {
        (Some(name), _) => (name, value("product_ver").unwrap_or_default()),
        (None, Some((name, rest))) => (name, rest.rsplit(':').next().unwrap_or_default()),
        _ => return,
    };
    reading.board(entry);
    if reading.model.is_some() {
        return;
    }
    reading.set_model(name);
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    if !major.is_empty() {
        reading.set_hardware_revision(format!("v{major}"));
    }
    if let Some(region) = value("special_id").and_then(region) {
        reading.set_region(region);
    }
}

/// The region that hexadecimal digits spell: `45550000` is EU.
pub(super) fn region(digits: &str) -> Option<String> {
    let code = u32::from_str_radix(digits.get(..8)?, 16).ok()?.to_be_bytes();
    let letters = code.iter().take_while(|byte| **byte != 0);
    let name: String = letters.map(|byte| char::from(*byte)).collect();
    (!name.is_empty() && name.chars().all(|letter| letter.is_ascii_uppercase())).then_some(name)
}

/// Records the unit that a board id or hardware id of Netgear stands for.
pub(super) fn record_netgear(board: &str, reading: &mut Reading<'_>) {
    reading.board(board);
    record(lookup(Kind::NetgearBoard, board), reading);
    reading.set_vendor("Netgear");
}

/// Records the unit that a hardware id of Sercomm stands for.
pub(super) fn record_sercomm(id: &str, reading: &mut Reading<'_>) {
    reading.board(id);
    record(lookup(Kind::SercommHwid, id), reading);
}

/// Records the unit that a version of Ubiquiti starts with: `XM.ar7240.v6.0.4`.
pub(super) fn record_ubiquiti(version: &str, reading: &mut Reading<'_>) {
    let mut words = version.split('.');
    let board = words.next().unwrap_or_default();
    reading.board(board);
    record(lookup(Kind::UbntBoard, board), reading);
    reading.set_vendor("Ubiquiti");
    reading.set_version(version);
    let chip = words.next().unwrap_or_default().to_lowercase();
    if ["ar", "qca95", "mt76"].iter().any(|start| chip.starts_with(start)) {
        reading.set_architecture("mips");
    }
}

/// Records the unit that a product id of Asus stands for.
pub(super) fn record_asus(product: &str, reading: &mut Reading<'_>) {
    reading.board(product);
    record(lookup(Kind::AsusProduct, product), reading);
    reading.set_vendor("Asus");
    reading.set_model(product);
}
