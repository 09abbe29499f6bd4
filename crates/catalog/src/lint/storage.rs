//! Storage: sizes, blocks, and what lies where.

use debrick_model::{RegionMap, RegionRole};

use super::Faults;
use crate::device::{Device, StorageFacts};
use crate::repairable::ObservationSource;

/// No storage, region or block of a device is smaller.
const SMALLEST: u64 = 64;

pub(super) fn check(device: &Device, faults: &mut Faults) {
    let regions: Vec<&str> = device.regions().map(|region| region.name.as_str()).collect();
    for (index, name) in regions.iter().enumerate() {
        faults.require(
            !regions[..index].contains(name),
            "storage",
            format!("two regions are named {name:?}"),
            "a region is found by its name",
        );
    }
    for (index, storage) in device.storage.iter().enumerate() {
        check_storage(storage, &format!("storage[{index}]"), faults);
    }
    let known = |name: &str| regions.contains(&name);
    if let Some(firmware) = &device.firmware {
        let region = firmware.region.as_deref();
        faults.require(
            region.is_none_or(known),
            "firmware.region",
            format!("there is no region {:?} for firmware", region.unwrap_or_default()),
            "firmware can only go to a region of the storage",
        );
        faults.require(
            device.firmware_region().is_none_or(|region| region.role == RegionRole::Firmware),
            "firmware.region",
            format!("region {:?} is not declared to hold firmware", region.unwrap_or_default()),
            "only a region of the role \"firmware\" may be replaced",
        );
        for (name, size) in [("largest", firmware.largest), ("largest_kernel", firmware.largest_kernel)] {
            faults.require(
                size.is_none_or(|size| size >= 4096),
                format!("firmware.{name}"),
                format!("an image of {} bytes", size.unwrap_or_default()),
                "no firmware is that small; sizes are in bytes",
            );
        }
    }
    if let Some(settings) = &device.settings {
        faults.require(
            known(&settings.region),
            "settings.region",
            format!("there is no region {:?} for settings", settings.region),
            "settings can only lie in a region of the storage",
        );
    }
    for (index, rule) in device.observe.iter().enumerate() {
        if let ObservationSource::RegionText { region, .. } = &rule.at {
            faults.require(
                known(region),
                format!("observe[{index}].at"),
                format!("there is no region {region:?} to observe"),
                "only regions of the storage can be read",
            );
        }
    }
    chip(device, faults);
}

fn check_storage(storage: &StorageFacts, path: &str, faults: &mut Faults) {
    let sizes = [
        ("size", storage.size, SMALLEST),
        ("write_block", storage.write_block, 1),
        ("erase_block", storage.erase_block, 1),
    ];
    for (name, size, least) in sizes {
        faults.require(
            size.is_none_or(|size| size >= least),
            format!("{path}.{name}"),
            format!("{name} is {}", size.unwrap_or_default()),
            "no storage has that; sizes are in bytes",
        );
    }
    let map = match RegionMap::new(storage.size.unwrap_or(u64::MAX), storage.regions.clone()) {
        Ok(map) => map,
        Err(error) => {
            faults.require(
                false,
                format!("{path}.regions"),
                error.to_string(),
                "regions lie within their storage and share no bytes",
            );
            return;
        }
    };
    let (Some(write_block), true) = (storage.write_block, storage.erase_block != Some(0)) else { return };
    let block = storage.erase_block.unwrap_or(write_block);
    if write_block == 0 {
        return;
    }
    faults.require(
        block.is_multiple_of(write_block),
        format!("{path}.erase_block"),
        "the erase block is not a multiple of the write block",
        "what is erased is written again in whole blocks",
    );
    for region in map.iter() {
        faults.require(
            region.offset.is_multiple_of(block) && region.size.is_multiple_of(block),
            format!("{path}.regions"),
            format!("region {:?} does not start and end on a block", region.name),
            "its neighbour would be erased with it",
        );
    }
}

fn chip(device: &Device, faults: &mut Faults) {
    let Some(chip) = &device.chip else { return };
    for (name, id) in &chip.ids {
        faults.require(
            !id.trim().is_empty(),
            format!("chip.ids.{name}"),
            "an id of the chip is empty",
            "an id that is not known is left out",
        );
    }
    faults.require(
        chip.flash_size.is_none_or(|size| size >= SMALLEST),
        "chip.flash_size",
        format!("a flash of {} bytes", chip.flash_size.unwrap_or_default()),
        "no flash is that small; sizes are in bytes",
    );
}
