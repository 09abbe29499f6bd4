//! What a record must keep to beyond its shape.

use debrick_model::{Region, RegionMap, RegionRole};

use crate::device::{Device, ObservationSource, Storage, Transfer};

/// Everything that is wrong with a record, as sentences; empty when it is valid.
pub(crate) fn faults(device: &Device) -> Vec<String> {
    let mut faults = Vec::new();
    let mut require = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let id_is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    require(
        !device.id.is_empty() && device.id.chars().all(id_is_plain),
        format!("the id {:?} is not plain", device.id),
    );
    require(
        !device.board_ids.is_empty(),
        "there are no board ids, so that no image can be known to fit".into(),
    );
    require(!device.method.is_empty(), "there is no method".into());
    require(device.console.baud > 0, "the console has no line rate".into());
    require(!device.console.ready.is_empty(), "nothing tells that the system has started".into());

    let regions: Vec<&str> = device.regions().map(|region| region.name.as_str()).collect();
    let known = |name: &str| regions.contains(&name);
    require(
        known(&device.firmware.region),
        format!("there is no region {:?} for firmware", device.firmware.region),
    );
    if let Some(settings) = &device.settings {
        require(known(&settings.region), format!("there is no region {:?} for settings", settings.region));
    }
    for rule in &device.observe {
        if let ObservationSource::RegionText { region, .. } = &rule.at {
            require(known(region), format!("there is no region {region:?} to observe"));
        }
    }
    for method in &device.method {
        let needs_network = method.transfer == Transfer::Tftp;
        require(
            device.network.is_some() || !needs_network,
            format!("method {:?} needs addresses, and there are none", method.name),
        );
        require(
            method.ram.size >= 1 << 20,
            format!("method {:?} has less than 1 MiB of memory", method.name),
        );
    }
    for (index, name) in regions.iter().enumerate() {
        require(!regions[..index].contains(name), format!("two regions are named {name:?}"));
    }
    for storage in &device.storage {
        storage_faults(storage, &device.firmware.region, &mut faults);
    }
    faults
}

fn storage_faults(storage: &Storage, firmware: &str, faults: &mut Vec<String>) {
    let map = match RegionMap::new(storage.size, storage.regions.clone()) {
        Ok(map) => map,
        Err(error) => {
            faults.push(error.to_string());
            return;
        }
    };
    if storage.write_block == 0 || storage.erase_block == Some(0) {
        faults.push("a block has no bytes".into());
        return;
    }
    let block = storage.erase_block.unwrap_or(storage.write_block);
    if !block.is_multiple_of(storage.write_block) {
        faults.push("the erase block is not a multiple of the write block".into());
    }
    for region in map.iter() {
        if !region.offset.is_multiple_of(block) || !region.size.is_multiple_of(block) {
            faults.push(format!("region {:?} does not start and end on a block", region.name));
        }
    }
    if map.get(firmware).is_some_and(|region| region.role != RegionRole::Firmware) {
        faults.push(format!("region {firmware:?} is not declared to hold firmware"));
    }
}

impl Device {
    /// All regions of all storages.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.storage.iter().flat_map(|storage| &storage.regions)
    }

    /// The region of this name.
    pub fn region(&self, name: &str) -> Option<&Region> {
        self.regions().find(|region| region.name == name)
    }

    /// The storage that holds the region of this name.
    pub fn storage_of(&self, region: &str) -> Option<&Storage> {
        self.storage.iter().find(|storage| storage.regions.iter().any(|held| held.name == region))
    }
}
