//! Chips that are recovered by their own boot ROM or programming interface.

use std::collections::{BTreeMap, BTreeSet};

use debrick_catalog::{ChipFacts, Device, Kind, Method, Protocol, Sources};
use serde_json::Value;

use super::{Facts, slug, text, texts};

pub(super) fn records(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let mut devices = Vec::new();
    devices.extend(facts.table("esp-chips.json")?.iter().filter_map(|row| espressif(facts, row)));
    devices.extend(facts.table("stm32-dfu.json")?.iter().filter_map(|row| stm32(facts, row)));
    devices.extend(facts.table("avr-parts.json")?.iter().filter_map(|row| avr(facts, row)));
    devices.extend(facts.table("mtk-chips.json")?.iter().filter_map(|row| mediatek(facts, row)));
    devices.extend(qualcomm(facts)?);
    devices.extend(by_usb_identity(facts)?);
    Ok(distinct(devices))
}

/// Chips of one name are told apart by their number in the row of them.
fn distinct(mut devices: Vec<Device>) -> Vec<Device> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for device in &mut devices {
        let count = seen.entry(device.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let id =
                device.chip.as_ref().and_then(|chip| chip.ids.values().next().cloned()).unwrap_or_default();
            device.id = format!("{}-{}", device.id, slug(&id));
            device.variant = Some(id);
        }
    }
    devices
}

fn chip(vendor: &str, name: &str, family: &str, source: String) -> Device {
    Device {
        id: slug(&format!("{vendor} {name}")),
        kind: Some(Kind::ChipFamily),
        families: vec![family.into()],
        vendor: vendor.into(),
        model: name.into(),
        source: Sources(vec![source]),
        ..Device::default()
    }
}

fn method(protocol: Protocol) -> Method {
    Method { name: protocol.id().into(), ..Method::default() }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let text = value.as_str()?;
        u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
    })
}

fn espressif(facts: &Facts<'_>, row: &Value) -> Option<Device> {
    let name = text(&row["name"])?;
    let mut ids = BTreeMap::new();
    for (field, id) in [("magic", "magic"), ("uf2_family", "uf2-family")] {
        if let Some(value) = text(&row[field]) {
            ids.insert(id.to_owned(), value);
        }
    }
    if let Some(id) = row["image_chip_id"].as_u64() {
        ids.insert("chip-id".into(), id.to_string());
    }
    let mut offsets = BTreeMap::new();
    for (field, offset) in [
        ("bootloader_offset", "bootloader"),
        ("partition_table_offset", "partition-table"),
        ("app_offset", "app"),
    ] {
        if let Some(value) = row[field].as_u64() {
            offsets.insert(offset.to_owned(), value);
        }
    }
    let source = facts.cite("esptool", &text(&row["key"])?);
    let baud = row["rom_baud"].as_u64().and_then(|baud| u32::try_from(baud).ok());
    Some(Device {
        chip: Some(ChipFacts {
            ids,
            offsets,
            flash_page: row["flash_sector"].as_u64(),
            strap_low: text(&row["boot_strap_low"]).into_iter().collect(),
            ..ChipFacts::default()
        }),
        method: vec![Method { baud, part: text(&row["key"]), ..method(Protocol::EspRom) }],
        ..chip("Espressif", &name, "espressif-rom", source)
    })
}

fn stm32(facts: &Facts<'_>, row: &Value) -> Option<Device> {
    let name = text(&row["name"])?;
    let id = text(&row["pid"])?;
    let source = facts.cite(&texts(&row["sources"]).into_iter().next()?, &id);
    let dfuse = Method { write_address: number(&row["dfuse_address"]), ..method(Protocol::Dfuse) };
    let uart = Method { write_address: number(&row["flash_base"]), ..method(Protocol::Stm32Uart) };
    Some(Device {
        chip: Some(ChipFacts {
            ids: BTreeMap::from([("device-id".to_owned(), id)]),
            flash_base: number(&row["flash_base"]),
            flash_size: number(&row["flash_size"]).filter(|size| *size > 0),
            ..ChipFacts::default()
        }),
        method: vec![dfuse, uart],
        ..chip("STMicroelectronics", &name, "stm32-rom", source)
    })
}

fn avr(facts: &Facts<'_>, row: &Value) -> Option<Device> {
    let (name, part) = (text(&row["name"])?, text(&row["id"])?);
    let interfaces = texts(&row["interfaces"]);
    let size = |field: &str| row[field].as_u64().filter(|size| *size >= 64);
    Some(Device {
        chip: Some(ChipFacts {
            ids: text(&row["signature"]).map(|id| ("signature".to_owned(), id)).into_iter().collect(),
            flash_size: size("flash"),
            flash_page: row["flash_page"].as_u64().filter(|size| *size > 0),
            eeprom_size: row["eeprom"].as_u64().filter(|size| *size > 0),
            interfaces,
            ..ChipFacts::default()
        }),
        method: vec![Method { part: Some(part.clone()), ..method(Protocol::AvrIsp) }],
        ..chip("Microchip", &name, "avr-programmer", facts.cite("avrdude", &part))
    })
}

