//! What a partition means for a repair, by the name that makers and OpenWrt give it.

use debrick_catalog::{StorageFacts, StoragePart};
use debrick_model::{Region, RegionMap, RegionRole};
use serde_json::Value;

use super::text;

/// Names of what differs from unit to unit: calibration of the radio, addresses, serial numbers, keys.
const UNIQUE: &[&str] = &[
    "factory",
    "art",
    "caldata",
    "calibration",
    "radio",
    "eeprom",
    "rf-eeprom",
    "bdinfo",
    "board_data",
    "boarddata",
    "devinfo",
    "devdata",
    "board_config",
    "boardconfig",
    "bdata",
    "mac",
    "product-info",
    "productinfo",
    "default-mac",
    "romfile",
    "tffs (1)",
    "tffs (2)",
    "nvram",
    "board-name",
    "board-info",
    "board_info",
    "hw-info",
    "hwinfo",
    "hw_info",
    "manufacture",
    "manuf_info",
    "manufacturing",
    "private",
    "pri-data",
    "persist",
    "oem",
    "sc private data",
    "sc nvram",
    "ralink nvram",
    "tm_key",
    "uid",
    "sn",
    "serial",
    "factory_data",
    "factory2",
    "factory_",
    "sysinfo",
    "info",
    "pot",
    "devconf",
    "pin",
    "certificate",
    "cert",
    "key",
    "keys",
    "mtdoops-id",
    "idmac",
    "hw",
    "mfg",
    "mfgdata",
    "mfginfo",
    "wifi-factory",
    "radio-calibration",
    "wlandata",
    "wifi_cal",
    "device-info",
    "device_info",
    "hardware",
    "system-data",
    "prodinfo",
    "env_mac",
    "factorydata",
    "params_mac",
    "u-boot-mac",
    "bosa",
    "ri",
    "0:wififw-cal",
];

/// Names of what a unit starts with.
const BOOT: &[&str] = &[
    "u-boot",
    "uboot",
    "u_boot",
    "bootloader",
    "loader",
    "loader1",
    "loader2",
    "bl2",
    "bl1",
    "fip",
    "cfe",
    "cferom",
    "cferam",
    "sbl1",
    "sbl2",
    "sbl3",
    "sbl",
    "mibib",
    "appsbl",
    "qsee",
    "tz",
    "rpm",
    "cdt",
    "ddrparams",
    "ddrconfig",
    "preloader",
    "atf",
    "routerboot",
    "routerboot2",
    "redboot",
    "urlader",
    "at91bootstrap",
    "barebox",
    "spl",
    "tpl",
    "idbloader",
    "partition-table",
    "partition table",
    "devcfg",
    "bs",
    "bootbase",
    "u-boot-spl",
    "bootware_basic",
    "bootware_data",
    "bootware_extend",
    "boot",
    "bootrom",
    "ssd",
    "jboot",
    "zloader",
    "booter",
    "bootldr",
    "uboot1",
    "uboot2",
    "u-boot1",
    "u-boot2",
    "boot1",
    "boot2",
    "brnboot",
    "bcm-boot",
    "boot-loader",
    "firstboot",
    "secondboot",
    "bootloader1",
    "bootloader2",
    "bootconfig",
    "bootconfig1",
    "0:bootconfig",
    "apdp",
    "apd",
    "softconfig",
    "hard_config",
    "rcw",
    "pbi",
    "fman",
    "ppa",
    "fw-ucode",
    "bl31",
];

const ENVIRONMENT: &[&str] = &[
    "u-boot-env",
    "u-boot-env2",
    "u-boot-env1",
    "uboot-env",
    "uboot_env",
    "u_env",
    "s_env",
    "env",
    "env1",
    "env2",
    "appsblenv",
    "bareboxenv",
    "bareboxenv2",
    "barebox-env",
    "barebox-environment",
    "u-boot env",
    "ubootenv",
    "u-boot_env",
    "uboot_environment",
    "u-boot-env-bak",
    "uenv",
    "u-boot-environment",
    "ubootenv2",
    "fw_env",
    "bootenv",
    "nvram-env",
    "redboot config",
    "fis directory",
    "redboot-config",
];

const SETTINGS: &[&str] = &[
    "config",
    "config1",
    "config2",
    "config_1",
    "config_2",
    "cfg",
    "cfg_bak",
    "user-config",
    "userconfig",
    "user_config",
    "u-config",
    "user_property",
    "syscfg",
    "rootfs_data",
    "overlay",
    "user_data",
    "glbcfg",
    "cfg-param",
    "rgdb",
    "jffs",
    "configs",
    "usr_cfg",
    "userdata",
    "user-data",
    "settings",
    "nvram_data",
];

