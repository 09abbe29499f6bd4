//! Devices that OpenWrt defines: routers, access points and switches, and some boards and network storages.

use std::collections::{BTreeMap, BTreeSet};

use debrick_catalog::{ConsoleFacts, Device, FirmwareFacts, Kind, Sources};
use debrick_model::RegionRole;
use serde_json::Value;

use super::recovery::Recoveries;
use super::{Facts, regions, slug, text, texts};
use crate::import_facts::boards;

/// Vendors whose devices are boards that one buys without a case, and the models of theirs that are routers all the same.
const BOARD_VENDORS: &[(&str, &[&str])] = &[
    ("Radxa", &["E20C", "E24C", "E25", "E52C", "E54C"]),
    ("NXP", &[]),
    ("MediaTek", &[]),
    ("Marvell", &[]),
    ("Lantiq", &[]),
    ("Xunlong", &["Orange Pi R1", "Orange Pi R1 Plus", "Orange Pi R1 Plus LTS"]),
    ("Olimex", &[]),
    ("Microchip", &[]),
    ("Atmel", &[]),
    (
        "Bananapi",
        &[
            "BPi-R3",
            "BPi-R3 Mini",
            "BPi-R4",
            "BPi-R4 Pro",
            "BPI-R64",
            "BPi-R1",
            "BPi-R2",
            "BPi-R4 Lite",
            "BPi-R64",
            "BPi-R4 2.5GE",
            "BPi-RV2 (Booting from NAND)",
            "BPi-RV2 (Booting from NOR)",
        ],
    ),
    (
        "Banana Pi",
        &[
            "BPi-R3",
            "BPi-R3 Mini",
            "BPi-R4",
            "BPi-R4 Pro",
            "BPI-R64",
            "BPi-R1",
            "BPi-R2",
            "BPi-R4 Lite",
            "BPi-R64",
            "BPi-R4 2.5GE",
            "BPi-RV2 (Booting from NAND)",
            "BPi-RV2 (Booting from NOR)",
        ],
    ),
    ("Sinovoip", &["Banana Pi R1", "Banana Pi R2", "Bananapi-R2 Pro"]),
    ("Pine64", &[]),
    ("Raspberry Pi", &[]),
    ("Airoha", &[]),
    ("Calao", &[]),
    ("Cubietech", &[]),
    ("LinkSprite", &[]),
    ("STMicroelectronics", &[]),
    ("StarFive", &[]),
    ("SiFive", &[]),
    ("Sipeed", &[]),
    ("LeMaker", &[]),
    ("Qualcomm", &[]),
    ("Onion", &[]),
    ("VoCore", &[]),
    ("Widora", &[]),
    ("Freescale", &[]),
    ("Texas Instruments", &[]),
    ("BeagleBoard", &[]),
    ("Xilinx", &[]),
    ("Digilent", &[]),
    ("Avnet", &[]),
    ("Wandboard", &[]),
    ("LinkIt", &[]),
    ("Arduino", &[]),
    ("ArmSoM", &[]),
    ("Atheros", &[]),
    ("BeagleBoard.org", &[]),
    ("BeagleV", &[]),
    ("Libre Computer", &[]),
    ("LicheePi", &[]),
    ("MangoPi", &[]),
    ("Microduino", &[]),
    ("pandaboard.org", &[]),
    ("PandaBoard.org", &[]),
    ("TechNexion", &[]),
    ("Toradex", &[]),
    ("WIZnet", &[]),
    ("WizNet", &[]),
    ("Imagination Technologies", &[]),
    ("Synopsys", &[]),
    (
        "FriendlyARM",
        &[
            "NanoPi R1",
            "NanoPi R1S H5",
            "Nanopi R1S H5",
            "NanoPi R4S Enterprise Edition",
            "NanoPi R2C",
            "NanoPi R2C Plus",
            "NanoPi R2S",
            "NanoPi R2S Plus",
            "NanoPi R3S",
            "NanoPi R4S",
            "NanoPi R4SE",
            "NanoPi R5C",
            "NanoPi R5S",
            "NanoPi R6C",
            "NanoPi R6S",
            "NanoPi R76S",
        ],
    ),
];

