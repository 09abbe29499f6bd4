//! Phones, tablets and other devices that run Android, from LineageOS' wiki: their models and key combinations.

use std::collections::BTreeMap;

use debrick_catalog::{Device, Kind, LockFacts, Method, Protocol, Sign, Sources};
use serde_json::Value;

use super::{Facts, slug, text, texts};

/// Families of makers; every other device has only the one of Android.
const FAMILIES: &[(&str, &str)] = &[
    ("Google", "google-fastboot"),
    ("Samsung", "samsung-download"),
    ("Xiaomi", "xiaomi-fastboot"),
    ("OnePlus", "oneplus-fastboot"),
    ("Motorola", "motorola-fastboot"),
    ("Sony", "sony-fastboot"),
    ("Fairphone", "fairphone-fastboot"),
];

pub(super) fn records(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let rows = facts.table("lineage-phones.json")?;
    let mut titles: BTreeMap<String, u32> = BTreeMap::new();
    for row in &rows {
        *titles.entry(title(row)).or_default() += 1;
    }
    let mut devices: Vec<Device> = rows.iter().filter_map(|row| record(facts, row)).collect();
    for device in &mut devices {
        // Two devices of one name are told apart by what their makers call them inside.
        if titles.get(&slug(&device.title())).is_some_and(|count| *count > 1) {
            device.variant = device.aliases.first().cloned();
        }
    }
    Ok(devices)
}

fn title(row: &Value) -> String {
    slug(&format!(
        "{} {}",
        row["vendor"].as_str().unwrap_or_default(),
        row["name"].as_str().unwrap_or_default()
    ))
}

fn record(facts: &Facts<'_>, row: &Value) -> Option<Device> {
    let (id, vendor, model) = (text(&row["id"])?, text(&row["vendor"])?, text(&row["name"])?);
    let kind = match row["type"].as_str()? {
        "phone" | "phone (slider)" | "foldable" => Kind::Phone,
        "Devkit" => Kind::Board,
        _ => Kind::Tablet,
    };
    let methods = methods(row);
    let own = FAMILIES.iter().find(|(maker, _)| *maker == vendor).map(|(_, family)| (*family).to_owned());
    Some(Device {
        id: slug(&format!("{} {id}", text(&row["vendor_short"])?)),
        kind: Some(kind),
        families: own.into_iter().chain(Some("android".to_owned())).collect(),
        aliases: vec![text(&row["codename"])?],
        model_numbers: texts(&row["models"]),
        soc: texts(&row["soc"]).into_iter().next(),
        architecture: text(&row["arch"]),
        source: Sources(vec![facts.cite("lineage_wiki", &id)]),
        method: methods,
        lock: Some(lock(row)),
        vendor,
        model,
        ..Device::default()
    })
}

fn lock(row: &Value) -> LockFacts {
    let unlock = &row["unlock"];
    LockFacts {
        can_be_unlocked: unlock["possible"].as_bool(),
        // What gets round a lock is no way that this program points to.
        needs: text(&unlock["requirement"]).filter(|needs| !needs.contains("exploit")),
        command: text(&unlock["command"]),
        system_switch: unlock["oem_switch"].as_bool(),
        two_slots: row["ab"].as_bool(),
    }
}

fn methods(row: &Value) -> Vec<Method> {
    let mut methods = Vec::new();
    for (mode, name) in
        [("bootloader", ""), ("recovery", "recovery-sideload"), ("burn", "amlogic-burn"), ("edl", "edl")]
    {
        let keys = &row["keys"][mode];
        if keys.is_null() {
            continue;
        }
        let Some(protocol) = protocol(name, keys) else { continue };
        if methods.iter().any(|method: &Method| method.protocol == Some(protocol)) {
            continue;
        }
        methods.push(Method {
            name: protocol.id().into(),
            protocol: Some(protocol),
            entry: entry(keys).map(str::to_owned),
            buttons: texts(&keys["keys"]).iter().map(|key| key_name(key)).collect(),
            hold_seconds: keys["hold_seconds"].as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
            sign: text(&keys["signal"]).and_then(|signal| sign(&signal)),
            about: second_keys(keys),
            ..Method::default()
        });
    }
    methods
}

fn protocol(name: &str, keys: &Value) -> Option<Protocol> {
    if let Some(known) = Protocol::ALL.iter().find(|protocol| protocol.id() == name) {
        return Some(*known);
    }
    Some(match keys["mode"].as_str()? {
        "fastboot" => Protocol::Fastboot,
        "samsung-download" => Protocol::Odin,
        "vendor-download" => Protocol::LgDownload,
        "tegra-apx" => Protocol::TegraApx,
        "amlogic-burn" => Protocol::AmlogicBurn,
        _ => return None,
    })
}