const FIRMWARE: &[&str] = &[
    "firmware",
    "firmware1",
    "firmware2",
    "firmware_1",
    "firmware_2",
    "kernel",
    "kernel1",
    "kernel2",
    "rootfs",
    "rootfs1",
    "rootfs2",
    "rootfs_1",
    "rootfs_2",
    "ubi",
    "ubi1",
    "ubi2",
    "ubi_kernel",
    "ubi_rootfs",
    "linux",
    "image",
    "image0",
    "image1",
    "image2",
    "system",
    "fwconcat0",
    "fwconcat1",
    "ubiconcat0",
    "ubiconcat1",
    "inactive",
    "inactive2",
    "active",
    "active2",
    "alt_kernel",
    "alt_rootfs",
    "runtime",
    "runtime2",
    "recovery",
    "dtb",
    "device tree",
    "oftree",
    "kernel_1",
    "kernel_2",
    "uimage",
    "root",
    "os-image",
    "tclinux",
    "tclinux_slave",
];

/// The smallest page of NAND flash, in bytes.
const SMALLEST_PAGE: u64 = 512;

/// What a partition means for a repair.
pub(super) fn role(label: &str) -> RegionRole {
    let name = label.to_ascii_lowercase();
    let name = name.strip_prefix("0:").unwrap_or(&name);
    let base = ["_1", "_alt", "_backup", "-backup", "_bak", "-bak", "_res", "2"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let is = |names: &[&str]| names.contains(&name) || names.contains(&base);
    match () {
        () if is(UNIQUE) => RegionRole::Unique,
        () if is(ENVIRONMENT) => RegionRole::Environment,
        () if is(BOOT) => RegionRole::BootCritical,
        () if is(SETTINGS) => RegionRole::Settings,
        () if is(FIRMWARE) => RegionRole::Firmware,
        () => RegionRole::Other,
    }
}

/// The storages of a definition. Partitions inside of others are left out; where partitions overlap, all of that storage
/// are, because one of them cannot be right.
pub(super) fn storages(device: &Value) -> Vec<StorageFacts> {
    let mut storages: Vec<StorageFacts> = Vec::new();
    for flash in device["flash"].as_array().into_iter().flatten() {
        let Some(part) = flash["flash"].as_str().and_then(part) else { continue };
        if flash.get("inside").is_some() {
            continue;
        }
        let regions = regions(flash);
        storages.push(StorageFacts { part: Some(part), regions, ..StorageFacts::default() });
    }
    unique_names(&mut storages);
    for storage in &mut storages {
        if RegionMap::new(u64::MAX, storage.regions.clone()).is_err() {
            storage.regions.clear();
        }
    }
    nand_geometry(device, &mut storages);
    storages
}

/// The blocks and pages of NAND flash, by which a definition builds its images. For NOR flash its block size only says what
/// images are padded to, and where there are two NAND flashes it does not say of which it speaks; nor is it believed where
/// partitions do not keep to it.
fn nand_geometry(device: &Value, storages: &mut [StorageFacts]) {
    let is_nand =
        |storage: &&mut StorageFacts| matches!(storage.part, Some(StoragePart::Nand | StoragePart::SpiNand));
    let mut nands: Vec<&mut StorageFacts> = storages.iter_mut().filter(is_nand).collect();
    let ([nand], Some(block), Some(page)) =
        (nands.as_mut_slice(), device["block_size"].as_u64(), device["page_size"].as_u64())
    else {
        return;
    };
    let is_geometry =
        page >= SMALLEST_PAGE && page.is_power_of_two() && block.is_power_of_two() && block > page;
    let keeps_to_it =
        |region: &Region| region.offset.is_multiple_of(block) && region.size.is_multiple_of(block);
    if is_geometry && nand.regions.iter().all(keeps_to_it) {
        nand.erase_block = Some(block);
        nand.write_block = Some(page);
        nand.erased = Some(0xff);
    }
}

fn part(name: &str) -> Option<StoragePart> {
    Some(match name {
        "spi-nor" => StoragePart::SpiNor,
        "spi-nand" => StoragePart::SpiNand,
        "nand" => StoragePart::Nand,
        "parallel-nor" => StoragePart::ParallelNor,
        "emmc" => StoragePart::Emmc,
        _ => return None,
    })
}

fn regions(flash: &Value) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for partition in flash["partitions"].as_array().into_iter().flatten() {
        let (Some(name), Some(offset), Some(size)) =
            (text(&partition["label"]), partition["offset"].as_u64(), partition["size"].as_u64())
        else {
            continue;
        };
        // A volume that is unlike any other unit's makes what holds it so.
        let volumes = partition["ubi_volumes"].as_array().into_iter().flatten();
        let holds_unique = volumes
            .filter_map(|volume| volume.as_str().or_else(|| volume["name"].as_str()))
            .any(|name| self::role(name) == RegionRole::Unique);
        let role = if holds_unique { RegionRole::Unique } else { role(&name) };
        if size > 0 {
            regions.push(Region { name, offset, size, role });
        }
    }
    regions.sort_by_key(|region| (region.offset, std::cmp::Reverse(region.size)));
    let mut outer: Vec<Region> = Vec::new();
    for region in regions {
        let is_inside = outer.last().is_some_and(|last| region.range().end <= last.range().end);
        // The space around everything is no partition of its own.
        let is_inside = is_inside && region.offset >= outer.last().map_or(0, |last| last.offset);
        if !is_inside {
            outer.push(region);
        }
    }
    outer
}