/// How models of network storages begin, by vendor.
const NETWORK_STORAGES: &[(&str, &[&str])] = &[
    ("Western Digital", &["My Book", "My Cloud", "MyBook", "MyCloud"]),
    ("Synology", &["DS", "RS"]),
    ("Buffalo", &["LinkStation", "LS", "TeraStation", "TS"]),
    ("Seagate", &["GoFlex", "BlackArmor", "DockStar", "FreeAgent", "Personal Cloud", "Central"]),
    ("Iomega", &["iConnect", "ix2", "StorCenter", "EZ Media"]),
    ("Zyxel", &["NSA", "NAS"]),
    ("Netgear", &["ReadyNAS"]),
    ("QNAP", &["TS-", "TS"]),
    ("D-Link", &["DNS-"]),
    ("Raidsonic", &["NAS", "IB-NAS"]),
    ("LaCie", &[""]),
    ("Shuttle", &["KD20"]),
    ("Cloud Engines", &["PogoPlug", "Pogoplug"]),
    ("Ctera", &["C-200", "C200"]),
    ("MitraStar", &["STG-212"]),
    ("Akitio", &["MyCloud"]),
    ("Freecom", &["FSG-3"]),
    ("Linksys", &["NSLU2"]),
    ("Kobol", &["Helios"]),
];

/// Processor architectures by target, or by target and the beginning of the subtarget.
const ARCHITECTURES: &[(&str, &str)] = &[
    ("ath79", "mips"),
    ("ar71xx", "mips"),
    ("ath25", "mips"),
    ("ramips", "mips"),
    ("lantiq", "mips"),
    ("bcm47xx", "mips"),
    ("bmips", "mips"),
    ("brcm63xx", "mips"),
    ("realtek", "mips"),
    ("octeon", "mips"),
    ("pistachio", "mips"),
    ("ar7", "mips"),
    ("bcm53xx", "arm"),
    ("ipq40xx", "arm"),
    ("ipq806x", "arm"),
    ("kirkwood", "arm"),
    ("gemini", "arm"),
    ("ixp4xx", "arm"),
    ("oxnas", "arm"),
    ("at91", "arm"),
    ("mxs", "arm"),
    ("omap", "arm"),
    ("zynq", "arm"),
    ("tegra", "arm"),
    ("orion", "arm"),
    ("qualcommax", "arm64"),
    ("qualcommbe", "arm64"),
    ("bcm4908", "arm64"),
    ("rockchip/armv8", "arm64"),
    ("mediatek/filogic", "arm64"),
    ("mediatek/mt7622", "arm64"),
    ("mediatek/mt7623", "arm"),
    ("mediatek/mt7629", "arm"),
    ("sunxi/cortexa53", "arm64"),
    ("sunxi/cortexa7", "arm"),
    ("sunxi/cortexa8", "arm"),
    ("sunxi/arm926", "arm"),
    ("mvebu/cortexa9", "arm"),
    ("mvebu/cortexa53", "arm64"),
    ("mvebu/cortexa72", "arm64"),
    ("layerscape/armv8", "arm64"),
    ("layerscape/armv7", "arm"),
    ("imx/cortexa7", "arm"),
    ("imx/cortexa9", "arm"),
    ("imx6", "arm"),
    ("imx/cortexa53", "arm64"),
    ("mpc85xx", "powerpc"),
    ("apm821xx", "powerpc"),
    ("qoriq", "powerpc"),
    ("d1", "riscv"),
    ("starfive", "riscv"),
    ("sifiveu", "riscv"),
    ("airoha/an7581", "arm64"),
    ("airoha/en7581", "arm64"),
    ("airoha/en7523", "arm"),
    ("siflower/sf21", "riscv"),
    ("bcm27xx/bcm2709", "arm"),
    ("bcm27xx/bcm2708", "arm"),
    ("bcm27xx/bcm2710", "arm64"),
    ("bcm27xx/bcm2711", "arm64"),
    ("bcm27xx/bcm2712", "arm64"),
];