fn mediatek(facts: &Facts<'_>, row: &Value) -> Option<Device> {
    let (names, code) = (text(&row["name"])?, text(&row["hwcode"])?);
    // `MT6797/MT6767` are two names of one chip.
    let mut parts = names.split(['/', ',']).map(str::trim).filter(|part| !part.is_empty());
    let name = parts.next()?.to_owned();
    let mut aliases: Vec<String> = parts.filter(|part| part.starts_with("MT")).map(str::to_owned).collect();
    aliases.extend(text(&row["alias"]));
    let mut ids = BTreeMap::from([("hwcode".to_owned(), code.clone())]);
    if let Some(agent) = text(&row["da_code"]) {
        ids.insert("download-agent".into(), agent);
    }
    Some(Device {
        aliases,
        chip: Some(ChipFacts { ids, ..ChipFacts::default() }),
        method: vec![Method { part: text(&row["da_mode"]), ..method(Protocol::MtkBrom) }],
        ..chip("MediaTek", &name, "mediatek-brom", facts.cite("mtkclient", &format!("hwcode {code}")))
    })
}

/// Qualcomm's chips by name, each with all the ids that it answers with.
fn qualcomm(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in facts.table("qualcomm-msm.json")? {
        if row["type"] != "msm-id" {
            continue;
        }
        if let (Some(name), Some(id)) = (text(&row["name"]), text(&row["id"])) {
            ids.entry(name).or_default().insert(id);
        }
    }
    let device = |(name, ids): (String, BTreeSet<String>)| {
        let ids: Vec<String> = ids.into_iter().collect();
        Device {
            chip: Some(ChipFacts {
                ids: BTreeMap::from([("msm-id".to_owned(), ids.join(", "))]),
                ..ChipFacts::default()
            }),
            ..chip("Qualcomm", &name, "qualcomm-edl", facts.cite("edl", &format!("msm-id {}", ids.join(" "))))
        }
    };
    Ok(ids.into_iter().map(device).collect())
}

/// Boot ROMs that show themselves on USB: mode, maker, protocol and family.
const USB_MODES: &[(&str, &str, Protocol, &str)] = &[
    ("rockusb", "Rockchip", Protocol::Rockusb, "rockchip-rockusb"),
    ("sdp", "NXP", Protocol::Sdp, "nxp-sdp"),
    ("sdps", "NXP", Protocol::Sdp, "nxp-sdp"),
    ("rpiboot", "Broadcom", Protocol::Usbboot, "raspberrypi-usbboot"),
    ("tegra-rcm", "NVIDIA", Protocol::TegraApx, "nvidia-apx"),
];

/// Chips by the USB identity of their boot ROM. An identity without a name says nothing that a person could look for.
fn by_usb_identity(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let mut devices: BTreeMap<String, Device> = BTreeMap::new();
    for row in facts.table("usb-ids.json")? {
        let known = USB_MODES.iter().find(|(mode, ..)| row["mode"] == **mode);
        let (Some((mode, maker, protocol, family)), Some(note)) = (known, text(&row["note"])) else {
            continue;
        };
        let (Some(vendor), Some(product)) = (text(&row["vid"]), text(&row["pid"])) else { continue };
        let id = format!("{vendor}:{product}");
        let mut names = chip_names(&note).into_iter();
        let Some(name) = names.next() else { continue };
        let source = texts(&row["sources"]).into_iter().next().unwrap_or_default();
        let fresh = || Device {
            aliases: names.collect(),
            ..chip(maker, &name, family, facts.cite(&source, &format!("{mode} {id}")))
        };
        let device = devices.entry(slug(&format!("{maker} {name}"))).or_insert_with(fresh);
        match device.method.first_mut() {
            Some(method) if !method.usb.contains(&id) => method.usb.push(id),
            Some(_) => {}
            None => device.method.push(Method { usb: vec![id], ..method(*protocol) }),
        }
    }
    Ok(devices.into_values().collect())
}

/// The names of chips in a note: `RK3126/RK3128 in Mask ROM mode`, `T30 [Tegra 3] recovery mode`.
fn chip_names(note: &str) -> Vec<String> {
    let ends = [" in Mask ROM", " SystemOnChip", " Serial Down", " recovery mode", " APX", " series"];
    let cut = ends.iter().filter_map(|end| note.find(end)).min().unwrap_or(note.len());
    let names = note[..cut].replace(['[', ']'], "/");
    names.split('/').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_name_chips() {
        assert_eq!(chip_names("RK3126/RK3128 in Mask ROM mode"), ["RK3126", "RK3128"]);
        assert_eq!(chip_names("T30 [Tegra 3] recovery mode"), ["T30", "Tegra 3"]);
        assert_eq!(chip_names("i.MX6SL"), ["i.MX6SL"]);
    }
}