/// Names that two regions have are told apart by where they lie.
fn unique_names(storages: &mut [StorageFacts]) {
    let all: Vec<String> =
        storages.iter().flat_map(|storage| &storage.regions).map(|region| region.name.clone()).collect();
    for (index, storage) in storages.iter_mut().enumerate() {
        for region in &mut storage.regions {
            if all.iter().filter(|name| **name == region.name).count() > 1 {
                region.name = format!("{} ({index}:{:#x})", region.name, region.offset);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles() {
        for (label, expected) in [
            ("u-boot", RegionRole::BootCritical),
            ("0:SBL2_1", RegionRole::BootCritical),
            ("0:ART", RegionRole::Unique),
            ("Factory", RegionRole::Unique),
            ("u-boot-env2", RegionRole::Environment),
            ("firmware", RegionRole::Firmware),
            ("config_2", RegionRole::Settings),
            ("whatever", RegionRole::Other),
        ] {
            assert_eq!(role(label), expected, "{label}");
        }
    }

    #[test]
    fn nand_has_blocks_and_pages() {
        let flash = |name: &str, size: u64| serde_json::json!({ "flash": name, "partitions": [{ "label": "a", "offset": 0, "size": size }] });
        let blocks = |flashes: Vec<Value>, block: u64, page: u64| -> Vec<Option<(u64, u64)>> {
            let device = serde_json::json!({ "flash": flashes, "block_size": block, "page_size": page });
            storages(&device).iter().map(|storage| storage.erase_block.zip(storage.write_block)).collect()
        };
        let nand = || flash("nand", 1 << 20);
        assert_eq!(blocks(vec![nand()], 131_072, 2048), [Some((131_072, 2048))]);
        assert_eq!(
            blocks(vec![flash("spi-nor", 1 << 20), nand()], 131_072, 2048),
            [None, Some((131_072, 2048))]
        );
        assert_eq!(blocks(vec![flash("spi-nor", 1 << 20)], 65536, 1), [None]);
        assert_eq!(blocks(vec![nand(), flash("spi-nand", 1 << 20)], 131_072, 2048), [None, None]);
        assert_eq!(blocks(vec![flash("nand", 65536)], 131_072, 2048), [None]);
        assert_eq!(blocks(vec![nand()], 2048, 131_072), [None]);
    }

    #[test]
    fn partitions_inside_others_and_overlaps_go() {
        let partition = |label: &str, offset: u64, size: u64| serde_json::json!({ "label": label, "offset": offset, "size": size });
        let flash = |partitions: Vec<Value>| serde_json::json!({ "flash": [{ "flash": "nand", "partitions": partitions }] });
        let names = |device: &Value| -> Vec<String> {
            storages(device)
                .into_iter()
                .flat_map(|storage| storage.regions)
                .map(|region| region.name)
                .collect()
        };
        let nested = flash(vec![
            partition("firmware", 0, 64),
            partition("kernel", 0, 16),
            partition("rootfs", 16, 48),
        ]);
        assert_eq!(names(&nested), ["firmware"]);
        let overlap = flash(vec![partition("a", 0, 64), partition("b", 32, 64)]);
        assert!(names(&overlap).is_empty());
        let twins = flash(vec![partition("a", 0, 64), partition("a", 64, 64)]);
        assert_eq!(names(&twins), ["a (0:0x0)", "a (0:0x40)"]);
    }
}