pub(super) fn records(facts: &Facts<'_>) -> Result<Vec<Device>, String> {
    let definitions = facts.table("openwrt-devices.json")?;
    let recoveries = Recoveries::read(facts)?;
    let makers = boards::makers(&definitions);
    let mut ids = BTreeSet::new();
    let mut titles = BTreeSet::new();
    let mut board_ids: BTreeSet<String> = BTreeSet::new();
    let mut devices = Vec::new();
    // Those that OpenWrt still has come first: one that it has dropped may be the same device under an older name.
    let (kept, dropped): (Vec<_>, Vec<_>) =
        definitions.iter().partition(|definition| definition["last_branch"].is_null());
    for definition in kept.into_iter().chain(dropped) {
        let Some(mut device) = record(facts, definition, &makers) else { continue };
        let is_dropped = !definition["last_branch"].is_null();
        // `tl-wr841-v9` is now `tplink_tl-wr841-v9`.
        let tail = format!("-{}", device.id);
        let is_known = !titles.insert(slug(&device.title()))
            || device.board_ids.iter().any(|id| board_ids.contains(id))
            || ids.iter().any(|id: &String| id.ends_with(&tail));
        if (is_dropped && is_known) || !ids.insert(device.id.clone()) {
            continue;
        }
        board_ids.extend(device.board_ids.iter().cloned());
        if let Some(id) = definition["id"].as_str() {
            recoveries.add_to(&mut device, id);
        }
        devices.push(device);
    }
    let twins: Vec<Device> = devices.iter_mut().flat_map(|device| twins(device, &makers)).collect();
    for twin in twins {
        if titles.insert(slug(&twin.title())) && ids.insert(twin.id.clone()) {
            devices.push(twin);
        }
    }
    Ok(devices)
}

/// The same hardware under other names, as records of their own: whoever holds one reads that name on its label.
/// A name whose maker is not known stays another name of the device.
fn twins(device: &mut Device, makers: &BTreeMap<String, String>) -> Vec<Device> {
    let makers: BTreeSet<&str> = makers.values().map(String::as_str).collect();
    let mut twins = Vec::new();
    let mut names = std::mem::take(&mut device.aliases);
    names.retain(|name| {
        let maker = makers
            .iter()
            .filter(|maker| {
                name.get(..maker.len()).is_some_and(|start| start.eq_ignore_ascii_case(maker))
                    && name[maker.len()..].starts_with(' ')
            })
            .max_by_key(|maker| maker.len());
        let Some(maker) = maker else { return true };
        let (model, variant) = split_variant(name[maker.len()..].trim());
        twins.push(Device {
            id: slug(name),
            about: Some(format!("The same hardware as {}.", device.title())),
            vendor: spelled(maker),
            hardware_revisions: variant.as_deref().and_then(boards::revision).into_iter().collect(),
            model,
            variant,
            aliases: Vec::new(),
            ..device.clone()
        });
        false
    });
    device.aliases = names;
    twins
}

/// A maker's name as this catalog writes it.
fn spelled(vendor: &str) -> String {
    let known = boards::MAKERS.iter().map(|(_, name)| *name).find(|name| name.eq_ignore_ascii_case(vendor));
    known.unwrap_or(vendor).to_owned()
}

/// A model whose last word is a revision, as two values.
fn split_variant(model: &str) -> (String, Option<String>) {
    match model.rsplit_once(' ') {
        Some((name, word)) if boards::revision(word).is_some() && word.len() <= 4 => {
            (name.to_owned(), Some(word.to_owned()))
        }
        _ => (model.to_owned(), None),
    }
}

fn record(facts: &Facts<'_>, definition: &Value, makers: &BTreeMap<String, String>) -> Option<Device> {
    let id = definition["id"].as_str()?;
    let (vendor, model, variant) = names(definition, makers)?;
    let storage = regions::storages(definition);
    let has_firmware = storage
        .iter()
        .flat_map(|storage| &storage.regions)
        .any(|region| region.name == "firmware" && region.role == RegionRole::Firmware);
    let firmware = FirmwareFacts {
        region: has_firmware.then(|| "firmware".to_owned()),
        largest: definition["image_size"].as_u64().filter(|size| *size >= 4096),
        largest_kernel: definition["kernel_size"].as_u64().filter(|size| *size >= 4096),
        ..FirmwareFacts::default()
    };
    let console = ConsoleFacts {
        baud: definition["serial_baud"].as_u64().and_then(|baud| u32::try_from(baud).ok()),
        ..ConsoleFacts::default()
    };
    let revision = variant.as_deref().and_then(boards::revision);
    Some(Device {
        id: slug(id),
        kind: Some(kind(&vendor, &model)),
        variant,
        aliases: texts(&definition["alt_names"]),
        hardware_revisions: revision.into_iter().collect(),
        board_ids: board_ids(definition),
        header_ids: header_ids(definition),
        soc: text(&definition["soc"]),
        architecture: architecture(definition),
        source: Sources(vec![source(facts, definition, id)]),
        console: (console != ConsoleFacts::default()).then_some(console),
        storage,
        firmware: (firmware != FirmwareFacts::default()).then_some(firmware),
        buttons: buttons(definition),
        vendor,
        model,
        ..Device::default()
    })
}

