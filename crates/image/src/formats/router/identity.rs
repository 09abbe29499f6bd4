//! What an id in a header says about the unit.

use crate::reading::Reading;

/// Records vendor and model of the unit that a D-Link or Alpha Networks signature names:
/// `wrgac65_dlink.2015_dir842` is a DIR-842 of D-Link. Platform, customer and product are separated by underscores.
pub(super) fn record_signature(signature: &str, reading: &mut Reading<'_>) {
    reading.board(signature);
    let mut words = signature.split('_');
    let (Some(_platform), Some(customer)) = (words.next(), words.next()) else { return };
    let product = words.next().unwrap_or_default();
    reading.set_vendor(match customer {
        _ if customer.contains("airlink") => "Airlink101",
        _ => "D-Link",
    });
    let letters = product.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = product.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    if letters == 0 || digits == 0 {
        return;
    }
    let (series, rest) = product.split_at(letters);
    let (number, suffix) = rest.split_at(digits);
    let dash = if customer.contains("airlink") { "" } else { "-" };
    reading.set_model(format!("{series}{dash}{number}{suffix}").to_uppercase());
}

/// Records the unit that a hardware id of TP-Link stands for.
pub(super) fn record_tplink(id: &str, reading: &mut Reading<'_>) {
    reading.board(id);
}

/// Records a unit of a TP-Link support list: `{product_name:Archer C7,product_ver:5.0.0,special_id:45550000}`, or
/// `CPE510(TP-LINK|UN|N300-5):1.0`.
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
    let is_first = reading.model.is_none();
    reading.set_model(name);
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    if is_first && !major.is_empty() {
        reading.set_hardware_revision(format!("v{major}"));
    }
    if is_first && let Some(region) = value("special_id").and_then(region) {
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

/// Records the unit that a board id of Netgear stands for.
pub(super) fn record_netgear(board: &str, reading: &mut Reading<'_>) {
    reading.set_vendor("Netgear");
    reading.board(board);
}