/// The procedure of the family `android-keys` that goes with it.
fn entry(keys: &Value) -> Option<&'static str> {
    let then = texts(&keys["then"]);
    if keys["command"].is_string() {
        return Some("adb-reboot-recovery");
    }
    let after = then.first().map_or("", String::as_str);
    Some(match (keys["from"].as_str()?, keys["usb"].as_str().unwrap_or_default(), after) {
        ("off", "", "") => "keys-from-off",
        ("off", "", "menu-select") => "keys-from-off-menu",
        ("off", "", "release-power-1s-and-hold-again") => "keys-from-off-power-again",
        ("off", "", "release-power-keep-others" | "release-power-then-others") => "keys-from-off-power-first",
        ("off", "", "release-all-and-hold-again") if then.len() > 1 => "keys-from-off-all-again-confirm",
        ("off", "", "release-all-and-hold-again") => "keys-from-off-all-again",
        ("off", "", "press-menu-within-10s") => "keys-from-off-press-menu",
        ("off", "connect-while-holding", "") => "keys-while-plugging-usb",
        ("off", "connect-while-holding", "menu-select") => "keys-while-plugging-usb-menu",
        ("off", "connected", "") => "keys-from-off-with-usb",
        ("off", "connected", "release-power-keep-others" | "release-power-then-others") => {
            "keys-from-off-with-usb-power-first"
        }
        ("booting", _, "") => "keys-while-booting",
        ("booting", _, "menu-select") => "keys-while-booting-menu",
        ("unpowered", _, "") => "keys-from-unpowered",
        ("unpowered", _, "menu-select") => "keys-from-unpowered-menu",
        ("reboot", _, "") => "keys-at-restart",
        _ => return None,
    })
}

/// Keys that are held in the second half of a combination, where they are others.
fn second_keys(keys: &Value) -> Option<String> {
    let keys: Vec<String> = texts(&keys["keys2"]).iter().map(|key| key_name(key)).collect();
    (!keys.is_empty()).then(|| format!("The second time, {} are held.", keys.join(" and ")))
}

fn key_name(key: &str) -> String {
    match key {
        "VOL_UP" => "Volume Up".into(),
        "VOL_DOWN" => "Volume Down".into(),
        "POWER" => "Power".into(),
        "HOME" => "Home".into(),
        "BIXBY" => "Bixby".into(),
        "BACK" => "Back".into(),
        "FRC_REC" => "the pins FRC REC".into(),
        other => other
            .strip_suffix("_BUTTON")
            .map_or_else(|| other.to_owned(), |name| format!("the button {}", name.to_ascii_lowercase())),
    }
}

fn sign(signal: &str) -> Option<Sign> {
    let screen = |shows: String| Some(Sign::Screen { shows });
    match signal.split_once(':') {
        Some(("text", text)) => screen(format!("\"{text}\"")),
        Some(("logo", "any")) => screen("a logo".into()),
        Some(("logo", name)) => screen(format!("the logo {name}")),
        Some(("led", "any")) => Some(Sign::Light { light: None, does: "turns on".into() }),
        Some(("led", colour)) => Some(Sign::Light { light: None, does: format!("turns {colour}") }),
        Some(("text-colour", colour)) => screen(format!("{colour} text")),
        Some(("screen", "on")) => screen("anything".into()),
        Some(("screen", what)) => screen(what.replace('-', " ")),
        Some(("icon", what)) => screen(format!("the icon {}", what.replace('-', " "))),
        Some(("usb", _)) => Some(Sign::Usb { id: None }),
        None if signal == "vibrate" => Some(Sign::Vibration),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_become_methods() {
        let row = json!({ "keys": {
            "bootloader": { "from": "off", "keys": ["VOL_DOWN", "POWER"], "signal": "text:FASTBOOT", "mode": "fastboot" },
            "recovery": { "from": "off", "keys": ["VOL_UP", "POWER"], "then": ["menu-select"] },
        } });
        let methods = methods(&row);
        assert_eq!(methods.len(), 2);
        assert_eq!(methods[0].protocol, Some(Protocol::Fastboot));
        assert_eq!(methods[0].buttons, ["Volume Down", "Power"]);
        assert_eq!(methods[0].sign, Some(Sign::Screen { shows: "\"FASTBOOT\"".into() }));
        assert_eq!(methods[1].entry.as_deref(), Some("keys-from-off-menu"));
    }

    #[test]
    fn exploits_are_not_pointed_to() {
        let row = json!({ "unlock": { "possible": false, "requirement": "unofficial-exploit" } });
        assert_eq!(lock(&row).needs, None);
    }
}