/// Vendor, model and variant, as the definition or its device tree says them.
fn names(definition: &Value, makers: &BTreeMap<String, String>) -> Option<(String, String, Option<String>)> {
    if let (Some(vendor), Some(model)) = (text(&definition["vendor"]), text(&definition["model"])) {
        let variant = text(&definition["variant"]);
        let clean = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        return Some((spelled(&vendor), clean(model), variant.map(clean)));
    }
    of_device_tree(definition, makers).or_else(|| of_id(definition, makers))
}

/// Definitions of old have no names, but their device trees do: a maker, then the model.
fn of_device_tree(
    definition: &Value,
    makers: &BTreeMap<String, String>,
) -> Option<(String, String, Option<String>)> {
    let title = text(&definition["dts_model"])?;
    let maker = makers.values().find(|maker| {
        title.get(..maker.len()).is_some_and(|start| start.eq_ignore_ascii_case(maker))
            && title[maker.len()..].starts_with(' ')
    })?;
    let model = title[maker.len()..].trim();
    if model.is_empty() || model.to_ascii_lowercase().contains("reference") {
        return None;
    }
    let (model, variant) = split_variant(model);
    let model = model.trim_end_matches(" rev").trim_end_matches(" rev.");
    Some((spelled(maker), model.to_owned(), variant))
}

/// The oldest have no device tree either; the ids of some are names.
fn of_id(definition: &Value, makers: &BTreeMap<String, String>) -> Option<(String, String, Option<String>)> {
    let (vendor, model, revision) = boards::board_of_id(definition["id"].as_str()?, makers)?;
    Some((vendor, model, (!revision.is_empty()).then_some(revision)))
}

fn kind(vendor: &str, model: &str) -> Kind {
    let begins = |starts: &[&str]| starts.iter().any(|start| model.starts_with(start));
    if NETWORK_STORAGES.iter().any(|(maker, starts)| maker.eq_ignore_ascii_case(vendor) && begins(starts)) {
        return Kind::Nas;
    }
    let board = BOARD_VENDORS.iter().find(|(maker, _)| maker.eq_ignore_ascii_case(vendor));
    match board {
        Some((_, routers)) if !routers.contains(&model) => Kind::Board,
        _ => Kind::Router,
    }
}

fn board_ids(definition: &Value) -> Vec<String> {
    let mut ids = texts(&definition["supported"]);
    if let Some(own) = texts(&definition["compatible"]).into_iter().next()
        && !ids.contains(&own)
    {
        ids.push(own);
    }
    ids
}

fn header_ids(definition: &Value) -> BTreeMap<String, Vec<String>> {
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let header = |name: &str| definition["header_ids"][name].as_str();
    for (name, kind) in boards::SOURCES {
        for id in header(name).into_iter().flat_map(|ids| ids.split(';')) {
            let id = id.trim_matches([' ', '"']);
            let list = ids.entry((*kind).to_owned()).or_default();
            if id.len() > 1 && !list.iter().any(|known| known == id) {
                list.push(id.to_owned());
            }
        }
    }
    if let Some(id) = header("TPLINK_HWID").and_then(boards::number).filter(|id| *id != 0) {
        ids.insert("tplink-hwid".into(), vec![format!("{id:08x}")]);
    }
    ids.retain(|_, list| !list.is_empty());
    ids
}

fn architecture(definition: &Value) -> Option<String> {
    let target = definition["targets"][0].as_str()?;
    let family = target.split('/').next()?;
    let known = |name: &str| ARCHITECTURES.iter().find(|(start, _)| *start == name);
    let by_start = ARCHITECTURES.iter().find(|(start, _)| start.contains('/') && target.starts_with(start));
    by_start.or_else(|| known(family)).map(|(_, architecture)| (*architecture).to_owned())
}

/// Names of buttons without the word button.
fn buttons(definition: &Value) -> Vec<String> {
    let mut buttons: Vec<String> = Vec::new();
    for button in definition["buttons"].as_array().into_iter().flatten() {
        let Some(label) = text(&button["label"]) else { continue };
        let name = label.to_ascii_lowercase().replace("button", "");
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.is_empty() && !buttons.contains(&name) {
            buttons.push(name);
        }
    }
    buttons
}

fn source(facts: &Facts<'_>, definition: &Value, id: &str) -> String {
    let place = text(&definition["dts"]).unwrap_or_else(|| format!("definition {id}"));
    match definition["last_branch"].as_str() {
        Some(branch) => facts.cite(&format!("openwrt-{branch}"), &place),
        None => facts.cite("openwrt", &place),
    }
}
