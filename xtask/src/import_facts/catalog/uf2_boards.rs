//! Boards whose bootloader shows a disk that takes UF2 files, by the id that stands on that disk.

use std::collections::BTreeSet;

use debrick_catalog::{ChipFacts, Device, Kind, Method, Protocol, Sources};

use super::{Facts, slug, text, texts};

pub(super) fn records(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let mut devices: Vec<Device> = Vec::new();
    let mut ids = BTreeSet::new();
    for row in facts.table("usb-ids.json")? {
        let (Some(board), Some(name)) = (text(&row["board_id"]), text(&row["note"])) else { continue };
        let (Some(vendor_id), Some(product_id)) = (text(&row["vid"]), text(&row["pid"])) else { continue };
        if row["mode"] != "uf2" {
            continue;
        }
        let vendor = text(&row["vendor"]).map(|vendor| short(&vendor)).unwrap_or_else(|| "Unknown".into());
        let mut id = slug(&format!("{vendor} {name}"));
        if ids.contains(&id) {
            id = format!("{id}-{vendor_id}-{product_id}");
        }
        // Some boards have several identities; each of them is found.
        if !ids.insert(id.clone()) {
            continue;
        }
        let sources = texts(&row["sources"])
            .into_iter()
            .map(|source| facts.cite(&repository(&source), &board))
            .collect();
        devices.push(Device {
            id,
            kind: Some(Kind::Board),
            families: vec!["uf2-disk".into()],
            vendor,
            model: name,
            board_ids: vec![board.clone()],
            source: Sources(sources),
            method: vec![Method {
                name: Protocol::Uf2.id().into(),
                usb: vec![format!("{vendor_id}:{product_id}")],
                ..Method::default()
            }],
            chip: Some(ChipFacts { ids: [("board-id".to_owned(), board)].into(), ..ChipFacts::default() }),
            ..Device::default()
        });
    }
    tell_apart(&mut devices);
    Ok(devices)
}

/// Boards of one name are told apart by the id on their disks.
fn tell_apart(devices: &mut [Device]) {
    let titles: Vec<String> = devices.iter().map(|device| slug(&device.title())).collect();
    for (index, device) in devices.iter_mut().enumerate() {
        if titles.iter().filter(|title| **title == titles[index]).count() > 1 {
            device.variant = device.board_ids.first().cloned();
        }
    }
}

/// A company's name without its legal form.
fn short(vendor: &str) -> String {
    let name = vendor.split([',', '(']).next().unwrap_or(vendor).trim();
    let name = [" Inc.", " Inc", " Corp.", " Ltd.", " Ltd", " LLC", " GmbH", " Co.", " AG", " S.A."]
        .iter()
        .find_map(|form| name.strip_suffix(form))
        .unwrap_or(name);
    name.trim().to_owned()
}

/// Repositories under the names that the table of USB identities uses.
fn repository(source: &str) -> String {
    match source {
        "nrf52-bootloader" | "adafruit-nrf52" => "Adafruit_nRF52_Bootloader".into(),
        other => other.to_owned(),
    }
}
